// SPDX-License-Identifier: LGPL-2.1-or-later
/* The administrator's orders over netlink, and events that are not the kernel's. */
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "foe.h"

static int order_seal(const char *with)
{
	return gate_order(LAYBY_NL_SEAL);
}

static int order_clear(const char *with)
{
	return gate_order(LAYBY_NL_CLEAR_FAULT);
}

static int order_unknown(const char *with)
{
	return gate_order(200);
}

/* --- With capabilities of its own making --------------------------------------- */

static int child_own_user(void)
{
	return be_root_in(0);
}

static int own_user(const char *with)
{
	return in_child(child_own_user);
}

static int child_seal(void)
{
	int r = child_own_user();

	return r ? r : order_seal(NULL);
}

static int order_own_user(const char *with)
{
	return in_child(child_seal);
}

static int child_family(void)
{
	struct nl_sock *sock = nl_socket_alloc();
	int r = be_root_in(CLONE_NEWNET);

	if (r)
		return r;
	if (!sock || genl_connect(sock))
		return -ENOMEM;
	r = genl_ctrl_resolve(sock, LAYBY_FAMILY_NAME);
	return r == -NLE_OBJ_NOTFOUND ? -ENOENT : r < 0 ? -EIO : 0;
}

static int order_own_net(const char *with)
{
	return in_child(child_family);
}

/* --- Events -------------------------------------------------------------------- */

/* Whatever it says: who listens must hear the kernel only. */
static int event_forge(const char *with)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_groups = ~0U };
	struct nlmsghdr message = { .nlmsg_len = sizeof(message), .nlmsg_type = NLMSG_MIN_TYPE };
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	int r = 0;

	if (sock < 0)
		return -errno;
	if (sendto(sock, &message, sizeof(message), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		r = -errno;
	close(sock);
	return r;
}

const struct attempt orders[] = {
	{ "seal again", order_seal, NULL, EPERM, EPERM },
	{ "clear a latched fault", order_clear, NULL, EPERM, EPERM },
	{ "a command that there is not", order_unknown, NULL, EOPNOTSUPP, EOPNOTSUPP },
	{ "be root in a user namespace of its own", own_user, NULL, 0, EPERM },
	{ "seal from there", order_own_user, NULL, EPERM, EPERM },
	{ "find the family in a network namespace of its own", order_own_net, NULL, ENOENT, EPERM },
	{ "send an event of the gate to who listens", event_forge, NULL, EPERM, EPERM },
	{}
};
