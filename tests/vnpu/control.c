// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * control - the test's side entrance: org.layby.VNPU1 over varlink
 *
 * Owns the control socket. Each connection passes a line (line.h) first. Must
 * never offer anything to the driver: whoever reaches this socket is the test.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "device.h"
#include "interface.h"
#include "line.h"
#include "listener.h"

struct slot *control_slot(sd_varlink *link, struct device *device,
			  uint32_t index)
{
	if (index < device->config.slots)
		return &device->slots[index];
	sd_varlink_errorbo(link, "org.layby.VNPU1.NoSuchSlot",
			   SD_JSON_BUILD_PAIR_UNSIGNED("slots",
						       device->config.slots));
	return NULL;
}

int control_reply_slots(sd_varlink *link, struct device *device,
			int (*append)(sd_json_variant **array, const struct slot *slot),
			int (*reply)(sd_varlink *link, const struct device *device,
				     sd_json_variant *slots))
{
	sd_json_variant *slots = NULL;
	int r = 0;

	levels_advance(device, clock_now(&device->clock));
	for (uint32_t i = 0; r >= 0 && i < device->config.slots; i++)
		r = append(&slots, &device->slots[i]);
	if (r >= 0)
		r = reply(link, device, slots);
	sd_json_variant_unref(slots);
	return r;
}

int control_outside(sd_varlink *link, uint64_t bytes)
{
	return sd_varlink_errorbo(link, "org.layby.VNPU1.OutsideMemory",
				  SD_JSON_BUILD_PAIR_UNSIGNED("length", bytes));
}

static int knocked(sd_event_source *source, int fd, uint32_t events,
		   void *userdata)
{
	struct control *control = userdata;
	int outer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int inner, r;

	if (outer < 0)
		return 0;
	r = line_open(control->device->event, outer, &inner);
	if (r >= 0) {
		r = sd_varlink_server_add_connection(control->server, inner, NULL);
		if (r < 0)
			close(inner);
	}
	if (r < 0)
		fprintf(stderr, "vnpud: control: %s\n", strerror(-r));
	return 0;
}

static int server_make(struct control *control)
{
	sd_varlink_server *server;
	int r = sd_varlink_server_new(&control->server,
				      SD_VARLINK_SERVER_INHERIT_USERDATA);

	if (r < 0)
		return r;
	server = control->server;
	sd_varlink_server_set_userdata(server, control->device);
	r = sd_varlink_server_add_interface(server,
					    &vl_interface_org_layby_VNPU1);
	if (r >= 0)
		r = fault_bind(server);
	if (r >= 0)
		r = fault_sensors_bind(server);
	if (r >= 0)
		r = fault_heat_bind(server);
	if (r >= 0)
		r = truth_bind(server);
	if (r >= 0)
		r = truth_power_bind(server);
	if (r >= 0)
		r = sd_varlink_server_attach_event(server, control->device->event,
						   0);
	return r;
}

int control_init(struct control *control, struct device *device)
{
	int r;

	control->device = device;
	if (!device->config.control)
		return 0;
	r = server_make(control);
	if (r < 0)
		return r;
	return listener_open(device->event, device->config.control, knocked,
			     control, &control->listener);
}

void control_fini(struct control *control)
{
	if (control->listener)
		unlink(control->device->config.control);
	control->listener = sd_event_source_disable_unref(control->listener);
	control->server = sd_varlink_server_unref(control->server);
}
