/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * liblayby: run jobs on a partition of the accelerator.
 *
 * A *node* is an open partition and one party: its buffers, prepared jobs and
 * reports are its own. Either let a *queue* of the library carry the jobs
 * (layby_queue_*), or fill SQEs of a ring of your own (layby_*_prep_sqe) and
 * take tags with layby_tag_get().
 *
 * Rules that hold for every function:
 *  - errors are negative errno values; the library never prints and never
 *    changes a ret_* argument when it fails;
 *  - all of them may fail with -ENOMEM;
 *  - functions that destroy take NULL and do nothing then;
 *  - sizes, offsets and lengths are bytes, times are nanoseconds unless the
 *    name says something else.
 *
 * Thread rules: a node may be used by several threads at once. A buffer, a job
 * or a queue may be used by one thread at a time, different ones by different
 * threads. A queue with LAYBY_QUEUE_SINGLE_ISSUER belongs to the thread that
 * created it: from any other thread its calls fail with -EEXIST. Nothing here
 * may be called from a signal handler.
 */
#ifndef LAYBY_H
#define LAYBY_H

#include <stddef.h>
#include <stdint.h>

#include <drm/layby_accel.h>
#include <linux/layby_netlink.h>

#ifdef __cplusplus
extern "C" {
#endif

struct io_uring_sqe;
struct layby_node;
struct layby_buffer;
struct layby_job;
struct layby_queue;

/* --- Nodes ---------------------------------------------------------------- */

/**
 * layby_node_open - open a partition, and so become a party of it
 * @partition: "driving" or "guest" (/dev/layby/driving, /dev/layby/guest), or
 *	the path of a node, which must hold a '/'
 * @ret_node: out, give it back with layby_node_close()
 *
 * Errors: -EINVAL @partition is none of these; -ENODEV not a node of layby, or
 * the accelerator is gone; -EPROTO the kernel module speaks an interface that
 * this library does not know; those of open(2) (-ENOENT no such partition,
 * -EACCES not a member of the node's group) and of mmap(2).
 * Threads: any.
 */
int layby_node_open(const char *partition, struct layby_node **ret_node);

/**
 * layby_node_close - close it; jobs in flight are cancelled
 * @node: no buffer and no queue of it may be left; or NULL
 *
 * Prepared jobs are given up with it, also those that the device still holds.
 * Threads: none may use @node any more.
 */
void layby_node_close(struct layby_node *node);

/**
 * layby_node_fd - the node's file descriptor, for a ring's table of files
 * @node: stays the owner of the descriptor: do not close it
 *
 * Threads: any.
 */
int layby_node_fd(const struct layby_node *node);

/**
 * layby_node_query_accel - what accelerator this is
 * @ret_info: out; fields that the kernel does not know are 0
 *
 * Errors: -ENODEV gone. Threads: any. The same for the next two.
 */
int layby_node_query_accel(struct layby_node *node,
			   struct layby_accel_info *ret_info);

/** layby_node_query_partition - the node's partition, as it is now */
int layby_node_query_partition(struct layby_node *node,
			       struct layby_partition_info *ret_info);

/** layby_node_query_party - this party's limits and what it holds now */
int layby_node_query_party(struct layby_node *node,
			   struct layby_party_info *ret_info);

/* --- Buffers -------------------------------------------------------------- */

/**
 * layby_buffer_create - cut a cleared buffer from the partition's window
 * @size: 1 to what is free in the window, rounded up to pages
 * @flags: 0 or LAYBY_BUFFER_READ_ONLY (jobs may only read it)
 * @ret_buffer: out, give it back with layby_buffer_destroy()
 *
 * Errors: -EINVAL @size or @flags; -ENOSPC the window has no such room;
 * -EDQUOT the party holds as many buffers as it may; -ENODEV gone.
 * Threads: any.
 */
int layby_buffer_create(struct layby_node *node, uint64_t size, uint32_t flags,
			struct layby_buffer **ret_buffer);

/**
 * layby_buffer_destroy - unmap it and give its memory back
 *
 * Jobs prepared on it keep the memory until they are unprepared.
 * Errors: those of the kernel; the object is gone whatever is returned.
 */
int layby_buffer_destroy(struct layby_buffer *buffer);

/**
 * layby_buffer_map - map the whole buffer, or return the mapping it has
 * @ret_data: out, valid until layby_buffer_destroy()
 *
 * It is device memory, write-combined: write it in order, read it seldom.
 * O_DIRECT and registered io_uring buffers on it fail with -EFAULT. If the
 * accelerator goes away, touching it raises SIGBUS.
 * Errors: those of mmap(2); -ENODEV gone.
 */
int layby_buffer_map(struct layby_buffer *buffer, void **ret_data);

/** layby_buffer_size - its size, rounded to pages */
uint64_t layby_buffer_size(const struct layby_buffer *buffer);

/**
 * layby_buffer_range - name @length bytes at @offset of @buffer for a job
 * @offset: multiple of LAYBY_RANGE_ALIGN
 * @length: not 0; the kernel checks both when the job is prepared
 */
struct layby_range layby_buffer_range(const struct layby_buffer *buffer,
				      uint64_t offset, uint64_t length);

/* --- Jobs ----------------------------------------------------------------- */

/** struct layby_job_spec - what layby_job_prepare() is asked for */
struct layby_job_spec {
	/** @program: where the program's bytes stand */
	struct layby_range program;
	/** @inputs: @input_count ranges; only read during the call */
	const struct layby_range *inputs;
	/** @outputs: @output_count ranges, overlapping nothing else */
	const struct layby_range *outputs;
	/** @input_count: 0 to LAYBY_MAX_INPUTS */
	uint32_t input_count;
	/** @output_count: 1 to LAYBY_MAX_OUTPUTS */
	uint32_t output_count;
	/**
	 * @longest_run_ns: 1 to &layby_partition_info.longest_run_max_ns; a
	 * job that runs longer is stopped and ends with -ETIME
	 */
	uint64_t longest_run_ns;
	/** @flags: LAYBY_JOB_INTERACTIVE or 0 */
	uint32_t flags;
};

/**
 * layby_job_prepare - check and resolve a job once, to submit it many times
 * @ret_job: out, give it back with layby_job_unprepare()
 *
 * Errors: -EINVAL malformed (counts, alignment, a range outside its buffer,
 * overlap, time); -ENOENT unknown handle; -EACCES an output in a read-only
 * buffer; -EDQUOT as many jobs prepared as the party may; -ENODEV gone.
 * Threads: any.
 */
int layby_job_prepare(struct layby_node *node,
		      const struct layby_job_spec *spec,
		      struct layby_job **ret_job);

/**
 * layby_job_unprepare - give a prepared job up
 *
 * Errors: -EBUSY the device has not let go of it: nothing was done, try again
 * when its report is there. After any other error the object is gone.
 */
int layby_job_unprepare(struct layby_job *job);

/* --- Consent -------------------------------------------------------------- */

/**
 * layby_consent_give - carry the owner's signed token to the kernel
 * @node: of the guest partition
 * @token: the token's @token_size bytes
 * @signature: its detached signature, @signature_size bytes
 *
 * Guest work may run while the token permits it and all else is right. It holds
 * until it is withdrawn or a newer one is given, also when the node is closed.
 * Giving the one that is in force again is no error, and refills nothing.
 *
 * Errors: those of struct layby_consent: -EOPNOTSUPP not a guest partition;
 * -EPERM no policy is in force; -EKEYREJECTED not signed by the owner; -EBADMSG
 * signed, but not a token; -EKEYEXPIRED no hour that it permits is left; -ESTALE
 * a newer one was given before, or this one was withdrawn; -EINVAL a pointer or
 * size is zero, or a size above any that could be right; -ENOSPC, -EBUSY, see
 * there. Threads: any.
 */
int layby_consent_give(struct layby_node *node, const void *token, size_t token_size,
		       const void *signature, size_t signature_size);

/**
 * layby_consent_withdraw - take the owner's consent back
 * @node: of the guest partition
 *
 * Needs no signature. When it returns guest work has ended and every guest
 * buffer is cleared and dead: all that can be done with one is destroying it.
 * Only a token with a higher serial lets guest work run again. No error if no
 * consent was given.
 *
 * Errors: -EOPNOTSUPP not a guest partition; -ENODEV gone. Threads: any.
 */
int layby_consent_withdraw(struct layby_node *node);

/* --- Lease ---------------------------------------------------------------- */

/**
 * layby_lease_take - promise to be alive, for the gate to be open
 * @node: of a guest partition; may be closed afterwards
 *
 * The promise holds until it is dropped, the process ends, or the policy's age
 * has passed since it was taken or renewed. Whoever carries guest jobs holds
 * it; there is one at a time.
 *
 * Returns the lease, a descriptor. Errors: -EBUSY somebody holds it;
 * -EOPNOTSUPP not a guest partition; -EMFILE; -ENODEV gone. Threads: any.
 */
int layby_lease_take(struct layby_node *node);

/**
 * layby_lease_renew - alive now
 * @lease: from layby_lease_take(), in the process that took it
 *
 * Errors: -ESTALE it has ended; -EPERM another process took it. Threads: any.
 */
int layby_lease_renew(int lease);

/** layby_lease_drop - end it at once; less than 0: do nothing */
void layby_lease_drop(int lease);

/* --- Tags and reports ----------------------------------------------------- */

/**
 * layby_tag_get - take a free tag for a submission of your own
 *
 * Returns the tag, 0 or more; -EBUSY all are in use, try again after a
 * completion. Threads: any. The library's queues take theirs by themselves.
 */
int layby_tag_get(struct layby_node *node);

/**
 * layby_tag_put - give a tag back, after the CQE of its job
 *
 * After a cancel the device may still hold the job: such a tag is not handed
 * out again before its report is LAYBY_REPORT_DONE. Threads: any.
 */
void layby_tag_put(struct layby_node *node, uint32_t tag);

/**
 * layby_report_read - copy the report that stands at a tag
 *
 * Errors: -EINVAL no such tag; -ENODATA never used; -EAGAIN its job is in
 * flight, or cancelled and still held by the device. Threads: any.
 */
int layby_report_read(const struct layby_node *node, uint32_t tag,
		      struct layby_report *ret_report);

/** layby_reason_name - "finished", "time up" ...; "unknown" for any other */
const char *layby_reason_name(uint32_t reason);

/**
 * layby_gate_reason_name - enum layby_gate_reason: "open", "no-signal" ...
 *
 * "unknown" for any other. The names of layby_netlink.yaml.
 */
const char *layby_gate_reason_name(uint32_t reason);

/** layby_class_name - "driving" or "guest"; "unknown" for any other */
const char *layby_class_name(uint32_t partition_class);

/* --- A ring of your own --------------------------------------------------- */

/**
 * layby_job_prep_sqe - fill a 64-byte SQE that runs @job
 * @tag: from layby_tag_get(); give it back after the CQE
 * @cookie: any value; stands in the report, names the job to cancel
 * @flags: 0 or LAYBY_SUBMIT_MORE, if another submission follows at once
 * @sqe: cleared first, so set its flags and user_data afterwards; for a
 *	registered file also its fd
 *
 * The CQE's res is 0 or an error of struct layby_cmd_submit.
 */
void layby_job_prep_sqe(const struct layby_job *job, uint32_t tag,
			uint64_t cookie, uint16_t flags,
			struct io_uring_sqe *sqe);

/**
 * layby_node_prep_cancel_sqe - fill an SQE that cancels a job
 * @tag: and @cookie: as submitted
 *
 * The CQE's res is 0 or an error of struct layby_cmd_cancel. The job's own CQE
 * still comes.
 */
void layby_node_prep_cancel_sqe(const struct layby_node *node, uint32_t tag,
				uint64_t cookie, struct io_uring_sqe *sqe);

/* --- The library's ring --------------------------------------------------- */

/**
 * LAYBY_QUEUE_SINGLE_ISSUER - only the creating thread uses the queue
 *
 * The kernel then runs completions in layby_queue_wait() only, which is
 * cheaper (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN).
 */
#define LAYBY_QUEUE_SINGLE_ISSUER	(1u << 0)

/** LAYBY_WAIT_FOREVER - as @timeout_ns: no limit */
#define LAYBY_WAIT_FOREVER		UINT64_MAX

/** struct layby_completion - one job that ended */
struct layby_completion {
	/** @cookie: as given to layby_queue_add() */
	uint64_t cookie;
	/** @result: 0 or an error of struct layby_cmd_submit */
	int32_t result;
	/** @tag: that layby_queue_add() returned */
	uint32_t tag;
	/**
	 * @has_report: 1 if @report is valid. It is 0 if nothing was run
	 * (-EBUSY, -EINVAL, -ENOENT; -ESHUTDOWN the gate is closed, -ESTALE
	 * the consent under which the node was opened has ended), and for a
	 * cancelled job that the device has not let go of: its buffers stay in
	 * use until layby_report_read() of @tag no longer gives -EAGAIN.
	 */
	uint32_t has_report;
	/** @pad: 0 */
	uint32_t pad;
	/** @report: a copy of the report, valid with @has_report */
	struct layby_report report;
};

/**
 * layby_taken_back - did the kernel take the job from the device, not to blame?
 *
 * Because the gate closed, or because the power cap fell below what it draws. It may be
 * lined up again as it is.
 *
 * Returns 1 or 0. Threads: any.
 */
int layby_taken_back(const struct layby_completion *completion);

/**
 * layby_queue_create - make a ring for a node's jobs
 * @entries: jobs in flight at most, 1 to &layby_party_info.tags; 0: that many
 * @flags: 0 or LAYBY_QUEUE_SINGLE_ISSUER
 * @ret_queue: out, give it back with layby_queue_destroy()
 *
 * Errors: -EINVAL @entries or @flags; those of io_uring_setup(2).
 * Threads: any; with LAYBY_QUEUE_SINGLE_ISSUER the queue's owner from now on.
 */
int layby_queue_create(struct layby_node *node, uint32_t entries,
		       uint32_t flags, struct layby_queue **ret_queue);

/** layby_queue_destroy - cancel what is in flight and close the ring */
void layby_queue_destroy(struct layby_queue *queue);

/**
 * layby_queue_add - line up one run of a prepared job
 * @job: of the queue's node; may be lined up any number of times
 * @cookie: any value; comes back in the completion
 *
 * The kernel sees it at the next layby_queue_flush() or layby_queue_wait().
 * All that are lined up go as one batch, with one doorbell.
 *
 * Returns the tag, 0 or more. Errors: -EXDEV @job is of another node; -EBUSY
 * @entries jobs are in flight or no tag is free: take a completion and try
 * again; those of io_uring_enter(2).
 */
int layby_queue_add(struct layby_queue *queue, const struct layby_job *job,
		    uint64_t cookie);

/**
 * layby_queue_flush - hand what is lined up to the kernel, wait for nothing
 *
 * Errors: those of io_uring_enter(2).
 */
int layby_queue_flush(struct layby_queue *queue);

/**
 * layby_queue_wait - flush, then take one completion
 * @timeout_ns: 0 returns at once, LAYBY_WAIT_FOREVER waits without limit
 * @ret_completion: out
 *
 * Errors: -EAGAIN none ended in time; -ENODATA none is in flight; -EINTR a
 * signal came; those of io_uring_enter(2).
 */
int layby_queue_wait(struct layby_queue *queue, uint64_t timeout_ns,
		     struct layby_completion *ret_completion);

/**
 * layby_queue_cancel - ask for the end of one job
 * @tag: as layby_queue_add() returned it
 * @cookie: as it was added
 *
 * Flushes. The job's own completion tells whether the cancel came in time.
 * Errors: -ENOENT no such job in flight in this queue; -EBUSY the ring is full
 * of requests, take a completion first; those of io_uring_enter(2).
 */
int layby_queue_cancel(struct layby_queue *queue, uint32_t tag,
		       uint64_t cookie);

/**
 * layby_queue_event_fd - an eventfd for an event loop
 *
 * It turns readable when a job ends. Then read its eight bytes first, and call
 * layby_queue_wait() with timeout 0 until that gives -EAGAIN or -ENODATA. The
 * queue stays the owner of the descriptor: do not close it.
 *
 * Returns the descriptor. Errors: those of eventfd(2), io_uring_register(2).
 */
int layby_queue_event_fd(struct layby_queue *queue);

#ifdef __cplusplus
}
#endif

#endif /* LAYBY_H */
