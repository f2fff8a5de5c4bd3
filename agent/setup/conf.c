// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * setup.conf: one section, three keys, all of them required.
 */
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "root_file.h"
#include "setup.h"
#include "util.h"

#define SECTION		"Setup"
#define KEYS		"CanInterface=, Signals= and Governor="
#define CONF_BYTES_MAX	(64u * 1024)

#define FIELD(name) \
	offsetof(struct setup_conf, name), sizeof(((struct setup_conf *)0)->name)

struct reader {
	struct setup_conf *conf;
	/* what libinih has not had yet, and the number of the line that it has */
	const char *next;
	int line;
	/* of the first entry that is wrong */
	int problem_line;
	char problem[SETUP_PATH_MAX + 128];
};

static const struct key {
	const char *name;
	const char *what;
	size_t offset;
	size_t size;
	bool path;
} keys[] = {
	{ "CanInterface", "the CAN interface that the vehicle's signals come in by",
	  FIELD(can_interface), false },
	{ "Signals", "the file that laybyctl signals compile wrote",
	  FIELD(signals), true },
	{ "Governor", "layby, minimal, or the path of a BPF object file",
	  FIELD(governor), false },
};

static const struct key *key_find(const char *section, const char *name)
{
	size_t i;

	if (strcmp(section, SECTION))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

/* Only the first problem is told. */
__attribute__((format(printf, 2, 3)))
static int wrong(struct reader *reader, const char *format, ...)
{
	va_list list;

	if (reader->problem_line)
		return 0;
	reader->problem_line = reader->line;
	va_start(list, format);
	vsnprintf(reader->problem, sizeof(reader->problem), format, list);
	va_end(list);
	return 0;
}

static int take(void *user, const char *section, const char *name, const char *value)
{
	struct reader *reader = user;
	const struct key *key = key_find(section, name);
	char *to;

	if (!key)
		return wrong(reader, "[%s] %s= is not known; right are [" SECTION "] with "
			     KEYS, section, name);
	to = (char *)reader->conf + key->offset;
	if (*to)
		return wrong(reader, "%s= a second time", name);
	if (!*value || strlen(value) >= key->size)
		return wrong(reader, "%s= must have 1 to %zu characters", name, key->size - 1);
	if (key->path && *value != '/')
		return wrong(reader, "%s=%s must be a path that begins with /", name, value);
	strcpy(to, value);
	return 1;
}

/* libinih counts the lines but does not say where an entry stands. */
static char *read_line(char *to, int size, void *stream)
{
	struct reader *reader = stream;
	const char *end = strchrnul(reader->next, '\n');
	int length = (int)(end - reader->next);

	if (!*reader->next)
		return NULL;
	reader->line++;
	if (length >= size - 1) {
		wrong(reader, "%d characters in a line; at most %d are right", length, size - 2);
		length = 0;
	}
	memcpy(to, reader->next, (size_t)length);
	strcpy(to + length, "\n");
	reader->next = *end ? end + 1 : end;
	return to;
}

static enum setup_status conf_parse(const char *path, struct reader *reader)
{
	int line;

	/* As systemd has it: a value ends with its line and holds what stands there */
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	line = ini_parse_stream(read_line, reader, take, reader);
	if (reader->problem_line && (!line || reader->problem_line <= line))
		return fail(SETUP_CONF, "%s:%d: %s", path, reader->problem_line,
			    reader->problem);
	if (line)
		return fail(SETUP_CONF, "%s:%d: not understood; right are [" SECTION "] with "
			    KEYS " and # comment", path, line);
	return SETUP_OK;
}

static enum setup_status conf_complete(const char *path, const struct setup_conf *conf)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (!*((const char *)conf + keys[i].offset))
			return fail(SETUP_CONF, "%s: %s= is missing in [" SECTION "]: %s", path,
				    keys[i].name, keys[i].what);
	if (*conf->governor != '/' && strcmp(conf->governor, SETUP_GOVERNOR_LAYBY) &&
	    strcmp(conf->governor, SETUP_GOVERNOR_MINIMAL))
		return fail(SETUP_CONF, "%s: Governor=%s must be " SETUP_GOVERNOR_LAYBY ", "
			    SETUP_GOVERNOR_MINIMAL " or a path that begins with /", path,
			    conf->governor);
	return SETUP_OK;
}

enum setup_status conf_read(const char *path, struct setup_conf *ret_conf)
{
	struct setup_conf conf = {};
	struct reader reader = { .conf = &conf };
	_cleanup_free_ void *text = NULL;
	enum setup_status status;
	const char *problem;
	size_t size;

	problem = root_file_load(path, CONF_BYTES_MAX, &text, &size);
	if (problem)
		return fail(SETUP_CONF, "%s: %s", path, problem);
	reader.next = text;
	status = conf_parse(path, &reader);
	if (status == SETUP_OK)
		status = conf_complete(path, &conf);
	if (status == SETUP_OK)
		*ret_conf = conf;
	return status;
}
