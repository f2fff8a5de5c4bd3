// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Answers that callers do not read.
 *
 * dbus-daemon holds a message until its reader takes it, and stops listening to a
 * connection of which it holds too much: 64 descriptors or 127 MiB, unless it is
 * configured otherwise. Whoever asks and does not read would so make the agent mute
 * for everybody. Therefore the bus is asked, after some answers, how much it holds of
 * ours, and if that is a lot, how much of it for the caller. He is refused until he has
 * read; and if he does not even read that, he gets no answers any more: the bus itself
 * refuses him after 128 calls without one.
 *
 * The bus is waited for: it answers at once, as when it is asked for a sender's user.
 * One that does not keep such a count (dbus-broker, which looks after this by itself)
 * is not asked again. Must never refuse what the bus has ample room for.
 */
#include "agent.h"

#include <errno.h>
#include <string.h>

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define STATS_INTERFACE "org.freedesktop.DBus.Debug.Stats"
#define ASK_US (5 * USEC_PER_SEC)
#define MIB (1u << 20)

struct held {
	uint32_t descriptors;
	uint32_t bytes;
};

/* Answered without asking; by our own estimate of the bytes. */
static const struct held unasked = { 8, 8 * MIB };
/* Of ours in all: up to here nobody is judged. */
static const struct held calm = { 32, 32 * MIB };
/* From here on it is tight. */
static const struct held tight = { 48, 96 * MIB };
/* For one connection, until it is tight, and then. */
static const struct held fair = { 8, 4 * MIB };
static const struct held little = { 1, MIB / 16 };
/* Likewise: with that many bytes it is not answered at all. */
#define DEAF_BYTES (8 * MIB)
#define DEAF_BYTES_TIGHT (MIB / 8)

static bool reaches(const struct held *held, const struct held *limit)
{
	return held->descriptors >= limit->descriptors || held->bytes >= limit->bytes;
}

/* --- asking --------------------------------------------------------------- */

/* Incoming is what is of this connection, Outgoing what is for it. */
struct question {
	const char *name;
	const char *descriptors;
	const char *bytes;
};

static int read_count(sd_bus_message *m, const struct question *question, struct held *held)
{
	const char *name;
	uint32_t *into;
	int r;

	r = sd_bus_message_read(m, "s", &name);
	if (r < 0)
		return r;
	into = !strcmp(name, question->descriptors) ? &held->descriptors :
	       !strcmp(name, question->bytes)	    ? &held->bytes :
						      NULL;
	return into ? sd_bus_message_read(m, "v", "u", into) : sd_bus_message_skip(m, "v");
}

static int read_counts(sd_bus_message *m, const struct question *question, struct held *ret_held)
{
	int r;

	*ret_held = (struct held){};
	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_count(m, question, ret_held);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r;
}

static int ask(sd_bus *bus, const struct question *question, struct held *ret_held,
	       sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &m, BUS_NAME, BUS_PATH, STATS_INTERFACE,
					   "GetConnectionStats");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", question->name);
	if (r >= 0)
		r = sd_bus_call(bus, m, ASK_US, error, &reply);
	return r < 0 ? r : read_counts(reply, question, ret_held);
}

static int ask_ours(sd_bus *bus, struct held *ret_held, sd_bus_error *error)
{
	struct question question = { .descriptors = "IncomingFDs", .bytes = "IncomingBytes" };
	int r;

	r = sd_bus_get_unique_name(bus, &question.name);
	return r < 0 ? r : ask(bus, &question, ret_held, error);
}

static int ask_theirs(sd_bus *bus, const char *name, struct held *ret_held, sd_bus_error *error)
{
	const struct question question = { name, "OutgoingFDs", "OutgoingBytes" };

	return ask(bus, &question, ret_held, error);
}

/* --- judging -------------------------------------------------------------- */

/* With the signals that come of it. */
static struct held estimate(sd_bus_message *m)
{
	const char *member = sd_bus_message_get_member(m);

	if (!strcmp(member, "GetResult"))
		return (struct held){ 1, 1024 };
	if (!strcmp(member, "GetManagedObjects"))
		return (struct held){ 0, MIB };
	if (!strcmp(member, "SubmitJobs"))
		return (struct held){ 0, MIB / 2 };
	if (!strcmp(member, "Introspect"))
		return (struct held){ 0, MIB / 16 };
	return (struct held){ 0, 4096 };
}

static int refuse(sd_bus_message *m, const struct held *held, const char *whose)
{
	int r;

	r = sd_bus_reply_method_errorf(
		m, SD_BUS_ERROR_LIMITS_EXCEEDED,
		"%s not read answers of %u bytes, with %u descriptors: try again when that is done",
		whose, held->bytes, held->descriptors);
	return r < 0 ? r : 1;
}

/* 1: it has been dealt with, also without an answer. */
static int judge(struct agent *agent, sd_bus_message *m, const struct held *cost,
		 sd_bus_error *error)
{
	struct held ours, theirs;
	bool is_tight;
	int r;

	r = ask_ours(agent->bus, &ours, error);
	if (r < 0)
		return r;
	agent->unread = (struct unread){};
	if (!reaches(&ours, &calm))
		return 0;
	/* the next one is looked at, too */
	agent->unread.descriptors = unasked.descriptors;
	r = ask_theirs(agent->bus, sd_bus_message_get_sender(m), &theirs, error);
	if (r < 0)
		return r;
	is_tight = reaches(&ours, &tight);
	if (theirs.bytes >= (is_tight ? DEAF_BYTES_TIGHT : DEAF_BYTES))
		return 1;
	if (reaches(&theirs, is_tight ? &little : &fair))
		return refuse(m, &theirs, "you have");
	if (is_tight && (cost->descriptors || cost->bytes >= MIB))
		return refuse(m, &ours, "others have");
	return 0;
}

/* It left, and reads nothing any more; or the bus keeps no count. */
static int not_told(struct agent *agent, int r, const sd_bus_error *error)
{
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		return 1;
	log_notice("the bus does not say who reads its answers (%s): it must see to that itself",
		   error->message ?: strerror(-r));
	agent->unread.off = true;
	return 0;
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	struct agent *agent = userdata;
	struct held cost;
	int r;

	if (agent->unread.off || sd_bus_message_is_method_call(m, NULL, NULL) <= 0 ||
	    !sd_bus_message_get_expect_reply(m))
		return 0;
	cost = estimate(m);
	agent->unread.descriptors += cost.descriptors;
	agent->unread.bytes += cost.bytes;
	if (agent->unread.descriptors < unasked.descriptors && agent->unread.bytes < unasked.bytes)
		return 0;
	r = judge(agent, m, &cost, &error);
	return r < 0 ? not_told(agent, r, &error) : r;
}

int unread_attach(struct agent *agent)
{
	return sd_bus_add_filter(agent->bus, NULL, on_message, agent);
}
