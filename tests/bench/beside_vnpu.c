// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * beside-vnpu JOBS FOLDER [SCRIPT]... - see beside.h; on the virtual accelerator
 *
 * Driving's job is stream.onnx: 20 ms on its four tiles, half of the memory's
 * bandwidth. Each result is looked at. The device's ticks are the figure: they are
 * true, while the machine is emulated and shares its host, so that its clock shows
 * who else had the host. With them goes all that partitions share on the device.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "beside.h"
#include "control.h"
#include "gate.h"
#include "work.h"

#define GUEST_RUN	(100 * MS)
#define STORM_US	50
/* The device remembers that many delays */
#define WINDOW		100

static struct work driving;

static int drive(struct beside_job *ret_job)
{
	const struct layby_report *report = work_report(&driving, 0);
	static unsigned int number;
	float seed = (float)(++number % 1000);
	uint64_t start;
	int r;

	work_fill(&driving, seed);
	start = now_ns();
	r = work_run(&driving);
	ret_job->ns = now_ns() - start;
	ret_job->ticks = report->queue_ticks + report->run_ticks;
	if (r)
		return r;
	return work_is_right(&driving, seed) ? 0 : -EBADMSG;
}

/* What the host did is not the guest's doing: the device says how much that was. */
static int look_back(struct beside_job *jobs, unsigned int count)
{
	static uint32_t ticks[CONTROL_TIMES];
	static uint64_t ended;
	uint64_t now;
	unsigned int i;
	int r = control_delays(DRIVING_SLOT, ticks, &now);

	if (r < 0)
		return r;
	/* Windows that are left out have run before it. */
	if (now - ended < count || (unsigned int)r < count)
		return -EPROTO;
	ended = now;
	for (i = 0; i < count; i++)
		jobs[i].ticks -= ticks[(unsigned int)r - count + i];
	return 0;
}

/* --- The guest ----------------------------------------------------------------- */

/* Two jobs in the queue, so that the slot is never idle; each ends so, for ever. */
static int jobs_end_with(const char *program, uint64_t longest_run_ns, int result)
{
	struct work work;
	uint32_t tag;
	int r = work_start_bounded(&work, LAYBY_CLASS_GUEST, program, longest_run_ns);

	if (!r)
		memset(work.input.map, 0x7f, VECTOR_BYTES);
	if (!r)
		r = work_submit(&work, 0);
	for (tag = 1; !r; tag = !tag) {
		r = work_submit(&work, tag);
		if (r)
			break;
		r = work_wait(&work);
		if (r != result)
			return r < 0 ? -r : EPROTO;
		beside_deed();
		r = 0;
	}
	return -r;
}

static int guest_never_ends(void *script)
{
	return jobs_end_with("endless", GUEST_RUN, -ETIME);
}

/* Its indices are out of range. */
static int guest_faults(void *script)
{
	return jobs_end_with("gather", LONG_RUN, -EIO);
}

static int guest_runs(void *script)
{
	return jobs_end_with("add", LONG_RUN, 0);
}

/* All of the bandwidth for 400 ms, each. */
static int guest_hogs(void *script)
{
	return jobs_end_with("hog", LONG_RUN, 0);
}

/* --- The scripts ----------------------------------------------------------------- */

static int nothing(void)
{
	return 0;
}

/* What does not answer an abort is reset. */
static int reset(void)
{
	return control_abort_never(GUEST_SLOT);
}

static int storm(void)
{
	return control_storm(GUEST_SLOT, UINT32_MAX, STORM_US);
}

static int calm(void)
{
	return control_abort_declared(GUEST_SLOT) ?: control_storm(GUEST_SLOT, 0, 1);
}

static const struct beside_script scripts[] = {
	{ "hang", nothing, guest_never_ends },
	{ "fault", nothing, guest_faults },
	{ "reset", reset, guest_never_ends },
	{ "storm", storm, guest_runs },
	{ "hog", nothing, guest_hogs },
};

static const struct beside beside = {
	.scripts = scripts,
	.count = sizeof(scripts) / sizeof(scripts[0]),
	.window = WINDOW,
	.drive = drive,
	.look_back = look_back,
	.calm = calm,
};

int main(int argc, char *argv[])
{
	unsigned long jobs = argc < 3 ? 0 : strtoul(argv[1], NULL, 10);

	if (!jobs || jobs > 1000000) {
		fputs("usage: beside-vnpu JOBS FOLDER [SCRIPT]...\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	beside_need("driving", work_start(&driving, LAYBY_CLASS_DRIVING, "stream"));
	return beside_run(&beside, (unsigned int)jobs, argv[2], argv + 3);
}
