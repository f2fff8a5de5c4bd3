// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The most that could be lent in a night. See foresight.h.
 */
#include <math.h>
#include <stdlib.h>

#include "foresight.h"
#include "judge.h"
#include "stack.h"

#define STEPS_MAX	(24 * 3600 / NIGHT_STEP_S)
#define DAY_S		86400LL

/* The governor's own knobs: LAYBY_GOVERN_KNOBS */
#define CHARGE_MIN_PERCENT	20
#define BATTERY_MIN_MV		11800

/*
 * A step: what the night gives in it.
 * @need_j: at its end the battery must hold so much, or the promise is lost
 * @net_j: what charger and car make of the charge
 * @asked_j: that guests ask for
 * @cap_j: by which the budget grows
 * @new_day: of the owner's energy a day
 */
struct step {
	double need_j;
	double net_j;
	double asked_j;
	double cap_j;
	bool new_day;
};

/*
 * @cost: joules of the battery for one that is lent
 * @most_w: lent, ever
 * @charger_w: least that the charger gives when it gives anything
 */
struct future {
	int steps;
	double cost;
	double most_w;
	double charger_w;
	struct step step[STEPS_MAX];
};

static int64_t settings_day(const struct world *world)
{
	int64_t utc_s = world_clock_us(world) / 1000000;

	return (utc_s + world->night->settings.utc_offset_min * 60) / DAY_S;
}

static bool quiet(const struct world *world)
{
	const struct owner_settings *set = &world->night->settings;
	int from = set->quiet_from_min, until = set->quiet_until_min;
	int minute = (world_clock_us(world) / 1000000 / 60 + set->utc_offset_min) % 1440;

	if (!until)
		return false;
	return from < until ? minute >= from && minute < until : minute >= from || minute < until;
}

static double cap_mw(const struct world *world)
{
	const struct owner_settings *set = &world->night->settings;
	double mw = world->night->ceiling_mw;

	if (!world->bus_awake || world->battery_mv < BATTERY_MIN_MV)
		return 0;
	if (set->cap_mw)
		mw = fmin(mw, set->cap_mw);
	if (quiet(world))
		mw = fmin(mw, set->quiet_cap_mw);
	return mw;
}

/* In quiet hours only what somebody waits for */
static double asked_mw(const struct world *world)
{
	if (cap_mw(world) <= 0 || (quiet(world) && world->night->batch))
		return 0;
	return world->demand_mw;
}

/* What does not depend on the charge */
static void look_ahead(struct future *future, const struct night *night)
{
	struct world world;
	int64_t day;

	future->most_w = 1;
	future->charger_w = INFINITY;
	world_begin(&world, night);
	day = settings_day(&world);
	for (; world.at_s < night->leave_s; future->steps++) {
		struct step *step = &future->step[future->steps];

		while (world_next(&world))
			;
		step->net_j = (double)(world.charger_w - world.own_w) * NIGHT_STEP_S;
		step->cap_j = cap_mw(&world) * NIGHT_STEP_S / 1e3;
		step->asked_j = asked_mw(&world) * NIGHT_STEP_S / 1e3;
		step->new_day = settings_day(&world) > day;
		if (step->new_day)
			day = settings_day(&world);
		future->most_w = fmax(future->most_w, step->asked_j / NIGHT_STEP_S);
		if (world.charger_w)
			future->charger_w = fmin(future->charger_w, world.charger_w);
		world_step(&world, 0);
	}
	future->cost = WORLD_PER_LENT + WORLD_AWAKE_W / future->most_w;
}

/* Backwards from the promise */
static void need(struct future *future, const struct night *night, double alone_j)
{
	double shown = night->settings.departure_percent - (night->rounds ? 0.5 : 0);
	double need_j = fmin(shown * night->capacity_j / 100, alone_j);
	int i;

	if (!night->settings.departure_percent)
		return;
	for (i = night->depart_s / NIGHT_STEP_S - 1; i >= 0; i--) {
		future->step[i].need_j = need_j;
		need_j = fmax(need_j - future->step[i].net_j, 0);
	}
}

/* The charge below which nothing may be lent */
static double least_j(const struct night *night)
{
	double percent = fmax(night->consent.charge_min_percent, CHARGE_MIN_PERCENT);

	percent = fmax(percent, night->settings.charge_min_percent);
	return (percent - (night->rounds ? 0.5 : 0)) * night->capacity_j / 100;
}

/* Charged up to the limit, as world_step() does it. */
static double after_step(const struct night *night, double energy_j, double net_j, double drawn_j)
{
	double limit_j = night->capacity_j * night->limit_percent / 100;
	double after_j = energy_j + net_j - drawn_j;

	return after_j > limit_j ? fmax(limit_j, fmin(energy_j, after_j)) : fmax(after_j, 0);
}

/* The charge is seen once a step: the last one at which it is enough may be lent in. */
static double spare_j(const struct future *future, const struct night *night, int i,
		      double energy_j)
{
	const struct step *step = &future->step[i];
	double promise_j = energy_j + step->net_j - step->need_j;
	double seen_j = energy_j - least_j(night) + fmax(step->net_j, 0);

	seen_j += night->ceiling_mw * NIGHT_STEP_S / 1e3 * future->cost;
	return fmax(fmin(promise_j, seen_j), 0) / future->cost;
}

/*
 * What bounds the energy but the battery: what is lent of the owner's day, the budget's
 * credit, the consent.
 */
struct account {
	double owner_day_j;
	double used_day_j;
	double bucket_j;
	double credit_j;
	double cap_j;
	struct judge judge;
};

/* The agent sees what was lent a step later, and the budget a cap. */
static void open_account(struct account *account, const struct world *world)
{
	const struct night *night = world->night;
	double step_j = night->ceiling_mw * NIGHT_STEP_S / 1e3;

	*account = (struct account){
		.owner_day_j = INFINITY,
		.bucket_j = STACK_BUCKET_STEPS * step_j,
	};
	account->credit_j = account->bucket_j;
	if (night->settings.energy_day_uj)
		account->owner_day_j = night->settings.energy_day_uj / 1e6 + step_j;
	judge_begin(&account->judge, world);
}

/* The charge is held against least_j(), and a charger that is there charges. */
static double allowed_j(struct account *account, const struct step *step, struct world *world)
{
	double j;

	world->energy_j = world->night->capacity_j;
	world->charging = world->charger_w;
	if (step->new_day)
		account->used_day_j = 0;
	account->credit_j += fmax(step->cap_j, account->cap_j);
	account->credit_j = fmin(account->credit_j, account->bucket_j);
	account->cap_j = step->cap_j;
	j = fmin(step->asked_j, account->credit_j);
	j = fmin(j, account->owner_day_j - account->used_day_j);
	return fmin(j, judge_allows(&account->judge, world));
}

static void use(struct account *account, double j)
{
	account->used_day_j += j;
	account->credit_j -= j;
	judge_lent(&account->judge, j);
}

static double lend(const struct future *future, struct world *world)
{
	const struct night *night = world->night;
	double energy_j = night->charge_j, lent_j = 0, j;
	const struct night_event *event;
	struct account account;
	int i;

	open_account(&account, world);
	for (i = 0; i < future->steps; i++) {
		while ((event = world_next(world)))
			judge_event(&account.judge, event);
		j = fmin(allowed_j(&account, &future->step[i], world),
			 spare_j(future, night, i, energy_j));
		use(&account, j);
		lent_j += j;
		energy_j = after_step(night, energy_j, future->step[i].net_j, j * future->cost);
		world_step(world, 0);
	}
	return lent_j;
}

/* From here on the car could lend: until now it is as it would be alone. */
static bool may_begin(struct judge *judge, struct world *world)
{
	const struct night_event *event;

	while ((event = world_next(world)))
		judge_event(judge, event);
	return judge_allows(judge, world) > 0 && asked_mw(world) > 0;
}

/*
 * Of a consent for charging only, in a car that stops charging at its limit: what is
 * lent takes as long as charging does. The charger gives what the battery takes up, the
 * car draws, and what is lent; in each second of that at most @most_w are lent.
 */
static double charging_j(const struct future *future, const struct night *night)
{
	double left_w = future->charger_w - future->cost * future->most_w, taken_j;
	struct judge judge;
	struct world world;

	if (!night->consent.only_charging || !night->top_up_percent || left_w <= 0)
		return INFINITY;
	world_begin(&world, night);
	judge_begin(&judge, &world);
	while (world.at_s < night->leave_s && !may_begin(&judge, &world))
		world_step(&world, 0);
	if (world.at_s == night->leave_s)
		return 0;
	taken_j = fmax(night->capacity_j * night->limit_percent / 100 - world.energy_j, 0);
	for (; world.at_s < night->leave_s; world_step(&world, 0)) {
		while (world_next(&world))
			;
		taken_j += world.own_w * NIGHT_STEP_S;
	}
	return future->most_w * taken_j / left_w;
}

double foresight_lent_j(const struct night *night, double alone_j)
{
	struct future *future = calloc(1, sizeof(*future));
	struct world world;
	double lent_j;

	if (!future)
		abort();
	look_ahead(future, night);
	need(future, night, alone_j);
	world_begin(&world, night);
	lent_j = fmin(lend(future, &world), charging_j(future, night));
	free(future);
	return lent_j;
}
