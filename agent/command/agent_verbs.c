// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The verbs that ask the agent, over D-Bus.
 */
#include "agent_calls.h"
#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

int agent_bus(sd_bus **ret_bus)
{
	int r = sd_bus_open_system(ret_bus);

	return r < 0 ? fail_errno(r, "system bus") : EXIT_OK;
}

/* --- status --------------------------------------------------------------- */

static int get_all(sd_bus *bus, const char *path, const char *interface,
		   const struct field *fields, sd_json_variant **object)
{
	_error_ error = SD_BUS_ERROR_NULL;
	_reply_ *reply = NULL;
	int r;

	r = sd_bus_call_method(bus, AGENT, path, PROPERTIES, "GetAll", &error,
			       &reply, "s", interface);
	if (r >= 0)
		r = read_properties(reply, fields, object);
	return r < 0 ? fail_bus(r, &error, strrchr(path, '/') + 1) : EXIT_OK;
}

static int get_partition(sd_bus *bus, sd_json_variant **object)
{
	_error_ error = SD_BUS_ERROR_NULL;
	_reply_ *reply = NULL;
	int r;

	r = sd_bus_get_property(bus, AGENT, AGENT_PATH, AGENT, "Partition",
				&error, &reply, "a{sv}");
	if (r >= 0)
		r = read_properties(reply, partition_fields, object);
	return r < 0 ? fail_bus(r, &error, "agent") : EXIT_OK;
}

static bool is_development_key(sd_json_variant *agent)
{
	sd_json_variant *kind = sd_json_variant_by_key(agent, "key_kind");

	return kind && !strcmp(sd_json_variant_string(kind), "development");
}

int verb_status(const struct options *options, const char *argument)
{
	_json_ *agent = NULL, *partition = NULL;
	_bus_ *bus = NULL;
	int r;

	r = agent_bus(&bus);
	if (r == EXIT_OK)
		r = get_all(bus, AGENT_PATH, AGENT, agent_fields, &agent);
	if (r == EXIT_OK)
		r = get_partition(bus, &partition);
	if (r != EXIT_OK)
		return r;
	if (options->json) {
		r = sd_json_variant_set_field(&agent, "partition", partition);
		return r < 0 ? fail_errno(r, "printing") :
			       print_json(options, agent);
	}
	print_fields(options, agent_fields, agent);
	if (is_development_key(agent))
		print_development_key(options);
	print_fields(options, partition_fields, partition);
	return EXIT_OK;
}

/* --- one job -------------------------------------------------------------- */

/* "7" or the object path. */
static int job_path(const char *argument, char ret_path[static 64])
{
	char *end;
	uint64_t id;

	if (!strncmp(argument, JOB_PREFIX, strlen(JOB_PREFIX)))
		argument += strlen(JOB_PREFIX);
	errno = 0;
	id = strtoull(argument, &end, 10);
	if (errno || *end || *argument < '0' || *argument > '9')
		return fail(
			EXIT_USAGE,
			"\"%s\" is not a job: give the number that submit printed",
			argument);
	snprintf(ret_path, 64, JOB_PREFIX "%" PRIu64, id);
	return EXIT_OK;
}

static int job_get(sd_bus *bus, const char *path, sd_json_variant **object)
{
	uint64_t id = strtoull(path + strlen(JOB_PREFIX), NULL, 10);
	int r;

	r = get_all(bus, path, JOB, job_fields, object);
	if (r != EXIT_OK)
		return r;
	r = sd_json_variant_set_field_unsigned(object, "id", id);
	return r < 0 ? fail_errno(r, "job") : EXIT_OK;
}

const char *agent_job_state(sd_json_variant *object)
{
	sd_json_variant *state = sd_json_variant_by_key(object, "state");

	return state && sd_json_variant_is_string(state) ?
		       sd_json_variant_string(state) :
		       "";
}

bool agent_job_has_ended(sd_json_variant *object)
{
	const char *state = agent_job_state(object);

	return strcmp(state, "queued") && strcmp(state, "running");
}

static int job_write_output(sd_bus *bus, const char *path, uint32_t index,
			    const char *file)
{
	_error_ error = SD_BUS_ERROR_NULL;
	_reply_ *reply = NULL;
	int fd, r;

	r = sd_bus_call_method(bus, AGENT, path, JOB, "GetResult", &error,
			       &reply, "u", index);
	if (r >= 0)
		r = sd_bus_message_read(reply, "h", &fd);
	return r < 0 ? fail_bus(r, &error, "result") : file_write_fd(file, fd);
}

/* Writes what was asked for, prints the report; fails as the job did. */
static int job_show(sd_bus *bus, const struct options *options,
		    const char *path, sd_json_variant *object)
{
	bool finished = !strcmp(agent_job_state(object), "finished");
	uint32_t i;
	int r = EXIT_OK;

	for (i = 0; finished && r == EXIT_OK && i < options->output_count; i++)
		r = job_write_output(bus, path, i, options->outputs[i]);
	if (r == EXIT_OK)
		r = print_object(options, job_fields, object);
	return r == EXIT_OK && !finished ? EXIT_JOB_FAILED : r;
}

int verb_result(const struct options *options, const char *argument)
{
	_json_ *object = NULL;
	_bus_ *bus = NULL;
	char path[64];
	int r;

	r = job_path(argument, path);
	if (r == EXIT_OK)
		r = agent_bus(&bus);
	if (r == EXIT_OK)
		r = job_get(bus, path, &object);
	if (r != EXIT_OK)
		return r;
	if (!agent_job_has_ended(object))
		return fail(EXIT_JOB_FAILED,
			    "job %s is %s: it has no result yet",
			    path + strlen(JOB_PREFIX), agent_job_state(object));
	return job_show(bus, options, path, object);
}

static int job_call(const struct options *options, const char *argument,
		    const char *method)
{
	_error_ error = SD_BUS_ERROR_NULL;
	_json_ *object = NULL;
	_bus_ *bus = NULL;
	char path[64];
	int r;

	r = job_path(argument, path);
	if (r == EXIT_OK)
		r = agent_bus(&bus);
	if (r != EXIT_OK)
		return r;
	r = sd_bus_call_method(bus, AGENT, path, JOB, method, &error, NULL,
			       NULL);
	if (r < 0)
		return fail_bus(r, &error, path + strlen(JOB_PREFIX));
	if (!options->json)
		return EXIT_OK;
	r = sd_json_buildo(&object, SD_JSON_BUILD_PAIR_STRING("job", path),
			   SD_JSON_BUILD_PAIR_STRING("done", method));
	return r < 0 ? fail_errno(r, "printing") : print_json(options, object);
}

int verb_cancel(const struct options *options, const char *argument)
{
	return job_call(options, argument, "Cancel");
}

int verb_release(const struct options *options, const char *argument)
{
	return job_call(options, argument, "Release");
}

/* --- submit --------------------------------------------------------------- */

static int append_file(sd_bus_message *m, const char *path)
{
	_cleanup_close_ int fd = -1;
	uint64_t size;
	int r;

	fd = file_open_input(path, &size);
	if (fd < 0)
		return EXIT_USAGE;
	r = sd_bus_message_append(m, "h", fd);
	return r < 0 ? fail_errno(r, path) : EXIT_OK;
}

static int append_inputs(sd_bus_message *m, const struct options *options)
{
	uint32_t i;
	int r;

	r = sd_bus_message_open_container(m, 'a', "h");
	if (r < 0)
		return fail_errno(r, "inputs");
	for (i = 0; i < options->input_count; i++) {
		r = append_file(m, options->inputs[i]);
		if (r != EXIT_OK)
			return r;
	}
	r = sd_bus_message_close_container(m);
	return r < 0 ? fail_errno(r, "inputs") : EXIT_OK;
}

static int append_key(sd_bus_message *m, const struct options *options)
{
	int r;

	r = sd_bus_message_open_container(m, 'e', "sv");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", "key");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "ay");
	if (r >= 0)
		r = sd_bus_message_append_array(m, 'y', options->key, sizeof(options->key));
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static uint64_t deadline_us(const struct options *options)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return ((uint64_t)now.tv_sec + options->deadline_s) * USEC_PER_SEC;
}

int agent_append_options(sd_bus_message *m, const struct options *options, bool lingers)
{
	int r;

	r = sd_bus_message_open_container(m, 'a', "{sv}");
	if (r >= 0)
		r = sd_bus_message_append(m, "{sv}", "linger", "b", lingers);
	if (r >= 0)
		r = sd_bus_message_append(m, "{sv}", "interactive", "b", options->interactive);
	if (r >= 0)
		r = sd_bus_message_append(m, "{sv}", "priority", "u", (uint32_t)options->priority);
	if (r >= 0)
		r = sd_bus_message_append(m, "{sv}", "retries", "u", (uint32_t)options->retries);
	if (r >= 0 && options->deadline_s)
		r = sd_bus_message_append(m, "{sv}", "deadline", "t", deadline_us(options));
	if (r >= 0 && options->has_key)
		r = append_key(m, options);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_rest(sd_bus_message *m, const struct options *options, bool lingers)
{
	int r;

	r = sd_bus_message_append_array(m, 't', options->output_sizes,
					options->size_count * sizeof(uint64_t));
	if (r >= 0)
		r = sd_bus_message_append(m, "t", options->longest_ms * 1000);
	if (r >= 0)
		r = agent_append_options(m, options, lingers);
	return r < 0 ? fail_errno(r, "submit") : EXIT_OK;
}

int agent_submit_message(sd_bus *bus, const struct options *options, bool lingers,
			 sd_bus_message **ret_message)
{
	int r;

	r = sd_bus_message_new_method_call(bus, ret_message, AGENT, AGENT_PATH,
					   AGENT, "SubmitJob");
	if (r < 0)
		return fail_errno(r, "submit");
	r = append_file(*ret_message, options->program);
	if (r == EXIT_OK)
		r = append_inputs(*ret_message, options);
	return r == EXIT_OK ? append_rest(*ret_message, options, lingers) : r;
}

static int submit(sd_bus *bus, const struct options *options,
		  char ret_path[static 64])
{
	_error_ error = SD_BUS_ERROR_NULL;
	_reply_ *message = NULL, *reply = NULL;
	const char *path;
	int r;

	/* Nobody waits: then the job must outlive this connection. */
	r = agent_submit_message(bus, options, !options->wait, &message);
	if (r != EXIT_OK)
		return r;
	r = sd_bus_call(bus, message, 0, &error, &reply);
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &path);
	if (r < 0)
		return fail_bus(r, &error, "submit");
	return job_path(path, ret_path);
}

static int print_submitted(const struct options *options, const char *path)
{
	_json_ *object = NULL;
	uint64_t id = strtoull(path + strlen(JOB_PREFIX), NULL, 10);
	int r;

	if (!options->json)
		return printf("%" PRIu64 "\n", id) < 0 ? EXIT_JOB_FAILED :
							 EXIT_OK;
	r = sd_json_buildo(&object, SD_JSON_BUILD_PAIR_UNSIGNED("id", id),
			   SD_JSON_BUILD_PAIR_STRING("job", path));
	return r < 0 ? fail_errno(r, "printing") : print_json(options, object);
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return 0;
}

/* A signal ends the wait early; asking each second notices a dead agent. */
static int wait_for_change(sd_bus *bus)
{
	int r;

	r = sd_bus_wait(bus, USEC_PER_SEC);
	while (r >= 0 && (r = sd_bus_process(bus, NULL)) > 0)
		;
	return r == -EINTR ? 0 : r;
}

static int wait_for_end(sd_bus *bus, const char *path,
			sd_json_variant **ret_object)
{
	int r;

	for (;;) {
		_json_ *object = NULL;

		r = job_get(bus, path, &object);
		if (r != EXIT_OK)
			return r;
		if (agent_job_has_ended(object)) {
			*ret_object = sd_json_variant_ref(object);
			return EXIT_OK;
		}
		r = wait_for_change(bus);
		if (r < 0)
			return fail_errno(r, "system bus");
	}
}

static int submit_and_wait(sd_bus *bus, const struct options *options)
{
	_json_ *object = NULL;
	char path[64];
	int r;

	r = sd_bus_match_signal(bus, NULL, AGENT, NULL, PROPERTIES,
				"PropertiesChanged", on_changed, NULL);
	if (r < 0)
		return fail_errno(r, "system bus");
	r = submit(bus, options, path);
	if (r == EXIT_OK)
		r = wait_for_end(bus, path, &object);
	return r == EXIT_OK ? job_show(bus, options, path, object) : r;
}

int verb_submit(const struct options *options, const char *argument)
{
	_bus_ *bus = NULL;
	char path[64];
	int r;

	r = agent_bus(&bus);
	if (r != EXIT_OK)
		return r;
	if (options->wait)
		return submit_and_wait(bus, options);
	if (options->output_count)
		return fail(
			EXIT_USAGE,
			"--output needs --wait; or fetch it later with laybyctl result");
	r = submit(bus, options, path);
	return r == EXIT_OK ? print_submitted(options, path) : r;
}

/* --- jobs ----------------------------------------------------------------- */

static int read_job(sd_bus_message *m, sd_json_variant **list)
{
	_json_ *object = NULL;
	const char *path, *interface;
	int r;

	r = sd_bus_message_read(m, "o", &path);
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
	while (r >= 0 &&
	       (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
		r = sd_bus_message_read(m, "s", &interface);
		if (r >= 0)
			r = strcmp(interface, JOB) ?
				    sd_bus_message_skip(m, "a{sv}") :
				    read_properties(m, job_fields, &object);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	if (r >= 0 && object)
		r = sd_json_variant_set_field_unsigned(
			&object, "id",
			strtoull(strrchr(path, '/') + 1, NULL, 10));
	if (r < 0 || !object)
		return r;
	return sd_json_variant_append_array(list, object);
}

static int read_jobs(sd_bus_message *m, sd_json_variant **list)
{
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");
	while (r >= 0 &&
	       (r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
		r = read_job(m, list);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r;
}

static void print_job_line(sd_json_variant *job)
{
	static const char *const keys[] = { "id",     "state",	   "reason",
					    "run_us", "energy_uj", "wall_us" };
	static const int widths[] = { 8, 10, -16, 14, 14, 14 };
	const struct field *field;
	const char *text;
	char buffer[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		for (field = job_fields; strcmp(field->key, keys[i]); field++)
			;
		text = field_text(field, job, buffer, sizeof(buffer));
		printf("%*s%s", widths[i], text ?: "-",
		       i + 1 < ARRAY_SIZE(keys) ? "  " : "\n");
	}
}

static int print_jobs(const struct options *options, sd_json_variant *list)
{
	size_t i;

	if (options->json)
		return print_json(options, list);
	printf("%8s  %10s  %-16s  %14s  %14s  %14s\n", "JOB", "STATE", "REASON",
	       "RAN", "ENERGY", "TOOK");
	for (i = 0; i < sd_json_variant_elements(list); i++)
		print_job_line(sd_json_variant_by_index(list, i));
	return EXIT_OK;
}

int verb_jobs(const struct options *options, const char *argument)
{
	_error_ error = SD_BUS_ERROR_NULL;
	_reply_ *reply = NULL;
	_json_ *list = NULL;
	_bus_ *bus = NULL;
	int r;

	r = agent_bus(&bus);
	if (r != EXIT_OK)
		return r;
	r = sd_json_variant_new_array(&list, NULL, 0);
	if (r < 0)
		return fail_errno(r, "jobs");
	r = sd_bus_call_method(bus, AGENT, AGENT_PATH,
			       "org.freedesktop.DBus.ObjectManager",
			       "GetManagedObjects", &error, &reply, NULL);
	if (r >= 0)
		r = read_jobs(reply, &list);
	return r < 0 ? fail_bus(r, &error, "jobs") : print_jobs(options, list);
}
