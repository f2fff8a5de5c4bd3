/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: each job and each change of the gate. They may be hit in any
 * context, with the queue's or the gatekeeper's lock held.
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
			   __entry->slot = job->party->partition->slot;
			   __entry->reason = report->reason;
			   __entry->result = report->result;
			   __entry->hw_tag = job->hw_tag;),
	    /* reason: enum layby_reason */
	    TP_printk("slot=%u party=%llu tag=%u cookie=%llx result=%d reason=%u queue_ticks=%llu run_ticks=%llu energy_uj=%llu",
		      __entry->slot, __entry->party, __entry->hw_tag, __entry->cookie,
		      __entry->result, __entry->reason, __entry->queue_ticks,
		      __entry->run_ticks, __entry->energy_uj));

#endif /* LAYBY_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
