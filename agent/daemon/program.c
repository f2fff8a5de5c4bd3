// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs in device memory, shared by the runs of one party only.
 */
#include "run.h"

#include <errno.h>
#include <string.h>

static void program_destroy(struct program *program)
{
	int r;

	r = layby_buffer_destroy(program->buffer);
	if (r < 0)
		log_error("freeing a program: %s", strerror(-r));
	LIST_REMOVE(program, entries);
	free(program);
}

void programs_evict(struct party *party)
{
	struct program *program = LIST_FIRST(&party->programs);
	struct program *next;

	for (; program; program = next) {
		next = LIST_NEXT(program, entries);
		if (!program->runs)
			program_destroy(program);
	}
}

void program_put(struct program *program)
{
	if (!--program->runs && !program->loaded)
		program_destroy(program);
}

static struct program *program_find(struct party *party, const uint8_t *digest)
{
	struct program *program;

	LIST_FOREACH(program, &party->programs, entries)
	if (!memcmp(program->digest, digest, sizeof(program->digest)))
		return program;
	return NULL;
}

static int create_evicting(struct party *party, uint64_t size, uint32_t flags,
			   struct layby_buffer **ret_buffer)
{
	struct party *other;
	int r;

	r = layby_buffer_create(party->node, size, flags, ret_buffer);
	if (r != -ENOSPC && r != -EDQUOT)
		return r;
	LIST_FOREACH(other, &party->agent->parties, entries)
	programs_evict(other);
	return layby_buffer_create(party->node, size, flags, ret_buffer);
}

int party_create_buffer(struct party *party, uint64_t size, uint32_t flags,
			struct layby_buffer **ret_buffer, void **ret_memory)
{
	struct layby_buffer *buffer;
	int r;

	r = create_evicting(party, size, flags, &buffer);
	if (r < 0)
		return r;
	r = layby_buffer_map(buffer, ret_memory);
	if (r < 0) {
		layby_buffer_destroy(buffer);
		return r;
	}
	*ret_buffer = buffer;
	return 0;
}

static int program_create(struct party *party, const struct store_job *wanted,
			  struct program **ret_program)
{
	struct program *program = calloc(1, sizeof(*program));
	int r;

	if (!program)
		return -ENOMEM;
	program->party = party;
	program->runs = 1;
	memcpy(program->digest, wanted->program_digest, sizeof(program->digest));
	r = party_create_buffer(party, wanted->program_size, LAYBY_BUFFER_READ_ONLY,
				&program->buffer, &program->memory);
	if (r < 0) {
		free(program);
		return r;
	}
	LIST_INSERT_HEAD(&party->programs, program, entries);
	*ret_program = program;
	return 0;
}

int program_get(struct party *party, const struct store_job *wanted,
		struct program **ret_program)
{
	struct program *program = program_find(party, wanted->program_digest);

	if (!program)
		return program_create(party, wanted, ret_program);
	if (!program->loaded)
		return -EBUSY;
	program->runs++;
	*ret_program = program;
	return 0;
}
