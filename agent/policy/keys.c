// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The keys of policy.conf, in the order in which people read them, and what
 * each means. What a value may be stands in kmod/policy_fields.c, not here.
 */
#include <string.h>

#include "tool.h"

#define KEY(section, name, field, quantity, meaning) \
	{ section, name, FIELD(field), QUANTITY_##quantity, false, meaning }
#define DRIVING_KEY(section, name, field, quantity, meaning) \
	{ section, name, FIELD(field), QUANTITY_##quantity, true, meaning }

const struct key keys[] = {
	KEY("Policy", "Id", ID, TEXT, "name of the policy"),
	KEY("Policy", "Serial", SERIAL, COUNT,
	    "grows with each policy; below the module's floor it is refused"),
	KEY("Policy", "VehicleType", VEHICLE_TYPE, TEXT, "what vehicle it is for"),
	KEY("Policy", "Author", AUTHOR, TEXT, "who wrote it"),
	KEY("Policy", "Reviewer", REVIEWER, TEXT, "who approved it"),
	KEY("Policy", "Change", CHANGE, TEXT, "reference of the change request"),
	KEY("Accelerator", "Name", ACCELERATOR, TEXT, "kind of it, as its backend says"),
	KEY("Ceilings", "Power", POWER_MW, POWER, "most that guest work may draw"),
	KEY("Ceilings", "Bucket", BUCKET_UJ, ENERGY,
	    "most that guest work may have drawn above the cap, over any time"),
	KEY("Ceilings", "Rail", RAIL_MW, POWER,
	    "most that all may draw at once; Power and DrivingPower fit into it"),
	KEY("Ceilings", "TripTemperature", TRIP_MDEG, TEMPERATURE,
	    "at it guest work ends, or earlier if Rail needs the headroom"),
	KEY("Ceilings", "ResumeTemperature", RESUME_MDEG, TEMPERATURE,
	    "below it guest work may begin again; below TripTemperature"),
	KEY("Ceilings", "DrivingPower", DRIVING_POWER_MW, POWER,
	    "what full driving load draws, with its margin"),
	KEY("Ceilings", "Ambient", AMBIENT_MDEG, TEMPERATURE, "worst temperature around it"),
	KEY("Ceilings", "ThermalResistance", RESISTANCE_MK_PER_W, RESISTANCE,
	    "from the accelerator to its surroundings, with its margin"),
	KEY("Ceilings", "ThermalCapacity", CAPACITY_MJ_PER_K, CAPACITY,
	    "of the accelerator, with its margin"),
	KEY("Bounds", "Abort", ABORT_NS, TIME,
	    "a job that has not stopped after it has its partition reset"),
	KEY("Bounds", "Reclaim", RECLAIM_NS, TIME,
	    "from what closes the gate to all tiles back with driving"),
	KEY("Bounds", "SignalAge", SIGNAL_AGE_NS, TIME, "a vehicle signal older than it is none"),
	KEY("Bounds", "LeaseAge", LEASE_AGE_NS, TIME, "a lease of the agent older than it is none"),
	KEY("Bounds", "ParkHold", PARK_HOLD_NS, TIME,
	    "for so long everything must have said parked"),
	KEY("Bounds", "Watchdog", WATCHDOG_NS, TIME,
	    "it stops guest work if the kernel is silent for so long"),
	KEY("Bounds", "Interval", INTERVAL_NS, TIME,
	    "fault-tolerant time; the longer age and Reclaim fit into it"),
	KEY("Signals", "ParkedFrame", PARK_CAN_ID, FRAME,
	    "frame of the control unit that keeps sending while parked"),
	KEY("Owner", "Certificate", OWNER_BYTES, FILE,
	    "file, X.509 with RSA 2048 to 4096; its key signs consent"),
	KEY(PARTITION, "WindowOffset", WINDOW_OFFSET, BYTES,
	    "where its memory begins; windows never overlap"),
	KEY(PARTITION, "WindowSize", WINDOW_BYTES, BYTES, "how much memory it has"),
	DRIVING_KEY(PARTITION, "TilesDriving", TILES_DRIVING, TILES,
		    "its tiles in mode driving; of a guest none"),
	KEY(PARTITION, "TilesParked", TILES_PARKED, TILES,
	    "its tiles while the gate is open; driving only loses some"),
	DRIVING_KEY(PARTITION, "TilesMin", TILES_MIN, COUNT,
		    "tiles that it has in every mode; of a guest 0"),
	KEY(PARTITION, "QueueDepth", QUEUE_DEPTH, COUNT, "jobs that its queue holds"),
	KEY(PARTITION, "LongestRun", LONGEST_RUN_NS, TIME, "longest time that a job may ask for"),
	KEY(PARTITION, "Bandwidth", BANDWIDTH_PERMILLE, SHARE,
	    "share of the memory bandwidth; all together at most 100 %"),
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

/* --- laybyctl policy keys ------------------------------------------------- */

#define RANGE_TEXT_MAX	(3 * VALUE_TEXT_MAX)

/* From the validator's table; @text has RANGE_TEXT_MAX bytes. Returns @text. */
static const char *range_text(const struct key *key, char *text)
{
	const struct layby_policy_field_info *info = &layby_policy_fields[key->field];
	char low[VALUE_TEXT_MAX], high[VALUE_TEXT_MAX];
	bool text_or_file = key->quantity == QUANTITY_TEXT || key->quantity == QUANTITY_FILE;
	enum quantity quantity = text_or_file ? QUANTITY_COUNT : key->quantity;

	value_format(quantity, info->low, low);
	value_format(quantity, info->high, high);
	if (text_or_file)
		snprintf(text, RANGE_TEXT_MAX, "%s to %s %s", low, high,
			 key->quantity == QUANTITY_TEXT ? "characters" : "bytes as DER");
	else if (quantity == QUANTITY_TILES)
		snprintf(text, RANGE_TEXT_MAX, "%s, or of %s", low, high);
	else if (info->high == UINT64_MAX)
		snprintf(text, RANGE_TEXT_MAX, "%s or more", low);
	else
		snprintf(text, RANGE_TEXT_MAX, "%s to %s", low, high);
	return text;
}

int policy_keys(const struct policy_options *options)
{
	char range[RANGE_TEXT_MAX];
	size_t i;

	for (i = 0; i < key_count; i++) {
		if (!i || strcmp(keys[i].section, keys[i - 1].section))
			printf("%s[%s%s]\n", i ? "\n" : "", keys[i].section,
			       strcmp(keys[i].section, PARTITION) ? "" :
			       " driving.N], [" PARTITION " guest.N");
		range_text(&keys[i], range);
		printf("%-17s  %-*s  %s\n", keys[i].name, value_width(range, 22), range,
		       keys[i].meaning);
	}
	return EXIT_OK;
}
