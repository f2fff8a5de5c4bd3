// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The owner's settings at work: see owner.h. Owns the plan as it was told last, and the
 * one descriptor that says when it is to be made anew: the time has come, or the wall
 * clock was set. While the gate is closed for what an event ends there is no time.
 */
#include "agent.h"
#include "governor.h"
#include "owner.h"
#include "store/lent.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>

/* Never, but still told when the clock is set. */
#define NEVER_S (INT64_MAX / (int64_t)(1000 * USEC_PER_SEC) / 2)

struct owner {
	struct agent *agent;
	struct changes *changes;
	sd_event_source *time;
	int time_fd;
	/* what was told last, for who asks and to see what has changed */
	struct owner_settings settings;
	struct owner_plan plan;
	/* why the governor does not have them; 0: it has */
	int governor;
	bool told;
	/* of that, what the log has */
	int said;
};

const struct owner_settings *owner_settings(const struct owner *owner)
{
	return &owner->settings;
}

const struct owner_plan *owner_last_plan(const struct owner *owner)
{
	return &owner->plan;
}

bool owner_in_force(const struct owner *owner)
{
	return owner->told && !owner->governor;
}

struct changes *owner_changes(struct owner *owner)
{
	return owner->changes;
}

bool owner_wants_none(const struct owner *owner)
{
	return owner->plan.paused;
}

/* --- time ----------------------------------------------------------------- */

/*
 * A pause's end is always told. What else only time changes matters while guest work
 * runs, or while it is the plan that stops it; whatever else ends it comes as an event.
 */
static bool time_matters(const struct owner *owner)
{
	const struct gate_state *state = gate_state(owner->agent->gate);

	return owner_wants_none(owner) || (state->known && state->reason >= LAYBY_GATE_GOVERNOR);
}

static int arm(struct owner *owner)
{
	int64_t at = time_matters(owner) ? owner->plan.again_us : INT64_MAX;
	struct itimerspec when = {
		.it_value.tv_sec = NEVER_S,
	};

	if (at < INT64_MAX) {
		when.it_value.tv_sec = at / (int64_t)USEC_PER_SEC;
		when.it_value.tv_nsec = at % (int64_t)USEC_PER_SEC * (int64_t)NSEC_PER_USEC;
	}
	if (timerfd_settime(owner->time_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when,
			    NULL) < 0)
		return -errno;
	return 0;
}

/* ECANCELED: the clock was set; all the same to us. */
static int on_time(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0 && errno != ECANCELED && errno != EAGAIN)
		return -errno;
	owner_update(userdata);
	return 0;
}

/* --- telling -------------------------------------------------------------- */

struct told {
	struct owner_settings settings;
	struct owner_plan plan;
	bool in_force;
};

static bool is_paused(const struct owner_plan *plan)
{
	return plan->reason == OWNER_PAUSED;
}

static void tell_bus(struct owner *owner, const struct told *was)
{
	const struct owner_settings *now = &owner->settings;
	const char *names[7];
	size_t count = 0;

	if (was->settings.paused_until_us != now->paused_until_us)
		names[count++] = "PausedUntilUs";
	if (is_paused(&was->plan) != is_paused(&owner->plan))
		names[count++] = "Paused";
	if (was->plan.reason != owner->plan.reason)
		names[count++] = "OwnerReason";
	if (was->plan.battery_min_percent != owner->plan.battery_min_percent)
		names[count++] = "ChargeKeptPercent";
	if (was->in_force != owner_in_force(owner))
		names[count++] = "SettingsInForce";
	if (!owner_settings_same(&was->settings, now))
		names[count++] = "Settings";
	names[count] = NULL;
	agent_emit_changed(owner->agent, names);
}

static void tell_log(const struct owner *owner, const struct told *was)
{
	if (was->plan.paused == owner->plan.paused)
		return;
	if (owner->plan.paused)
		log_notice("owner: guest work is paused: %s",
			   owner_reason_name(owner->plan.reason));
	else
		log_notice("owner: guest work is not paused any more");
}

/* Once for each reason, and not while the owner wants nothing. */
static void governor_log(struct owner *owner, int r)
{
	static const struct owner_settings nothing;

	if (r == owner->said || (r < 0 && owner_settings_same(&owner->settings, &nothing)))
		return;
	if (r == -ENOENT)
		log_notice(
			"owner: no governor is attached that takes settings: of them only pauses hold");
	else if (r < 0)
		log_error("owner: the governor's settings cannot be written (%s): only pauses hold",
			  strerror(-r));
	else
		log_notice("owner: the governor has the settings");
	owner->said = r;
}

static void governor_update(struct owner *owner)
{
	owner->governor = governor_tell(&owner->settings, &owner->plan);
	/* until layby-setup is done it is root's */
	if (owner->governor == -EACCES && !gate_state(owner->agent->gate)->sealed)
		owner->governor = -ENOENT;
	owner->told = true;
	governor_log(owner, owner->governor);
}

/* --- the plan ------------------------------------------------------------- */

static void wanted(const struct owner *owner, struct owner_settings *ret_settings)
{
	int64_t until = changes_pause_us(owner->changes);

	*ret_settings = *changes_settings(owner->changes);
	if (until > ret_settings->paused_until_us)
		ret_settings->paused_until_us = until;
}

/* What cannot be read counts as all of it. */
static uint64_t lent_today(const struct owner *owner)
{
	uint64_t uj;
	int r;

	if (!owner->settings.energy_day_uj)
		return 0;
	r = store_energy_today(owner->agent->store, &uj);
	if (r < 0)
		log_error("reading what was lent today: %s: guest work waits", strerror(-r));
	return r < 0 ? UINT64_MAX : uj;
}

static void know(const struct owner *owner, struct owner_car *ret_car)
{
	const struct gate_state *state = gate_state(owner->agent->gate);
	const struct limits *limits = &owner->agent->limits;

	*ret_car = (struct owner_car){
		.charge_percent = state->has_charge ? state->charge_percent :
						      OWNER_PERCENT_UNKNOWN,
		.charging = state->charging,
		.lent_today_uj = lent_today(owner),
		.own_permille_h = (uint16_t)limits->car_draw_permille_h,
		.own_start_percent = (uint8_t)limits->car_start_percent,
	};
}

static void plan(struct owner *owner)
{
	struct owner_car car;
	int r;

	wanted(owner, &owner->settings);
	store_set_terms(owner->agent->store, &owner->settings);
	know(owner, &car);
	do {
		owner_plan(&owner->settings, &car, (int64_t)now_us(CLOCK_REALTIME), &owner->plan);
		governor_update(owner);
		r = arm(owner);
		/* the clock was set meanwhile */
	} while (r == -ECANCELED);
	if (r < 0)
		log_error("arming the owner's timer: %s", strerror(-r));
}

void owner_update(struct owner *owner)
{
	struct told was;

	/* not before all of the agent is there */
	if (!owner || !owner->agent->gate)
		return;
	was = (struct told){ owner->settings, owner->plan, owner_in_force(owner) };
	plan(owner);
	lease_update(owner->agent->lease);
	tell_log(owner, &was);
	tell_bus(owner, &was);
}

void owner_look(struct owner *owner)
{
	if (owner->settings.energy_day_uj && !owner->plan.paused &&
	    lent_today(owner) >= owner->settings.energy_day_uj)
		owner_update(owner);
}

/* --- life ----------------------------------------------------------------- */

static int owner_init(struct owner *owner)
{
	int r;

	owner->time_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (owner->time_fd < 0)
		return -errno;
	r = sd_event_add_io(owner->agent->event, &owner->time, owner->time_fd, EPOLLIN, on_time,
			    owner);
	if (r < 0)
		return r;
	return changes_create(owner->agent, &owner->changes);
}

int owner_create(struct agent *agent, struct owner **ret_owner)
{
	struct owner *owner = calloc(1, sizeof(*owner));
	int r;

	if (!owner)
		return -ENOMEM;
	owner->agent = agent;
	owner->time_fd = -1;
	r = owner_init(owner);
	if (r < 0) {
		owner_destroy(owner);
		return r;
	}
	*ret_owner = owner;
	return 0;
}

void owner_destroy(struct owner *owner)
{
	if (!owner)
		return;
	changes_destroy(owner->changes);
	sd_event_source_disable_unref(owner->time);
	close_fd(&owner->time_fd);
	free(owner);
}
