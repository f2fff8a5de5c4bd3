// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Short ways to call the agent: see agent_fixture.h.
 */
#include "agent_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int blob(const void *data, size_t size)
{
	int fd = memfd_create("blob", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	return fd;
}

int text(const char *string)
{
	return blob(string, strlen(string));
}

int sealed(const char *string)
{
	int fd = text(string);

	assert_int_equal(fcntl(fd, F_ADD_SEALS,
			       F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW),
			 0);
	return fd;
}

struct submission usual(const char *program)
{
	return (struct submission){
		.program = text(program),
		.inputs = { text("abcdefgh") },
		.input_count = 1,
		.outputs = { 8 },
		.output_count = 1,
		.longest_us = 10000000,
	};
}

static int append_one(sd_bus_message *m, const struct submission *s)
{
	const char *type = s->option_type ?: "b";

	return sd_bus_message_append(m, "{sv}", s->option, type,
				     *type == 's' ? (void *)"text" : (void *)1);
}

static int append_key(sd_bus_message *m, const char *key)
{
	sd_bus_message_open_container(m, 'e', "sv");
	sd_bus_message_append(m, "s", "key");
	sd_bus_message_open_container(m, 'v', "ay");
	sd_bus_message_append_array(m, 'y', key, strlen(key));
	sd_bus_message_close_container(m);
	return sd_bus_message_close_container(m);
}

static int append_options(sd_bus_message *m, const struct submission *s)
{
	sd_bus_message_open_container(m, 'a', "{sv}");
	if (s->option)
		append_one(m, s);
	if (s->key)
		append_key(m, s->key);
	if (s->priority)
		sd_bus_message_append(m, "{sv}", "priority", "u", s->priority);
	if (s->retries)
		sd_bus_message_append(m, "{sv}", "retries", "u", s->retries);
	if (s->deadline_us)
		sd_bus_message_append(m, "{sv}", "deadline", "t", s->deadline_us);
	if (s->lingers)
		sd_bus_message_append(m, "{sv}", "linger", "b", 1);
	return sd_bus_message_close_container(m);
}

static sd_bus_message *message(sd_bus *bus, const struct submission *s)
{
	sd_bus_message *m = NULL;
	uint32_t i;

	assert_true(sd_bus_message_new_method_call(bus, &m, AGENT, AGENT_PATH,
						   AGENT, "SubmitJob") >= 0);
	sd_bus_message_append(m, "h", s->program);
	sd_bus_message_open_container(m, 'a', "h");
	for (i = 0; i < s->input_count; i++)
		sd_bus_message_append(m, "h", s->inputs[i]);
	sd_bus_message_close_container(m);
	sd_bus_message_append_array(m, 't', s->outputs,
				    s->output_count * sizeof(uint64_t));
	sd_bus_message_append(m, "t", s->longest_us);
	assert_true(append_options(m, s) >= 0);
	return m;
}

int submit(sd_bus *bus, struct submission *s, char path[64],
	   sd_bus_error *error)
{
	sd_bus_message *m = message(bus, s), *reply = NULL;
	const char *job;
	uint32_t i;
	int r;

	r = sd_bus_call(bus, m, 0, error, &reply);
	if (r >= 0) {
		assert_true(sd_bus_message_read(reply, "o", &job) > 0);
		snprintf(path, 64, "%s", job);
	}
	close(s->program);
	for (i = 0; i < s->input_count; i++)
		close(s->inputs[i]);
	sd_bus_message_unref(m);
	sd_bus_message_unref(reply);
	return r;
}

void submit_ok(sd_bus *bus, struct submission s, char path[64])
{
	sd_bus_error error = SD_BUS_ERROR_NULL;

	if (submit(bus, &s, path, &error) < 0)
		fail_msg("%s: %s", error.name, error.message);
}

void submit_fails(sd_bus *bus, struct submission s, const char *name,
		  const char *words)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char path[64];

	assert_true(submit(bus, &s, path, &error) < 0);
	assert_string_equal(error.name, name);
	if (!strstr(error.message, words))
		fail_msg("\"%s\" is not in: %s", words, error.message);
	sd_bus_error_free(&error);
}

const char *job_string(sd_bus *bus, const char *path, const char *property)
{
	static char copy[256];
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char *value = NULL;

	if (sd_bus_get_property_string(bus, AGENT, path, JOB, property, &error,
				       &value) < 0)
		fail_msg("%s of %s: %s", property, path, error.message);
	snprintf(copy, sizeof(copy), "%s", value);
	free(value);
	return copy;
}

int job_result(sd_bus *bus, const char *path)
{
	int32_t value = 1;

	assert_true(sd_bus_get_property_trivial(bus, AGENT, path, JOB, "Result",
						NULL, 'i', &value) >= 0);
	return value;
}

uint64_t job_number(sd_bus *bus, const char *path, const char *property)
{
	uint64_t value = 0;

	assert_true(sd_bus_get_property_trivial(bus, AGENT, path, JOB, property,
						NULL, 't', &value) >= 0);
	return value;
}

uint64_t agent_number(sd_bus *bus, const char *property)
{
	uint64_t value = 0;

	assert_true(sd_bus_get_property_trivial(bus, AGENT, AGENT_PATH, AGENT,
						property, NULL, 't',
						&value) >= 0);
	return value;
}

const char *agent_string(sd_bus *bus, const char *property)
{
	static char text[128];
	char *value = NULL;

	assert_true(sd_bus_get_property_string(bus, AGENT, AGENT_PATH, AGENT,
					       property, NULL, &value) >= 0);
	snprintf(text, sizeof(text), "%s", value);
	free(value);
	return text;
}

const char *wait_end(sd_bus *bus, const char *path)
{
	const char *state = "";
	int i;

	for (i = 0; i < 1000; i++) {
		state = job_string(bus, path, "State");
		if (strcmp(state, "queued") && strcmp(state, "running"))
			break;
		usleep(5000);
	}
	return state;
}

void wait_state(sd_bus *bus, const char *path, const char *state)
{
	int i;

	for (i = 0; i < 1000; i++) {
		if (!strcmp(job_string(bus, path, "State"), state))
			return;
		usleep(5000);
	}
	fail_msg("job %s is %s, not %s", path, job_string(bus, path, "State"),
		 state);
}

void call_ok(sd_bus *bus, const char *path, const char *method)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;

	if (sd_bus_call_method(bus, AGENT, path, JOB, method, &error, NULL,
			       NULL) < 0)
		fail_msg("%s of %s: %s", method, path, error.message);
}

void call_fails(sd_bus *bus, const char *path, const char *method,
		const char *name)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;

	assert_true(sd_bus_call_method(bus, AGENT, path, JOB, method, &error,
				       NULL, NULL) < 0);
	assert_string_equal(error.name, name);
	sd_bus_error_free(&error);
}

int get_output(sd_bus *bus, const char *path, uint32_t index)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	int fd = -1;

	if (sd_bus_call_method(bus, AGENT, path, JOB, "GetResult", &error,
			       &reply, "u", index) < 0)
		fail_msg("GetResult: %s", error.message);
	assert_true(sd_bus_message_read(reply, "h", &fd) > 0);
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	sd_bus_message_unref(reply);
	return fd;
}

void check_output(sd_bus *bus, const char *path, uint32_t index,
		  const void *data, size_t size)
{
	int fd = get_output(bus, path, index);
	char *read_back = malloc(size + 1);

	assert_int_equal(pread(fd, read_back, size + 1, 0), size);
	assert_memory_equal(read_back, data, size);
	free(read_back);
	close(fd);
}

uint32_t count_objects(sd_bus *bus, const char *prefix)
{
	sd_bus_message *reply = NULL;
	uint32_t count = 0;
	const char *path;
	int r;

	r = sd_bus_call_method(bus, AGENT, AGENT_PATH,
			       "org.freedesktop.DBus.ObjectManager",
			       "GetManagedObjects", NULL, &reply, NULL);
	assert_true(r >= 0);
	sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");
	while (sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}") > 0) {
		assert_true(sd_bus_message_read(reply, "o", &path) > 0);
		count += !strncmp(path, prefix, strlen(prefix));
		assert_true(sd_bus_message_skip(reply, "a{sa{sv}}") >= 0);
		assert_true(sd_bus_message_exit_container(reply) >= 0);
	}
	sd_bus_message_unref(reply);
	return count;
}

uint32_t count_jobs(sd_bus *bus)
{
	return count_objects(bus, AGENT_PATH "/job/");
}

/* --- lease ---------------------------------------------------------------- */

int lease_lines(struct fixture *f, const char *word)
{
	char path[80], line[32];
	FILE *file;
	int count = 0;

	snprintf(path, sizeof(path), "%s.lease", f->node);
	file = fopen(path, "re");
	while (file && fscanf(file, "%31s", line) == 1)
		count += !strcmp(line, word);
	if (file)
		fclose(file);
	return count;
}

void wait_lease(struct fixture *f, const char *word, int count)
{
	int i;

	for (i = 0; i < 2000 && lease_lines(f, word) < count; i++)
		usleep(5000);
	assert_true(lease_lines(f, word) >= count);
}
