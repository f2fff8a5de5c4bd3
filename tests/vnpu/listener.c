// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * listener - a listening stream socket at a path
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "listener.h"

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, n;

	n = snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", path);
	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlink(address.sun_path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 4) < 0 || rename(address.sun_path, path) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

int listener_open(struct sd_event *event, const char *path,
		  sd_event_io_handler_t knocked, void *userdata,
		  struct sd_event_source **ret)
{
	int fd = listen_at(path);
	int r;

	if (fd < 0) {
		fprintf(stderr, "vnpud: cannot listen at %s: %s\n", path,
			strerror(-fd));
		return fd;
	}
	r = sd_event_add_io(event, ret, fd, EPOLLIN, knocked, userdata);
	if (r < 0) {
		close(fd);
		return r;
	}
	return sd_event_source_set_io_fd_own(*ret, true);
}
