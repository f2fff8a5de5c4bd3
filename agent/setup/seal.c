// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The one order that cannot be taken back, over the generic netlink family.
 */
#include <errno.h>
#include <string.h>

#include <linux/layby_netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "gate_link.h"
#include "setup.h"
#include "util.h"

enum setup_status gate_look(struct setup_gate *ret_gate)
{
	struct gate_state state = {};
	struct gate_link *link = NULL;
	int r;

	r = gate_link_open(&link);
	if (r >= 0)
		r = gate_link_get_state(link, &state);
	gate_link_close(link);
	if (r < 0)
		return fail(SETUP_MODULE, "the module does not answer: %s", strerror(-r));
	ret_gate->loaded = state.known;
	ret_gate->sealed = state.sealed;
	return SETUP_OK;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *userdata)
{
	*(int *)userdata = error->error ?: -EIO;
	return NL_STOP;
}

/* 0, -errno of the kernel, or a negative NLE_ code as -EIO. */
static int order(struct nl_sock *socket, int family, uint8_t command)
{
	struct nl_msg *message = nlmsg_alloc();
	int r, refused = 0;

	if (!message)
		return -ENOMEM;
	genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, 0, command,
		    LAYBY_FAMILY_VERSION);
	nl_socket_modify_err_cb(socket, NL_CB_CUSTOM, on_error, &refused);
	/* Asks for an confirmation and waits for it; frees the message */
	r = nl_send_sync(socket, message);
	if (refused)
		return refused;
	return r < 0 ? -EIO : 0;
}

static int seal(void)
{
	struct nl_sock *socket = nl_socket_alloc();
	int r = -ENOMEM, family;

	if (!socket)
		return r;
	r = genl_connect(socket) < 0 ? -EIO : 0;
	if (r == 0) {
		family = genl_ctrl_resolve(socket, LAYBY_FAMILY_NAME);
		r = family < 0 ? -ENOENT : order(socket, family, LAYBY_NL_SEAL);
	}
	nl_socket_free(socket);
	return r;
}

enum setup_status gate_seal(void)
{
	int r = seal();

	switch (r) {
	case 0:
		return SETUP_OK;
	case -EPERM:
		return fail(SETUP_SEAL, "sealing needs CAP_SYS_ADMIN and CAP_NET_ADMIN");
	case -EALREADY:
		return fail(SETUP_SEALED, "sealed meanwhile by somebody else: reboot");
	default:
		return fail(SETUP_SEAL, "sealing failed: %s", strerror(-r));
	}
}
