// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * truth - the methods of org.layby.VNPU1 that answer what no driver may know
 *
 * Must never change anything: working energy out up to now does not.
 */
#include <stddef.h>

#include "control.h"
#include "device.h"

#define TRUTH_READ_MAX (UINT64_C(1) << 20)

static int array_append(sd_json_variant **array, sd_json_variant *element)
{
	int r = sd_json_variant_append_array(array, element);

	sd_json_variant_unref(element);
	return r;
}

/* @r: of what filled @array, which is used up; it may be empty. */
static int reply_array(sd_varlink *link, const char *name, sd_json_variant *array,
		       int r)
{
	if (r >= 0 && !array)
		r = sd_varlink_replybo(link, SD_JSON_BUILD_PAIR_EMPTY_ARRAY(name));
	else if (r >= 0)
		r = sd_varlink_replybo(link, SD_JSON_BUILD_PAIR_VARIANT(name, array));
	sd_json_variant_unref(array);
	return r;
}

static int append_range(sd_json_variant **array, const struct reach *reach)
{
	sd_json_variant *range = NULL;
	int r = sd_json_buildo(&range,
		SD_JSON_BUILD_PAIR_UNSIGNED("address", reach->address),
		SD_JSON_BUILD_PAIR_UNSIGNED("length", reach->length),
		SD_JSON_BUILD_PAIR_BOOLEAN("write", reach->write));

	return r < 0 ? r : array_append(array, range);
}

static const struct slot *named_slot(sd_varlink *link, sd_json_variant *parameters,
				     struct device *device, int *ret_error)
{
	static const sd_json_dispatch_field fields[] = {
		{ "slot", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint32,
		  0, SD_JSON_MANDATORY },
		{}
	};
	uint32_t index = 0;
	int r = sd_varlink_dispatch(link, parameters, fields, &index);

	*ret_error = r < 0 ? r : 0;
	return r ? NULL : control_slot(link, device, index);
}

static int method_reached(sd_varlink *link, sd_json_variant *parameters,
			  sd_varlink_method_flags_t flags, void *userdata)
{
	sd_json_variant *ranges = NULL;
	int r;
	const struct slot *slot = named_slot(link, parameters, userdata, &r);

	if (!slot)
		return r;
	for (uint32_t i = 0; r >= 0 && i < slot->reached_count; i++)
		r = append_range(&ranges, &slot->reached[i]);
	return reply_array(link, "ranges", ranges, r);
}

static int append_ticks(sd_json_variant **array, uint64_t ticks)
{
	sd_json_variant *number = NULL;
	int r = sd_json_variant_new_unsigned(&number, ticks);

	return r < 0 ? r : array_append(array, number);
}

static int reply_times(sd_varlink *link, const struct slot_times *times)
{
	uint64_t first = times->count < SLOT_TIMES_KEPT ?
			 0 : times->count - SLOT_TIMES_KEPT;
	sd_json_variant *ticks = NULL;
	int r = sd_json_variant_new_array(&ticks, NULL, 0);

	for (uint64_t i = first; r >= 0 && i < times->count; i++)
		r = append_ticks(&ticks, times->ticks[i % SLOT_TIMES_KEPT]);
	if (r >= 0)
		r = sd_varlink_replybo(link,
			SD_JSON_BUILD_PAIR_UNSIGNED("count", times->count),
			SD_JSON_BUILD_PAIR_VARIANT("ticks", ticks));
	sd_json_variant_unref(ticks);
	return r;
}

static int method_stop_times(sd_varlink *link, sd_json_variant *parameters,
			     sd_varlink_method_flags_t flags, void *userdata)
{
	int r;
	const struct slot *slot = named_slot(link, parameters, userdata, &r);

	return slot ? reply_times(link, &slot->stops) : r;
}

static int method_delays(sd_varlink *link, sd_json_variant *parameters,
			 sd_varlink_method_flags_t flags, void *userdata)
{
	int r;
	const struct slot *slot = named_slot(link, parameters, userdata, &r);

	return slot ? reply_times(link, &slot->delays) : r;
}

struct read_call {
	uint64_t address;
	uint64_t length;
};

static int method_read_memory(sd_varlink *link, sd_json_variant *parameters,
			      sd_varlink_method_flags_t flags, void *userdata)
{
	static const sd_json_dispatch_field fields[] = {
		{ "address", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint64,
		  offsetof(struct read_call, address), SD_JSON_MANDATORY },
		{ "length", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint64,
		  offsetof(struct read_call, length), SD_JSON_MANDATORY },
		{}
	};
	struct device *device = userdata;
	struct read_call call = {};
	const void *from;
	int r = sd_varlink_dispatch(link, parameters, fields, &call);

	if (r != 0)
		return r < 0 ? r : 0;
	from = memory_at(&device->memory, call.address, call.length);
	if (!from || call.length > TRUTH_READ_MAX)
		return control_outside(link, device->memory.bytes);
	return sd_varlink_replybo(link, SD_JSON_BUILD_PAIR_BASE64("data", from,
								  call.length));
}

static int method_read_tile(sd_varlink *link, sd_json_variant *parameters,
			    sd_varlink_method_flags_t flags, void *userdata)
{
	static const sd_json_dispatch_field fields[] = {
		{ "tile", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint32,
		  0, SD_JSON_MANDATORY },
		{}
	};
	const struct device *device = userdata;
	uint32_t tile = 0;
	int r = sd_varlink_dispatch(link, parameters, fields, &tile);

	if (r != 0)
		return r < 0 ? r : 0;
	if (tile >= device->config.tiles)
		return sd_varlink_error_invalid_parameter_name(link, "tile");
	return sd_varlink_replybo(link,
		SD_JSON_BUILD_PAIR_BASE64("data", device->tiles.local[tile],
					  TILE_LOCAL_BYTES));
}

static const char *phase_name(enum slot_phase phase)
{
	static const char *const names[] = {
		[SLOT_IDLE] = "idle",
		[SLOT_LOADING] = "loading",
		[SLOT_RUNNING] = "running",
		[SLOT_LATE] = "late",
		[SLOT_ABORTING] = "aborting",
		[SLOT_STUCK] = "stuck",
	};

	return names[phase];
}

static const char *state_name(uint32_t state)
{
	static const char *const names[] = {
		[LAYBY_VNPU_STATE_DISABLED] = "disabled",
		[LAYBY_VNPU_STATE_ENABLED] = "enabled",
		[LAYBY_VNPU_STATE_STOPPED] = "stopped",
		[LAYBY_VNPU_STATE_EXPIRED] = "expired",
	};

	return names[state];
}

static uint32_t worker_count(const struct slot *slot)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < WORKERS_PER_SLOT; i++)
		count += slot->workers[i].pid > 0;
	return count;
}

static int append_slot(sd_json_variant **array, const struct slot *slot)
{
	const struct slot_counters *counters = &slot->counters;
	sd_json_variant *object = NULL;
	int r = sd_json_buildo(&object,
		SD_JSON_BUILD_PAIR_BOOLEAN("enabled", slot->enabled),
		SD_JSON_BUILD_PAIR_STRING("state", state_name(slot->state)),
		SD_JSON_BUILD_PAIR_UNSIGNED("windowBase", slot->limits.window_base),
		SD_JSON_BUILD_PAIR_UNSIGNED("windowBytes", slot->limits.window_bytes),
		SD_JSON_BUILD_PAIR_UNSIGNED("tiles", slot->limits.tiles),
		SD_JSON_BUILD_PAIR_UNSIGNED("held", slot->current ? slot->held : 0),
		SD_JSON_BUILD_PAIR_UNSIGNED("bandwidth", slot->limits.permille),
		SD_JSON_BUILD_PAIR_BOOLEAN("watched", slot->limits.watched),
		SD_JSON_BUILD_PAIR_UNSIGNED("entries", slot->limits.entries),
		SD_JSON_BUILD_PAIR_STRING("phase", phase_name(slot->phase)),
		SD_JSON_BUILD_PAIR_UNSIGNED("jobs", counters->jobs),
		SD_JSON_BUILD_PAIR_UNSIGNED("ok", counters->ok),
		SD_JSON_BUILD_PAIR_UNSIGNED("aborted", counters->aborted),
		SD_JSON_BUILD_PAIR_UNSIGNED("stops", slot->stops.count),
		SD_JSON_BUILD_PAIR_UNSIGNED("late", counters->late),
		SD_JSON_BUILD_PAIR_UNSIGNED("lateStarts", counters->late_starts),
		SD_JSON_BUILD_PAIR_UNSIGNED("badTails", counters->bad_tails),
		SD_JSON_BUILD_PAIR_UNSIGNED("workers", worker_count(slot)));

	return r < 0 ? r : array_append(array, object);
}

static int reply_status(sd_varlink *link, const struct device *device,
			sd_json_variant *slots)
{
	bool connected = transport_connected(&device->transport);
	uint64_t now = device->power.tick;
	uint64_t energy_uj = power_total_nj(&device->power) / 1e3;

	return sd_varlink_replybo(link,
		SD_JSON_BUILD_PAIR_BOOLEAN("connected", connected),
		SD_JSON_BUILD_PAIR_BOOLEAN("frozen", device->frozen),
		SD_JSON_BUILD_PAIR_UNSIGNED("tiles", device->config.tiles),
		SD_JSON_BUILD_PAIR_UNSIGNED("memoryBytes", device->memory.bytes),
		SD_JSON_BUILD_PAIR_UNSIGNED("generation", device->generation),
		SD_JSON_BUILD_PAIR_UNSIGNED("ticks", now),
		SD_JSON_BUILD_PAIR_UNSIGNED("energy", energy_uj),
		SD_JSON_BUILD_PAIR_UNSIGNED("commands", device->firmware.done),
		SD_JSON_BUILD_PAIR_UNSIGNED("expiries", device->watchdog.expired),
		SD_JSON_BUILD_PAIR_VARIANT("slots", slots));
}

static int method_status(sd_varlink *link, sd_json_variant *parameters,
			 sd_varlink_method_flags_t flags, void *userdata)
{
	return control_reply_slots(link, userdata, append_slot, reply_status);
}

int truth_bind(sd_varlink_server *server)
{
	return sd_varlink_server_bind_method_many(server,
		"org.layby.VNPU1.Reached", method_reached,
		"org.layby.VNPU1.StopTimes", method_stop_times,
		"org.layby.VNPU1.Delays", method_delays,
		"org.layby.VNPU1.ReadMemory", method_read_memory,
		"org.layby.VNPU1.ReadTile", method_read_tile,
		"org.layby.VNPU1.Status", method_status);
}
