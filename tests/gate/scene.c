// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * See scene.h. A child is asked by a line and answers by one; it ends with its
 * standard input, so with this program at the latest.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <layby.h>

#include "scene.h"

#define BUILD	"/layby/build/"
#define OWNER	"--key " BUILD "keys/owner.key --certificate " BUILD "keys/owner.crt "
#define SIGN	BUILD "agent/laybyctl consent sign " OWNER "--until +2d --utc-offset +00:00"
#define ALL_SLOTS	3

/* LAYBY_TOKEN: of a machine that cannot sign; token_sign() does nothing then. */
static const char *token_path(void)
{
	const char *given = getenv("LAYBY_TOKEN");

	return given ? given : "/run/gate-token";
}

struct actor {
	pid_t pid;
	FILE *in, *out;
};

static struct actor the_car, the_park, the_forger;

static void actor_run(char *const argv[], int in, int out)
{
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	execv(argv[0], argv);
	_exit(127);
}

static int actor_start(struct actor *actor, char *const argv[])
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		return -errno;
	actor->pid = fork();
	if (actor->pid < 0)
		return -errno;
	if (!actor->pid)
		actor_run(argv, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	actor->in = fdopen(to[1], "w");
	actor->out = fdopen(from[0], "r");
	return actor->in && actor->out ? 0 : -ENOMEM;
}

static void actor_end(struct actor *actor)
{
	if (!actor->pid)
		return;
	fclose(actor->in);
	fclose(actor->out);
	kill(actor->pid, SIGKILL);
	waitpid(actor->pid, NULL, 0);
	actor->pid = 0;
}

static int actor_ask(struct actor *actor, const char *format, va_list list)
{
	char line[128];
	long error = 0;

	vfprintf(actor->in, format, list);
	fputc('\n', actor->in);
	if (fflush(actor->in) || !fgets(line, sizeof(line), actor->out))
		return -EPIPE;
	if (!strncmp(line, "ok", 2))
		return 0;
	if (!strncmp(line, "error ", 6))
		error = strtol(line + 6, NULL, 10);
	return error < 0 ? (int)error : -EPROTO;
}

int car(const char *format, ...)
{
	va_list list;
	int r;

	va_start(list, format);
	r = actor_ask(&the_car, format, list);
	va_end(list);
	return r;
}

int park(const char *format, ...)
{
	va_list list;
	int r;

	va_start(list, format);
	r = actor_ask(&the_park, format, list);
	va_end(list);
	return r;
}

pid_t park_pid(void)
{
	return the_park.pid;
}

pid_t car_pid(void)
{
	return the_car.pid;
}

int park_start(void)
{
	char token[64], signature[64];
	char *const argv[] = { BUILD "park/park", token, signature, NULL };

	snprintf(token, sizeof(token), "%s.bin", token_path());
	snprintf(signature, sizeof(signature), "%s.p7s", token_path());
	signal(SIGPIPE, SIG_IGN);
	actor_end(&the_park);
	return actor_start(&the_park, argv);
}

static int car_start(void)
{
	static char *const argv[] = {
		BUILD "vehicle/car", "--netns", "car", "--period", "50", "can0",
		BUILD "park/signals.bin", NULL,
	};

	return actor_start(&the_car, argv);
}

static int forger_start(void)
{
	static char *const argv[] = {
		BUILD "vehicle/car", "--period", "50", "can0", BUILD "park/signals.bin", NULL,
	};

	return the_forger.pid ? 0 : actor_start(&the_forger, argv);
}

int forger(const char *format, ...)
{
	va_list list;
	int r = forger_start();

	if (r)
		return r;
	va_start(list, format);
	r = actor_ask(&the_forger, format, list);
	va_end(list);
	return r;
}

/* --- Consent ---------------------------------------------------------------- */

int token_sign(const char *id, const char *options)
{
	char command[1024];

	if (getenv("LAYBY_TOKEN"))
		return 0;
	snprintf(command, sizeof(command), SIGN " --id %s %s %s -o %s.bin >/run/gate-sign.log 2>&1",
		 id, strstr(options, "--energy-total") ? "" : "--energy-total 1000kWh", options,
		 token_path());
	return system(command) ? -EINVAL : 0;
}

int token_give_again(void)
{
	return park("give %s.bin %s.p7s", token_path(), token_path());
}

int token_give(const char *options)
{
	int r = token_sign(SCENE_ID, options);

	return r ? r : token_give_again();
}

/* --- Everything is right ----------------------------------------------------- */

/* Another backend is not misbehaved by parameters. */
static int behave(void)
{
	int r;

	if (access("/sys/module/layby_null", F_OK))
		return 0;
	r = null_behave();
	if (!r)
		r = null_set("stop_us", 0);
	if (!r)
		r = null_set("energy_uj", 0);
	if (!r)
		r = null_set("lose_sensor", 0);
	if (!r)
		r = null_set("only_slot", ALL_SLOTS);
	return r ? r : null_set("temperature_mdeg", 25000);
}

int scene_start(void)
{
	int r = behave();

	if (!r)
		r = car_start();
	if (!r)
		r = car("park");
	if (!r)
		r = car("charging yes");
	if (!r)
		r = car("charge 80");
	if (!r)
		r = token_sign(SCENE_ID, "");
	return r ? r : park_start();
}

void scene_end(void)
{
	actor_end(&the_forger);
	actor_end(&the_park);
	actor_end(&the_car);
}

int scene_set_up(void **state)
{
	int r = scene_start();

	if (!r)
		r = token_give_again();
	if (r)
		print_error("scene: %s\n", strerror(-r));
	return r;
}

int scene_tear_down(void **state)
{
	scene_end();
	return 0;
}

/* What a test that failed in its midst has left. */
int scene_right(void **state)
{
	int r = behave();

	if (!r)
		r = car("park");
	if (!r)
		r = car("charging yes");
	if (!r)
		r = car("charge 80");
	return r ? r : park("renew");
}

/* --- Checks ------------------------------------------------------------------ */

const char *gate_says(void)
{
	static char text[128];
	struct gate_state now;
	int r = gate_state(&now);

	if (r)
		return strerror(-r);
	snprintf(text, sizeof(text), "%s%s", layby_gate_reason_name(now.reason),
		 now.guests_in ? ", guests are in" : "");
	return text;
}

void must_open(void)
{
	if (!gate_opens())
		fail_msg("the gate must open, it says: %s", gate_says());
}

void must_close(uint32_t reason)
{
	if (!gate_closes(reason))
		fail_msg("the gate must close, %s, it says: %s",
			 layby_gate_reason_name(reason), gate_says());
}
