// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A file system that never answers: see silent_fs.h. Its server is a process of its own, which
 * speaks just enough of linux/fuse.h.
 */
#include "silent_fs.h"

#include "agent_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_NODE 2
#define FILE_BYTES 4096
#define VALID_S 3600

struct server {
	int fuse;
	int asked;
	union {
		struct fuse_in_header head;
		char bytes[256 * 1024];
	} in;
};

static void answer(struct server *server, int error, const void *data, size_t size)
{
	struct fuse_out_header head = {
		.len = (uint32_t)(sizeof(head) + size),
		.error = error,
		.unique = server->in.head.unique,
	};
	struct iovec parts[] = { { &head, sizeof(head) }, { (void *)data, size } };

	/* what was interrupted meanwhile is not there any more */
	if (writev(server->fuse, parts, size ? 2 : 1) < 0 && errno != ENOENT)
		_exit(1);
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){
		.ino = node,
		.size = node == FILE_NODE ? FILE_BYTES : 0,
		.mode = node == FILE_NODE ? S_IFREG | 0666 : S_IFDIR | 0755,
		.nlink = 1,
		.blksize = 4096,
	};
}

static void answer_init(struct server *server)
{
	const struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 64 * 1024,
	};

	answer(server, 0, &out, sizeof(out));
}

static void answer_attributes(struct server *server)
{
	const struct fuse_attr_out out = {
		.attr_valid = VALID_S,
		.attr = attributes(server->in.head.nodeid),
	};

	answer(server, 0, &out, sizeof(out));
}

static void answer_lookup(struct server *server)
{
	const struct fuse_entry_out out = {
		.nodeid = FILE_NODE,
		.entry_valid = VALID_S,
		.attr_valid = VALID_S,
		.attr = attributes(FILE_NODE),
	};

	answer(server, 0, &out, sizeof(out));
}

/* Past the page cache, so that each read and write is one that waits. */
static void answer_open(struct server *server)
{
	const struct fuse_open_out out = { .fh = 1, .open_flags = FOPEN_DIRECT_IO };

	answer(server, 0, &out, sizeof(out));
}

static void handle(struct server *server)
{
	switch (server->in.head.opcode) {
	case FUSE_INIT:
		return answer_init(server);
	case FUSE_LOOKUP:
		return answer_lookup(server);
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		return answer_attributes(server);
	case FUSE_OPEN:
		return answer_open(server);
	case FUSE_READ:
	case FUSE_WRITE:
		if (write(server->asked, "", 1) != 1)
			_exit(1);
		return;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	case FUSE_RELEASE:
		return answer(server, 0, NULL, 0);
	default:
		return answer(server, -EOPNOTSUPP, NULL, 0);
	}
}

static void serve(int fuse, int asked)
{
	static struct server server;
	ssize_t n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	server.fuse = fuse;
	server.asked = asked;
	while ((n = read(fuse, server.in.bytes, sizeof(server.in.bytes))) > 0 || errno == EINTR)
		if (n > 0)
			handle(&server);
	_exit(0);
}

bool silent_fs_start(struct silent_fs *fs, const char *dir)
{
	int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC), asked[2];
	char options[128];

	if (fuse < 0)
		return false;
	snprintf(fs->dir, sizeof(fs->dir), "%s", dir);
	assert_int_equal(mkdir(dir, 0755), 0);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		 fuse);
	assert_int_equal(mount("silent", dir, "fuse", 0, options), 0);
	assert_int_equal(pipe2(asked, O_CLOEXEC), 0);
	fs->server = fork();
	if (!fs->server)
		serve(fuse, asked[1]);
	close(fuse);
	close(asked[1]);
	fs->asked = asked[0];
	return true;
}

int silent_fs_open(struct silent_fs *fs, int flags)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "%s/file", fs->dir);
	fd = open(path, flags | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

void silent_fs_wait_asked(struct silent_fs *fs)
{
	struct pollfd asked = { .fd = fs->asked, .events = POLLIN };

	assert_int_equal(poll(&asked, 1, 10000), 1);
	assert_true(asked.revents & POLLIN);
}

void silent_fs_stop(struct silent_fs *fs)
{
	kill(fs->server, SIGKILL);
	waitpid(fs->server, NULL, 0);
	close(fs->asked);
	umount2(fs->dir, MNT_DETACH);
	rmdir(fs->dir);
}
