/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tile - the tiles' local memory
 *
 * What a job's data leaves there stays until a job overwrites it or it is told
 * to be cleared. A mask's memories count as one, in ascending order of tiles.
 */
#ifndef VNPU_TILE_H
#define VNPU_TILE_H

#include <stdint.h>

#include "layby/vnpu_regs.h"

#define TILE_LOCAL_BYTES 65536u

struct tiles {
	uint32_t count;
	uint8_t local[LAYBY_VNPU_MAX_TILES][TILE_LOCAL_BYTES];
};

/* SRAM comes up with noise in it, the same noise for the same @seed. */
void tiles_power_on(struct tiles *tiles, uint32_t count, uint64_t seed);
void tiles_clear(struct tiles *tiles, uint32_t mask);
uint64_t tiles_bytes(uint32_t mask);
/* Copy all of the mask's memory, tiles_bytes(mask) bytes. */
void tiles_read(const struct tiles *tiles, uint32_t mask, uint8_t *to);
/* Write from @offset on; what does not fit is left out. */
void tiles_leave(struct tiles *tiles, uint32_t mask, uint64_t offset,
		 const uint8_t *from, uint64_t length);

#endif
