// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sampler: while only sensors and governor stand between the gate and open, it
 * reads the sensors and asks the governor, every LAYBY_SAMPLE_PERIOD_NS, on a
 * thread of its own.
 *
 * Owns what is known of the sensors over time. Decides nothing: what is old or hot
 * is keeper's to say. Must never touch an accelerator after
 * layby_governor_sampling() has returned for NULL, nor let that wait for a
 * governor's program: reclaim's worker calls it.
 *
 * SCHED_FIFO at its lowest, so below reclaim's worker: under load a verdict still
 * comes in time, and a governor that takes long delays no reclaim. On a kernel
 * that does not preempt itself it holds its CPU for as long as the program runs,
 * which the verifier's limit on instructions bounds.
 */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "caps.h"
#include "firmware.h"
#include "governor.h"
#include "keeper.h"
#include "layby.h"
#include "vehicle.h"

/* Samples that utilisation is taken over. */
#define LAYBY_BUSY_SAMPLES	16

/* Measurements that the slope of the temperature is taken over. */
#define LAYBY_SLOPE_READINGS	16

struct layby_busy {
	u64 at_ns;
	u64 busy_ns;
};

struct layby_reading {
	u64 at_ns;
	s32 temperature_mc;
};

/*
 * @lock: taken by who turns sampling on and off, and around all that touches the
 *        accelerator; outside of keeper's and the governor's
 * @accel: whose sensors; NULL: off
 * @of: whose @sensors to @readings are; never dereferenced
 * @sensors: last read
 * @known: they were read, not long ago
 * @fresh_ns: CLOCK_MONOTONIC, when the device was last seen to have measured
 * @reading: the last measurements, @readings of them, in a ring
 * @busy: how long guests' jobs had run at the last samples, @samples of them, in a ring
 * @gate: scratch of the work
 * @caps: likewise
 * @vehicle: likewise
 * @sample: likewise; what the governor is told
 */
static struct {
	struct kthread_worker *worker;
	struct kthread_delayed_work work;
	struct mutex lock;		/* accel to readings */
	struct layby_accel *accel;
	const void *of;
	struct layby_hw_sensors sensors;
	bool known;
	u64 fresh_ns;
	struct layby_reading reading[LAYBY_SLOPE_READINGS];
	u32 readings;
	struct layby_busy busy[LAYBY_BUSY_SAMPLES];
	u32 samples;
	struct layby_keeper_state gate;
	struct layby_caps caps;
	struct layby_vehicle_report vehicle;
	struct layby_governor_sample sample;
} sampler = {
	.lock = __MUTEX_INITIALIZER(sampler.lock),
};

static void layby_sampler_remember(u64 now_ns)
{
	struct layby_reading *reading =
		&sampler.reading[sampler.readings++ % LAYBY_SLOPE_READINGS];

	reading->at_ns = now_ns;
	reading->temperature_mc = sampler.sensors.temperature_mdeg;
	sampler.fresh_ns = now_ns;
}

/* Return: a first reading; not read, for whatever reason, grows old by itself. */
static bool layby_sampler_read(void)
{
	const struct layby_hw *hw = &sampler.accel->hw;
	struct layby_hw_sensors sensors = {};
	bool fresh, first = !sampler.known;

	if (hw->ops->sensors(hw->priv, &sensors))
		return false;
	fresh = sampler.known && sensors.sample > sampler.sensors.sample;
	sampler.sensors = sensors;
	sampler.known = true;
	if (fresh)
		layby_sampler_remember(ktime_get_ns());
	layby_keeper_sensors(&sensors, fresh);
	return first;
}

static u64 layby_age(u64 at_ns, u64 now_ns)
{
	if (!at_ns)
		return LAYBY_AGE_UNKNOWN;
	return now_ns > at_ns ? now_ns - at_ns : 0;
}

static void layby_sample_slope(struct layby_governor_sample *sample)
{
	const struct layby_reading *last, *first;
	u32 count = min_t(u32, sampler.readings, LAYBY_SLOPE_READINGS);
	s64 rise_mc;

	if (count < 2)
		return;
	last = &sampler.reading[(sampler.readings - 1) % LAYBY_SLOPE_READINGS];
	first = &sampler.reading[(sampler.readings - count) % LAYBY_SLOPE_READINGS];
	if (last->at_ns <= first->at_ns)
		return;
	sample->temperature_span_ns = last->at_ns - first->at_ns;
	rise_mc = (s64)last->temperature_mc - first->temperature_mc;
	sample->temperature_slope_mc_s =
		clamp_t(s64, div64_s64(rise_mc * (s64)NSEC_PER_SEC,
				       (s64)sample->temperature_span_ns),
			S32_MIN, S32_MAX);
}

static void layby_sample_device(struct layby_governor_sample *sample)
{
	sample->sensor_age_ns = layby_age(sampler.fresh_ns, sample->now_ns);
	sample->energy_uj = sampler.sensors.energy_uj;
	sample->power_mw = sampler.sensors.power_mw;
	sample->temperature_mc = sampler.sensors.temperature_mdeg;
	sample->level = sampler.sensors.level;
	sample->levels = sampler.accel->hw.levels;
	layby_sample_slope(sample);
}

static void layby_sample_gate(struct layby_governor_sample *sample)
{
	const struct layby_gate_input *in = &sampler.gate.in;

	sample->trip_mc = in->trip_mc;
	sample->resume_mc = in->resume_mc;
	sample->mode = in->mode;
	sample->signal_age_ns = layby_age(in->signal.at_ns, sample->now_ns);
	sample->lease_age_ns = layby_age(in->lease.at_ns, sample->now_ns);
	sample->consent_energy_uj = in->consent ? in->consent_energy_uj : 0;
}

static u64 layby_signal_age(u32 signal)
{
	const struct layby_vehicle_report *report = &sampler.vehicle;

	return layby_age(report->state.signal[signal].at_ns, report->now_ns);
}

/* The question is whether it is off. */
static u8 layby_sample_ignition(const struct layby_vehicle_state *state)
{
	switch (state->signal[LAYBY_SIGNAL_IGNITION].state) {
	case LAYBY_SIGNAL_YES:
		return 1;
	case LAYBY_SIGNAL_NO:
		return 2;
	default:
		return 0;
	}
}

static u32 layby_sample_battery_mv(const struct layby_vehicle_state *state)
{
	const struct layby_vehicle_signal *supply = &state->signal[LAYBY_SIGNAL_SUPPLY];

	return supply->state >= LAYBY_SIGNAL_NO ? max(supply->value, 0) : 0;
}

static void layby_sample_vehicle(struct layby_governor_sample *sample)
{
	const struct layby_vehicle_state *state = &sampler.vehicle.state;

	layby_vehicle_report(&sampler.vehicle);
	sample->charging = layby_vehicle_charging(state);
	sample->charge_percent = layby_vehicle_charge(state);
	sample->ignition = layby_sample_ignition(state);
	sample->battery_mv = layby_sample_battery_mv(state);
	sample->charging_age_ns = layby_signal_age(LAYBY_SIGNAL_CHARGING);
	sample->charge_age_ns = layby_signal_age(LAYBY_SIGNAL_CHARGE);
	sample->ignition_age_ns = layby_signal_age(LAYBY_SIGNAL_IGNITION);
	sample->battery_age_ns = layby_signal_age(LAYBY_SIGNAL_SUPPLY);
}

/* Whoever is sampled for holds a policy. */
static void layby_sample_ceilings(struct layby_governor_sample *sample)
{
	const struct layby_policy_in_force *policy = sampler.accel->policy;
	const struct layby_hw *hw = &sampler.accel->hw;

	sample->power_ceiling_mw = policy->power_mw;
	sample->rail_mw = policy->rail_mw;
	sample->driving_power_mw = policy->driving_power_mw;
	sample->ambient_mc = policy->ambient_mdeg;
	sample->resistance_mk_per_w = policy->resistance_mk_per_w;
	sample->capacity_mj_per_k = policy->capacity_mj_per_k;
	sample->throttle_mc = hw->throttle_mdeg;
	sample->sensor_error_mc = hw->sensor_error_mdeg;
	sample->die_resistance_mk_per_w = hw->die_resistance_mk_per_w;
}

static_assert(LAYBY_GOVERNOR_LEVELS == LAYBY_LEVELS_MAX);

static void layby_sample_caps(struct layby_governor_sample *sample)
{
	const struct layby_caps *caps = &sampler.caps;

	layby_caps_read(sampler.accel, &sampler.caps);
	memcpy(sample->level_power_mw, caps->level_mw, sizeof(sample->level_power_mw));
	sample->guest_level = caps->level;
	sample->cap_mw = caps->cap_mw;
	sample->level_age_ns = layby_age(caps->level_at_ns, sample->now_ns);
	sample->guest_used_uj = caps->ended_uj;
	sample->bucket_uj = caps->bucket_uj;
	sample->credit_uj = caps->credit_uj;
	sample->charged_uj = caps->charged_uj;
	sample->waiting = caps->waiting;
}

/* Of the time since the oldest of the last samples; of all guests' slots. */
static u32 layby_sample_utilisation(u64 now_ns)
{
	struct layby_busy *last = &sampler.busy[sampler.samples++ % LAYBY_BUSY_SAMPLES];
	const struct layby_busy oldest = *last;
	u64 span_ns, busy_ns;

	*last = (struct layby_busy){ .at_ns = now_ns, .busy_ns = sampler.caps.busy_ns };
	if (sampler.samples <= LAYBY_BUSY_SAMPLES || !sampler.caps.partitions ||
	    now_ns <= oldest.at_ns)
		return LAYBY_UTILISATION_UNKNOWN;
	/* What runs was thought to have begun earlier than it did. */
	busy_ns = last->busy_ns > oldest.busy_ns ? last->busy_ns - oldest.busy_ns : 0;
	span_ns = (now_ns - oldest.at_ns) * sampler.caps.partitions;
	return min_t(u64, div64_u64(busy_ns * 1000, span_ns), 1000);
}

/* What the kernel does not have yet. */
static void layby_sample_unknown(struct layby_governor_sample *sample)
{
	sample->consent_age_ns = LAYBY_AGE_UNKNOWN;
	sample->settings_age_ns = LAYBY_AGE_UNKNOWN;
}

static void layby_load_add(struct layby_governor_load *load,
			   const struct layby_partition *partition)
{
	load->age_ns = 0;
	load->queue_depth += partition->accel->hw.queue_depth;
	load->jobs += READ_ONCE(partition->queue.count);
	load->tiles += hweight32(READ_ONCE(partition->cfg.tiles));
}

static void layby_sample_load(struct layby_governor_sample *sample)
{
	struct layby_partition *partition;
	u32 i;

	sample->driving.age_ns = LAYBY_AGE_UNKNOWN;
	sample->guest.age_ns = LAYBY_AGE_UNKNOWN;
	for (i = 0; i < sampler.accel->partition_count; i++) {
		partition = sampler.accel->partition[i];
		layby_load_add(partition->class == LAYBY_CLASS_GUEST ?
			       &sample->guest : &sample->driving, partition);
	}
	sample->driving.utilisation_permille = LAYBY_UTILISATION_UNKNOWN;
	sample->guest.utilisation_permille = layby_sample_utilisation(sample->now_ns);
}

static void layby_sampler_tell(struct layby_governor_sample *sample, u64 now_ns)
{
	layby_keeper_state(&sampler.gate);
	*sample = (struct layby_governor_sample){
		.now_ns = now_ns,
		.wall_ns = ktime_get_real_ns(),
		.period_ns = LAYBY_SAMPLE_PERIOD_NS,
	};
	layby_sample_unknown(sample);
	layby_sample_ceilings(sample);
	layby_sample_device(sample);
	layby_sample_gate(sample);
	layby_sample_vehicle(sample);
	layby_sample_caps(sample);
	layby_sample_load(sample);
}

/*
 * Its time is before all that it tells, so that a verdict is never younger than that.
 *
 * Return: sampling is on.
 */
static bool layby_sampler_look(void)
{
	const u64 now_ns = ktime_get_ns();
	bool on;

	mutex_lock(&sampler.lock);
	on = sampler.accel;
	if (on) {
		/* A first one may be of any age; the next may be new already. */
		if (layby_sampler_read())
			layby_sampler_read();
		layby_sampler_tell(&sampler.sample, now_ns);
	}
	mutex_unlock(&sampler.lock);
	return on;
}

/* The gate has closed, or is about to, if it says so: reclaim does not wait for us. */
static void layby_sampler_obey(const struct layby_governor_verdict *verdict)
{
	mutex_lock(&sampler.lock);
	if (sampler.accel && verdict->open)
		layby_caps_set(sampler.accel, verdict->cap_mw, verdict->level);
	mutex_unlock(&sampler.lock);
}

static void layby_sampler_work(struct kthread_work *work)
{
	const struct layby_governor_sample *sample = &sampler.sample;
	struct layby_governor_verdict verdict = {};

	layby_bench_stamp(LAYBY_STAMP_PERIOD);
	layby_bench_stamp(LAYBY_STAMP_NOTHING);
	if (!layby_sampler_look())
		return;
	verdict.cap_mw = sample->power_ceiling_mw;
	verdict.level = sampler.caps.rail_level;
	if (layby_governor_ask(sample, &verdict))
		layby_sampler_obey(&verdict);
	layby_bench_stamp(LAYBY_STAMP_PERIOD_END);
	kthread_queue_delayed_work(sampler.worker, &sampler.work,
				   nsecs_to_jiffies(LAYBY_SAMPLE_PERIOD_NS));
}

/* What is not old still tells whether the next reading is a new one. */
static void layby_sampler_forget(void)
{
	if (sampler.of == sampler.accel &&
	    layby_age(sampler.fresh_ns, ktime_get_ns()) <= LAYBY_SAMPLE_AGE_NS)
		return;
	sampler.of = sampler.accel;
	sampler.known = false;
	sampler.fresh_ns = 0;
	sampler.readings = 0;
	sampler.samples = 0;
}

/* Work that is queued for later finds sampling off, and ends. */
void layby_governor_sampling(struct layby_accel *accel)
{
	bool changed;

	mutex_lock(&sampler.lock);
	changed = sampler.accel != accel;
	if (changed && sampler.accel)
		layby_caps_none(sampler.accel);
	sampler.accel = accel;
	if (changed && accel)
		layby_sampler_forget();
	mutex_unlock(&sampler.lock);
	if (changed && accel)
		kthread_mod_delayed_work(sampler.worker, &sampler.work, 0);
}

int layby_sampler_init(void)
{
	struct kthread_worker *worker = kthread_create_worker(0, "layby_sampler");

	if (IS_ERR(worker))
		return PTR_ERR(worker);
	sched_set_fifo_low(worker->task);
	kthread_init_delayed_work(&sampler.work, layby_sampler_work);
	sampler.worker = worker;
	return 0;
}

void layby_sampler_fini(void)
{
	layby_governor_sampling(NULL);
	kthread_cancel_delayed_work_sync(&sampler.work);
	kthread_destroy_worker(sampler.worker);
	sampler.worker = NULL;
}
