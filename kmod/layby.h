/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of layby.ko share. Who owns what:
 *
 *   layby_accel      one per backend device; refcounted; holds the partitions
 *   layby_partition  one drm_device and one slot; freed when its last drm
 *                    reference goes; holds a reference on the accelerator
 *   layby_queue      in the partition: the jobs in flight on its slot
 *   layby_party      one open file; outlives the file until its last job has
 *                    left the hardware
 *   layby_buffer     a GEM object: a piece of the partition's window
 *   layby_prepared   a checked job; holds its buffers; owned by its party
 *   layby_job        one submission; one per tag, preallocated in the party
 *
 * Lock order: party->lock, partition->slot_lock, partition->window_lock,
 * queue->lock, the gatekeeper's. The queue lock is taken in interrupts, so always
 * with interrupts off. partition->map_lock and accel->meter.lock stand alone.
 */
#ifndef LAYBY_H
#define LAYBY_H

#include <linux/atomic.h>
#include <linux/auxiliary_bus.h>
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <drm/drm_device.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_mm.h>
#include <drm/layby_accel.h>
#include <layby/governor.h>

#include "accel.h"
#include "budget.h"
#include "energy.h"
#include "firmware.h"
#include "prepare.h"

struct io_uring_cmd;
struct layby_party;

/* Limits of one party, beside those of prepare.h. */
#define LAYBY_PARTY_BUFFERS	256

/* Parties (open files) of one partition. */
#define LAYBY_PARTITION_PARTIES	256

#define LAYBY_PARTITIONS_MAX	8

/* Longest run time that a job may declare, where no policy sets it. */
#define LAYBY_LONGEST_RUN_MAX_NS	(60ULL * NSEC_PER_SEC)

/* How long a doorbell waits for what LAYBY_SUBMIT_MORE promised. */
#define LAYBY_DOORBELL_AGE_NS	NSEC_PER_MSEC

/* When a guest's slot that has more completions than are taken at once is looked at. */
#define LAYBY_TAKE_AGAIN_NS	(20 * NSEC_PER_USEC)

/* So often as many completions as @done of a queue holds, if none has failed. */
#define LAYBY_TAKE_ROUNDS	2

/* A job that was on the hardware at so many resets is not run again. */
#define LAYBY_RESETS_MAX	3

/* A device that resets itself so often under one recovery is broken. */
#define LAYBY_RESET_TRIES	64

/* mmap offset of the report array: below all of GEM's. */
#define LAYBY_REPORT_OFFSET	0x100000ULL

/**
 * struct layby_accel - an accelerator
 * @hw: as declared by the backend, never changes
 * @ref: one of the backend, one of each partition
 * @control: place in the list of those that netlink tells of
 * @policy: in force for it, from layby_accel_start() on; NULL: none, there is
 *          only the driving partition
 * @partition: filled by layby_accel_start()
 * @partition_count: how many
 * @gone: layby_accel_stop() was called; jobs end with -ENODEV
 * @cap_mw: most that guest work may draw over time, now; caps.c
 * @meter: see energy.h
 * @hwmon: see hwmon.c, NULL: there is none
 */
struct layby_accel {
	struct layby_hw hw;
	struct kref ref;
	struct list_head control;
	struct layby_policy_in_force *policy;
	struct layby_partition *partition[LAYBY_PARTITIONS_MAX];
	u32 partition_count;
	bool gone;
	u32 cap_mw;
	struct layby_energy_meter meter;
	struct device *hwmon;
};

/**
 * struct layby_prepared - a job that was checked and resolved
 * @hw: what the hardware gets
 * @admission: what a governor is told of it; @admission.longest_run_ns, of a guest at
 *             the highest level, and all else never changes but @admission.jobs: queue
 *             lock
 * @limit_ns: what that is at each level
 * @worst_pj: of a guest, what it is charged at each level, see charge.c
 * @object: references on the buffers, @objects of them
 * @in_flight: submissions not yet finished; queue lock
 */
struct layby_prepared {
	struct layby_hw_job hw;
	struct layby_admission admission;
	u64 limit_ns[LAYBY_LEVELS_MAX];
	u64 worst_pj[LAYBY_LEVELS_MAX];
	struct drm_gem_object *object[1 + LAYBY_MAX_INPUTS + LAYBY_MAX_OUTPUTS];
	u32 objects;
	u32 in_flight;
};

/**
 * struct layby_job - one submission, from the command to the report
 *
 * Lives in its party's array at the index that is its tag. In use while
 * @prepared is set. All fields: queue lock.
 *
 * @party: its owner, never changes
 * @report: where it reports, never changes
 * @prepared: what it runs
 * @cmd: the command that waits for it, NULL once somebody else owns that
 *       command's one completion
 * @cookie: as submitted
 * @wait_since_ns: CLOCK_MONOTONIC, when it began to wait, 0: it does not
 * @waited_ns: how long it did
 * @limit_ns: of a guest, how long it may run, from when it is pushed
 * @charged_pj: what it is charged, see budget.h
 * @tiles: that its slot had
 * @level: of a guest, that it is charged for
 * @waits: it is not on the hardware
 * @hw_tag: its name on the hardware
 * @stop_result: what the job ends with if @stopping, -errno
 * @stop_reason: likewise, enum layby_reason
 * @stopping: it is to be aborted
 * @resets: resets that it has been through
 */
struct layby_job {
	struct layby_party *party;
	struct layby_report *report;
	struct layby_prepared *prepared;
	struct io_uring_cmd *cmd;
	u64 cookie;
	u64 wait_since_ns;
	u64 waited_ns;
	u64 limit_ns;
	u64 charged_pj;
	u16 hw_tag;
	s16 stop_result;
	u8 stop_reason;
	bool stopping;
	bool waits;
	u8 resets;
	u8 tiles;
	u8 level;
#ifdef LAYBY_BENCH
	struct completion *waiter;
#endif
};

/**
 * enum layby_queue_state - what a queue does with a submission
 * @LAYBY_QUEUE_RUNNING: pushes it
 * @LAYBY_QUEUE_RECOVERING: keeps it; pushed when the slot is back
 * @LAYBY_QUEUE_CLOSED: -ESHUTDOWN, a guest slot that is not in service
 * @LAYBY_QUEUE_FENCED: -EIO, the slot could not be reset
 * @LAYBY_QUEUE_GONE: -ENODEV, not started yet or the accelerator is removed
 */
enum layby_queue_state {
	LAYBY_QUEUE_RUNNING,
	LAYBY_QUEUE_RECOVERING,
	LAYBY_QUEUE_CLOSED,
	LAYBY_QUEUE_FENCED,
	LAYBY_QUEUE_GONE,
};

/**
 * struct layby_ended - jobs that ended at one level, to be settled together
 * @charged_pj: what they were charged
 * @run_ticks: that they were on the tiles
 * @energy_uj: as metered
 * @jobs: how many
 * @level: that they ran at, and the next ones will most likely
 */
struct layby_ended {
	u64 charged_pj;
	u64 run_ticks;
	u64 energy_uj;
	u32 jobs;
	u32 level;
};

/**
 * struct layby_queue - the jobs in flight on one slot
 * @lock: innermost; guards everything here and every struct layby_job
 * @ops: the backend's, never changes
 * @priv: handed to them, never changes
 * @slot: likewise
 * @order: the jobs in the order of their coming: @count of them from @first on,
 *         wrapping; the first one is what the slot runs
 * @waiting: so many of them, the last ones, are not on the ring yet
 * @tiles: how many jobs that are pushed get; written under slot_lock
 * @guest: jobs are charged
 * @level: level that they are charged for; the slot has it or a lower one
 * @level_mw: of a guest, most that its tiles draw, by level
 * @least_mw: least that they draw while a job is on them, by level
 * @tick_ns: of the device's clock
 * @overrun_ns: for so long a job may be on the tiles beyond its limit
 * @level_at_ns: CLOCK_MONOTONIC, when it last changed
 * @rising: it is to rise, but what is on the ring cannot be charged: nothing follows
 * @budget: see there
 * @ended: of jobs that are charged, those that have ended and are not settled yet
 * @scarce_ns: CLOCK_MONOTONIC, when so much had accrued that a job which waited could
 *	       begin, the last one, or when the cap rose since; 0: never
 * @feed_at_ns: when the next waiting job's worst case fits, U64_MAX: not known
 * @by_tag: hardware tag to job
 * @free_tag: stack of hardware tags, @free_tags of them
 * @state: enum layby_queue_state
 * @shut: the gate is closed: -ESHUTDOWN whatever @state is; written under the
 *        gatekeeper's lock, before the device is told to stop
 * @enabled: recovery has put the slot back into service; slot_lock
 * @tile_party: the one party whose bytes may be on the tiles once all that was
 *              pushed has left the hardware, 0: unknown
 * @head: job that @head_since_ns is about
 * @head_since_ns: when it came to the head of the ring
 * @stopping: a job may be stopping
 * @aborting: the job whose abort was rung, or NULL
 * @abort_by_ns: when its answer is due
 * @timer: next deadline of the head job or of the abort, or the next look
 * @timer_ns: what it is set to, KTIME_MAX if it is not
 * @doorbell_timer: for a doorbell that waits for a promised submission
 * @doorbell_owed: pushed and not yet rung
 * @worker: SCHED_FIFO, this slot's own: recovery never waits for others
 * @recover: the recovery
 * @done: scratch for completions being taken in
 * @told_uj: so much of what its jobs used the owner's consent has been charged
 * @recoveries: how often the slot was reset
 */
struct layby_queue {
	spinlock_t lock;	/* innermost; everything here */
	const struct layby_hw_ops *ops;
	void *priv;
	u32 slot;
	u32 first;
	u32 count;
	u32 waiting;
	u32 tiles;
	bool guest;
	u32 level;
	u32 level_mw[LAYBY_LEVELS_MAX];
	u32 least_mw[LAYBY_LEVELS_MAX];
	u32 tick_ns;
	u64 overrun_ns;
	u64 level_at_ns;
	bool rising;
	struct layby_budget budget;
	struct layby_ended ended;
	u64 scarce_ns;
	u64 feed_at_ns;
	struct layby_job *order[LAYBY_QUEUE_DEPTH_MAX];
	struct layby_job *by_tag[LAYBY_QUEUE_DEPTH_MAX];
	u16 free_tag[LAYBY_QUEUE_DEPTH_MAX];
	u32 free_tags;
	enum layby_queue_state state;
	bool shut;
	bool enabled;
	u64 tile_party;
	struct layby_job *head;
	u64 head_since_ns;
	bool stopping;
	struct layby_job *aborting;
	u64 abort_by_ns;
	struct hrtimer timer;
	u64 timer_ns;
	struct hrtimer doorbell_timer;
	bool doorbell_owed;
	struct kthread_worker *worker;
	struct kthread_work recover;
	struct layby_hw_completion done[16];
	u64 told_uj;
	u32 recoveries;
};

/**
 * struct layby_cleared - how often memory was cleared since the partition is there
 * @pieces: pieces of the window
 * @bytes: their size together
 * @tiles: clearings of its tiles' local memory, those of jobs when they are pushed
 */
struct layby_cleared {
	atomic64_t pieces;
	atomic64_t bytes;
	atomic64_t tiles;
};

/**
 * struct layby_partition - a share of the accelerator with hard walls
 * @accel: holds a reference
 * @drm: its node; @drm->dev_private is this
 * @aux: parent of @drm, named layby.CLASS.ID
 * @class: enum layby_class
 * @id: number within the class, as its device is named
 * @slot: hardware slot
 * @share: what the policy gives it, never changes
 * @cfg: what the slot is enabled with; the tiles change under @slot_lock
 * @slot_lock: recovery or reclaim is at work on the slot
 * @enabled_at_ns: CLOCK_MONOTONIC, when it was last enabled; @slot_lock
 * @map_lock: read by faults, written to wait for them
 * @window_lock: guards @window and @parties
 * @window: allocator over the window
 * @window_free: bytes not allocated
 * @parties: how many exist
 * @epoch: grows when a consent ends; parties from before are dead then
 * @cleared: what nobody can find any more
 * @used: by its jobs
 * @queue: see there
 */
struct layby_partition {
	struct layby_accel *accel;
	struct drm_device *drm;
	struct auxiliary_device *aux;
	u32 class;
	u32 id;
	u32 slot;
	struct layby_policy_share share;
	struct layby_hw_slot cfg;
	struct mutex slot_lock;		/* the slot's hardware, cfg.tiles */
	u64 enabled_at_ns;
	struct rw_semaphore map_lock;
	struct mutex window_lock;	/* window, window_free, parties */
	struct drm_mm window;
	u64 window_free;
	u32 parties;
	u32 epoch;
	struct layby_cleared cleared;
	struct layby_used used;
	struct layby_queue queue;
};

/**
 * struct layby_party - on whose behalf jobs run: one open file
 * @partition: whose node was opened; holds a reference on its drm_device
 * @id: never 0, never used again
 * @lock: guards @prepared (also written under the queue lock, so either is
 *        enough to read it)
 * @epoch: of the partition when it was opened
 * @prepared: by index
 * @prepared_count: how many
 * @buffers: how many exist
 * @buffer_bytes: their size together
 * @reports: LAYBY_PARTY_TAGS of them, mapped by the client
 * @job: by tag
 * @in_flight: jobs on the hardware; queue lock
 * @closed: the file is gone, the last job frees the party; queue lock
 * @destroy: frees it from a worker when the last job ends in an interrupt
 * @run_ticks: device time that its jobs took; queue lock
 */
struct layby_party {
	struct layby_partition *partition;
	u64 id;
	struct mutex lock;	/* prepared */
	u32 epoch;
	struct layby_prepared *prepared[LAYBY_PARTY_JOBS];
	u32 prepared_count;
	atomic_t buffers;
	atomic64_t buffer_bytes;
	struct layby_report *reports;
	u32 in_flight;
	bool closed;
	struct work_struct destroy;
	u64 run_ticks;
	struct layby_job job[LAYBY_PARTY_TAGS];
};

/**
 * struct layby_buffer - memory inside a window that a party holds
 * @base: GEM object
 * @node: place in the window
 * @party: its owner, which outlives it
 * @flags: LAYBY_BUFFER_*
 */
struct layby_buffer {
	struct drm_gem_object base;
	struct drm_mm_node node;
	struct layby_party *party;
	u32 flags;
};

extern const struct drm_driver layby_drm_driver;

/* accel.c */
void layby_accel_get(struct layby_accel *accel);
void layby_accel_put(struct layby_accel *accel);

/* partition.c */
struct layby_partition *
layby_partition_create(struct layby_accel *accel, u32 slot,
		       const struct layby_policy_share *share);
int layby_partition_start(struct layby_partition *partition);
void layby_partition_clear(struct layby_partition *partition);
void layby_partition_scrub(struct layby_partition *partition);
void layby_partition_stop(struct layby_partition *partition);
void layby_partition_destroy(struct layby_partition *partition);
void layby_partition_release(struct drm_device *drm);

/* party.c */
int layby_party_init(void);
void layby_party_fini(void);
void layby_party_destroy_later(struct layby_party *party);
int layby_party_open(struct drm_device *drm, struct drm_file *file);
void layby_party_close(struct drm_device *drm, struct drm_file *file);
int layby_party_map_reports(struct layby_party *party, struct vm_area_struct *vma);
void layby_party_show(struct drm_printer *p, struct drm_file *file);

/* The consent under which it came has ended: -ESTALE for all that it asks. */
static inline bool layby_party_dead(const struct layby_party *party)
{
	return party->epoch != READ_ONCE(party->partition->epoch);
}

/* query.c */
int layby_query_ioctl(struct drm_device *drm, void *data, struct drm_file *file);

/* buffer.c */
int layby_buffer_create_ioctl(struct drm_device *drm, void *data,
			      struct drm_file *file);
int layby_buffer_map_ioctl(struct drm_device *drm, void *data,
			   struct drm_file *file);
void layby_window_clear(struct layby_partition *partition, u64 start, u64 size);
u64 layby_buffer_address(const struct drm_gem_object *object);
u32 layby_buffer_flags(const struct drm_gem_object *object);

/* job.c */
int layby_job_prepare_ioctl(struct drm_device *drm, void *data,
			    struct drm_file *file);
int layby_job_unprepare_ioctl(struct drm_device *drm, void *data,
			      struct drm_file *file);
void layby_prepared_destroy(struct layby_prepared *prepared);

/* lease.c */
int layby_lease_take_ioctl(struct drm_device *drm, void *data, struct drm_file *file);

/* queue.c */

struct layby_usage {
	u64 run_ticks;
	u32 in_flight;
};

int layby_queue_init(struct layby_partition *partition);
void layby_queue_start(struct layby_partition *partition);
void layby_queue_reopen(struct layby_partition *partition);
void layby_queue_shut(struct layby_partition *partition, int fault);
void layby_queue_fini(struct layby_partition *partition);
int layby_queue_submit(struct layby_party *party, struct io_uring_cmd *cmd,
		       struct layby_cmd_submit submit);
bool layby_queue_faulted(struct layby_partition *partition);
void layby_queue_usage(struct layby_party *party, struct layby_usage *usage);

/* queue_retire.c */
void layby_queue_poll(struct layby_partition *partition);

/* queue_stop.c */
int layby_queue_cancel(struct layby_party *party, u32 tag, u64 cookie);
bool layby_queue_detach(struct layby_job *job, struct io_uring_cmd *cmd);
bool layby_queue_close(struct layby_party *party);
bool layby_queue_goes_on(struct layby_partition *partition);
void layby_queue_over_cap(struct layby_partition *partition);

/* recover.c */
void layby_queue_lost(struct layby_partition *partition);

/* uring.c */
int layby_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);

#ifdef LAYBY_BENCH
/* bench.c */
int layby_bench_run_ioctl(struct drm_device *drm, void *data,
			  struct drm_file *file);
#endif

/* Stamps of the CPU's counter, for measuring only: bench.c. */
enum layby_bench_stamp {
	LAYBY_STAMP_SOFTIRQ,	/* receiving began, in which the doorbell was rung */
	LAYBY_STAMP_DOORBELL,	/* the guest slot was told to stop */
	LAYBY_STAMP_ANSWER,	/* it said that it had */
	LAYBY_STAMP_HANDOVER,	/* driving has the tiles */
	LAYBY_STAMP_PERIOD,	/* the sampler begins */
	LAYBY_STAMP_NOTHING,	/* at once behind it: what two stamps take */
	LAYBY_STAMP_SAMPLE,	/* the governor's program is called */
	LAYBY_STAMP_VERDICT,	/* it has returned */
	LAYBY_STAMP_PERIOD_END,	/* caps and levels are set */
	LAYBY_STAMP_ADMIT,	/* the governor's other program is called */
	LAYBY_STAMP_ADMITTED,	/* it has returned */
	LAYBY_STAMPS
};

#ifdef LAYBY_BENCH
int layby_bench_init(void);
void layby_bench_fini(void);
void layby_bench_stamp(enum layby_bench_stamp which);
#else
static inline int layby_bench_init(void)
{
	return 0;
}

static inline void layby_bench_fini(void)
{
}

static inline void layby_bench_stamp(enum layby_bench_stamp which)
{
}
#endif

#endif /* LAYBY_H */
