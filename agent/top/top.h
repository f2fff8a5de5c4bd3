/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of `laybyctl top` share: a frame is what was asked at one moment,
 * as one JSON object; text is written from that and nothing else.
 *
 * Functions that return int: 0, or a negative errno.
 */
#ifndef LAYBY_TOP_H
#define LAYBY_TOP_H

#include "../audit/audit.h"
#include "../command/gate_json.h"

/**
 * struct asked - who is asked
 * @link: the kernel
 * @bus: the agent, or NULL until the next frame tries again
 * @energy_uj: of all guest partitions' jobs, in the frame before
 * @jobs: of theirs, likewise
 * @at_ns: CLOCK_MONOTONIC of it; 0: there was none
 */
struct asked {
	struct gate_link *link;
	sd_bus *bus;
	uint64_t energy_uj;
	uint64_t jobs;
	uint64_t at_ns;
};

/* frame.c */
int frame_make(struct asked *asked, sd_json_variant **ret_frame);
void asked_fini(struct asked *asked);

/* agent.c: what the agent says; if it does not, why, in @frame, too */
void put_agent(struct asked *asked, struct object *frame);

/* show.c */
void frame_write(FILE *file, sd_json_variant *frame);

#endif
