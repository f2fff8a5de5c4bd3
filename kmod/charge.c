// SPDX-License-Identifier: GPL-2.0-only
/*
 * Charging guest jobs (ISO-8). See charge.h; budget.h has the argument.
 *
 * Owns what a job's worst case is: the most that its tiles can draw at the level in
 * force, for the longest that the job can be on them. That is what it declared, at
 * the speed of the level, and then all that may pass until it is off them: the
 * doorbell and the interrupt may be late, the abort may take its bound, and if it is
 * not answered the slot's reset.
 *
 * Must never settle a job for less than it can have used, nor let one onto the ring
 * uncharged. Driving's jobs are not charged, and their time is as they declared it.
 */
#include <linux/bitops.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/overflow.h>

#include "charge.h"

static u32 layby_guest_tiles(const struct layby_policy_in_force *policy)
{
	u32 i, tiles = 0;

	for (i = 0; i < policy->share_count; i++)
		if (policy->share[i].class == LAYBY_CLASS_GUEST)
			tiles += hweight32(policy->share[i].tiles_parked);
	return tiles;
}

/*
 * The cap is kept over time, the rail at every moment: driving may start at full load
 * before the guest has let go (ISO-5, ISO-12).
 */
int layby_charge_rail_level(const struct layby_accel *accel)
{
	const struct layby_policy_in_force *policy = accel->policy;
	u32 left_mw = policy->rail_mw - policy->driving_power_mw;
	u32 tiles = layby_guest_tiles(policy);
	int level = accel->hw.levels - 1;

	while (level >= 0 && tiles * accel->hw.level[level].tile_worst_mw > left_mw)
		level--;
	return level < 0 ? -ERANGE : level;
}

/* Each group of tiles has of the whole what its part of all guests' tiles is. */
static u64 layby_charge_part(const struct layby_partition *partition, u64 whole)
{
	return div_u64(whole * hweight32(partition->share.tiles_parked),
		       layby_guest_tiles(partition->accel->policy));
}

u32 layby_charge_cap(const struct layby_partition *partition, u32 cap_mw)
{
	return layby_charge_part(partition, cap_mw);
}

/* Where the rail bears no level nothing can ever be charged. */
static u64 layby_charge_bucket_pj(const struct layby_partition *partition)
{
	if (layby_charge_rail_level(partition->accel) < 0)
		return 0;
	return layby_charge_part(partition, partition->accel->policy->bucket_uj) *
	       LAYBY_PJ_PER_UJ;
}

void layby_charge_init(struct layby_queue *queue)
{
	const struct layby_partition *partition = layby_queue_partition(queue);
	const struct layby_hw *hw = layby_queue_hw(queue);
	u32 tiles = hweight32(partition->share.tiles_parked), i;

	queue->guest = partition->class == LAYBY_CLASS_GUEST;
	queue->level = hw->levels - 1;
	queue->tiles = hweight32(partition->cfg.tiles);
	queue->tick_ns = DIV_ROUND_UP_ULL(NSEC_PER_SEC, hw->ticks_hz);
	if (!queue->guest)
		return;
	for (i = 0; i < hw->levels; i++) {
		queue->level_mw[i] = tiles * hw->level[i].tile_worst_mw;
		queue->least_mw[i] = tiles * hw->level[i].tile_least_mw;
	}
	queue->overrun_ns = hw->start_bound_ns + LAYBY_DOORBELL_AGE_NS +
			    hw->abort_bound_ns + hw->reset_bound_ns;
	layby_budget_init(&queue->budget, layby_charge_bucket_pj(partition), ktime_get_ns());
}

/* What the tiles can draw at @level while a job is on them that may run for @run_ns. */
static u64 layby_charge_worst_pj(const struct layby_queue *queue, u32 level, u64 run_ns)
{
	return layby_budget_energy_pj(queue->level_mw[level], run_ns + queue->overrun_ns);
}

int layby_charge_prepare(const struct layby_queue *queue, struct layby_prepared *prepared)
{
	const struct layby_hw *hw = layby_queue_hw((struct layby_queue *)queue);
	const u64 longest_run_ns = prepared->admission.longest_run_ns;
	u32 i, top = hw->levels - 1;

	for (i = 0; i <= top; i++) {
		prepared->limit_ns[i] = longest_run_ns;
		if (!queue->guest)
			continue;
		prepared->limit_ns[i] = DIV_ROUND_UP_ULL(longest_run_ns * 1000,
							 hw->level[i].speed_permille);
		prepared->worst_pj[i] = layby_charge_worst_pj(queue, i, prepared->limit_ns[i]);
	}
	if (prepared->worst_pj[top] > queue->budget.bucket_pj)
		return -E2BIG;
	prepared->admission.worst_energy_uj = div_u64(prepared->worst_pj[top], LAYBY_PJ_PER_UJ);
	return 0;
}

bool layby_charge_late(struct layby_queue *queue, u64 worst_pj)
{
	layby_charge_accrue(queue);
	if (layby_budget_charge(&queue->budget, worst_pj)) {
		/* What came back from a job that ended would have been there before. */
		if (queue->waiting)
			queue->scarce_ns = queue->budget.at_ns;
		return true;
	}
	queue->feed_at_ns = layby_budget_ready_ns(&queue->budget, worst_pj);
	layby_queue_arm(queue);
	return false;
}

static u64 layby_job_past_ns(const struct layby_queue *queue, const struct layby_job *job)
{
	if (job != queue->head)
		return 0;
	return min(ktime_get_ns() - queue->head_since_ns, job->limit_ns);
}

/* What it has used at the level that it was charged for, and what it will at @level. */
static u64 layby_charge_missing_pj(const struct layby_queue *queue,
				   const struct layby_job *job, u32 level)
{
	u64 past_ns = layby_job_past_ns(queue, job);
	u64 past_pj = layby_budget_energy_pj(queue->level_mw[job->level], past_ns);
	u64 rest_pj = layby_charge_worst_pj(queue, max_t(u32, level, job->level),
					    job->limit_ns - past_ns);
	u64 worst_pj;

	if (check_add_overflow(past_pj, rest_pj, &worst_pj))
		return LAYBY_BUDGET_NEVER;
	return worst_pj > job->charged_pj ? worst_pj - job->charged_pj : 0;
}

/* Each keeps the time that it had, though it needs less. */
bool layby_charge_again(struct layby_queue *queue, u32 level)
{
	struct layby_job *job;
	u64 missing_pj;
	u32 n;

	layby_charge_accrue(queue);
	for (n = 0; n < layby_queue_pushed(queue); n++) {
		job = layby_queue_nth(queue, n);
		missing_pj = layby_charge_missing_pj(queue, job, level);
		if (!layby_budget_charge(&queue->budget, missing_pj))
			return false;
		job->charged_pj += missing_pj;
		job->level = max_t(u32, job->level, level);
	}
	return true;
}

/*
 * What is left of its time at the old level takes longer at the new one. It costs no
 * more than was charged: power falls at least as much as speed (struct layby_hw_level).
 */
static void layby_charge_longer(struct layby_queue *queue, struct layby_job *job, u32 level)
{
	const struct layby_hw_level *sheet = layby_queue_hw(queue)->level;
	u64 past_ns = layby_job_past_ns(queue, job);

	job->limit_ns = past_ns + mul_u64_u32_div(job->limit_ns - past_ns,
						  sheet[queue->level].speed_permille,
						  sheet[level].speed_permille);
}

void layby_charge_slower(struct layby_queue *queue, u32 level)
{
	u32 n;

	for (n = 0; n < layby_queue_pushed(queue); n++)
		layby_charge_longer(queue, layby_queue_nth(queue, n), level);
}

/*
 * Together they drew no more than their level's worst over all of their time, nor more
 * than the meter has missed of each: at most its error, and a microjoule.
 */
static u64 layby_charge_used_pj(struct layby_queue *queue)
{
	const struct layby_ended *ended = &queue->ended;
	struct layby_budget_use use = {
		.metered_pj = min_t(u64, ended->energy_uj + ended->jobs - 1,
				    LAYBY_BUDGET_BUCKET_MAX_UJ + 1) * LAYBY_PJ_PER_UJ,
		.worst_mw = queue->level_mw[ended->level],
		.least_mw = queue->least_mw[0],
		.meter_error_permille = layby_queue_hw(queue)->meter_error_permille,
	};

	if (check_mul_overflow(ended->run_ticks, (u64)queue->tick_ns, &use.run_ns))
		use.run_ns = U64_MAX;
	return layby_budget_used_pj(&use);
}

void layby_charge_settle(struct layby_queue *queue)
{
	struct layby_ended *ended = &queue->ended;

	if (!ended->jobs)
		return;
	layby_budget_settle(&queue->budget, ended->charged_pj, layby_charge_used_pj(queue));
	*ended = (struct layby_ended){ .level = ended->level };
}

/*
 * One that is found only after its deadline gets nothing back: meanwhile the next one
 * may have begun, and will be given its whole time from now.
 */
static bool layby_charge_all_used(struct layby_queue *queue, const struct layby_job *job,
				  const struct layby_hw_completion *done)
{
	return layby_charge_nonsense(done) ||
	       (job == queue->head && queue->budget.at_ns >= layby_head_deadline(queue));
}

void layby_charge_end_first(struct layby_queue *queue, struct layby_job *job,
			    const struct layby_hw_completion *done)
{
	layby_charge_settle(queue);
	queue->ended.level = min_t(u32, done->level, job->level);
	if (layby_charge_all_used(queue, job, done)) {
		layby_budget_settle(&queue->budget, job->charged_pj, job->charged_pj);
		job->charged_pj = 0;
	} else {
		layby_ended_add(&queue->ended, job, done);
	}
}

/* If the head has just been taken those behind it may have begun since, untold. */
static u64 layby_charge_unseen_pj(struct layby_queue *queue)
{
	if (!layby_queue_pushed(queue))
		return 0;
	return layby_budget_energy_pj(queue->level_mw[layby_queue_nth(queue, 0)->level],
				      queue->budget.at_ns - queue->head_since_ns +
				      queue->overrun_ns);
}

void layby_charge_forget(struct layby_queue *queue)
{
	u64 unseen_pj, used_pj;
	struct layby_job *job;
	u32 n;

	if (!queue->guest)
		return;
	layby_charge_accrue(queue);
	unseen_pj = layby_charge_unseen_pj(queue);
	for (n = 0; n < queue->count; n++) {
		job = layby_queue_nth(queue, n);
		used_pj = min(unseen_pj, job->charged_pj);
		layby_budget_settle(&queue->budget, job->charged_pj, used_pj);
		job->charged_pj = 0;
		unseen_pj -= used_pj;
	}
}
