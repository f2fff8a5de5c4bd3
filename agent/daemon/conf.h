/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The agent's limits: what is built in, then what the file says, then the command line.
 */
#ifndef LAYBY_AGENT_CONF_H
#define LAYBY_AGENT_CONF_H

#include <stdbool.h>
#include <stdint.h>

#define CONF_FILE "/etc/layby/agentd.conf"

#define CONF_JOBS_MAX 1000000
#define CONF_BYTES_MAX INT64_MAX

struct limits;

/* What the command line says. */
struct conf {
	/* NULL: CONF_FILE, which need not be there */
	const char *path;
	/* 0: not given */
	uint64_t user_jobs;
	uint64_t user_bytes;
};

/* Digits only, 1 to @max. */
bool conf_number(const char *text, uint64_t max, uint64_t *ret_number);

/* Errors were told. -EINVAL: the file is wrong; -ENOMEM */
int conf_read(const struct conf *conf, struct limits *ret_limits);

#endif
