// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Changes of the owner's settings: see owner.h. Owns those under way, and the settings
 * as they were kept last.
 *
 * Must never answer before it is on disk, nor let a disk that is full stand in the way
 * of a pause.
 */
#include "agent.h"
#include "owner.h"

#include <errno.h>
#include <string.h>

/* Of pauses twice as many: there is always room to take back. */
#define CHANGES_MAX 16

struct change {
	TAILQ_ENTRY(change) entries;
	struct changes *changes;
	/* NULL: the agent's own */
	sd_bus_message *message;
	/* NULL: in line */
	struct polkit *asked;
	struct owner_change to;
	/* what went wrong before it, of the same call */
	sd_bus_error before;
};

TAILQ_HEAD(change_list, change);

struct changes {
	struct agent *agent;
	struct owner_settings settings;
	/* as they will be when the first in line is on disk */
	struct owner_settings next;
	struct change_list asked;
	struct change_list line;
	unsigned int count;
	bool writing;
	/* the disk has not taken what is in force */
	bool unkept;
};

const struct owner_settings *changes_settings(const struct changes *changes)
{
	return &changes->settings;
}

int64_t changes_pause_us(const struct changes *changes)
{
	const struct change *change;
	int64_t until = 0;

	TAILQ_FOREACH(change, &changes->line, entries)
		if (owner_change_pause_us(&change->to) > until)
			until = owner_change_pause_us(&change->to);
	return until;
}

/* --- the end of one ------------------------------------------------------- */

static void change_free(struct change *change)
{
	polkit_cancel(change->asked);
	sd_bus_message_unref(change->message);
	sd_bus_error_free(&change->before);
	change->changes->count--;
	free(change);
}

static void answer(struct change *change, const sd_bus_error *error)
{
	int r = 0;

	if (!change->message)
		return;
	if (!sd_bus_error_is_set(error))
		error = &change->before;
	if (sd_bus_error_is_set(error))
		r = sd_bus_reply_method_error(change->message, error);
	else
		r = sd_bus_reply_method_return(change->message, NULL);
	if (r < 0)
		log_error("answering the owner: %s", strerror(-r));
}

/* The pause holds while the agent lives; that it may not outlive it is to be told. */
static void fail(struct change *change, int result, sd_bus_error *error)
{
	struct changes *changes = change->changes;
	int64_t until = owner_change_pause_us(&change->to);
	bool paused = until != 0;

	if (until > changes->settings.paused_until_us)
		changes->settings.paused_until_us = until;
	changes->unkept |= paused;
	log_error("the owner's settings cannot be kept on disk: %s%s", strerror(-result),
		  paused ? ": paused while this agent runs" : "");
	sd_bus_error_setf(error, ERROR_CANNOT_KEEP, "the disk does not take it (%s): %s",
			  strerror(-result),
			  paused ? "guest work is paused, but only while this agent runs" :
				   "the settings are as they were");
}

static void end_first(struct changes *changes, int result, sd_bus_error *error)
{
	struct change *change = TAILQ_FIRST(&changes->line);

	if (!result && !sd_bus_error_is_set(error)) {
		changes->settings = changes->next;
		changes->unkept = false;
	} else if (result < 0) {
		fail(change, result, error);
	}
	TAILQ_REMOVE(&changes->line, change, entries);
	/* the governor knows before the caller does */
	owner_update(changes->agent->owner);
	answer(change, error);
	change_free(change);
}

/* --- the line ------------------------------------------------------------- */

static void changes_run(struct changes *changes);

static void on_kept(void *userdata, int result)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	struct changes *changes = userdata;

	changes->writing = false;
	end_first(changes, result, &error);
	changes_run(changes);
}

/* 1: the disk is asked; 0: there is nothing to write */
static int change_begin(struct changes *changes, struct change *change, sd_bus_error *error)
{
	char problem[OWNER_PROBLEM_MAX];
	int r;

	if (owner_change_merge(&changes->settings, &change->to, &changes->next, problem) < 0) {
		invalid(error, "%s", problem);
		return 0;
	}
	if (owner_settings_same(&changes->settings, &changes->next) && !changes->unkept)
		return 0;
	r = store_keep_settings(changes->agent->store, &changes->next, on_kept, changes);
	return r < 0 ? r : 1;
}

static void changes_run(struct changes *changes)
{
	struct change *change;
	int r;

	while (!changes->writing && (change = TAILQ_FIRST(&changes->line))) {
		_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

		r = change_begin(changes, change, &error);
		if (r > 0)
			changes->writing = true;
		else
			end_first(changes, r, &error);
	}
}

static void change_line_up(struct change *change)
{
	struct changes *changes = change->changes;

	TAILQ_INSERT_TAIL(&changes->line, change, entries);
	if (owner_change_pause_us(&change->to))
		owner_update(changes->agent->owner);
	changes_run(changes);
}

static void on_allowed(void *userdata, const sd_bus_error *error)
{
	struct change *change = userdata;

	change->asked = NULL;
	TAILQ_REMOVE(&change->changes->asked, change, entries);
	if (!sd_bus_error_is_set(error)) {
		change_line_up(change);
		return;
	}
	answer(change, error);
	change_free(change);
}

static struct change *change_new(struct changes *changes, sd_bus_message *m,
				 const struct owner_change *to)
{
	struct change *change = calloc(1, sizeof(*change));

	if (!change)
		return NULL;
	change->changes = changes;
	change->message = sd_bus_message_ref(m);
	change->to = *to;
	changes->count++;
	return change;
}

static int change_ask(struct change *change, const char *action)
{
	int r;

	r = polkit_ask(change->message, action, on_allowed, change, &change->asked);
	if (r < 0)
		change_free(change);
	else
		TAILQ_INSERT_TAIL(&change->changes->asked, change, entries);
	return r;
}

static int check_count(const struct changes *changes, const struct owner_change *to,
		       sd_bus_error *error)
{
	unsigned int max = owner_change_pause_us(to) ? 2 * CHANGES_MAX : CHANGES_MAX;

	if (changes->count < max)
		return 0;
	return sd_bus_error_setf(
		error, SD_BUS_ERROR_LIMITS_EXCEEDED,
		"%u changes of the settings are under way: wait until they are answered",
		changes->count);
}

/* 0, or less and @error */
static int change_begin_call(struct changes *changes, sd_bus_message *m,
			     const struct owner_change *to, struct change **ret_change,
			     sd_bus_error *error)
{
	int r = check_count(changes, to, error);

	if (r < 0)
		return r;
	*ret_change = change_new(changes, m, to);
	return *ret_change ? 0 : -ENOMEM;
}

int change_add(struct changes *changes, sd_bus_message *m, const struct owner_change *to,
	       const char *action, sd_bus_error *error)
{
	struct change *change;
	int r = change_begin_call(changes, m, to, &change, error);

	if (r < 0)
		return r;
	if (action) {
		r = change_ask(change, action);
		return r < 0 ? r : 1;
	}
	change_line_up(change);
	return 1;
}

int change_add_after(struct changes *changes, sd_bus_message *m, const struct owner_change *to,
		     sd_bus_error *before, sd_bus_error *error)
{
	struct change *change;
	int r = change_begin_call(changes, m, to, &change, error);

	if (r < 0)
		return r;
	sd_bus_error_move(&change->before, before);
	change_line_up(change);
	return 1;
}

/* --- life ----------------------------------------------------------------- */

/* What was lost may have been a pause: the owner decides anew. */
static int pause_for_lost(struct changes *changes)
{
	const struct owner_change to = owner_change_pause(OWNER_UNTIL_RESUMED);
	struct change *change = change_new(changes, NULL, &to);

	if (!change)
		return -ENOMEM;
	log_error(
		"the owner's settings are lost: guest work is paused until laybyctl resume; laybyctl settings shows what there is to be set");
	TAILQ_INSERT_TAIL(&changes->line, change, entries);
	changes_run(changes);
	return 0;
}

static int changes_read(struct changes *changes)
{
	int r = store_settings(changes->agent->store, &changes->settings);

	if (r == -EBADMSG)
		return pause_for_lost(changes);
	if (r < 0 && r != -ENOENT)
		log_error("reading the owner's settings: %s", strerror(-r));
	return r == -ENOENT ? 0 : r;
}

int changes_create(struct agent *agent, struct changes **ret_changes)
{
	struct changes *changes = calloc(1, sizeof(*changes));
	int r;

	if (!changes)
		return -ENOMEM;
	changes->agent = agent;
	TAILQ_INIT(&changes->asked);
	TAILQ_INIT(&changes->line);
	r = changes_read(changes);
	if (r < 0) {
		changes_destroy(changes);
		return r;
	}
	*ret_changes = changes;
	return 0;
}

void changes_destroy(struct changes *changes)
{
	struct change *change;

	if (!changes)
		return;
	while ((change = TAILQ_FIRST(&changes->asked))) {
		TAILQ_REMOVE(&changes->asked, change, entries);
		change_free(change);
	}
	while ((change = TAILQ_FIRST(&changes->line))) {
		TAILQ_REMOVE(&changes->line, change, entries);
		change_free(change);
	}
	free(changes);
}
