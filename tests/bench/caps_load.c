// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The loads, see caps_load.h. Must never leave out a job that has ended: the accounts
 * are of all of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "caps_load.h"
#include "specimen.h"

#define US	1000ULL
#define WARM_UPS 5

/* --- What there is -------------------------------------------------------------- */

static struct load_wish wish_steady(unsigned int job, uint64_t random)
{
	return (struct load_wish){ 0 };
}

/* Sixty at a time: what the bucket holds is used at once, again and again. */
static struct load_wish wish_bursts(unsigned int job, uint64_t random)
{
	return (struct load_wish){ .pause_ms = job && job % 60 == 0 ? 900 : 0 };
}

static struct load_wish wish_mixed(unsigned int job, uint64_t random)
{
	static const unsigned int kind[] = { 0, 1, 0, 2 };

	return (struct load_wish){ .kind = kind[job % 4] };
}

static struct load_wish wish_random(unsigned int job, uint64_t random)
{
	return (struct load_wish){
		.kind = random % LOAD_KINDS,
		.pause_ms = random >> 8 & 3 ? 0 : (random >> 16) % 200,
	};
}

static const struct load loads[] = {
	{ "steady", { { 10000, 15000 } }, 1, 4, wish_steady },
	{ "bursts", { { 10000, 15000 } }, 1, 60, wish_bursts },
	{ "long", { { 400000, 600000 } }, 1, 2, wish_steady },
	{ "mixed", { { 5000, 7500 }, { 20000, 30000 }, { 50000, 75000 } }, 3, 4, wish_mixed },
	{ "random", { { 3000, 9000 }, { 10000, 11000 }, { 30000, 45000 }, { 50000, 75000 } },
	  4, 6, wish_random },
	/* What driving does beside all of them, and how it is when it is back */
	{ "beside", { { 5000, 1000000 } }, 1, 1, wish_random },
	{ "full", { { 50000, 1000000 } }, 1, 4, wish_steady },
};

const struct load *load_named(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		if (!strcmp(loads[i].name, name))
			return &loads[i];
	return NULL;
}

/* --- One that goes on ------------------------------------------------------------- */

static void loader_wish(struct loader *loader)
{
	const struct load *load = loader->load;

	loader->wish = load->wish(loader->next, specimen_random(&loader->random));
	loader->wish.kind %= load->kinds;
	loader->not_before_ns = now_ns() + loader->wish.pause_ms * MS;
}

static int kind_open(struct work *work, uint32_t class, const struct load_kind *kind)
{
	struct model model;
	int r = model_read("slow", &model);

	if (r)
		return r;
	r = model_set_us(&model, kind->us);
	if (!r)
		r = work_open(work, class);
	if (!r)
		r = work_load(work, &model, VECTOR_BYTES, VECTOR_BYTES,
			      kind->declared_us * US);
	model_free(&model);
	return r;
}

int loader_open(struct loader *loader, const struct load *load, uint32_t class,
		uint64_t seed)
{
	unsigned int i;
	int r;

	memset(loader, 0, sizeof(*loader));
	loader->load = load;
	loader->outstanding = load->outstanding;
	loader->random = seed;
	r = ring_open(&loader->ring, RING_PLAIN);
	for (i = 0; !r && i < load->kinds; i++)
		r = kind_open(&loader->work[i], class, &load->kind[i]);
	loader_wish(loader);
	return r;
}

void loader_close(struct loader *loader)
{
	unsigned int i;

	for (i = 0; i < loader->load->kinds; i++)
		work_close(&loader->work[i]);
	io_uring_queue_exit(&loader->ring);
	free(loader->job);
}

static int submit_one(struct loader *loader, unsigned int tag, unsigned int kind)
{
	struct work *work = &loader->work[kind];
	struct io_uring_sqe *sqe = ring_job(&loader->ring, work->party.fd, tag, tag);
	int r;

	if (!sqe)
		return -EBUSY;
	sqe_submit(sqe)->job = work->job;
	loader->flying[tag] = (struct load_job){ .submitted_ns = now_ns(), .kind = kind };
	r = io_uring_submit(&loader->ring);
	if (r < 0)
		return r;
	loader->tags_used |= 1ULL << tag;
	loader->in_flight++;
	return 0;
}

int loader_submit(struct loader *loader)
{
	int r;

	while (loader->in_flight < loader->outstanding &&
	       now_ns() >= loader->not_before_ns) {
		r = submit_one(loader, (unsigned int)__builtin_ctzll(~loader->tags_used),
			       loader->wish.kind);
		if (r)
			return r;
		loader->next++;
		loader_wish(loader);
	}
	return 0;
}

static int keep(struct loader *loader, const struct load_job *job)
{
	unsigned int room = loader->room ? 2 * loader->room : 1024;
	struct load_job *grown;

	if (loader->jobs == loader->room) {
		grown = reallocarray(loader->job, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		loader->job = grown;
		loader->room = room;
	}
	loader->job[loader->jobs++] = *job;
	return 0;
}

static int take(struct loader *loader, const struct io_uring_cqe *cqe)
{
	unsigned int tag = (unsigned int)cqe->user_data;
	struct load_job *job = &loader->flying[tag];

	job->done_ns = now_ns();
	job->result = cqe->res;
	job->report = loader->work[job->kind].party.reports[tag];
	loader->tags_used &= ~(1ULL << tag);
	loader->in_flight--;
	return keep(loader, job);
}

static int take_all(struct loader *loader)
{
	struct io_uring_cqe *cqe;
	int r = 0;

	while (!r && !io_uring_peek_cqe(&loader->ring, &cqe)) {
		r = take(loader, cqe);
		io_uring_cqe_seen(&loader->ring, cqe);
	}
	return r;
}

int loader_collect(struct loader *loader, uint64_t until_ns)
{
	uint64_t now = now_ns(), left;
	struct __kernel_timespec wait;
	struct io_uring_cqe *cqe;
	int r;

	if (loader->in_flight < loader->outstanding && loader->not_before_ns > now &&
	    loader->not_before_ns < until_ns)
		until_ns = loader->not_before_ns;
	left = until_ns > now ? until_ns - now : 0;
	wait = (struct __kernel_timespec){ (long long)(left / SECOND),
					   (long long)(left % SECOND) };
	r = io_uring_wait_cqe_timeout(&loader->ring, &cqe, &wait);
	if (r && r != -ETIME && r != -EINTR)
		return r;
	return take_all(loader);
}

int loader_last(const struct loader *loader)
{
	return loader->jobs ? loader->job[loader->jobs - 1].result : 0;
}

static int warm_up(struct loader *loader, unsigned int kind)
{
	unsigned int tries;
	int r;

	for (tries = 0; tries < WARM_UPS; tries++) {
		r = submit_one(loader, 0, kind);
		while (!r && loader->in_flight)
			r = loader_collect(loader, now_ns() + SECOND);
		if (r || !loader_last(loader))
			return r;
	}
	return loader_last(loader);
}

int loader_warm_up(struct loader *loader)
{
	unsigned int kind;
	int r = 0;

	for (kind = 0; !r && kind < loader->load->kinds; kind++)
		r = warm_up(loader, kind);
	return r;
}
