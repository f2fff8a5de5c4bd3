// SPDX-License-Identifier: LGPL-2.1-or-later
/* A steady client, see steady.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "steady.h"

#define PACE_NS (10 * MS)

static int steady_run_one(struct steady *steady, unsigned int job)
{
	float seed = (float)(job % 1000);
	uint64_t start;
	int ret;

	work_fill(&steady->work, seed);
	start = now_ns();
	ret = work_run(&steady->work);
	steady->took_ns[job % STEADY_JOBS] = now_ns() - start;
	if (!ret && !work_is_right(&steady->work, seed))
		steady->wrong++;
	return ret;
}

static void *steady_run(void *arg)
{
	struct steady *steady = arg;
	uint64_t next = now_ns(), now;
	int ret;

	while (!atomic_load(&steady->stop)) {
		ret = steady_run_one(steady, atomic_load(&steady->jobs));
		if (ret) {
			atomic_store(&steady->error, ret);
			break;
		}
		atomic_fetch_add(&steady->jobs, 1);
		next += PACE_NS;
		now = now_ns();
		if (next > now)
			sleep_ms((unsigned int)((next - now) / MS));
		else
			next = now;
	}
	return NULL;
}

int steady_start(struct steady *steady, uint32_t class)
{
	int ret;

	if (steady->running)
		return -EBUSY;
	memset(steady, 0, sizeof(*steady));
	ret = work_start(&steady->work, class, "add");
	if (ret)
		return ret;
	ret = -pthread_create(&steady->thread, NULL, steady_run, steady);
	if (ret)
		work_close(&steady->work);
	steady->running = !ret;
	return ret;
}

struct steady_wait {
	struct steady *steady;
	unsigned int jobs;
};

static bool steady_has_done(void *arg)
{
	struct steady_wait *wait = arg;

	return atomic_load(&wait->steady->jobs) >= wait->jobs ||
	       atomic_load(&wait->steady->error);
}

int steady_goes_on(struct steady *steady, unsigned int jobs)
{
	struct steady_wait wait = { steady, atomic_load(&steady->jobs) + jobs };
	bool done = eventually(steady_has_done, &wait);

	return atomic_load(&steady->error) ?: done ? 0 : -ETIMEDOUT;
}

int steady_stop(struct steady *steady)
{
	if (!steady->running)
		return 0;
	atomic_store(&steady->stop, true);
	pthread_join(steady->thread, NULL);
	work_close(&steady->work);
	steady->running = false;
	if (atomic_load(&steady->error))
		return atomic_load(&steady->error);
	return steady->wrong ? -EBADMSG : 0;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

uint64_t steady_median_ns(struct steady *steady, unsigned int first, unsigned int end)
{
	qsort(steady->took_ns + first, end - first, sizeof(uint64_t), compare);
	return steady->took_ns[first + (end - first) / 2];
}
