/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * control - the test's side entrance: org.layby.VNPU1 over varlink
 */
#ifndef VNPU_CONTROL_H
#define VNPU_CONTROL_H

#include <systemd/sd-varlink.h>

struct device;

struct control {
	sd_varlink_server *server;
};

int control_init(struct control *control, struct device *device);
void control_fini(struct control *control);

#endif
