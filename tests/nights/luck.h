/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random numbers that are the same on every machine (splitmix64; Steele, Lea and Flood,
 * OOPSLA 2014).
 */
#ifndef LAYBY_TESTS_LUCK_H
#define LAYBY_TESTS_LUCK_H

#include <math.h>
#include <stdint.h>

struct luck {
	uint64_t state;
};

static inline uint64_t luck_next(struct luck *luck)
{
	uint64_t z = luck->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* 0 to @end - 1; 0 if there is none */
static inline int32_t luck_below(struct luck *luck, int32_t end)
{
	uint64_t next = luck_next(luck);

	return end > 0 ? (int32_t)(next % (uint64_t)end) : 0;
}

/* Both inclusive */
static inline int32_t luck_between(struct luck *luck, int32_t low, int32_t high)
{
	return low + luck_below(luck, high - low + 1);
}

static inline double luck_part(struct luck *luck, double low, double high)
{
	return low + (high - low) * (luck_next(luck) >> 11) / 9007199254740992.0;
}

static inline double luck_exponential(struct luck *luck, double mean)
{
	return -mean * log(1 - luck_part(luck, 0, 1));
}

#endif /* LAYBY_TESTS_LUCK_H */
