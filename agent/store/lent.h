/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was lent: by local day and by night, and what the gate did meanwhile. Part of
 * the store (store.h), in its database.
 *
 * A *day* is the owner's, and begins once: it is the later one of today, by the wall
 * clock and the owner's offset, and of the last day that there was. So setting the clock
 * back gives nothing back.
 * A *night* is a stay, whatever the hour: from the moment that the vehicle is parked until
 * it is driven. That nothing is heard of the vehicle does not end it.
 *
 * Sums are of what the device metered: a job that ends is added in the transaction that
 * ends it, what was taken back or tried again with the next one.
 */
#ifndef LAYBY_AGENT_STORE_LENT_H
#define LAYBY_AGENT_STORE_LENT_H

#include "owner/settings.h"
#include "store.h"

/* Nights and days that are kept, and changes of the gate. */
#define STORE_SPANS_MAX 400
#define STORE_CHANGES_MAX 10000
#define STORE_CURRENCIES_MAX 4
#define STORE_CHARGE_UNKNOWN 255
/* Notes are written at most so often, unless something else is written anyway. */
#define STORE_NOTE_US 1000000

/**
 * struct store_note - the gate, and the vehicle, at one moment
 * @at_us: CLOCK_REALTIME
 * @parked_us: likewise, when it was parked, if it @is_parked
 * @parked_ns: CLOCK_MONOTONIC, the same
 * @is_parked: it is known to be
 * @is_driven: it is known not to be; neither: unknown
 * @is_open: guest work may run
 * @is_faulty: a fault is latched
 * @reason: enum layby_gate_reason
 * @charge_percent: or STORE_CHARGE_UNKNOWN
 */
struct store_note {
	uint64_t at_us;
	uint64_t parked_us;
	uint64_t parked_ns;
	bool is_parked;
	bool is_driven;
	bool is_open;
	bool is_faulty;
	uint32_t reason;
	uint8_t charge_percent;
};

struct store_cost {
	char currency[4];
	/* as in the ledger */
	uint64_t ucent;
};

/**
 * struct store_lent - one night, or several together
 * @nights: how many; 0: nothing is known, and nothing of the rest means anything
 * @begin_us: CLOCK_REALTIME, of the first
 * @end_us: of the last; 0: it is not over
 * @was_open: guest work could run
 * @is_open: and can, as far as was noted
 * @stop_us: when it last could not any more; 0: never
 * @stop_reason: why
 * @held_reason: if it never could: what held it back for the longest time; 0: unknown
 * @was_faulty: a fault was latched
 * @charge_from: per cent, when the first began, or STORE_CHARGE_UNKNOWN
 * @charge_to: when the last ended, or now
 * @energy_uj: as the device metered it
 * @run_us: how long jobs ran
 * @tile_us: the same for each of their tiles together
 * @jobs: that ran and have ended
 * @parties: different users whose jobs these were
 * @costs: one a currency
 */
struct store_lent {
	uint64_t nights;
	uint64_t begin_us;
	uint64_t end_us;
	bool was_open;
	bool is_open;
	uint64_t stop_us;
	uint32_t stop_reason;
	uint32_t held_reason;
	bool was_faulty;
	uint8_t charge_from;
	uint8_t charge_to;
	uint64_t energy_uj;
	uint64_t run_us;
	uint64_t tile_us;
	uint64_t jobs;
	uint64_t parties;
	size_t cost_count;
	struct store_cost costs[STORE_CURRENCIES_MAX];
};

/* From now on the day and the price are by these. */
void store_set_terms(struct store *store, const struct owner_settings *settings);

/*
 * The gate has changed; @is_minor: nothing but the battery. Written at once, or, if that
 * was done less than a second before, with whatever is written next; of those that come
 * within that second the last one counts. 0, or -ENOMEM, -EBUSY: it is kept for later.
 */
int store_note(struct store *store, const struct store_note *note, bool is_minor);
/* What a job used that has not ended by it. */
void store_spend(struct store *store, const struct layby_report *report, uint64_t ticks_hz);
/*
 * Returns 1 if there is something to be written first: then @done is called when it is, or
 * cannot be; 0: all is written, @done is not called.
 */
int store_note_now(struct store *store, store_done_fn done, void *userdata);

/* Of the local day, now. */
int store_energy_today(struct store *store, uint64_t *ret_uj);
/* The last night, or with @since_us those that ended after it or are not over. */
int store_lent(struct store *store, uint64_t since_us, struct store_lent *ret_lent);

#endif
