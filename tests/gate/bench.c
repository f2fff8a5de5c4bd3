// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bench - how long it takes until the tiles are back
 *
 *   bench reclaim|sigkill|sigstop|silence COUNT SECONDS FILE
 *   bench seal 0 0 /dev/null
 *
 * Appends one line a reclaim to FILE, nanoseconds on the machine's clock: of a
 * reclaim those from the input that closed the gate to the tiles handed back, of the
 * others those from the deed (the signal sent, the last frame) to that. Ends after
 * COUNT or SECONDS. In each a guest's job that does not end by itself is in flight.
 */
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <layby.h>

#include "guest.h"
#include "measure.h"
#include "scene.h"

#define RENEW_MS	20

static struct guest guest;

static void job_begins(void)
{
	need("submit", guest_submit(&guest, 1));
}

/* A gate that closed too early for it has refused it. */
static void job_ends(void)
{
	struct done done;

	need("job", ring_collect(&guest.ring, &done, 1));
	if (done.res != -ECANCELED && done.res != -ESHUTDOWN)
		die("a job had another end", done.res);
}

/* --- Lease dropped, as fast as it goes ----------------------------------------- */

static uint64_t reclaim_once(void)
{
	struct gate_counts before = counts(), now;
	int lease = (int)need("lease", lease_take(guest.party.fd));

	before = wait_counts(before.opened + 1, 0);
	job_begins();
	close(lease);
	now = wait_counts(0, before.reclaims + 1);
	job_ends();
	return now.last_ns;
}

/* --- Death and silence ----------------------------------------------------------- */

static int agent(void *arg)
{
	int lease = lease_take(guest.party.fd);

	if (lease < 0)
		return -lease;
	child_ready();
	while (!ioctl(lease, LAYBY_LEASE_RENEW))
		sleep_ms(RENEW_MS);
	return errno;
}

/* From @start_ns to the tiles handed back. */
static uint64_t took(uint64_t start_ns, uint64_t reclaims)
{
	return wait_counts(0, reclaims + 1).last_at_ns - start_ns;
}

static uint64_t signal_once(int number)
{
	struct gate_counts before = counts();
	pid_t pid = (pid_t)need("agent", child_start(agent, NULL));
	uint64_t start_ns, ns;

	before = wait_counts(before.opened + 1, 0);
	job_begins();
	sleep_ms((unsigned int)random() % RENEW_MS);
	start_ns = now_ns();
	kill(pid, number);
	ns = took(start_ns, before.reclaims);
	job_ends();
	kill(pid, SIGKILL);
	child_wait(pid);
	return ns;
}

static uint64_t sigkill_once(void)
{
	return signal_once(SIGKILL);
}

static uint64_t sigstop_once(void)
{
	return signal_once(SIGSTOP);
}

static void set_link(bool up)
{
	int fd = (int)need("socket", socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	struct ifreq link = { .ifr_name = "can0" };

	need("can0", ioctl(fd, SIOCGIFFLAGS, &link));
	link.ifr_flags = (short)(up ? link.ifr_flags | IFF_UP : link.ifr_flags & ~IFF_UP);
	need("can0", ioctl(fd, SIOCSIFFLAGS, &link));
	close(fd);
}

/* By turns nothing is said, and nothing can be. */
static uint64_t silence_once(void)
{
	static unsigned int turn;
	struct gate_counts before = counts();
	uint64_t start_ns, ns;
	bool down = turn++ % 2;

	before = wait_counts(before.reclaims + 1, before.reclaims);
	job_begins();
	sleep_ms((unsigned int)random() % 50);
	start_ns = now_ns();
	if (down)
		set_link(false);
	else
		need("silence", car("silence"));
	ns = took(start_ns, before.reclaims);
	job_ends();
	if (down)
		set_link(true);
	else
		need("resume", car("resume"));
	return ns;
}

/* --------------------------------------------------------------------------------- */

/* Not measured; nothing else is needed for it. */
static uint64_t seal_once(void)
{
	need("seal", gate_order(LAYBY_NL_SEAL));
	return 0;
}

static uint64_t (*find(const char *name))(void)
{
	return !strcmp(name, "reclaim") ? reclaim_once :
	       !strcmp(name, "sigkill") ? sigkill_once :
	       !strcmp(name, "sigstop") ? sigstop_once :
	       !strcmp(name, "silence") ? silence_once :
	       !strcmp(name, "seal") ? seal_once : NULL;
}

/* Everything is right but the lease, which only silence leaves to park. */
static void begin(bool with_park)
{
	need("scene", scene_start());
	need("token", token_give_again());
	if (!with_park)
		need("park", park("drop"));
	need("guest", guest_open(&guest));
	if (!with_park && !gate_closes(LAYBY_GATE_NO_LEASE))
		die("something besides the lease is not right", -EAGAIN);
	if (with_park && !gate_opens())
		die("the gate does not open", -EAGAIN);
	need("layby_null", null_set("only_slot", GUEST_SLOT));
	need("layby_null", null_set("hang", 1));
}

static void measure(uint64_t (*once)(void), unsigned long count, uint64_t end_ns, FILE *file)
{
	unsigned long done;

	for (done = 0; done < count && now_ns() < end_ns; done++) {
		fprintf(file, "%llu\n", (unsigned long long)once());
		if (done % 1000 == 999)
			printf("%lu of %lu\n", done + 1, count);
	}
}

int main(int argc, char *argv[])
{
	uint64_t (*once)(void) = argc == 5 ? find(argv[1]) : NULL;
	FILE *file;

	if (!once) {
		fputs("usage: bench reclaim|sigkill|sigstop|silence COUNT SECONDS FILE\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	file = fopen(argv[4], "ae");
	if (!file)
		die(argv[4], -errno);
	if (once == seal_once)
		return (int)once();
	begin(once == silence_once);
	measure(once, strtoul(argv[2], NULL, 10),
		now_ns() + strtoul(argv[3], NULL, 10) * SECOND, file);
	guest_close(&guest);
	scene_end();
	return fclose(file) ? 1 : 0;
}
