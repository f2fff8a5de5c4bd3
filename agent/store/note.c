// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Notes: what the gate did, on its way to the disk. In the event loop they are made one
 * until they may be written; in the store's thread they become a night, and a row for
 * each other reason that was written.
 *
 * Must never wake anybody up, nor write more often than STORE_NOTE_US says, however
 * often the gate changes.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "util.h"

/* --- The event loop's ------------------------------------------------------- */

static bool is_some(const struct use *use)
{
	return use->energy_uj || use->run_us;
}

static void use_add(struct use *use, const struct use *more)
{
	use->energy_uj += more->energy_uj;
	use->run_us += more->run_us;
	use->tile_us += more->tile_us;
}

static bool something_waits(const struct notes *notes)
{
	return notes->has_next || is_some(&notes->next_spent);
}

/* What could not be written goes with the next. */
static void take_back(struct notes *notes, const struct operation *operation)
{
	bool was_open = notes->has_next && notes->next.was_open;

	use_add(&notes->next_spent, &operation->spent);
	if (!operation->has_note)
		return;
	night_note_make(&notes->next, &operation->note,
			notes->has_next ? &notes->next.note : &operation->note.note);
	notes->next.was_open |= was_open;
	notes->has_next = true;
}

void note_done(struct store *store, const struct operation *operation)
{
	struct notes *notes = &store->notes;

	notes->sent_count--;
	notes->sent_spent.energy_uj -= operation->spent.energy_uj;
	if (operation->result >= 0)
		return;
	take_back(notes, operation);
	log_error("store: what the gate did cannot be kept: %s", strerror(-operation->result));
}

static void take_next(struct notes *notes, struct operation *operation)
{
	operation->has_note = notes->has_next;
	operation->note = notes->next;
	operation->spent = notes->next_spent;
	notes->has_next = false;
	notes->next_spent = (struct use){};
}

/* What waits, and then @done. It stays where it is if it cannot be sent. */
static int note_send(struct store *store, store_done_fn done, void *userdata)
{
	struct operation *operation = operation_create(OPERATION_NOTE, done, userdata);
	struct notes *notes = &store->notes;
	struct notes before = *notes;
	int r;

	if (!operation)
		return -ENOMEM;
	take_next(notes, operation);
	notes->sent_count++;
	notes->sent_us = now_us(CLOCK_BOOTTIME);
	use_add(&notes->sent_spent, &before.next_spent);
	r = store_queue_alone(store, operation);
	if (r < 0)
		*notes = before;
	return r;
}

/* One that fails stays where it is, and goes with the next. */
void note_go_along(struct store *store)
{
	if (something_waits(&store->notes))
		note_send(store, NULL, NULL);
}

static bool may_write(const struct notes *notes)
{
	return !notes->sent_count &&
	       (!notes->sent_us || now_us(CLOCK_BOOTTIME) - notes->sent_us >= STORE_NOTE_US);
}

int store_note(struct store *store, const struct store_note *note, bool is_minor)
{
	struct notes *notes = &store->notes;
	bool may = may_write(notes);
	struct night_note one;

	/* what is older than a burst is not made one with what comes hours later */
	if (may)
		note_go_along(store);
	night_note_make(&one, notes->has_next ? &notes->next : NULL, note);
	one.is_first |= !notes->is_heard;
	notes->is_heard = true;
	notes->next = one;
	notes->has_next = true;
	return is_minor || !may ? 0 : note_send(store, NULL, NULL);
}

void store_spend(struct store *store, const struct layby_report *report, uint64_t ticks_hz)
{
	const struct use use = {
		.energy_uj = report->energy_uj,
		.run_us = lent_us(report->run_ticks, ticks_hz),
		.tile_us = lent_us(report->tile_ticks, ticks_hz),
	};

	use_add(&store->notes.next_spent, &use);
	if (may_write(&store->notes))
		note_go_along(store);
}

int store_note_now(struct store *store, store_done_fn done, void *userdata)
{
	int r;

	if (!something_waits(&store->notes) && !store->notes.sent_count)
		return 0;
	/* operations end in their order: those that were sent before, too */
	r = note_send(store, done, userdata);
	return r < 0 ? r : 1;
}

/* --- The thread's ----------------------------------------------------------- */

static int last_night(struct store *store, struct night *ret_night)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r;

	*ret_night = (struct night){};
	r = sql_start(&store->writer, SQL_NIGHT_LAST, NO_VALUES, &row);
	if (r >= 0)
		r = sql_step(row);
	if (r > 0)
		*ret_night = night_read(row);
	return r < 0 ? r : 0;
}

static int put_night(struct store *store, const struct night *night)
{
	int r;

	r = sql_run(&store->writer, SQL_NIGHT_PUT,
		    VALUES(INTEGER(night->number), INTEGER(night->begin_us),
			   INTEGER(night->end_us), INTEGER(night->heard_us),
			   INTEGER(night->parked_us), INTEGER(night->parked_ns),
			   INTEGER(night->was_open), INTEGER(night->is_open),
			   INTEGER(night->stop_us), INTEGER(night->stop_reason),
			   INTEGER(night->was_faulty), INTEGER(night->charge_from),
			   INTEGER(night->charge_to)));
	return r < 0 ? r : 0;
}

/* Nobody saw it end, so it ended when it was last heard of. */
static int end_missed(struct store *store, struct night *night, const struct night_note *one)
{
	if (!night_was_missed(night, one))
		return 0;
	night->end_us = night->heard_us;
	return put_night(store, night);
}

static int apply_night(struct store *store, const struct night_note *one)
{
	struct night night;
	uint64_t before;
	int r;

	r = last_night(store, &night);
	if (r >= 0)
		r = end_missed(store, &night, one);
	if (r < 0)
		return r;
	before = night.number;
	if (!night_step(&night, one))
		return 0;
	r = put_night(store, &night);
	return r < 0 || night.number == before ? r : lent_forget(store, SPAN_NIGHT, night.number);
}

struct change {
	uint64_t number;
	uint32_t reason;
};

static int last_change(struct store *store, struct change *ret_last)
{
	_cleanup_sql_ sqlite3_stmt *row = NULL;
	int r;

	*ret_last = (struct change){};
	r = sql_start(&store->writer, SQL_CHANGE_LAST, NO_VALUES, &row);
	if (r >= 0)
		r = sql_step(row);
	if (r > 0) {
		ret_last->number = (uint64_t)sqlite3_column_int64(row, 0);
		ret_last->reason = (uint32_t)sqlite3_column_int64(row, 1);
	}
	return r < 0 ? r : 0;
}

static int apply_change(struct store *store, const struct store_note *note)
{
	struct change last;
	int r;

	r = last_change(store, &last);
	if (r < 0 || (last.number && last.reason == note->reason))
		return r;
	r = sql_run(&store->writer, SQL_CHANGE_ADD,
		    VALUES(INTEGER(last.number + 1), INTEGER(note->at_us),
			   INTEGER(note->is_open), INTEGER(note->reason),
			   INTEGER(note->charge_percent)));
	if (r < 0 || last.number < STORE_CHANGES_MAX)
		return r < 0 ? r : 0;
	r = sql_run(&store->writer, SQL_CHANGE_FORGET,
		    VALUES(INTEGER(last.number + 1 - STORE_CHANGES_MAX)));
	return r < 0 ? r : 0;
}

int note_apply(struct store *store, struct operation *operation)
{
	int r = 0;

	if (is_some(&operation->spent))
		r = lent_add(store, &operation->spent, EVERYBODY, now_us(CLOCK_REALTIME));
	if (r < 0 || !operation->has_note)
		return r;
	r = apply_night(store, &operation->note);
	return r < 0 ? r : apply_change(store, &operation->note.note);
}
