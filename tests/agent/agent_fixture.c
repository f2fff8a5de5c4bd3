// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Starting and stopping the bus and the agent: see agent_fixture.h.
 */
#include "agent_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_config(struct fixture *f)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "sed 's|@dir@|%s|' %s/bus.conf > %s/bus.conf", f->dir,
		 getenv("TESTS"), f->dir);
	assert_int_equal(system(command), 0);
}

static pid_t spawn(char *const argv[])
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(argv[0], argv);
		_exit(127);
	}
	return pid;
}

static void wait_for_path(const char *path)
{
	int i;

	for (i = 0; i < 500 && access(path, F_OK) < 0; i++)
		usleep(10000);
	assert_int_equal(access(path, F_OK), 0);
}

static void start_bus(struct fixture *f)
{
	char config[64], address[64];
	char *argv[] = { "dbus-daemon", "--nofork",	 "--nopidfile",
			 "--nosyslog",	"--config-file", config,
			 NULL };

	snprintf(config, sizeof(config), "%s/bus.conf", f->dir);
	write_config(f);
	f->daemon = spawn(argv);
	snprintf(address, sizeof(address), "%s/bus", f->dir);
	wait_for_path(address);
	snprintf(address, sizeof(address), "unix:path=%s/bus", f->dir);
	setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
}

static void open_notify(struct fixture *f)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify",
		 f->dir);
	f->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->notify, (struct sockaddr *)&address,
			      sizeof(address)),
			 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	setenv("WATCHDOG_USEC", "2000000", 1);
}

const char *fixture_notified(struct fixture *f, int timeout_ms)
{
	struct pollfd p = { .fd = f->notify, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, timeout_ms) != 1)
		return "";
	n = recv(f->notify, f->notified, sizeof(f->notified) - 1, 0);
	assert_true(n >= 0);
	f->notified[n] = '\0';
	return f->notified;
}

void fixture_spawn_agent(struct fixture *f)
{
	char agent[256];
	char *argv[] = { agent, (char *)(f->jobs_max ?: "--jobs-max=64"),
			 (char *)(f->bytes_max ?: "--bytes-max=8388608"), NULL };

	/* what one before it has said */
	while (*fixture_notified(f, 0))
		;
	snprintf(agent, sizeof(agent), "%s/layby-agentd", getenv("PROGRAMS"));
	f->agent = spawn(argv);
}

void fixture_start_agent(struct fixture *f)
{
	int i;

	fixture_spawn_agent(f);
	for (i = 0; i < 5; i++)
		if (strstr(fixture_notified(f, 10000), "READY=1"))
			return;
	fail_msg("the agent did not get ready");
}

void fixture_node(struct fixture *f, bool present)
{
	if (present)
		close(open(f->node, O_CREAT | O_CLOEXEC, 0600));
	else
		unlink(f->node);
}

void fixture_gate(struct fixture *f, const char *reason)
{
	char part[80];
	FILE *file;

	if (!reason) {
		unlink(f->gate);
		return;
	}
	snprintf(part, sizeof(part), "%s.new", f->gate);
	file = fopen(part, "we");
	assert_non_null(file);
	fprintf(file, "%s\n", reason);
	fclose(file);
	assert_int_equal(rename(part, f->gate), 0);
}

sd_bus *fixture_connect(void)
{
	sd_bus *bus = NULL;

	assert_true(sd_bus_open_system(&bus) >= 0);
	return bus;
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_in_range(snprintf(f->dir, sizeof(f->dir), "%s/layby-test-XXXXXX",
				 getenv("TMPDIR") ?: "/tmp"),
			1, sizeof(f->dir) - 1);
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(chmod(f->dir, 0755), 0);
	snprintf(f->node, sizeof(f->node), "%s/node", f->dir);
	setenv("FAKE_LAYBY_NODE", f->node, 1);
	snprintf(f->gate, sizeof(f->gate), "%s/gate", f->dir);
	setenv("FAKE_LAYBY_GATE", f->gate, 1);
	snprintf(f->settings, sizeof(f->settings), "%s/settings", f->dir);
	setenv("FAKE_LAYBY_SETTINGS", f->settings, 1);
	snprintf(f->state, sizeof(f->state), "%s/state", f->dir);
	assert_int_equal(mkdir(f->state, 0700), 0);
	setenv("STATE_DIRECTORY", f->state, 1);
	setenv("FAKE_LAYBY_WINDOW", "4194304", 1);
	setenv("FAKE_LAYBY_DEPTH", "3", 1);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	fixture_node(f, true);
	start_bus(f);
	open_notify(f);
	fixture_start_agent(f);
	f->bus = fixture_connect();
	*state = f;
	return 0;
}

int fixture_end_agent(struct fixture *f, int signal)
{
	int status;

	kill(f->agent, signal);
	assert_int_equal(waitpid(f->agent, &status, 0), f->agent);
	f->agent = 0;
	return status;
}

/* The agent must end well by itself, sanitizers included. */
static void stop_agent(struct fixture *f)
{
	if (!f->agent)
		return;
	/* which nobody reads any more: a full one would hold it up */
	close(f->notify);
	f->notify = -1;
	assert_int_equal(fixture_end_agent(f, SIGTERM), 0);
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	char command[64];

	stop_agent(f);
	sd_bus_flush_close_unref(f->bus);
	kill(f->daemon, SIGTERM);
	waitpid(f->daemon, NULL, 0);
	if (f->notify >= 0)
		close(f->notify);
	snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

void as_user(uid_t uid, void (*check)(void *), void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setresgid(uid, uid, uid) < 0 ||
		    setresuid(uid, uid, uid) < 0)
			_exit(3);
		check(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}
