// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * While the car drives: jobs, and frames that say parked, right in themselves, by
 * every way that a program of this host has. Whoever runs this looks at the
 * module's counts before and after.
 */
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/can/bcm.h>
#include <linux/can/raw.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>

#include "foe.h"
#include "frame.h"

#define BUS		"can0"
#define SIGNALS		"/layby/build/park/signals.bin"
/* Of each frame so many that its counter has every value, the right one too */
#define FRAMES		16

/* --- The gate ------------------------------------------------------------------------ */

static struct party party;
static struct io_uring ring;

static int stays_closed(void)
{
	struct gate_state state;
	int r = gate_state(&state);

	if (r)
		return r;
	return state.open || state.guests_in ? -EBADMSG : -ESHUTDOWN;
}

static int job_submit(const char *with)
{
	int r = party_open_ready(&party, LAYBY_CLASS_GUEST, LONG_RUN);

	if (!r)
		r = ring_open(&ring, RING_PLAIN);
	if (r)
		return r;
	ring_job(&ring, party.fd, 0, 0);
	return ring_run_one(&ring);
}

/* It may be taken, and renewed, and opens nothing. */
static int lease_take(const char *with)
{
	struct layby_lease args = {};
	int r = node_ioctl(party.fd, DRM_IOCTL_LAYBY_LEASE, &args);

	if (!r && ioctl(args.fd, LAYBY_LEASE_RENEW))
		r = -errno;
	return r ? r : stays_closed();
}

/* --- Frames -------------------------------------------------------------------------- */

static struct layby_signals signals;
static struct sender sender = { .signals = &signals };

static int signals_read(void)
{
	FILE *file = fopen(SIGNALS, "re");
	bool is_read;

	if (!file)
		return -errno;
	is_read = fread(&signals, sizeof(signals), 1, file) == 1;
	fclose(file);
	if (!is_read || !sender_yes(&signals, LAYBY_SIGNAL_GEAR, &sender.raw[LAYBY_SIGNAL_GEAR]) ||
	    !sender_yes(&signals, LAYBY_SIGNAL_SPEED, &sender.raw[LAYBY_SIGNAL_SPEED]) ||
	    !sender_yes(&signals, LAYBY_SIGNAL_IGNITION, &sender.raw[LAYBY_SIGNAL_IGNITION]))
		return -EBADMSG;
	return 0;
}

static int can_open(int type, int protocol, bool connects)
{
	struct sockaddr_can address = {
		.can_family = AF_CAN, .can_ifindex = (int)if_nametoindex(BUS),
	};
	int fd = socket(PF_CAN, type | SOCK_CLOEXEC, protocol), on = 1, r;

	if (fd < 0)
		return -errno;
	if (protocol == CAN_RAW)
		setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FD_FRAMES, &on, sizeof(on));
	r = connects ? connect(fd, (struct sockaddr *)&address, sizeof(address)) :
		       bind(fd, (struct sockaddr *)&address, sizeof(address));
	if (!r)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

/* Every one of them must get the same: that, or -EBADMSG. */
static int frames_send(int (*send)(int fd, uint32_t signal), int fd)
{
	static const uint32_t parked[] = {
		LAYBY_SIGNAL_GEAR, LAYBY_SIGNAL_SPEED, LAYBY_SIGNAL_IGNITION,
	};
	int first = send(fd, parked[0]), count;

	for (count = 1; count < 3 * FRAMES; count++)
		if (send(fd, parked[count % 3]) != first)
			return -EBADMSG;
	if (first == -ENOBUFS)
		printf("# stopped: %d\n", count);
	return first;
}

static int send_raw(int fd, uint32_t signal)
{
	struct canfd_frame frame;
	size_t size = sender_frame(&sender, signals.signal[signal].frame, &frame);

	return write(fd, &frame, size) == (ssize_t)size ? 0 : -errno;
}

static int send_broadcast(int fd, uint32_t signal)
{
	struct bcm_msg_head head = { .opcode = TX_SEND, .nframes = 1 };
	struct canfd_frame frame;
	size_t size = sender_frame(&sender, signals.signal[signal].frame, &frame);
	struct iovec parts[] = { { &head, sizeof(head) }, { &frame, size } };

	if (size == CANFD_MTU)
		head.flags = CAN_FD_FRAME;
	return writev(fd, parts, 2) == (ssize_t)(sizeof(head) + size) ? 0 : -errno;
}

static int frames_by(int type, int protocol, int (*send)(int fd, uint32_t signal))
{
	int fd = can_open(type, protocol, protocol == CAN_BCM), r;

	if (fd < 0)
		return fd;
	r = signals_read();
	if (!r)
		r = frames_send(send, fd);
	close(fd);
	return r;
}

static int frames_raw(const char *with)
{
	return frames_by(SOCK_RAW, CAN_RAW, send_raw);
}

static int frames_broadcast(const char *with)
{
	return frames_by(SOCK_DGRAM, CAN_BCM, send_broadcast);
}

static int frames_packet(const char *with)
{
	return closed(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
}

/* --- An interface of its own ---------------------------------------------------------- */

static int child_own_bus(void)
{
	int r = be_root_in(CLONE_NEWNET);

	if (r)
		return r;
	if (system("ip link add " BUS " mtu 72 type vcan && ip link set " BUS " up"))
		return -ENODEV;
	return frames_raw(NULL);
}

/* They are sent, and nobody hears them. */
static int frames_own_bus(const char *with)
{
	int r = in_child(child_own_bus);

	return r ? r : stays_closed() == -ESHUTDOWN ? 0 : -EBADMSG;
}

/* --- The bus itself -------------------------------------------------------------------- */

/* The kernel's answer, which begins as a struct nlmsghdr and an error. */
static int route_ask(void *message, size_t size)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), r = 0;
	struct {
		struct nlmsghdr head;
		struct nlmsgerr answer;
		char rest[512];
	} reply = {};

	if (fd < 0)
		return -errno;
	if (send(fd, message, size, 0) < 0 || recv(fd, &reply, sizeof(reply), 0) < 0)
		r = -errno;
	close(fd);
	return r ? r : reply.head.nlmsg_type == NLMSG_ERROR ? reply.answer.error : -EBADMSG;
}

struct link_message {
	struct nlmsghdr head;
	struct ifinfomsg link;
	struct rtattr attribute;
	uint32_t pid;
};

static int bus_down(const char *with)
{
	struct link_message message = {
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(message.link)),
			  .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link = { .ifi_index = (int)if_nametoindex(BUS), .ifi_change = IFF_UP },
	};

	return route_ask(&message, message.head.nlmsg_len);
}

static int bus_move(const char *with)
{
	struct link_message message = {
		.head = { .nlmsg_len = sizeof(message),
			  .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link = { .ifi_index = (int)if_nametoindex(BUS) },
		.attribute = { RTA_LENGTH(sizeof(uint32_t)), IFLA_NET_NS_PID },
		.pid = (uint32_t)getpid(),
	};

	return route_ask(&message, sizeof(message));
}

/* A gateway rule (can-gw) is a route of this family. */
static int bus_route(const char *with)
{
	struct {
		struct nlmsghdr head;
		struct rtmsg route;
	} message = {
		.head = { .nlmsg_len = sizeof(message),
			  .nlmsg_type = RTM_NEWROUTE, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.route = { .rtm_family = AF_CAN },
	};

	return route_ask(&message, sizeof(message));
}

const struct attempt while_driving[] = {
	{ "driving: run a job", job_submit, NULL, ESHUTDOWN, ESHUTDOWN },
	{ "driving: take the lease, and wait", lease_take, NULL, ESHUTDOWN, ESHUTDOWN },
	{ "driving: frames that say parked (CAN_RAW)", frames_raw, NULL, ENOBUFS, EAFNOSUPPORT },
	{ "driving: the same by the broadcast manager (CAN_BCM)", frames_broadcast, NULL, ENOBUFS,
	  EAFNOSUPPORT },
	{ "driving: the same around egress (AF_PACKET)", frames_packet, NULL, EPERM,
	  EAFNOSUPPORT },
	{ "driving: the same on a bus of its own namespace, which nobody hears", frames_own_bus,
	  NULL, 0, EPERM },
	{ "set the bus down", bus_down, NULL, EPERM, EPERM },
	{ "move the bus to itself", bus_move, NULL, EPERM, EPERM },
	{ "route frames to the bus (can-gw)", bus_route, NULL, EPERM, EPERM },
	{}
};
