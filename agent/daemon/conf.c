// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading agentd.conf: see conf.h. One section; a key that is not there is as it was.
 */
#include "conf.h"

#include <errno.h>
#include <ini_file.h>
#include <root_file.h>
#include <stddef.h>
#include <string.h>

#include "agent.h"

#define SECTION "Agent"
#define RIGHT \
	"[" SECTION "] with UserJobsMax=, UserBytesMax=, JobsMax=, BytesMax=, RetentionDays=, " \
	"CarDrawPermilleHour= and CarStartPercent="
#define TEXT_MAX (64u * 1024)

#define US_PER_DAY (24ull * 3600 * USEC_PER_SEC)
#define DAYS_MAX 3650

static const struct limits built_in = {
	.store = {
		.user_jobs = 4096,
		.user_bytes = 256ull << 20,
		.jobs = 200000,
		.bytes = 4ull << 30,
		.retention_us = 7 * US_PER_DAY,
	},
	.clients = 32,
	.parties = 16,
};

#define FIELD(name) offsetof(struct limits, name)

static const struct key {
	const char *name;
	size_t offset;
	uint64_t max;
	uint64_t unit;
	/* K, M, G may stand behind it */
	bool is_bytes;
} keys[] = {
	{ "UserJobsMax", FIELD(store.user_jobs), CONF_JOBS_MAX, 1, false },
	{ "UserBytesMax", FIELD(store.user_bytes), CONF_BYTES_MAX, 1, true },
	{ "JobsMax", FIELD(store.jobs), CONF_JOBS_MAX, 1, false },
	{ "BytesMax", FIELD(store.bytes), CONF_BYTES_MAX, 1, true },
	{ "RetentionDays", FIELD(store.retention_us), DAYS_MAX, US_PER_DAY, false },
	{ "CarDrawPermilleHour", FIELD(car_draw_permille_h), 1000, 1, false },
	{ "CarStartPercent", FIELD(car_start_percent), 100, 1, false },
};

struct reader {
	/* first, so that it is found from there */
	struct ini_reader ini;
	struct limits *limits;
};

bool conf_number(const char *text, uint64_t max, uint64_t *ret_number)
{
	char *end;

	errno = 0;
	*ret_number = strtoull(text, &end, 10);
	return !errno && !*end && *text >= '0' && *text <= '9' && *ret_number &&
	       *ret_number <= max;
}

static bool bytes_number(const char *text, uint64_t max, uint64_t *ret_number)
{
	static const char suffixes[] = "KMG";
	char digits[32];
	size_t length = strlen(text);
	const char *suffix = length ? strchr(suffixes, text[length - 1]) : NULL;
	unsigned int shift = suffix ? 10 * (unsigned int)(suffix - suffixes + 1) : 0;

	length -= suffix ? 1 : 0;
	if (length >= sizeof(digits))
		return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	if (!conf_number(digits, max >> shift, ret_number))
		return false;
	*ret_number <<= shift;
	return true;
}

static bool take(struct ini_reader *ini, size_t at, const char *value)
{
	struct reader *reader = (struct reader *)ini;
	const struct key *key = &keys[at];
	uint64_t number;
	bool right;

	right = key->is_bytes ? bytes_number(value, key->max, &number) :
				conf_number(value, key->max, &number);
	if (!right)
		return ini_wrong(ini, "%s=%s is not a number from 1 to %llu%s", key->name, value,
				 (unsigned long long)key->max,
				 key->is_bytes ? ", or one with K, M or G behind it" : "");
	*(uint64_t *)((char *)reader->limits + key->offset) = number * key->unit;
	return true;
}

static int read_file(const char *path, struct limits *limits)
{
	struct reader reader = {
		.ini = { SECTION, keys, ARRAY_SIZE(keys), sizeof(*keys), take, RIGHT },
		.limits = limits,
	};
	_cleanup_free_ void *text = NULL;
	const char *problem;
	size_t size;
	int line;

	problem = root_file_load(path, TEXT_MAX, &text, &size);
	if (problem) {
		log_error("%s: %s", path, problem);
		return -EINVAL;
	}
	line = ini_read(&reader.ini, text, size);
	if (!line)
		return 0;
	log_error("%s:%d: %s", path, line, reader.ini.problem);
	return -EINVAL;
}

int conf_read(const struct conf *conf, struct limits *ret_limits)
{
	struct limits limits = built_in;
	int r = 0;

	if (conf->path || access(CONF_FILE, F_OK) == 0 || errno != ENOENT)
		r = read_file(conf->path ?: CONF_FILE, &limits);
	if (r < 0)
		return r;
	limits.store.user_jobs = conf->user_jobs ?: limits.store.user_jobs;
	limits.store.user_bytes = conf->user_bytes ?: limits.store.user_bytes;
	*ret_limits = limits;
	return 0;
}
