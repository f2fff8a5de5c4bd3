// SPDX-License-Identifier: GPL-2.0-only
/*
 * layby_governor_test: the governor's files without the gate, so that a test can
 * say what the sensors are and see what the gatekeeper is told. Stands in for
 * keeper.c and for an accelerator; everything in between is the module's own.
 *
 * Parameters are the test's strings: those that can be written are the inputs, the
 * others count or hold what came last.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include "caps.h"
#include "control.h"
#include "firmware.h"
#include "governor.h"
#include "keeper.h"
#include "layby.h"
#include "vehicle.h"

static bool sealed;
module_param(sealed, bool, 0644);

static int temperature_mdeg = 25000;
module_param(temperature_mdeg, int, 0644);

static uint power_mw = 1000;
module_param(power_mw, uint, 0644);

static uint level = 1;
module_param(level, uint, 0644);

static uint jobs;
module_param(jobs, uint, 0644);

static bool stuck;
module_param(stuck, bool, 0644);
MODULE_PARM_DESC(stuck, "the device does not measure any more");

static int sensor_error;
module_param(sensor_error, int, 0644);
MODULE_PARM_DESC(sensor_error, "what the operation returns");

static uint sensor_ms;
module_param(sensor_ms, uint, 0644);
MODULE_PARM_DESC(sensor_ms, "how long it takes");

static uint readings;
module_param(readings, uint, 0444);
MODULE_PARM_DESC(readings, "calls of the accelerator's operation");

static uint finished;
module_param(finished, uint, 0444);
MODULE_PARM_DESC(finished, "of them, those that have returned");

static uint fresh;
module_param(fresh, uint, 0444);
MODULE_PARM_DESC(fresh, "readings that keeper was told of as new");

static uint stale;
module_param(stale, uint, 0444);
MODULE_PARM_DESC(stale, "readings that it was told of as not new");

static bool attached;
module_param(attached, bool, 0444);

static bool open;
module_param(open, bool, 0444);

static uint verdicts;
module_param(verdicts, uint, 0444);

static uint younger;
module_param(younger, uint, 0444);
MODULE_PARM_DESC(younger, "of them, those that were of a later time than the reading before them");

static u64 read_ns;

static uint gone;
module_param(gone, uint, 0444);
MODULE_PARM_DESC(gone, "times that keeper was told that there is no governor");

static uint events;
module_param(events, uint, 0444);
MODULE_PARM_DESC(events, "changes of the governor that were told");

static uint event_status;
module_param(event_status, uint, 0444);
MODULE_PARM_DESC(event_status, "the governor's at the last of them");

static uint obeyed;
module_param(obeyed, uint, 0444);
MODULE_PARM_DESC(obeyed, "caps that were set");

/* --- control_inputs.c's part ---------------------------------------------- */

/* Sleeps, as what it stands for may. */
void layby_control_governor_changed(void)
{
	struct layby_governor_state state;

	might_sleep();
	layby_governor_state(&state);
	event_status = state.status;
	events++;
}

/* --- caps.c's part: of what is not known all reads 0 ----------------------- */

void layby_caps_set(struct layby_accel *accel, u32 cap_mw, u32 level)
{
	obeyed++;
}

void layby_caps_none(struct layby_accel *accel)
{
}

void layby_caps_read(struct layby_accel *accel, struct layby_caps *caps)
{
	*caps = (struct layby_caps){ .rail_level = 3 };
}

/* --- keeper.c's part ------------------------------------------------------ */

bool layby_keeper_sealed(void)
{
	return READ_ONCE(sealed);
}

void layby_keeper_governor(u64 at_ns, bool is_open)
{
	attached = at_ns != 0;
	open = is_open;
	if (!attached) {
		gone++;
		return;
	}
	verdicts++;
	younger += at_ns > READ_ONCE(read_ns);
}

void layby_keeper_sensors(const struct layby_hw_sensors *sensors, bool is_fresh)
{
	WRITE_ONCE(read_ns, ktime_get_ns());
	if (is_fresh)
		fresh++;
	else
		stale++;
}

/* As if everything but sensors and governor were right. */
void layby_keeper_state(struct layby_keeper_state *state)
{
	u64 now_ns = ktime_get_ns();

	*state = (struct layby_keeper_state){
		.in = {
			.now_ns = now_ns,
			.signal.at_ns = now_ns - 2 * NSEC_PER_MSEC,
			.mode = LAYBY_MODE_PARKED,
			.trip_mc = 95000,
			.resume_mc = 85000,
			.consent = true,
			.consent_energy_uj = 123456789,
		},
		.reason = LAYBY_GATE_OPEN,
	};
}

/* --- vehicle.c's part: charging, charge and supply were heard of, ignition not --- */

static const struct layby_vehicle_signal *const stage_signals =
	(const struct layby_vehicle_signal[LAYBY_SIGNALS]) {
	[LAYBY_SIGNAL_CHARGING] = { .at_ns = 1, .state = LAYBY_SIGNAL_YES },
	[LAYBY_SIGNAL_CHARGE] = { .at_ns = 2, .state = LAYBY_SIGNAL_NO, .value = 76500 },
	[LAYBY_SIGNAL_SUPPLY] = { .at_ns = 3, .state = LAYBY_SIGNAL_NO, .value = 12650 },
};

void layby_vehicle_report(struct layby_vehicle_report *report)
{
	*report = (struct layby_vehicle_report){ .now_ns = 1000 };
	memcpy(report->state.signal, stage_signals, sizeof(report->state.signal));
}

/* --- The accelerator ------------------------------------------------------ */

static int stage_sensors(void *hw, struct layby_hw_sensors *sensors)
{
	static u64 sample;

	readings++;
	if (!READ_ONCE(stuck))
		sample++;
	if (READ_ONCE(sensor_ms))
		msleep(sensor_ms);
	*sensors = (struct layby_hw_sensors){
		.sample = sample,
		.energy_uj = sample * 1000,
		.temperature_mdeg = READ_ONCE(temperature_mdeg),
		.power_mw = READ_ONCE(power_mw),
		.level = READ_ONCE(level),
	};
	finished++;
	return READ_ONCE(sensor_error);
}

static const struct layby_hw_ops stage_ops = {
	.sensors = stage_sensors,
};

static struct layby_partition guest = {
	.class = LAYBY_CLASS_GUEST,
	.cfg.tiles = 0x3,
};

static struct layby_policy_in_force policy = {
	.power_mw = 6000,
	.rail_mw = 20000,
};

static struct layby_accel accel = {
	.hw = { .ops = &stage_ops, .levels = 4, .queue_depth = 16 },
	.policy = &policy,
	.partition = { &guest },
	.partition_count = 1,
};

/* --- What the test pulls -------------------------------------------------- */

static DEFINE_MUTEX(stage_mutex);

static int stage_sample(const char *value, const struct kernel_param *param)
{
	bool on;
	int ret = kstrtobool(value, &on);

	if (ret)
		return ret;
	mutex_lock(&stage_mutex);
	guest.accel = &accel;
	guest.queue.count = jobs;
	layby_governor_sampling(on ? &accel : NULL);
	mutex_unlock(&stage_mutex);
	return 0;
}

static const struct kernel_param_ops stage_sample_ops = { .set = stage_sample };
module_param_cb(sampling, &stage_sample_ops, NULL, 0200);

/* A job of so many nanoseconds; with interrupts off, as a submission has them. */
static int stage_admit(const char *value, const struct kernel_param *param)
{
	struct layby_admission job = { .party = 1, .worst_energy_uj = ~0ULL };
	bool admitted;
	int ret = kstrtou64(value, 0, &job.longest_run_ns);

	if (ret)
		return ret;
	local_irq_disable();
	admitted = layby_governor_admit(&job);
	local_irq_enable();
	return admitted ? 0 : -EACCES;
}

static const struct kernel_param_ops stage_admit_ops = { .set = stage_admit };
module_param_cb(admit, &stage_admit_ops, NULL, 0200);

/* status returned cap_mw level open refused name */
static int stage_state(char *buffer, const struct kernel_param *param)
{
	struct layby_governor_state state;

	layby_governor_state(&state);
	return sysfs_emit(buffer, "%u %d %u %u %u %llu %s\n", state.status, state.returned,
			  state.verdict.cap_mw, state.verdict.level, state.verdict.open,
			  state.refused, state.name);
}

static const struct kernel_param_ops stage_state_ops = { .get = stage_state };
module_param_cb(state, &stage_state_ops, NULL, 0444);

static int __init stage_init(void)
{
	return layby_governor_init();
}

static void __exit stage_exit(void)
{
	layby_governor_fini();
}

module_init(stage_init);
module_exit(stage_exit);
MODULE_DESCRIPTION("layby's governor, for its tests");
MODULE_LICENSE("GPL");
