// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fault_heat - the methods of org.layby.VNPU1 that make it truly hot
 *
 * Must change temperatures and what they follow from, never what is read of
 * them: that is fault_sensors.c. Levels follow at the next look at the heat.
 */
#include <stddef.h>

#include "control.h"
#include "device.h"

#define FAULT_COLDEST_MDEG	-40000
#define FAULT_HOTTEST_MDEG	150000
/* A cooler that is ten times as good as it was made is none. */
#define FAULT_BEST_PERMILLE	100u
#define FAULT_WORST_PERMILLE	100000u

struct call {
	int32_t die;
	int32_t cooler;
	int32_t mdeg;
	uint32_t permille;
};

/* Below 1: an answer was given already. */
static int take(sd_varlink *link, sd_json_variant *parameters,
		const sd_json_dispatch_field *fields, struct call *call)
{
	int r;

	*call = (struct call){};
	r = sd_varlink_dispatch(link, parameters, fields, call);
	if (r != 0)
		return r < 0 ? r : 0;
	return 1;
}

static bool natural(int32_t mdeg)
{
	return mdeg >= FAULT_COLDEST_MDEG && mdeg <= FAULT_HOTTEST_MDEG;
}

static int method_ambient(sd_varlink *link, sd_json_variant *parameters,
			  sd_varlink_method_flags_t flags, void *userdata)
{
	static const sd_json_dispatch_field fields[] = {
		{ "mdeg", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_int32,
		  offsetof(struct call, mdeg), SD_JSON_MANDATORY },
		{}
	};
	struct device *device = userdata;
	struct call call;
	int r = take(link, parameters, fields, &call);

	if (r <= 0)
		return r;
	if (!natural(call.mdeg))
		return sd_varlink_error_invalid_parameter_name(link, "mdeg");
	levels_advance(device, clock_now(&device->clock));
	device->power.thermal.ambient = call.mdeg / 1e3;
	return sd_varlink_reply(link, NULL);
}

static int method_cooling(sd_varlink *link, sd_json_variant *parameters,
			  sd_varlink_method_flags_t flags, void *userdata)
{
	static const sd_json_dispatch_field fields[] = {
		{ "permille", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_uint32,
		  offsetof(struct call, permille), SD_JSON_MANDATORY },
		{}
	};
	struct device *device = userdata;
	struct call call;
	int r = take(link, parameters, fields, &call);

	if (r <= 0)
		return r;
	if (call.permille < FAULT_BEST_PERMILLE ||
	    call.permille > FAULT_WORST_PERMILLE)
		return sd_varlink_error_invalid_parameter_name(link, "permille");
	levels_advance(device, clock_now(&device->clock));
	device->power.thermal.cooling = call.permille / 1e3;
	return sd_varlink_reply(link, NULL);
}

static int method_soak(sd_varlink *link, sd_json_variant *parameters,
		       sd_varlink_method_flags_t flags, void *userdata)
{
	static const sd_json_dispatch_field fields[] = {
		{ "die", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_int32,
		  offsetof(struct call, die), SD_JSON_MANDATORY },
		{ "cooler", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_int32,
		  offsetof(struct call, cooler), SD_JSON_MANDATORY },
		{}
	};
	struct device *device = userdata;
	struct call call;
	int r = take(link, parameters, fields, &call);

	if (r <= 0)
		return r;
	/* Without capacity there is nothing that could hold the heat. */
	if (!device->power.specimen.seed)
		return sd_varlink_error(link, "org.layby.VNPU1.NoCapacity", NULL);
	if (!natural(call.die))
		return sd_varlink_error_invalid_parameter_name(link, "die");
	if (!natural(call.cooler))
		return sd_varlink_error_invalid_parameter_name(link, "cooler");
	levels_advance(device, clock_now(&device->clock));
	device->power.thermal.die = call.die / 1e3;
	device->power.thermal.cooler = call.cooler / 1e3;
	return sd_varlink_reply(link, NULL);
}

int fault_heat_bind(sd_varlink_server *server)
{
	return sd_varlink_server_bind_method_many(server,
		"org.layby.VNPU1.Ambient", method_ambient,
		"org.layby.VNPU1.Cooling", method_cooling,
		"org.layby.VNPU1.Soak", method_soak);
}
