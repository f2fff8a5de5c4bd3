// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * truth_power - the methods of org.layby.VNPU1 that answer what power and heat
 * truly are, which neither driver nor governor may know
 *
 * Must never change anything: working them out up to now does not.
 */
#include <math.h>

#include "control.h"
#include "device.h"

/* In one answer. */
#define POINTS_MOST 1000u

static int64_t milli(double number)
{
	return lround(number * 1e3);
}

static uint64_t micro(double nj)
{
	return nj / 1e3;
}

static int append_slot(sd_json_variant **array, const struct slot *slot)
{
	const struct power *power = &slot->device->power;
	sd_json_variant *object = NULL;
	int r = sd_json_buildo(&object,
		SD_JSON_BUILD_PAIR_UNSIGNED("energy", micro(power->slot_nj[slot->index])),
		SD_JSON_BUILD_PAIR_UNSIGNED("levelSet", slot->level_set),
		SD_JSON_BUILD_PAIR_UNSIGNED("level", slot->level),
		SD_JSON_BUILD_PAIR_UNSIGNED("lowered", power->lowered_ticks[slot->index]));

	if (r >= 0)
		r = sd_json_variant_append_array(array, object);
	sd_json_variant_unref(object);
	return r;
}

static int reply_power(sd_varlink *link, const struct device *device,
		       sd_json_variant *slots)
{
	const struct levels *levels = &device->levels;
	const struct power *power = &device->power;
	const struct thermal *thermal = &power->thermal;

	return sd_varlink_replybo(link,
		SD_JSON_BUILD_PAIR_UNSIGNED("ticks", power->tick),
		SD_JSON_BUILD_PAIR_INTEGER("power", lround(levels_power_mw(device))),
		SD_JSON_BUILD_PAIR_UNSIGNED("energy", micro(power_total_nj(power))),
		SD_JSON_BUILD_PAIR_UNSIGNED("idleEnergy", micro(power->idle_nj)),
		SD_JSON_BUILD_PAIR_INTEGER("die", milli(thermal->die)),
		SD_JSON_BUILD_PAIR_INTEGER("cooler", milli(thermal->cooler)),
		SD_JSON_BUILD_PAIR_INTEGER("ambient", milli(thermal->ambient)),
		SD_JSON_BUILD_PAIR_UNSIGNED("limit", levels->limit),
		SD_JSON_BUILD_PAIR_UNSIGNED("heat", levels->heat),
		SD_JSON_BUILD_PAIR_UNSIGNED("rail", levels->rail),
		SD_JSON_BUILD_PAIR_UNSIGNED("throttles", levels->throttles),
		SD_JSON_BUILD_PAIR_UNSIGNED("railDrops", levels->rail_drops),
		SD_JSON_BUILD_PAIR_VARIANT("slots", slots));
}

static int method_power(sd_varlink *link, sd_json_variant *parameters,
			sd_varlink_method_flags_t flags, void *userdata)
{
	return control_reply_slots(link, userdata, append_slot, reply_power);
}

static int append_number(sd_json_variant **array, uint64_t value)
{
	sd_json_variant *number = NULL;
	int r = sd_json_variant_new_unsigned(&number, value);

	if (r >= 0)
		r = sd_json_variant_append_array(array, number);
	sd_json_variant_unref(number);
	return r;
}

static int append_point(sd_json_variant **array, const struct history_point *point)
{
	sd_json_variant *object = NULL, *energy = NULL;
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < LAYBY_VNPU_MAX_SLOTS; i++)
		r = append_number(&energy, micro(point->slot_nj[i]));
	if (r >= 0)
		r = sd_json_buildo(&object,
			SD_JSON_BUILD_PAIR_UNSIGNED("ticks", point->tick),
			SD_JSON_BUILD_PAIR_UNSIGNED("idleEnergy", micro(point->idle_nj)),
			SD_JSON_BUILD_PAIR_VARIANT("energy", energy),
			SD_JSON_BUILD_PAIR_INTEGER("die", milli(point->die)));
	if (r >= 0)
		r = sd_json_variant_append_array(array, object);
	sd_json_variant_unref(energy);
	sd_json_variant_unref(object);
	return r;
}

static int method_history(sd_varlink *link, sd_json_variant *parameters,
			  sd_varlink_method_flags_t flags, void *userdata)
{
	static const sd_json_dispatch_field fields[] = {
		{ "from", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint64,
		  0, SD_JSON_MANDATORY },
		{}
	};
	const struct device *device = userdata;
	const struct history *history = &device->history;
	uint64_t first = 0, oldest = history_first(history);
	sd_json_variant *points = NULL;
	int r = sd_varlink_dispatch(link, parameters, fields, &first);

	if (r != 0)
		return r < 0 ? r : 0;
	if (first < oldest)
		first = oldest;
	if (first > history->count)
		first = history->count;
	r = sd_json_variant_new_array(&points, NULL, 0);
	for (uint64_t i = first; r >= 0 && i < history->count &&
				 i < first + POINTS_MOST; i++)
		r = append_point(&points, history_at(history, i));
	if (r >= 0)
		r = sd_varlink_replybo(link,
			SD_JSON_BUILD_PAIR_UNSIGNED("first", first),
			SD_JSON_BUILD_PAIR_UNSIGNED("count", history->count),
			SD_JSON_BUILD_PAIR_VARIANT("points", points));
	sd_json_variant_unref(points);
	return r;
}

static int method_specimen(sd_varlink *link, sd_json_variant *parameters,
			   sd_varlink_method_flags_t flags, void *userdata)
{
	const struct device *device = userdata;
	const struct specimen *specimen = &device->power.specimen;
	sd_json_variant *tile = NULL;
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < SPECIMEN_LEVELS; i++)
		r = append_number(&tile, specimen->tile_ppm[i]);
	if (r >= 0)
		r = sd_varlink_replybo(link,
			SD_JSON_BUILD_PAIR_UNSIGNED("seed", specimen->seed),
			SD_JSON_BUILD_PAIR_VARIANT("tile", tile),
			SD_JSON_BUILD_PAIR_UNSIGNED("idle", specimen->idle_ppm),
			SD_JSON_BUILD_PAIR_UNSIGNED("leakage", specimen->leak_ppm),
			SD_JSON_BUILD_PAIR_UNSIGNED("dieResistance", specimen->die_r_ppm),
			SD_JSON_BUILD_PAIR_UNSIGNED("coolerResistance",
						    specimen->cooler_r_ppm),
			SD_JSON_BUILD_PAIR_UNSIGNED("dieCapacity", specimen->die_c_ppm),
			SD_JSON_BUILD_PAIR_UNSIGNED("coolerCapacity",
						    specimen->cooler_c_ppm),
			SD_JSON_BUILD_PAIR_UNSIGNED("meter", specimen->meter_ppm));
	sd_json_variant_unref(tile);
	return r;
}

int truth_power_bind(sd_varlink_server *server)
{
	return sd_varlink_server_bind_method_many(server,
		"org.layby.VNPU1.Power", method_power,
		"org.layby.VNPU1.History", method_history,
		"org.layby.VNPU1.Specimen", method_specimen);
}
