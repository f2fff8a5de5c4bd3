// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * count - the instructions of the kernel's share, in a machine under -icount
 *
 *   count foreign      what sending a frame takes that is none of ours
 *   count reclaim      the rest
 *
 * There the CPU's counter grows by one an instruction, so differences of it are
 * counts. The kernel's own stamps are those of the bench build (kmod/bench.c). Each
 * prints one flat JSON object, medians of ROUNDS.
 */
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <x86intrin.h>

#include <linux/can.h>
#include <linux/can/raw.h>

#include "guest.h"
#include "measure.h"
#include "scene.h"

#define ROUNDS		101
#define WARM_UP		20
#define FOREIGN_ID	0x7df

/* kmod/layby.h */
struct stamps {
	unsigned long softirq, doorbell, answer, handover;
};

static struct guest guest;

static int by_value(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return (x > y) - (x < y);
}

static unsigned long median(unsigned long *values)
{
	qsort(values, ROUNDS, sizeof(*values), by_value);
	return values[ROUNDS / 2];
}

/* --- A frame that is none of ours ------------------------------------------------ */

static int open_far(void)
{
	struct sockaddr_can address = { .can_family = AF_CAN };
	int fd = open("/run/netns/car", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		return -errno;
	close(fd);
	fd = socket(PF_CAN, SOCK_RAW | SOCK_CLOEXEC, CAN_RAW);
	address.can_ifindex = (int)if_nametoindex("can0");
	if (fd < 0 || setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, NULL, 0) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return fd;
}

static unsigned long send_foreign(int fd)
{
	struct can_frame frame = { .can_id = FOREIGN_ID, .len = 8 };
	unsigned long before = __rdtsc();

	if (write(fd, &frame, sizeof(frame)) != sizeof(frame))
		die("foreign frame", -errno);
	return __rdtsc() - before;
}

static int count_foreign(void)
{
	unsigned long took[ROUNDS];
	int fd = (int)need("can0", open_far()), i;

	for (i = 0; i < WARM_UP; i++)
		send_foreign(fd);
	for (i = 0; i < ROUNDS; i++)
		took[i] = send_foreign(fd);
	printf("{ \"foreign\": %lu }\n", median(took));
	return 0;
}

/* --- Reclaims --------------------------------------------------------------------- */

static struct stamps read_stamps(void)
{
	FILE *file = fopen("/sys/module/layby/parameters/stamp", "re");
	struct stamps now;

	if (!file || fscanf(file, "%lu,%lu,%lu,%lu", &now.softirq, &now.doorbell,
			    &now.answer, &now.handover) != 4)
		die("no stamps, is it the bench build?", -ENOENT);
	fclose(file);
	return now;
}

static int open_with_job(void)
{
	int lease = (int)need("lease", lease_take(guest.party.fd));

	if (!gate_opens())
		die("the gate does not open", -ETIMEDOUT);
	need("submit", guest_submit(&guest, 1));
	return lease;
}

static void closed(uint32_t reason)
{
	struct done done;

	if (!gate_closes(reason))
		die("the gate does not close", -ETIMEDOUT);
	need("job", ring_collect(&guest.ring, &done, 1));
}

static void by_lease(unsigned long *doorbell)
{
	int lease = open_with_job();
	unsigned long before = __rdtsc();

	close(lease);
	closed(LAYBY_GATE_NO_LEASE);
	*doorbell = read_stamps().doorbell - before;
}

static void by_frame(unsigned long *doorbell, unsigned long *handover)
{
	int lease = open_with_job();
	struct stamps stamps;

	need("gear", car("gear no"));
	closed(0);
	stamps = read_stamps();
	*doorbell = stamps.doorbell - stamps.softirq;
	*handover = stamps.handover - stamps.answer;
	close(lease);
	need("gear", car("gear yes"));
	if (!gate_closes(LAYBY_GATE_NO_LEASE))
		die("parked again", -ETIMEDOUT);
}

static void begin(void)
{
	need("seal", gate_order(LAYBY_NL_SEAL));
	need("scene", scene_start());
	need("token", token_give_again());
	need("park", park("drop"));
	need("guest", guest_open(&guest));
	/* An answer that comes while the worker waits for it. */
	need("layby_null", null_set("stop_us", 1000));
	need("layby_null", null_set("hang", 1));
	if (!gate_closes(LAYBY_GATE_NO_LEASE))
		die("something besides the lease is not right", -EAGAIN);
}

static int count_reclaim(void)
{
	unsigned long close_lease[ROUNDS], frame[ROUNDS], handover[ROUNDS];
	int i;

	begin();
	for (i = 0; i < WARM_UP; i++)
		by_frame(frame, handover);
	for (i = 0; i < ROUNDS; i++)
		by_frame(&frame[i], &handover[i]);
	for (i = 0; i < ROUNDS; i++)
		by_lease(&close_lease[i]);
	printf("{ \"signal_to_doorbell_instr\": %lu,", median(frame));
	printf(" \"close_to_doorbell_instr\": %lu,", median(close_lease));
	printf(" \"ack_to_handover_instr\": %lu }\n", median(handover));
	guest_close(&guest);
	scene_end();
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc == 2 && !strcmp(argv[1], "foreign"))
		return count_foreign();
	if (argc == 2 && !strcmp(argv[1], "reclaim"))
		return count_reclaim();
	fputs("usage: count foreign|reclaim\n", stderr);
	return 2;
}
