// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vehicle as the module sees it, for people who look for what is wrong with
 * a signals file or a bus: debugfs layby/vehicle, root's alone. Programs ask
 * netlink.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/time64.h>

#include "gate.h"
#include "vehicle.h"

static const char * const signal_names[LAYBY_SIGNALS] = {
	[LAYBY_SIGNAL_GEAR] = "gear",
	[LAYBY_SIGNAL_SPEED] = "speed",
	[LAYBY_SIGNAL_IGNITION] = "ignition",
	[LAYBY_SIGNAL_CHARGING] = "charging",
	[LAYBY_SIGNAL_CHARGE] = "charge",
	[LAYBY_SIGNAL_SUPPLY] = "supply",
};

static const char * const state_names[] = {
	[LAYBY_SIGNAL_ABSENT] = "absent",
	[LAYBY_SIGNAL_INVALID] = "invalid",
	[LAYBY_SIGNAL_NO] = "no",
	[LAYBY_SIGNAL_YES] = "yes",
};

static const char * const mode_names[] = {
	[LAYBY_MODE_UNKNOWN] = "unknown",
	[LAYBY_MODE_DRIVING] = "driving",
	[LAYBY_MODE_PARKED] = "parked",
};

static const char * const count_names[LAYBY_COUNTS] = {
	[LAYBY_COUNT_ACCEPTED] = "accepted",
	[LAYBY_COUNT_FOREIGN_DRIVING] = "foreign_driving",
	[LAYBY_COUNT_UNBOUND] = "unbound",
	[LAYBY_COUNT_NAMESPACE] = "namespace",
	[LAYBY_COUNT_INTERFACE] = "interface",
	[LAYBY_COUNT_SOCKET] = "socket",
	[LAYBY_COUNT_MALFORMED] = "malformed",
	[LAYBY_COUNT_CRC] = "crc",
	[LAYBY_COUNT_REPEATED] = "repeated",
	[LAYBY_COUNT_SEQUENCE] = "sequence",
	[LAYBY_COUNT_SENT] = "sent",
};

static struct dentry *layby_vehicle_dir;

static void layby_vehicle_show_age(struct seq_file *seq, u64 at_ns, u64 now_ns)
{
	if (at_ns)
		seq_printf(seq, " age_ms %llu", div_u64(now_ns - at_ns, NSEC_PER_MSEC));
	seq_putc(seq, '\n');
}

static int layby_vehicle_show(struct seq_file *seq, void *data)
{
	struct layby_vehicle_report report;
	u32 i;

	layby_vehicle_report(&report);
	seq_printf(seq, "mode %s\nifindex %d\nheartbeat", mode_names[report.mode], report.ifindex);
	layby_vehicle_show_age(seq, report.state.heartbeat_ns, report.now_ns);
	for (i = 0; i < LAYBY_SIGNALS; i++) {
		const struct layby_vehicle_signal *signal = &report.state.signal[i];
		const char *state = signal->state < ARRAY_SIZE(state_names) ?
			state_names[signal->state] : "invalid";

		seq_printf(seq, "%s %s value %d", signal_names[i], state, signal->value);
		layby_vehicle_show_age(seq, signal->at_ns, report.now_ns);
	}
	for (i = 0; i < LAYBY_COUNTS; i++)
		seq_printf(seq, "count %s %llu\n", count_names[i], report.count[i]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(layby_vehicle);

/* Without debugfs there is none, and nothing is missing. */
void layby_vehicle_show_init(void)
{
	layby_vehicle_dir = debugfs_create_dir("layby", NULL);
	debugfs_create_file("vehicle", 0400, layby_vehicle_dir, NULL, &layby_vehicle_fops);
}

void layby_vehicle_show_fini(void)
{
	debugfs_remove_recursive(layby_vehicle_dir);
}
