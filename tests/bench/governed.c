// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * governed - what gate, budget and governor cost in instructions
 *
 *   governed jobs      a guest's job and a driving one, on the modules as they ship
 *   governed calls     calls of the governor's programs, by the bench build's stamps
 *
 * Run under -icount, with one governor attached and nothing sealed yet. The gate is
 * really open, so frames, leases and samples come meanwhile: of everything the median
 * is taken, of jobs that of parts too short for all but a few to be disturbed. Prints
 * one flat JSON object: of jobs thousand instructions each, of calls instructions,
 * less an empty pair of stamps.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "guest.h"
#include "measure.h"
#include "scene.h"

#define PART		40u
#define PARTS		(ROUNDS / PART)
#define CALLS		101u

/* So that a job is metered, and the owner's consent charged for it. */
#define JOB_UJ		100

/* kmod/layby.h, enum layby_bench_stamp */
struct stamps {
	unsigned long reclaim[4];
	unsigned long period, nothing, sample, verdict, period_end;
	unsigned long admit, admitted;
};

#define STAMPS	(sizeof(struct stamps) / sizeof(unsigned long))

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t median(uint64_t *values, unsigned int count)
{
	qsort(values, count, sizeof(*values), by_value);
	return values[count / 2];
}

/* --- Jobs -------------------------------------------------------------------------- */

static uint64_t part_ns(struct bench *bench, unsigned int batch)
{
	uint64_t start = bench_now_ns();
	unsigned int i;

	for (i = 0; i < PART; i++)
		bench_batch(bench, fill_job, batch);
	return bench_now_ns() - start;
}

static double count_batch(struct bench *bench, unsigned int batch)
{
	uint64_t took[PARTS];
	unsigned int i;

	for (i = 0; i < WARM_UP / PART; i++)
		part_ns(bench, batch);
	for (i = 0; i < PARTS; i++)
		took[i] = part_ns(bench, batch);
	return (double)median(took, PARTS) / PART / batch / 1000;
}

static void open_node(struct bench *bench, uint32_t class)
{
	char path[300];

	need("node", node_path(class, path, sizeof(path)));
	bench_open(bench, path, -1);
}

static void count_jobs(void)
{
	struct bench guest = {}, driving = {};

	open_node(&guest, LAYBY_CLASS_GUEST);
	open_node(&driving, LAYBY_CLASS_DRIVING);
	printf("{ \"guest_b1\": %.3f,", count_batch(&guest, 1));
	printf(" \"guest_b32\": %.3f,", count_batch(&guest, BATCH));
	printf(" \"driving_b1\": %.3f,", count_batch(&driving, 1));
	printf(" \"driving_b32\": %.3f }\n", count_batch(&driving, BATCH));
}

/* --- Calls ------------------------------------------------------------------------- */

static struct stamps read_stamps(void)
{
	FILE *file = fopen("/sys/module/layby/parameters/stamp", "re");
	unsigned long at[STAMPS];
	struct stamps now;
	unsigned int i;

	if (!file)
		die("no stamps, is it the bench build?", -ENOENT);
	for (i = 0; i < STAMPS; i++)
		if (fscanf(file, i ? ",%lu" : "%lu", &at[i]) != 1)
			die("there are fewer stamps than this program knows", -ENODATA);
	fclose(file);
	memcpy(&now, at, sizeof(now));
	return now;
}

/* One period, whole: the sampler may have come while its stamps were read. */
static struct stamps next_period(unsigned long after)
{
	struct stamps now;

	do {
		sleep_ms(5);
		now = read_stamps();
	} while (now.period == after || now.nothing < now.period || now.sample < now.nothing ||
		 now.verdict < now.sample || now.period_end < now.verdict);
	return now;
}

/* Return: what an empty pair of stamps takes. */
static uint64_t count_periods(void)
{
	uint64_t nothing[CALLS], sample[CALLS], period[CALLS], none;
	struct stamps now = {};
	unsigned int i;

	for (i = 0; i < CALLS; i++) {
		now = next_period(now.period);
		nothing[i] = now.nothing - now.period;
		sample[i] = now.verdict - now.sample;
		period[i] = now.period_end - now.period;
	}
	none = median(nothing, CALLS);
	printf("{ \"sample\": %lu,", median(sample, CALLS) - none);
	/* Four pairs follow each other in it. */
	printf(" \"period\": %lu,", median(period, CALLS) - 4 * none);
	return none;
}

static void count_calls(void)
{
	uint64_t admit[CALLS], none = count_periods();
	struct bench guest = {};
	struct stamps now;
	unsigned int i;

	open_node(&guest, LAYBY_CLASS_GUEST);
	for (i = 0; i < CALLS; i++) {
		bench_batch(&guest, fill_job, 1);
		now = read_stamps();
		admit[i] = now.admitted - now.admit;
	}
	printf(" \"admit\": %lu }\n", median(admit, CALLS) - none);
}

/* ----------------------------------------------------------------------------------- */

static void begin(void)
{
	need("seal", gate_order(LAYBY_NL_SEAL));
	need("scene", scene_start());
	need("supply", car("supply 13"));
	need("layby_null", null_set("energy_uj", JOB_UJ));
	need("token", token_give_again());
	if (!gate_opens()) {
		fprintf(stderr, "governed: %s\n", gate_says());
		die("the gate does not open", -EAGAIN);
	}
}

int main(int argc, char *argv[])
{
	void (*count)(void) = argc != 2 ? NULL :
			      !strcmp(argv[1], "jobs") ? count_jobs :
			      !strcmp(argv[1], "calls") ? count_calls : NULL;

	if (!count) {
		fputs("usage: governed jobs|calls\n", stderr);
		return 2;
	}
	begin();
	count();
	scene_end();
	return 0;
}
