// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the governor decides, on the host: the same bpf/govern.h as in the eBPF
 * program. What closes it, each alone; settings and quiet hours; hysteresis; that the
 * cap falls at once and rises slowly; which jobs are admitted. Heat and levels on a
 * simulated device: test_govern_plant.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <govern.h>

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))
#define MS		LAYBY_NS_PER_MS
#define SECOND		LAYBY_NS_PER_S
#define PERIOD		(50 * MS)
#define START		(1000 * SECOND)
#define CEILING		8000

static const struct layby_govern_knobs shipped = LAYBY_GOVERN_KNOBS;

/* 2026-11-22, 14:00 UTC */
#define AFTERNOON	(1795356000LL * (int64_t)SECOND)

struct bench {
	struct layby_govern_knobs knobs;
	struct layby_govern govern;
	struct layby_governor_settings set;
	struct layby_governor_sample now;
	struct layby_governor_verdict said;
};

/* Cool, charged, all known; the settings were never written. */
static struct bench begin(void)
{
	return (struct bench){
		.knobs = shipped,
		.now = {
			.now_ns = START,
			.wall_ns = AFTERNOON,
			.period_ns = PERIOD,
			.temperature_mc = 40000,
			.trip_mc = 90000,
			.sensor_error_mc = 2000,
			.power_ceiling_mw = CEILING,
			.charge_percent = 80,
			.battery_mv = 12500,
			.levels = 4,
			.level_power_mw = { 1500, 3000, 5000, 8000 },
			.guest.utilisation_permille = LAYBY_UTILISATION_UNKNOWN,
		},
	};
}

static void ask(struct bench *bench)
{
	bench->now.now_ns += PERIOD;
	bench->now.wall_ns += PERIOD;
	bench->said.level = bench->now.levels - 1;
	layby_govern(&bench->govern, &bench->knobs, &bench->set, &bench->now, &bench->said);
}

static void ask_for(struct bench *bench, uint64_t ns)
{
	for (; ns >= PERIOD; ns -= PERIOD)
		ask(bench);
}

static void check_open(struct bench *bench, bool open, const char *what)
{
	ask(bench);
	if (bench->said.open != open)
		fail_msg("%s: it must be %s", what, open ? "open" : "closed");
	if (!open && (bench->said.cap_mw || bench->said.level))
		fail_msg("%s: closed, but with a cap of %u mW and level %u", what,
			 bench->said.cap_mw, bench->said.level);
}

/* A bench that is open, with its cap at the ceiling. */
static struct bench open_bench(void)
{
	struct bench bench = begin();

	ask_for(&bench, 10 * SECOND);
	assert_int_equal(bench.said.open, 1);
	assert_int_equal(bench.said.cap_mw, CEILING);
	return bench;
}

static void test_opens(void **state)
{
	struct bench bench = begin();

	check_open(&bench, 0, "one reading");
	check_open(&bench, 0, "two readings");
	check_open(&bench, 1, "three readings");
	assert_int_equal(bench.said.cap_mw, 1500);
	check_open(&bench, 1, "four readings");
	assert_int_equal(bench.said.cap_mw, 1600);
	ask_for(&bench, 10 * SECOND);
	assert_int_equal(bench.said.cap_mw, CEILING);
	assert_int_equal(bench.said.level, 0);
}

/* --- What is unknown or old ------------------------------------------------- */

#define UNKNOWN(member, value) \
	{ #member, offsetof(struct layby_governor_sample, member), \
	  sizeof(((struct layby_governor_sample *)0)->member), value }

static const struct unknown {
	const char *name;
	size_t at;
	size_t size;
	int64_t value;
} unknowns[] = {
	UNKNOWN(sensor_age_ns, -1),
	UNKNOWN(sensor_age_ns, SECOND + 1),
	UNKNOWN(temperature_mc, 200001),
	UNKNOWN(temperature_mc, -60001),
	UNKNOWN(trip_mc, 0),
	UNKNOWN(sensor_error_mc, 60000),
	UNKNOWN(power_ceiling_mw, LAYBY_NO_CAP_MW),
	UNKNOWN(power_ceiling_mw, 0),
	UNKNOWN(charge_percent, 255),
	UNKNOWN(charge_percent, 101),
	UNKNOWN(charge_percent, 19),
	UNKNOWN(charge_age_ns, -1),
	UNKNOWN(charge_age_ns, 10 * SECOND + 1),
	UNKNOWN(battery_mv, 0),
	UNKNOWN(battery_mv, 11799),
	UNKNOWN(battery_age_ns, -1),
	UNKNOWN(battery_age_ns, 10 * SECOND + 1),
};

static void test_each_unknown_closes(void **state)
{
	for (size_t i = 0; i < COUNT(unknowns); i++) {
		const struct unknown *u = &unknowns[i];
		struct bench bench = open_bench();
		char *at = (char *)&bench.now + u->at;

		memcpy(at, &u->value, u->size);
		check_open(&bench, 0, u->name);
	}
}

/* Asked again after a while, it begins anew: what it knew is old. */
static void test_gap(void **state)
{
	struct bench bench = open_bench();

	bench.now.now_ns += 2 * SECOND;
	check_open(&bench, 0, "a gap");
	check_open(&bench, 0, "two readings after it");
	check_open(&bench, 1, "three readings after it");
	assert_int_equal(bench.said.cap_mw, 1500);
}

/* The same reading again and again is one reading. */
static void test_same_reading(void **state)
{
	struct bench bench = begin();

	for (int i = 0; i < 10; i++) {
		check_open(&bench, 0, "one reading");
		bench.now.sensor_age_ns += PERIOD;
	}
}

static void test_unknown_may_be_allowed(void **state)
{
	struct bench bench = open_bench();

	bench.now.charge_percent = 255;
	bench.now.battery_mv = 0;
	check_open(&bench, 0, "unknown");
	bench.knobs.owner.charge_unknown_open = 1;
	check_open(&bench, 0, "unknown voltage");
	bench.knobs.owner.battery_unknown_open = 1;
	check_open(&bench, 1, "both may be");
	bench.now.charge_percent = 10;
	check_open(&bench, 0, "low");
	bench.now.charge_percent = 255;
	check_open(&bench, 0, "low, then unknown");
}

/* --- Batteries -------------------------------------------------------------- */

static void test_charge(void **state)
{
	struct bench bench = open_bench();

	bench.now.charge_percent = 20;
	check_open(&bench, 1, "just enough");
	bench.now.charge_percent = 19;
	check_open(&bench, 0, "too low");
	bench.now.charge_percent = 21;
	check_open(&bench, 0, "not yet well above");
	bench.now.charge_percent = 22;
	check_open(&bench, 1, "well above");
	bench.set.written_ns = START;
	bench.set.battery_min_percent = 50;
	check_open(&bench, 0, "below the owner's");
	bench.set.battery_min_percent = 10;
	check_open(&bench, 1, "the owner's is lower than the knob");
	bench.set.battery_min_percent = 100;
	bench.now.charge_percent = 99;
	check_open(&bench, 0, "not full");
	bench.now.charge_percent = 100;
	check_open(&bench, 1, "full");
	bench.set.battery_min_percent = 0;
	bench.knobs.owner.charge_min_percent = 0;
	bench.now.charge_percent = 255;
	check_open(&bench, 1, "nobody asks");
}

static void test_battery(void **state)
{
	struct bench bench = open_bench();

	bench.now.battery_mv = 11800;
	check_open(&bench, 1, "just enough");
	bench.now.battery_mv = 11799;
	check_open(&bench, 0, "too low");
	bench.now.battery_mv = 11999;
	check_open(&bench, 0, "not yet well above");
	bench.now.battery_mv = 12000;
	check_open(&bench, 1, "well above");
	bench.knobs.owner.battery_min_mv = 0;
	bench.now.battery_mv = 0;
	check_open(&bench, 1, "nobody asks");
}

/* --- Settings --------------------------------------------------------------- */

static const struct {
	const char *what;
	bool open;
	struct layby_governor_settings set;
} settings[] = {
	{ "none", 1, {} },
	{ "written, all zero", 1, { .written_ns = 1 } },
	{ "a cap", 1, { .written_ns = 1, .cap_mw = 1 } },
	{ "a cap, not dated", 0, { .cap_mw = 1 } },
	{ "a cap at night, not dated", 0, { .quiet_cap_mw = 1 } },
	{ "a job's energy, not dated", 0, { .job_energy_mj = 1 } },
	{ "quiet from, not dated", 0, { .quiet_from_min = 1 } },
	{ "quiet until, not dated", 0, { .quiet_until_min = 1 } },
	{ "local time, not dated", 0, { .utc_offset_min = -1 } },
	{ "battery, not dated", 0, { .battery_min_percent = 1 } },
	{ "paused, not dated", 0, { .paused = 1 } },
	{ "paused", 0, { .written_ns = 1, .paused = 1 } },
	{ "paused twice", 0, { .written_ns = 1, .paused = 2 } },
	{ "to come", 0, { .written_ns = 2 * START } },
	{ "a moment ago", 1, { .written_ns = START + 11 * SECOND } },
	{ "minute 1439", 1, { .written_ns = 1, .quiet_from_min = 1439, .quiet_until_min = 1 } },
	{ "minute 1440", 0, { .written_ns = 1, .quiet_from_min = 1440, .quiet_until_min = 1 } },
	{ "until minute 1441", 0, { .written_ns = 1, .quiet_until_min = 1441 } },
	{ "from, no until", 0, { .written_ns = 1, .quiet_from_min = 1 } },
	{ "14 hours east", 1, { .written_ns = 1, .utc_offset_min = 840 } },
	{ "more", 0, { .written_ns = 1, .utc_offset_min = 841 } },
	{ "14 hours west", 1, { .written_ns = 1, .utc_offset_min = -840 } },
	{ "more", 0, { .written_ns = 1, .utc_offset_min = -841 } },
	{ "80 per cent", 1, { .written_ns = 1, .battery_min_percent = 80 } },
	{ "101 per cent", 0, { .written_ns = 1, .battery_min_percent = 101 } },
};

static void test_settings(void **state)
{
	for (size_t i = 0; i < COUNT(settings); i++) {
		struct bench bench = open_bench();

		bench.now.charge_percent = 100;
		bench.set = settings[i].set;
		check_open(&bench, settings[i].open, settings[i].what);
		bench.set = (struct layby_governor_settings){};
		check_open(&bench, 1, "settings that are right again");
	}
}

static void test_settings_age(void **state)
{
	struct bench bench = open_bench();

	bench.knobs.owner.settings_age_max_ns = SECOND;
	check_open(&bench, 0, "never written, and they must be");
	bench.set.written_ns = bench.now.now_ns;
	check_open(&bench, 1, "just written");
	ask_for(&bench, SECOND - 2 * PERIOD);
	check_open(&bench, 1, "not too old");
	check_open(&bench, 0, "too old");
}

/* What is read of the map is what stands there, member by member. */
static void test_settings_read(void **state)
{
	struct layby_governor_settings from, to = {};

	memset(&from, 0xa5, sizeof(from));
	layby_settings_read(&to, &from);
	to.lock = from.lock;
	assert_memory_equal(&to, &from, sizeof(to));
}

static void test_quiet(void **state)
{
	static const struct {
		uint16_t from, until;
		int16_t offset;
		uint16_t minute;
		bool quiet;
	} cases[] = {
		{ 0, 0, 0, 0, 0 },
		{ 600, 660, 0, 599, 0 }, { 600, 660, 0, 600, 1 },
		{ 600, 660, 0, 659, 1 }, { 600, 660, 0, 660, 0 },
		{ 1320, 420, 0, 1319, 0 }, { 1320, 420, 0, 1320, 1 },
		{ 1320, 420, 0, 0, 1 }, { 1320, 420, 0, 419, 1 }, { 1320, 420, 0, 420, 0 },
		{ 0, 1440, 0, 1439, 1 }, { 600, 600, 0, 5, 1 }, { 0, 1, 0, 0, 1 },
		{ 600, 660, 60, 540, 1 }, { 600, 660, 60, 600, 0 },
		{ 600, 660, -60, 660, 1 }, { 600, 660, -60, 600, 0 },
		{ 1439, 1440, -840, 839, 1 }, { 0, 1, 840, 600, 1 },
	};
	int64_t midnight = AFTERNOON - AFTERNOON % (86400 * (int64_t)SECOND);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct layby_governor_settings set = {
			.written_ns = 1,
			.quiet_from_min = cases[i].from,
			.quiet_until_min = cases[i].until,
			.utc_offset_min = cases[i].offset,
		};

		if (layby_owner_quiet(&set, midnight + cases[i].minute * 60 *
				      (int64_t)SECOND) != cases[i].quiet)
			fail_msg("case %zu: it must%s be quiet", i, cases[i].quiet ? "" : " not");
		/* with no clock there is no hour that is not */
		assert_int_equal(layby_owner_quiet(&set, 0), !!cases[i].until);
		assert_int_equal(layby_owner_quiet(&set, INT64_MIN), !!cases[i].until);
	}
}

static void test_quiet_cap(void **state)
{
	struct bench bench = open_bench();

	bench.set = (struct layby_governor_settings){
		.written_ns = 1, .quiet_from_min = 0, .quiet_until_min = 1440,
	};
	check_open(&bench, 0, "quiet");
	bench.set.quiet_cap_mw = 700;
	check_open(&bench, 1, "quiet, with a little power");
	assert_int_equal(bench.said.cap_mw, 700);
}

/* --- The cap ---------------------------------------------------------------- */

static uint64_t random_state;

static uint64_t draw(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void test_cap(void **state)
{
	struct bench bench = open_bench();

	bench.set.written_ns = 1;
	bench.set.cap_mw = 2500;
	ask(&bench);
	assert_int_equal(bench.said.cap_mw, 2500);
	bench.set.cap_mw = 20000;
	ask(&bench);
	assert_int_equal(bench.said.cap_mw, 2600);
	ask_for(&bench, 10 * SECOND);
	assert_int_equal(bench.said.cap_mw, CEILING);
	bench.now.power_ceiling_mw = 3000;
	ask(&bench);
	assert_int_equal(bench.said.cap_mw, 3000);
}

/* Never above owner or ceiling, never a faster rise than the knob says. */
static void test_slew(void **state)
{
	struct bench bench = begin();
	uint32_t was = 0;

	random_state = 1;
	bench.set.written_ns = 1;
	bench.knobs.rise_mw_s = 1000;
	for (int i = 0; i < 200000; i++) {
		uint64_t step = 1 + draw() % (200 * MS);

		bench.set.cap_mw = 100 + draw() % 12000;
		bench.set.paused = draw() % 50 == 0;
		bench.now.temperature_mc = 60000 + (int32_t)(draw() % 25000);
		bench.now.now_ns += step - PERIOD;
		ask(&bench);
		assert_true(bench.said.cap_mw <= CEILING);
		assert_true(bench.said.cap_mw <= bench.set.cap_mw);
		assert_int_equal(bench.said.open, bench.said.cap_mw != 0);
		if (was && bench.said.cap_mw > was)
			assert_true(bench.said.cap_mw - was <= step * 1000 / SECOND);
		else if (!was)
			assert_true(bench.said.cap_mw <= 1000);
		was = bench.said.cap_mw;
	}
}

/* --- Heat ------------------------------------------------------------------- */

/* A ramp closes it before it is there; the same temperature, if steady, does not. */
static void test_ahead(void **state)
{
	struct bench steady = open_bench(), rising = open_bench();
	int32_t limit_mc = rising.now.trip_mc - (int32_t)rising.now.sensor_error_mc -
			   shipped.heat.margin_mc;

	while (rising.said.open) {
		rising.now.temperature_mc += 100;	/* 2 K a second */
		ask(&rising);
		assert_true(rising.now.temperature_mc < limit_mc);
	}
	assert_in_range(limit_mc - rising.now.temperature_mc, 1000, 4000);
	steady.now.temperature_mc = rising.now.temperature_mc;
	steady.govern.heat.temperature_mc = rising.now.temperature_mc;
	ask_for(&steady, 10 * SECOND);
	assert_int_equal(steady.said.open, 1);
	assert_in_range(steady.said.cap_mw, 1, CEILING / 2);
}

/* As the die cools: a step would make the filter swing. */
static void cool_to(struct bench *bench, int32_t mc)
{
	while (bench->now.temperature_mc > mc) {
		bench->now.temperature_mc -= 20;
		ask(bench);
	}
	ask_for(bench, 20 * SECOND);
}

/* At the limit it closes; it opens again only well below. */
static void test_hot(void **state)
{
	struct bench bench = open_bench();
	int32_t limit_mc = bench.now.trip_mc - (int32_t)bench.now.sensor_error_mc -
			   shipped.heat.margin_mc;

	bench.now.temperature_mc = limit_mc + 1000;
	ask_for(&bench, 20 * SECOND);
	check_open(&bench, 0, "hot");
	cool_to(&bench, limit_mc - shipped.heat.cool_mc + 500);
	check_open(&bench, 0, "not yet cool");
	cool_to(&bench, limit_mc - shipped.heat.cool_mc - 500);
	check_open(&bench, 1, "cool");
}

/* A cap that would move by less than a step stays. */
static void test_tremble(void **state)
{
	struct bench bench = open_bench();
	uint32_t cap_mw;

	bench.now.temperature_mc = 82000;
	ask_for(&bench, 20 * SECOND);
	cap_mw = bench.said.cap_mw;
	assert_in_range(cap_mw, 1000, CEILING - 1000);
	for (int i = 0; i < 1000; i++) {
		bench.now.temperature_mc = 82000 + (i % 2 ? 300 : -300);
		ask(&bench);
		assert_int_equal(bench.said.cap_mw, cap_mw);
	}
}

/* --- Jobs ------------------------------------------------------------------- */

static struct layby_admission job_of(uint64_t uj, uint32_t job_class)
{
	return (struct layby_admission){ .party = 1, .worst_energy_uj = uj,
					 .job_class = job_class };
}

static void check_admit(const struct bench *bench, bool yes, uint64_t uj, uint32_t job_class)
{
	struct layby_admission job = job_of(uj, job_class);

	if (layby_govern_admit(&bench->govern, &job) != yes)
		fail_msg("a job of %llu uJ, class %u, must%s be admitted", (unsigned long long)uj,
			 job_class, yes ? "" : " not");
}

static void test_admit(void **state)
{
	struct bench bench = begin();

	check_admit(&bench, 0, 1, LAYBY_CONSENT_INTERACTIVE);
	bench = open_bench();
	check_admit(&bench, 1, 1, LAYBY_CONSENT_BATCH);
	check_admit(&bench, 1, ~0ULL, LAYBY_CONSENT_BATCH);
	bench.set.written_ns = 1;
	bench.set.job_energy_mj = 5000;
	ask(&bench);
	check_admit(&bench, 1, 5000000, LAYBY_CONSENT_BATCH);
	check_admit(&bench, 0, 5000001, LAYBY_CONSENT_BATCH);
	check_admit(&bench, 0, ~0ULL, LAYBY_CONSENT_INTERACTIVE);
	bench.knobs.job_energy_uj = 3000000;
	ask(&bench);
	check_admit(&bench, 0, 3000001, LAYBY_CONSENT_BATCH);
	check_admit(&bench, 1, 3000000, LAYBY_CONSENT_BATCH);
	bench.set.quiet_until_min = 1440;
	bench.set.quiet_cap_mw = 1000;
	ask(&bench);
	check_admit(&bench, 1, 1, LAYBY_CONSENT_INTERACTIVE);
	check_admit(&bench, 0, 1, LAYBY_CONSENT_BATCH);
	check_admit(&bench, 0, 1, 0);
	bench.set.paused = 1;
	ask(&bench);
	check_admit(&bench, 0, 1, LAYBY_CONSENT_INTERACTIVE);
}

/* --- Anything at all: the sanitizers watch ---------------------------------- */

static void fill(void *to, size_t size)
{
	unsigned char *bytes = to;

	while (size--)
		*bytes++ = (unsigned char)draw();
}

static void garble(struct bench *bench)
{
	unsigned char *bytes = (unsigned char *)&bench->now;
	uint64_t now_ns = bench->now.now_ns;

	if (draw() % 4) {
		bytes[draw() % sizeof(bench->now)] ^= (unsigned char)draw();
		bench->now.now_ns = now_ns;
	} else if (draw() % 4) {
		bench->now = begin().now;
		bench->now.now_ns = now_ns;
	} else {
		fill(&bench->now, sizeof(bench->now));
	}
}

static void test_anything(void **state)
{
	struct bench bench = begin();

	random_state = 2;
	for (int i = 0; i < 300000; i++) {
		garble(&bench);
		if (draw() % 64 == 0)
			fill(&bench.set, sizeof(bench.set));
		else if (draw() % 16 == 0)
			bench.set = (struct layby_governor_settings){};
		bench.now.now_ns += PERIOD;
		layby_govern(&bench.govern, &bench.knobs, &bench.set, &bench.now, &bench.said);
		assert_true(bench.said.open <= 1);
		assert_true(bench.said.cap_mw <= bench.now.power_ceiling_mw);
		assert_true(bench.said.level < LAYBY_GOVERNOR_LEVELS);
		assert_int_equal(bench.said.open, bench.said.cap_mw != 0);
		if (!bench.said.open)
			check_admit(&bench, 0, 0, LAYBY_CONSENT_INTERACTIVE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens),
		cmocka_unit_test(test_each_unknown_closes),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_same_reading),
		cmocka_unit_test(test_unknown_may_be_allowed),
		cmocka_unit_test(test_charge),
		cmocka_unit_test(test_battery),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_settings_age),
		cmocka_unit_test(test_settings_read),
		cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_quiet_cap),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_slew),
		cmocka_unit_test(test_ahead),
		cmocka_unit_test(test_hot),
		cmocka_unit_test(test_tremble),
		cmocka_unit_test(test_admit),
		cmocka_unit_test(test_anything),
	};

	return cmocka_run_group_tests_name("govern", tests, NULL, NULL);
}
