// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * transport - QEMU's ivshmem-doorbell: the socket, the doorbells, the vectors
 *
 * Speaks the server side of the protocol in QEMU's ivshmem-spec.rst to one
 * client at a time; the device is peer LAYBY_VNPU_PEER, the client is peer 1.
 * Owns the eventfds of a connection. Each connection is a power cycle: what a
 * former client left is never shown to the next.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device.h"
#include "listener.h"

#define TRANSPORT_PROTOCOL	0
#define TRANSPORT_MEMORY	(-1)

static int send_number(int client, int64_t number, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {};
	int64_t wire = htole64(number);
	struct iovec part = { &wire, sizeof(wire) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	/* A few dozen bytes always fit into a new socket's buffer. */
	if (sendmsg(client, &message, MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(wire))
		return -errno;
	return 0;
}

static int doorbell_fd(const struct transport *transport, uint32_t vector)
{
	return sd_event_source_get_io_fd(transport->doorbell[vector]);
}

static int handshake(struct transport *transport, int client)
{
	int r = send_number(client, TRANSPORT_PROTOCOL, -1);

	if (r >= 0)
		r = send_number(client, TRANSPORT_CLIENT_ID, -1);
	if (r >= 0)
		r = send_number(client, TRANSPORT_MEMORY,
				transport->device->memory.fd);
	for (uint32_t i = 0; r >= 0 && i < LAYBY_VNPU_VECTORS; i++)
		r = send_number(client, LAYBY_VNPU_PEER,
				doorbell_fd(transport, i));
	for (uint32_t i = 0; r >= 0 && i < LAYBY_VNPU_VECTORS; i++)
		r = send_number(client, TRANSPORT_CLIENT_ID,
				transport->vector[i]);
	return r;
}

static int rung(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct transport *transport = userdata;
	uint64_t count;

	/* Before looking at any register, so that no later ring is lost. */
	if (read(fd, &count, sizeof(count)) < 0)
		return 0;
	for (uint32_t i = 0; i < LAYBY_VNPU_VECTORS; i++) {
		if (transport->doorbell[i] == source)
			device_doorbell(transport->device, i);
	}
	return 0;
}

static void vectors_close(struct transport *transport)
{
	for (uint32_t i = 0; i < LAYBY_VNPU_VECTORS; i++) {
		transport->doorbell[i] =
			sd_event_source_disable_unref(transport->doorbell[i]);
		if (transport->vector[i] >= 0)
			close(transport->vector[i]);
		transport->vector[i] = -1;
	}
}

static int vector_open(struct transport *transport, uint32_t i)
{
	int fd, r;

	transport->vector[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (transport->vector[i] < 0 || fd < 0)
		return -errno;
	r = sd_event_add_io(transport->device->event, &transport->doorbell[i],
			    fd, EPOLLIN, rung, transport);
	if (r < 0) {
		close(fd);
		return r;
	}
	return sd_event_source_set_io_fd_own(transport->doorbell[i], true);
}

static int client_leave(struct transport *transport)
{
	transport->client = sd_event_source_disable_unref(transport->client);
	vectors_close(transport);
	return device_power_on(transport->device);
}

/* A client has nothing to say: whatever comes is the end of it. */
static int client_event(sd_event_source *source, int fd, uint32_t events,
			void *userdata)
{
	fprintf(stderr, "vnpud: client left\n");
	return client_leave(userdata);
}

static int client_enter(struct transport *transport, int client)
{
	int r = device_power_on(transport->device);

	if (r < 0)
		return r;
	r = sd_event_add_io(transport->device->event, &transport->client, client,
			    EPOLLIN | EPOLLRDHUP, client_event, transport);
	if (r < 0)
		return r;
	/* That the last one left is learnt before the next one is let in. */
	r = sd_event_source_set_priority(transport->client,
					 SD_EVENT_PRIORITY_IMPORTANT);
	for (uint32_t i = 0; r >= 0 && i < LAYBY_VNPU_VECTORS; i++)
		r = vector_open(transport, i);
	if (r >= 0)
		r = handshake(transport, client);
	if (r < 0) {
		client_leave(transport);
		return r;
	}
	return sd_event_source_set_io_fd_own(transport->client, true);
}

static int knocked(sd_event_source *source, int fd, uint32_t events,
		   void *userdata)
{
	struct transport *transport = userdata;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	int r;

	if (client < 0)
		return 0;
	if (transport->client) {
		fprintf(stderr, "vnpud: a second client was turned away\n");
		close(client);
		return 0;
	}
	r = client_enter(transport, client);
	if (r < 0) {
		fprintf(stderr, "vnpud: client: %s\n", strerror(-r));
		close(client);
	} else {
		fprintf(stderr, "vnpud: client connected\n");
	}
	return 0;
}

int transport_init(struct transport *transport, struct device *device)
{
	transport->device = device;
	for (uint32_t i = 0; i < LAYBY_VNPU_VECTORS; i++)
		transport->vector[i] = -1;
	return listener_open(device->event, device->config.socket, knocked,
			     transport, &transport->listener);
}

void transport_fini(struct transport *transport)
{
	transport->client = sd_event_source_disable_unref(transport->client);
	if (transport->listener)
		unlink(transport->device->config.socket);
	transport->listener = sd_event_source_disable_unref(transport->listener);
	vectors_close(transport);
}

void transport_interrupt(struct transport *transport, uint32_t vector)
{
	uint64_t one = 1;
	ssize_t n;

	if (!transport->client)
		return;
	/* It fails only when the counter is full: then it is raised already. */
	do {
		n = write(transport->vector[vector], &one, sizeof(one));
	} while (n < 0 && errno == EINTR);
}

void transport_freeze(struct transport *transport, bool frozen)
{
	for (uint32_t i = 0; i < LAYBY_VNPU_VECTORS; i++) {
		if (transport->doorbell[i])
			sd_event_source_set_enabled(transport->doorbell[i],
						    frozen ? SD_EVENT_OFF :
						    SD_EVENT_ON);
	}
}

bool transport_connected(const struct transport *transport)
{
	return transport->client;
}
