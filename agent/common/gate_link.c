// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The link: two netlink sockets, one for questions and one for events.
 *
 * Owns both. What stands in a message is gate_read.c's.
 */
#include "gate_link.h"

#include <errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdlib.h>

#include "gate_read.h"
#include "util.h"

struct gate_link {
	struct nl_sock *ask;
	struct nl_sock *events;
	/* number of the family, 0: there is none */
	int family;
	bool hears_governor;
	/* of the events socket, while it is being emptied */
	const struct gate_listener *listener;
};

/* --- questions ------------------------------------------------------------ */

struct answer {
	/* where the answer goes, by the command that was asked */
	int command;
	union {
		struct gate_state *state;
		struct gate_policy *policy;
		struct gate_counters *counters;
		struct gate_frames *frames;
		struct gate_governor *governor;
		struct gate_partitions *partitions;
		struct gate_accelerator *accelerator;
	};
	/* NLM_F_DUMP: of several messages */
	int flags;
	/* 1: not there yet, 0: done, or -errno */
	int result;
	int parsed;
};

static int on_answer(struct nl_msg *msg, void *userdata)
{
	struct answer *answer = userdata;
	struct nlmsghdr *header = nlmsg_hdr(msg);

	/* of several messages the first that is wrong is told of */
	if (answer->parsed < 0)
		return NL_SKIP;
	switch (answer->command) {
	case LAYBY_NL_GET_STATE:
		answer->parsed = gate_read_state(header, answer->state);
		break;
	case LAYBY_NL_GET_POLICY:
		answer->parsed = gate_read_policy(header, answer->policy);
		break;
	case LAYBY_NL_GET_COUNTERS:
		answer->parsed = gate_read_counters(header, answer->counters);
		break;
	case LAYBY_NL_GET_HISTOGRAM:
		answer->parsed = gate_read_histogram(header, answer->counters);
		break;
	case LAYBY_NL_GET_FRAMES:
		answer->parsed = gate_read_frames(header, answer->frames);
		break;
	case LAYBY_NL_GET_GOVERNOR:
		answer->parsed = gate_read_governor(header, answer->governor);
		break;
	case LAYBY_NL_GET_PARTITIONS:
		answer->parsed =
			gate_read_partition(header, answer->partitions);
		break;
	case LAYBY_NL_GET_ACCELERATORS:
		answer->parsed =
			gate_read_accelerator(header, answer->accelerator);
		break;
	}
	return NL_SKIP;
}

static int on_ack(struct nl_msg *msg, void *userdata)
{
	struct answer *answer = userdata;

	answer->result = 0;
	return NL_STOP;
}

static int on_refused(struct sockaddr_nl *from, struct nlmsgerr *error,
		      void *userdata)
{
	struct answer *answer = userdata;

	answer->result = error->error ?: -EIO;
	return NL_STOP;
}

static int receive_answer(struct gate_link *link, struct answer *answer)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int r = 0;

	if (!cb)
		return -ENOMEM;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_answer, answer);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, answer);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_ack, answer);
	nl_cb_err(cb, NL_CB_CUSTOM, on_refused, answer);
	while (answer->result > 0 && r >= 0)
		r = nl_recvmsgs(link->ask, cb);
	nl_cb_put(cb);
	if (answer->result > 0)
		return gate_errno(r);
	return answer->result ?: answer->parsed;
}

static int ask(struct gate_link *link, struct answer *answer)
{
	struct nl_msg *msg;
	int r;

	msg = nlmsg_alloc();
	if (!msg)
		return -ENOMEM;
	genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, link->family, 0,
		    answer->flags, (uint8_t)answer->command,
		    LAYBY_FAMILY_VERSION);
	r = nl_send_auto(link->ask, msg);
	nlmsg_free(msg);
	if (r < 0)
		return gate_errno(r);
	answer->result = 1;
	return receive_answer(link, answer);
}

/* The family went while we asked: that is no failure, but an answer. */
static int ask_or_gone(struct gate_link *link, struct answer *answer)
{
	int r;

	if (!link->family)
		return 0;
	r = ask(link, answer);
	if (r != -ENOENT)
		return r;
	link->family = 0;
	return 0;
}

int gate_link_get_state(struct gate_link *link, struct gate_state *ret_state)
{
	struct gate_state state = {};
	struct answer answer = { .command = LAYBY_NL_GET_STATE,
				 .state = &state };
	int r = ask_or_gone(link, &answer);

	if (r >= 0)
		*ret_state = state;
	return r;
}

int gate_link_get_policy(struct gate_link *link,
			 struct gate_policy *ret_policy)
{
	struct gate_policy policy = {};
	struct answer answer = { .command = LAYBY_NL_GET_POLICY,
				 .policy = &policy };
	int r = ask_or_gone(link, &answer);

	if (r >= 0)
		*ret_policy = policy;
	return r;
}

int gate_link_get_counters(struct gate_link *link,
			   struct gate_counters *ret_counters)
{
	struct gate_counters counters = {};
	struct answer answer = { .command = LAYBY_NL_GET_COUNTERS,
				 .counters = &counters };
	int r = ask_or_gone(link, &answer);

	answer.command = LAYBY_NL_GET_HISTOGRAM;
	if (r >= 0)
		r = ask_or_gone(link, &answer);
	if (r >= 0)
		*ret_counters = counters;
	return r;
}

int gate_link_get_frames(struct gate_link *link,
			 struct gate_frames *ret_frames)
{
	struct gate_frames frames = {};
	struct answer answer = { .command = LAYBY_NL_GET_FRAMES,
				 .frames = &frames };
	int r = ask_or_gone(link, &answer);

	if (r >= 0)
		*ret_frames = frames;
	return r;
}

int gate_link_get_governor(struct gate_link *link,
			   struct gate_governor *ret_governor)
{
	struct gate_governor governor = {};
	struct answer answer = { .command = LAYBY_NL_GET_GOVERNOR,
				 .governor = &governor };
	int r = ask_or_gone(link, &answer);

	if (r >= 0)
		*ret_governor = governor;
	return r;
}

int gate_link_get_partitions(struct gate_link *link,
			     struct gate_partitions *ret_partitions)
{
	struct gate_partitions partitions = {};
	struct answer answer = { .command = LAYBY_NL_GET_PARTITIONS,
				 .flags = NLM_F_DUMP,
				 .partitions = &partitions };
	int r = ask_or_gone(link, &answer);

	if (r >= 0)
		*ret_partitions = partitions;
	else
		free(partitions.list);
	return r;
}

int gate_link_get_accelerator(struct gate_link *link,
			      struct gate_accelerator *ret_accelerator)
{
	struct gate_accelerator accelerator = {};
	struct answer answer = { .command = LAYBY_NL_GET_ACCELERATORS,
				 .flags = NLM_F_DUMP,
				 .accelerator = &accelerator };
	int r = ask_or_gone(link, &answer);

	if (r >= 0)
		*ret_accelerator = accelerator;
	return r;
}

/* --- events --------------------------------------------------------------- */

static void tell_state(struct gate_link *link, const struct gate_state *state)
{
	if (link->listener->on_state)
		link->listener->on_state(state, link->listener->userdata);
}

static void tell_governor(struct gate_link *link, const struct gate_governor *governor)
{
	if (link->listener->on_governor)
		link->listener->on_governor(governor, link->listener->userdata);
}

static void link_tell_now(struct gate_link *link)
{
	struct gate_governor governor = {};
	struct gate_state state = {};

	if (gate_link_get_state(link, &state) >= 0)
		tell_state(link, &state);
	if (link->hears_governor && link->family &&
	    gate_link_get_governor(link, &governor) >= 0)
		tell_governor(link, &governor);
}

static int link_join(struct gate_link *link, const char *name)
{
	int group = genl_ctrl_resolve_grp(link->ask, LAYBY_FAMILY_NAME, name);

	if (group < 0)
		return gate_errno(group);
	return gate_errno(nl_socket_add_membership(link->events, group));
}

/* 0 also if there is no such family. */
static int link_find_family(struct gate_link *link)
{
	int family, r;

	link->family = 0;
	family = genl_ctrl_resolve(link->ask, LAYBY_FAMILY_NAME);
	if (family == -NLE_OBJ_NOTFOUND)
		return 0;
	if (family < 0)
		return gate_errno(family);
	r = link_join(link, LAYBY_MCGRP_GATE);
	if (r >= 0 && link->hears_governor)
		r = link_join(link, LAYBY_MCGRP_GOVERNOR);
	if (r >= 0)
		link->family = family;
	return r;
}

int gate_link_join_governor(struct gate_link *link)
{
	link->hears_governor = true;
	return link->family ? link_join(link, LAYBY_MCGRP_GOVERNOR) : 0;
}

static bool names_our_family(struct nlmsghdr *header)
{
	struct nlattr *a[CTRL_ATTR_MAX + 1];

	return genlmsg_parse(header, 0, a, CTRL_ATTR_MAX, NULL) >= 0 &&
	       a[CTRL_ATTR_FAMILY_NAME] &&
	       !nla_strcmp(a[CTRL_ATTR_FAMILY_NAME], LAYBY_FAMILY_NAME);
}

static void on_families(struct gate_link *link, struct nlmsghdr *header)
{
	const struct gate_state gone = {};
	struct genlmsghdr *generic = genlmsg_hdr(header);

	if (!names_our_family(header))
		return;
	if (generic->cmd == CTRL_CMD_DELFAMILY) {
		link->family = 0;
		tell_state(link, &gone);
	} else if (generic->cmd == CTRL_CMD_NEWFAMILY &&
		   link_find_family(link) >= 0) {
		link_tell_now(link);
	}
}

static void on_event(struct gate_link *link, struct nlmsghdr *header)
{
	struct gate_governor governor = {};
	struct gate_state state;

	switch (genlmsg_hdr(header)->cmd) {
	case LAYBY_NL_GATE_CHANGED:
		if (gate_read_state(header, &state) >= 0)
			tell_state(link, &state);
		break;
	case LAYBY_NL_GOVERNOR_CHANGED:
		if (gate_read_governor(header, &governor) >= 0)
			tell_governor(link, &governor);
		break;
	}
}

static int on_message(struct nl_msg *msg, void *userdata)
{
	struct gate_link *link = userdata;
	struct nlmsghdr *header = nlmsg_hdr(msg);

	if (header->nlmsg_type == GENL_ID_CTRL)
		on_families(link, header);
	else if (header->nlmsg_type == link->family)
		on_event(link, header);
	return NL_OK;
}

int gate_link_hear(struct gate_link *link, const struct gate_listener *listener)
{
	int r;

	link->listener = listener;
	do {
		r = gate_errno(nl_recvmsgs_default(link->events));
		if (r != -ENOBUFS)
			continue;
		if (listener->on_lost)
			listener->on_lost(listener->userdata);
		link_tell_now(link);
	} while (r >= 0 || r == -ENOBUFS);
	return r == -EAGAIN ? 0 : r;
}

int gate_link_process(struct gate_link *link, gate_event_fn on_state,
		      void *userdata)
{
	const struct gate_listener listener = {
		.on_state = on_state,
		.userdata = userdata,
	};

	return gate_link_hear(link, &listener);
}

static int link_open_events(struct gate_link *link)
{
	int group, r;

	nl_socket_disable_seq_check(link->events);
	nl_socket_enable_msg_peek(link->events);
	nl_socket_modify_cb(link->events, NL_CB_VALID, NL_CB_CUSTOM,
			    on_message, link);
	r = genl_connect(link->events);
	if (r < 0)
		return gate_errno(r);
	r = nl_socket_set_nonblocking(link->events);
	if (r < 0)
		return gate_errno(r);
	group = genl_ctrl_resolve_grp(link->ask, "nlctrl", "notify");
	if (group < 0)
		return gate_errno(group);
	return gate_errno(nl_socket_add_membership(link->events, group));
}

/* Listening begins before the family is looked for: none can slip through. */
static int link_init(struct gate_link *link)
{
	int r;

	if (!link->ask || !link->events)
		return -ENOMEM;
	nl_socket_enable_msg_peek(link->ask);
	r = genl_connect(link->ask);
	if (r < 0)
		return gate_errno(r);
	r = link_open_events(link);
	return r < 0 ? r : link_find_family(link);
}

int gate_link_open(struct gate_link **ret_link)
{
	struct gate_link *link = calloc(1, sizeof(*link));
	int r;

	if (!link)
		return -ENOMEM;
	link->ask = nl_socket_alloc();
	link->events = nl_socket_alloc();
	r = link_init(link);
	if (r < 0) {
		gate_link_close(link);
		return r;
	}
	*ret_link = link;
	return 0;
}

void gate_link_close(struct gate_link *link)
{
	if (!link)
		return;
	nl_socket_free(link->ask);
	nl_socket_free(link->events);
	free(link);
}

int gate_link_fd(const struct gate_link *link)
{
	return nl_socket_get_fd(link->events);
}
