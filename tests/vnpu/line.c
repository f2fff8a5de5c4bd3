// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * line - a control connection that may be a serial line
 *
 * Owns the outer socket and one end of a pair. Must never wait for either, nor
 * keep more than one message of each direction.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-json.h>
#include <unistd.h>

#include "line.h"

#define LINE_CALL_MAX	65536u
#define LINE_CHUNK	65536u

struct line {
	sd_event_source *outer;
	sd_event_source *inner;
	char call[LINE_CALL_MAX]; /* what has come of a message so far */
	size_t call_bytes;
	bool skip; /* it is too long: up to the next NUL */
	char reply[LINE_CHUNK]; /* what the outer end did not take yet */
	size_t reply_at;
	size_t reply_bytes;
};

static int line_close(struct line *line)
{
	sd_event_source_disable_unref(line->outer);
	sd_event_source_disable_unref(line->inner);
	free(line);
	return 0;
}

static bool is_call(const char *text)
{
	sd_json_variant *message = NULL;
	sd_json_variant *method = NULL;
	bool good;

	if (sd_json_parse(text, 0, &message, NULL, NULL) >= 0 &&
	    sd_json_variant_is_object(message))
		method = sd_json_variant_by_key(message, "method");
	good = method && sd_json_variant_is_string(method);
	sd_json_variant_unref(message);
	return good;
}

/* One message is complete, with its NUL. */
static int hand_on(struct line *line)
{
	size_t bytes = line->call_bytes;
	const char *start = strchr(line->call, '{');

	line->call_bytes = 0;
	if (line->skip || !start || !is_call(start)) {
		if (line->skip || bytes > 1)
			fprintf(stderr, "vnpud: control: %zu bytes dropped: not a call\n",
				bytes - 1);
		line->skip = false;
		return 0;
	}
	bytes -= start - line->call;
	if (send(sd_event_source_get_io_fd(line->inner), start, bytes,
		 MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)bytes)
		return -ENOBUFS;
	return 0;
}

static int take_byte(struct line *line, char byte)
{
	line->call[line->call_bytes++] = byte;
	if (!byte)
		return hand_on(line);
	if (line->call_bytes == LINE_CALL_MAX - 1) {
		line->call_bytes = 0;
		line->skip = true;
	}
	return 0;
}

static int outer_in(struct line *line, int fd)
{
	char chunk[4096];
	ssize_t n = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT);
	int r = 0;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -EPIPE;
	for (ssize_t i = 0; r >= 0 && i < n; i++)
		r = take_byte(line, chunk[i]);
	return r;
}

/* While something is left, nothing more is read from the inner end. */
static int outer_out(struct line *line)
{
	int fd = sd_event_source_get_io_fd(line->outer);
	ssize_t n = send(fd, line->reply + line->reply_at,
			 line->reply_bytes - line->reply_at,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
	bool left;

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return -errno;
	if (n > 0)
		line->reply_at += n;
	left = line->reply_at < line->reply_bytes;
	sd_event_source_set_io_events(line->outer,
				      left ? EPOLLIN | EPOLLOUT : EPOLLIN);
	return sd_event_source_set_enabled(line->inner,
					   left ? SD_EVENT_OFF : SD_EVENT_ON);
}

static int outer_event(sd_event_source *source, int fd, uint32_t events,
		       void *userdata)
{
	struct line *line = userdata;
	int r = 0;

	if (events & EPOLLOUT)
		r = outer_out(line);
	if (r >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		r = outer_in(line, fd);
	return r < 0 ? line_close(line) : 0;
}

static int inner_event(sd_event_source *source, int fd, uint32_t events,
		       void *userdata)
{
	struct line *line = userdata;
	ssize_t n = recv(fd, line->reply, sizeof(line->reply), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return line_close(line);
	line->reply_at = 0;
	line->reply_bytes = n;
	return outer_out(line) < 0 ? line_close(line) : 0;
}

static int watch(sd_event *event, sd_event_source **source, int fd,
		 sd_event_io_handler_t handler, struct line *line)
{
	int r = sd_event_add_io(event, source, fd, EPOLLIN, handler, line);

	if (r < 0) {
		close(fd);
		return r;
	}
	return sd_event_source_set_io_fd_own(*source, true);
}

int line_open(struct sd_event *event, int outer, int *inner)
{
	struct line *line = calloc(1, sizeof(*line));
	int pair[2], r;

	if (!line || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				0, pair) < 0) {
		r = -errno;
		free(line);
		close(outer);
		return r;
	}
	r = watch(event, &line->outer, outer, outer_event, line);
	if (r >= 0)
		r = watch(event, &line->inner, pair[0], inner_event, line);
	else
		close(pair[0]);
	if (r < 0) {
		close(pair[1]);
		line_close(line);
		return r;
	}
	*inner = pair[1];
	return 0;
}
