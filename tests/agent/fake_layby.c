// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A liblayby without a device, for testing the programs that stand on it.
 *
 * Buffers are memory. A program is text: "copy MS", "hang", "fail ERRNO",
 * "held MS" (as hang, but after a cancel the device lets go MS later). Jobs run
 * all at once and end by a timer; copy writes input 0 into each output, cut or
 * filled up with '.'. "flaky N" fails N times with EIO, then is as "copy 0". What
 * is started is appended to $FAKE_LAYBY_NODE.started, a program a line. The node
 * exists while the file $FAKE_LAYBY_NODE does.
 * Environment: FAKE_LAYBY_WINDOW bytes, FAKE_LAYBY_TAGS, FAKE_LAYBY_DEPTH.
 * Consent stands in the file $FAKE_LAYBY_NODE.consent; giving fails with errno
 * FAKE_LAYBY_CONSENT if that is set.
 *
 * The gate is fake_gate.c's, and open before it has said anything. While it is
 * closed, buffers cannot be reached and jobs are refused; without consent the
 * nodes that are open die. "refuse N" is as "copy 0", but refused N times as if
 * the gate had closed. What happens to the lease is appended to the file
 * $FAKE_LAYBY_NODE.lease, one word a line; while $FAKE_LAYBY_NODE.busy exists,
 * somebody else holds it.
 */
#include "fake_gate.h"

#include <layby.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u
#define MAX_BUFFERS 64

struct layby_buffer {
	LIST_ENTRY(layby_buffer) entries;
	struct layby_node *node;
	uint32_t handle;
	uint64_t size;
	char *data;
};

struct layby_node {
	LIST_ENTRY(layby_node) entries;
	bool dead;
	LIST_HEAD(, layby_buffer) buffers;
	LIST_HEAD(, layby_job) jobs;
	uint32_t next_handle;
	uint32_t buffer_count;
	uint32_t tags_used;
};

struct layby_job {
	LIST_ENTRY(layby_job) entries;
	struct layby_node *node;
	struct layby_range program, inputs[LAYBY_MAX_INPUTS];
	struct layby_range outputs[LAYBY_MAX_OUTPUTS];
	struct layby_job_spec spec;
	uint64_t held_until_us;
	uint32_t in_flight;
};

struct flight {
	TAILQ_ENTRY(flight) entries;
	struct layby_job *job;
	uint64_t end_us;
	struct layby_completion completion;
};

struct layby_queue {
	LIST_ENTRY(layby_queue) others;
	struct layby_node *node;
	TAILQ_HEAD(, flight) flights;
	uint32_t count, entries;
	int timer;
};

static uint64_t window_used;
static LIST_HEAD(, layby_node) nodes = LIST_HEAD_INITIALIZER(nodes);
static LIST_HEAD(, layby_queue) queues = LIST_HEAD_INITIALIZER(queues);
static bool closed;
static uint32_t refusals, failures;

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static bool present(void)
{
	const char *node = getenv("FAKE_LAYBY_NODE");

	return node && access(node, F_OK) == 0;
}

int layby_node_open(const char *partition, struct layby_node **ret_node)
{
	if (strcmp(partition, "guest") && strcmp(partition, "driving"))
		return strchr(partition, '/') ? -ENODEV : -EINVAL;
	if (!strcmp(partition, "driving"))
		return -EACCES;
	if (!present())
		return -ENOENT;
	*ret_node = calloc(1, sizeof(**ret_node));
	LIST_INSERT_HEAD(&nodes, *ret_node, entries);
	return 0;
}

void layby_node_close(struct layby_node *node)
{
	struct layby_job *job;

	if (!node)
		return;
	while ((job = LIST_FIRST(&node->jobs))) {
		LIST_REMOVE(job, entries);
		free(job);
	}
	if (!LIST_EMPTY(&node->buffers))
		abort();
	LIST_REMOVE(node, entries);
	free(node);
}

int layby_node_query_accel(struct layby_node *node,
			   struct layby_accel_info *ret_info)
{
	if (!present())
		return -ENODEV;
	*ret_info = (struct layby_accel_info){ .name = "fake",
					       .memory_bytes = 1 << 28,
					       .ticks_hz = 1000000,
					       .tiles = 8,
					       .levels = 4 };
	return 0;
}

int layby_node_query_partition(struct layby_node *node,
			       struct layby_partition_info *ret_info)
{
	uint64_t window = setting("FAKE_LAYBY_WINDOW", 1 << 20);

	if (!present())
		return -ENODEV;
	*ret_info = (struct layby_partition_info){
		.partition_class = LAYBY_CLASS_GUEST,
		.window_bytes = window,
		.window_free_bytes = window - window_used,
		.longest_run_max_ns = 10000000000,
		.tiles = 4,
		.queue_depth = 64,
	};
	return 0;
}

int layby_node_query_party(struct layby_node *node,
			   struct layby_party_info *ret_info)
{
	*ret_info = (struct layby_party_info){
		.tags = (uint32_t)setting("FAKE_LAYBY_TAGS", 4),
		.jobs_max = 64,
		.buffers_max = MAX_BUFFERS,
	};
	return 0;
}

static FILE *open_consent(const char *mode)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s.consent", getenv("FAKE_LAYBY_NODE"));
	return fopen(path, mode);
}

int layby_consent_give(struct layby_node *node, const void *token,
		       size_t token_size, const void *signature,
		       size_t signature_size)
{
	int error = (int)setting("FAKE_LAYBY_CONSENT", 0);
	FILE *file;

	if (error)
		return -error;
	file = open_consent("w");
	if (!file)
		return -errno;
	fwrite(token, 1, token_size, file);
	fwrite(signature, 1, signature_size, file);
	return fclose(file) ? -errno : 0;
}

int layby_consent_withdraw(struct layby_node *node)
{
	FILE *file = open_consent("w");

	return file && !fclose(file) ? 0 : -errno;
}

int layby_buffer_create(struct layby_node *node, uint64_t size, uint32_t flags,
			struct layby_buffer **ret_buffer)
{
	struct layby_buffer *buffer;

	if (!present())
		return -ENODEV;
	if (node->dead)
		return -ESTALE;
	if (!size)
		return -EINVAL;
	size = (size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	if (size > setting("FAKE_LAYBY_WINDOW", 1 << 20) - window_used)
		return -ENOSPC;
	if (node->buffer_count == MAX_BUFFERS)
		return -EDQUOT;
	buffer = calloc(1, sizeof(*buffer));
	*buffer = (struct layby_buffer){
		.node = node,
		.handle = ++node->next_handle,
		.size = size,
		.data = mmap(NULL, size,
			     closed ? PROT_NONE : PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	};
	window_used += size;
	node->buffer_count++;
	LIST_INSERT_HEAD(&node->buffers, buffer, entries);
	fake_gate_look();
	*ret_buffer = buffer;
	return 0;
}

int layby_buffer_destroy(struct layby_buffer *buffer)
{
	if (!buffer)
		return 0;
	window_used -= buffer->size;
	buffer->node->buffer_count--;
	LIST_REMOVE(buffer, entries);
	munmap(buffer->data, buffer->size);
	free(buffer);
	return 0;
}

int layby_buffer_map(struct layby_buffer *buffer, void **ret_data)
{
	*ret_data = buffer->data;
	return 0;
}

struct layby_range layby_buffer_range(const struct layby_buffer *buffer,
				      uint64_t offset, uint64_t length)
{
	return (struct layby_range){ .handle = buffer->handle,
				     .offset = offset,
				     .length = length };
}

static char *range_data(struct layby_node *node,
			const struct layby_range *range)
{
	struct layby_buffer *buffer;

	LIST_FOREACH(buffer, &node->buffers, entries)
	if (buffer->handle == range->handle &&
	    range->offset % LAYBY_RANGE_ALIGN == 0 && range->length &&
	    range->offset + range->length <= buffer->size)
		return buffer->data + range->offset;
	return NULL;
}

int layby_job_prepare(struct layby_node *node,
		      const struct layby_job_spec *spec,
		      struct layby_job **ret_job)
{
	struct layby_job *job;

	if (node->dead)
		return -ESTALE;
	job = calloc(1, sizeof(*job));
	job->node = node;
	job->spec = *spec;
	job->program = spec->program;
	memcpy(job->inputs, spec->inputs,
	       spec->input_count * sizeof(job->inputs[0]));
	memcpy(job->outputs, spec->outputs,
	       spec->output_count * sizeof(job->outputs[0]));
	LIST_INSERT_HEAD(&node->jobs, job, entries);
	*ret_job = job;
	return 0;
}

int layby_job_unprepare(struct layby_job *job)
{
	if (!job)
		return 0;
	if (job->in_flight || now_us() < job->held_until_us)
		return -EBUSY;
	LIST_REMOVE(job, entries);
	free(job);
	return 0;
}

/* --- the queue ------------------------------------------------------------ */

int layby_queue_create(struct layby_node *node, uint32_t entries,
		       uint32_t flags, struct layby_queue **ret_queue)
{
	struct layby_queue *queue = calloc(1, sizeof(*queue));

	queue->node = node;
	queue->entries = entries ?: (uint32_t)setting("FAKE_LAYBY_TAGS", 4);
	queue->timer =
		timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	TAILQ_INIT(&queue->flights);
	LIST_INSERT_HEAD(&queues, queue, others);
	*ret_queue = queue;
	return 0;
}

void layby_queue_destroy(struct layby_queue *queue)
{
	struct flight *flight;

	if (!queue)
		return;
	while ((flight = TAILQ_FIRST(&queue->flights))) {
		TAILQ_REMOVE(&queue->flights, flight, entries);
		free(flight);
	}
	LIST_REMOVE(queue, others);
	close(queue->timer);
	free(queue);
}

int layby_queue_event_fd(struct layby_queue *queue)
{
	return queue->timer;
}

static struct flight *earliest(struct layby_queue *queue)
{
	struct flight *flight, *first = NULL;

	TAILQ_FOREACH(flight, &queue->flights, entries)
	if (!first || flight->end_us < first->end_us)
		first = flight;
	return first;
}

int layby_queue_flush(struct layby_queue *queue)
{
	struct itimerspec its = {};
	struct flight *first = earliest(queue);

	if (first) {
		its.it_value.tv_sec = (time_t)(first->end_us / 1000000);
		its.it_value.tv_nsec = (long)(first->end_us % 1000000) * 1000;
	}
	return timerfd_settime(queue->timer, TFD_TIMER_ABSTIME, &its, NULL);
}

static void note_start(const char *program)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s.started", getenv("FAKE_LAYBY_NODE"));
	file = fopen(path, "ae");
	if (!file)
		abort();
	fprintf(file, "%s\n", program);
	fclose(file);
}

/* What the program says: how long, and how it ends. */
static uint64_t program_run(struct layby_job *job, int *ret_result,
			    uint32_t *ret_reason)
{
	char *program = range_data(job->node, &job->program);
	char text[32] = "";
	unsigned int n;

	if (!program)
		abort();
	memcpy(text, program,
	       job->program.length < 31 ? job->program.length : 31);
	note_start(text);
	*ret_result = 0;
	*ret_reason = LAYBY_REASON_FINISHED;
	if (sscanf(text, "copy %u", &n) == 1)
		return n * 1000;
	if (sscanf(text, "flaky %u", &n) == 1) {
		if (failures++ < n) {
			*ret_result = -EIO;
			*ret_reason = LAYBY_REASON_DEVICE_FAILED;
		}
		return 0;
	}
	if (sscanf(text, "refuse %u", &n) == 1) {
		if (refusals++ < n)
			*ret_result = -ESHUTDOWN;
		return 0;
	}
	if (sscanf(text, "fail %u", &n) == 1) {
		*ret_result = -(int)n;
		*ret_reason = LAYBY_REASON_BAD_PROGRAM;
		return 0;
	}
	if (strncmp(text, "hang", 4) == 0 || strncmp(text, "held", 4) == 0)
		return UINT64_MAX;
	*ret_result = -ENOEXEC;
	*ret_reason = LAYBY_REASON_BAD_PROGRAM;
	return 0;
}

int layby_queue_add(struct layby_queue *queue,
		    const struct layby_job *const_job, uint64_t cookie)
{
	struct layby_job *job = (struct layby_job *)const_job;
	struct flight *flight;
	uint64_t run_us, longest_us = job->spec.longest_run_ns / 1000;
	int result = 0;
	uint32_t reason = 0;

	if (queue->count == queue->entries)
		return -EBUSY;
	flight = calloc(1, sizeof(*flight));
	flight->job = job;
	run_us = 0;
	if (job->node->dead)
		result = -ESTALE;
	else if (closed)
		result = -ESHUTDOWN;
	else if (queue->count >= setting("FAKE_LAYBY_DEPTH", 1000))
		result = -EBUSY;
	else
		run_us = program_run(job, &result, &reason);
	if (run_us > longest_us) {
		run_us = longest_us;
		result = -ETIME;
		reason = LAYBY_REASON_TIME_UP;
	}
	flight->end_us = now_us() + run_us;
	flight->completion = (struct layby_completion){
		.cookie = cookie,
		.result = result,
		.has_report = result != -EBUSY && result != -ESHUTDOWN &&
			      result != -ESTALE,
		.report = { .state = LAYBY_REPORT_DONE,
			    .result = result,
			    .reason = reason,
			    .level = 2,
			    .queue_ticks = 3,
			    .run_ticks = run_us,
			    .tile_ticks = 4 * run_us,
			    .wait_ns = 7000,
			    .input_bytes = 8,
			    .output_bytes = 9,
			    .energy_uj = 5 * run_us },
	};
	queue->count++;
	job->in_flight++;
	TAILQ_INSERT_TAIL(&queue->flights, flight, entries);
	return 0;
}

static void copy_outputs(struct layby_job *job)
{
	const char *in = job->spec.input_count ?
				 range_data(job->node, &job->inputs[0]) :
				 "";
	uint64_t size = job->spec.input_count ? job->inputs[0].length : 0;
	uint64_t n;
	uint32_t i;
	char *out;

	for (i = 0; i < job->spec.output_count; i++) {
		out = range_data(job->node, &job->outputs[i]);
		n = job->outputs[i].length < size ? job->outputs[i].length :
						    size;
		memcpy(out, in, n);
		memset(out + n, '.', job->outputs[i].length - n);
	}
}

static void wait_until(uint64_t us)
{
	uint64_t now = now_us();

	if (now < us)
		usleep((useconds_t)(us - now));
}

int layby_queue_wait(struct layby_queue *queue, uint64_t timeout_ns,
		     struct layby_completion *ret_completion)
{
	struct flight *flight = earliest(queue);

	if (!flight)
		return -ENODATA;
	if (timeout_ns)
		wait_until(flight->end_us);
	if (flight->end_us > now_us()) {
		layby_queue_flush(queue);
		return -EAGAIN;
	}
	if (!flight->completion.result)
		copy_outputs(flight->job);
	*ret_completion = flight->completion;
	TAILQ_REMOVE(&queue->flights, flight, entries);
	flight->job->in_flight--;
	queue->count--;
	free(flight);
	fake_gate_look();
	return 0;
}

static void hold(struct layby_job *job)
{
	char text[32] = "";
	unsigned int ms;

	memcpy(text, range_data(job->node, &job->program),
	       job->program.length < 31 ? job->program.length : 31);
	if (sscanf(text, "held %u", &ms) == 1)
		job->held_until_us = now_us() + ms * 1000;
}

int layby_queue_cancel(struct layby_queue *queue, uint32_t tag, uint64_t cookie)
{
	struct flight *flight;

	TAILQ_FOREACH(flight, &queue->flights, entries)
	{
		if (flight->completion.cookie != cookie)
			continue;
		hold(flight->job);
		flight->end_us = 1;
		flight->completion.result = -ECANCELED;
		flight->completion.report.result = -ECANCELED;
		flight->completion.report.reason = LAYBY_REASON_CANCELLED;
		return layby_queue_flush(queue) ?: 0;
	}
	return -ENOENT;
}

/* --- the gate ------------------------------------------------------------- */

static void protect(struct layby_node *node)
{
	struct layby_buffer *buffer;
	bool reachable = !closed && !node->dead;

	LIST_FOREACH(buffer, &node->buffers, entries)
	if (mprotect(buffer->data, buffer->size,
		     reachable ? PROT_READ | PROT_WRITE : PROT_NONE) < 0)
		abort();
}

static void reclaim(struct layby_queue *queue)
{
	struct flight *flight;

	TAILQ_FOREACH(flight, &queue->flights, entries)
	{
		flight->end_us = 1;
		flight->completion.result = -ECANCELED;
		flight->completion.report.result = -ECANCELED;
		flight->completion.report.reason = LAYBY_REASON_RECLAIMED;
	}
	layby_queue_flush(queue);
}

void fake_layby_gate(bool open, bool consent)
{
	struct layby_queue *queue;
	struct layby_node *node;

	closed = !open;
	LIST_FOREACH(node, &nodes, entries)
	{
		node->dead |= !consent;
		protect(node);
	}
	if (!closed)
		return;
	LIST_FOREACH(queue, &queues, others)
	reclaim(queue);
}

/* --- lease ---------------------------------------------------------------- */

static int say(const char *word)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s.lease", getenv("FAKE_LAYBY_NODE"));
	file = fopen(path, "ae");
	if (!file)
		abort();
	fprintf(file, "%s\n", word);
	fclose(file);
	return 0;
}

static bool somebody_holds_it(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s.busy", getenv("FAKE_LAYBY_NODE"));
	return access(path, F_OK) == 0;
}

int layby_lease_take(struct layby_node *node)
{
	if (somebody_holds_it())
		return -EBUSY;
	say("taken");
	return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
}

int layby_lease_renew(int lease)
{
	return say("renewed");
}

void layby_lease_drop(int lease)
{
	if (lease < 0)
		return;
	say("dropped");
	close(lease);
}
