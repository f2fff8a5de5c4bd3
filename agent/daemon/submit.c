// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests: SubmitJob's arguments, read and checked before anything happens.
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define ALIGN_MASK ((uint64_t)LAYBY_RANGE_ALIGN - 1)
#define ALIGN_UP(n) (((n) + ALIGN_MASK) & ~ALIGN_MASK)

#define PRIORITY_MAX 9
#define RETRIES_MAX 9

#define invalid(error, ...) \
	sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, __VA_ARGS__)

/* The message's descriptors end with the message: keep our own. */
static int keep_fd(int fd, int *ret_fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (own < 0)
		return -errno;
	*ret_fd = own;
	return 0;
}

static int add_bytes(struct request *request, uint64_t size,
		     sd_bus_error *error)
{
	if (size > INT64_MAX - LAYBY_RANGE_ALIGN ||
	    __builtin_add_overflow(request->bytes, ALIGN_UP(size),
				   &request->bytes))
		return invalid(error,
			       "the sizes of the job do not fit 64 bits");
	return 0;
}

static int take_blob(struct request *request, int fd, const char *what,
		     unsigned int number, int *ret_fd, uint64_t *ret_size,
		     sd_bus_error *error)
{
	int r;

	r = blob_check(fd, what, number, ret_size, error);
	if (r < 0)
		return r;
	r = add_bytes(request, *ret_size, error);
	if (r < 0)
		return r;
	return keep_fd(fd, ret_fd);
}

static int read_program(sd_bus_message *m, struct request *request,
			sd_bus_error *error)
{
	int fd, r;

	r = sd_bus_message_read(m, "h", &fd);
	if (r < 0)
		return r;
	return take_blob(request, fd, "program", 0, &request->program,
			 &request->program_size, error);
}

static int read_input(sd_bus_message *m, struct request *request, int fd,
		      sd_bus_error *error)
{
	uint32_t i = request->wanted.input_count;
	int r;

	if (i == LAYBY_MAX_INPUTS)
		return invalid(error, "too many inputs: a job takes at most %d",
			       LAYBY_MAX_INPUTS);
	r = take_blob(request, fd, "input", i, &request->inputs[i],
		      &request->input_sizes[i], error);
	if (r < 0)
		return r;
	request->wanted.input_count++;
	return 0;
}

static int read_inputs(sd_bus_message *m, struct request *request,
		       sd_bus_error *error)
{
	int fd, r;

	r = sd_bus_message_enter_container(m, 'a', "h");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read(m, "h", &fd)) > 0) {
		r = read_input(m, request, fd, error);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_outputs(sd_bus_message *m, struct request *request,
			sd_bus_error *error)
{
	const void *sizes;
	size_t bytes, i;
	int r;

	r = sd_bus_message_read_array(m, 't', &sizes, &bytes);
	if (r < 0)
		return r;
	if (bytes < sizeof(uint64_t) ||
	    bytes > LAYBY_MAX_OUTPUTS * sizeof(uint64_t))
		return invalid(error,
			       "%zu outputs asked for: a job has 1 to %d",
			       bytes / sizeof(uint64_t), LAYBY_MAX_OUTPUTS);
	memcpy(request->wanted.output_sizes, sizes, bytes);
	request->wanted.output_count = (uint32_t)(bytes / sizeof(uint64_t));
	for (i = 0; i < request->wanted.output_count; i++) {
		if (!request->wanted.output_sizes[i])
			return invalid(
				error,
				"output %zu has size 0: give the bytes that the program writes",
				i);
		r = add_bytes(request, request->wanted.output_sizes[i], error);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_flag(sd_bus_message *m, bool *ret_flag)
{
	int value, r;

	r = sd_bus_message_read(m, "v", "b", &value);
	if (r >= 0)
		*ret_flag = value;
	return r;
}

static int read_linger(sd_bus_message *m, struct store_request *wanted)
{
	return read_flag(m, &wanted->linger);
}

static int read_interactive(sd_bus_message *m, struct store_request *wanted)
{
	return read_flag(m, &wanted->interactive);
}

static int read_key(sd_bus_message *m, struct store_request *wanted)
{
	const void *key;
	size_t size;
	int r;

	r = sd_bus_message_enter_container(m, 'v', "ay");
	if (r < 0)
		return r;
	r = sd_bus_message_read_array(m, 'y', &key, &size);
	if (r < 0)
		return r;
	if (size != sizeof(wanted->key))
		return -EINVAL;
	memcpy(wanted->key, key, sizeof(wanted->key));
	return sd_bus_message_exit_container(m);
}

static int read_at_most(sd_bus_message *m, uint32_t most, uint32_t *ret_number)
{
	int r;

	r = sd_bus_message_read(m, "v", "u", ret_number);
	return r >= 0 && *ret_number > most ? -ERANGE : r;
}

static int read_priority(sd_bus_message *m, struct store_request *wanted)
{
	return read_at_most(m, PRIORITY_MAX, &wanted->priority);
}

static int read_retries(sd_bus_message *m, struct store_request *wanted)
{
	return read_at_most(m, RETRIES_MAX, &wanted->retries);
}

static int read_deadline(sd_bus_message *m, struct store_request *wanted)
{
	return sd_bus_message_read(m, "v", "t", &wanted->deadline_us);
}

static const struct {
	const char *name;
	int (*read)(sd_bus_message *m, struct store_request *wanted);
	const char *right;
} options[] = {
	{ "linger", read_linger, "a boolean (b)" },
	{ "interactive", read_interactive, "a boolean (b)" },
	{ "key", read_key, "16 bytes (ay)" },
	{ "priority", read_priority, "a number from 0 to 9 (u)" },
	{ "retries", read_retries, "a number from 0 to 9 (u)" },
	{ "deadline", read_deadline, "CLOCK_REALTIME in microseconds (t)" },
};

static int read_option(sd_bus_message *m, struct request *request,
		       const char *name, sd_bus_error *error)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcmp(name, options[i].name))
			continue;
		if (options[i].read(m, &request->wanted) < 0)
			return invalid(error, "option \"%s\" must be %s", name,
				       options[i].right);
		return 0;
	}
	return invalid(error,
		       "unknown option \"%s\": the options are \"linger\", \"interactive\", \"key\", \"priority\", \"retries\" and \"deadline\"",
		       name);
}

static int read_options(sd_bus_message *m, struct request *request,
			sd_bus_error *error)
{
	const char *name;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &name);
		if (r < 0)
			return r;
		r = read_option(m, request, name, error);
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(m);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_all(sd_bus_message *m, struct request *request,
		    sd_bus_error *error)
{
	int r;

	r = read_program(m, request, error);
	if (r < 0)
		return r;
	r = read_inputs(m, request, error);
	if (r < 0)
		return r;
	r = read_outputs(m, request, error);
	if (r < 0)
		return r;
	r = sd_bus_message_read(m, "t", &request->wanted.longest_run_us);
	if (r < 0)
		return r;
	return read_options(m, request, error);
}

int request_read(sd_bus_message *m, struct request *ret_request,
		 sd_bus_error *error)
{
	struct request request = { .program = -1 };
	int r;

	r = read_all(m, &request, error);
	if (r < 0) {
		request_fini(&request);
		return r;
	}
	*ret_request = request;
	return 0;
}

void request_fini(struct request *request)
{
	uint32_t i;

	close_fd(&request->program);
	for (i = 0; i < request->wanted.input_count; i++)
		close_fd(&request->inputs[i]);
	request->program = -1;
	request->wanted.input_count = 0;
}

static int check_longest_run(const struct request *request, uint64_t max_us,
			     sd_bus_error *error)
{
	if (request->wanted.longest_run_us && request->wanted.longest_run_us <= max_us)
		return 0;
	return invalid(error,
		       "longest run of %" PRIu64
		       " us: this partition takes 1 to %" PRIu64 " us",
		       request->wanted.longest_run_us, max_us);
}

/*
 * What this user holds, with what is on its way: the store has the last word, but
 * need not be asked to keep what it will refuse.
 */
static int check_held(const struct request *request, const struct party *party,
		      sd_bus_error *error)
{
	const struct store_limits *limits = &party->agent->limits.store;
	struct store_totals held;
	int r;

	r = store_totals(party->agent->store, party->uid, &held);
	if (r < 0)
		return sd_bus_error_set_errnof(error, -r, "the store cannot be read: %s",
					       strerror(-r));
	if (limits->user_jobs && held.held >= limits->user_jobs)
		return sd_bus_error_setf(
			error, SD_BUS_ERROR_LIMITS_EXCEEDED,
			"you hold %" PRIu64
			" jobs, the most that one user may: release some that ended",
			held.held);
	if (limits->user_bytes && (request->bytes > limits->user_bytes ||
				   held.bytes > limits->user_bytes - request->bytes))
		return sd_bus_error_setf(
			error, SD_BUS_ERROR_LIMITS_EXCEEDED,
			"your jobs would hold more than %" PRIu64
			" bytes, the most that one user may: release some that ended",
			limits->user_bytes);
	return 0;
}

/* What must hold on this partition, and for this user, at this moment. */
int request_check_fits(const struct request *request, const struct party *party,
		       sd_bus_error *error)
{
	int r;

	r = check_longest_run(
		request, party->partition.longest_run_max_ns / NSEC_PER_USEC,
		error);
	if (r < 0)
		return r;
	if (request->bytes > party->partition.window_bytes)
		return invalid(
			error,
			"the job needs %" PRIu64
			" bytes of device memory, the partition's window has %" PRIu64,
			request->bytes,
			(uint64_t)party->partition.window_bytes);
	return check_held(request, party, error);
}
