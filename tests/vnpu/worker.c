// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * worker - the processes that compute: one for each party on a slot
 *
 * Owns the processes and the device's ends of their sockets. Must never wait
 * for a process: whatever a program does, the device goes on.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"

#define WORKER_START_MS 30000

static int reaped(sd_event_source *source, const siginfo_t *info, void *userdata)
{
	return 0;
}

static int replied(sd_event_source *source, int fd, uint32_t events,
		   void *userdata)
{
	struct worker *worker = userdata;
	struct compute_reply reply;
	ssize_t n = recv(fd, &reply, sizeof(reply), MSG_DONTWAIT);
	bool was_busy = worker->busy;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n == sizeof(reply) && reply.kind == COMPUTE_READY)
		return 0;
	if (n != sizeof(reply) || !was_busy) {
		worker_kill(worker);
		if (was_busy)
			slot_worker_died(worker->slot, worker);
		return 0;
	}
	slot_worker_replied(worker->slot, worker, &reply);
	return 0;
}

static int spawn(struct worker_pool *pool, int socket, pid_t *pid)
{
	char *const argv[] = { pool->binary, NULL };
	char *const envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	const int rest = COMPUTE_SOCKET_FD + 1;
	int r;

	r = posix_spawn_file_actions_init(&actions);
	if (r)
		return -r;
	r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
					     "/dev/null", 0, 0);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO,
						     STDOUT_FILENO);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, socket,
						     COMPUTE_SOCKET_FD);
	if (!r)
		r = posix_spawn_file_actions_addclosefrom_np(&actions, rest);
	if (!r)
		r = posix_spawn(pid, pool->binary, &actions, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int worker_start(struct worker_pool *pool, struct worker *worker)
{
	int pair[2], r;

	*worker = (struct worker){};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	r = spawn(pool, pair[1], &worker->pid);
	close(pair[1]);
	if (r >= 0)
		r = sd_event_add_child(pool->event, NULL, worker->pid, WEXITED,
				       reaped, NULL);
	if (r < 0) {
		close(pair[0]);
		worker->pid = 0;
		return r;
	}
	r = sd_event_add_io(pool->event, &worker->io, pair[0], EPOLLIN, replied,
			    worker);
	if (r < 0) {
		close(pair[0]);
		worker_kill(worker);
		return r;
	}
	return sd_event_source_set_io_fd_own(worker->io, true);
}

void worker_kill(struct worker *worker)
{
	if (worker->pid > 0)
		kill(worker->pid, SIGKILL);
	worker->pid = 0;
	worker->io = sd_event_source_disable_unref(worker->io);
	worker->busy = false;
}

/* The binary stands beside our own. */
static int find_binary(struct worker_pool *pool)
{
	static const char name[] = "vnpu-worker";
	ssize_t n = readlink("/proc/self/exe", pool->binary,
			     sizeof(pool->binary) - sizeof(name));
	char *slash;

	if (n < 0)
		return -errno;
	pool->binary[n] = '\0';
	slash = strrchr(pool->binary, '/');
	if (!slash)
		return -ENOENT;
	memcpy(slash + 1, name, sizeof(name));
	return access(pool->binary, X_OK) < 0 ? -errno : 0;
}

/* Only at the start: the device is not there before it can compute. */
static int wait_ready(struct worker *worker)
{
	struct pollfd poller = {
		.fd = sd_event_source_get_io_fd(worker->io),
		.events = POLLIN,
	};
	struct compute_reply reply;

	if (poll(&poller, 1, WORKER_START_MS) <= 0)
		return -ETIMEDOUT;
	if (recv(poller.fd, &reply, sizeof(reply), MSG_DONTWAIT) != sizeof(reply))
		return -ECHILD;
	return 0;
}

int worker_pool_init(struct worker_pool *pool, sd_event *event)
{
	int r;

	pool->event = event;
	r = find_binary(pool);
	if (r < 0) {
		fprintf(stderr, "vnpud: no %s: build it beside vnpud\n",
			pool->binary);
		return r;
	}
	r = worker_start(pool, &pool->spare);
	if (r >= 0)
		r = wait_ready(&pool->spare);
	if (r < 0)
		fprintf(stderr, "vnpud: %s does not start: %s\n", pool->binary,
			strerror(-r));
	return r;
}

void worker_pool_fini(struct worker_pool *pool)
{
	worker_kill(&pool->spare);
}

/* A process' event source points at its struct, so a move makes it anew. */
static int take_spare(struct worker_pool *pool, struct worker *worker)
{
	if (!pool->spare.pid)
		return worker_start(pool, worker);
	*worker = pool->spare;
	sd_event_source_set_userdata(worker->io, worker);
	return worker_start(pool, &pool->spare);
}

static struct worker *choose(struct slot *slot, uint64_t party)
{
	struct worker *oldest = &slot->workers[0];

	for (uint32_t i = 0; i < WORKERS_PER_SLOT; i++) {
		struct worker *worker = &slot->workers[i];

		if (worker->used && worker->party == party)
			return worker;
		if (worker->used < oldest->used)
			oldest = worker;
	}
	return oldest;
}

struct worker *worker_get(struct worker_pool *pool, struct slot *slot,
			  uint64_t party, uint64_t now)
{
	struct worker *worker = choose(slot, party);

	if (worker->used && worker->party != party)
		worker_kill(worker);
	if (!worker->pid) {
		int r = take_spare(pool, worker);

		if (r < 0)
			fprintf(stderr, "vnpud: worker: %s\n", strerror(-r));
		if (!worker->pid)
			return NULL;
	}
	worker->slot = slot;
	worker->party = party;
	worker->used = now;
	return worker;
}

int worker_send(struct worker *worker, const struct compute_request *request,
		int transfer)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct iovec part = { (void *)request, sizeof(*request) };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(transfer));
	memcpy(CMSG_DATA(&control.header), &transfer, sizeof(transfer));
	if (sendmsg(sd_event_source_get_io_fd(worker->io), &message,
		    MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return -errno;
	worker->busy = true;
	return 0;
}

void worker_freeze(struct worker *worker, bool frozen)
{
	if (worker->io)
		sd_event_source_set_enabled(worker->io, frozen ? SD_EVENT_OFF :
								 SD_EVENT_ON);
}
