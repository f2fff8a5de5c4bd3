/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * firmware - the one command queue
 */
#ifndef VNPU_FIRMWARE_H
#define VNPU_FIRMWARE_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "layby/vnpu_regs.h"

#define FIRMWARE_ENABLE_US	100u
#define FIRMWARE_CLEAR_US	20u
/* 64 KiB at 16 GB/s */
#define FIRMWARE_CLEAR_TILE_US	4u
#define FIRMWARE_TILES_US	20u
#define FIRMWARE_WATCHDOG_US	20u
#define FIRMWARE_LEVEL_US	50u
#define FIRMWARE_REFUSE_US	10u

struct device;

struct firmware {
	struct device *device;
	struct vnpu_timer timer;
	/* The command at the head, our own copy, while @busy. */
	struct layby_vnpu_command command;
	uint32_t result;
	uint32_t head;
	bool busy;
	uint64_t done; /* since the process started */
};

int firmware_init(struct firmware *firmware, struct device *device);
void firmware_fini(struct firmware *firmware);
void firmware_reset(struct firmware *firmware);
/* Take the next command if there is one. */
void firmware_poll(struct firmware *firmware);
uint32_t firmware_longest_us(const struct device *device);

#endif
