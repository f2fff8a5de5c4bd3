// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The keys of policy.conf, in the order in which people read them. What a value
 * may be stands in kmod/policy_fields.c, not here.
 */
#include "tool.h"

#define KEY(section, name, field, quantity) \
	{ section, name, FIELD(field), QUANTITY_##quantity, false }
#define DRIVING_KEY(section, name, field, quantity) \
	{ section, name, FIELD(field), QUANTITY_##quantity, true }

const struct key keys[] = {
	KEY("Policy", "Id", ID, TEXT),
	KEY("Policy", "Serial", SERIAL, COUNT),
	KEY("Policy", "VehicleType", VEHICLE_TYPE, TEXT),
	KEY("Policy", "Author", AUTHOR, TEXT),
	KEY("Policy", "Reviewer", REVIEWER, TEXT),
	KEY("Policy", "Change", CHANGE, TEXT),
	KEY("Accelerator", "Name", ACCELERATOR, TEXT),
	KEY("Ceilings", "Power", POWER_MW, POWER),
	KEY("Ceilings", "Rail", RAIL_MW, POWER),
	KEY("Ceilings", "TripTemperature", TRIP_MDEG, TEMPERATURE),
	KEY("Ceilings", "ResumeTemperature", RESUME_MDEG, TEMPERATURE),
	KEY("Ceilings", "DrivingPower", DRIVING_POWER_MW, POWER),
	KEY("Ceilings", "Ambient", AMBIENT_MDEG, TEMPERATURE),
	KEY("Ceilings", "ThermalResistance", RESISTANCE_MK_PER_W, RESISTANCE),
	KEY("Ceilings", "ThermalCapacity", CAPACITY_MJ_PER_K, CAPACITY),
	KEY("Bounds", "Abort", ABORT_NS, TIME),
	KEY("Bounds", "Reclaim", RECLAIM_NS, TIME),
	KEY("Bounds", "SignalAge", SIGNAL_AGE_NS, TIME),
	KEY("Bounds", "LeaseAge", LEASE_AGE_NS, TIME),
	KEY("Bounds", "ParkHold", PARK_HOLD_NS, TIME),
	KEY("Bounds", "Watchdog", WATCHDOG_NS, TIME),
	KEY("Bounds", "Interval", INTERVAL_NS, TIME),
	KEY("Signals", "ParkedFrame", PARK_CAN_ID, FRAME),
	KEY("Owner", "Certificate", OWNER_BYTES, FILE),
	KEY(PARTITION, "WindowOffset", WINDOW_OFFSET, BYTES),
	KEY(PARTITION, "WindowSize", WINDOW_BYTES, BYTES),
	DRIVING_KEY(PARTITION, "TilesDriving", TILES_DRIVING, TILES),
	KEY(PARTITION, "TilesParked", TILES_PARKED, TILES),
	DRIVING_KEY(PARTITION, "TilesMin", TILES_MIN, COUNT),
	KEY(PARTITION, "QueueDepth", QUEUE_DEPTH, COUNT),
	KEY(PARTITION, "LongestRun", LONGEST_RUN_NS, TIME),
	KEY(PARTITION, "Bandwidth", BANDWIDTH_PERMILLE, SHARE),
};

const size_t key_count = ARRAY_SIZE(keys);

const struct key *key_of_field(uint32_t field)
{
	size_t i;

	for (i = 0; i < key_count; i++) {
		if (keys[i].field == field)
			return &keys[i];
	}
	return NULL;
}
