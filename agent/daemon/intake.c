// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Intakes: submissions until they are answered.
 *
 * Owns the message and the submitter's descriptors. What they hold is copied, the
 * program first, into memory or into a file of the store, by the mover: a file system
 * that never answers holds up its own user's submissions only. Then the store is asked
 * to keep it, and what the store says is the answer: a job is accepted when it is on
 * disk, and not before (ISO-10).
 */
#include "agent.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

/* Of one user: copied at once, so that the mover has workers left for others. */
#define COPIES_AT_ONCE 2
/* Of one user, with those that wait. */
#define INTAKES_MAX 64

struct intake {
	TAILQ_ENTRY(intake) entries;
	struct party *party;
	sd_bus_message *message;
	struct request request;
	struct store_new fresh;
	/* of what is being copied; 0 the program, n input n - 1 */
	uint32_t step;
	void *memory;
	struct transfer transfer;
	bool started;
};

static void intake_copy_next(struct intake *intake);

/* --- contents ------------------------------------------------------------- */

static struct store_content *intake_content(struct intake *intake, uint32_t step)
{
	return step ? &intake->fresh.inputs[step - 1] : &intake->fresh.program;
}

static int intake_source(const struct intake *intake)
{
	const struct request *request = &intake->request;

	return intake->step ? request->inputs[intake->step - 1] : request->program;
}

static bool is_small(uint64_t size)
{
	return size <= STORE_INLINE_MAX;
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

static int content_create(struct store *store, struct store_content *content,
			  void **ret_memory)
{
	if (!is_small(content->size))
		return content_create_file(store, content, ret_memory);
	*ret_memory = malloc(content->size);
	content->data = *ret_memory;
	return *ret_memory ? 0 : -ENOMEM;
}

/* Of a small one the memory is the content. */
static void content_unmap(const struct store_content *content, void **memory)
{
	if (*memory && !is_small(content->size))
		munmap(*memory, content->size);
	*memory = NULL;
}

static void content_fini(struct store_content *content)
{
	free((void *)content->data);
	close_fd(&content->fd);
}

/* --- the end -------------------------------------------------------------- */

static void intake_destroy(struct intake *intake)
{
	struct party *party = intake->party;
	uint32_t i;

	content_unmap(intake_content(intake, intake->step), &intake->memory);
	for (i = 0; i <= intake->fresh.request.input_count; i++)
		content_fini(intake_content(intake, i));
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

static void intake_refuse(struct intake *intake, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void intake_refuse(struct intake *intake, const char *name, const char *format, ...)
{
	va_list list;
	int r;

	va_start(list, format);
	r = sd_bus_reply_method_errorfv(intake->message, name, format, list);
	va_end(list);
	if (r < 0)
		log_error("answering a submission: %s", strerror(-r));
	intake_destroy(intake);
}

static void intake_cannot_keep(struct intake *intake, int result)
{
	intake_refuse(intake, ERROR_CANNOT_KEEP,
		      "the job cannot be kept on disk (%s): it is not accepted, submit it again later",
		      strerror(-result));
}

static void intake_not_accepted(struct intake *intake, int result)
{
	switch (-result) {
	case EEXIST:
		intake_refuse(intake, ERROR_KEY_USED,
			      "you have a job of that key with other content: take another key for another job");
		break;
	case EDQUOT:
		intake_refuse(intake, SD_BUS_ERROR_LIMITS_EXCEEDED,
			      "you hold as many jobs or bytes as one user may: release some that ended");
		break;
	case ENOBUFS:
		intake_refuse(intake, SD_BUS_ERROR_LIMITS_EXCEEDED,
			      "the agent holds as many jobs or bytes as it may: try again later");
		break;
	default:
		intake_cannot_keep(intake, result);
		break;
	}
}

static void intake_accepted(struct intake *intake, uint64_t number)
{
	char path[64];
	int r;

	job_path(number, path);
	r = sd_bus_reply_method_return(intake->message, "o", path);
	if (r < 0)
		log_error("answering a submission: %s", strerror(-r));
	intake->party->more = true;
	intake_destroy(intake);
}

static void intake_tell(struct intake *intake, uint64_t number)
{
	struct job *job = intake->party->agent->shown;

	*job = (struct job){ .agent = intake->party->agent };
	if (!store_get(job->agent->store, number, &job->stored))
		job_emit_added(job);
}

static void on_submitted(void *userdata, const struct store_submitted *results, size_t count)
{
	struct intake *intake = userdata;

	if (results->result < 0) {
		intake_not_accepted(intake, results->result);
		return;
	}
	if (!results->result)
		intake_tell(intake, results->number);
	intake_accepted(intake, results->number);
}

/* --- copying -------------------------------------------------------------- */

/* It left while its contents were copied, and nobody would drop the job. */
static bool intake_is_orphan(const struct intake *intake)
{
	const struct store_request *wanted = &intake->fresh.request;

	return !wanted->linger && !client_name(intake->party->agent, wanted->owner);
}

static void intake_submit(struct intake *intake)
{
	int r;

	if (intake_is_orphan(intake)) {
		intake_destroy(intake);
		return;
	}
	r = store_submit(intake->party->agent->store, &intake->fresh, 1, on_submitted, intake);
	if (r < 0)
		intake_cannot_keep(intake, r);
}

static void intake_unreadable(struct intake *intake, int result)
{
	const char *problem = result == -ENODATA ? "it ends before its size" : strerror(-result);

	if (intake->step)
		intake_refuse(intake, SD_BUS_ERROR_INVALID_ARGS, "input %u cannot be read: %s",
			      intake->step - 1, problem);
	else
		intake_refuse(intake, SD_BUS_ERROR_INVALID_ARGS, "the program cannot be read: %s",
			      problem);
}

static void on_copied(struct transfer *transfer, int result)
{
	struct intake *intake = transfer->userdata;

	content_unmap(intake_content(intake, intake->step), &intake->memory);
	if (result < 0) {
		intake_unreadable(intake, result);
		return;
	}
	intake->step++;
	intake_copy_next(intake);
}

static int intake_copy(struct intake *intake)
{
	struct store_content *content = intake_content(intake, intake->step);
	struct agent *agent = intake->party->agent;
	int r;

	r = content_create(agent->store, content, &intake->memory);
	if (r < 0)
		return r;
	intake->transfer = (struct transfer){
		.fd = intake_source(intake),
		.memory = intake->memory,
		.length = content->size,
		.done = on_copied,
		.userdata = intake,
	};
	return mover_start(agent->mover, &intake->transfer);
}

static void intake_copy_next(struct intake *intake)
{
	int r;

	if (intake->step > intake->fresh.request.input_count) {
		intake->step = 0;
		intake_submit(intake);
		return;
	}
	r = intake_copy(intake);
	if (r < 0)
		intake_cannot_keep(intake, r);
}

/* --- the beginning -------------------------------------------------------- */

static void intake_fill(struct intake *intake)
{
	const struct request *request = &intake->request;
	uint32_t i;

	intake->fresh.request = request->wanted;
	intake->fresh.program = (struct store_content){ .fd = -1, .size = request->program_size };
	for (i = 0; i < request->wanted.input_count; i++)
		intake->fresh.inputs[i] = (struct store_content){
			.fd = -1,
			.size = request->input_sizes[i],
		};
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
	intake_fill(intake);
	TAILQ_INSERT_TAIL(&party->intakes, intake, entries);
	party->intake_count++;
	return 0;
}

/* What is at the store already does not read any more, but is counted all the same. */
void intakes_start(struct party *party)
{
	struct intake *intake = TAILQ_FIRST(&party->intakes);
	struct intake *next;
	uint32_t started = 0;

	for (; intake && started < COPIES_AT_ONCE; intake = next, started++) {
		next = TAILQ_NEXT(intake, entries);
		if (intake->started)
			continue;
		intake->started = true;
		intake_copy_next(intake);
	}
}
