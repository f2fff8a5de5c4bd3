/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * listener - a listening stream socket at a path
 */
#ifndef VNPU_LISTENER_H
#define VNPU_LISTENER_H

#include <systemd/sd-event.h>

/*
 * The path appears only once a connection to it will be accepted. @knocked is
 * called with the listening socket; it accepts.
 */
int listener_open(struct sd_event *event, const char *path,
		  sd_event_io_handler_t knocked, void *userdata,
		  struct sd_event_source **ret);

#endif
