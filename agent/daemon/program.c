// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs in device memory, shared by the runs of one party only.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void program_destroy(struct program *program)
{
	int r;

	r = layby_buffer_destroy(program->buffer);
	if (r < 0)
		log_error("freeing a program: %s", strerror(-r));
	close_fd(&program->fd);
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
	if (--program->runs)
		return;
	if (program->fd < 0 || !program->loaded)
		program_destroy(program);
}

static struct program *program_find(struct party *party, const struct stat *st)
{
	struct program *program;

	LIST_FOREACH(program, &party->programs, entries)
	if (program->fd >= 0 && program->inode == st->st_ino &&
	    program->device == st->st_dev)
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

static int program_create(struct party *party, const struct request *request,
			  struct program **ret_program)
{
	struct program *program = calloc(1, sizeof(*program));
	int r;

	if (!program)
		return -ENOMEM;
	program->party = party;
	program->fd = -1;
	program->runs = 1;
	r = party_create_buffer(party, request->program_size,
				LAYBY_BUFFER_READ_ONLY, &program->buffer,
				&program->memory);
	if (r < 0) {
		free(program);
		return r;
	}
	LIST_INSERT_HEAD(&party->programs, program, entries);
	*ret_program = program;
	return 0;
}

/* From now on other runs may find it. */
static int program_share(struct program *program, int fd, const struct stat *st)
{
	program->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (program->fd < 0)
		return -errno;
	program->inode = st->st_ino;
	program->device = st->st_dev;
	return 0;
}

static int program_get_sealed(struct party *party,
			      const struct request *request,
			      struct program **ret_program)
{
	struct program *program;
	struct stat st;
	int r;

	if (fstat(request->program, &st) < 0)
		return -errno;
	program = program_find(party, &st);
	if (program && !program->loaded)
		return -EBUSY;
	if (program) {
		program->runs++;
		*ret_program = program;
		return 0;
	}
	r = program_create(party, request, &program);
	if (r < 0)
		return r;
	r = program_share(program, request->program, &st);
	if (r < 0) {
		program_put(program);
		return r;
	}
	*ret_program = program;
	return 0;
}

int program_get(struct party *party, const struct request *request,
		struct program **ret_program)
{
	if (blob_is_sealed(request->program))
		return program_get_sealed(party, request, ret_program);
	return program_create(party, request, ret_program);
}
