// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "stage.h"

#define MODULE		"layby_governor_test"
#define PARAMETERS	"/sys/module/" MODULE "/parameters/"

int stage_load(void)
{
	const char *folder = getenv("LAYBY_MODULES");
	char path[256];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s/" MODULE ".ko", folder ? folder : ".");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0))
		ret = -errno;
	close(fd);
	return ret;
}

int stage_unload(void)
{
	return syscall(SYS_delete_module, MODULE, O_NONBLOCK) ? -errno : 0;
}

static int open_parameter(const char *parameter, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), PARAMETERS "%s", parameter);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int stage_set(const char *parameter, long long value)
{
	int fd = open_parameter(parameter, O_WRONLY), ret = 0;
	char text[32];

	if (fd < 0)
		return fd;
	snprintf(text, sizeof(text), "%lld", value);
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static int read_parameter(const char *parameter, char *text, size_t size)
{
	int fd = open_parameter(parameter, O_RDONLY);
	ssize_t length;

	if (fd < 0)
		return fd;
	length = read(fd, text, size - 1);
	close(fd);
	if (length < 0)
		return -EIO;
	text[length] = '\0';
	return 0;
}

long stage_get(const char *parameter)
{
	char text[32];
	int ret = read_parameter(parameter, text, sizeof(text));

	if (ret)
		return ret;
	return text[0] == 'Y' ? 1 : strtol(text, NULL, 10);
}

int stage_state(struct stage_state *ret_state)
{
	struct stage_state state = {};
	char text[128];
	int ret = read_parameter("state", text, sizeof(text));

	if (ret)
		return ret;
	/* The name is empty if there is none */
	if (sscanf(text, "%u %d %u %u %u %llu %31s", &state.status, &state.returned,
		   &state.cap_mw, &state.level, &state.open, &state.refused, state.name) < 6)
		return -EPROTO;
	*ret_state = state;
	return 0;
}

void stage_sleep_ms(unsigned int ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

bool stage_reaches(const char *parameter, long value)
{
	const char *factor = getenv("LAYBY_TIME_FACTOR");
	int tries = 200 * (factor ? atoi(factor) : 1);

	while (stage_get(parameter) < value) {
		if (!tries--)
			return false;
		stage_sleep_ms(50);
	}
	return true;
}
