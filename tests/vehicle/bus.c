// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The fixture of the vehicle's tests. See the header. A failed check ends the
 * test, so none of this is for other threads.
 */
#include "bus.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/can/raw.h>

#define REPORT	"/sys/kernel/debug/layby/vehicle"
#define SIGNALS	"build/vehicle/signals.bin"

struct layby_signals signals;
struct sender sender = { .signals = &signals };

void read_signals(void)
{
	FILE *file = fopen(SIGNALS, "re");

	if (!file || fread(&signals, sizeof(signals), 1, file) != 1)
		fail_msg(SIGNALS " cannot be read");
	fclose(file);
}

struct report report(void)
{
	FILE *file = fopen(REPORT, "re");
	struct report r = { .heartbeat_ms = -1 };
	char line[128];
	int signal = 0, count = 0;

	if (!file)
		fail_msg(REPORT " cannot be read");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "mode %15s", r.mode) == 1 ||
		    sscanf(line, "ifindex %d", &r.ifindex) == 1 ||
		    sscanf(line, "heartbeat age_ms %ld", &r.heartbeat_ms) == 1 ||
		    !strcmp(line, "heartbeat\n"))
			continue;
		if (count < LAYBY_COUNTS &&
		    sscanf(line, "count %*s %lu", &r.count[count]) == 1)
			count++;
		else if (signal < LAYBY_SIGNALS &&
			 sscanf(line, "%*s %15s value %ld", r.signal[signal].state,
				&r.signal[signal].value) == 2)
			signal++;
		else
			fail_msg(REPORT " says: %s", line);
	}
	fclose(file);
	assert_int_equal(signal, LAYBY_SIGNALS);
	assert_int_equal(count, LAYBY_COUNTS);
	return r;
}

static int run_list(const char *format, va_list list)
{
	char command[512];

	vsnprintf(command, sizeof(command), format, list);
	return WEXITSTATUS(system(command));
}

int try_run(const char *format, ...)
{
	va_list list;
	int status;

	va_start(list, format);
	status = run_list(format, list);
	va_end(list);
	return status;
}

void run(const char *format, ...)
{
	va_list list;
	int status;

	va_start(list, format);
	status = run_list(format, list);
	va_end(list);
	if (status)
		fail_msg("«%s» ended with %d", format, status);
}

/* --- Sockets ---------------------------------------------------------------- */

void enter_netns(const char *netns)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail_msg("network namespace %s: %s", netns, strerror(errno));
	close(fd);
}

void leave_netns(void)
{
	int fd = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail_msg("the first network namespace: %s", strerror(errno));
	close(fd);
}

unsigned int find_interface(const char *netns, const char *interface)
{
	unsigned int ifindex;

	if (netns)
		enter_netns(netns);
	ifindex = if_nametoindex(interface);
	if (netns)
		leave_netns();
	if (!ifindex)
		fail_msg("there is no interface %s", interface);
	return ifindex;
}

int open_can(const char *netns, const char *interface)
{
	struct sockaddr_can address = { .can_family = AF_CAN };
	int fd, on = 1;

	address.can_ifindex = (int)find_interface(netns, interface);
	if (netns)
		enter_netns(netns);
	fd = socket(PF_CAN, SOCK_RAW | SOCK_CLOEXEC, CAN_RAW);
	if (fd < 0 || setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, NULL, 0) ||
	    setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FD_FRAMES, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)))
		fail_msg("socket on %s: %s", interface, strerror(errno));
	if (netns)
		leave_netns();
	return fd;
}

int send_signal(int fd, uint32_t signal)
{
	struct canfd_frame frame;
	size_t size = sender_frame(&sender, signals.signal[signal].frame, &frame);

	return write(fd, &frame, size) == (ssize_t)size ? 0 : -errno;
}

static uint64_t sum(const struct report *r)
{
	uint64_t n = 0;

	for (int i = 0; i < LAYBY_COUNTS; i++)
		n += r->count[i];
	return n;
}

struct report wait_for(const struct report *before, uint64_t frames)
{
	struct timespec ms = { .tv_nsec = 1000000 };
	struct report now = report();

	for (int i = 0; i < 1000 && sum(&now) < sum(before) + frames; i++) {
		nanosleep(&ms, NULL);
		now = report();
	}
	return now;
}

struct report tell(int fd, uint32_t signal)
{
	struct report before = report();
	int r = send_signal(fd, signal);

	if (r)
		fail_msg("the frame was not sent: %s", strerror(-r));
	return wait_for(&before, 1);
}

/* --- The car ---------------------------------------------------------------- */

void set_yes(uint32_t signal)
{
	assert_true(sender_yes(&signals, signal, &sender.raw[signal]));
}

void set_no(uint32_t signal)
{
	assert_true(sender_no(&signals, signal, &sender.raw[signal]));
}

void set_invalid(uint32_t signal)
{
	assert_true(sender_invalid(&signals, signal, &sender.raw[signal]));
}

void set_parked(void)
{
	set_yes(LAYBY_SIGNAL_GEAR);
	set_yes(LAYBY_SIGNAL_SPEED);
	set_yes(LAYBY_SIGNAL_IGNITION);
}

/* A slow machine may take longer from frame to frame than the policy lets pass. */
void park(int fd)
{
	struct report before, now;

	set_parked();
	for (int tries = 0; tries < 20; tries++) {
		before = report();
		for (uint32_t i = 0; i < 6; i++)
			if (send_signal(fd, i % 3))
				fail_msg("the car cannot send");
		now = wait_for(&before, 6);
		if (!strcmp(now.mode, "parked"))
			return;
	}
	expect_mode(&now, "parked");
}

/* --- Checks ----------------------------------------------------------------- */

void expect_count(const struct report *before, const struct report *after, uint32_t count)
{
	struct report want = *before;

	want.count[count]++;
	for (uint32_t i = 0; i < LAYBY_COUNTS; i++)
		if (after->count[i] != want.count[i])
			fail_msg("count %u went from %lu to %lu, and count %u was to grow by one",
				 i, before->count[i], after->count[i], count);
}

void expect_mode(const struct report *now, const char *mode)
{
	assert_string_equal(now->mode, mode);
}
