/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside an intake: shared by intake.c and answer.c only.
 */
#ifndef LAYBY_AGENT_INTAKE_H
#define LAYBY_AGENT_INTAKE_H

#include "agent.h"

#include <sodium.h>

struct intake {
	TAILQ_ENTRY(intake) entries;
	struct party *party;
	sd_bus_message *message;
	struct request request;
	/* the program, then the inputs; of a vector its data */
	struct store_content contents[1 + LAYBY_MAX_INPUTS];
	uint32_t content_count;
	/* of them, the one that is being copied, to where, and how */
	uint32_t step;
	void *memory;
	struct transfer transfer;
	/* of those in files, made as they are copied: the store would make others wait */
	crypto_hash_sha256_state hash;
	uint8_t digests[1 + LAYBY_MAX_INPUTS][STORE_DIGEST_BYTES];
	bool started;
	/* the store has it all */
	bool copied;
};

void intake_destroy(struct intake *intake);

/* answer.c: each answers, and destroys the intake */
void intake_unreadable(struct intake *intake, int result);
void intake_cannot_keep(struct intake *intake, int result);
void intake_on_submitted(void *userdata, const struct store_submitted *results, size_t count);

#endif
