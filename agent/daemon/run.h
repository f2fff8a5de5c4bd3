/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside a run: shared by run.c, load.c, collect.c and program.c only.
 */
#ifndef LAYBY_AGENT_RUN_H
#define LAYBY_AGENT_RUN_H

#include "agent.h"

enum run_state {
	RUN_LOADING,
	RUN_READY,
	RUN_IN_FLIGHT,
	RUN_COLLECTING,
	RUN_DRAINING,
};

struct run {
	TAILQ_ENTRY(run) entries;
	struct party *party;
	/* NULL once cancelled, dropped or ended */
	struct job *job;
	/* as the job was when it began */
	struct store_job wanted;
	/* LOADING: of what is being read; -1: nothing */
	int source;
	int output_fds[LAYBY_MAX_OUTPUTS];
	enum run_state state;
	/* LOADING: 0 the program, n input n - 1. COLLECTING: the output */
	uint32_t step;
	uint32_t tag;
	uint64_t cookie;
	struct program *program;
	struct layby_buffer *data;
	void *memory;
	struct layby_range inputs[LAYBY_MAX_INPUTS];
	struct layby_range outputs[LAYBY_MAX_OUTPUTS];
	struct layby_job *prepared;
	struct transfer transfer;
	/* LOADING, COLLECTING: no transfer is under way until the gate opens */
	bool stalled;
	/* gate_change() when the transfer began */
	uint64_t gate_change;
	struct layby_report report;
};

/*
 * A program in device memory, by its content: it stays after its last run, for
 * the next job of the party that brings the same.
 */
struct program {
	LIST_ENTRY(program) entries;
	struct party *party;
	struct layby_buffer *buffer;
	void *memory;
	uint32_t runs;
	bool loaded;
	uint8_t digest[STORE_DIGEST_BYTES];
};

/* program.c: gives up unused programs if there is no room otherwise */
int party_create_buffer(struct party *party, uint64_t size, uint32_t flags,
			struct layby_buffer **ret_buffer, void **ret_memory);
/* -EBUSY: another run is loading it just now */
int program_get(struct party *party, const struct store_job *wanted,
		struct program **ret_program);
void program_put(struct program *program);

/* run.c */
void run_free(struct run *run);
/* Did the transfer end like this because the gate closed? Then it waits. */
bool run_stalls(struct run *run, int result);
/* @outputs: see job_end() */
void run_end_job(struct run *run, int result, const struct layby_report *report,
		 const char *message, int *outputs);

/* load.c */
void run_stop_loading(struct run *run);
void run_load_next(struct run *run);

/* collect.c: outputs into memfds, then the job's end */
void run_collect(struct run *run);
void run_collect_next(struct run *run);

#endif
