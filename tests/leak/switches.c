// SPDX-License-Identifier: LGPL-2.1-or-later
/* Switches, see switches.h. */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "control.h"
#include "scene.h"
#include "switches.h"

/* Of so many switches one each is of the kinds that are not plain. */
#define ROUND		200u
#define BETWEEN		(ROUND / SWITCH_KINDS)

/* A job that hangs is stopped after it. */
#define SHORT_RUN	(20 * MS)

/* Of the spare buffers, in pages. */
#define PIECE_MAX	32u

/* So many plain switches come between two in which the tiles are full. */
#define SMALL_INPUTS	10u

/* A gate that closes by itself may spoil what was to be in flight. */
#define TRIES		5

const char *const switch_name[SWITCH_KINDS] = {
	[SWITCH_PLAIN] = "plain", [SWITCH_RESET] = "reset", [SWITCH_SLOT] = "slot",
	[SWITCH_HANG] = "hang", [SWITCH_RECLAIM] = "reclaim",
	[SWITCH_WITHDRAWN] = "withdrawn", [SWITCH_KILLED] = "killed",
};

static struct tenant pair[2];

/* What a child found, which cannot tell it any more. */
static struct found *of_child;

enum switch_kind switch_kind(uint64_t number)
{
	uint64_t at = number % ROUND;

	return at % BETWEEN || at / BETWEEN >= SWITCH_KINDS ? SWITCH_PLAIN :
							       (enum switch_kind)(at / BETWEEN);
}

/* --- Between the two ----------------------------------------------------------- */

/* One job of the first is on the tiles and does not end by itself. */
static int begin_hanging(struct tenant *first, uint64_t longest_run_ns)
{
	int ret = control_fault("Hang", GUEST_SLOT);

	return ret ? ret : tenant_begin(first, longest_run_ns);
}

static int begin_seen_hanging(struct tenant *first)
{
	int ret = begin_hanging(first, LONG_RUN);

	return ret ? ret : slot_becomes(GUEST_SLOT, "running") ? 0 : -ETIMEDOUT;
}

/* 0 if a job ended so, or with the gate, which on a slow machine may close any time. */
static int must_end(struct tenant *first, int result)
{
	int ret = tenant_end(first);

	return ret == result || gate_was_closed(ret) ? 0 : -EPROTO;
}

/* The job begins anew behind the reset, which has ended its hanging, too. */
static int by_reset(struct tenant *first, struct tenant *second)
{
	int ret = begin_seen_hanging(first);

	if (!ret)
		ret = control_device("ResetDevice");
	return ret ? ret : must_end(first, 0);
}

static int by_slot(struct tenant *first, struct tenant *second)
{
	int ret = control_fault("LoseAbort", GUEST_SLOT);

	if (!ret)
		ret = begin_hanging(first, SHORT_RUN);
	return ret ? ret : must_end(first, -ETIME);
}

static int by_hang(struct tenant *first, struct tenant *second)
{
	int ret = begin_hanging(first, SHORT_RUN);

	return ret ? ret : must_end(first, -ETIME);
}

static int by_reclaim(struct tenant *first, struct tenant *second)
{
	int ret = begin_seen_hanging(first);

	if (!ret)
		ret = park("drop");
	if (!ret)
		ret = must_end(first, -ECANCELED);
	return ret ? ret : park("take");
}

/* Both are dead then: the second is a new party, and so is the first. */
static int by_withdrawal(struct tenant *first, struct tenant *second)
{
	int ret = begin_seen_hanging(first);

	if (!ret)
		ret = park("withdraw");
	if (!ret)
		ret = must_end(first, -ECANCELED);
	if (!ret)
		ret = token_give("");
	tenant_close(first);
	tenant_close(second);
	if (!ret)
		ret = tenant_open(second);
	return ret ? ret : tenant_open(first);
}

/* --- The agent dies --------------------------------------------------------------- */

/* Nobody came between: what its own last job left on the tiles, it may find there. */
static int turn_again(struct tenant *tenant)
{
	struct found again = {};
	int ret = tenant_turn(tenant, PAGE, INPUT_MAX, &again);

	of_child->secret += again.secret;
	return ret;
}

/* To the first it is the second, until it dies. */
static int live(void *arg)
{
	struct tenant tenant;
	int ret;

	tenant_name_child();
	ret = tenant_open(&tenant);
	if (!ret)
		ret = tenant_turn(&tenant, PAGE, INPUT_MAX, of_child);
	if (!ret)
		child_ready();
	while (!ret)
		ret = turn_again(&tenant);
	return -ret;
}

static int kill_child(uint64_t number)
{
	pid_t child = child_start(live, NULL);
	int ret;

	if (child < 0)
		return child;
	/* So that each dies somewhere else. */
	usleep(number * 977 % 5000);
	kill(child, SIGKILL);
	ret = child_wait(child);
	return ret == -SIGKILL ? 0 : ret > 0 ? -ret : -EPROTO;
}

/* The two parts of an agent: who has the jobs, and who has the lease. */
static int by_killing(struct tenant *first, struct tenant *second)
{
	int64_t before = window_free(second->work.party.fd);
	int ret = before < 0 ? (int)before : kill_child((uint64_t)before / PAGE);

	if (ret)
		return ret;
	kill(park_pid(), SIGKILL);
	ret = park_start();
	if (ret)
		return ret;
	return window_becomes_free(second->work.party.fd, before) ? 0 : -ETIMEDOUT;
}

/* --- Switches ---------------------------------------------------------------------- */

static int (*const between[SWITCH_KINDS])(struct tenant *first, struct tenant *second) = {
	[SWITCH_RESET] = by_reset, [SWITCH_SLOT] = by_slot, [SWITCH_HANG] = by_hang,
	[SWITCH_RECLAIM] = by_reclaim, [SWITCH_WITHDRAWN] = by_withdrawal,
	[SWITCH_KILLED] = by_killing,
};

static int happens(enum switch_kind kind, struct tenant *first, struct tenant *second)
{
	unsigned int tries = TRIES;
	int ret;

	if (!between[kind])
		return 0;
	do {
		ret = between[kind](first, second);
	} while ((ret == -EPROTO || ret == -ESHUTDOWN) && --tries);
	if (ret)
		return ret;
	return gate_opens() ? 0 : -ESHUTDOWN;
}

static size_t piece(uint64_t number)
{
	return (number * 2654435761u >> 9) % PIECE_MAX * PAGE + PAGE;
}

static size_t input(uint64_t number)
{
	return number % SMALL_INPUTS && switch_kind(number) == SWITCH_PLAIN ? PAGE : INPUT_MAX;
}

int switch_once(uint64_t number, struct found *found)
{
	struct tenant *first = &pair[number % 2], *second = &pair[(number + 1) % 2];
	enum switch_kind kind = switch_kind(number);
	int ret;

	*of_child = (struct found){};
	ret = happens(kind, first, second);
	*found = *of_child;
	if (!ret)
		ret = tenant_turn(second, piece(number), input(number + 1), found);
	if (!ret && kind != SWITCH_PLAIN)
		ret = tenant_look_everywhere(second, found);
	return ret;
}

int switches_start(uint64_t number)
{
	struct tenant *first = &pair[number % 2], *second = &pair[(number + 1) % 2];
	struct found none = {};
	int ret;

	of_child = mmap(NULL, sizeof(*of_child), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (of_child == MAP_FAILED)
		return -ENOMEM;
	ret = tenant_open(first);
	if (!ret)
		ret = tenant_open(second);
	return ret ? ret : tenant_turn(first, PAGE, INPUT_MAX, &none);
}

void switches_end(void)
{
	tenant_close(&pair[0]);
	tenant_close(&pair[1]);
}
