// SPDX-License-Identifier: LGPL-2.1-or-later
/* The side entrance, see control.h. Owns the line. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-json.h>
#include <termios.h>
#include <unistd.h>

#include "control.h"
#include "node.h"

#define LINE		"/dev/ttyS2"
#define INTERFACE	"org.layby.VNPU1."
/* A tile in Base64 */
#define REPLY_MAX	131072

static int line = -1;
static char reply_text[REPLY_MAX];

/* --- The line --------------------------------------------------------------- */

static int line_wait(int ms)
{
	struct pollfd poll_line = { .fd = line, .events = POLLIN };
	int ret = poll(&poll_line, 1, ms);

	return ret < 0 ? -errno : ret;
}

/* What a test that died has left unread is not an answer to us. */
static void line_drain(void)
{
	while (line_wait(20) > 0)
		if (read(line, reply_text, sizeof(reply_text)) <= 0)
			break;
}

static int line_open(void)
{
	struct termios settings;

	if (line >= 0)
		return 0;
	line = open(LINE, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (line < 0)
		return -errno;
	if (tcgetattr(line, &settings))
		return -errno;
	cfmakeraw(&settings);
	settings.c_cflag |= CLOCAL;
	if (tcsetattr(line, TCSANOW, &settings))
		return -errno;
	line_drain();
	return write(line, "", 1) == 1 ? 0 : -EIO;
}

static int line_write(const char *text, size_t length)
{
	ssize_t done;

	while (length) {
		done = write(line, text, length);
		if (done < 0)
			return -errno;
		text += done;
		length -= (size_t)done;
	}
	return 0;
}

static int line_read(void)
{
	int ms = 10000 * (int)time_factor();
	size_t filled = 0;
	ssize_t part;
	int ret;

	do {
		ret = line_wait(ms);
		if (ret <= 0)
			return ret ? ret : -ETIMEDOUT;
		part = read(line, reply_text + filled, sizeof(reply_text) - filled);
		if (part <= 0)
			return part ? -errno : -EPIPE;
		filled += (size_t)part;
		if (filled == sizeof(reply_text))
			return -EMSGSIZE;
	} while (reply_text[filled - 1]);
	return 0;
}

/* --- Calls ------------------------------------------------------------------ */

static int reply_parse(sd_json_variant **ret_parameters)
{
	sd_json_variant *reply = NULL, *parameters;
	int ret;

	ret = sd_json_parse(reply_text, 0, &reply, NULL, NULL);
	if (ret < 0)
		return ret;
	if (sd_json_variant_by_key(reply, "error")) {
		fprintf(stderr, "control: %s\n", reply_text);
		ret = -EREMOTEIO;
	} else if (ret_parameters) {
		parameters = sd_json_variant_by_key(reply, "parameters");
		*ret_parameters = sd_json_variant_ref(parameters);
	}
	sd_json_variant_unref(reply);
	return ret < 0 ? ret : 0;
}

static int call_text(const char *method, sd_json_variant *parameters, char **ret_text)
{
	sd_json_variant *call = NULL;
	char name[64];
	int ret;

	snprintf(name, sizeof(name), INTERFACE "%s", method);
	ret = sd_json_buildo(&call, SD_JSON_BUILD_PAIR_STRING("method", name),
			     SD_JSON_BUILD_PAIR_VARIANT("parameters", parameters));
	if (ret >= 0)
		ret = sd_json_variant_format(call, 0, ret_text);
	sd_json_variant_unref(call);
	return ret < 0 ? ret : 0;
}

/* @parameters are used up. */
static int control_call(const char *method, sd_json_variant *parameters,
			sd_json_variant **ret_parameters)
{
	char *text = NULL;
	int ret;

	ret = call_text(method, parameters, &text);
	sd_json_variant_unref(parameters);
	if (!ret)
		ret = line_open();
	if (!ret)
		ret = line_write(text, strlen(text) + 1);
	if (!ret)
		ret = line_read();
	if (!ret)
		ret = reply_parse(ret_parameters);
	free(text);
	return ret;
}

static int call_plain(const char *method, sd_json_variant **ret_parameters)
{
	sd_json_variant *none = NULL;
	int ret = sd_json_variant_new_object(&none, NULL, 0);

	return ret < 0 ? ret : control_call(method, none, ret_parameters);
}

int control_device(const char *method)
{
	return call_plain(method, NULL);
}

static int call_slot(const char *method, uint32_t slot, sd_json_variant **ret_parameters)
{
	sd_json_variant *parameters = NULL;
	int ret;

	ret = sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED("slot", slot));
	return ret < 0 ? ret : control_call(method, parameters, ret_parameters);
}

int control_fault(const char *method, uint32_t slot)
{
	return call_slot(method, slot, NULL);
}

static int call_two(const char *method, const char *first, uint64_t a,
		    const char *second, uint64_t b, sd_json_variant **ret_parameters)
{
	sd_json_variant *parameters = NULL;
	int ret;

	ret = sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED(first, a),
			     SD_JSON_BUILD_PAIR_UNSIGNED(second, b));
	return ret < 0 ? ret : control_call(method, parameters, ret_parameters);
}

int control_late_abort(uint32_t slot, uint32_t us)
{
	return call_two("LateAbort", "slot", slot, "us", us, NULL);
}

int control_abort_time(uint32_t slot, uint32_t us)
{
	return call_two("AbortTime", "slot", slot, "us", us, NULL);
}

int control_abort_never(uint32_t slot)
{
	sd_json_variant *parameters = NULL;
	int ret;

	ret = sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED("slot", slot),
			     SD_JSON_BUILD_PAIR_BOOLEAN("never", true));
	return ret < 0 ? ret : control_call("AbortTime", parameters, NULL);
}

int control_abort_declared(uint32_t slot)
{
	return call_slot("AbortTime", slot, NULL);
}

int control_storm(uint32_t slot, uint32_t count, uint32_t us)
{
	sd_json_variant *parameters = NULL;
	int ret;

	ret = sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED("slot", slot),
			     SD_JSON_BUILD_PAIR_UNSIGNED("count", count),
			     SD_JSON_BUILD_PAIR_UNSIGNED("us", us));
	return ret < 0 ? ret : control_call("Storm", parameters, NULL);
}

static int call_mdeg(const char *method, int32_t mdeg)
{
	sd_json_variant *parameters = NULL;
	int ret;

	ret = sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_INTEGER("mdeg", mdeg));
	return ret < 0 ? ret : control_call(method, parameters, NULL);
}

int control_overheat(int32_t mdeg)
{
	return call_mdeg("Overheat", mdeg);
}

int control_temperature(int32_t mdeg)
{
	return call_mdeg("SetTemperature", mdeg);
}

int control_flip_byte(uint32_t slot, uint64_t offset)
{
	return call_two("FlipByte", "slot", slot, "offset", offset, NULL);
}

/* --- Answers ---------------------------------------------------------------- */

static uint64_t number(sd_json_variant *object, const char *key)
{
	return sd_json_variant_unsigned(sd_json_variant_by_key(object, key));
}

static bool truth(sd_json_variant *object, const char *key)
{
	return sd_json_variant_boolean(sd_json_variant_by_key(object, key));
}

int control_reached(uint32_t slot, struct reach *reach, unsigned int max)
{
	sd_json_variant *reply = NULL, *ranges, *range;
	size_t i, count;
	int ret;

	ret = call_slot("Reached", slot, &reply);
	if (ret)
		return ret;
	ranges = sd_json_variant_by_key(reply, "ranges");
	count = sd_json_variant_elements(ranges);
	for (i = 0; i < count && i < max; i++) {
		range = sd_json_variant_by_index(ranges, i);
		reach[i] = (struct reach){ number(range, "address"),
					   number(range, "length"),
					   truth(range, "write") };
	}
	sd_json_variant_unref(reply);
	return count <= max ? (int)count : -E2BIG;
}

/* At least @length bytes must have come. */
static int take_data(sd_json_variant *reply, void *to, size_t length)
{
	void *bytes = NULL;
	size_t size = 0;
	int ret;

	ret = sd_json_variant_unbase64(sd_json_variant_by_key(reply, "data"),
				       &bytes, &size);
	if (ret >= 0 && size < length)
		ret = -EBADMSG;
	if (ret >= 0)
		memcpy(to, bytes, length);
	free(bytes);
	return ret < 0 ? ret : 0;
}

static int read_part(uint64_t address, uint8_t *to, uint32_t length)
{
	sd_json_variant *reply = NULL;
	int ret;

	ret = call_two("ReadMemory", "address", address, "length", length, &reply);
	if (!ret)
		ret = take_data(reply, to, length);
	sd_json_variant_unref(reply);
	return ret;
}

int control_read_tile(uint32_t tile, void *to, size_t length)
{
	sd_json_variant *parameters = NULL, *reply = NULL;
	int ret;

	ret = sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED("tile", tile));
	if (ret >= 0)
		ret = control_call("ReadTile", parameters, &reply);
	if (!ret)
		ret = take_data(reply, to, length);
	sd_json_variant_unref(reply);
	return ret;
}

int control_read(uint64_t address, void *to, uint32_t length)
{
	uint32_t at, part;
	int ret = 0;

	for (at = 0; at < length && !ret; at += part) {
		part = length - at;
		if (part > CONTROL_READ_MAX)
			part = CONTROL_READ_MAX;
		ret = read_part(address + at, (uint8_t *)to + at, part);
	}
	return ret;
}

static void take_text(char to[16], sd_json_variant *object, const char *key)
{
	const char *text =
		sd_json_variant_string(sd_json_variant_by_key(object, key));

	snprintf(to, 16, "%s", text ?: "");
}

static void take_slot(struct slot_status *slot, sd_json_variant *from)
{
	*slot = (struct slot_status){
		.enabled = truth(from, "enabled"),
		.window_base = number(from, "windowBase"),
		.window_bytes = number(from, "windowBytes"),
		.tiles = (uint32_t)number(from, "tiles"),
		.held = (uint32_t)number(from, "held"),
		.bandwidth = (uint32_t)number(from, "bandwidth"),
		.watched = truth(from, "watched"),
		.jobs = number(from, "jobs"),
		.ok = number(from, "ok"),
		.aborted = number(from, "aborted"),
		.stops = number(from, "stops"),
	};
	take_text(slot->phase, from, "phase");
	take_text(slot->state, from, "state");
}

int control_status(struct device_status *status)
{
	sd_json_variant *reply = NULL, *slots;
	unsigned int i;
	int ret;

	ret = call_plain("Status", &reply);
	if (ret)
		return ret;
	status->tiles = (uint32_t)number(reply, "tiles");
	status->memory_bytes = number(reply, "memoryBytes");
	status->commands = number(reply, "commands");
	status->expiries = number(reply, "expiries");
	status->generation = (uint32_t)number(reply, "generation");
	slots = sd_json_variant_by_key(reply, "slots");
	if (sd_json_variant_elements(slots) != CONTROL_SLOTS)
		ret = -EBADMSG;
	for (i = 0; i < CONTROL_SLOTS && !ret; i++)
		take_slot(&status->slot[i], sd_json_variant_by_index(slots, i));
	sd_json_variant_unref(reply);
	return ret;
}

static int take_times(const char *method, uint32_t slot, uint32_t ticks[CONTROL_TIMES],
		      uint64_t *count)
{
	sd_json_variant *reply = NULL, *array;
	size_t i, filled;
	int ret;

	ret = call_slot(method, slot, &reply);
	if (ret)
		return ret;
	*count = number(reply, "count");
	array = sd_json_variant_by_key(reply, "ticks");
	filled = sd_json_variant_elements(array);
	for (i = 0; i < filled && i < CONTROL_TIMES; i++)
		ticks[i] = (uint32_t)sd_json_variant_unsigned(
			sd_json_variant_by_index(array, i));
	sd_json_variant_unref(reply);
	return filled <= CONTROL_TIMES ? (int)filled : -E2BIG;
}

int control_stop_times(uint32_t slot, uint32_t ticks[CONTROL_TIMES], uint64_t *count)
{
	return take_times("StopTimes", slot, ticks, count);
}

int control_delays(uint32_t slot, uint32_t ticks[CONTROL_TIMES], uint64_t *count)
{
	return take_times("Delays", slot, ticks, count);
}

struct phase_wait {
	uint32_t slot;
	const char *phase;
};

static bool slot_is_in_phase(void *arg)
{
	struct phase_wait *wait = arg;
	struct device_status status;

	return !control_status(&status) &&
	       !strcmp(status.slot[wait->slot].phase, wait->phase);
}

bool slot_becomes(uint32_t slot, const char *phase)
{
	struct phase_wait wait = { slot, phase };

	return eventually(slot_is_in_phase, &wait);
}
