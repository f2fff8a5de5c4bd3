// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * watch: a line for each event of the kernel's netlink family, as it comes.
 *
 * Owns nothing but what was told last, from which it sees what else has changed.
 * Must never keep a line back, and never hide that the kernel had to drop some.
 */
#include "gate_json.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <time.h>

#define _json_ _cleanup_(sd_json_variant_unrefp) sd_json_variant

struct watch {
	bool json;
	/* the first error of making a line */
	int error;
	/* nothing was told before */
	bool is_first;
	struct gate_state last;
};

/* --- Lines ------------------------------------------------------------------- */

#define STAMP_MAX 64

/* People read it in their own time, programs in UTC. */
static void write_stamp(bool utc, char stamp[static STAMP_MAX])
{
	struct timespec now;
	char seconds[32];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	if (utc)
		gmtime_r(&now.tv_sec, &tm);
	else
		localtime_r(&now.tv_sec, &tm);
	strftime(seconds, sizeof(seconds), utc ? "%FT%T" : "%F %T", &tm);
	snprintf(stamp, STAMP_MAX, "%s.%03ld%s", seconds, now.tv_nsec / 1000000, utc ? "Z" : "");
}

__attribute__((format(printf, 2, 3))) static void print_line(const char *event, const char *format,
							    ...)
{
	char stamp[STAMP_MAX];
	va_list list;

	write_stamp(false, stamp);
	printf("%s  %-8s  ", stamp, event);
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	putchar('\n');
	fflush(stdout);
}

/* @object: what belongs to the event; its time and kind are added. */
static void print_object_line(struct watch *watch, const char *event, sd_json_variant **object)
{
	char stamp[STAMP_MAX];
	int r;

	write_stamp(true, stamp);
	r = sd_json_variant_set_field_string(object, "event", event);
	if (r >= 0)
		r = sd_json_variant_set_field_string(object, "time_utc", stamp);
	if (r >= 0)
		r = sd_json_variant_dump(*object, SD_JSON_FORMAT_NEWLINE, stdout, NULL);
	if (r < 0)
		watch->error = r;
	fflush(stdout);
}

/* An event that one yes or no says all of. */
static void tell_switch(struct watch *watch, const char *event, bool yes, const char *words)
{
	_json_ *object = NULL;
	int r;

	if (!watch->json) {
		print_line(event, "%s", words);
		return;
	}
	r = sd_json_variant_set_field_boolean(&object, event, yes);
	if (r < 0)
		watch->error = r;
	else
		print_object_line(watch, event, &object);
}

/* --- Events ------------------------------------------------------------------ */

static uint64_t changes_missed(const struct watch *watch, const struct gate_state *state)
{
	uint64_t before = watch->last.change;

	return watch->last.known && state->change > before + 1 ? state->change - before - 1 : 0;
}

static void print_gate(const struct watch *watch, const struct gate_state *state)
{
	uint64_t missed = changes_missed(watch, state);
	char between[64] = "";

	if (missed)
		snprintf(between, sizeof(between), "; %llu changes in between",
			 (unsigned long long)missed);
	if (state->open)
		print_line("gate", "open%s%s", state->guests_in ? ", guest has its tiles" : "",
			   between);
	else
		print_line("gate", "closed  %s: %s%s%s", layby_gate_reason_name(state->reason),
			   gate_reason_text(state->reason),
			   state->guests_in ? "; tiles are being taken back" : "", between);
}

static void tell_gate(struct watch *watch, const struct gate_state *state)
{
	_json_ *object = NULL;
	int r;

	if (!watch->json) {
		print_gate(watch, state);
		return;
	}
	r = gate_state_json(state, &object);
	if (r >= 0)
		r = gate_add_unsigned(&object, "changes_missed", true,
				      changes_missed(watch, state));
	if (r < 0)
		watch->error = r;
	else
		print_object_line(watch, "gate", &object);
}

static bool same_battery(const struct gate_state *a, const struct gate_state *b)
{
	return a->has_charge == b->has_charge && a->charge_percent == b->charge_percent &&
	       a->charging == b->charging;
}

static const char *charging_words(const struct gate_state *state)
{
	if (!state->charging)
		return "";
	return state->charging == 2 ? ", charging" : ", not charging";
}

static void tell_battery(struct watch *watch, const struct gate_state *state)
{
	_json_ *object = NULL;
	char percent[16] = "unknown";
	int r;

	if (!watch->json) {
		if (state->has_charge)
			snprintf(percent, sizeof(percent), "%u %%", state->charge_percent);
		print_line("battery", "%s%s", percent, charging_words(state));
		return;
	}
	r = gate_battery_json(state, &object);
	if (r < 0)
		watch->error = r;
	else
		print_object_line(watch, "battery", &object);
}

/* @state came for the battery alone. */
static bool is_gate_the_same(const struct gate_state *a, const struct gate_state *b)
{
	return a->known == b->known && a->change == b->change && a->guests_in == b->guests_in &&
	       !same_battery(a, b);
}

static void on_state(const struct gate_state *state, void *userdata)
{
	struct watch *watch = userdata;
	const struct gate_state *last = &watch->last;

	/* at first only what is wrong: that all is there is no event */
	if (watch->is_first ? !state->known : state->known != last->known)
		tell_switch(watch, "module", state->known,
			    state->known ? "loaded" : "not loaded; waiting for it");
	if (state->known && state->fault != last->fault)
		tell_switch(watch, "fault", state->fault,
			    state->fault ? "latched: a slot did not obey" : "cleared");
	if (!watch->is_first && state->sealed && !last->sealed)
		tell_switch(watch, "sealed", true, "no BPF program can reach the module any more");
	if (!watch->is_first && state->known && !same_battery(state, last))
		tell_battery(watch, state);
	if (state->known && !is_gate_the_same(state, last))
		tell_gate(watch, state);
	watch->last = *state;
	watch->is_first = false;
}

static void print_governor(const struct gate_governor *governor)
{
	const char *state = gate_governor_state_name(governor->state);

	if (governor->state == LAYBY_GOVERNOR_STATE_NONE)
		print_line("governor", "%s", state);
	else
		print_line("governor", "%s  %s%s%s", state, governor->name,
			   *governor->why ? ": " : "", governor->why);
}

static void on_governor(const struct gate_governor *governor, void *userdata)
{
	struct watch *watch = userdata;
	_json_ *object = NULL;
	int r;

	if (!watch->json) {
		print_governor(governor);
		return;
	}
	r = gate_governor_json(governor, &object);
	if (r < 0)
		watch->error = r;
	else
		print_object_line(watch, "governor", &object);
}

static void on_lost(void *userdata)
{
	tell_switch(userdata, "lost", true,
		    "the kernel had to drop events; what holds now follows");
}

/* --- Following -------------------------------------------------------------- */

/* Until a signal, or until nobody reads what is written. */
static int follow(struct gate_link *link, int signals, struct watch *watch)
{
	const struct gate_listener listener = {
		.on_state = on_state,
		.on_governor = on_governor,
		.on_lost = on_lost,
		.userdata = watch,
	};
	struct pollfd fds[] = {
		{ .fd = gate_link_fd(link), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
		/* a pipe whose reader has gone */
		{ .fd = STDOUT_FILENO },
	};
	int r = 0;

	while (r >= 0 && !watch->error && !ferror(stdout)) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return -errno;
		if (fds[1].revents || fds[2].revents)
			return 0;
		r = gate_link_hear(link, &listener);
	}
	return r < 0 ? r : watch->error;
}

static int tell_first(struct gate_link *link, struct watch *watch)
{
	struct gate_governor governor = {};
	struct gate_state state;
	int r = gate_link_get_state(link, &state);

	if (r < 0)
		return r;
	on_state(&state, watch);
	if (!state.known)
		return watch->error;
	r = gate_link_get_governor(link, &governor);
	if (r >= 0)
		on_governor(&governor, watch);
	return r < 0 ? r : watch->error;
}

int verb_watch(const struct options *options, const char *argument)
{
	_cleanup_(gate_link_closep) struct gate_link *link = NULL;
	struct watch watch = { .json = options->json, .is_first = true };
	_cleanup_close_ int signals = -1;
	int r;

	signals = open_end_signals();
	if (signals < 0)
		return fail_errno(signals, "signals");
	r = gate_open_link(&link);
	if (r != EXIT_OK)
		return r;
	r = gate_link_join_governor(link);
	if (r >= 0)
		r = tell_first(link, &watch);
	if (r >= 0)
		r = follow(link, signals, &watch);
	if (r >= 0 && ferror(stdout))
		return fail(EXIT_JOB_FAILED, "stdout cannot be written");
	return r < 0 ? fail_errno(r, "watch") : EXIT_OK;
}
