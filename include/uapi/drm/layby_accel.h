/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note OR MIT */
/*
 * layby: a parked vehicle's AI accelerator, partitioned.
 *
 * One node (/dev/accel/accelN) is one partition; one open file of it is one
 * *party*. Buffers, prepared jobs and mapped reports belong to a party and are
 * named by handles and indices of that file only.
 *
 * A job is *prepared* once with DRM_IOCTL_LAYBY_JOB_PREPARE, which checks and
 * resolves everything, and then *submitted* any number of times, one
 * IORING_OP_URING_CMD each, with a command of 16 bytes that fits a plain
 * 64-byte SQE of any ring.
 *
 * Rules that hold for every call:
 *  - all integers are native-endian and fixed-size, structs have no holes;
 *  - every pad and every flag that is not defined must be zero, else -EINVAL;
 *  - a call that fails changes nothing;
 *  - -ENOENT: no such handle, index or tag; -EINVAL: malformed; -EOPNOTSUPP:
 *    no such command; -ENODEV: the accelerator is gone; -EACCES: not allowed.
 *    DRM_IOCTL_GEM_CLOSE is the DRM core's and says -EINVAL for no such handle;
 *  - open() fails with -EMFILE when the partition has 256 parties;
 *  - when the owner's consent ends, every file of a guest partition that was open
 *    then is of no use any more: all but GEM_CLOSE and query give -ESTALE;
 *  - closing the last descriptor, ring exit and exec cancel what is in flight;
 *    a thread that ends, or a process that leaves a shared ring to others, does
 *    not. Linux 6.12 reads a linked SQE when it runs: do not reuse its place
 *    before the commands ahead of it have ended.
 */
#ifndef _UAPI_LAYBY_ACCEL_H_
#define _UAPI_LAYBY_ACCEL_H_

#include "drm.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* --- Limits of the interface; a partition's own may be lower, see query --- */

/** LAYBY_MAX_INPUTS - input ranges of one job */
#define LAYBY_MAX_INPUTS	8
/** LAYBY_MAX_OUTPUTS - output ranges of one job */
#define LAYBY_MAX_OUTPUTS	4
/** LAYBY_RANGE_ALIGN - alignment of every range's offset, in bytes */
#define LAYBY_RANGE_ALIGN	64

/* --- Query ---------------------------------------------------------------- */

/** enum layby_class - the two classes of partition */
enum layby_class {
	/** @LAYBY_CLASS_DRIVING: the vehicle's own functions */
	LAYBY_CLASS_DRIVING = 0,
	/** @LAYBY_CLASS_GUEST: other people's work */
	LAYBY_CLASS_GUEST = 1,
};

/** enum layby_query_topic - what DRM_IOCTL_LAYBY_QUERY can be asked */
enum layby_query_topic {
	/** @LAYBY_QUERY_ACCEL: struct layby_accel_info */
	LAYBY_QUERY_ACCEL = 0,
	/** @LAYBY_QUERY_PARTITION: struct layby_partition_info */
	LAYBY_QUERY_PARTITION = 1,
	/** @LAYBY_QUERY_PARTY: struct layby_party_info */
	LAYBY_QUERY_PARTY = 2,
};

/**
 * struct layby_query - ask for one of the info structs
 *
 * The info structs only ever grow at their end. The kernel writes the smaller
 * of @size and what it knows, and clears what it does not know.
 */
struct layby_query {
	/** @topic: in, enum layby_query_topic; unknown: -EINVAL */
	__u32 topic;
	/**
	 * @size: in, bytes at @data; out, the size that the kernel knows.
	 * With @data zero only the size is returned.
	 */
	__u32 size;
	/** @data: in, address of the info struct, or zero */
	__u64 data;
};

/** struct layby_accel_info - the whole accelerator, all fields out */
struct layby_accel_info {
	/** @name: backend's name, NUL-terminated: "vnpu", "null" */
	char name[16];
	/** @memory_bytes: device memory that windows can be cut from */
	__u64 memory_bytes;
	/** @ticks_hz: frequency of the device clock that reports count in */
	__u64 ticks_hz;
	/** @abort_bound_ns: longest time from abort to its answer */
	__u64 abort_bound_ns;
	/** @reset_bound_ns: longest time a slot reset takes */
	__u64 reset_bound_ns;
	/** @tiles: number of tiles */
	__u32 tiles;
	/** @levels: number of performance levels, 1 or more */
	__u32 levels;
};

/** struct layby_partition_info - the node's partition, all fields out */
struct layby_partition_info {
	/** @partition_class: enum layby_class */
	__u32 partition_class;
	/** @id: number of the partition within its class */
	__u32 id;
	/** @window_bytes: size of the window that buffers are cut from */
	__u64 window_bytes;
	/** @window_free_bytes: what is left of it now */
	__u64 window_free_bytes;
	/** @longest_run_max_ns: highest accepted &layby_job_prepare.longest_run_ns */
	__u64 longest_run_max_ns;
	/** @tiles: tiles that the partition holds now; a guest: 0 while the gate is closed */
	__u32 tiles;
	/** @queue_depth: jobs that its queue holds for all parties together */
	__u32 queue_depth;
	/** @faulted: 1 if the slot is fenced after a failed reset, else 0 */
	__u32 faulted;
	/** @pad: 0 */
	__u32 pad;
};

/** struct layby_party_info - this open file and its limits, all fields out */
struct layby_party_info {
	/** @report_offset: mmap offset of the report array */
	__u64 report_offset;
	/** @report_bytes: its size, page-aligned */
	__u64 report_bytes;
	/** @tags: jobs in flight at most; tags go from 0 to @tags - 1 */
	__u32 tags;
	/** @jobs_max: prepared jobs at most */
	__u32 jobs_max;
	/** @buffers_max: buffers at most */
	__u32 buffers_max;
	/** @buffers: buffers held now */
	__u32 buffers;
	/** @jobs: prepared jobs held now */
	__u32 jobs;
	/** @pad: 0 */
	__u32 pad;
};

/* --- Buffers -------------------------------------------------------------- */

/** LAYBY_BUFFER_READ_ONLY - jobs may only read it; an output into it: -EACCES */
#define LAYBY_BUFFER_READ_ONLY	(1 << 0)

/**
 * struct layby_buffer_create - cut a buffer from the partition's window
 *
 * The memory reads as zero: it is cleared whenever a buffer is freed.
 * That is with DRM_IOCTL_GEM_CLOSE; the memory lives on until the last mapping
 * and the last prepared job that names it are gone.
 *
 * Errors: -EINVAL flags or size zero; -ENOSPC window full; -EDQUOT this party
 * holds &layby_party_info.buffers_max buffers; -EIO the slot is fenced.
 */
struct layby_buffer_create {
	/** @size: in, bytes, rounded up to pages; out, the rounded size */
	__u64 size;
	/** @flags: in, LAYBY_BUFFER_* */
	__u32 flags;
	/** @handle: out, GEM handle, never 0 */
	__u32 handle;
};

/**
 * struct layby_buffer_map - get the offset to mmap() a buffer at
 *
 * The mapping is device memory: write-combined, no pages behind it. O_DIRECT,
 * io_uring registered buffers and vmsplice on it fail with -EFAULT.
 *
 * On a guest partition touching it gives SIGBUS, and read() and write() that
 * name it -EFAULT, while the gate is closed; what is in it stays. When consent
 * ends, it is cleared and gives SIGBUS for good.
 */
struct layby_buffer_map {
	/** @handle: in */
	__u32 handle;
	/** @flags: in, must be 0 */
	__u32 flags;
	/** @offset: out, offset for mmap() of the node */
	__u64 offset;
};

/* --- Jobs ----------------------------------------------------------------- */

/** struct layby_range - bytes of a buffer that a job reaches */
struct layby_range {
	/** @handle: buffer of this party; unknown: -ENOENT */
	__u32 handle;
	/** @pad: must be 0 */
	__u32 pad;
	/** @offset: first byte, multiple of LAYBY_RANGE_ALIGN */
	__u64 offset;
	/** @length: bytes, not 0; @offset + @length within the buffer */
	__u64 length;
};

/*
 * LAYBY_JOB_INTERACTIVE - somebody waits for the result; without it nobody does, the
 * job is batch work. These are the classes of jobs that an owner's consent names; a
 * driving partition makes no difference.
 */
#define LAYBY_JOB_INTERACTIVE	(1 << 0)

/**
 * struct layby_job_prepare - check and resolve a job once
 *
 * A job reaches exactly the ranges named here and no other memory. An output
 * may overlap neither another output, nor an input, nor the program (-EINVAL).
 *
 * Errors: -EINVAL malformed, -ENOENT unknown handle, -EACCES output into a
 * read-only buffer, -EDQUOT this party holds &layby_party_info.jobs_max jobs,
 * -EFAULT a range array cannot be read, -E2BIG on a guest partition: what it could
 * draw in its longest time is more than the policy's bucket of energy holds, so that
 * it could never start; a shorter time, or a larger bucket, would do.
 */
struct layby_job_prepare {
	/** @program: in, the program's bytes */
	struct layby_range program;
	/** @inputs: in, address of @input_count struct layby_range */
	__u64 inputs;
	/** @outputs: in, address of @output_count struct layby_range */
	__u64 outputs;
	/** @input_count: in, 0 to LAYBY_MAX_INPUTS */
	__u32 input_count;
	/** @output_count: in, 1 to LAYBY_MAX_OUTPUTS */
	__u32 output_count;
	/**
	 * @longest_run_ns: in, longest time the job may run once started, 1 to
	 * &layby_partition_info.longest_run_max_ns. Past it the job is stopped
	 * and completes with -ETIME. On a guest partition, where tiles may run at
	 * a lower performance level, it is the time at the highest one: at another
	 * it is longer as that is slower.
	 */
	__u64 longest_run_ns;
	/** @flags: in, LAYBY_JOB_*; any other bit: -EINVAL */
	__u32 flags;
	/** @job: out, index of the prepared job */
	__u32 job;
};

/**
 * struct layby_job_unprepare - give a prepared job up
 *
 * Errors: -ENOENT no such job, -EBUSY submitted and not finished.
 */
struct layby_job_unprepare {
	/** @job: in, index of the prepared job */
	__u32 job;
	/** @pad: must be 0 */
	__u32 pad;
};

/* --- Submission by io_uring ----------------------------------------------- */

/**
 * enum layby_cmd - &io_uring_sqe.cmd_op; unknown: -EOPNOTSUPP
 *
 * Both take their struct from the SQE's 16 command bytes.
 */
enum layby_cmd {
	/** @LAYBY_CMD_SUBMIT: struct layby_cmd_submit */
	LAYBY_CMD_SUBMIT = 1,
	/** @LAYBY_CMD_CANCEL: struct layby_cmd_cancel */
	LAYBY_CMD_CANCEL = 2,
};

/**
 * LAYBY_SUBMIT_MORE - more submissions follow at once
 *
 * The doorbell may wait for the first submission without this flag. A lost
 * last one cannot hang: the kernel rings by itself within 1 ms.
 */
#define LAYBY_SUBMIT_MORE	(1 << 0)

/**
 * struct layby_cmd_submit - run a prepared job
 *
 * The CQE comes when the job ends; its res is 0 or:
 * -EINVAL malformed; -ENOENT no such prepared job; -EBUSY the tag is in flight
 * or the queue is full (nothing was queued, try again later); -ECANCELED
 * cancelled or taken back, see &layby_report.reason; -ETIME ran longer than
 * declared; -EFAULT the device refused a memory access; -ENOEXEC not a program,
 * or inputs and outputs do not fit it; -EIO the device or the computation failed;
 * -ENODEV gone; -ESHUTDOWN the gate is closed, wait for it to open; -ESTALE the
 * consent under which this file was opened has ended, open the node anew; -EACCES
 * the owner's consent does not cover jobs of its class; -EPERM the governor refuses
 * it.
 * A submission that is refused at once (the first three, the last four, and -EIO
 * or -ENODEV of a partition that is fenced or gone) writes no report; all others
 * have one.
 */
struct layby_cmd_submit {
	/** @job: index of the prepared job */
	__u32 job;
	/**
	 * @tag: chosen by the caller, below &layby_party_info.tags, not in
	 * flight. The report stands at this index.
	 */
	__u16 tag;
	/** @flags: LAYBY_SUBMIT_* */
	__u16 flags;
	/** @cookie: any value, copied into the report; names the job to CANCEL */
	__u64 cookie;
};

/**
 * struct layby_cmd_cancel - stop a job
 *
 * The job's own CQE comes with -ECANCELED, unless it ended before. The tag is
 * free again when &layby_report.state says so, which may be later: memory and
 * tiles are the job's until the device has let go of it.
 * CQE res: 0 will be cancelled; -ENOENT no job of this party with this tag and
 * cookie in flight; -EALREADY it is being stopped, by a cancel before or because
 * its time is up; -EINVAL malformed.
 */
struct layby_cmd_cancel {
	/** @tag: as submitted */
	__u32 tag;
	/** @flags: must be 0 */
	__u32 flags;
	/** @cookie: as submitted */
	__u64 cookie;
};

/* --- Reports -------------------------------------------------------------- */

/** enum layby_report_state - &layby_report.state */
enum layby_report_state {
	/** @LAYBY_REPORT_IDLE: tag never used */
	LAYBY_REPORT_IDLE = 0,
	/** @LAYBY_REPORT_IN_FLIGHT: the job is queued or running */
	LAYBY_REPORT_IN_FLIGHT = 1,
	/** @LAYBY_REPORT_DONE: ended, the report is valid, the tag is free */
	LAYBY_REPORT_DONE = 2,
};

/** enum layby_reason - why a job ended; the same everywhere */
enum layby_reason {
	/** @LAYBY_REASON_FINISHED: ran to its end */
	LAYBY_REASON_FINISHED = 0,
	/** @LAYBY_REASON_CANCELLED: its submitter cancelled it or went away */
	LAYBY_REASON_CANCELLED = 1,
	/** @LAYBY_REASON_TIME_UP: ran longer than declared */
	LAYBY_REASON_TIME_UP = 2,
	/** @LAYBY_REASON_BAD_PROGRAM: not a program, or cut off */
	LAYBY_REASON_BAD_PROGRAM = 3,
	/** @LAYBY_REASON_BAD_SHAPE: inputs or outputs do not fit the program */
	LAYBY_REASON_BAD_SHAPE = 4,
	/** @LAYBY_REASON_COMPUTE_FAILED: the program failed while running */
	LAYBY_REASON_COMPUTE_FAILED = 5,
	/** @LAYBY_REASON_ACCESS: the device refused a memory access */
	LAYBY_REASON_ACCESS = 6,
	/** @LAYBY_REASON_DEVICE_FAILED: the slot could not be recovered */
	LAYBY_REASON_DEVICE_FAILED = 7,
	/** @LAYBY_REASON_DEVICE_GONE: the accelerator was removed */
	LAYBY_REASON_DEVICE_GONE = 8,
	/** @LAYBY_REASON_RECLAIMED: the gate closed, see &layby_report.gate_reason */
	LAYBY_REASON_RECLAIMED = 9,
	/** @LAYBY_REASON_OVER_CAP: the power cap fell below what it draws at least */
	LAYBY_REASON_OVER_CAP = 10,
};

/**
 * struct layby_report - what a finished job cost
 *
 * In an array that a party maps once, read-only (see LAYBY_QUERY_PARTY). Valid
 * once @state, read with acquire, is LAYBY_REPORT_DONE; the job's CQE implies
 * that unless the job was cancelled.
 */
struct layby_report {
	/** @state: enum layby_report_state */
	__u32 state;
	/**
	 * @result: 0 or -errno, what became of the job. As in the CQE, unless
	 * the command was cancelled first (-ECANCELED there) and the device
	 * finished the job, or failed, before it could stop it.
	 */
	__s32 result;
	/** @reason: enum layby_reason */
	__u32 reason;
	/** @level: performance level it ran at */
	__u32 level;
	/** @cookie: as submitted */
	__u64 cookie;
	/**
	 * @queue_ticks: device ticks from the device's fetch to the start; before
	 * that it waited @wait_ns in the kernel
	 */
	__u64 queue_ticks;
	/** @run_ticks: device ticks from start to end; 0 if never started */
	__u64 run_ticks;
	/** @end_ticks: device clock at the end */
	__u64 end_ticks;
	/** @energy_uj: energy in microjoule, as the device meters it */
	__u64 energy_uj;
	/** @tile_ticks: @run_ticks of each of its tiles together */
	__u64 tile_ticks;
	/** @wait_ns: of a guest, how long the energy budget, or a reset, let it wait */
	__u64 wait_ns;
	/** @input_bytes: of its inputs together */
	__u64 input_bytes;
	/** @output_bytes: of its outputs together, written or not */
	__u64 output_bytes;
	/**
	 * @gate_reason: with LAYBY_REASON_RECLAIMED why the gate closed, enum
	 * layby_gate_reason of linux/layby_netlink.h; else 0
	 */
	__u32 gate_reason;
	/** @pad: 0 */
	__u32 pad;
};

/* --- Lease ---------------------------------------------------------------- */

/**
 * struct layby_lease - promise to be alive
 *
 * On a guest partition only, else -EOPNOTSUPP. The gate is open only while
 * somebody holds the one lease and has renewed it lately: the policy says how
 * lately. Errors: -EBUSY somebody holds it; -EINVAL @flags; -EMFILE.
 *
 * The lease ends when the process that took it closes its descriptor, or ends
 * itself, however; the last copy elsewhere ends it too.
 */
struct layby_lease {
	/** @flags: in, must be 0 */
	__u32 flags;
	/** @fd: out, the lease, close-on-exec */
	__s32 fd;
};

/* --- Consent -------------------------------------------------------------- */

/**
 * struct layby_consent - give the owner's consent, or withdraw it
 *
 * Guest nodes only; on a driving node -EOPNOTSUPP. A token is struct
 * layby_consent_token (include/layby/consent.h), its signature a detached
 * PKCS#7 of the owner's key, as `laybyctl consent sign` makes both. It counts
 * for the whole module, not for the file: closing the file ends nothing.
 *
 * With all fields zero the consent is withdrawn, which needs no signature: guest
 * work ends, and when the call returns every guest buffer is cleared. A token
 * that was withdrawn does not come back, only a newer one does.
 *
 * Giving the token that is in force again succeeds, and refills nothing: what
 * was used is kept by the token's id until the module goes. A newer token takes
 * the place of the one before.
 *
 * Errors: -EINVAL an address or size alone is zero, or a size is above any that
 * could be right; -EFAULT a byte cannot be read; -EPERM no policy is in force;
 * -EKEYREJECTED not signed by the owner whom the policy names, or the signature
 * is damaged; -EBADMSG signed, but not a token: `laybyctl consent check` says
 * why; -EKEYEXPIRED no hour that it permits is left; -ESTALE its serial is below
 * that of a token that was given before, or the same and it was withdrawn or is
 * another token; -ENOSPC 64 ids were given since the module was loaded; -EBUSY
 * more than 4096 calls in a minute.
 */
struct layby_consent {
	/** @token: in, address of the token; 0: withdraw */
	__u64 token;
	/** @signature: in, address of its signature; 0: withdraw */
	__u64 signature;
	/** @token_size: in, bytes at @token; 0: withdraw */
	__u32 token_size;
	/** @signature_size: in, bytes at @signature; 0: withdraw */
	__u32 signature_size;
};

/* --- Calls ---------------------------------------------------------------- */

#define DRM_LAYBY_QUERY		0x00
#define DRM_LAYBY_BUFFER_CREATE	0x01
#define DRM_LAYBY_BUFFER_MAP	0x02
#define DRM_LAYBY_JOB_PREPARE	0x03
#define DRM_LAYBY_JOB_UNPREPARE	0x04
#define DRM_LAYBY_LEASE		0x05
#define DRM_LAYBY_CONSENT	0x06

#define DRM_IOCTL_LAYBY_QUERY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_LAYBY_QUERY, struct layby_query)
#define DRM_IOCTL_LAYBY_BUFFER_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_LAYBY_BUFFER_CREATE, \
		 struct layby_buffer_create)
#define DRM_IOCTL_LAYBY_BUFFER_MAP \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_LAYBY_BUFFER_MAP, \
		 struct layby_buffer_map)
#define DRM_IOCTL_LAYBY_JOB_PREPARE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_LAYBY_JOB_PREPARE, \
		 struct layby_job_prepare)
#define DRM_IOCTL_LAYBY_JOB_UNPREPARE \
	DRM_IOW(DRM_COMMAND_BASE + DRM_LAYBY_JOB_UNPREPARE, \
		struct layby_job_unprepare)
#define DRM_IOCTL_LAYBY_LEASE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_LAYBY_LEASE, struct layby_lease)
#define DRM_IOCTL_LAYBY_CONSENT \
	DRM_IOW(DRM_COMMAND_BASE + DRM_LAYBY_CONSENT, struct layby_consent)

/**
 * LAYBY_LEASE_RENEW - on the lease's descriptor: alive now
 *
 * Errors: -ESTALE it has ended; -EPERM another process took it.
 */
#define LAYBY_LEASE_RENEW	_IO('L', 0x00)

#if defined(__cplusplus)
}
#endif

#endif /* _UAPI_LAYBY_ACCEL_H_ */
