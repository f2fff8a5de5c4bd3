// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tile - the tiles' local memory
 *
 * Must never clear anything of itself: a driver that forgets to clear between
 * two parties has to be seen to leak.
 */
#include <string.h>

#include "tile.h"

/* xorshift64*: any generator does, it only has to be repeatable. */
static uint64_t noise_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

void tiles_power_on(struct tiles *tiles, uint32_t count, uint64_t seed)
{
	uint64_t state = seed ^ UINT64_C(0x9e3779b97f4a7c15);
	uint64_t word;

	tiles->count = count;
	if (!state)
		state = 1;
	for (uint32_t tile = 0; tile < count; tile++) {
		for (uint32_t at = 0; at < TILE_LOCAL_BYTES; at += sizeof(word)) {
			word = noise_next(&state);
			memcpy(tiles->local[tile] + at, &word, sizeof(word));
		}
	}
}

void tiles_clear(struct tiles *tiles, uint32_t mask)
{
	for (uint32_t tile = 0; tile < tiles->count; tile++) {
		if (mask & (1u << tile))
			memset(tiles->local[tile], 0, TILE_LOCAL_BYTES);
	}
}

uint64_t tiles_bytes(uint32_t mask)
{
	return (uint64_t)__builtin_popcount(mask) * TILE_LOCAL_BYTES;
}

void tiles_read(const struct tiles *tiles, uint32_t mask, uint8_t *to)
{
	for (uint32_t tile = 0; tile < tiles->count; tile++) {
		if (!(mask & (1u << tile)))
			continue;
		memcpy(to, tiles->local[tile], TILE_LOCAL_BYTES);
		to += TILE_LOCAL_BYTES;
	}
}

void tiles_leave(struct tiles *tiles, uint32_t mask, uint64_t offset,
		 const uint8_t *from, uint64_t length)
{
	for (uint32_t tile = 0; tile < tiles->count && length; tile++) {
		uint64_t part;

		if (!(mask & (1u << tile)))
			continue;
		if (offset >= TILE_LOCAL_BYTES) {
			offset -= TILE_LOCAL_BYTES;
			continue;
		}
		part = TILE_LOCAL_BYTES - offset;
		if (part > length)
			part = length;
		memcpy(tiles->local[tile] + offset, from, part);
		from += part;
		length -= part;
		offset = 0;
	}
}
