// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One socket to the family, opened at the first question. A question's answer is
 * handed to a reader while its message lives.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "gate.h"

#define WAIT_S	20
#define ATTRS	64

static struct nl_sock *sock, *events;
static pid_t owner;
static int family;

/* A child has a socket of its own: it must not take its parent's answers. */
static int gate_connect(void)
{
	if (sock && owner == getpid())
		return 0;
	owner = getpid();
	sock = nl_socket_alloc();
	if (!sock)
		return -ENOMEM;
	if (!genl_connect(sock)) {
		family = genl_ctrl_resolve(sock, LAYBY_FAMILY_NAME);
		if (family > 0)
			return 0;
	}
	nl_socket_free(sock);
	sock = NULL;
	return -ENODEV;
}

struct question {
	void (*read)(struct nlattr **attrs, void *to);
	void *to;
	int error;
	bool done;
	int count;
};

static int on_answer(struct nl_msg *msg, void *arg)
{
	struct question *question = arg;
	struct nlattr *attrs[ATTRS] = { NULL };

	if (genlmsg_parse(nlmsg_hdr(msg), 0, attrs, ATTRS - 1, NULL))
		question->error = -EBADMSG;
	else
		question->read(attrs, question->to);
	return NL_OK;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	((struct question *)arg)->done = true;
	return NL_STOP;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	struct question *question = arg;

	question->error = err->error;
	question->done = true;
	return NL_STOP;
}

static int gate_receive(struct question *question)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int r = 0;

	if (!cb)
		return -ENOMEM;
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, question);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, question);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_ack, question);
	if (question->read)
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_answer, question);
	while (!question->done && r >= 0)
		r = nl_recvmsgs(sock, cb);
	nl_cb_put(cb);
	return question->error ? question->error : r < 0 ? -EIO : 0;
}

static int gate_question(int command, int flags,
			 void (*read)(struct nlattr **attrs, void *to), void *to)
{
	struct question question = { .read = read, .to = to };
	struct nl_msg *msg;
	int r = gate_connect();

	if (r)
		return r;
	msg = nlmsg_alloc();
	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0,
				 NLM_F_REQUEST | flags, (uint8_t)command,
				 LAYBY_FAMILY_VERSION)) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	r = nl_send_auto(sock, msg);
	nlmsg_free(msg);
	return r < 0 ? -EIO : gate_receive(&question);
}

static int gate_ask(int command, void (*read)(struct nlattr **attrs, void *to), void *to)
{
	return gate_question(command, NLM_F_ACK, read, to);
}

static uint64_t number(struct nlattr *attr)
{
	if (!attr)
		return 0;
	switch (nla_len(attr)) {
	case 1:
		return nla_get_u8(attr);
	case 4:
		return nla_get_u32(attr);
	case 8:
		return nla_get_u64(attr);
	default:
		return 0;
	}
}

/* A flag, or a number that is not 0. */
static bool truth(struct nlattr *attr)
{
	return attr && (!nla_len(attr) || number(attr));
}

static int told(struct nlattr *attr)
{
	return attr ? (int)number(attr) : -1;
}

static void read_state(struct nlattr **attrs, void *to)
{
	*(struct gate_state *)to = (struct gate_state){
		.reason = (uint32_t)number(attrs[LAYBY_A_STATE_REASON]),
		.change = number(attrs[LAYBY_A_STATE_CHANGE]),
		.since_ns = number(attrs[LAYBY_A_STATE_SINCE_NS]),
		.open = truth(attrs[LAYBY_A_STATE_OPEN]),
		.guests_in = truth(attrs[LAYBY_A_STATE_GUESTS_IN]),
		.sealed = truth(attrs[LAYBY_A_STATE_SEALED]),
		.fault = truth(attrs[LAYBY_A_STATE_FAULT]),
		.charge_percent = told(attrs[LAYBY_A_STATE_CHARGE_PERCENT]),
		.charging = told(attrs[LAYBY_A_STATE_CHARGING]),
		.charge_age_ns = number(attrs[LAYBY_A_STATE_CHARGE_AGE_NS]),
	};
}

static void read_counters(struct nlattr **attrs, void *to)
{
	struct gate_counts *counts = to;

	counts->opened = number(attrs[LAYBY_A_COUNTERS_OPENED]);
	counts->reclaims = number(attrs[LAYBY_A_COUNTERS_RECLAIMS]);
	counts->resets = number(attrs[LAYBY_A_COUNTERS_RESETS]);
	counts->late = number(attrs[LAYBY_A_COUNTERS_LATE]);
}

static void read_histogram(struct nlattr **attrs, void *to)
{
	struct gate_counts *counts = to;

	counts->last_ns = number(attrs[LAYBY_A_HISTOGRAM_LAST_NS]);
	counts->last_at_ns = number(attrs[LAYBY_A_HISTOGRAM_LAST_AT_NS]);
	counts->worst_ns = number(attrs[LAYBY_A_HISTOGRAM_WORST_NS]);
}

int gate_state(struct gate_state *state)
{
	return gate_ask(LAYBY_NL_GET_STATE, read_state, state);
}

int gate_counts(struct gate_counts *counts)
{
	int r;

	*counts = (struct gate_counts){ 0 };
	r = gate_ask(LAYBY_NL_GET_COUNTERS, read_counters, counts);
	return r ? r : gate_ask(LAYBY_NL_GET_HISTOGRAM, read_histogram, counts);
}

static void read_frames(struct nlattr **attrs, void *to)
{
	*(struct gate_frames *)to = (struct gate_frames){
		.accepted = number(attrs[LAYBY_A_FRAMES_ACCEPTED]),
		.malformed = number(attrs[LAYBY_A_FRAMES_MALFORMED]),
		.crc = number(attrs[LAYBY_A_FRAMES_CRC]),
		.repeated = number(attrs[LAYBY_A_FRAMES_REPEATED]),
		.sequence = number(attrs[LAYBY_A_FRAMES_SEQUENCE]),
		.sent = number(attrs[LAYBY_A_FRAMES_SENT]),
	};
}

int gate_frames(struct gate_frames *frames)
{
	return gate_ask(LAYBY_NL_GET_FRAMES, read_frames, frames);
}

/* --- Events ------------------------------------------------------------------- */

static int on_any_number(struct nl_msg *msg, void *arg)
{
	return NL_OK;
}

static int on_event(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[ATTRS] = { NULL };
	struct question *question = arg;

	if (genlmsg_hdr(nlmsg_hdr(msg))->cmd != LAYBY_NL_GATE_CHANGED)
		return NL_OK;
	if (genlmsg_parse(nlmsg_hdr(msg), 0, attrs, ATTRS - 1, NULL))
		question->error = -EBADMSG;
	else
		read_state(attrs, question->to);
	question->count++;
	return NL_OK;
}

int gate_listen(void)
{
	int group;

	events = nl_socket_alloc();
	if (!events)
		return -ENOMEM;
	nl_socket_disable_seq_check(events);
	if (genl_connect(events))
		return -ENODEV;
	group = genl_ctrl_resolve_grp(events, LAYBY_FAMILY_NAME, LAYBY_MCGRP_GATE);
	if (group < 0 || nl_socket_add_membership(events, group) ||
	    nl_socket_set_nonblocking(events))
		return -ENODEV;
	return 0;
}

int gate_heard(struct gate_state *last)
{
	struct question question = { .to = last };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int r = 0;

	if (!cb)
		return -ENOMEM;
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_any_number, NULL);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_event, &question);
	while (r >= 0)
		r = nl_recvmsgs(events, cb);
	nl_cb_put(cb);
	if (r != -NLE_AGAIN)
		return -EIO;
	return question.error ? question.error : question.count;
}

struct cleared_of {
	uint32_t class;
	bool found;
	struct gate_cleared *cleared;
};

static void read_cleared(struct nlattr **attrs, void *to)
{
	struct cleared_of *of = to;

	if (of->found || number(attrs[LAYBY_A_PARTITION_CLASS]) != of->class)
		return;
	of->found = true;
	*of->cleared = (struct gate_cleared){
		.told = attrs[LAYBY_A_PARTITION_TILE_CLEARINGS],
		.pieces = number(attrs[LAYBY_A_PARTITION_WINDOW_CLEARINGS]),
		.bytes = number(attrs[LAYBY_A_PARTITION_WINDOW_CLEARED_BYTES]),
		.tiles = number(attrs[LAYBY_A_PARTITION_TILE_CLEARINGS]),
	};
}

int gate_cleared(uint32_t class, struct gate_cleared *cleared)
{
	struct cleared_of of = { .class = class, .cleared = cleared };
	int r = gate_question(LAYBY_NL_GET_PARTITIONS, NLM_F_DUMP, read_cleared, &of);

	return r ? r : of.found ? 0 : -ENODEV;
}

struct caps_of {
	bool found;
	struct gate_caps *caps;
};

static void read_caps(struct nlattr **attrs, void *to)
{
	struct caps_of *of = to;

	if (!attrs[LAYBY_A_ACCELERATOR_BUCKET_UJ])
		return;
	of->found = true;
	*of->caps = (struct gate_caps){
		.cap_mw = (uint32_t)number(attrs[LAYBY_A_ACCELERATOR_CAP_MW]),
		.level = (uint32_t)number(attrs[LAYBY_A_ACCELERATOR_LEVEL]),
		.bucket_uj = number(attrs[LAYBY_A_ACCELERATOR_BUCKET_UJ]),
		.credit_uj = number(attrs[LAYBY_A_ACCELERATOR_CREDIT_UJ]),
		.charged_uj = number(attrs[LAYBY_A_ACCELERATOR_CHARGED_UJ]),
		.waiting = (uint32_t)number(attrs[LAYBY_A_ACCELERATOR_WAITING]),
	};
}

int gate_caps(struct gate_caps *caps)
{
	struct caps_of of = { .caps = caps };
	int r = gate_question(LAYBY_NL_GET_ACCELERATORS, NLM_F_DUMP, read_caps, &of);

	return r ? r : of.found ? 0 : -ENODEV;
}

int gate_order(int command)
{
	return gate_ask(command, NULL, NULL);
}

static bool is_open(const struct gate_state *state, uint32_t reason)
{
	return state->open && state->guests_in;
}

static bool is_closed(const struct gate_state *state, uint32_t reason)
{
	return !state->open && !state->guests_in && (!reason || state->reason == reason);
}

static unsigned int tries(void)
{
	const char *factor = getenv("LAYBY_TIME_FACTOR");
	unsigned int times = factor ? (unsigned int)strtoul(factor, NULL, 10) : 1;

	return WAIT_S * 200 * (times ? times : 1);
}

static bool gate_becomes(bool (*is)(const struct gate_state *state, uint32_t reason),
			 uint32_t reason)
{
	static const struct timespec pause = { 0, 5000000 };
	struct gate_state state;
	unsigned int left;

	for (left = tries(); left; left--) {
		if (!gate_state(&state) && is(&state, reason))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

bool gate_opens(void)
{
	return gate_becomes(is_open, 0);
}

bool gate_closes(uint32_t reason)
{
	return gate_becomes(is_closed, reason);
}
