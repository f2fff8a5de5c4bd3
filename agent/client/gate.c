// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names of the gate's reasons: the one table, for the bus, the journal and
 * everybody who prints one. The same as in layby_netlink.yaml, which a test
 * compares.
 */
#include <layby.h>

const char *layby_gate_reason_name(uint32_t reason)
{
	static const char *const names[] = {
		[LAYBY_GATE_FAULT] = "fault",
		[LAYBY_GATE_SUSPEND] = "suspend",
		[LAYBY_GATE_NO_POLICY] = "no-policy",
		[LAYBY_GATE_NOT_SEALED] = "not-sealed",
		[LAYBY_GATE_NO_SIGNAL] = "no-signal",
		[LAYBY_GATE_DRIVING] = "driving",
		[LAYBY_GATE_PARK_HOLD] = "park-hold",
		[LAYBY_GATE_NO_CONSENT] = "no-consent",
		[LAYBY_GATE_CLOCK_STEPPED] = "clock-stepped",
		[LAYBY_GATE_CONSENT_TIME] = "consent-time",
		[LAYBY_GATE_CONSENT_ENERGY] = "consent-energy",
		[LAYBY_GATE_NOT_CHARGING] = "not-charging",
		[LAYBY_GATE_LOW_CHARGE] = "low-charge",
		[LAYBY_GATE_NO_LEASE] = "no-lease",
		[LAYBY_GATE_NO_GOVERNOR] = "no-governor",
		[LAYBY_GATE_GOVERNOR] = "governor",
		[LAYBY_GATE_NO_SENSOR] = "no-sensor",
		[LAYBY_GATE_HOT] = "hot",
		[LAYBY_GATE_COOLING] = "cooling",
		[LAYBY_GATE_OPEN] = "open",
	};

	if (reason >= sizeof(names) / sizeof(names[0]) || !names[reason])
		return "unknown";
	return names[reason];
}
