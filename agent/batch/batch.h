/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of `laybyctl batch` share: one program, many inputs, each a job.
 *
 * Functions that return int: an exit code, and why is on stderr.
 */
#ifndef LAYBY_BATCH_H
#define LAYBY_BATCH_H

#include <limits.h>

#include "../command/agent_calls.h"

/* Jobs that the agent holds of one batch: it takes some thousands of a user. */
#define HELD_MAX 512

/**
 * struct item - one input
 * @path: as named
 * @name: its last part; of the output files likewise
 * @size: bytes
 * @key: so that it is one job, whatever becomes of an answer
 * @job: its object; empty: the agent does not hold it
 * @changed: the agent has told something of it since it was looked at
 */
struct item {
	const char *path;
	const char *name;
	uint64_t size;
	uint8_t key[16];
	char job[64];
	bool changed;
};

/**
 * struct batch - what has become of them
 * @options: of each job
 * @directory: of the outputs
 * @bus: the agent
 * @items: those whose outputs were not there yet
 * @next: the first of them that was not submitted
 * @held: those that the agent holds; @held_count of them
 * @again: were submitted, and are to be once more: there was no room, or no answer
 * @full: the agent takes no more until one of ours has ended
 * @missing: the agent did not answer: so often in a row
 * @had: outputs that were there
 * @begin_us: CLOCK_MONOTONIC
 * @shown_us: when it was last told how far it is
 * @closed: why the gate is; empty: it is not, or nobody has asked
 */
struct batch {
	const struct options *options;
	const char *directory;
	sd_bus *bus;
	struct item *items;
	size_t count;
	size_t next;
	struct item *held[HELD_MAX];
	size_t held_count;
	struct item *again[HELD_MAX];
	size_t again_count;
	bool full;
	unsigned int missing;
	size_t had;
	size_t finished;
	size_t failed;
	uint64_t energy_uj;
	uint64_t begin_us;
	uint64_t shown_us;
	char closed[32];
};

/* items.c */
int items_read(struct batch *batch, char *const paths[], size_t count);
/* Where output @index goes, and with @part where until it is whole */
void item_output(const struct batch *batch, const struct item *item, uint32_t index, bool part,
		 char ret_path[static PATH_MAX]);

/* submit.c: as many as there is room for */
int batch_submit(struct batch *batch);
bool batch_has_to_submit(const struct batch *batch);
/* There is none just now: one that is started anew knows the jobs. Not for ever. */
bool batch_agent_is_missing(struct batch *batch, const sd_bus_error *error);

/* collect.c: outputs of those that ended */
int batch_collect(struct batch *batch);

/* progress.c: on stderr, if that is a terminal */
void progress_show(struct batch *batch);
/* So that something else may be told there */
void progress_clear(void);

#endif
