// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One frame: what the kernel and the agent say now, and what has been used since the
 * frame before.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "top.h"

#define NS_PER_S	1000000000ull

struct answers {
	struct gate_state state;
	struct gate_policy policy;
	struct gate_counters counters;
	struct gate_partitions partitions;
	struct gate_accelerator accelerator;
	/* of all guest partitions */
	uint64_t energy_uj;
	uint64_t jobs;
};

static void free_answers(struct answers *answers)
{
	free(answers->partitions.list);
}

static int ask_all(struct gate_link *link, struct answers *answers)
{
	const struct gate_partition *partition;
	int r = gate_link_get_state(link, &answers->state);

	if (r >= 0)
		r = gate_link_get_policy(link, &answers->policy);
	if (r >= 0)
		r = gate_link_get_counters(link, &answers->counters);
	if (r >= 0)
		r = gate_link_get_accelerator(link, &answers->accelerator);
	if (r >= 0)
		r = gate_link_get_partitions(link, &answers->partitions);
	if (r < 0)
		return r;
	partition = answers->partitions.list;
	for (; partition < answers->partitions.list + answers->partitions.count; partition++) {
		if (partition->partition_class != LAYBY_CLASS_GUEST)
			continue;
		answers->energy_uj += partition->energy_uj;
		answers->jobs += partition->jobs;
	}
	return 0;
}

/* --- Its parts ---------------------------------------------------------------- */

static struct object build_gate(const struct answers *answers)
{
	struct object object = {};

	object.error = gate_state_json(&answers->state, &object.json);
	return object;
}

/* What guests drew since the frame before: of jobs that have ended. */
static void put_since(struct object *object, const struct asked *asked,
		      const struct answers *answers, uint64_t now_ns)
{
	uint64_t past_us = (now_ns - asked->at_ns) / NSEC_PER_USEC;
	/* the accelerator may have gone and come back */
	bool is = asked->at_ns && past_us && answers->energy_uj >= asked->energy_uj &&
		  answers->jobs >= asked->jobs;
	uint64_t used_uj = answers->energy_uj - asked->energy_uj;

	put_unsigned(object, "guests_power_mw", is, is ? used_uj * 1000 / past_us : 0);
	put_unsigned(object, "guests_jobs_ended", is, answers->jobs - asked->jobs);
	put_unsigned(object, "past_us", is, past_us);
}

static struct object build_accelerator(const struct asked *asked, const struct answers *answers,
				       uint64_t now_ns)
{
	bool has_policy = answers->policy.state == LAYBY_POLICY_STATE_IN_FORCE;
	struct object object = {};

	put_text(&object, "name", answers->accelerator.accel);
	put_signed(&object, "temperature_mdeg", answers->state.has_temperature,
		   answers->state.temperature_mdeg);
	put_signed(&object, "trip_mdeg", has_policy, answers->policy.trip_mdeg);
	put_unsigned(&object, "guests_energy_uj", true, answers->energy_uj);
	put_since(&object, asked, answers, now_ns);
	if (object.error >= 0)
		object.error = gate_accelerator_json(&answers->accelerator, &object.json);
	return object;
}

static struct object build_reclaims(const struct answers *answers)
{
	const struct gate_counters *counters = &answers->counters;
	struct object object = {};

	put_unsigned(&object, "count", true, counters->reclaims);
	put_unsigned(&object, "late", true, counters->late);
	put_unsigned(&object, "worst_us", counters->reclaims,
		     counters->worst_ns / NSEC_PER_USEC);
	return object;
}

static struct object build_partitions(const struct answers *answers)
{
	struct object array = {};
	size_t i;

	array.error = sd_json_variant_new_array(&array.json, NULL, 0);
	for (i = 0; i < answers->partitions.count; i++)
		append_object(&array, report_partition(&answers->partitions.list[i]));
	return array;
}

/* -------------------------------------------------------------------------- */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static void put_answers(struct object *frame, struct asked *asked,
			const struct answers *answers)
{
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);

	put_object(frame, "gate", build_gate(answers));
	put_object(frame, "accelerator", build_accelerator(asked, answers, now_ns));
	put_object(frame, "reclaims", build_reclaims(answers));
	put_object(frame, "partitions", build_partitions(answers));
	asked->energy_uj = answers->energy_uj;
	asked->jobs = answers->jobs;
	asked->at_ns = now_ns;
}

int frame_make(struct asked *asked, sd_json_variant **ret_frame)
{
	_cleanup_(free_answers) struct answers answers = {};
	struct object frame = {};
	int r = ask_all(asked->link, &answers);

	if (r < 0)
		return r;
	put_utc(&frame, "time_utc", true, (int64_t)clock_ns(CLOCK_REALTIME));
	put_bool(&frame, "module", true, answers.state.known);
	if (answers.state.known)
		put_answers(&frame, asked, &answers);
	else
		asked->at_ns = 0;
	put_agent(asked, &frame);
	if (frame.error < 0) {
		sd_json_variant_unref(frame.json);
		return frame.error;
	}
	*ret_frame = frame.json;
	return 0;
}

void asked_fini(struct asked *asked)
{
	gate_link_close(asked->link);
	sd_bus_flush_close_unref(asked->bus);
}
