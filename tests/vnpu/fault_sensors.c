// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fault_sensors - the methods of org.layby.VNPU1 that falsify what is measured
 *
 * Must never change power, energy or temperature themselves, only what the
 * driver reads of them, from the next reading on.
 */
#include <stddef.h>

#include "control.h"
#include "device.h"

/* So that no sum of them overflows. */
#define FAULT_MOST_MDEG 1000000

/* In millidegree; @parameters have this one number. */
static int take_mdeg(sd_varlink *link, sd_json_variant *parameters, int32_t *mdeg)
{
	static const sd_json_dispatch_field fields[] = {
		{ "mdeg", _SD_JSON_VARIANT_TYPE_INVALID, sd_json_dispatch_int32,
		  0, SD_JSON_MANDATORY },
		{}
	};
	int r;

	*mdeg = 0;
	r = sd_varlink_dispatch(link, parameters, fields, mdeg);
	if (r != 0)
		return r < 0 ? r : 0;
	if (*mdeg < -FAULT_MOST_MDEG || *mdeg > FAULT_MOST_MDEG)
		return sd_varlink_error_invalid_parameter_name(link, "mdeg");
	return 1;
}

static int method_overheat(sd_varlink *link, sd_json_variant *parameters,
			   sd_varlink_method_flags_t flags, void *userdata)
{
	struct device *device = userdata;
	int32_t mdeg;
	int r = take_mdeg(link, parameters, &mdeg);

	if (r <= 0)
		return r;
	device->sensors.faults.offset_mc = mdeg;
	return sd_varlink_reply(link, NULL);
}

static int method_set_temperature(sd_varlink *link, sd_json_variant *parameters,
				  sd_varlink_method_flags_t flags, void *userdata)
{
	struct device *device = userdata;
	int32_t mdeg;
	int r = take_mdeg(link, parameters, &mdeg);

	if (r <= 0)
		return r;
	device->sensors.faults.fixed = true;
	device->sensors.faults.fixed_mc = mdeg;
	return sd_varlink_reply(link, NULL);
}

static int method_missing_sensor(sd_varlink *link, sd_json_variant *parameters,
				 sd_varlink_method_flags_t flags, void *userdata)
{
	struct device *device = userdata;

	device->sensors.faults.missing = true;
	return sd_varlink_reply(link, NULL);
}

static int method_stale_sensor(sd_varlink *link, sd_json_variant *parameters,
			       sd_varlink_method_flags_t flags, void *userdata)
{
	struct device *device = userdata;

	device->sensors.faults.stale = true;
	return sd_varlink_reply(link, NULL);
}

static int method_heal_sensors(sd_varlink *link, sd_json_variant *parameters,
			       sd_varlink_method_flags_t flags, void *userdata)
{
	struct device *device = userdata;

	device->sensors.faults = (struct sensor_faults){};
	return sd_varlink_reply(link, NULL);
}

int fault_sensors_bind(sd_varlink_server *server)
{
	return sd_varlink_server_bind_method_many(server,
		"org.layby.VNPU1.Overheat", method_overheat,
		"org.layby.VNPU1.SetTemperature", method_set_temperature,
		"org.layby.VNPU1.MissingSensor", method_missing_sensor,
		"org.layby.VNPU1.StaleSensor", method_stale_sensor,
		"org.layby.VNPU1.HealSensors", method_heal_sensors);
}
