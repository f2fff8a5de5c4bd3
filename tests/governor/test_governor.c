// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The struct_ops type: what a governor is told, what of what it says reaches the
 * gatekeeper, and what of it the kernel refuses.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>
/* its skeleton names the knobs */
#include <govern.h>

#include "extension.skel.h"
#include "governor.skel.h"
#include "governor_example.skel.h"
#include "governor_minimal.skel.h"
#include "probe.skel.h"
#include "refused.skel.h"
#include "stage.h"

#define AGE_UNKNOWN	UINT64_MAX

enum { NONE, ATTACHED, FAILED, NONSENSE };

static void must(long ret, const char *what)
{
	if (ret)
		fail_msg("%s: %ld (%s), it has to succeed", what, ret, strerror((int)-ret));
}

static void set(const char *parameter, long long value)
{
	must(stage_set(parameter, value), parameter);
}

static void await(const char *parameter, long value)
{
	if (!stage_reaches(parameter, value))
		fail_msg("%s stays at %ld, it must reach %ld", parameter,
			 stage_get(parameter), value);
}

/* So many more than now: each that was under way before has passed. */
static void await_more(const char *parameter, long more)
{
	await(parameter, stage_get(parameter) + more);
}

static struct stage_state state(void)
{
	struct stage_state now;

	must(stage_state(&now), "state");
	return now;
}

/* Loaded, not attached; only the map of @admits or not is created. */
static struct probe *probe_load(bool admits)
{
	struct probe *probe = probe__open();

	assert_non_null(probe);
	must(bpf_map__set_autocreate(admits ? probe->maps.plain : probe->maps.probe, false),
	     "autocreate");
	must(probe__load(probe), "load");
	probe->bss->cap_mw = 5000;
	probe->bss->level = 2;
	return probe;
}

static struct bpf_link *attach(struct bpf_map *map)
{
	struct bpf_link *link = bpf_map__attach_struct_ops(map);

	if (!link)
		fail_msg("%s cannot be attached: %s", bpf_map__name(map), strerror(errno));
	return link;
}

static void attach_must_give(struct bpf_map *map, int error)
{
	struct bpf_link *link;

	errno = 0;
	link = bpf_map__attach_struct_ops(map);
	if (link)
		bpf_link__destroy(link);
	assert_null(link);
	assert_int_equal(errno, error);
}

static int setup(void **context)
{
	int ret = stage_load();

	if (ret)
		print_error("layby_governor_test cannot be loaded: %s\n", strerror(-ret));
	return ret;
}

/* Links and maps are let go of in the background, after a grace period. */
static int teardown(void **context)
{
	int tries = 200, ret;

	do {
		stage_sleep_ms(50);
		ret = stage_unload();
	} while (ret && tries--);
	if (ret)
		print_error("layby_governor_test cannot be unloaded: %s\n", strerror(-ret));
	return ret;
}

static void test_told(void **context)
{
	struct probe *probe = probe_load(true);
	struct bpf_link *link;

	set("temperature_mdeg", -3500);
	set("power_mw", 4200);
	set("level", 3);
	set("jobs", 5);
	set("sampling", 1);
	link = attach(probe->maps.probe);
	await("verdicts", 3);
	await_more("verdicts", 2);
	assert_int_equal(probe->bss->period_ns, 50000000);
	assert_true(probe->bss->sensor_age_ns < 60000000000);
	assert_true(probe->bss->energy_uj > 0);
	assert_int_equal(probe->bss->power_mw, 4200);
	assert_int_equal(probe->bss->temperature_mc, -3500);
	assert_int_equal(probe->bss->device_level, 3);
	assert_int_equal(probe->bss->levels, 4);
	assert_int_equal(probe->bss->ceiling_mw, 6000);
	assert_int_equal(probe->bss->rail_mw, 20000);
	assert_int_equal(probe->bss->trip_mc, 95000);
	assert_int_equal(probe->bss->resume_mc, 85000);
	assert_int_equal(probe->bss->mode, 2);
	assert_in_range(probe->bss->signal_age_ns, 1000000, 60000000000);
	assert_int_equal(probe->bss->charging, 2);
	assert_int_equal(probe->bss->charge_percent, 76);
	assert_int_equal(probe->bss->charge_age_ns, 998);
	assert_int_equal(probe->bss->ignition, 0);
	assert_true(probe->bss->ignition_age_ns == AGE_UNKNOWN);
	assert_int_equal(probe->bss->battery_mv, 12650);
	assert_int_equal(probe->bss->battery_age_ns, 997);
	assert_int_equal(probe->bss->consent_energy_uj, 123456789);
	assert_int_equal(probe->bss->guest_jobs, 5);
	assert_int_equal(probe->bss->guest_depth, 16);
	assert_int_equal(probe->bss->guest_tiles, 2);
	assert_true(probe->bss->lease_age_ns == AGE_UNKNOWN);
	assert_true(probe->bss->settings_age_ns == AGE_UNKNOWN);
	assert_true(probe->bss->driving_age_ns == AGE_UNKNOWN);
	/* What a verdict is before the governor says anything */
	assert_int_equal(probe->bss->before_cap_mw, 6000);
	assert_int_equal(probe->bss->before_level, 3);
	assert_int_equal(probe->bss->before_open, 0);
	bpf_link__destroy(link);
	probe__destroy(probe);
}

/* One degree up in a while: the slope has its sign, and goes when it is over. */
static void test_slope(void **context)
{
	struct probe *probe = probe_load(true);
	struct bpf_link *link;

	set("temperature_mdeg", 40000);
	set("sampling", 1);
	link = attach(probe->maps.probe);
	await("verdicts", 5);
	assert_int_equal(probe->bss->slope_mc_s, 0);
	assert_true(probe->bss->span_ns > 0);
	set("temperature_mdeg", 41000);
	await_more("verdicts", 3);
	assert_in_range(probe->bss->slope_mc_s, 1, 20000);
	await_more("verdicts", 20);
	assert_int_equal(stage_get("younger"), 0);
	assert_int_equal(probe->bss->slope_mc_s, 0);
	bpf_link__destroy(link);
	probe__destroy(probe);
}

static void test_verdict(void **context)
{
	struct probe *probe = probe_load(true);
	struct bpf_link *link;

	set("sampling", 1);
	link = attach(probe->maps.probe);
	await("verdicts", 2);
	assert_int_equal(stage_get("attached"), 1);
	assert_int_equal(stage_get("open"), 0);
	assert_int_equal(stage_get("obeyed"), 0);
	probe->bss->open = 1;
	await_more("verdicts", 2);
	assert_int_equal(stage_get("open"), 1);
	await("obeyed", 1);
	probe->bss->open = 0;
	await_more("verdicts", 2);
	assert_int_equal(stage_get("open"), 0);
	assert_string_equal(state().name, "probe");
	bpf_link__destroy(link);
	probe__destroy(probe);
}

/* ISO-7: what is above a limit is cut to it, what is below holds. */
static void test_cut(void **context)
{
	struct probe *probe = probe_load(true);
	struct bpf_link *link;

	set("sampling", 1);
	link = attach(probe->maps.probe);
	await("verdicts", 2);
	assert_int_equal(state().cap_mw, 5000);
	assert_int_equal(state().level, 2);
	probe->bss->level = 4000000000;
	probe->bss->cap_mw = 0;
	await_more("verdicts", 2);
	assert_int_equal(state().cap_mw, 0);
	probe->bss->cap_mw = 6001;
	await_more("verdicts", 2);
	assert_int_equal(state().cap_mw, 6000);
	assert_int_equal(state().level, 3);
	bpf_link__destroy(link);
	probe__destroy(probe);
}

/* Nobody asks, nobody reads: neither the device nor the governor. */
static void test_off(void **context)
{
	struct probe *probe = probe_load(true);
	struct bpf_link *link = attach(probe->maps.probe);
	long readings;

	stage_sleep_ms(300);
	assert_int_equal(stage_get("readings"), 0);
	assert_int_equal(stage_get("verdicts"), 0);
	set("sampling", 1);
	await("verdicts", 2);
	set("sampling", 0);
	readings = stage_get("readings");
	stage_sleep_ms(300);
	assert_int_equal(stage_get("readings"), readings);
	set("sampling", 1);
	await_more("verdicts", 2);
	bpf_link__destroy(link);
	probe__destroy(probe);
}

/* Off means off: no operation of the accelerator is under way any more. */
static void test_off_at_once(void **context)
{
	int i;

	set("sensor_ms", 30);
	for (i = 0; i < 10; i++) {
		long readings;

		set("sampling", 1);
		stage_sleep_ms(i * 7);
		set("sampling", 0);
		readings = stage_get("finished");
		assert_int_equal(stage_get("readings"), readings);
		stage_sleep_ms(60);
		assert_int_equal(stage_get("readings"), readings);
	}
	assert_true(stage_get("readings") > 5);
}

/* Sensors are read with no governor, too: they have a say of their own. */
static void test_sensors(void **context)
{
	long stale;

	set("sampling", 1);
	await("fresh", 3);
	assert_int_equal(stage_get("stale"), 1);
	assert_int_equal(stage_get("verdicts"), 0);
	set("stuck", 1);
	await("stale", 4);
	set("stuck", 0);
	await_more("fresh", 2);
	stale = stage_get("stale");
	set("sensor_error", -61);
	await_more("readings", 4);
	assert_int_equal(stage_get("stale"), stale);
}

static void test_detach(void **context)
{
	struct probe *probe = probe_load(true);
	struct bpf_link *link;
	uint64_t samples;

	set("sampling", 1);
	probe->bss->open = 1;
	link = attach(probe->maps.probe);
	await("verdicts", 2);
	assert_int_equal(stage_get("open"), 1);
	assert_int_equal(stage_get("events"), 1);
	assert_int_equal(stage_get("event_status"), ATTACHED);
	must(bpf_link__detach(link), "detach");
	assert_int_equal(stage_get("events"), 2);
	assert_int_equal(stage_get("event_status"), NONE);
	assert_int_equal(stage_get("attached"), 0);
	assert_int_equal(stage_get("open"), 0);
	assert_int_equal(stage_get("gone"), 1);
	assert_int_equal(state().status, NONE);
	samples = probe->bss->samples;
	await_more("readings", 4);
	assert_true(probe->bss->samples - samples <= 1);
	assert_int_equal(stage_get("gone"), 1);
	assert_int_equal(stage_get("attached"), 0);
	bpf_link__destroy(link);
	/* and another comes in its place */
	link = attach(probe->maps.probe);
	await_more("verdicts", 2);
	assert_int_equal(stage_get("open"), 1);
	bpf_link__destroy(link);
	probe__destroy(probe);
}

static void test_second(void **context)
{
	struct governor_minimal *minimal = governor_minimal__open_and_load();
	struct probe *probe = probe_load(true);
	struct bpf_link *link = attach(probe->maps.probe);

	assert_non_null(minimal);
	attach_must_give(minimal->maps.governor, EBUSY);
	attach_must_give(probe->maps.probe, EBUSY);
	assert_int_equal(bpf_link__update_map(link, minimal->maps.governor), -EOPNOTSUPP);
	assert_string_equal(state().name, "probe");
	bpf_link__destroy(link);
	link = attach(minimal->maps.governor);
	assert_string_equal(state().name, "minimal");
	bpf_link__destroy(link);
	governor_minimal__destroy(minimal);
	probe__destroy(probe);
}

static void check_dropped(unsigned int status)
{
	await("gone", 1);
	assert_int_equal(stage_get("attached"), 0);
	assert_int_equal(stage_get("open"), 0);
	assert_int_equal(state().status, status);
	/* attached, and dropped */
	await("events", 2);
	assert_int_equal(stage_get("events"), 2);
	assert_int_equal(stage_get("event_status"), status);
}

/* It keeps its place, is not asked again and cannot come back by behaving. */
static void check_stays_dropped(struct probe *probe)
{
	uint64_t samples = probe->bss->samples;
	long verdicts = stage_get("verdicts");

	probe->bss->result = 0;
	probe->bss->open = 1;
	await_more("readings", 4);
	assert_int_equal(probe->bss->samples, samples);
	assert_int_equal(stage_get("verdicts"), verdicts);
	assert_int_equal(stage_get("gone"), 1);
	attach_must_give(probe->maps.probe, EBUSY);
}

static void test_failed(void **context)
{
	struct probe *probe = probe_load(true);
	struct bpf_link *link;

	set("sampling", 1);
	probe->bss->open = 1;
	link = attach(probe->maps.probe);
	await("verdicts", 2);
	probe->bss->result = -5;
	check_dropped(FAILED);
	assert_int_equal(state().returned, -5);
	check_stays_dropped(probe);
	bpf_link__destroy(link);
	link = attach(probe->maps.probe);
	await_more("verdicts", 2);
	assert_int_equal(stage_get("open"), 1);
	bpf_link__destroy(link);
	probe__destroy(probe);
}

static void test_nonsense(void **context)
{
	struct probe *probe = probe_load(true);
	struct bpf_link *link;

	set("sampling", 1);
	probe->bss->open = 2;
	link = attach(probe->maps.probe);
	check_dropped(NONSENSE);
	check_stays_dropped(probe);
	bpf_link__destroy(link);
	probe__destroy(probe);
}

static void test_admit(void **context)
{
	struct probe *probe = probe_load(true);
	struct bpf_link *link;

	must(stage_set("admit", 1000), "admit with no governor");
	link = attach(probe->maps.probe);
	probe->bss->longest_admitted_ns = 500;
	assert_int_equal(stage_set("admit", 1000), -EACCES);
	must(stage_set("admit", 500), "admit a short job");
	assert_int_equal(state().refused, 1);
	bpf_link__destroy(link);
	must(stage_set("admit", 1000), "admit with a governor that has gone");
	probe__destroy(probe);

	probe = probe_load(false);
	link = attach(probe->maps.plain);
	must(stage_set("admit", 1000), "admit with a governor that refuses none");
	bpf_link__destroy(link);
	probe__destroy(probe);
}

/* Loaded or attached, a governor holds the module. */
static void test_module_held(void **context)
{
	struct probe *probe = probe_load(true);
	struct bpf_link *link;

	assert_int_equal(stage_unload(), -EAGAIN);
	link = attach(probe->maps.probe);
	assert_int_equal(stage_unload(), -EAGAIN);
	bpf_link__destroy(link);
	probe__destroy(probe);
}

static void test_sealed(void **context)
{
	struct probe *probe = probe_load(true);
	struct bpf_link *link = attach(probe->maps.probe);

	set("sampling", 1);
	set("sealed", 1);
	await("verdicts", 2);
	attach_must_give(probe->maps.probe, EPERM);
	/* Detaching closes, which anybody may */
	bpf_link__destroy(link);
	assert_int_equal(stage_get("attached"), 0);
	attach_must_give(probe->maps.probe, EPERM);
	probe__destroy(probe);
}

/* Only @name of refused.bpf.c; NULL and errno if the kernel does not load it. */
static struct refused *refused_load(const char *name)
{
	struct refused *refused = refused__open();
	struct bpf_map *map;
	int error;

	assert_non_null(refused);
	bpf_object__for_each_map(map, refused->obj)
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
			must(bpf_map__set_autocreate(map, !strcmp(bpf_map__name(map), name)),
			     "autocreate");
	if (!refused__load(refused))
		return refused;
	error = errno;
	refused__destroy(refused);
	errno = error;
	return NULL;
}

static char verifier_log[1 << 16];

static int collect(enum libbpf_print_level level, const char *format, va_list args)
{
	size_t used = strlen(verifier_log);

	if (level <= LIBBPF_WARN)
		vsnprintf(verifier_log + used, sizeof(verifier_log) - used, format, args);
	return 0;
}

/* @why: what the verifier must have said */
static void load_must_fail(const char *name, const char *why)
{
	libbpf_print_fn_t before;
	struct refused *refused;

	verifier_log[0] = '\0';
	before = libbpf_set_print(collect);
	refused = refused_load(name);
	libbpf_set_print(before);
	if (refused)
		fail_msg("%s was loaded, it must be refused", name);
	if (!strstr(verifier_log, why))
		fail_msg("%s was refused without «%s»: %s", name, why, verifier_log);
}

static void test_verifier(void **context)
{
	const char *writes = "layby: a governor may write cap_mw, level and open of its verdict";
	static const char *const helpers[] = {
		"governor_helper_random", "governor_helper_print", "governor_helper_loop",
		"governor_helper_tail_call",
	};
	static const char *const functions[] = {
		"governor_function_preempt", "governor_function_memory", "governor_function_loop",
	};
	static const char *const writers[] = {
		"governor_write_sample", "governor_write_pad", "governor_write_across",
		"governor_write_behind", "governor_write_job",
	};
	size_t i;

	for (i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
		load_must_fail(writers[i], writes);
	for (i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++)
		load_must_fail(helpers[i], "cannot use helper");
	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		load_must_fail(functions[i], "attach to unsupported member sample");
	load_must_fail("governor_sleeps", "attach to unsupported member sample");
}

/* Loaded, but the kernel does not take it. */
static void refused_must_give(const char *name, int error)
{
	struct refused *refused = refused_load(name);
	struct bpf_map *map;

	if (!refused) {
		/* libbpf gives a map its content when it loads it */
		assert_int_equal(errno, error);
		return;
	}
	map = bpf_object__find_map_by_name(refused->obj, name);
	assert_non_null(map);
	attach_must_give(map, error);
	refused__destroy(refused);
}

static void test_attributes(void **context)
{
	refused_must_give("governor_no_sample", EINVAL);
	refused_must_give("governor_no_name", EINVAL);
	refused_must_give("governor_bad_name", EINVAL);
	refused_must_give("governor_long_name", EINVAL);
	refused_must_give("governor_flags", EINVAL);
	refused_must_give("governor_no_link", EOPNOTSUPP);
	assert_int_equal(state().status, NONE);
}

/* No other program takes the place of a governor's. */
static void test_extension(void **context)
{
	struct probe *probe = probe_load(true);
	struct extension *extension = extension__open();
	libbpf_print_fn_t before;
	int ret;

	assert_non_null(extension);
	must(bpf_program__set_attach_target(extension->progs.instead,
					    bpf_program__fd(probe->progs.sample), "sample"),
	     "attach target");
	verifier_log[0] = '\0';
	before = libbpf_set_print(collect);
	ret = extension__load(extension);
	libbpf_set_print(before);
	assert_true(ret < 0);
	assert_non_null(strstr(verifier_log, "Cannot replace"));
	extension__destroy(extension);
	probe__destroy(probe);
}

/* --- Those that are shipped ------------------------------------------------- */

static void write_settings(struct bpf_map *map, const struct layby_governor_settings *set)
{
	uint32_t key = 0;

	must(bpf_map__update_elem(map, &key, sizeof(key), set, sizeof(*set), BPF_ANY),
	     "settings");
}

static void check_cap(unsigned int cap_mw)
{
	await_more("verdicts", 2);
	assert_int_equal(state().cap_mw, cap_mw);
	assert_int_equal(stage_get("open"), cap_mw != 0);
}

/* What it decides is tested on the host; here that it is what is loaded. */
static void test_shipped(void **context)
{
	struct layby_governor_settings wish = { .written_ns = 1, .cap_mw = 1 };
	struct governor *governor = governor__open_and_load();
	struct bpf_link *link;

	assert_non_null(governor);
	link = attach(governor->maps.governor);
	assert_int_equal(stage_set("admit", 1000), -EACCES);
	set("sampling", 1);
	await("verdicts", 10);
	assert_int_equal(stage_get("open"), 1);
	assert_string_equal(state().name, "layby");
	must(stage_set("admit", 1000), "admit");
	write_settings(governor->maps.settings, &wish);
	check_cap(1);
	wish.paused = 1;
	write_settings(governor->maps.settings, &wish);
	check_cap(0);
	wish.paused = 0;
	write_settings(governor->maps.settings, &wish);
	check_cap(1);
	set("temperature_mdeg", 94000);
	await_more("verdicts", 30);
	assert_int_equal(stage_get("open"), 0);
	assert_int_equal(stage_set("admit", 1000), -EACCES);
	bpf_link__destroy(link);
	governor__destroy(governor);
}

static void test_example(void **context)
{
	struct governor_example *example = governor_example__open_and_load();
	struct bpf_link *link;

	assert_non_null(example);
	link = attach(example->maps.governor);
	set("sampling", 1);
	await("verdicts", 2);
	assert_int_equal(stage_get("open"), 1);
	assert_int_equal(state().cap_mw, 6000);
	assert_int_equal(stage_set("admit", 10000000001), -EACCES);
	must(stage_set("admit", 10000000000), "admit");
	set("temperature_mdeg", 70000);
	check_cap(3000);
	bpf_link__destroy(link);
	governor_example__destroy(example);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(told), TEST(slope), TEST(verdict), TEST(cut), TEST(off),
		TEST(off_at_once),
		TEST(sensors), TEST(detach), TEST(second), TEST(failed), TEST(nonsense),
		TEST(admit), TEST(module_held), TEST(sealed), TEST(verifier),
		TEST(attributes), TEST(extension), TEST(shipped), TEST(example),
	};

	return cmocka_run_group_tests_name("governor", tests, NULL, NULL);
}
