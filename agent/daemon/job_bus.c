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

const char *job_state_name(const struct job *job)
{
	static const char *const names[] = {
		[STORE_FINISHED] = "finished",
		[STORE_FAILED] = "failed",
		[STORE_CANCELLED] = "cancelled",
	};

	if (job_has_ended(job))
		return names[job->stored.state];
	return job->running ? "running" : "queued";
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
	return ticks_to_us(ticks, job->stored.ticks_hz);
}

/* 0, too, if the clock was set back meanwhile. */
static uint64_t job_wall_us(const struct job *job)
{
	const struct store_job *stored = &job->stored;

	return stored->ended_us > stored->queued_us ? stored->ended_us - stored->queued_us : 0;
}

static const struct layby_report *report(const struct job *job)
{
	return &job->stored.report;
}

GETTER(state, "s", job_state_name(job))
GETTER(result, "i", job->stored.result)
GETTER(reason, "s", job->stored.reason)
GETTER(message, "s", job->stored.message)
GETTER(level, "u", report(job)->level)
GETTER(energy, "t", (uint64_t)report(job)->energy_uj)
GETTER(queue, "t", job_ticks_us(job, report(job)->queue_ticks))
GETTER(run, "t", job_ticks_us(job, report(job)->run_ticks))
GETTER(tile, "t", job_ticks_us(job, report(job)->tile_ticks))
GETTER(wait, "t", (uint64_t)report(job)->wait_ns / 1000)
GETTER(input_bytes, "t", (uint64_t)report(job)->input_bytes)
GETTER(output_bytes, "t", (uint64_t)report(job)->output_bytes)
GETTER(wall, "t", job_wall_us(job))
GETTER(longest_run, "t", job->stored.request.longest_run_us)
GETTER(linger, "b", (int)job->stored.request.linger)
GETTER(interactive, "b", (int)job->stored.request.interactive)
GETTER(reclaims, "u", job->stored.reclaims)
GETTER(attempts, "u", job->stored.attempts)
GETTER(priority, "u", job->stored.request.priority)
GETTER(deadline, "t", job->stored.request.deadline_us)

static int get_key(sd_bus *bus, const char *path, const char *interface, const char *property,
		   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct job *job = userdata;

	return sd_bus_message_append_array(reply, 'y', job->stored.request.key,
					   sizeof(job->stored.request.key));
}

static int get_output_sizes(sd_bus *bus, const char *path,
			    const char *interface, const char *property,
			    sd_bus_message *reply, void *userdata,
			    sd_bus_error *error)
{
	const struct job *job = userdata;

	return sd_bus_message_append_array(
		reply, 't', job->stored.request.output_sizes,
		job->stored.request.output_count * sizeof(uint64_t));
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
	{ "Interactive", "b", get_interactive },
	{ "Attempts", "u", get_attempts },
	{ "Priority", "u", get_priority },
	{ "DeadlineUs", "t", get_deadline },
	{ "Key", "ay", get_key },
	{ "OutputSizes", "at", get_output_sizes },
};

static void job_emit_removed(struct agent *agent, const struct store_job *stored);

/* --- methods -------------------------------------------------------------- */

static int check_output(const struct job *job, uint32_t index, sd_bus_error *error)
{
	const struct store_job *stored = &job->stored;

	if (stored->state != STORE_FINISHED)
		return sd_bus_error_setf(
			error, ERROR_NOT_FINISHED,
			"job %" PRIu64
			" is %s%s%s: only a finished job has outputs",
			stored->number, job_state_name(job),
			*stored->message ? ", " : "", stored->message);
	if (index >= stored->request.output_count)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "no output %u: job %" PRIu64
					 " has outputs 0 to %u",
					 index, stored->number,
					 stored->request.output_count - 1);
	return 0;
}

int cannot_read(uint32_t index, int r, sd_bus_error *error)
{
	return sd_bus_error_set_errnof(error, -r, "output %u cannot be read: %s", index,
				       strerror(-r));
}

static int method_get_result(sd_bus_message *m, void *userdata,
			     sd_bus_error *error)
{
	const struct job *job = userdata;
	_cleanup_close_ int fd = -1;
	uint32_t index;
	int r;

	r = sd_bus_message_read(m, "u", &index);
	if (r >= 0)
		r = check_output(job, index, error);
	if (r < 0)
		return r;
	fd = store_read(job->agent->store, job->stored.number, STORE_OUTPUT, index);
	if (fd < 0)
		return cannot_read(index, fd, error);
	return sd_bus_reply_method_return(m, "h", fd);
}

/* Answered when it is written. */
static int method_get_result_into(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const struct job *job = userdata;
	uint32_t index;
	int fd, r;

	r = sd_bus_message_read(m, "uh", &index, &fd);
	if (r >= 0)
		r = check_output(job, index, error);
	if (r >= 0)
		r = delivery_create(job, m, index, fd, error);
	return r < 0 ? r : 1;
}

static struct store_outcome outcome_cancelled(const struct store_job *stored)
{
	struct store_outcome outcome = {
		.state = STORE_CANCELLED,
		.result = -ECANCELED,
		.attempts = stored->attempts,
		.reclaims = stored->reclaims,
		.message = "cancelled",
	};

	snprintf(outcome.reason, sizeof(outcome.reason), "%s",
		 layby_reason_name(LAYBY_REASON_CANCELLED));
	return outcome;
}

/* A call that is answered when the store has done it. */
struct pending {
	struct agent *agent;
	sd_bus_message *message;
	struct store_job stored;
	bool released;
	/* it is to end by this, and nobody else tells the journal */
	bool ends;
};

static void pending_free(struct pending *pending)
{
	sd_bus_message_unref(pending->message);
	free(pending);
}

static void pending_tell_journal(const struct pending *pending)
{
	const struct store_outcome outcome = outcome_cancelled(&pending->stored);

	if (pending->ends)
		journal_job_ended(pending->agent->journal, &pending->stored, &outcome);
}

static void on_pending(void *userdata, int result)
{
	struct pending *pending = userdata;
	int r;

	if (!result)
		pending_tell_journal(pending);
	if (result && result != -EALREADY && result != -ENOENT) {
		r = sd_bus_reply_method_errorf(pending->message, ERROR_CANNOT_KEEP,
					       "the disk does not take it: %s", strerror(-result));
	} else {
		if (pending->released)
			job_emit_removed(pending->agent, &pending->stored);
		r = sd_bus_reply_method_return(pending->message, NULL);
	}
	if (r < 0)
		log_error("answering a call: %s", strerror(-r));
	pending_free(pending);
}

static struct pending *pending_new(const struct job *job, sd_bus_message *m)
{
	struct pending *pending = calloc(1, sizeof(*pending));

	if (!pending)
		return NULL;
	pending->agent = job->agent;
	pending->message = sd_bus_message_ref(m);
	pending->stored = job->stored;
	pending->ends = !job->party && !job_has_ended(job);
	return pending;
}

static int job_cancel_anywhere(struct job *job, store_done_fn done, void *userdata)
{
	struct store_outcome outcome = outcome_cancelled(&job->stored);

	if (job->party)
		job_cancel(job);
	return store_end(job->agent->store, job->stored.number, &outcome, done, userdata);
}

/* Of one in memory the first end counts, which is as good; done in the order of the calls. */
int job_cancel_for(struct job *job, sd_bus_message *m)
{
	struct pending *pending = pending_new(job, m);
	int r;

	if (!pending)
		return -ENOMEM;
	r = job_cancel_anywhere(job, on_pending, pending);
	if (r < 0)
		pending_free(pending);
	return r < 0 ? r : 1;
}

static bool may_see(uid_t uid, const struct job *job)
{
	return uid == 0 || uid == job->stored.request.uid;
}

static int method_cancel(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct job *job = userdata;
	uid_t uid;
	int r;

	r = sender_uid(job->agent, m, &uid);
	if (r < 0)
		return r;
	return may_see(uid, job) ? job_cancel_for(job, m) : cancel_ask(job, m, error);
}

static int job_release(struct job *job, struct pending *pending)
{
	int r = 0;

	pending->released = true;
	if (!job_has_ended(job))
		r = job_cancel_anywhere(job, NULL, NULL);
	return r < 0 ? r : store_release(job->agent->store, pending->stored.number, on_pending,
					 pending);
}

static int method_release(sd_bus_message *m, void *userdata,
			  sd_bus_error *error)
{
	struct pending *pending = pending_new(userdata, m);
	int r;

	if (!pending)
		return -ENOMEM;
	r = job_release(userdata, pending);
	if (r < 0)
		pending_free(pending);
	return r < 0 ? r : 1;
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
	SD_BUS_METHOD_WITH_ARGS("GetResultInto", SD_BUS_ARGS("u", index, "h", output),
				SD_BUS_NO_RESULT, method_get_result_into,
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
	CONSTANT("Interactive", "b", get_interactive),
	PROPERTY("Attempts", "u", get_attempts),
	CONSTANT("Priority", "u", get_priority),
	CONSTANT("DeadlineUs", "t", get_deadline),
	CONSTANT("Key", "ay", get_key),
	CONSTANT("OutputSizes", "at", get_output_sizes),
	SD_BUS_VTABLE_END
};

/* GetManagedObjects is one message: of a long queue the oldest. */
#define LISTED_MAX 1024

/* --- who sees which job --------------------------------------------------- */

/*
 * The one call that may be about a job that cannot be seen: method_cancel() asks. One
 * that has arguments would be refused for those, which tells that the job is there.
 */
static bool may_be_asked(sd_bus *bus)
{
	sd_bus_message *m = sd_bus_get_current_message(bus);

	/* wrong arguments would be answered before anybody was asked: that it is there */
	return m && sd_bus_message_is_method_call(m, JOB_INTERFACE, "Cancel") > 0 &&
	       sd_bus_message_has_signature(m, "") > 0;
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

/* Good until the next call: all that is done with it is done in this one. */
static struct job *find_stored(struct agent *agent, uint64_t number)
{
	*agent->shown = (struct job){ .agent = agent };
	return store_get(agent->store, number, &agent->shown->stored) < 0 ? NULL : agent->shown;
}

struct job *job_find(struct agent *agent, uint64_t number)
{
	return agent_find_job(agent, number) ?: find_stored(agent, number);
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
	job = job_find(agent, number);
	if (!job)
		return 0;
	r = current_uid(agent, bus, &uid);
	if (r < 0)
		return r;
	if (!may_see(uid, job) && !may_be_asked(bus))
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
	_cleanup_free_ uint64_t *numbers = calloc(LISTED_MAX, sizeof(*numbers));
	char path[64];
	int count, i;

	if (!numbers)
		return -ENOMEM;
	count = store_list(agent->store, uid ? uid : STORE_EVERYBODY, 0, numbers, LISTED_MAX);
	for (i = 0; i < count; i++) {
		job_path(numbers[i], path);
		nodes[i] = strdup(path);
		if (!nodes[i])
			return -ENOMEM;
	}
	return count < 0 ? count : 0;
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
	nodes = calloc(LISTED_MAX + 1, sizeof(*nodes));
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

	job_path(job->stored.number, path);
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

static void emit(struct job *job, const char *path, const char *interface,
		 const char *member,
		 int (*fill)(sd_bus_message *, struct job *))
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	const char *name = client_name(job->agent, job->stored.request.owner);
	int r;

	if (!name)
		return;
	r = sd_bus_message_new_signal_to(job->agent->bus, &m, name, path, interface, member);
	if (r >= 0)
		r = fill(m, job);
	if (r >= 0)
		r = sd_bus_send(job->agent->bus, m, NULL);
	if (r < 0)
		journal_job_problem(job->agent->journal, &job->stored, "sending %s: %s", member,
				    strerror(-r));
}

void job_emit_changed(struct job *job)
{
	char path[64];

	job_path(job->stored.number, path);
	emit(job, path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
	     fill_changed);
}

void job_emit_added(struct job *job)
{
	emit(job, AGENT_PATH, "org.freedesktop.DBus.ObjectManager",
	     "InterfacesAdded", fill_added);
}

static int fill_removed(sd_bus_message *m, struct job *job)
{
	char path[64];

	job_path(job->stored.number, path);
	return sd_bus_message_append(m, "oas", path, 1, JOB_INTERFACE);
}

static void job_emit_removed(struct agent *agent, const struct store_job *stored)
{
	struct job job = { .agent = agent, .stored = *stored };

	emit(&job, AGENT_PATH, "org.freedesktop.DBus.ObjectManager",
	     "InterfacesRemoved", fill_removed);
}
