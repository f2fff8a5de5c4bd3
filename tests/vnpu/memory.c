// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * memory - the device's BAR 2: one sealed memfd, mapped, shared with QEMU
 *
 * Owns the memfd and its one mapping. Must never hand out a pointer that was
 * not checked against the mapping's size, nor let anybody change that size
 * (it is sealed, so that no client can make us fault).
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"

int memory_fd(const char *name, uint64_t bytes)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, bytes) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

int memory_init(struct memory *memory, uint64_t bytes)
{
	void *base;
	int fd = memory_fd("vnpu-memory", bytes);

	if (fd < 0)
		return fd;
	base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED) {
		int r = -errno;

		close(fd);
		return r;
	}
	*memory = (struct memory){ .base = base, .bytes = bytes, .fd = fd };
	return 0;
}

void memory_fini(struct memory *memory)
{
	if (!memory->base)
		return;
	munmap(memory->base, memory->bytes);
	close(memory->fd);
	*memory = (struct memory){ .fd = -1 };
}

bool range_inside(uint64_t base, uint64_t bytes, uint64_t address,
		  uint64_t length)
{
	if (!length || address < base)
		return false;
	return address - base <= bytes && length <= bytes - (address - base);
}

void *memory_at(const struct memory *memory, uint64_t address, uint64_t length)
{
	if (!range_inside(0, memory->bytes, address, length))
		return NULL;
	return memory->base + address;
}

static void *register_at(const struct memory *memory, uint32_t offset,
			 uint32_t width)
{
	void *at = memory_at(memory, offset, width);

	assert(at && offset % width == 0);
	return at;
}

uint32_t memory_read32(const struct memory *memory, uint32_t offset)
{
	uint32_t *at = register_at(memory, offset, sizeof(*at));

	return le32toh(__atomic_load_n(at, __ATOMIC_ACQUIRE));
}

uint64_t memory_read64(const struct memory *memory, uint32_t offset)
{
	uint64_t *at = register_at(memory, offset, sizeof(*at));

	return le64toh(__atomic_load_n(at, __ATOMIC_ACQUIRE));
}

void memory_write32(struct memory *memory, uint32_t offset, uint32_t value)
{
	uint32_t *at = register_at(memory, offset, sizeof(*at));

	__atomic_store_n(at, htole32(value), __ATOMIC_RELEASE);
}

void memory_write64(struct memory *memory, uint32_t offset, uint64_t value)
{
	uint64_t *at = register_at(memory, offset, sizeof(*at));

	__atomic_store_n(at, htole64(value), __ATOMIC_RELEASE);
}
