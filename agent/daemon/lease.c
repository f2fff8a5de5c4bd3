// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The lease: the agent's promise to the kernel that it is alive.
 *
 * Owns it and the one timer of an agent without work. It is held while it is of
 * use, that is, while nothing that comes before it keeps the gate closed; else
 * it is dropped and nothing wakes up. So it is while the owner has paused guest work
 * and no governor sees to that. Renewed by the loop itself, so that a loop
 * that hangs loses it.
 */
#include "agent.h"
#include "owner.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* Of the age that the policy sets: two renewals may be late. */
#define RENEWALS_PER_AGE 3
/* If it cannot be had: first after this, then ever more seldom. */
#define RETRY_US (USEC_PER_SEC / 2)
#define RETRY_MAX_US (64 * USEC_PER_SEC)
#define ACCURACY_US 5000

struct lease {
	struct agent *agent;
	sd_event_source *timer;
	int fd;
	uint64_t retry_us;
};

static bool lease_is_useful(const struct lease *lease)
{
	const struct gate_state *state = gate_state(lease->agent->gate);

	return state->known && state->reason >= LAYBY_GATE_NO_LEASE &&
	       !owner_wants_none(lease->agent->owner) && !lease->agent->stopping;
}

static int lease_open(const struct agent *agent)
{
	struct layby_node *node;
	int r;

	r = layby_node_open(agent->partition, &node);
	if (r < 0)
		return r;
	r = layby_lease_take(node);
	layby_node_close(node);
	return r;
}

static void lease_drop(struct lease *lease)
{
	layby_lease_drop(lease->fd);
	lease->fd = -1;
}

static void lease_arm(struct lease *lease, uint64_t us)
{
	int r;

	r = sd_event_source_set_time_relative(lease->timer, us);
	if (r >= 0)
		r = sd_event_source_set_enabled(lease->timer, SD_EVENT_ONESHOT);
	if (r < 0)
		log_error("arming the lease's timer: %s", strerror(-r));
}

static uint64_t renewal_us(const struct lease *lease)
{
	const struct gate_policy *policy = gate_policy(lease->agent->gate);

	return policy->lease_age_max_ns / NSEC_PER_USEC / RENEWALS_PER_AGE;
}

/* Once for each time that it is lost: the reason of the gate tells the rest. */
static void lease_failed(struct lease *lease, int r)
{
	if (lease->retry_us == RETRY_US)
		log_error("the lease cannot be had: %s%s", strerror(-r),
			  r == -EBUSY ? ": another process holds it" : "");
	lease_arm(lease, lease->retry_us);
	if (lease->retry_us < RETRY_MAX_US)
		lease->retry_us *= 2;
}

static void lease_take(struct lease *lease)
{
	int r = lease_open(lease->agent);

	if (r < 0) {
		lease_failed(lease, r);
		return;
	}
	lease->fd = r;
	lease->retry_us = RETRY_US;
	lease_arm(lease, renewal_us(lease));
}

static void lease_renew(struct lease *lease)
{
	int r = layby_lease_renew(lease->fd);

	if (r >= 0) {
		lease_arm(lease, renewal_us(lease));
		return;
	}
	log_error("the lease is lost: %s", strerror(-r));
	lease_drop(lease);
	lease_take(lease);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct lease *lease = userdata;

	if (!lease_is_useful(lease))
		return 0;
	if (lease->fd < 0)
		lease_take(lease);
	else
		lease_renew(lease);
	return 0;
}

void lease_update(struct lease *lease)
{
	int enabled = SD_EVENT_OFF;

	if (!lease_is_useful(lease)) {
		lease_drop(lease);
		lease->retry_us = RETRY_US;
		sd_event_source_set_enabled(lease->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_get_enabled(lease->timer, &enabled);
	/* one that waits to try again goes on waiting */
	if (enabled == SD_EVENT_OFF)
		lease_take(lease);
}

int lease_create(struct agent *agent, struct lease **ret_lease)
{
	struct lease *lease = calloc(1, sizeof(*lease));
	int r;

	if (!lease)
		return -ENOMEM;
	lease->agent = agent;
	lease->fd = -1;
	lease->retry_us = RETRY_US;
	r = sd_event_add_time_relative(agent->event, &lease->timer,
				       CLOCK_MONOTONIC, 0, ACCURACY_US,
				       on_timer, lease);
	/* before everything: others' work must not cost us the lease */
	if (r >= 0)
		r = sd_event_source_set_priority(lease->timer,
						 SD_EVENT_PRIORITY_IMPORTANT);
	if (r >= 0)
		r = sd_event_source_set_enabled(lease->timer, SD_EVENT_OFF);
	if (r < 0) {
		lease_destroy(lease);
		return r;
	}
	*ret_lease = lease;
	return 0;
}

void lease_destroy(struct lease *lease)
{
	if (!lease)
		return;
	lease_drop(lease);
	sd_event_source_disable_unref(lease->timer);
	free(lease);
}
