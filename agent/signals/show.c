// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A signals file as text: what `laybyctl signals show` prints is a signals.conf
 * that compiles to the same bytes.
 */
#include "tool.h"

#include <endian.h>
#include <inttypes.h>

static void show_profile_1(const struct layby_signals_frame *f)
{
	printf("DataIdMode=%s\nCrcByte=%u\nCounterBit=%u\n",
	       signals_data_id_mode_name(f->data_id_mode), f->crc_byte, f->counter_bit);
	if (f->data_id_mode == LAYBY_E2E_DATA_ID_NIBBLE)
		printf("NibbleBit=%u\n", f->nibble_bit);
}

static void show_frame(const struct layby_signals *table, uint32_t i)
{
	const struct layby_signals_frame *f = &table->frame[i];
	char id[VALUE_TEXT_MAX];

	printf("[Frame %u]\nId=%s\nFormat=%s\nLength=%u\nProtection=%s\n", i + 1,
	       value_format(QUANTITY_FRAME, le32toh(f->can_id), id), f->fd ? "fd" : "classic",
	       f->length, signals_e2e_name(f->e2e));
	if (f->e2e)
		printf("DataId=0x%04x\nCounterStep=%u\n", le16toh(f->data_id), f->counter_step);
	if (f->e2e == LAYBY_E2E_PROFILE_1)
		show_profile_1(f);
	else if (f->e2e)
		printf("CrcByte=%u\n", f->crc_byte);
	putchar('\n');
}

static void show_signal(const struct layby_signals *table, uint32_t signal)
{
	const struct layby_signals_signal *s = &table->signal[signal];
	char text[NUMBER_TEXT_MAX];

	printf("[Signal %s]\nFrame=%u\nStart=%u\nLength=%u\nOrder=%s\nSigned=%s\n",
	       signals_name(signal), s->frame + 1, le16toh(s->start), s->length,
	       s->motorola ? "motorola" : "intel", s->is_signed ? "yes" : "no");
	printf("Valid=%s\n", ranges_format(&s->valid, 1, s->is_signed, text));
	if (s->yes_count)
		printf("%s=%s\n", signals_yes_key(signal),
		       ranges_format(s->yes, s->yes_count, s->is_signed, text));
	printf("Factor=%s\n", decimal_format((int64_t)le64toh(s->factor_micro), text));
	printf("Offset=%s\n\n", decimal_format((int64_t)le64toh(s->offset_micro), text));
}

void signals_show(const struct layby_signals *table)
{
	uint32_t i;

	for (i = 0; i < table->frame_count; i++)
		show_frame(table, i);
	for (i = 0; i < LAYBY_SIGNALS; i++)
		if (table->signal[i].length)
			show_signal(table, i);
}

void signals_advise(const struct layby_signals *table, const char *path)
{
	uint32_t i;

	for (i = 0; i < LAYBY_SIGNALS; i++) {
		const struct layby_signals_signal *s = &table->signal[i];

		if (s->length && LAYBY_SIGNALS_ASKED & 1u << i &&
		    table->frame[s->frame].e2e == LAYBY_E2E_NONE)
			fprintf(stderr,
				"%s: note: the frame of %s is not protected: a fault on the bus is taken for what the vehicle says\n",
				path, signals_name(i));
	}
	if (!table->signal[LAYBY_SIGNAL_IGNITION].length)
		fprintf(stderr,
			"%s: note: there is no signal ignition: a vehicle in Park that stands counts as parked also with somebody about to leave\n",
			path);
}
