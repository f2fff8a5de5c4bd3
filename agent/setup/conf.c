// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * setup.conf: one section, three keys, all of them required.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ini_file.h"
#include "root_file.h"
#include "setup.h"
#include "util.h"

#define SECTION		"Setup"
#define RIGHT		"[" SECTION "] with CanInterface=, Signals= and Governor="
#define CONF_BYTES_MAX	(64u * 1024)

#define FIELD(name) \
	offsetof(struct setup_conf, name), sizeof(((struct setup_conf *)0)->name)

struct conf_reader {
	/* first, so that it is found from there */
	struct ini_reader ini;
	struct setup_conf *conf;
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

static bool take(struct ini_reader *ini, size_t at, const char *value)
{
	struct conf_reader *reader = (struct conf_reader *)ini;
	const struct key *key = &keys[at];

	if (!*value || strlen(value) >= key->size)
		return ini_wrong(ini, "%s= must have 1 to %zu characters", key->name,
				 key->size - 1);
	if (key->path && *value != '/')
		return ini_wrong(ini, "%s=%s must be a path that begins with /", key->name, value);
	strcpy((char *)reader->conf + key->offset, value);
	return true;
}

static enum setup_status conf_parse(const char *path, const char *text, size_t size,
				    struct setup_conf *conf)
{
	struct conf_reader reader = {
		.ini = { SECTION, keys, ARRAY_SIZE(keys), sizeof(*keys), take, RIGHT },
		.conf = conf,
	};
	int line = ini_read(&reader.ini, text, size);

	return line ? fail(SETUP_CONF, "%s:%d: %s", path, line, reader.ini.problem) : SETUP_OK;
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
	_cleanup_free_ void *text = NULL;
	enum setup_status status;
	const char *problem;
	size_t size;

	problem = root_file_load(path, CONF_BYTES_MAX, &text, &size);
	if (problem)
		return fail(SETUP_CONF, "%s: %s", path, problem);
	status = conf_parse(path, text, size, &conf);
	if (status == SETUP_OK)
		status = conf_complete(path, &conf);
	if (status == SETUP_OK)
		*ret_conf = conf;
	return status;
}
