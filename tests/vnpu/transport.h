/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * transport - QEMU's ivshmem-doorbell: the socket, the doorbells, the vectors
 */
#ifndef VNPU_TRANSPORT_H
#define VNPU_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "layby/vnpu_regs.h"

#define TRANSPORT_CLIENT_ID 1

struct device;

struct transport {
	struct device *device;
	sd_event_source *listener;
	sd_event_source *client; /* NULL: nobody is connected */
	sd_event_source *doorbell[LAYBY_VNPU_VECTORS];
	int vector[LAYBY_VNPU_VECTORS]; /* eventfds that QEMU listens on */
};

int transport_init(struct transport *transport, struct device *device);
void transport_fini(struct transport *transport);
/* Raise an interrupt in the client; nothing if there is none. */
void transport_interrupt(struct transport *transport, uint32_t vector);
void transport_freeze(struct transport *transport, bool frozen);
bool transport_connected(const struct transport *transport);

#endif
