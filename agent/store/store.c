// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The store's life: the directory and its lock, the thread that writes, the way there
 * and back. Nothing wakes up while nothing is asked.
 *
 * store->lock guards the two lists only and is held for a few instructions.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "util.h"

/* --- the way there: operations ---------------------------------------------------- */

/* A vector larger than the bound is taken when there is nothing else. */
static bool too_many(const struct store *store, const struct operation *operation)
{
	return store->under_way == OPERATIONS_MAX ||
	       (operation->bytes && store->bytes_under_way &&
		store->bytes_under_way + operation->bytes > OPERATION_BYTES_MAX);
}

int store_queue_alone(struct store *store, struct operation *operation)
{
	if (too_many(store, operation)) {
		operation_destroy(operation);
		return -EBUSY;
	}
	store->under_way++;
	store->bytes_under_way += operation->bytes;
	pthread_mutex_lock(&store->lock);
	STAILQ_INSERT_TAIL(&store->queue, operation, entries);
	pthread_cond_signal(&store->queued);
	pthread_mutex_unlock(&store->lock);
	return 0;
}

int store_queue(struct store *store, struct operation *operation)
{
	note_go_along(store);
	return store_queue_alone(store, operation);
}

/* --- the thread ------------------------------------------------------------------- */

/* Everything that waits. Returns false at the end. */
static bool take_queue(struct store *store, struct operations *ret_operations)
{
	STAILQ_INIT(ret_operations);
	pthread_mutex_lock(&store->lock);
	while (STAILQ_EMPTY(&store->queue) && !store->stopping)
		pthread_cond_wait(&store->queued, &store->lock);
	STAILQ_CONCAT(ret_operations, &store->queue);
	store->limits = store->next_limits;
	pthread_mutex_unlock(&store->lock);
	return !STAILQ_EMPTY(ret_operations);
}

/* Those of many steps go to the front of the queue again. */
static void give_back(struct store *store, struct operations *operations)
{
	struct operations ended = STAILQ_HEAD_INITIALIZER(ended);
	struct operations again = STAILQ_HEAD_INITIALIZER(again);
	struct operation *operation;
	bool some;

	while ((operation = STAILQ_FIRST(operations))) {
		STAILQ_REMOVE_HEAD(operations, entries);
		if (operation->unfinished)
			STAILQ_INSERT_TAIL(&again, operation, entries);
		else
			STAILQ_INSERT_TAIL(&ended, operation, entries);
	}
	some = !STAILQ_EMPTY(&ended);
	pthread_mutex_lock(&store->lock);
	STAILQ_CONCAT(&store->ended, &ended);
	STAILQ_CONCAT(&again, &store->queue);
	STAILQ_CONCAT(&store->queue, &again);
	pthread_mutex_unlock(&store->lock);
	/* it can only fail when it is full, and then the loop is awake */
	if (some)
		eventfd_write(store->event_fd, 1);
}

static bool is_idle(struct store *store)
{
	bool idle;

	pthread_mutex_lock(&store->lock);
	idle = STAILQ_EMPTY(&store->queue);
	pthread_mutex_unlock(&store->lock);
	return idle;
}

static void *store_main(void *userdata)
{
	struct store *store = userdata;
	struct operations operations;

	while (take_queue(store, &operations)) {
		batch_run(store, &operations);
		give_back(store, &operations);
		account_settle(store, is_idle(store));
		batch_checkpoint(store);
	}
	return NULL;
}

/* --- the way back: callbacks ------------------------------------------------------ */

static void call_back(struct store *store, struct operation *operation)
{
	if (operation->kind == OPERATION_NOTE)
		note_done(store, operation);
	if (operation->submitted)
		operation->submitted(operation->userdata, operation->results,
				     operation->job_count);
	if (operation->done)
		operation->done(operation->userdata, operation->result);
}

static int on_wake(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct operations ended = STAILQ_HEAD_INITIALIZER(ended);
	struct store *store = userdata;
	struct operation *operation;
	eventfd_t count;

	if (eventfd_read(fd, &count) < 0 && errno != EAGAIN)
		return -errno;
	pthread_mutex_lock(&store->lock);
	STAILQ_CONCAT(&ended, &store->ended);
	pthread_mutex_unlock(&store->lock);
	while ((operation = STAILQ_FIRST(&ended))) {
		STAILQ_REMOVE_HEAD(&ended, entries);
		store->under_way--;
		store->bytes_under_way -= operation->bytes;
		call_back(store, operation);
		operation_destroy(operation);
	}
	return 0;
}

/* Signals are the loop's: none may end up in the thread. */
static int create_thread(struct store *store)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = -pthread_create(&store->thread, NULL, store_main, store);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	store->started = !r;
	return r;
}

static int start_thread(struct store *store, sd_event *event)
{
	int r;

	store->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (store->event_fd < 0)
		return -errno;
	r = sd_event_add_io(event, &store->wake, store->event_fd, EPOLLIN, on_wake, store);
	if (r < 0)
		return r;
	return create_thread(store);
}

static void stop_thread(struct store *store)
{
	if (!store->started)
		return;
	pthread_mutex_lock(&store->lock);
	store->stopping = true;
	pthread_cond_signal(&store->queued);
	pthread_mutex_unlock(&store->lock);
	pthread_join(store->thread, NULL);
	store->started = false;
}

/* --- the directory ---------------------------------------------------------------- */

static int sync_parent(int directory_fd)
{
	_cleanup_close_ int fd = openat(directory_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int make_private(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & 07777) == 0700)
		return 0;
	return fchmod(fd, 0700) < 0 ? -errno : 0;
}

/* Nobody else's, whatever the umask was and whoever made it. */
int directory_open(int at, const char *path, int *ret_fd)
{
	bool made = !mkdirat(at, path, 0700);
	int r;

	if (!made && errno != EEXIST)
		return -errno;
	*ret_fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_fd < 0)
		return -errno;
	r = make_private(*ret_fd);
	return r < 0 || !made ? r : sync_parent(*ret_fd);
}

static int lock_directory(struct store *store)
{
	store->lock_fd = openat(store->directory_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->lock_fd < 0)
		return -errno;
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

static int open_files(struct store *store, const char *directory)
{
	int r;

	r = directory_open(AT_FDCWD, directory, &store->directory_fd);
	if (r < 0)
		return r;
	store->directory = realpath(directory, NULL);
	if (!store->directory)
		return -errno;
	r = lock_directory(store);
	if (r < 0)
		return r;
	r = reserve_open(store);
	if (r < 0)
		return r;
	r = schema_open(store);
	if (r == -ENOSPC && reserve_is_whole(store)) {
		reserve_shrink(store, RESERVE_BYTES / 2);
		r = schema_open(store);
	}
	if (r < 0)
		return r;
	r = contents_open(store);
	if (r >= 0)
		r = account_open(store);
	return r < 0 ? r : schema_open_reader(store);
}

static struct store *store_create(const struct store_limits *limits)
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->next_limits = *limits;
	store->directory_fd = -1;
	store->content_fd = -1;
	store->lock_fd = -1;
	store->reserve_fd = -1;
	store->event_fd = -1;
	pthread_mutex_init(&store->lock, NULL);
	pthread_cond_init(&store->queued, NULL);
	STAILQ_INIT(&store->queue);
	STAILQ_INIT(&store->ended);
	return store;
}

int store_open(const char *directory, sd_event *event, const struct store_limits *limits,
	       struct store **ret_store)
{
	struct store *store;
	int r;

	if (sodium_init() < 0)
		return -EIO;
	store = store_create(limits);
	if (!store)
		return -ENOMEM;
	r = open_files(store, directory);
	if (r >= 0)
		r = start_thread(store, event);
	if (r < 0) {
		store_close(store);
		return r;
	}
	*ret_store = store;
	return 0;
}

void store_set_limits(struct store *store, const struct store_limits *limits)
{
	pthread_mutex_lock(&store->lock);
	store->next_limits = *limits;
	pthread_mutex_unlock(&store->lock);
}

static void drop_ended(struct store *store)
{
	struct operation *operation;

	while ((operation = STAILQ_FIRST(&store->ended))) {
		STAILQ_REMOVE_HEAD(&store->ended, entries);
		operation_destroy(operation);
	}
}

void store_close(struct store *store)
{
	if (!store)
		return;
	if (store->started)
		note_go_along(store);
	stop_thread(store);
	drop_ended(store);
	sd_event_source_disable_unref(store->wake);
	sql_close(&store->reader);
	account_close(store);
	/* the last one: moves what is in the WAL into the database */
	sql_close(&store->writer);
	close_fd(&store->event_fd);
	close_fd(&store->reserve_fd);
	close_fd(&store->content_fd);
	close_fd(&store->directory_fd);
	close_fd(&store->lock_fd);
	free(store->doubts.digests);
	free(store->directory);
	pthread_cond_destroy(&store->queued);
	pthread_mutex_destroy(&store->lock);
	free(store);
}
