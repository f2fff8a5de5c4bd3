/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One night of one car, by seed: what the car is, what the owner wants, and all that
 * will happen. night.c draws it; world.c lets it happen. Nothing here knows of layby
 * but the owner's own words: consent and settings.
 *
 * Times are seconds since the car was parked, multiples of NIGHT_STEP_S: what happens in
 * between is put to the next step. Everything is constant within a step.
 */
#ifndef LAYBY_TESTS_NIGHT_H
#define LAYBY_TESTS_NIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include <layby/consent.h>
#include <owner/settings.h>

#define NIGHT_STEP_S	10
#define NIGHT_EVENTS	64

/* By what charges the car; a kind of night */
enum night_charger {
	NIGHT_NOT_PLUGGED,
	NIGHT_SOCKET,		/* 1.4 to 2.3 kW */
	NIGHT_ONE_PHASE,	/* 3.7 to 7.4 kW */
	NIGHT_THREE_PHASE,	/* 11 kW */
	NIGHT_22,		/* 22 kW */
	NIGHT_CHARGERS
};

/* What goes wrong on purpose; one of five nights has one of them */
enum night_evil {
	NIGHT_TYPICAL,
	NIGHT_PULLED,		/* the plug is pulled as soon as the car alone has the charge */
	NIGHT_SAGGING,		/* the charger's power comes and goes */
	NIGHT_CLOCK,		/* the wall clock jumps, by up to half a day */
	NIGHT_SUMMER_TIME,	/* the settings' offset from UTC is an hour off */
	NIGHT_BATTERY_12V,	/* the 12 V battery sags */
	NIGHT_BUS,		/* the bus sleeps: no signals */
	NIGHT_AGENT,		/* the agent dies, and the settings with it, or not */
	NIGHT_CONSENT,		/* it is withdrawn, and given again */
	NIGHT_EARLY,		/* the owner leaves hours early */
	NIGHT_EVILS
};

enum night_what {
	NIGHT_CHARGER_W,	/* value: power at the battery; 0: none */
	NIGHT_OWN_W,		/* value: what the car draws by itself */
	NIGHT_DEMAND_MW,	/* value: what guests would use if they may */
	NIGHT_CLOCK_S,		/* value: wall clock less true time */
	NIGHT_BATTERY_MV,	/* value: of the 12 V battery */
	NIGHT_BUS_AWAKE,	/* value: 0, 1 */
	NIGHT_AGENT_UP,		/* value: 0; 1: with its settings; 2: after a boot */
	NIGHT_CONSENTS,		/* value: 0: withdrawn, 1: a new token */
	NIGHT_PAUSED_FOR_S,	/* value: from now; 0: resumed */
};

struct night_event {
	int32_t at_s;
	enum night_what what;
	int64_t value;
};

/*
 * @begin_us: true time at which the car is parked, CLOCK_REALTIME
 * @depart_s: when the charge is judged: the settings' time, or @leave_s if sooner
 * @leave_s: when the car drives off; a multiple of the step
 * @capacity_j: of the battery
 * @charge_j: in it when parked
 * @limit_percent: to which the car charges
 * @top_up_percent: so far below the limit it charges again; 0: it is held there
 * @rounds: the car shows the nearest percent, not the one below
 * @own_permille_h, @own_start_percent: of such a car, as its maker says; see plan.h
 * @batch: nobody waits for the guests' jobs
 * @used_day_uj: lent under the consent before, on that day
 * @ceiling_mw: of the policy
 */
struct night {
	uint64_t seed;
	enum night_charger charger;
	enum night_evil evil;
	int64_t begin_us;
	int32_t depart_s;
	int32_t leave_s;
	double capacity_j;
	double charge_j;
	int limit_percent;
	double top_up_percent;
	bool rounds;
	uint16_t own_permille_h;
	uint8_t own_start_percent;
	bool batch;
	uint64_t used_day_uj;
	uint32_t ceiling_mw;
	struct layby_consent_terms consent;
	struct owner_settings settings;
	int events;
	struct night_event event[NIGHT_EVENTS];
};

/* The same seed is the same night. */
void night_draw(struct night *night, uint64_t seed);

/* At its time, behind those that are there for it. */
void night_add(struct night *night, int32_t at_s, enum night_what what, int64_t value);

const char *night_charger_name(enum night_charger charger);
const char *night_evil_name(enum night_evil evil);

#endif /* LAYBY_TESTS_NIGHT_H */
