/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory - the device's BAR 2: one sealed memfd, mapped, shared with QEMU
 *
 * The only way from a number that the driver wrote to a pointer is
 * memory_at(). All of it may change under our hands at any time: whoever reads
 * a value reads it once into a local copy.
 */
#ifndef VNPU_MEMORY_H
#define VNPU_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct memory {
	uint8_t *base;
	uint64_t bytes;
	int fd;
};

/* @bytes: power of two. A fresh memfd reads as zero. */
/*
 * A memfd whose size is sealed: nobody who gets it can take bytes away that we
 * will read. Returns the descriptor or a negative errno.
 */
int memory_fd(const char *name, uint64_t bytes);

int memory_init(struct memory *memory, uint64_t bytes);
void memory_fini(struct memory *memory);

/* Is [address, address + length) inside [base, base + bytes)? Never overflows;
 * a length of zero is not inside anything.
 */
bool range_inside(uint64_t base, uint64_t bytes, uint64_t address,
		  uint64_t length);

/* The bytes at an address, or NULL if not all of them are in the memory. */
void *memory_at(const struct memory *memory, uint64_t address, uint64_t length);

/*
 * Registers, little-endian. The offset is a constant of the layout. A read is
 * an acquire: what the driver wrote before the register is seen after it. A
 * write is a release: the driver that sees it sees all that we wrote before.
 */
uint32_t memory_read32(const struct memory *memory, uint32_t offset);
uint64_t memory_read64(const struct memory *memory, uint32_t offset);
void memory_write32(struct memory *memory, uint32_t offset, uint32_t value);
void memory_write64(struct memory *memory, uint32_t offset, uint64_t value);

#endif
