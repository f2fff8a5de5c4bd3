// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The Job1 interface, documented in data/org.layby.Agent1.xml.
 *
 * A job is visible to its own user and to root. Signals about it go to the
 * connection that submitted it, never to the whole bus: what others run, and
 * when, is nobody's business.
 */
#include "agent.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

const char *job_state_name(enum job_state state)
{
	static const char *const names[] = {
		[JOB_QUEUED] = "queued",       [JOB_RUNNING] = "running",
		[JOB_FINISHED] = "finished",   [JOB_FAILED] = "failed",
		[JOB_CANCELLED] = "cancelled",
	};

	return names[state];
}

/* --- properties ----------------------------------------------------------- */

#define GETTER(name, type, value)                                          \
	static int get_##name(sd_bus *bus, const char *path,               \
			      const char *interface, const char *property, \
			      sd_bus_message *reply, void *userdata,       \
			      sd_bus_error *error)                         \
	{                                                                  \
		const struct job *job = userdata;                          \
									   \
		return sd_bus_message_append(reply, type, value);          \
	}

static uint64_t job_ticks_us(const struct job *job, uint64_t ticks)
{
	return ticks_to_us(ticks, job->party->ticks_hz);
}

static uint64_t job_wall_us(const struct job *job)
{
	return job_has_ended(job) ? job->ended_us - job->queued_us : 0;
}

GETTER(state, "s", job_state_name(job->state))
GETTER(result, "i", job->result)
GETTER(reason, "s", job->reason)
GETTER(message, "s", job->message ?: "")
GETTER(level, "u", job->report.level)
GETTER(energy, "t", (uint64_t)job->report.energy_uj)
GETTER(queue, "t", job_ticks_us(job, job->report.queue_ticks))
GETTER(run, "t", job_ticks_us(job, job->report.run_ticks))
GETTER(tile, "t", job_ticks_us(job, job->report.tile_ticks))
GETTER(wait, "t", (uint64_t)job->report.wait_ns / 1000)
GETTER(input_bytes, "t", (uint64_t)job->report.input_bytes)
GETTER(output_bytes, "t", (uint64_t)job->report.output_bytes)
GETTER(wall, "t", job_wall_us(job))
GETTER(longest_run, "t", job->request.longest_run_us)
GETTER(linger, "b", (int)job->request.linger)
GETTER(reclaims, "u", job->reclaims)

static int get_output_sizes(sd_bus *bus, const char *path,
			    const char *interface, const char *property,
			    sd_bus_message *reply, void *userdata,
			    sd_bus_error *error)
{
	const struct job *job = userdata;

	return sd_bus_message_append_array(
		reply, 't', job->request.output_sizes,
		job->request.output_count * sizeof(uint64_t));
}

static const struct {
	const char *name;
	const char *type;
	sd_bus_property_get_t get;
} properties[] = {
	{ "State", "s", get_state },
	{ "Result", "i", get_result },
	{ "Reason", "s", get_reason },
	{ "Message", "s", get_message },
	{ "Level", "u", get_level },
	{ "EnergyUj", "t", get_energy },
	{ "QueueUs", "t", get_queue },
	{ "RunUs", "t", get_run },
	{ "TileUs", "t", get_tile },
	{ "WaitUs", "t", get_wait },
	{ "InputBytes", "t", get_input_bytes },
	{ "OutputBytes", "t", get_output_bytes },
	{ "WallUs", "t", get_wall },
	{ "Reclaims", "u", get_reclaims },
	{ "LongestRunUs", "t", get_longest_run },
	{ "Linger", "b", get_linger },
	{ "OutputSizes", "at", get_output_sizes },
};

/* --- methods -------------------------------------------------------------- */

static int method_get_result(sd_bus_message *m, void *userdata,
			     sd_bus_error *error)
{
	struct job *job = userdata;
	uint32_t index;
	int r;

	r = sd_bus_message_read(m, "u", &index);
	if (r < 0)
		return r;
	if (job->state != JOB_FINISHED)
		return sd_bus_error_setf(
			error, ERROR_NOT_FINISHED,
			"job %" PRIu64
			" is %s%s%s: only a finished job has outputs",
			job->number, job_state_name(job->state),
			job->message ? ", " : "", job->message ?: "");
	if (index >= job->request.output_count)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "no output %u: job %" PRIu64
					 " has outputs 0 to %u",
					 index, job->number,
					 job->request.output_count - 1);
	return sd_bus_reply_method_return(m, "h", job->outputs[index]);
}

static int method_cancel(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	job_cancel(userdata);
	return sd_bus_reply_method_return(m, NULL);
}

static int method_release(sd_bus_message *m, void *userdata,
			  sd_bus_error *error)
{
	job_drop(userdata);
	return sd_bus_reply_method_return(m, NULL);
}

#define PROPERTY(name, type, get) \
	SD_BUS_PROPERTY(name, type, get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
#define CONSTANT(name, type, get) \
	SD_BUS_PROPERTY(name, type, get, 0, SD_BUS_VTABLE_PROPERTY_CONST)

static const sd_bus_vtable job_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("GetResult", SD_BUS_ARGS("u", index),
				SD_BUS_RESULT("h", output), method_get_result,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Cancel", NULL, NULL, method_cancel,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Release", NULL, NULL, method_release,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	PROPERTY("State", "s", get_state),
	PROPERTY("Result", "i", get_result),
	PROPERTY("Reason", "s", get_reason),
	PROPERTY("Message", "s", get_message),
	PROPERTY("Level", "u", get_level),
	PROPERTY("EnergyUj", "t", get_energy),
	PROPERTY("QueueUs", "t", get_queue),
	PROPERTY("RunUs", "t", get_run),
	PROPERTY("TileUs", "t", get_tile),
	PROPERTY("WaitUs", "t", get_wait),
	PROPERTY("InputBytes", "t", get_input_bytes),
	PROPERTY("OutputBytes", "t", get_output_bytes),
	PROPERTY("WallUs", "t", get_wall),
	PROPERTY("Reclaims", "u", get_reclaims),
	CONSTANT("LongestRunUs", "t", get_longest_run),
	CONSTANT("Linger", "b", get_linger),
	CONSTANT("OutputSizes", "at", get_output_sizes),
	SD_BUS_VTABLE_END
};

/* --- who sees which job --------------------------------------------------- */

static bool may_see(uid_t uid, const struct job *job)
{
	return uid == 0 || uid == job->party->uid;
}

static int current_uid(struct agent *agent, sd_bus *bus, uid_t *ret_uid)
{
	sd_bus_message *m = sd_bus_get_current_message(bus);

	return m ? sender_uid(agent, m, ret_uid) : -ENXIO;
}

/* Only the one spelling that job_path() gives. */
static int parse_path(const char *path, uint64_t *ret_number)
{
	char expected[64];
	unsigned long long number;

	if (strncmp(path, JOB_PREFIX "/", strlen(JOB_PREFIX "/")))
		return -ENOENT;
	number = strtoull(path + strlen(JOB_PREFIX "/"), NULL, 10);
	snprintf(expected, sizeof(expected), JOB_PREFIX "/%llu", number);
	if (strcmp(path, expected))
		return -ENOENT;
	*ret_number = number;
	return 0;
}

/* Returns 0, "no such object", also for another user's job. */
static int find_job(sd_bus *bus, const char *path, const char *interface,
		    void *userdata, void **ret_found, sd_bus_error *error)
{
	struct agent *agent = userdata;
	struct job *job;
	uint64_t number;
	uid_t uid;
	int r;

	if (parse_path(path, &number) < 0)
		return 0;
	job = agent_find_job(agent, number);
	if (!job)
		return 0;
	r = current_uid(agent, bus, &uid);
	if (r < 0)
		return r;
	if (!may_see(uid, job))
		return 0;
	*ret_found = job;
	return 1;
}

static void free_nodes(char ***nodes)
{
	char **node;

	for (node = *nodes; node && *node; node++)
		free(*node);
	free(*nodes);
}

static int list_jobs(struct agent *agent, uid_t uid, char **nodes)
{
	struct party *party;
	struct job *job;
	char path[64];
	size_t n = 0;

	LIST_FOREACH(party, &agent->parties, entries)
	{
		TAILQ_FOREACH(job, &party->jobs, entries)
		{
			if (!may_see(uid, job))
				continue;
			job_path(job, path);
			nodes[n] = strdup(path);
			if (!nodes[n++])
				return -ENOMEM;
		}
	}
	return 0;
}

static int enumerate_jobs(sd_bus *bus, const char *prefix, void *userdata,
			  char ***ret_nodes, sd_bus_error *error)
{
	_cleanup_(free_nodes) char **nodes = NULL;
	struct agent *agent = userdata;
	uid_t uid;
	int r;

	r = current_uid(agent, bus, &uid);
	if (r < 0)
		return r;
	nodes = calloc(agent->job_count + 1, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	r = list_jobs(agent, uid, nodes);
	if (r < 0)
		return r;
	*ret_nodes = nodes;
	nodes = NULL;
	return 0;
}

int job_bus_attach(struct agent *agent)
{
	int r;

	r = sd_bus_add_fallback_vtable(agent->bus, NULL, JOB_PREFIX,
				       JOB_INTERFACE, job_vtable, find_job,
				       agent);
	if (r < 0)
		return r;
	return sd_bus_add_node_enumerator(agent->bus, NULL, JOB_PREFIX,
					  enumerate_jobs, agent);
}

/* --- signals, to the submitter only --------------------------------------- */

static int append_property(sd_bus_message *m, struct job *job, size_t i)
{
	int r;

	r = sd_bus_message_open_container(m, 'e', "sv");
	if (r < 0)
		return r;
	r = sd_bus_message_append(m, "s", properties[i].name);
	if (r < 0)
		return r;
	r = sd_bus_message_open_container(m, 'v', properties[i].type);
	if (r < 0)
		return r;
	r = properties[i].get(NULL, NULL, NULL, NULL, m, job, NULL);
	if (r < 0)
		return r;
	r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_properties(sd_bus_message *m, struct job *job)
{
	size_t i;
	int r;

	r = sd_bus_message_open_container(m, 'a', "{sv}");
	for (i = 0; r >= 0 && i < ARRAY_SIZE(properties); i++)
		r = append_property(m, job, i);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int fill_changed(sd_bus_message *m, struct job *job)
{
	int r;

	r = sd_bus_message_append(m, "s", JOB_INTERFACE);
	if (r < 0)
		return r;
	r = append_properties(m, job);
	return r < 0 ? r : sd_bus_message_append(m, "as", 0);
}

static int fill_added(sd_bus_message *m, struct job *job)
{
	char path[64];
	int r;

	job_path(job, path);
	r = sd_bus_message_append(m, "o", path);
	if (r < 0)
		return r;
	r = sd_bus_message_open_container(m, 'a', "{sa{sv}}");
	if (r < 0)
		return r;
	r = sd_bus_message_open_container(m, 'e', "sa{sv}");
	if (r < 0)
		return r;
	r = sd_bus_message_append(m, "s", JOB_INTERFACE);
	if (r < 0)
		return r;
	r = append_properties(m, job);
	if (r < 0)
		return r;
	r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int fill_removed(sd_bus_message *m, struct job *job)
{
	char path[64];

	job_path(job, path);
	return sd_bus_message_append(m, "oas", path, 1, JOB_INTERFACE);
}

static void emit(struct job *job, const char *path, const char *interface,
		 const char *member,
		 int (*fill)(sd_bus_message *, struct job *))
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	sd_bus *bus = job->party->agent->bus;
	int r;

	if (!job->client)
		return;
	r = sd_bus_message_new_signal_to(bus, &m, job->client->name, path,
					 interface, member);
	if (r >= 0)
		r = fill(m, job);
	if (r >= 0)
		r = sd_bus_send(bus, m, NULL);
	if (r < 0)
		log_error("job %" PRIu64 ": sending %s: %s", job->number,
			  member, strerror(-r));
}

void job_emit_changed(struct job *job)
{
	char path[64];

	job_path(job, path);
	emit(job, path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
	     fill_changed);
}

void job_emit_added(struct job *job)
{
	emit(job, AGENT_PATH, "org.freedesktop.DBus.ObjectManager",
	     "InterfacesAdded", fill_added);
}

void job_emit_removed(struct job *job)
{
	emit(job, AGENT_PATH, "org.freedesktop.DBus.ObjectManager",
	     "InterfacesRemoved", fill_removed);
}
