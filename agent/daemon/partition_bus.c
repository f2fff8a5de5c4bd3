// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The Partition1 interface, documented in data/org.layby.Agent1.xml: the object of the
 * partition that the agent serves, there while the device is.
 *
 * Asks the device each time, as the agent keeps no node open for itself. That it has come
 * or gone is noticed when udev says so, where there is udev, and when the gate changes.
 */
#include "agent.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-device.h>

#define PARTITION_PREFIX AGENT_PATH "/partition"
#define PARTITION_INTERFACE "org.layby.Partition1"

int partition_query(struct agent *agent)
{
	struct partition_seen *seen = &agent->seen;
	struct layby_node *node;
	int r;

	r = layby_node_open(agent->partition, &node);
	if (r < 0)
		return r;
	r = layby_node_query_accel(node, &seen->accel);
	if (r >= 0)
		r = layby_node_query_partition(node, &seen->partition);
	layby_node_close(node);
	seen->accel.name[sizeof(seen->accel.name) - 1] = '\0';
	return r;
}

/* --- properties, of what was just seen ------------------------------------ */

#define GETTER(name, type, value)                                                       \
	static int get_##name(sd_bus *bus, const char *path, const char *interface,     \
			      const char *property, sd_bus_message *reply,              \
			      void *userdata, sd_bus_error *error)                      \
	{                                                                               \
		const struct partition_seen *seen = userdata;                           \
											\
		return sd_bus_message_append(reply, type, value);                       \
	}

GETTER(accelerator, "s", seen->accel.name)
GETTER(class, "s", layby_class_name(seen->partition.partition_class))
GETTER(id, "u", seen->partition.id)
GETTER(tiles, "u", seen->partition.tiles)
GETTER(depth, "u", seen->partition.queue_depth)
GETTER(faulted, "b", (int)seen->partition.faulted)
GETTER(window, "t", (uint64_t)seen->partition.window_bytes)
GETTER(window_free, "t", (uint64_t)seen->partition.window_free_bytes)
GETTER(longest_run, "t", (uint64_t)seen->partition.longest_run_max_ns / NSEC_PER_USEC)

#define CONSTANT(name, type, get) \
	SD_BUS_PROPERTY(name, type, get, 0, SD_BUS_VTABLE_PROPERTY_CONST)

static const sd_bus_vtable partition_vtable[] = {
	SD_BUS_VTABLE_START(0),
	CONSTANT("Accelerator", "s", get_accelerator),
	CONSTANT("Class", "s", get_class),
	CONSTANT("Id", "u", get_id),
	CONSTANT("Tiles", "u", get_tiles),
	CONSTANT("QueueDepth", "u", get_depth),
	CONSTANT("WindowBytes", "t", get_window),
	CONSTANT("LongestRunMaxUs", "t", get_longest_run),
	SD_BUS_PROPERTY("Faulted", "b", get_faulted, 0, 0),
	SD_BUS_PROPERTY("WindowFreeBytes", "t", get_window_free, 0, 0),
	SD_BUS_VTABLE_END
};

/* --- the object ----------------------------------------------------------- */

/* To be freed; NULL: no memory */
static char *partition_path(const struct agent *agent)
{
	char *path;

	return sd_bus_path_encode(PARTITION_PREFIX, agent->partition, &path) < 0 ? NULL : path;
}

static int find_partition(sd_bus *bus, const char *path, const char *interface, void *userdata,
			  void **ret_found, sd_bus_error *error)
{
	struct agent *agent = userdata;
	_cleanup_free_ char *own = partition_path(agent);

	if (!own)
		return -ENOMEM;
	if (strcmp(path, own) || partition_query(agent) < 0)
		return 0;
	*ret_found = &agent->seen;
	return 1;
}

static int list_partition(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
			  sd_bus_error *error)
{
	struct agent *agent = userdata;
	char **nodes;

	if (partition_query(agent) < 0)
		return 0;
	nodes = calloc(2, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	*nodes = partition_path(agent);
	if (!*nodes) {
		free(nodes);
		return -ENOMEM;
	}
	*ret_nodes = nodes;
	return 0;
}

/* --- as it comes and goes ------------------------------------------------- */

void partition_look(struct agent *agent)
{
	bool present = partition_query(agent) >= 0;
	_cleanup_free_ char *path = NULL;
	int r;

	if (!agent->bus || present == agent->partition_told)
		return;
	path = partition_path(agent);
	if (!path)
		r = -ENOMEM;
	else if (present)
		r = sd_bus_emit_interfaces_added(agent->bus, path, PARTITION_INTERFACE, NULL);
	else
		r = sd_bus_emit_interfaces_removed(agent->bus, path, PARTITION_INTERFACE, NULL);
	if (r < 0)
		log_error("telling the bus of the partition: %s", strerror(-r));
	else
		agent->partition_told = present;
}

static int on_device(sd_device_monitor *monitor, sd_device *device, void *userdata)
{
	struct agent *agent = userdata;

	if (agent->stopping)
		return 0;
	partition_look(agent);
	/* jobs may have waited for it */
	agent_pump_soon(agent);
	return 0;
}

static int start_monitor(struct agent *agent)
{
	int r;

	r = sd_device_monitor_new(&agent->monitor);
	if (r >= 0)
		r = sd_device_monitor_filter_add_match_subsystem_devtype(agent->monitor, "accel",
									 NULL);
	if (r >= 0)
		r = sd_device_monitor_attach_event(agent->monitor, agent->event);
	return r < 0 ? r : sd_device_monitor_start(agent->monitor, on_device, agent);
}

int partition_bus_attach(struct agent *agent)
{
	int r;

	r = sd_bus_add_fallback_vtable(agent->bus, NULL, PARTITION_PREFIX, PARTITION_INTERFACE,
				       partition_vtable, find_partition, agent);
	if (r >= 0)
		r = sd_bus_add_node_enumerator(agent->bus, NULL, PARTITION_PREFIX,
					       list_partition, agent);
	if (r >= 0)
		r = start_monitor(agent);
	/* who asks before the first event sees it: nobody need be told */
	agent->partition_told = partition_query(agent) >= 0;
	return r;
}
