// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A fake of polkit's authority: see fake_polkit.h.
 */
#include "fake_polkit.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define NAME "org.freedesktop.PolicyKit1"
#define PATH "/org/freedesktop/PolicyKit1/Authority"

static void file_of(const char *dir, const char *name, char path[static 96])
{
	snprintf(path, 96, "%s/%s", dir, name);
}

static void note(const char *dir, const char *action, uint32_t flags)
{
	char path[96];
	FILE *file;

	file_of(dir, "polkit.asked", path);
	file = fopen(path, "ae");
	if (!file)
		abort();
	fprintf(file, "%s %u\n", action, flags);
	fclose(file);
}

static void read_word(const char *dir, char word[static 16])
{
	char path[96];
	FILE *file;

	file_of(dir, "polkit", path);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%15s", word) != 1)
		abort();
	fclose(file);
}

static int on_question(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *kind, *name, *sender, *action;
	char word[16];
	uint32_t flags;
	int r;

	r = sd_bus_message_read(m, "(sa{sv})sa{ss}us", &kind, 1, &name, "s", &sender, &action, 0,
				&flags, NULL);
	if (r < 0 || strcmp(kind, "system-bus-name") || strcmp(name, "name") || *sender != ':')
		abort();
	note(userdata, action, flags);
	read_word(userdata, word);
	if (!strcmp(word, "hang"))
		return 1;
	if (!strcmp(word, "nonsense"))
		return sd_bus_reply_method_return(m, "s", "yes");
	return sd_bus_reply_method_return(m, "(bba{ss})", !strcmp(word, "yes"), 0, 0);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", on_question,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END
};

static void serve(const char *dir, int ready)
{
	sd_bus *bus = NULL;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sd_bus_open_system(&bus) < 0 ||
	    sd_bus_add_object_vtable(bus, NULL, PATH, NAME ".Authority", vtable, (void *)dir) < 0 ||
	    sd_bus_request_name(bus, NAME, 0) < 0)
		abort();
	if (write(ready, "", 1) != 1)
		abort();
	for (;;)
		if (!sd_bus_process(bus, NULL))
			sd_bus_wait(bus, UINT64_MAX);
}

pid_t fake_polkit_start(const char *dir)
{
	int ready[2];
	char byte;
	pid_t pid;

	fake_polkit_says(dir, "yes");
	if (pipe(ready) < 0)
		abort();
	pid = fork();
	if (!pid)
		serve(dir, ready[1]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		abort();
	close(ready[0]);
	return pid;
}

void fake_polkit_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void fake_polkit_says(const char *dir, const char *word)
{
	char path[96], part[96];
	FILE *file;

	file_of(dir, "polkit", path);
	file_of(dir, "polkit.new", part);
	file = fopen(part, "we");
	if (!file)
		abort();
	fprintf(file, "%s\n", word);
	fclose(file);
	if (rename(part, path) < 0)
		abort();
}

int fake_polkit_asked(const char *dir, const char *action)
{
	char path[96], line[96];
	int count = 0;
	FILE *file;

	file_of(dir, "polkit.asked", path);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		count += !strncmp(line, action, strlen(action)) && line[strlen(action)] == ' ';
	if (file)
		fclose(file);
	return count;
}
