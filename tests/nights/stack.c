// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * layby in a simulated car. See stack.h.
 *
 * Follows kmod/keeper.c, kmod/consent.c and kmod/sampler.c in what they hand to the pure
 * files, and decides nothing itself. Guest jobs are as small as can be: no job runs on
 * when the gate closes or the energy ends.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <token.h>

#include "stack.h"

#define S_NS		1000000000LL
#define US_NS		1000LL
#define US_PER_S	1000000LL
#define DAY_US		(86400 * US_PER_S)
#define PERIOD_NS	(50 * LAYBY_NS_PER_MS)
#define PERIODS		20
#define STEP_NS		((uint64_t)NIGHT_STEP_S * S_NS)
#define BOOTED_NS	(1000 * S_NS)

/* As the policies of the tests have them */
#define SIGNAL_AGE_NS	(2 * S_NS)
#define LEASE_AGE_NS	(5 * S_NS)
#define SAMPLE_AGE_NS	S_NS
#define PARK_HOLD_NS	(5 * S_NS)
#define CLOCK_STEP_NS	(2 * S_NS)

static uint64_t mono_ns(const struct world *world)
{
	return BOOTED_NS + world->at_s * S_NS;
}

static int64_t wall_ns(const struct world *world)
{
	return world_clock_us(world) * US_NS;
}

/* --- Consent, as kmod/consent.c has it -------------------------------------- */

static struct layby_consent_token write_token(const struct layby_consent_terms *terms)
{
	struct layby_consent_token token = {
		.magic = htole32(LAYBY_CONSENT_MAGIC),
		.version = htole32(LAYBY_CONSENT_VERSION),
		.serial = htole64(terms->serial),
		.not_before_s = htole64(terms->not_before_s),
		.not_after_s = htole64(terms->not_after_s),
		.energy_day_uj = htole64(terms->energy_day_uj),
		.energy_total_uj = htole64(terms->energy_total_uj),
		.hours_from_min = htole32(terms->hours_from_min),
		.hours_until_min = htole32(terms->hours_until_min),
		.utc_offset_min = htole32(terms->utc_offset_min),
		.classes = htole32(terms->classes),
		.flags = htole32(terms->only_charging ? LAYBY_CONSENT_ONLY_CHARGING : 0),
		.charge_min_percent = htole32(terms->charge_min_percent),
	};

	memcpy(token.id, terms->id, sizeof(token.id));
	return token;
}

/* A token with no hour left is refused, and the one before stays. */
static void give(struct stack *stack, const struct world *world,
		 const struct layby_consent_terms *terms)
{
	struct layby_consent_token token = write_token(terms);
	struct layby_gate_input *in = &stack->in;
	struct layby_consent_error err;
	struct layby_consent_terms right;
	__s64 from, until;

	if (layby_token_validate(&token, sizeof(token), &right, &err))
		abort();
	if (!layby_token_window(&right, wall_ns(world), &from, &until))
		return;
	stack->terms = right;
	stack->wall_offset_ns = wall_ns(world) - mono_ns(world);
	layby_account_begin(&stack->account, &right, wall_ns(world));
	in->consent = true;
	in->consent_offset_max_ns = CLOCK_STEP_NS;
	in->charging_only = right.only_charging;
	in->charge_min_percent = right.charge_min_percent;
	in->consent_not_before_ns = from;
	in->consent_not_after_ns = until;
}

/* --- The agent -------------------------------------------------------------- */

static uint8_t charging(const struct world *world)
{
	return world->charging ? LAYBY_CHARGING_YES : LAYBY_CHARGING_NO;
}

static void write_settings(struct stack *stack, const struct world *world)
{
	const struct owner_settings *owner = &stack->owner;
	struct layby_governor_settings *set = &stack->settings;

	set->written_ns = stack->govern_ns;
	set->cap_mw = owner->cap_mw;
	set->quiet_cap_mw = owner->quiet_cap_mw;
	set->quiet_from_min = owner->quiet_from_min;
	set->quiet_until_min = owner->quiet_until_min;
	set->utc_offset_min = owner->utc_offset_min;
	set->battery_min_percent = stack->plan.battery_min_percent;
	set->paused = stack->plan.paused;
}

static void plan(struct stack *stack, const struct world *world)
{
	int64_t now_us = world_clock_us(world);
	int64_t day = (now_us + stack->owner.utc_offset_min * 60 * US_PER_S) / DAY_US;
	struct owner_car car = {
		.charge_percent = world->bus_awake ? world_percent(world) : OWNER_PERCENT_UNKNOWN,
		.charging = world->bus_awake ? charging(world) : LAYBY_CHARGING_UNKNOWN,
		.own_permille_h = world->night->own_permille_h,
		.own_start_percent = world->night->own_start_percent,
	};

	if (!stack->up)
		return;
	if (day > stack->lent_day) {
		stack->lent_day = day;
		stack->lent_today_uj = 0;
	}
	car.lent_today_uj = stack->lent_today_uj;
	stack->planner(&stack->owner, &car, now_us, &stack->plan);
	write_settings(stack, world);
}

static void agent(struct stack *stack, const struct world *world, int64_t how)
{
	stack->up = how;
	if (how != 2)
		return;
	memset(&stack->settings, 0, sizeof(stack->settings));
	memset(&stack->govern, 0, sizeof(stack->govern));
	stack->in.parked_since_ns = 0;
}

/* --- What happens ----------------------------------------------------------- */

void stack_begin(struct stack *stack, const struct world *world, stack_planner planner)
{
	const struct night *night = world->night;

	*stack = (struct stack){
		.planner = planner,
		.owner = night->settings,
		.up = true,
		.knobs = LAYBY_GOVERN_KNOBS,
		.govern_ns = BOOTED_NS,
		.in = {
			.signal.age_max_ns = SIGNAL_AGE_NS,
			.lease.age_max_ns = LEASE_AGE_NS,
			.governor.age_max_ns = SAMPLE_AGE_NS,
			.sensor.age_max_ns = SAMPLE_AGE_NS,
			.park_hold_ns = PARK_HOLD_NS,
			.temperature_mc = 40000,
			.trip_mc = 90000,
			.resume_mc = 85000,
			.policy = true,
			.sealed = true,
			.governor_attached = true,
		},
	};
	/* The shipped one is for 20 W */
	stack->knobs.rise_mw_s = night->ceiling_mw / 10;
	layby_budget_init(&stack->budget, STACK_BUCKET_STEPS * STEP_NS * night->ceiling_mw,
			  mono_ns(world));
	memcpy(stack->account.id, night->consent.id, sizeof(stack->account.id));
	give(stack, world, &night->consent);
	layby_account_use(&stack->account, night->used_day_uj);
}

void stack_event(struct stack *stack, const struct world *world, const struct night_event *event)
{
	struct layby_consent_terms terms = stack->terms;

	switch (event->what) {
	case NIGHT_AGENT_UP:
		agent(stack, world, event->value);
		break;
	case NIGHT_CONSENTS:
		terms.serial++;
		stack->in.consent = false;
		if (event->value)
			give(stack, world, &terms);
		break;
	case NIGHT_PAUSED_FOR_S:
		stack->owner.paused_until_us = world->paused_until_us;
		break;
	default:
		break;
	}
}

/* --- A step ----------------------------------------------------------------- */

static void see_vehicle(struct stack *stack, const struct world *world)
{
	struct layby_gate_input *in = &stack->in;
	uint64_t now_ns = in->now_ns;

	if (!world->bus_awake)
		return;
	if (!in->parked_since_ns || now_ns - in->signal.at_ns > STEP_NS)
		in->parked_since_ns = now_ns;
	in->mode = LAYBY_MODE_PARKED;
	in->signal.at_ns = now_ns;
	in->charging = charging(world);
	in->charge_percent = world_percent(world);
	stack->charge_at_ns = now_ns;
	stack->battery_at_ns = now_ns;
}

static struct layby_governor_sample sample(const struct stack *stack, const struct world *world)
{
	const struct layby_gate_input *in = &stack->in;
	uint32_t ceiling_mw = world->night->ceiling_mw;

	return (struct layby_governor_sample){
		.wall_ns = in->wall_ns,
		.period_ns = PERIOD_NS,
		.temperature_mc = in->temperature_mc,
		.trip_mc = in->trip_mc,
		.resume_mc = in->resume_mc,
		.sensor_error_mc = 2000,
		.levels = 3,
		.level_power_mw = { ceiling_mw / 4, ceiling_mw / 2, ceiling_mw },
		.power_ceiling_mw = ceiling_mw,
		.charging = in->charging,
		.charge_percent = in->charge_percent,
		.charge_age_ns = in->now_ns - stack->charge_at_ns,
		.battery_mv = world->battery_mv,
		.battery_age_ns = in->now_ns - stack->battery_at_ns,
		.guest.utilisation_permille = 1000,
		.guest_level = stack->verdict.level,
		.level_age_ns = LAYBY_AGE_UNKNOWN,
		.guest_used_uj = stack->guest_used_uj,
		.bucket_uj = stack->budget.bucket_pj / LAYBY_PJ_PER_UJ,
		.credit_uj = stack->budget.credit_pj / LAYBY_PJ_PER_UJ,
	};
}

static void ask_governor(struct stack *stack, const struct world *world)
{
	struct layby_governor_sample now = sample(stack, world);
	int i;

	for (i = 0; i < PERIODS; i++) {
		stack->govern_ns += PERIOD_NS;
		now.now_ns = stack->govern_ns;
		now.guest_level = stack->verdict.level;
		stack->verdict = (struct layby_governor_verdict){
			.cap_mw = now.power_ceiling_mw,
			.level = now.levels - 1,
		};
		layby_govern(&stack->govern, &stack->knobs, &stack->settings, &now,
			     &stack->verdict);
	}
	stack->in.governor_open = stack->verdict.open;
}

static void look(struct stack *stack, const struct world *world)
{
	struct layby_gate_input *in = &stack->in;

	in->now_ns = mono_ns(world);
	in->wall_ns = wall_ns(world);
	in->consent_offset_ns = stack->wall_offset_ns;
	see_vehicle(stack, world);
	if (stack->up)
		in->lease.at_ns = in->now_ns;
	/* The agent gives the token again when the clock was set. */
	if (stack->up && in->consent &&
	    llabs(wall_ns(world) - (int64_t)in->now_ns - stack->wall_offset_ns) > CLOCK_STEP_NS)
		give(stack, world, &stack->terms);
	in->consent_offset_ns = stack->wall_offset_ns;
	if (in->consent && in->wall_ns > in->consent_not_after_ns)
		layby_token_window(&stack->terms, in->wall_ns, &in->consent_not_before_ns,
				   &in->consent_not_after_ns);
	layby_account_look(&stack->account, &stack->terms, in->wall_ns);
	in->consent_energy_uj = layby_account_left(&stack->account, &stack->terms);
	in->sensor.at_ns = in->now_ns;
	in->governor.at_ns = in->now_ns;
}

/* For how long it stays open: only the consent's end lies within a step. */
static uint64_t open_ns(struct stack *stack)
{
	struct layby_gate_input in = stack->in;
	uint64_t left_ns;

	in.signal.age_max_ns = STEP_NS;
	in.lease.age_max_ns = STEP_NS;
	in.governor.age_max_ns = STEP_NS;
	in.sensor.age_max_ns = STEP_NS;
	if (layby_gate_reason(&stack->in) != LAYBY_GATE_OPEN)
		return 0;
	left_ns = layby_gate_deadline_ns(&in) - in.now_ns;
	return left_ns < STEP_NS ? left_ns : STEP_NS;
}

static bool admitted(const struct stack *stack, const struct world *world)
{
	struct layby_admission job = {
		.worst_energy_uj = 1,
		.job_class = world->night->batch ? LAYBY_CONSENT_BATCH : LAYBY_CONSENT_INTERACTIVE,
	};

	return layby_govern_admit(&stack->govern, &job) && (stack->terms.classes & job.job_class);
}

/* What guests would use, but for what budget and consent have left. */
static uint64_t use_uj(struct stack *stack, const struct world *world, uint64_t ns)
{
	static const uint32_t part[] = { 4, 2, 1 };
	uint64_t level_mw = world->night->ceiling_mw / part[stack->verdict.level];
	uint64_t mw = level_mw < (uint64_t)world->demand_mw ? level_mw : (uint64_t)world->demand_mw;
	uint64_t uj = mw * (ns / 1000) / 1000, left_uj = stack->in.consent_energy_uj;

	if (uj > left_uj)
		uj = left_uj;
	if (uj > stack->budget.credit_pj / LAYBY_PJ_PER_UJ)
		uj = stack->budget.credit_pj / LAYBY_PJ_PER_UJ;
	if (!layby_budget_charge(&stack->budget, uj * LAYBY_PJ_PER_UJ))
		abort();
	layby_budget_settle(&stack->budget, uj * LAYBY_PJ_PER_UJ, uj * LAYBY_PJ_PER_UJ);
	return uj;
}

double stack_step(struct stack *stack, const struct world *world)
{
	uint64_t ns, uj = 0;

	look(stack, world);
	plan(stack, world);
	layby_budget_accrue(&stack->budget, stack->in.now_ns);
	ask_governor(stack, world);
	layby_budget_cap(&stack->budget, stack->verdict.cap_mw, stack->in.now_ns);
	ns = open_ns(stack);
	if (ns && admitted(stack, world))
		uj = use_uj(stack, world, ns);
	layby_account_use(&stack->account, uj);
	stack->lent_today_uj += uj;
	/* by the governor's clock, so much slower */
	stack->guest_used_uj += uj * PERIODS * PERIOD_NS / STEP_NS;
	return uj / 1e6;
}
