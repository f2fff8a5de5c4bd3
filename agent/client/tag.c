// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which tags of a node are free.
 *
 * Two sets of bits, each changed by single atomic operations. A tag is in
 * neither while its job is in flight, in `held` when it was given back before
 * the device let go of the job, in `free` otherwise. Whoever clears a bit owns
 * the tag, so no tag is handed out twice.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

#define BITS 64u

int tag_set_init(struct tag_set *set, uint32_t tags)
{
	uint32_t tag;

	set->words = (tags + BITS - 1) / BITS;
	set->free = calloc(set->words, sizeof(*set->free));
	set->held = calloc(set->words, sizeof(*set->held));
	if (!set->free || !set->held)
		return -ENOMEM;
	for (tag = 0; tag < tags; tag++)
		set->free[tag / BITS] |= 1ull << (tag % BITS);
	return 0;
}

void tag_set_fini(struct tag_set *set)
{
	free(set->free);
	free(set->held);
}

/* True if the bit was set and this call cleared it. */
static bool bit_take(_Atomic uint64_t *word, uint64_t bit)
{
	return atomic_fetch_and(word, ~bit) & bit;
}

static int tag_take(struct tag_set *set)
{
	uint64_t bits;
	uint32_t i;

	for (i = 0; i < set->words; i++) {
		while ((bits = atomic_load(&set->free[i]))) {
			if (bit_take(&set->free[i], bits & -bits))
				return (int)(i * BITS) + __builtin_ctzll(bits);
		}
	}
	return -EBUSY;
}

static bool tag_is_held_by_device(const struct layby_node *node, uint32_t tag)
{
	return report_state(node, tag) == LAYBY_REPORT_IN_FLIGHT;
}

/* Moves to `free` what the device has let go of since. */
static void tag_collect_word(struct layby_node *node, uint32_t word)
{
	struct tag_set *set = &node->tag_set;
	uint64_t bits = atomic_load(&set->held[word]);
	uint64_t bit;

	for (; bits; bits &= bits - 1) {
		bit = bits & -bits;
		if (tag_is_held_by_device(
			    node, word * BITS + (uint32_t)__builtin_ctzll(bit)))
			continue;
		if (bit_take(&set->held[word], bit))
			atomic_fetch_or(&set->free[word], bit);
	}
}

int layby_tag_get(struct layby_node *node)
{
	uint32_t i;
	int tag;

	tag = tag_take(&node->tag_set);
	if (tag >= 0)
		return tag;
	for (i = 0; i < node->tag_set.words; i++)
		tag_collect_word(node, i);
	return tag_take(&node->tag_set);
}

void layby_tag_put(struct layby_node *node, uint32_t tag)
{
	struct tag_set *set = &node->tag_set;
	_Atomic uint64_t *word;

	if (tag >= node->tags)
		return;
	word = tag_is_held_by_device(node, tag) ? &set->held[tag / BITS] :
						  &set->free[tag / BITS];
	atomic_fetch_or(word, 1ull << (tag % BITS));
}
