/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of liblayby share. Nothing here is part of the interface.
 *
 * A node owns its descriptor, the mapped reports and the two tag sets, which
 * are atomic so that queues of several threads can share a node. A queue owns
 * its ring and the cookies of what is in flight in it.
 */
#ifndef LAYBY_CLIENT_INTERNAL_H
#define LAYBY_CLIENT_INTERNAL_H

#include <layby.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/queue.h>

struct tag_set {
	/* bit set: free to be handed out */
	_Atomic uint64_t *free;
	/* bit set: given back, but the device still holds its job */
	_Atomic uint64_t *held;
	uint32_t words;
};

struct layby_node {
	int fd;
	uint32_t tags;
	const struct layby_report *reports;
	uint64_t report_bytes;
	struct tag_set tag_set;
	/* guards @jobs, which close gives up */
	pthread_mutex_t lock;
	LIST_HEAD(, layby_job) jobs;
};

struct layby_buffer {
	struct layby_node *node;
	uint64_t size;
	void *data;
	uint32_t handle;
};

struct layby_job {
	LIST_ENTRY(layby_job) entries;
	struct layby_node *node;
	uint32_t index;
};

int node_ioctl(const struct layby_node *node, unsigned long request, void *arg);

int tag_set_init(struct tag_set *set, uint32_t tags);
void tag_set_fini(struct tag_set *set);

void job_free(struct layby_job *job);

uint32_t report_state(const struct layby_node *node, uint32_t tag);

#endif
