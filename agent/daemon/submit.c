// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests: the arguments of SubmitJob and SubmitJobs, read and checked before
 * anything happens.
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define ALIGN_MASK ((uint64_t)LAYBY_RANGE_ALIGN - 1)
#define ALIGN_UP(n) (((n) + ALIGN_MASK) & ~ALIGN_MASK)

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

/* What SubmitJob and SubmitJobs have in common, behind the inputs. */
static int read_rest(sd_bus_message *m, struct request *request,
		     sd_bus_error *error)
{
	int r;

	r = read_outputs(m, request, error);
	if (r < 0)
		return r;
	r = sd_bus_message_read(m, "t", &request->wanted.longest_run_us);
	if (r < 0)
		return r;
	return request_read_options(m, request, error);
}

static int read_one(sd_bus_message *m, struct request *request,
		    sd_bus_error *error)
{
	int r;

	r = read_inputs(m, request, error);
	return r < 0 ? r : read_rest(m, request, error);
}

/* --- SubmitJobs ----------------------------------------------------------- */

static int read_key(sd_bus_message *m, struct element *element, sd_bus_error *error)
{
	const void *key;
	size_t size;
	int r;

	r = sd_bus_message_read_array(m, 'y', &key, &size);
	if (r < 0)
		return r;
	if (size && size != sizeof(element->key))
		return invalid(error, "a key of %zu bytes: give 16 bytes, or none", size);
	if (size)
		memcpy(element->key, key, size);
	return 0;
}

static int read_sizes(sd_bus_message *m, struct element *element, sd_bus_error *error)
{
	const uint64_t *sizes;
	size_t bytes, i;
	int r;

	r = sd_bus_message_read_array(m, 't', (const void **)&sizes, &bytes);
	if (r < 0)
		return r;
	element->input_count = (uint32_t)(bytes / sizeof(*sizes));
	if (bytes / sizeof(*sizes) > LAYBY_MAX_INPUTS)
		return invalid(error, "too many inputs: a job takes at most %d", LAYBY_MAX_INPUTS);
	for (i = 0; i < element->input_count; i++) {
		if (!sizes[i] || sizes[i] > STORE_INLINE_MAX)
			return invalid(error,
				       "an input of %" PRIu64
				       " bytes: 1 to %d go into a vector, submit larger ones by themselves",
				       sizes[i], STORE_INLINE_MAX);
		element->input_sizes[i] = (uint32_t)sizes[i];
	}
	return 0;
}

static int read_element(sd_bus_message *m, struct element *element, sd_bus_error *error)
{
	int r;

	r = sd_bus_message_enter_container(m, 'r', "ayat");
	if (r < 0)
		return r;
	r = read_key(m, element, error);
	if (r >= 0)
		r = read_sizes(m, element, error);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_elements(sd_bus_message *m, struct request *request, sd_bus_error *error)
{
	int r;

	request->elements = calloc(ELEMENTS_MAX, sizeof(*request->elements));
	if (!request->elements)
		return -ENOMEM;
	r = sd_bus_message_enter_container(m, 'a', "(ayat)");
	while (r >= 0 && (r = sd_bus_message_at_end(m, false)) == 0) {
		if (request->element_count == ELEMENTS_MAX)
			return invalid(error, "too many jobs: a vector has at most %d",
				       ELEMENTS_MAX);
		r = read_element(m, &request->elements[request->element_count++], error);
	}
	if (r < 0)
		return r;
	if (!request->element_count)
		return invalid(error, "no jobs: a vector has 1 to %d", ELEMENTS_MAX);
	return sd_bus_message_exit_container(m);
}

static uint64_t elements_bytes(const struct request *request, uint64_t *ret_most)
{
	uint64_t sum = 0, one;
	size_t i, j;

	*ret_most = 0;
	for (i = 0; i < request->element_count; i++) {
		one = 0;
		for (j = 0; j < request->elements[i].input_count; j++) {
			sum += request->elements[i].input_sizes[j];
			one += ALIGN_UP(request->elements[i].input_sizes[j]);
		}
		*ret_most = one > *ret_most ? one : *ret_most;
	}
	return sum;
}

/* The largest of the jobs must fit the device. */
static int check_elements(struct request *request, sd_bus_error *error)
{
	uint64_t bytes, most;

	bytes = elements_bytes(request, &most);
	if (bytes > request->input_sizes[0])
		return invalid(error,
			       "the inputs are %" PRIu64 " bytes together, @data has %" PRIu64,
			       bytes, request->input_sizes[0]);
	request->bytes -= ALIGN_UP(request->input_sizes[0]);
	request->input_sizes[0] = bytes;
	return add_bytes(request, most, error);
}

static int check_no_key(const struct request *request, sd_bus_error *error)
{
	static const uint8_t none[STORE_KEY_BYTES];

	if (!memcmp(request->wanted.key, none, sizeof(none)))
		return 0;
	return invalid(error, "option \"key\": each job of a vector has its own, in @jobs");
}

static int read_many(sd_bus_message *m, struct request *request, sd_bus_error *error)
{
	int fd, r;

	r = sd_bus_message_read(m, "h", &fd);
	if (r < 0)
		return r;
	r = read_input(m, request, fd, error);
	if (r < 0)
		return r;
	r = read_elements(m, request, error);
	if (r < 0)
		return r;
	r = check_elements(request, error);
	if (r < 0)
		return r;
	r = read_rest(m, request, error);
	return r < 0 ? r : check_no_key(request, error);
}

/* --- both ----------------------------------------------------------------- */

static int read_request(sd_bus_message *m, struct request *ret_request,
			int (*read)(sd_bus_message *, struct request *, sd_bus_error *),
			sd_bus_error *error)
{
	struct request request = { .program = -1 };
	int r;

	r = read_program(m, &request, error);
	if (r >= 0)
		r = read(m, &request, error);
	if (r < 0) {
		request_fini(&request);
		return r;
	}
	*ret_request = request;
	return 0;
}

int request_read(sd_bus_message *m, struct request *ret_request,
		 sd_bus_error *error)
{
	return read_request(m, ret_request, read_one, error);
}

int request_read_many(sd_bus_message *m, struct request *ret_request,
		      sd_bus_error *error)
{
	return read_request(m, ret_request, read_many, error);
}

void request_fini(struct request *request)
{
	uint32_t i;

	close_fd(&request->program);
	for (i = 0; i < request->wanted.input_count; i++)
		close_fd(&request->inputs[i]);
	free(request->elements);
	request->program = -1;
	request->wanted.input_count = 0;
	request->elements = NULL;
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
