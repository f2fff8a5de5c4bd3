// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fault - the methods of org.layby.VNPU1 that break something
 *
 * Must break only what its name says: a test that injects one fault has to see
 * that fault alone.
 */
#include <signal.h>
#include <stddef.h>

#include "control.h"
#include "device.h"

struct call {
	uint32_t slot;
	uint32_t us;
	bool never;
	uint32_t count;
	uint64_t offset;
};

static const sd_json_dispatch_field slot_only[] = {
	{ "slot", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint32,
	  offsetof(struct call, slot), SD_JSON_MANDATORY },
	{}
};

/*
 * Below 1, or no slot: an answer was given already. 1: @slot is what is meant.
 */
static int take_slot(sd_varlink *link, sd_json_variant *parameters,
		     const sd_json_dispatch_field *fields, struct device *device,
		     struct call *call, struct slot **slot)
{
	int r;

	*call = (struct call){};
	r = sd_varlink_dispatch(link, parameters, fields, call);
	if (r != 0)
		return r < 0 ? r : 0;
	*slot = control_slot(link, device, call->slot);
	return *slot ? 1 : 0;
}

static int method_hang(sd_varlink *link, sd_json_variant *parameters,
		       sd_varlink_method_flags_t flags, void *userdata)
{
	struct slot *slot;
	struct call call;
	int r = take_slot(link, parameters, slot_only, userdata, &call, &slot);

	if (r <= 0)
		return r;
	slot_hang(slot);
	return sd_varlink_reply(link, NULL);
}

static int method_late_abort(sd_varlink *link, sd_json_variant *parameters,
			     sd_varlink_method_flags_t flags, void *userdata)
{
	static const sd_json_dispatch_field fields[] = {
		{ "slot", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint32,
		  offsetof(struct call, slot), SD_JSON_MANDATORY },
		{ "us", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint32,
		  offsetof(struct call, us), SD_JSON_MANDATORY },
		{}
	};
	struct slot *slot;
	struct call call;
	int r = take_slot(link, parameters, fields, userdata, &call, &slot);

	if (r <= 0)
		return r;
	slot->faults.late_abort = true;
	slot->faults.late_abort_us = call.us;
	return sd_varlink_reply(link, NULL);
}

static int method_abort_time(sd_varlink *link, sd_json_variant *parameters,
			     sd_varlink_method_flags_t flags, void *userdata)
{
	static const sd_json_dispatch_field fields[] = {
		{ "slot", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint32,
		  offsetof(struct call, slot), SD_JSON_MANDATORY },
		{ "us", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint32,
		  offsetof(struct call, us), SD_JSON_NULLABLE },
		{ "never", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_stdbool,
		  offsetof(struct call, never), SD_JSON_NULLABLE },
		{}
	};
	struct slot *slot;
	struct call call;
	int r = take_slot(link, parameters, fields, userdata, &call, &slot);

	if (r <= 0)
		return r;
	slot->abort_time = (struct abort_time){
		.set = sd_json_variant_is_unsigned(
			sd_json_variant_by_key(parameters, "us")),
		.never = call.never,
		.us = call.us,
	};
	return sd_varlink_reply(link, NULL);
}

static int method_storm(sd_varlink *link, sd_json_variant *parameters,
			sd_varlink_method_flags_t flags, void *userdata)
{
	static const sd_json_dispatch_field fields[] = {
		{ "slot", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint32,
		  offsetof(struct call, slot), SD_JSON_MANDATORY },
		{ "count", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint32,
		  offsetof(struct call, count), SD_JSON_MANDATORY },
		{ "us", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint32,
		  offsetof(struct call, us), SD_JSON_MANDATORY },
		{}
	};
	struct slot *slot;
	struct call call;
	int r = take_slot(link, parameters, fields, userdata, &call, &slot);

	if (r <= 0)
		return r;
	if (!call.us)
		return sd_varlink_error_invalid_parameter_name(link, "us");
	storm_start(&slot->storm, call.count, call.us);
	return sd_varlink_reply(link, NULL);
}

/* The faults that are a flag of the slot. */
static int set_flag(sd_varlink *link, sd_json_variant *parameters,
		    void *userdata, size_t flag)
{
	struct slot *slot;
	struct call call;
	int r = take_slot(link, parameters, slot_only, userdata, &call, &slot);

	if (r <= 0)
		return r;
	*(bool *)((char *)&slot->faults + flag) = true;
	return sd_varlink_reply(link, NULL);
}

#define FLAG_METHOD(name)                                                      \
	static int method_##name(sd_varlink *link, sd_json_variant *parameters,\
				 sd_varlink_method_flags_t flags,              \
				 void *userdata)                               \
	{                                                                      \
		return set_flag(link, parameters, userdata,                    \
				offsetof(struct slot_faults, name));           \
	}

FLAG_METHOD(lose_abort)
FLAG_METHOD(lose_interrupt)
FLAG_METHOD(wild_descriptor)
FLAG_METHOD(refuse_reset)

static int method_kill_worker(sd_varlink *link, sd_json_variant *parameters,
			      sd_varlink_method_flags_t flags, void *userdata)
{
	struct slot *slot;
	struct call call;
	uint32_t killed = 0;
	int r = take_slot(link, parameters, slot_only, userdata, &call, &slot);

	if (r <= 0)
		return r;
	for (uint32_t i = 0; i < WORKERS_PER_SLOT; i++) {
		struct worker *worker = &slot->workers[i];

		if (worker->pid <= 0)
			continue;
		killed++;
		/* The device learns of it as it would of a crash. */
		if (worker->busy)
			kill(worker->pid, SIGKILL);
		else
			worker_kill(worker);
	}
	return sd_varlink_replybo(link,
				  SD_JSON_BUILD_PAIR_UNSIGNED("killed", killed));
}

static int method_flip_byte(sd_varlink *link, sd_json_variant *parameters,
			    sd_varlink_method_flags_t flags, void *userdata)
{
	static const sd_json_dispatch_field fields[] = {
		{ "slot", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint32,
		  offsetof(struct call, slot), SD_JSON_MANDATORY },
		{ "offset", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint64,
		  offsetof(struct call, offset), SD_JSON_MANDATORY },
		{}
	};
	struct device *device = userdata;
	struct slot *slot;
	struct call call;
	uint8_t *byte;
	int r = take_slot(link, parameters, fields, userdata, &call, &slot);

	if (r <= 0)
		return r;
	/* One that was stopped keeps its window. */
	if (slot->state == LAYBY_VNPU_STATE_DISABLED)
		return sd_varlink_error(link, "org.layby.VNPU1.SlotDisabled",
					NULL);
	if (!range_inside(0, slot->limits.window_bytes, call.offset, 1))
		return control_outside(link, slot->limits.window_bytes);
	byte = memory_at(&device->memory, slot->limits.window_base + call.offset, 1);
	*byte ^= 0xff;
	return sd_varlink_reply(link, NULL);
}

static int method_reset_device(sd_varlink *link, sd_json_variant *parameters,
			       sd_varlink_method_flags_t flags, void *userdata)
{
	device_reset(userdata);
	return sd_varlink_reply(link, NULL);
}

static int method_die(sd_varlink *link, sd_json_variant *parameters,
		      sd_varlink_method_flags_t flags, void *userdata)
{
	device_freeze(userdata, true);
	return sd_varlink_reply(link, NULL);
}

static int method_revive(sd_varlink *link, sd_json_variant *parameters,
			 sd_varlink_method_flags_t flags, void *userdata)
{
	device_freeze(userdata, false);
	return sd_varlink_reply(link, NULL);
}

int fault_bind(sd_varlink_server *server)
{
	return sd_varlink_server_bind_method_many(server,
		"org.layby.VNPU1.Hang", method_hang,
		"org.layby.VNPU1.LateAbort", method_late_abort,
		"org.layby.VNPU1.AbortTime", method_abort_time,
		"org.layby.VNPU1.LoseAbort", method_lose_abort,
		"org.layby.VNPU1.LoseInterrupt", method_lose_interrupt,
		"org.layby.VNPU1.Storm", method_storm,
		"org.layby.VNPU1.WildDescriptor", method_wild_descriptor,
		"org.layby.VNPU1.RefuseReset", method_refuse_reset,
		"org.layby.VNPU1.KillWorker", method_kill_worker,
		"org.layby.VNPU1.FlipByte", method_flip_byte,
		"org.layby.VNPU1.ResetDevice", method_reset_device,
		"org.layby.VNPU1.Die", method_die,
		"org.layby.VNPU1.Revive", method_revive);
}
