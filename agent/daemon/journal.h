/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Log lines about jobs and about the gate, with the fields that a journal is searched by:
 *
 *   LAYBY_JOB=      the job's number
 *   LAYBY_REASON=   of a job: why it ended; of the gate: why it is as it is. The names
 *                   are those of the bus and of netlink (ISO-11)
 *   LAYBY_USER=     the user whose job it is
 *   LAYBY_STATE=    of a job's end: finished, failed, cancelled
 *   LAYBY_ENERGY_UJ=  of a job that ran
 *   MESSAGE_ID=     one of those below
 *
 * Where stderr is not the journal, as in a terminal, the text goes there alone. Guests
 * can make jobs end and vehicles can make the gate change as often as they like: past a
 * bound lines are counted, and told of in one.
 */
#ifndef LAYBY_AGENT_JOURNAL_H
#define LAYBY_AGENT_JOURNAL_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "gate_link.h"
#include "store/store.h"

/* What an operator filters by: never changed, also documented in docs/agent.md */
#define JOURNAL_JOB_ENDED	"b01eb431851b402a9932f48a6138c7c4"
#define JOURNAL_JOB_TRIED_AGAIN "31da556d0336420ab71371be5c733d98"
#define JOURNAL_GATE_CHANGED	"87f56ddf5ef4441f8ea7ef9425db21c4"
#define JOURNAL_LINES_LEFT_OUT	"473c3a3db16d49229401c7ce478f218b"

struct journal;

int journal_create(sd_event *event, struct journal **ret_journal);
void journal_destroy(struct journal *journal);

/* @job as it was before, @outcome as it is on disk now */
void journal_job_ended(struct journal *journal, const struct store_job *job,
		       const struct store_outcome *outcome);
/* @job: its attempts are counted already */
void journal_job_tried_again(struct journal *journal, const struct store_job *job,
			     const char *reason);
/* Something of ours went wrong with it. */
void journal_job_problem(struct journal *journal, const struct store_job *job,
			 const char *format, ...) __attribute__((format(printf, 3, 4)));
void journal_gate_changed(struct journal *journal, const struct gate_state *state);

#endif
