// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Intakes: submissions until they are answered.
 *
 * Owns the message and the submitter's descriptors. What they hold is copied, the
 * program first, into memory or into a file of the store, by the mover: a file system
 * that never answers holds up its own user's submissions only. Files are hashed on the
 * way and on disk when they are whole, so that the store, which does one thing after the
 * other, has little to do with the largest of them. Then the store is asked
 * to keep it, and what the store says is the answer (answer.c): a job is accepted when
 * it is on disk, and not before (ISO-10).
 */
#include "intake.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* Of one user: copied at once, so that the mover has workers left for others. */
#define COPIES_AT_ONCE 2
/* Of one user, with those that wait. */
#define INTAKES_MAX 64

static void intake_copy_next(struct intake *intake);

/* --- contents ------------------------------------------------------------- */

static int intake_source(const struct intake *intake)
{
	const struct request *request = &intake->request;

	return intake->step ? request->inputs[intake->step - 1] : request->program;
}

/* Those of a vector's jobs are slices of it. */
static bool is_in_memory(const struct intake *intake, uint32_t step)
{
	return intake->contents[step].size <= STORE_INLINE_MAX ||
	       (intake->request.elements && step);
}

static void on_seen(struct transfer *transfer, const void *bytes, size_t size)
{
	struct intake *intake = transfer->userdata;

	crypto_hash_sha256_update(&intake->hash, bytes, size);
}

static int content_create_file(struct store *store, struct store_content *content,
			       void **ret_memory)
{
	void *memory;

	content->fd = store_file(store, content->size);
	if (content->fd < 0)
		return content->fd;
	memory = mmap(NULL, content->size, PROT_READ | PROT_WRITE, MAP_SHARED, content->fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	*ret_memory = memory;
	return 0;
}

static int intake_make_room(struct intake *intake)
{
	struct store_content *content = &intake->contents[intake->step];

	if (!is_in_memory(intake, intake->step))
		return content_create_file(intake->party->agent->store, content, &intake->memory);
	intake->memory = malloc(content->size);
	content->data = intake->memory;
	return intake->memory ? 0 : -ENOMEM;
}

/* Of one in memory the memory is the content. */
static void intake_unmap(struct intake *intake)
{
	if (intake->memory && !is_in_memory(intake, intake->step))
		munmap(intake->memory, intake->contents[intake->step].size);
	intake->memory = NULL;
}

static void content_fini(struct store_content *content)
{
	free((void *)content->data);
	close_fd(&content->fd);
}

void intake_destroy(struct intake *intake)
{
	struct party *party = intake->party;
	uint32_t i;

	intake_unmap(intake);
	for (i = 0; i < intake->content_count; i++)
		content_fini(&intake->contents[i]);
	request_fini(&intake->request);
	sd_bus_message_unref(intake->message);
	TAILQ_REMOVE(&party->intakes, intake, entries);
	party->intake_count--;
	agent_pump_soon(party->agent);
	free(intake);
}

/* For the end of the process: nobody is answered. */
void intakes_destroy(struct party *party)
{
	struct intake *intake;

	while ((intake = TAILQ_FIRST(&party->intakes)))
		intake_destroy(intake);
}

/* --- to the store --------------------------------------------------------- */

/* It left while its contents were copied, and nobody would drop the job. */
static bool intake_is_orphan(const struct intake *intake)
{
	const struct store_request *wanted = &intake->request.wanted;

	return !wanted->linger && !client_name(intake->party->agent, wanted->owner);
}

static void fill_one(const struct intake *intake, struct store_new *job)
{
	job->request = intake->request.wanted;
	job->program = intake->contents[0];
	memcpy(job->inputs, &intake->contents[1],
	       job->request.input_count * sizeof(job->inputs[0]));
}

/* Returns where the next one's inputs begin. */
static const char *fill_element(const struct intake *intake, const struct element *element,
				const char *data, struct store_new *job)
{
	uint32_t i;

	job->request = intake->request.wanted;
	job->program = intake->contents[0];
	memcpy(job->request.key, element->key, sizeof(element->key));
	job->request.input_count = element->input_count;
	for (i = 0; i < element->input_count; i++) {
		job->inputs[i] = (struct store_content){
			.data = data,
			.fd = -1,
			.size = element->input_sizes[i],
		};
		data += element->input_sizes[i];
	}
	return data;
}

static size_t intake_fill(const struct intake *intake, struct store_new *jobs)
{
	const struct request *request = &intake->request;
	const char *data = intake->contents[1].data;
	size_t i;

	if (!request->elements) {
		fill_one(intake, jobs);
		return 1;
	}
	for (i = 0; i < request->element_count; i++)
		data = fill_element(intake, &request->elements[i], data, &jobs[i]);
	return i;
}

/* -ECANCELED: nobody wants it any more. */
static int intake_submit(struct intake *intake)
{
	_cleanup_free_ struct store_new *jobs =
		calloc(intake->request.elements ? ELEMENTS_MAX : 1, sizeof(*jobs));

	if (!jobs)
		return -ENOMEM;
	if (intake_is_orphan(intake))
		return -ECANCELED;
	intake->step = 0;
	intake->copied = true;
	/* others may be copied meanwhile */
	agent_pump_soon(intake->party->agent);
	return store_submit(intake->party->agent->store, jobs, intake_fill(intake, jobs),
			    intake_on_submitted, intake);
}

/* --- copying -------------------------------------------------------------- */

static void intake_set_digest(struct intake *intake)
{
	crypto_hash_sha256_final(&intake->hash, intake->digests[intake->step]);
	intake->contents[intake->step].digest = intake->digests[intake->step];
}

static void on_copied(struct transfer *transfer, int result)
{
	struct intake *intake = transfer->userdata;

	intake_unmap(intake);
	if (result < 0 && transfer->syncing) {
		intake_cannot_keep(intake, result);
		return;
	}
	if (result < 0) {
		intake_unreadable(intake, result);
		return;
	}
	if (transfer->seen)
		intake_set_digest(intake);
	intake->step++;
	intake_copy_next(intake);
}

static int intake_copy(struct intake *intake)
{
	bool in_file = !is_in_memory(intake, intake->step);
	int r;

	r = intake_make_room(intake);
	if (r < 0)
		return r;
	crypto_hash_sha256_init(&intake->hash);
	intake->transfer = (struct transfer){
		.fd = intake_source(intake),
		.memory = intake->memory,
		.length = intake->contents[intake->step].size,
		.seen = in_file ? on_seen : NULL,
		.sync = in_file,
		.sync_fd = intake->contents[intake->step].fd,
		.done = on_copied,
		.userdata = intake,
	};
	return mover_start(intake->party->agent->mover, &intake->transfer);
}

static void intake_copy_next(struct intake *intake)
{
	int r;

	if (intake->step < intake->content_count)
		r = intake_copy(intake);
	else
		r = intake_submit(intake);
	if (r == -ECANCELED)
		intake_destroy(intake);
	else if (r < 0)
		intake_cannot_keep(intake, r);
}

/* --- the beginning -------------------------------------------------------- */

static void intake_set_contents(struct intake *intake)
{
	const struct request *request = &intake->request;
	uint32_t i;

	intake->content_count = 1 + request->wanted.input_count;
	intake->contents[0] = (struct store_content){ .fd = -1, .size = request->program_size };
	for (i = 0; i < request->wanted.input_count; i++)
		intake->contents[1 + i] = (struct store_content){
			.fd = -1,
			.size = request->input_sizes[i],
		};
	/* of a vector whose jobs have no inputs */
	if (request->elements && !request->input_sizes[0])
		intake->content_count = 1;
}

int intake_create(struct party *party, sd_bus_message *m,
		  struct request *request, sd_bus_error *error)
{
	struct intake *intake;

	if (party->intake_count >= INTAKES_MAX)
		return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					 "%u of your submissions wait for their answers: wait for some of them",
					 party->intake_count);
	intake = calloc(1, sizeof(*intake));
	if (!intake)
		return -ENOMEM;
	intake->party = party;
	intake->message = sd_bus_message_ref(m);
	intake->request = *request;
	*request = (struct request){ .program = -1 };
	intake_set_contents(intake);
	TAILQ_INSERT_TAIL(&party->intakes, intake, entries);
	party->intake_count++;
	return 0;
}

void intakes_start(struct party *party)
{
	struct intake *intake = TAILQ_FIRST(&party->intakes);
	struct intake *next;
	uint32_t copying = 0;

	for (; intake && copying < COPIES_AT_ONCE; intake = next) {
		next = TAILQ_NEXT(intake, entries);
		copying += !intake->copied;
		if (intake->started)
			continue;
		intake->started = true;
		intake_copy_next(intake);
	}
}
