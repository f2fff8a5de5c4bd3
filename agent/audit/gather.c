// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is found out, and the list of what could not be. Asks the kernel's netlink
 * family, then the other sources. Owns struct audit's content. Must never take
 * what was not answered for an answer.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "audit.h"

void audit_unknown(struct audit *audit, uint32_t parts, const char *what, const char *why, ...)
{
	struct unknown *unknown = &audit->unknowns[audit->unknown_count];
	va_list list;

	/* there are fewer calls than that */
	if (audit->unknown_count == UNKNOWNS_MAX)
		abort();
	audit->unknown_count++;
	unknown->parts = parts;
	unknown->what = what;
	va_start(list, why);
	vsnprintf(unknown->why, sizeof(unknown->why), why, list);
	va_end(list);
}

const char *audit_why_not(const struct audit *audit, uint32_t parts)
{
	uint32_t missing = parts & ~audit->parts;
	size_t i;

	for (i = 0; i < audit->unknown_count; i++)
		if (audit->unknowns[i].parts & missing)
			return audit->unknowns[i].why;
	return missing ? "it was not asked for" : NULL;
}

/* --- Netlink --------------------------------------------------------------- */

static int get_state(struct gate_link *link, struct audit *audit)
{
	return gate_link_get_state(link, &audit->state);
}

static int get_policy(struct gate_link *link, struct audit *audit)
{
	return gate_link_get_policy(link, &audit->policy);
}

static int get_counters(struct gate_link *link, struct audit *audit)
{
	return gate_link_get_counters(link, &audit->counters);
}

static int get_frames(struct gate_link *link, struct audit *audit)
{
	return gate_link_get_frames(link, &audit->frames);
}

static int get_governor(struct gate_link *link, struct audit *audit)
{
	return gate_link_get_governor(link, &audit->governor);
}

static int get_partitions(struct gate_link *link, struct audit *audit)
{
	return gate_link_get_partitions(link, &audit->partitions);
}

static const struct {
	enum part part;
	const char *what;
	int (*get)(struct gate_link *link, struct audit *audit);
} questions[] = {
	{ PART_STATE, "the gate, its inputs and the seal", get_state },
	{ PART_POLICY, "the policy in force, and whose key the module takes", get_policy },
	{ PART_COUNTERS, "how long reclaims took", get_counters },
	{ PART_PARTITIONS, "accelerators and partitions", get_partitions },
	{ PART_GOVERNOR, "the governor", get_governor },
	{ PART_FRAMES, "the vehicle's frames", get_frames },
};

static void gather_answers(struct audit *audit, struct gate_link *link)
{
	size_t i;
	int r;

	for (i = 0; i < ARRAY_SIZE(questions); i++) {
		r = questions[i].get(link, audit);
		if (r >= 0)
			audit->parts |= questions[i].part;
		else
			audit_unknown(audit, questions[i].part, questions[i].what, "netlink: %s",
				      strerror(-r));
	}
}

/* A link that has once missed the module gives zeros from then on. */
static bool is_gone(struct gate_link *link)
{
	struct gate_state state;

	return gate_link_get_state(link, &state) >= 0 && !state.known;
}

static void gather_kernel(struct audit *audit)
{
	struct gate_link *link;
	int r = gate_link_open(&link);

	if (r < 0) {
		audit_unknown(audit, PARTS_OF_NETLINK, "anything of the module", "netlink: %s",
			      strerror(-r));
		return;
	}
	gather_answers(audit, link);
	if (is_gone(link)) {
		audit->parts = 0;
		audit->is_module_missing = true;
		audit_unknown(audit, PARTS_OF_NETLINK, "anything of the module",
			      "the layby module is not loaded (or this is another network namespace, or the module is older than laybyctl)");
	}
	gate_link_close(link);
}

/* -------------------------------------------------------------------------- */

static void gather_time(struct audit *audit)
{
	struct timespec wall, now;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &now);
	audit->wall_ns = wall.tv_sec * 1000000000ll + wall.tv_nsec;
	audit->now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool is_cleared_unknown(const struct audit *audit)
{
	size_t i;

	for (i = 0; i < audit->partitions.count; i++)
		if (!audit->partitions.list[i].has_cleared)
			return true;
	return false;
}

void audit_gather(struct audit *audit, const char *policy_path)
{
	gather_time(audit);
	gather_kernel(audit);
	if (audit->parts & PART_PARTITIONS && is_cleared_unknown(audit))
		audit_unknown(audit, 0, "what driving partitions have cleared",
			      "only root sees it");
	audit_gather_host(audit);
	audit_gather_file(audit, policy_path);
}

void audit_fini(struct audit *audit)
{
	free(audit->partitions.list);
}
