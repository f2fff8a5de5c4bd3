// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sweep - reclaims on the virtual accelerator, over the time its abort takes and the
 * time its jobs take
 *
 *   sweep COUNT SECONDS FILE DONE
 *
 * COUNT reclaims a cell of the sweep, those in DONE among them; ends after SECONDS at
 * most. Appends a line a reclaim to FILE, and one for each stop that the device ended:
 *
 *   reclaim ABORT JOB_US NS RESETS LATE	from the input to the tiles handed back
 *   ticks ABORT JOB_US TICKS			the device's own, from doorbell to state
 *
 * Ends with 1 if a driving partition had not all its tiles after a reclaim. Guest jobs
 * are in flight, one after the other, and the lease is dropped at any time in a job.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <layby.h>

#include "control.h"
#include "measure.h"
#include "scene.h"
#include "work.h"

/* tests/policy/vnpu-sweep.conf: what the device declares, and the policy allows */
#define BOUND_US	124000
/* What the stop and the answer may need between two processes of a host. */
#define NEAR_US		12000
#define DRIVING_TILES	0xff

#define BATCH		20
#define AT_LEAST_MS	16
#define NEVER		UINT32_MAX

static const struct {
	const char *name;
	uint32_t us;
} aborts[] = {
	{ "at_once", 1 }, { "half", BOUND_US / 2 }, { "under", BOUND_US - NEAR_US },
	{ "over", BOUND_US + NEAR_US }, { "never", NEVER },
};

static const uint32_t jobs_us[] = { 500, 5000, 50000, 500000 };

#define ABORTS	(sizeof(aborts) / sizeof(*aborts))
#define JOBS	(sizeof(jobs_us) / sizeof(*jobs_us))

static struct work work[JOBS];
static unsigned long done[ABORTS][JOBS];
static FILE *file;

/* --- What was done before ----------------------------------------------------- */

static void count_line(const char *name, unsigned int us)
{
	size_t a, j;

	for (a = 0; a < ABORTS; a++)
		for (j = 0; j < JOBS; j++)
			if (!strcmp(name, aborts[a].name) && us == jobs_us[j])
				done[a][j]++;
}

static void read_done(const char *path)
{
	FILE *before = fopen(path, "re");
	char line[128], name[16];
	unsigned int us;

	if (!before)
		die(path, -errno);
	while (fgets(line, sizeof(line), before))
		if (sscanf(line, "reclaim %15s %u", name, &us) == 2)
			count_line(name, us);
	fclose(before);
}

/* --- One reclaim --------------------------------------------------------------- */

/* Short ones in a row, so that one is always there. */
static unsigned int jobs_in_a_row(size_t j)
{
	unsigned int row = 1 + 2 * AT_LEAST_MS * 1000 / jobs_us[j];

	return row < work[j].party.info.tags ? row : work[j].party.info.tags;
}

static void submit(size_t j)
{
	unsigned int tag;

	for (tag = 0; tag < jobs_in_a_row(j); tag++)
		need("submit", work_submit(&work[j], tag));
}

static void collect(size_t j)
{
	struct done ended[RING_ENTRIES];
	unsigned int count = jobs_in_a_row(j), i;

	need("jobs", ring_collect(&work[j].ring, ended, count));
	for (i = 0; i < count; i++)
		if (ended[i].res && ended[i].res != -ECANCELED && ended[i].res != -ESHUTDOWN)
			die("a job had another end", ended[i].res);
}

static void reclaim_once(size_t a, size_t j)
{
	struct gate_counts before = counts(), now;
	int lease = (int)need("lease", lease_take(work[j].party.fd));

	before = wait_counts(before.opened + 1, 0);
	submit(j);
	sleep_ms(1 + (unsigned int)random() % AT_LEAST_MS);
	close(lease);
	now = wait_counts(0, before.reclaims + 1);
	collect(j);
	fprintf(file, "reclaim %s %u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", aborts[a].name,
		jobs_us[j], now.last_ns, now.resets - before.resets, now.late - before.late);
}

/* --- A batch -------------------------------------------------------------------- */

static void set_abort(uint32_t us)
{
	need("abort time", us == NEVER ? control_abort_never(GUEST_SLOT) :
					 control_abort_time(GUEST_SLOT, us));
}

static uint64_t stops(uint32_t ticks[CONTROL_TIMES], int *kept)
{
	uint64_t count;

	*kept = (int)need("stop times", control_stop_times(GUEST_SLOT, ticks, &count));
	return count;
}

static void write_ticks(size_t a, size_t j, uint64_t before)
{
	uint32_t ticks[CONTROL_TIMES];
	int kept, i;
	uint64_t count = stops(ticks, &kept);

	for (i = count - before < (uint64_t)kept ? kept - (int)(count - before) : 0; i < kept; i++)
		fprintf(file, "ticks %s %u %u\n", aborts[a].name, jobs_us[j], ticks[i]);
}

static void check_tiles(void)
{
	struct device_status status;

	need("status", control_status(&status));
	if (status.slot[DRIVING_SLOT].tiles != DRIVING_TILES)
		die("driving has not got all of its tiles back", -EIO);
}

static void run_batch(size_t a, size_t j, unsigned long count)
{
	uint32_t ticks[CONTROL_TIMES];
	int kept;
	uint64_t before = stops(ticks, &kept);
	unsigned long i;

	set_abort(aborts[a].us);
	for (i = 0; i < count; i++)
		reclaim_once(a, j);
	write_ticks(a, j, before);
	check_tiles();
	done[a][j] += count;
	fflush(file);
}

static bool sweep_once(unsigned long count, uint64_t end_ns)
{
	unsigned long left;
	bool any = false;
	size_t a, j;

	for (a = 0; a < ABORTS; a++)
		for (j = 0; j < JOBS; j++) {
			left = count > done[a][j] ? count - done[a][j] : 0;
			if (!left || now_ns() > end_ns)
				continue;
			run_batch(a, j, left < BATCH ? left : BATCH);
			any = true;
		}
	return any;
}

/* ---------------------------------------------------------------------------------- */

/* Everything is right but the lease; guests can be opened only under one. */
static void begin(void)
{
	int node, lease;
	size_t j;

	need("scene", scene_start());
	need("token", token_give_again());
	need("park", park("drop"));
	node = (int)need("node", node_open(LAYBY_CLASS_GUEST));
	lease = (int)need("lease", lease_take(node));
	for (j = 0; j < JOBS; j++)
		need("guest", work_start_slow(&work[j], LAYBY_CLASS_GUEST, jobs_us[j]));
	close(lease);
	close(node);
	if (!gate_closes(LAYBY_GATE_NO_LEASE))
		die("something besides the lease is not right", -EAGAIN);
}

static void end(void)
{
	size_t j;

	need("abort time", control_abort_declared(GUEST_SLOT));
	for (j = 0; j < JOBS; j++)
		work_close(&work[j]);
	scene_end();
}

int main(int argc, char *argv[])
{
	unsigned long count, round = 0;
	uint64_t end_ns;

	if (argc != 5) {
		fputs("usage: sweep COUNT SECONDS FILE DONE\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	file = fopen(argv[3], "ae");
	if (!file)
		die(argv[3], -errno);
	read_done(argv[4]);
	count = strtoul(argv[1], NULL, 10);
	end_ns = now_ns() + strtoul(argv[2], NULL, 10) * SECOND;
	begin();
	while (sweep_once(count, end_ns))
		printf("sweep: round %lu, up to %lu of %lu in each of %zu cells\n", ++round,
		       done[0][0], count, ABORTS * JOBS);
	end();
	return fclose(file) ? 1 : 0;
}
