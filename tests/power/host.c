// SPDX-License-Identifier: LGPL-2.1-or-later
/* Questions to the host, see host.h: /out/ask goes when it is answered. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-json.h>
#include <unistd.h>

#include "host.h"
#include "node.h"

#define ASK	"/out/ask"
#define ANSWER	"/out/answer"
/* Longer than host.py is patient */
#define WAIT_S	200

static int write_file(const char *path, const char *text, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0644), r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* The host never sees half of it. */
static int ask(const char *question)
{
	int r = write_file(ASK ".new", question, O_CREAT | O_TRUNC);

	if (!r && rename(ASK ".new", ASK))
		r = -errno;
	return r;
}

static int wait_answer(void)
{
	unsigned int left;

	for (left = WAIT_S * 50; left; left--) {
		if (access(ASK, F_OK))
			return 0;
		sleep_ms(20);
	}
	return -ETIMEDOUT;
}

static int read_answer(void)
{
	sd_json_variant *answer = NULL, *ms;
	int r = sd_json_parse_file(NULL, ANSWER, 0, &answer, NULL, NULL);

	if (r < 0)
		return r;
	ms = sd_json_variant_by_key(answer, "ms");
	r = ms ? (int)sd_json_variant_unsigned(ms) : -EBADMSG;
	sd_json_variant_unref(answer);
	return r;
}

static int ask_and_read(const char *question)
{
	int r = ask(question);

	if (!r)
		r = wait_answer();
	return r ? r : read_answer();
}

int host_pause(void)
{
	return ask_and_read("pause");
}

int host_pause_for(unsigned int ms)
{
	char question[32];

	snprintf(question, sizeof(question), "pause %u", ms);
	return ask_and_read(question);
}

/* --- Sleep ------------------------------------------------------------------ */

const char *const sleep_levels[SLEEP_LEVELS] = {
	"freezer", "none", "devices", "platform", "processors", "core",
};

unsigned int sleep_times(void)
{
	const char *times = getenv("N");
	unsigned int n = times ? (unsigned int)strtoul(times, NULL, 10) : 0;

	return n ? n : SLEEP_LEVELS;
}

static bool of_memory(const char *level)
{
	return !strcmp(level, "processors") || !strcmp(level, "core");
}

static int choose(const char *level)
{
	int r = write_file("/sys/power/pm_test", level, 0);

	if (!r)
		r = write_file("/sys/module/suspend/parameters/pm_test_delay", "1", 0);
	if (!r)
		r = write_file("/sys/power/mem_sleep", of_memory(level) ? "deep" : "s2idle", 0);
	return r;
}

static int sleep_in_truth(void)
{
	int r = ask("wake");

	if (!r)
		r = write_file("/sys/power/state", "freeze", 0);
	if (unlink(ASK) && !r)
		r = -errno;
	return r;
}

static int sleep_once(const char *level)
{
	if (!strcmp(level, "none"))
		return sleep_in_truth();
	return write_file("/sys/power/state", of_memory(level) ? "mem" : "freeze", 0);
}

/* A button that is pressed too early, or too late, keeps it awake: once more. */
int fall_asleep(const char *level)
{
	int tries = 10, r = choose(level);

	if (r)
		return r;
	do
		r = sleep_once(level);
	while (r == -EBUSY && --tries);
	return r;
}
