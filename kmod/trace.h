/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: each job, each change of the gate, and what follows from it. They may
 * be hit in any context, with the queue's or the gatekeeper's lock held.
 *
 * What tells of a change stands before the change is made, under the lock that
 * guards it: whoever sees the change and acts on it is behind it in the trace, if
 * the trace's clock has one order for all processors (`counter`). tests/proofs/replay
 * holds the order against the model of the gate's life.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM layby

#if !defined(LAYBY_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define LAYBY_TRACE_H

#include <linux/tracepoint.h>

#include "layby.h"

TRACE_EVENT(layby_gate,
	    TP_PROTO(u32 reason, u32 was, u64 change),
	    TP_ARGS(reason, was, change),
	    TP_STRUCT__entry(__field(u32, reason)
			     __field(u32, was)
			     __field(u64, change)),
	    TP_fast_assign(__entry->reason = reason;
			   __entry->was = was;
			   __entry->change = change;),
	    /* enum layby_gate_reason */
	    TP_printk("reason=%u was=%u change=%llu", __entry->reason, __entry->was,
		      __entry->change));

/* Guest work is let in. */
TRACE_EVENT(layby_guests_in,
	    TP_PROTO(u64 opened),
	    TP_ARGS(opened),
	    TP_STRUCT__entry(__field(u64, opened)),
	    TP_fast_assign(__entry->opened = opened;),
	    /* how often, this time too */
	    TP_printk("opened=%llu", __entry->opened));

/* The tiles are with driving again. */
TRACE_EVENT(layby_handed_back,
	    TP_PROTO(u64 took_ns, bool reset),
	    TP_ARGS(took_ns, reset),
	    TP_STRUCT__entry(__field(u64, took_ns)
			     __field(bool, reset)),
	    TP_fast_assign(__entry->took_ns = took_ns;
			   __entry->reset = reset;),
	    /* since the input that closed the gate; a slot did not answer the stop */
	    TP_printk("took_ns=%llu reset=%u", __entry->took_ns, __entry->reset));

/* A fault is latched, or an administrator clears it. A new accelerator has none. */
TRACE_EVENT(layby_fault,
	    TP_PROTO(bool latched),
	    TP_ARGS(latched),
	    TP_STRUCT__entry(__field(bool, latched)),
	    TP_fast_assign(__entry->latched = latched;),
	    TP_printk("latched=%u", __entry->latched));

TRACE_DEFINE_ENUM(LAYBY_CLASS_DRIVING);
TRACE_DEFINE_ENUM(LAYBY_CLASS_GUEST);
TRACE_DEFINE_ENUM(LAYBY_QUEUE_RUNNING);
TRACE_DEFINE_ENUM(LAYBY_QUEUE_RECOVERING);
TRACE_DEFINE_ENUM(LAYBY_QUEUE_CLOSED);
TRACE_DEFINE_ENUM(LAYBY_QUEUE_FENCED);
TRACE_DEFINE_ENUM(LAYBY_QUEUE_GONE);

#define layby_show_class(class)					\
	__print_symbolic(class,					\
			 { LAYBY_CLASS_DRIVING, "driving" },	\
			 { LAYBY_CLASS_GUEST, "guest" })

#define layby_show_state(state)					\
	__print_symbolic(state,					\
			 { LAYBY_QUEUE_RUNNING, "running" },	\
			 { LAYBY_QUEUE_RECOVERING, "recovering" },	\
			 { LAYBY_QUEUE_CLOSED, "closed" },	\
			 { LAYBY_QUEUE_FENCED, "fenced" },	\
			 { LAYBY_QUEUE_GONE, "gone" })

/* A slot comes into service or goes out of it. */
TRACE_EVENT(layby_slot_state,
	    TP_PROTO(const struct layby_partition *partition, u32 state),
	    TP_ARGS(partition, state),
	    TP_STRUCT__entry(__field(u32, slot)
			     __field(u32, class)
			     __field(u32, state)
			     __field(u32, was)),
	    TP_fast_assign(__entry->slot = partition->slot;
			   __entry->class = partition->class;
			   __entry->state = state;
			   __entry->was = partition->queue.state;),
	    TP_printk("slot=%u class=%s state=%s was=%s", __entry->slot,
		      layby_show_class(__entry->class),
		      layby_show_state(__entry->state),
		      layby_show_state(__entry->was)));

/* The cap or the level of a guest partition changes; with them its energy budget. */
TRACE_EVENT(layby_cap,
	    TP_PROTO(const struct layby_partition *partition, u32 cap_mw, u32 level),
	    TP_ARGS(partition, cap_mw, level),
	    TP_STRUCT__entry(__field(u32, slot)
			     __field(u32, cap_mw)
			     __field(u32, level)
			     __field(u64, credit_pj)
			     __field(u64, charged_pj)),
	    TP_fast_assign(__entry->slot = partition->slot;
			   __entry->cap_mw = cap_mw;
			   __entry->level = level;
			   __entry->credit_pj = partition->queue.budget.credit_pj;
			   __entry->charged_pj = partition->queue.budget.charged_pj;),
	    TP_printk("slot=%u cap_mw=%u level=%u credit_pj=%llu charged_pj=%llu",
		      __entry->slot, __entry->cap_mw, __entry->level,
		      __entry->credit_pj, __entry->charged_pj));

TRACE_EVENT(layby_job_submit,
	    TP_PROTO(const struct layby_job *job),
	    TP_ARGS(job),
	    TP_STRUCT__entry(__field(u64, party)
			     __field(u64, cookie)
			     __field(u32, slot)
			     __field(u16, hw_tag)),
	    TP_fast_assign(__entry->party = job->party->id;
			   __entry->cookie = job->cookie;
			   __entry->slot = job->party->partition->slot;
			   __entry->hw_tag = job->hw_tag;),
	    TP_printk("slot=%u party=%llu tag=%u cookie=%llx", __entry->slot,
		      __entry->party, __entry->hw_tag, __entry->cookie));

TRACE_EVENT(layby_job_end,
	    TP_PROTO(const struct layby_job *job),
	    TP_ARGS(job),
	    TP_STRUCT__entry(__field(u64, party)
			     __field(u64, cookie)
			     __field(u64, queue_ticks)
			     __field(u64, run_ticks)
			     __field(u64, energy_uj)
			     __field(u64, tile_ticks)
			     __field(u64, wait_ns)
			     __field(u64, input_bytes)
			     __field(u64, output_bytes)
			     __field(u32, level)
			     __field(u32, slot)
			     __field(u32, reason)
			     __field(s32, result)
			     __field(u16, hw_tag)),
	    TP_fast_assign(const struct layby_report *report = job->report;

			   __entry->party = job->party->id;
			   __entry->cookie = job->cookie;
			   __entry->queue_ticks = report->queue_ticks;
			   __entry->run_ticks = report->run_ticks;
			   __entry->energy_uj = report->energy_uj;
			   __entry->tile_ticks = report->tile_ticks;
			   __entry->wait_ns = report->wait_ns;
			   __entry->input_bytes = report->input_bytes;
			   __entry->output_bytes = report->output_bytes;
			   __entry->level = report->level;
			   __entry->slot = job->party->partition->slot;
			   __entry->reason = report->reason;
			   __entry->result = report->result;
			   __entry->hw_tag = job->hw_tag;),
	    /* reason: enum layby_reason */
	    TP_printk("slot=%u party=%llu tag=%u cookie=%llx result=%d reason=%u queue_ticks=%llu run_ticks=%llu energy_uj=%llu level=%u tile_ticks=%llu wait_ns=%llu input_bytes=%llu output_bytes=%llu",
		      __entry->slot, __entry->party, __entry->hw_tag, __entry->cookie,
		      __entry->result, __entry->reason, __entry->queue_ticks,
		      __entry->run_ticks, __entry->energy_uj, __entry->level,
		      __entry->tile_ticks, __entry->wait_ns, __entry->input_bytes,
		      __entry->output_bytes));

#endif /* LAYBY_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
