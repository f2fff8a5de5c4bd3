// SPDX-License-Identifier: GPL-2.0-only
/*
 * The governor that is attached: one at a time, or none.
 *
 * Owns the pointer to it and the verdict in force. Must never pass on a verdict
 * that is above a limit, or one of a governor that has gone (ISO-7): both are
 * decided under the lock under which a governor goes.
 *
 * A governor's memory and programs live until a grace period after detach, so
 * calls into it are RCU read sections and nothing else keeps it.
 *
 * Lock order: the lock here, then keeper's. Both are raw: any context.
 */
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "control.h"
#include "governor.h"
#include "keeper.h"
#include "layby.h"

/*
 * @lock: all but @scratch and @refused
 * @attached: it has the place, also when it is dropped
 * @asked: the same, NULL if it is dropped
 * @admitter: the same, NULL if it has no admit()
 * @scratch: what sample() writes into; the sampler's
 * @refused: see struct layby_governor_state
 */
static struct {
	raw_spinlock_t lock;	/* see above */
	struct layby_governor *attached;
	struct layby_governor __rcu *asked;
	struct layby_governor __rcu *admitter;
	struct layby_governor_state state;
	struct layby_governor_verdict scratch;
	atomic64_t refused;
} governor = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(governor.lock),
};

int layby_governor_attach(struct layby_governor *ops)
{
	unsigned long flags;
	int ret = -EBUSY;

	raw_spin_lock_irqsave(&governor.lock, flags);
	if (!governor.attached) {
		governor.attached = ops;
		governor.state = (struct layby_governor_state){
			.status = LAYBY_GOVERNOR_ATTACHED,
		};
		strscpy(governor.state.name, ops->name);
		atomic64_set(&governor.refused, 0);
		rcu_assign_pointer(governor.asked, ops);
		rcu_assign_pointer(governor.admitter, ops->admit ? ops : NULL);
		ret = 0;
	}
	raw_spin_unlock_irqrestore(&governor.lock, flags);
	if (!ret)
		layby_control_governor_changed();
	return ret;
}

/* Nobody is asked any more, and what was said does not count. */
static void layby_governor_silence(u32 status)
{
	lockdep_assert_held(&governor.lock);
	layby_keeper_governor(0, false);
	governor.state.status = status;
	RCU_INIT_POINTER(governor.asked, NULL);
}

void layby_governor_detach(struct layby_governor *ops)
{
	unsigned long flags;
	bool ours;

	raw_spin_lock_irqsave(&governor.lock, flags);
	ours = governor.attached == ops;
	if (ours) {
		layby_governor_silence(LAYBY_GOVERNOR_NONE);
		RCU_INIT_POINTER(governor.admitter, NULL);
		governor.attached = NULL;
		governor.state = (struct layby_governor_state){};
	}
	raw_spin_unlock_irqrestore(&governor.lock, flags);
	if (ours)
		layby_control_governor_changed();
}

void layby_governor_why(const struct layby_governor_state *state, char *why, size_t size)
{
	switch (state->status) {
	case LAYBY_GOVERNOR_FAILED:
		scnprintf(why, size, "sample() returned %d, 0 would be right", state->returned);
		break;
	case LAYBY_GOVERNOR_NONSENSE:
		scnprintf(why, size, "its verdict has open %u, 0 or 1 would be right",
			  state->verdict.open);
		break;
	default:
		scnprintf(why, size, "%s", "");
	}
}

static u32 layby_governor_judge(int ret, const struct layby_governor_verdict *verdict)
{
	if (ret)
		return LAYBY_GOVERNOR_FAILED;
	return verdict->open > 1 ? LAYBY_GOVERNOR_NONSENSE : LAYBY_GOVERNOR_ATTACHED;
}

static void layby_governor_cut(struct layby_governor_verdict *verdict,
			       const struct layby_governor_verdict *limits)
{
	verdict->cap_mw = min(verdict->cap_mw, limits->cap_mw);
	verdict->level = min(verdict->level, limits->level);
}

/* A copy: @verdict is not the program's memory any more. Return: it holds. */
static bool layby_governor_settle(struct layby_governor *ops, int ret,
				  struct layby_governor_verdict verdict, u64 now_ns)
{
	u32 status = layby_governor_judge(ret, &verdict);
	unsigned long flags;
	bool gone;

	raw_spin_lock_irqsave(&governor.lock, flags);
	gone = rcu_access_pointer(governor.asked) != ops;
	if (!gone) {
		governor.state.returned = ret;
		governor.state.verdict = verdict;
		governor.state.verdict_ns = now_ns;
		if (status == LAYBY_GOVERNOR_ATTACHED)
			layby_keeper_governor(now_ns, verdict.open);
		else
			layby_governor_silence(status);
	}
	raw_spin_unlock_irqrestore(&governor.lock, flags);
	return !gone && status == LAYBY_GOVERNOR_ATTACHED;
}

/* Of one that has gone by itself since then there is nothing to tell. */
static void layby_governor_tell_dropped(void)
{
	char why[LAYBY_GOVERNOR_WHY];
	struct layby_governor_state state;

	layby_governor_state(&state);
	layby_governor_why(&state, why, sizeof(why));
	if (!*why)
		return;
	pr_warn("layby: governor %s is dropped: %s; the gate stays closed until it is detached and one attached anew\n",
		state.name, why);
	layby_control_governor_changed();
}

bool layby_governor_ask(const struct layby_governor_sample *sample,
			struct layby_governor_verdict *verdict)
{
	const struct layby_governor_verdict limits = *verdict;
	struct layby_governor *ops;
	bool holds = false;
	int ret;

	rcu_read_lock();
	ops = rcu_dereference(governor.asked);
	if (ops) {
		governor.scratch = limits;
		governor.scratch.open = 0;
		layby_bench_stamp(LAYBY_STAMP_SAMPLE);
		ret = ops->sample(sample, &governor.scratch);
		layby_bench_stamp(LAYBY_STAMP_VERDICT);
		*verdict = governor.scratch;
		layby_governor_cut(verdict, &limits);
		holds = layby_governor_settle(ops, ret, *verdict, sample->now_ns);
	}
	rcu_read_unlock();
	if (ops && !holds)
		layby_governor_tell_dropped();
	return holds;
}

/* On the path of each job: with no admit() it is one load. */
bool layby_governor_admit(const struct layby_admission *job)
{
	struct layby_governor *ops;
	int ret;

	ops = rcu_dereference_check(governor.admitter, rcu_read_lock_any_held());
	if (!ops)
		return true;
	layby_bench_stamp(LAYBY_STAMP_ADMIT);
	ret = ops->admit(job);
	layby_bench_stamp(LAYBY_STAMP_ADMITTED);
	if (unlikely(ret))
		atomic64_inc(&governor.refused);
	return !ret;
}

void layby_governor_state(struct layby_governor_state *state)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&governor.lock, flags);
	*state = governor.state;
	raw_spin_unlock_irqrestore(&governor.lock, flags);
	state->refused = atomic64_read(&governor.refused);
}

/* Nobody can attach before the module's init has returned, nor once it goes. */
int layby_governor_init(void)
{
	int ret = layby_sampler_init();

	if (ret)
		return ret;
	ret = layby_governor_type_register();
	if (ret)
		layby_sampler_fini();
	return ret;
}

void layby_governor_fini(void)
{
	layby_sampler_fini();
}
