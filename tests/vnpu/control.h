/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * control - the test's side entrance: org.layby.VNPU1 over varlink
 */
#ifndef VNPU_CONTROL_H
#define VNPU_CONTROL_H

#include <systemd/sd-event.h>
#include <systemd/sd-varlink.h>

struct device;
struct slot;

struct control {
	struct device *device;
	sd_varlink_server *server;
	sd_event_source *listener;
};

/* Does nothing if no control path was given. */
int control_init(struct control *control, struct device *device);
void control_fini(struct control *control);

/* The methods, each in the file of its name. */
int fault_bind(sd_varlink_server *server);
int fault_sensors_bind(sd_varlink_server *server);
int fault_heat_bind(sd_varlink_server *server);
int truth_bind(sd_varlink_server *server);
int truth_power_bind(sd_varlink_server *server);

/* The slot of this number; NULL: there is none, an error was replied. */
struct slot *control_slot(sd_varlink *link, struct device *device,
			  uint32_t index);
/*
 * Reply with an array of what @append adds for each slot, power and energy worked out
 * up to now, and whatever else @reply has.
 */
int control_reply_slots(sd_varlink *link, struct device *device,
			int (*append)(sd_json_variant **array, const struct slot *slot),
			int (*reply)(sd_varlink *link, const struct device *device,
				     sd_json_variant *slots));
/* Reply that there are only @bytes. */
int control_outside(sd_varlink *link, uint64_t bytes);

#endif
