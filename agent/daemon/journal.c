// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Log lines with fields: see journal.h.
 *
 * Owns the count of lines, and one timer that is off unless lines are being left out.
 * Must never fail what it tells of.
 */
#include "journal.h"

#include <errno.h>
#include <inttypes.h>
#include <layby.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "util.h"

#define INTERVAL_US (60 * USEC_PER_SEC)
#define JOB_LINES_MAX 300
#define GATE_LINES_MAX 30

struct lines {
	/* CLOCK_MONOTONIC */
	uint64_t begin_us;
	uint32_t count;
	uint32_t max;
	uint64_t left_out;
};

struct journal {
	/* stderr is the journal, and so takes fields, too */
	bool has_fields;
	struct lines jobs;
	struct lines gate;
	struct gate_state state;
	sd_event_source *timer;
};

/* As systemd.exec(5) says that a service can tell. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
		return false;
	return !fstat(STDERR_FILENO, &st) && st.st_dev == device && st.st_ino == inode;
}

/* What the journal does not take is told all the same. */
#define say(journal, priority, text, ...)                                              \
	do {                                                                           \
		if (!(journal)->has_fields ||                                          \
		    sd_journal_send("MESSAGE=%s", text, "PRIORITY=%d", priority,       \
				    __VA_ARGS__, NULL) < 0)                            \
			log_line("<%d>%s", priority, text);                            \
	} while (0)

/* --- how many ------------------------------------------------------------- */

static void gate_text(const struct gate_state *state, char text[static 256])
{
	if (!state->known)
		snprintf(text, 256, "the layby module is not loaded");
	else if (state->open)
		snprintf(text, 256, "open");
	else
		snprintf(text, 256, "closed, %s: %s", layby_gate_reason_name(state->reason),
			 gate_reason_text(state->reason));
}

static void tell_left_out(struct journal *journal)
{
	char text[384], gate[256];

	if (journal->jobs.left_out) {
		snprintf(text, sizeof(text),
			 "jobs: %" PRIu64
			 " more lines in a minute, left out; what ended is in the ledger",
			 journal->jobs.left_out);
		say(journal, LOG_NOTICE, text, "MESSAGE_ID=" JOURNAL_LINES_LEFT_OUT);
	}
	if (journal->gate.left_out) {
		gate_text(&journal->state, gate);
		snprintf(text, sizeof(text), "gate: %" PRIu64 " more changes in a minute; now %s",
			 journal->gate.left_out, gate);
		say(journal, LOG_NOTICE, text, "MESSAGE_ID=" JOURNAL_LINES_LEFT_OUT,
		    "LAYBY_REASON=%s", layby_gate_reason_name(journal->state.reason));
	}
	journal->jobs.left_out = 0;
	journal->gate.left_out = 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	tell_left_out(userdata);
	return 0;
}

static void arm(struct journal *journal)
{
	int enabled, r;

	r = sd_event_source_get_enabled(journal->timer, &enabled);
	if (r >= 0 && enabled == SD_EVENT_OFF) {
		r = sd_event_source_set_time_relative(journal->timer, INTERVAL_US);
		if (r >= 0)
			r = sd_event_source_set_enabled(journal->timer, SD_EVENT_ONESHOT);
	}
	if (r < 0)
		log_error("arming the journal's timer: %s", strerror(-r));
}

static bool may_say(struct journal *journal, struct lines *lines)
{
	uint64_t now = now_us(CLOCK_MONOTONIC);

	if (!lines->begin_us || now - lines->begin_us >= INTERVAL_US) {
		lines->begin_us = now;
		lines->count = 0;
	}
	if (lines->count < lines->max) {
		lines->count++;
		return true;
	}
	lines->left_out++;
	arm(journal);
	return false;
}

/* --- jobs ----------------------------------------------------------------- */

static const char *state_name(enum store_state state)
{
	switch (state) {
	case STORE_FINISHED:
		return "finished";
	case STORE_CANCELLED:
		return "cancelled";
	default:
		return "failed";
	}
}

static void end_text(const struct store_job *job, const struct store_outcome *outcome,
		     char text[static 384])
{
	const struct layby_report *report = &outcome->report;
	int used;

	used = snprintf(text, 384, "job %" PRIu64 " of user %u: %s", job->number, job->request.uid,
			state_name(outcome->state));
	if (outcome->state == STORE_FAILED)
		used += snprintf(text + used, 384 - (size_t)used, ", %s: %s", outcome->reason,
				 outcome->message);
	if (outcome->ran)
		snprintf(text + used, 384 - (size_t)used, "; ran %" PRIu64 " us, %" PRIu64 " uJ",
			 ticks_to_us(report->run_ticks, outcome->ticks_hz),
			 (uint64_t)report->energy_uj);
}

void journal_job_ended(struct journal *journal, const struct store_job *job,
		       const struct store_outcome *outcome)
{
	uint64_t energy_uj = outcome->ran ? outcome->report.energy_uj : 0;
	char text[384];

	if (!may_say(journal, &journal->jobs))
		return;
	end_text(job, outcome, text);
	say(journal, outcome->state == STORE_FAILED ? LOG_NOTICE : LOG_INFO, text,
	    "MESSAGE_ID=" JOURNAL_JOB_ENDED, "LAYBY_JOB=%" PRIu64, job->number,
	    "LAYBY_REASON=%s", outcome->reason, "LAYBY_STATE=%s", state_name(outcome->state),
	    "LAYBY_USER=%u", job->request.uid, "LAYBY_ENERGY_UJ=%" PRIu64, energy_uj);
}

void journal_job_tried_again(struct journal *journal, const struct store_job *job,
			     const char *reason)
{
	char text[256];

	if (!may_say(journal, &journal->jobs))
		return;
	snprintf(text, sizeof(text),
		 "job %" PRIu64 " of user %u: %s; tried again, %u of %u times",
		 job->number, job->request.uid, reason, job->attempts, job->request.retries);
	say(journal, LOG_NOTICE, text, "MESSAGE_ID=" JOURNAL_JOB_TRIED_AGAIN, "LAYBY_JOB=%" PRIu64,
	    job->number, "LAYBY_REASON=%s", reason, "LAYBY_USER=%u", job->request.uid);
}

void journal_job_problem(struct journal *journal, const struct store_job *job,
			 const char *format, ...)
{
	char what[256], text[384];
	va_list list;

	if (!may_say(journal, &journal->jobs))
		return;
	va_start(list, format);
	vsnprintf(what, sizeof(what), format, list);
	va_end(list);
	snprintf(text, sizeof(text), "job %" PRIu64 ": %s", job->number, what);
	say(journal, LOG_ERR, text, "LAYBY_JOB=%" PRIu64, job->number, "LAYBY_USER=%u",
	    job->request.uid);
}

/* --- the gate ------------------------------------------------------------- */

void journal_gate_changed(struct journal *journal, const struct gate_state *state)
{
	char text[384], gate[256];

	journal->state = *state;
	if (!may_say(journal, &journal->gate))
		return;
	gate_text(state, gate);
	snprintf(text, sizeof(text), "gate: %s", gate);
	say(journal, LOG_NOTICE, text, "MESSAGE_ID=" JOURNAL_GATE_CHANGED, "LAYBY_REASON=%s",
	    layby_gate_reason_name(state->reason));
}

/* --- life ----------------------------------------------------------------- */

int journal_create(sd_event *event, struct journal **ret_journal)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	int r;

	if (!journal)
		return -ENOMEM;
	journal->has_fields = stderr_is_journal();
	journal->jobs.max = JOB_LINES_MAX;
	journal->gate.max = GATE_LINES_MAX;
	r = sd_event_add_time_relative(event, &journal->timer, CLOCK_MONOTONIC, 0, USEC_PER_SEC,
				       on_timer, journal);
	if (r >= 0)
		r = sd_event_source_set_enabled(journal->timer, SD_EVENT_OFF);
	if (r < 0) {
		journal_destroy(journal);
		return r;
	}
	*ret_journal = journal;
	return 0;
}

void journal_destroy(struct journal *journal)
{
	if (!journal)
		return;
	tell_left_out(journal);
	sd_event_source_disable_unref(journal->timer);
	free(journal);
}
