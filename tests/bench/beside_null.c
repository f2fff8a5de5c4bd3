// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * beside-null JOBS FOLDER [SCRIPT]... - see beside.h; on layby_null, under -icount
 *
 * What layby.ko itself costs the driving partition beside a guest. One CPU, one
 * virtual nanosecond an instruction, so everything that any of us makes it execute is
 * in the figures. Two things are set so that they show the module and not who else
 * wants that one CPU: driving is SCHED_FIFO, as driving functions are, but below the
 * module's workers; and the guest's process is SCHED_IDLE. A driving job takes JOB_US
 * on the device, as long as a small network does: layby_null itself takes no time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "beside.h"
#include "guest.h"
#include "scene.h"

#define JOB_US		300
#define STORM_US	20
/* Long enough for some resets: one takes 62 ms */
#define WINDOW		1000
#define GUEST_RUN	(1 * MS)
/* A party has so many tags; the policy's queue is full with four of them. */
#define TAGS		64
#define PARTIES		4
#define DEPTH		(PARTIES * TAGS)

static struct party driving;
static struct io_uring ring;

static int drive(struct beside_job *ret_job)
{
	const struct layby_report *report = &driving.reports[0];
	uint64_t start = now_ns();
	int r;

	if (!ring_job(&ring, driving.fd, 0, start))
		return -EBUSY;
	r = ring_run_one(&ring);
	*ret_job = (struct beside_job){ .ns = now_ns() - start };
	if (r)
		return r;
	return report->state == LAYBY_REPORT_DONE && !report->result &&
	       report->cookie == start ? 0 : -EBADMSG;
}

/* --- The guest ---------------------------------------------------------------- */

struct crowd {
	struct party party[PARTIES];
	struct io_uring ring;
};

static int crowd_open(struct crowd *crowd)
{
	unsigned int i;
	int r = ring_open(&crowd->ring, RING_DEFER);

	for (i = 0; i < PARTIES && !r; i++)
		r = party_open_ready(&crowd->party[i], LAYBY_CLASS_GUEST, GUEST_RUN);
	return r;
}

static int crowd_job(struct crowd *crowd, uint64_t job, bool last)
{
	int fd = crowd->party[job / TAGS].fd;
	struct io_uring_sqe *sqe = ring_job(&crowd->ring, fd, job % TAGS, job);

	if (!sqe)
		return -EBUSY;
	sqe_submit(sqe)->flags = last ? 0 : LAYBY_SUBMIT_MORE;
	return io_uring_sq_space_left(&crowd->ring) && !last ? 0 : io_uring_submit(&crowd->ring);
}

/* One doorbell for all: then their ends come all at once too. */
static int crowd_submit(struct crowd *crowd, const struct done *done, int count)
{
	int i, r = 0;

	for (i = 0; i < count && r >= 0; i++)
		r = crowd_job(crowd, done[i].user_data, i + 1 == count);
	return r < 0 ? r : 0;
}

/* At least one end, and each must be so: how many. */
static int crowd_ends(struct crowd *crowd, struct done *done, int result)
{
	int count = 0, r;

	do {
		r = ring_collect(&crowd->ring, &done[count], 1);
		if (!r && done[count].res != result)
			r = done[count].res ?: -EPROTO;
		if (r)
			return r;
		beside_deed();
		count++;
	} while (count < DEPTH && io_uring_cq_ready(&crowd->ring));
	return count;
}

/* The whole queue full, again and again. */
static int jobs_end_with(int result)
{
	static struct crowd crowd;
	static struct done done[DEPTH];
	int r = crowd_open(&crowd), count;

	for (count = 0; count < DEPTH; count++)
		done[count].user_data = (uint64_t)count;
	while (!r) {
		r = crowd_submit(&crowd, done, count);
		if (r)
			break;
		count = crowd_ends(&crowd, done, result);
		r = count < 0 ? count : 0;
	}
	return -r;
}

static int guest_times_out(void *script)
{
	return jobs_end_with(-ETIME);
}

static int guest_faults(void *script)
{
	return jobs_end_with(-EFAULT);
}

static int guest_runs(void *script)
{
	return jobs_end_with(0);
}

/* --- The scripts --------------------------------------------------------------- */

static int hang(void)
{
	return null_set("hang", 1);
}

static int fault(void)
{
	return null_set("fault", 1);
}

/* What does not answer an abort is reset. */
static int reset(void)
{
	return hang() ?: null_set("lose_abort", 1);
}

static int storm(void)
{
	return null_set("storm_us", STORM_US);
}

static int calm(void)
{
	return null_behave() ?: null_set("fault", 0) ?: null_set("storm_us", 0);
}

static const struct beside_script scripts[] = {
	{ "hang", hang, guest_times_out },
	{ "fault", fault, guest_faults },
	{ "reset", reset, guest_times_out },
	{ "storm", storm, guest_runs },
};

static const struct beside beside = {
	.scripts = scripts,
	.count = sizeof(scripts) / sizeof(scripts[0]),
	.window = WINDOW,
	.drive = drive,
	.calm = calm,
};

int main(int argc, char *argv[])
{
	unsigned long jobs = argc < 3 ? 0 : strtoul(argv[1], NULL, 10);
	int r;

	if (!jobs || jobs > 1000000) {
		fputs("usage: beside-null JOBS FOLDER [SCRIPT]...\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	beside_need("seal", gate_order(LAYBY_NL_SEAL));
	beside_need("scene", scene_start());
	beside_need("token", token_give_again());
	beside_need("layby_null", null_set("only_slot", GUEST_SLOT));
	beside_need("layby_null", null_set("others_us", JOB_US));
	beside_need("driving", party_open_ready(&driving, LAYBY_CLASS_DRIVING, LONG_RUN));
	beside_need("ring", ring_open(&ring, RING_DEFER));
	r = beside_run(&beside, (unsigned int)jobs, argv[2], argv + 3);
	scene_end();
	return r;
}
