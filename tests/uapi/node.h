/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The node as the raw interface has it: one function a call, each returns 0 (or
 * a value) or -errno and prints nothing, so that children and threads may use
 * them too. A struct party is one open file with its reports mapped.
 */
#ifndef UAPI_NODE_H
#define UAPI_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <drm/layby_accel.h>

#define PAGE		4096UL
#define MS		1000000ULL	/* in ns */
#define SECOND		1000000000ULL

/* A run time that no test waits for, within the interface's bound. */
#define LONG_RUN	(60 * SECOND)

/* LAYBY_TIME_FACTOR: how much slower than the stock kernel this one is. */
unsigned int time_factor(void);
uint64_t now_ns(void);
void sleep_ms(unsigned int ms);

/*
 * Wait until @done(@arg) is true, 10 s times the kernel's factor at most.
 * Returns whether it is.
 */
bool eventually(bool (*done)(void *arg), void *arg);

/*
 * @class: enum layby_class, the partition of it with the lowest number; or
 * NODE_SECOND, the second driving one, which the uapi's tests use: nothing
 * closes it
 */
#define NODE_SECOND 2

int node_path(uint32_t class, char *path, size_t size);
int node_open(uint32_t class);
int node_ioctl(int fd, unsigned long request, void *arg);
int node_query(int fd, uint32_t topic, void *info, uint32_t size);
int buffer_create(int fd, uint64_t size, uint32_t flags, uint32_t *ret_handle);
int buffer_offset(int fd, uint32_t handle, uint64_t *ret_offset);
int buffer_close(int fd, uint32_t handle);
/* MAP_SHARED, readable and writable; NULL and errno */
void *buffer_map(int fd, uint32_t handle, size_t size);
int job_unprepare(int fd, uint32_t job);

/* Free bytes of the partition's window, or -errno. */
int64_t window_free(int fd);
/* Wait until @bytes of the window are free: jobs and parties are gone. */
bool window_becomes_free(int fd, int64_t bytes);

struct party {
	int fd;
	struct layby_party_info info;
	const struct layby_report *reports;
	/* made by party_prepare(): program, input, output, a page each */
	uint32_t buffer[3];
};

int party_open(struct party *party, uint32_t class);
void party_close(struct party *party);
/* A job on the party's three buffers: its index, or -errno. */
int party_prepare(struct party *party, uint64_t longest_run_ns);
/* Another job on them, @flags: LAYBY_JOB_* */
int party_prepare_as(struct party *party, uint64_t longest_run_ns, uint32_t flags);
/* A party and one job of it, index 0. */
int party_open_ready(struct party *party, uint32_t class, uint64_t longest_run_ns);
uint32_t report_state(const struct party *party, uint32_t tag);
bool report_becomes_done(const struct party *party, uint32_t tag);

#endif /* UAPI_NODE_H */
