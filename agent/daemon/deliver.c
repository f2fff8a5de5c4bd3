// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Deliveries: results written into descriptors of callers, GetResultInto.
 *
 * Owns the call until it is answered, and for each a thread: a pipe that nobody reads or
 * a file system that never answers holds up its own caller and nobody else. Not the
 * mover: io_uring lines up writes to files whose inodes share a hash, so that a file that
 * hangs could hold up another user's. A thread that cannot be ended counts against its user
 * until it ends; what the caller no longer waits for is given up.
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>

/* Of one user, and of all: threads. The unit's TasksMax= has room for them. */
#define DELIVERIES_PER_USER 4
#define DELIVERIES_MAX 32
#define STACK_BYTES (256 * 1024)
#define CHUNK_BYTES (64 * 1024)
/* So much a pipe takes at once that takes anything. */
#define PIPE_BYTES 4096

struct delivery {
	LIST_ENTRY(delivery) entries;
	struct agent *agent;
	sd_bus_message *message;
	sd_bus_track *track;
	sd_event_source *done;
	uid_t uid;
	uint32_t index;
	/* the thread's, until @done_fd says that it has ended */
	pthread_t thread;
	int source;
	/* the message's */
	int target;
	bool is_pipe;
	uint64_t size;
	uint64_t written;
	int result;
	bool unreadable;
	int done_fd;
	/* both's: readable once the caller has left */
	int cancel_fd;
	char buffer[CHUNK_BYTES];
};

/* --- the thread ----------------------------------------------------------- */

static bool is_cancelled(const struct delivery *delivery)
{
	struct pollfd cancel = { .fd = delivery->cancel_fd, .events = POLLIN };

	return poll(&cancel, 1, 0) != 0;
}

static int wait_for_pipe(const struct delivery *delivery)
{
	struct pollfd fds[] = {
		{ .fd = delivery->target, .events = POLLOUT },
		{ .fd = delivery->cancel_fd, .events = POLLIN },
	};

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		if (errno != EINTR)
			return -errno;
	return fds[1].revents ? -ECANCELED : 0;
}

static ssize_t write_some(const struct delivery *delivery, const char *bytes, size_t size)
{
	ssize_t n;
	int r;

	if (!delivery->is_pipe) {
		n = pwrite(delivery->target, bytes, size, (off_t)delivery->written);
		return n < 0 ? -errno : n;
	}
	r = wait_for_pipe(delivery);
	if (r < 0)
		return r;
	n = write(delivery->target, bytes, size < PIPE_BYTES ? size : PIPE_BYTES);
	return n < 0 && errno != EAGAIN ? -errno : n < 0 ? 0 : n;
}

static int write_chunk(struct delivery *delivery, size_t size)
{
	const char *bytes = delivery->buffer;
	ssize_t n;

	while (size) {
		n = write_some(delivery, bytes, size);
		if (n < 0)
			return (int)n;
		bytes += n;
		size -= (size_t)n;
		delivery->written += (uint64_t)n;
	}
	return 0;
}

static int copy(struct delivery *delivery)
{
	uint64_t left;
	ssize_t n;
	int r;

	while ((left = delivery->size - delivery->written)) {
		if (is_cancelled(delivery))
			return -ECANCELED;
		n = pread(delivery->source, delivery->buffer,
			  left < CHUNK_BYTES ? left : CHUNK_BYTES, (off_t)delivery->written);
		delivery->unreadable = n <= 0;
		if (n <= 0)
			return n ? -errno : -ENODATA;
		r = write_chunk(delivery, (size_t)n);
		if (r < 0)
			return r;
	}
	return 0;
}

static void *deliver(void *userdata)
{
	struct delivery *delivery = userdata;

	delivery->result = copy(delivery);
	eventfd_write(delivery->done_fd, 1);
	return NULL;
}

/* --- the end -------------------------------------------------------------- */

static void delivery_free(struct delivery *delivery)
{
	sd_event_source_disable_unref(delivery->done);
	sd_bus_track_unref(delivery->track);
	sd_bus_message_unref(delivery->message);
	close_fd(&delivery->source);
	close_fd(&delivery->done_fd);
	close_fd(&delivery->cancel_fd);
	free(delivery);
}

static int delivery_answer(const struct delivery *delivery)
{
	int result = delivery->result;

	if (!result)
		return sd_bus_reply_method_return(delivery->message, NULL);
	if (delivery->unreadable)
		return sd_bus_reply_method_errnof(delivery->message, result,
						  "output %u cannot be read: %s", delivery->index,
						  strerror(-result));
	return sd_bus_reply_method_errnof(
		delivery->message, result,
		"output %u cannot be written: %s, after %" PRIu64 " of %" PRIu64 " bytes",
		delivery->index, strerror(-result), delivery->written, delivery->size);
}

static int on_done(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct delivery *delivery = userdata;
	int r;

	pthread_join(delivery->thread, NULL);
	r = delivery_answer(delivery);
	if (r < 0)
		log_error("answering GetResultInto: %s", strerror(-r));
	LIST_REMOVE(delivery, entries);
	delivery->agent->delivery_count--;
	delivery_free(delivery);
	return 0;
}

/* It goes on to hold its place until its thread has noticed. */
static int on_vanished(sd_bus_track *track, void *userdata)
{
	struct delivery *delivery = userdata;

	eventfd_write(delivery->cancel_fd, 1);
	/* 0 would have it called again, and again, until the thread has ended */
	return 1;
}

/*
 * For the end of the process: nobody is answered. Threads end with it, and may use what
 * they have until then.
 */
void deliveries_abandon(struct agent *agent)
{
	static LIST_HEAD(, delivery) abandoned = LIST_HEAD_INITIALIZER(abandoned);
	struct delivery *delivery;

	while ((delivery = LIST_FIRST(&agent->deliveries))) {
		LIST_REMOVE(delivery, entries);
		LIST_INSERT_HEAD(&abandoned, delivery, entries);
		delivery->done = sd_event_source_disable_unref(delivery->done);
		delivery->track = sd_bus_track_unref(delivery->track);
		eventfd_write(delivery->cancel_fd, 1);
	}
}

/* --- the beginning -------------------------------------------------------- */

/* Signals are the loop's; that of a broken pipe is the error, too. */
static int delivery_start_thread(struct delivery *delivery)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int r;

	r = pthread_attr_init(&attributes);
	if (r)
		return -r;
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&delivery->thread, &attributes, deliver, delivery);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return -r;
}

static int delivery_watch(struct delivery *delivery)
{
	const char *sender = sd_bus_message_get_sender(delivery->message);
	struct agent *agent = delivery->agent;
	int r;

	delivery->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	delivery->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (delivery->done_fd < 0 || delivery->cancel_fd < 0)
		return -errno;
	r = sd_event_add_io(agent->event, &delivery->done, delivery->done_fd, EPOLLIN, on_done,
			    delivery);
	if (r >= 0)
		r = sd_bus_track_new(agent->bus, &delivery->track, on_vanished, delivery);
	if (r >= 0)
		r = sd_bus_track_add_name(delivery->track, sender);
	return r;
}

static int delivery_open(struct delivery *delivery, const struct job *job, sd_bus_error *error)
{
	int r;

	r = blob_check_target(delivery->target, delivery->size, &delivery->is_pipe, error);
	if (r < 0)
		return r;
	delivery->source = store_read(delivery->agent->store, job->stored.number, STORE_OUTPUT,
				      delivery->index);
	if (delivery->source < 0)
		return cannot_read(delivery->index, delivery->source, error);
	r = delivery_watch(delivery);
	return r < 0 ? r : delivery_start_thread(delivery);
}

static int check_limits(struct agent *agent, uid_t uid, sd_bus_error *error)
{
	const struct delivery *delivery;
	unsigned int count = 0;

	LIST_FOREACH(delivery, &agent->deliveries, entries)
	count += delivery->uid == uid;
	if (count >= DELIVERIES_PER_USER)
		return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					 "%u results are being written for you: wait for one of them",
					 count);
	if (agent->delivery_count >= DELIVERIES_MAX)
		return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					 "as many results as the agent writes at once are being written: try again later");
	return 0;
}

int delivery_create(const struct job *job, sd_bus_message *m, uint32_t index, int target,
		    sd_bus_error *error)
{
	struct agent *agent = job->agent;
	struct delivery *delivery;
	uid_t uid;
	int r;

	r = sender_uid(agent, m, &uid);
	if (r >= 0)
		r = check_limits(agent, uid, error);
	if (r < 0)
		return r;
	delivery = calloc(1, sizeof(*delivery));
	if (!delivery)
		return -ENOMEM;
	*delivery = (struct delivery){
		.agent = agent,
		.message = sd_bus_message_ref(m),
		.uid = uid,
		.index = index,
		.source = -1,
		.target = target,
		.size = job->stored.request.output_sizes[index],
		.done_fd = -1,
		.cancel_fd = -1,
	};
	r = delivery_open(delivery, job, error);
	if (r < 0) {
		delivery_free(delivery);
		return r;
	}
	LIST_INSERT_HEAD(&agent->deliveries, delivery, entries);
	agent->delivery_count++;
	return 0;
}
