// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * live GOVERNOR.BPF.O TOKENS PLANNER SEED... - scaled nights with the real module and
 * governor
 *
 * Runs in the VM, with the vehicle's programs attached and nothing sealed. This program
 * is the guest, and what the agent does of a night: it writes what the planner says, the
 * shipped one or another of planners.h, into the governor's settings; park carries lease
 * and consent. The car's signals come over the bus. TOKENS/SEED.bin is the consent. Prints
 * a line of JSON a night: what the car showed, what was lent by what the guest's jobs were
 * metered at, and what the simulation says of the same night.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <layby.h>
#include <layby/governor_settings.h>

/* kmod/ has a gate.h, too */
#include "../park/gate.h"
#include "judge.h"
#include "null.h"
#include "planners.h"
#include "run.h"
#include "scaled.h"
#include "scene.h"

#define IN_FLIGHT	8
#define ROOM		4096
#define US_PER_S	1000000LL
#define DAY_US		(86400 * US_PER_S)
#define FULL_UJ		(SCALED_CEILING_MW * (SCALED_JOB_US / 1000))
#define KWH_J		3.6e6

static struct {
	struct layby_node *node;
	struct layby_buffer *buffer;
	struct layby_job *job;
	struct layby_queue *queue;
	unsigned int in_flight;
} guest;

/*
 * @job_uj: what a job uses now
 * @settings: as they were written last
 */
static struct {
	int map;
	stack_planner planner;
	struct night night;
	struct world world;
	struct judge judge;
	struct layby_governor_settings settings;
	uint64_t job_uj;
	bool agent;
	int percent;
	int charging;
	int64_t day;
	double lent_today_j;
	double outside_j;
	double lent_j;
} live;

static _Noreturn void die(const char *what, int error)
{
	fprintf(stderr, "live: %s: %s\n", what, strerror(error < 0 ? -error : error));
	exit(1);
}

static void need(const char *what, int r)
{
	if (r < 0)
		die(what, r);
}

/* --- The governor ----------------------------------------------------------- */

static void attach_governor(const char *path)
{
	struct bpf_object *object = bpf_object__open(path);
	struct bpf_map *map;

	if (!object || bpf_object__load(object) < 0)
		die("load the governor", errno);
	bpf_object__for_each_map(map, object)
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS &&
		    !bpf_map__attach_struct_ops(map))
			die("attach the governor", errno);
	live.map = bpf_object__find_map_fd_by_name(object, "settings");
	need("the governor's settings", live.map);
}

static void write_settings(const struct owner_plan *plan)
{
	const struct owner_settings *owner = &live.night.settings;
	double scale = (double)SCALED_CEILING_MW / live.night.ceiling_mw;
	struct layby_governor_settings set = {
		.written_ns = live.settings.written_ns,
		.cap_mw = owner->cap_mw * scale,
		.battery_min_percent = plan->battery_min_percent,
		.paused = plan->paused,
	};
	uint32_t key = 0;

	if (set.written_ns && !memcmp(&set, &live.settings, sizeof(set)))
		return;
	set.written_ns = now_ns();
	if (bpf_map_update_elem(live.map, &key, &set, BPF_ANY))
		die("write the settings", errno);
	live.settings = set;
}

/* --- The agent's part ------------------------------------------------------- */

static void plan(void)
{
	const struct owner_settings *set = &live.night.settings;
	int64_t now_us = world_clock_us(&live.world);
	int64_t day = (now_us + set->utc_offset_min * 60 * US_PER_S) / DAY_US;
	struct owner_car car = {
		.charge_percent = live.world.bus_awake ? live.percent : OWNER_PERCENT_UNKNOWN,
		.charging = live.world.bus_awake ? live.charging : 0,
		.own_permille_h = live.night.own_permille_h,
		.own_start_percent = live.night.own_start_percent,
	};
	struct owner_plan plan;

	if (!live.agent)
		return;
	if (day != live.day)
		live.lent_today_j = 0;
	live.day = day;
	car.lent_today_uj = live.lent_today_j * 1e6;
	live.planner(set, &car, now_us, &plan);
	write_settings(&plan);
}

/* --- The car ---------------------------------------------------------------- */

static void say_charge(void)
{
	int percent = world_percent(&live.world), charging = live.world.charging ? 2 : 1;

	if (!live.world.bus_awake)
		return;
	if (percent != live.percent)
		need("car", car("charge %d", percent));
	if (charging != live.charging)
		need("car", car("charging %s", charging == 2 ? "yes" : "no"));
	live.percent = percent;
	live.charging = charging;
}

static void happen(const struct night_event *event)
{
	switch (event->what) {
	case NIGHT_BATTERY_MV:
		need("car", car("supply %.1f", event->value / 1e3));
		break;
	case NIGHT_BUS_AWAKE:
		need("car", car(event->value ? "resume" : "silence"));
		break;
	case NIGHT_AGENT_UP:
		live.agent = event->value;
		need("park", park(event->value ? "take" : "drop"));
		break;
	case NIGHT_PAUSED_FOR_S:
		live.night.settings.paused_until_us = live.world.paused_until_us;
		break;
	default:
		break;
	}
	judge_event(&live.judge, event);
}

/* --- The guest -------------------------------------------------------------- */

static void open_guest(void)
{
	struct layby_job_spec spec = {
		.input_count = 1,
		.output_count = 1,
		.longest_run_ns = 2000ULL * SCALED_JOB_US,
		.flags = live.night.batch ? 0 : LAYBY_JOB_INTERACTIVE,
	};
	struct layby_range input, output;
	char path[300];

	need("node", node_path(LAYBY_CLASS_GUEST, path, sizeof(path)));
	need("open", layby_node_open(path, &guest.node));
	need("buffer", layby_buffer_create(guest.node, 3 * ROOM, 0, &guest.buffer));
	spec.program = layby_buffer_range(guest.buffer, 0, ROOM);
	input = layby_buffer_range(guest.buffer, ROOM, ROOM);
	output = layby_buffer_range(guest.buffer, 2 * ROOM, ROOM);
	spec.inputs = &input;
	spec.outputs = &output;
	need("prepare", layby_job_prepare(guest.node, &spec, &guest.job));
	need("queue", layby_queue_create(guest.node, IN_FLIGHT, 0, &guest.queue));
	guest.in_flight = 0;
}

/* Jobs whose gate has closed end at once, and are tried again in the next step. */
static void ask(void)
{
	if (!live.job_uj)
		return;
	for (; guest.in_flight < IN_FLIGHT; guest.in_flight++)
		need("add", layby_queue_add(guest.queue, guest.job, 0));
	need("flush", layby_queue_flush(guest.queue));
}

/* Joules of the night, as metered */
static double take(void)
{
	struct layby_completion done;
	uint64_t uj = 0;
	int r;

	while (!(r = layby_queue_wait(guest.queue, 0, &done))) {
		guest.in_flight--;
		if (done.has_report)
			uj += done.report.energy_uj;
	}
	if (r != -EAGAIN && r != -ENODATA)
		die("take", r);
	return uj / 1e6 * scaled_by(&live.night);
}

static void close_guest(void)
{
	struct layby_completion done;

	while (guest.in_flight) {
		need("the last jobs", layby_queue_wait(guest.queue, 10 * 1000000000ULL, &done));
		guest.in_flight--;
	}
	layby_queue_destroy(guest.queue);
	need("unprepare", layby_job_unprepare(guest.job));
	need("buffer", layby_buffer_destroy(guest.buffer));
	layby_node_close(guest.node);
}

/* --- A night ---------------------------------------------------------------- */

static void begin(const char *tokens, uint64_t seed)
{
	if (!scaled_draw(&live.night, seed))
		die("not a night that can be scaled", EINVAL);
	live.agent = true;
	live.percent = -1;
	live.charging = -1;
	live.day = 0;
	live.lent_today_j = 0;
	live.outside_j = 0;
	live.lent_j = 0;
	live.settings.written_ns = 0;
	world_begin(&live.world, &live.night);
	judge_begin(&live.judge, &live.world);
	need("car", car("resume"));
	need("car", car("supply 12.5"));
	need("token", park("give %s/%llu.bin %s/%llu.p7s", tokens, (unsigned long long)seed, tokens,
			   (unsigned long long)seed));
	need("lease", park("take"));
	open_guest();
}

static void set_demand(void)
{
	uint64_t mw = live.world.demand_mw;

	if (mw > live.night.ceiling_mw)
		mw = live.night.ceiling_mw;
	mw = FULL_UJ * mw / live.night.ceiling_mw;
	if (mw != live.job_uj)
		need("energy_uj", null_set("energy_uj", mw));
	live.job_uj = mw;
}

/* The one job that runs when the consent's energy ends counts: docs/consent.md. */
static void count(double lent_j)
{
	double job_j = FULL_UJ / 1e6 * scaled_by(&live.night);
	double outside_j = lent_j - judge_allows(&live.judge, &live.world) - job_j;

	judge_lent(&live.judge, lent_j);
	live.lent_j += lent_j;
	live.lent_today_j += lent_j;
	if (outside_j > 0)
		live.outside_j += outside_j;
}

static void sleep_until(uint64_t at_ns)
{
	struct timespec at = { at_ns / 1000000000, at_ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

static void step(uint64_t end_ns)
{
	const struct night_event *event;
	double lent_j;

	while ((event = world_next(&live.world)))
		happen(event);
	say_charge();
	plan();
	set_demand();
	ask();
	sleep_until(end_ns);
	lent_j = take();
	count(lent_j);
	world_step(&live.world, lent_j);
}

static void print_night(const struct night_result *simulated, int percent)
{
	const struct night *night = &live.night;
	struct night_result seen = *simulated;

	seen.percent = percent;
	printf("{\"seed\": %llu, \"charger\": \"%s\", \"what\": \"%s\", \"asked\": %d, ",
	       (unsigned long long)night->seed, night_charger_name(night->charger),
	       night_evil_name(night->evil), night->settings.departure_percent);
	printf("\"alone\": %d, \"percent\": %d, \"simulated_percent\": %d, \"missed\": %s, ",
	       simulated->alone_percent, percent, simulated->percent,
	       night_missed(night, &seen) ? "true" : "false");
	printf("\"lent_kwh\": %.4f, \"simulated_kwh\": %.4f, ", live.lent_j / KWH_J,
	       simulated->lent_j / KWH_J);
	printf("\"best_kwh\": %.4f, \"joules_outside\": %.3f}\n", simulated->best_j / KWH_J,
	       live.outside_j);
	fflush(stdout);
}

static void run(const char *tokens, uint64_t seed)
{
	struct night_result simulated;
	struct night night;
	uint64_t end_ns;
	int percent = 0;

	scaled_draw(&night, seed);
	simulated = night_run(&night, live.planner);
	begin(tokens, seed);
	end_ns = now_ns();
	while (live.world.at_s < night.leave_s) {
		if (live.world.at_s == night.depart_s)
			percent = world_percent(&live.world);
		end_ns += SCALED_STEP_NS;
		step(end_ns);
	}
	if (night.leave_s == night.depart_s)
		percent = world_percent(&live.world);
	print_night(&simulated, percent);
	need("withdraw", park("withdraw"));
	need("lease", park("drop"));
	close_guest();
}

int main(int argc, char **argv)
{
	int i;

	live.planner = argc > 4 ? planner_find(argv[3]) : NULL;
	if (!live.planner) {
		fprintf(stderr, "usage: live GOVERNOR.BPF.O TOKENS %s SEED...\n", PLANNERS);
		return 2;
	}
	attach_governor(argv[1]);
	need("seal", gate_order(LAYBY_NL_SEAL));
	need("scene", scene_start());
	need("delay_us", null_set("delay_us", SCALED_JOB_US));
	for (i = 4; i < argc; i++)
		run(argv[2], strtoull(argv[i], NULL, 10));
	scene_end();
	return 0;
}
