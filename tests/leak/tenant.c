// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tenants, see tenant.h. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "gate.h"
#include "tenant.h"

/* 48 bits that nothing else begins a word with, 16 that say whose it is. */
#define MARK		0x5ec2e71ea7b7ULL
#define CHILD_NAMES	0x8000

/* So that what the job writes has memory that it does not on both sides. */
#define GAP		2048UL

#define TAG		1u

/* How often a gate that closes by itself may get into a job's way. */
#define TRIES		20

static uint16_t last_name;

void tenant_name_child(void)
{
	last_name |= CHILD_NAMES;
}

static bool is_secret(uint64_t word)
{
	return word >> 16 == MARK;
}

/* --- Looking ----------------------------------------------------------------- */

/* Where nobody has written since it was cleared. */
static void look_fresh(const struct tenant *tenant, const void *memory, size_t size,
		       struct found *found)
{
	const uint64_t *word = memory;
	size_t i;

	for (i = 0; i < size / sizeof(*word); i++) {
		if (!word[i])
			continue;
		if (is_secret(word[i]) && word[i] != tenant->word)
			found->secret += sizeof(*word);
		else
			found->strange += sizeof(*word);
	}
}

/* Where times, ticks and its own cookies stand. */
static void look_used(const struct tenant *tenant, const void *memory, size_t size,
		      struct found *found)
{
	const uint64_t *word = memory;
	size_t i;

	for (i = 0; i < size / sizeof(*word); i++)
		if (is_secret(word[i]) && word[i] != tenant->word)
			found->secret += sizeof(*word);
}

static void fill(const struct tenant *tenant, void *memory, size_t size)
{
	uint64_t *word = memory;
	size_t i;

	for (i = 0; i < size / sizeof(*word); i++)
		word[i] = tenant->word;
}

/* --- Jobs --------------------------------------------------------------------- */

static struct layby_range area_range(const struct tenant *tenant, size_t offset, size_t length)
{
	return buffer_range(&tenant->area, offset, length);
}

static size_t tiles_at(const struct tenant *tenant)
{
	return 2 * tenant->input + GAP;
}

static int prepare(struct tenant *tenant, uint64_t longest_run_ns)
{
	struct layby_range input = area_range(tenant, 0, tenant->input);
	struct layby_range outputs[2] = {
		area_range(tenant, tenant->input, tenant->input),
		area_range(tenant, tiles_at(tenant), TILE_BYTES),
	};
	struct layby_job_prepare prepare = {
		.program = buffer_range(&tenant->work.program, 0, tenant->work.program.size),
		.inputs = (uintptr_t)&input, .input_count = 1,
		.outputs = (uintptr_t)outputs, .output_count = 2,
		.longest_run_ns = longest_run_ns,
	};
	int ret = node_ioctl(tenant->work.party.fd, DRM_IOCTL_LAYBY_JOB_PREPARE, &prepare);

	tenant->work.job = prepare.job;
	return ret;
}

/* Its cookie is the secret, so that its report has some of it, too. */
static int submit(struct tenant *tenant)
{
	struct io_uring_sqe *sqe = ring_job(&tenant->work.ring, tenant->work.party.fd,
					    TAG, tenant->word);
	int ret;

	if (!sqe)
		return -EBUSY;
	sqe_submit(sqe)->job = tenant->work.job;
	ret = io_uring_submit(&tenant->work.ring);
	return ret < 0 ? ret : 0;
}

int tenant_end(struct tenant *tenant)
{
	int ret = work_wait(&tenant->work);
	int gone = job_unprepare(tenant->work.party.fd, tenant->work.job);

	/* Still on the hardware: whoever closes the party waits for it. */
	if (gone && gone != -EBUSY)
		return gone;
	return ret;
}

bool gate_was_closed(int result)
{
	return result == -ESHUTDOWN || result == -ECANCELED;
}

int tenant_begin(struct tenant *tenant, uint64_t longest_run_ns)
{
	int ret;

	if (!gate_opens())
		return -ESHUTDOWN;
	ret = prepare(tenant, longest_run_ns);
	return ret ? ret : submit(tenant);
}

static int run(struct tenant *tenant)
{
	unsigned int tries = TRIES;
	int ret;

	do {
		ret = tenant_begin(tenant, LONG_RUN);
		if (!ret)
			ret = tenant_end(tenant);
	} while (gate_was_closed(ret) && --tries);
	return ret;
}

/* --- Life ----------------------------------------------------------------------- */

static int load(struct tenant *tenant)
{
	struct buffer *program = &tenant->work.program;
	struct model model;
	int ret = model_read("witness", &model);

	if (ret)
		return ret;
	ret = buffer_make(tenant->work.party.fd, model.size, program);
	if (!ret)
		memcpy(program->map, model.bytes, model.size);
	model_free(&model);
	return ret;
}

int tenant_open(struct tenant *tenant)
{
	int ret;

	memset(tenant, 0, sizeof(*tenant));
	tenant->word = MARK << 16 | ++last_name;
	ret = work_open(&tenant->work, LAYBY_CLASS_GUEST);
	if (ret)
		return ret;
	ret = load(tenant);
	if (ret)
		tenant_close(tenant);
	return ret;
}

static void unmap(struct buffer *buffer)
{
	if (buffer->map)
		munmap(buffer->map, buffer->size);
	buffer->map = NULL;
}

/* With all that it holds, as a process that ends does. */
void tenant_close(struct tenant *tenant)
{
	unsigned int i;

	unmap(&tenant->area);
	for (i = 0; i < tenant->spares; i++)
		unmap(&tenant->spare[i]);
	tenant->spares = 0;
	work_close(&tenant->work);
}

/* --- A turn ---------------------------------------------------------------------- */

static int drop_oldest(struct tenant *tenant)
{
	struct buffer oldest = tenant->spare[0];

	tenant->spares--;
	memmove(tenant->spare, tenant->spare + 1, tenant->spares * sizeof(oldest));
	return buffer_drop(tenant->work.party.fd, &oldest);
}

static int make_spare(struct tenant *tenant, size_t size, struct found *found)
{
	struct buffer *spare;
	int ret = tenant->spares == SPARES ? drop_oldest(tenant) : 0;

	if (ret)
		return ret;
	spare = &tenant->spare[tenant->spares];
	ret = buffer_make(tenant->work.party.fd, size, spare);
	if (ret)
		return ret;
	tenant->spares++;
	look_fresh(tenant, spare->map, size, found);
	fill(tenant, spare->map, size);
	return 0;
}

static int make_area(struct tenant *tenant, size_t input, struct found *found)
{
	int ret;

	if (tenant->area.map) {
		ret = buffer_drop(tenant->work.party.fd, &tenant->area);
		if (ret)
			return ret;
	}
	tenant->input = input;
	ret = buffer_make(tenant->work.party.fd, 2 * input + TILE_BYTES + PAGE, &tenant->area);
	if (ret)
		return ret;
	look_fresh(tenant, tenant->area.map, tenant->area.size, found);
	fill(tenant, tenant->area.map, input);
	return 0;
}

/* The first output shows that the secret was on the tiles. */
static int check_output(const struct tenant *tenant)
{
	return memcmp(tenant->area.map, tenant->area.map + tenant->input, tenant->input) ?
		       -EBADMSG : 0;
}

int tenant_turn(struct tenant *tenant, size_t size, size_t input, struct found *found)
{
	const struct party *party = &tenant->work.party;
	uint8_t *rest;
	int ret;

	look_used(tenant, party->reports, party->info.report_bytes, found);
	ret = make_spare(tenant, size, found);
	if (!ret)
		ret = make_area(tenant, input, found);
	if (!ret)
		ret = run(tenant);
	if (!ret)
		ret = check_output(tenant);
	if (ret)
		return ret;
	rest = tenant->area.map + 2 * input;
	look_fresh(tenant, rest, tenant->area.size - 2 * input, found);
	fill(tenant, rest, tenant->area.size - 2 * input);
	return 0;
}

/* The largest pieces first, until nothing is left that a page fits into. */
static int make_rest(struct tenant *tenant, struct buffer *rest, unsigned int max,
		     unsigned int *ret_count, struct found *found)
{
	int64_t left = window_free(tenant->work.party.fd);
	size_t size = (size_t)left;
	int ret = 0;

	for (*ret_count = 0; left > 0 && *ret_count < max;) {
		ret = buffer_make(tenant->work.party.fd, size, &rest[*ret_count]);
		if (ret == -ENOSPC && size > PAGE) {
			size = size / 2 / PAGE * PAGE;
			continue;
		}
		if (ret)
			break;
		look_fresh(tenant, rest[*ret_count].map, size, found);
		fill(tenant, rest[*ret_count].map, size);
		++*ret_count;
		left = window_free(tenant->work.party.fd);
		if (left < (int64_t)size)
			size = (size_t)left;
	}
	return left < 0 ? (int)left : ret;
}

int tenant_look_everywhere(struct tenant *tenant, struct found *found)
{
	struct buffer rest[128];
	unsigned int count;
	int ret = make_rest(tenant, rest, 128, &count, found);
	int dropped = 0;

	while (count--) {
		dropped = buffer_drop(tenant->work.party.fd, &rest[count]);
		ret = ret ? ret : dropped;
	}
	return ret;
}
