// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * car - plays the car on the far end of the bus
 *
 *   car [--netns NAME] [--period MS] INTERFACE SIGNALS.BIN
 *
 * Sends every frame of the signals file each period (default 20 ms) with right
 * counter and CRC. It is silent until the first command that needs it to speak.
 * What a command changes is sent at once, as a control unit does. Commands are
 * lines on stdin; each is answered by "ok" or "error: why" on stdout once it is
 * done. It ends with stdin, or with the command quit.
 *
 *   park, drive            gear, speed and ignition say so; it speaks
 *   SIGNAL yes|no|invalid  what a signal means: gear, speed, ignition, charging,
 *                          charge, supply
 *   SIGNAL NUMBER          its value, in km/h, per cent, volt
 *   SIGNAL raw N           its bits
 *   silence [FRAME]        says nothing any more; FRAME: a signal in it, or 0x3c0
 *   resume [FRAME]         speaks again
 *   send [FRAME]           once, now
 *   crc FRAME N            the next N frames have a wrong CRC,
 *   repeat FRAME N           a counter that stands still,
 *   length FRAME N           too few bytes,
 *   remote FRAME N           are remote frames (classic CAN only);
 *   skip FRAME N           the next counter jumps over N values
 *   period MS              from now on
 *   sent                   answers "ok N", frames that the bus took
 *   quit
 *
 * An interface that is down, or gone, is said on stderr once and tried again.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <linux/can/raw.h>

#include "frame.h"

#define LINE_MAX_BYTES	256
#define PERIOD_MS_MAX	60000ul

static const char * const signal_names[LAYBY_SIGNALS] = {
	"gear", "speed", "ignition", "charging", "charge", "supply",
};

static struct car {
	struct layby_signals signals;
	struct sender sender;
	bool speaking[LAYBY_SIGNALS_FRAMES_MAX];
	unsigned long sent;
	int socket, timer, error;
} car;

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *format, ...)
{
	va_list list;

	fputs("car: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	exit(2);
}

/* --- The bus ---------------------------------------------------------------- */

static void send_frame(uint32_t frame)
{
	struct canfd_frame out;
	size_t size = sender_frame(&car.sender, frame, &out);

	if (write(car.socket, &out, size) == (ssize_t)size) {
		car.sent++;
		car.error = 0;
		return;
	}
	if (errno == car.error)
		return;
	car.error = errno;
	fprintf(stderr, "car: frame 0x%x was not sent: %s%s\n", out.can_id & CAN_EFF_MASK,
		strerror(errno), errno == EINVAL && size == CANFD_MTU ?
		": CAN FD needs both ends to have mtu 72" : "");
}

static void send_speaking(uint32_t mask)
{
	for (uint32_t i = 0; i < car.signals.frame_count; i++)
		if (car.speaking[i] && mask & 1u << i)
			send_frame(i);
}

static void set_period(unsigned long ms)
{
	struct itimerspec time = {
		.it_interval = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 },
		.it_value = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 },
	};

	if (timerfd_settime(car.timer, 0, &time, NULL))
		die("timer: %s", strerror(errno));
}

static void open_bus(const char *interface)
{
	struct sockaddr_can address = { .can_family = AF_CAN };
	int on = 1;

	car.socket = socket(PF_CAN, SOCK_RAW | SOCK_CLOEXEC, CAN_RAW);
	if (car.socket < 0)
		die("no CAN socket: %s", strerror(errno));
	address.can_ifindex = (int)if_nametoindex(interface);
	if (!address.can_ifindex)
		die("there is no interface %s here (--netns names another network namespace)",
		    interface);
	/* what others send is of no interest */
	if (setsockopt(car.socket, SOL_CAN_RAW, CAN_RAW_FILTER, NULL, 0) ||
	    setsockopt(car.socket, SOL_CAN_RAW, CAN_RAW_FD_FRAMES, &on, sizeof(on)) ||
	    bind(car.socket, (struct sockaddr *)&address, sizeof(address)))
		die("%s: %s", interface, strerror(errno));
}

/* --- Commands: NULL if it is done, else why it is not ------------------------ */

static uint32_t find_signal(const char *name)
{
	uint32_t i;

	for (i = 0; i < LAYBY_SIGNALS; i++)
		if (!strcmp(signal_names[i], name))
			break;
	return i;
}

/* Mask of the frames that are meant, 0 if there are none. */
static uint32_t find_frames(const char *name)
{
	uint32_t signal, i;
	unsigned long id;
	char *end;

	if (!name)
		return (1u << car.signals.frame_count) - 1;
	signal = find_signal(name);
	if (signal < LAYBY_SIGNALS)
		return car.signals.signal[signal].length ?
			1u << car.signals.signal[signal].frame : 0;
	id = strtoul(name, &end, 16);
	for (i = 0; !*end && i < car.signals.frame_count; i++)
		if ((car.signals.frame[i].can_id & ~LAYBY_SIGNALS_EXTENDED) == id)
			return 1u << i;
	return 0;
}

static const char *no_frame = "no such frame: right is a signal's name, or an id as in 0x3c0";

static const char *speak(const char *name, bool speaking)
{
	uint32_t mask = find_frames(name);

	if (!mask)
		return no_frame;
	for (uint32_t i = 0; i < car.signals.frame_count; i++)
		if (mask & 1u << i)
			car.speaking[i] = speaking;
	if (speaking)
		send_speaking(mask);
	return NULL;
}

static const char *send_now(const char *name)
{
	uint32_t mask = find_frames(name);

	for (uint32_t i = 0; i < car.signals.frame_count; i++)
		if (mask & 1u << i)
			send_frame(i);
	return mask ? NULL : no_frame;
}

static const char *set_mode(bool parked)
{
	static const uint32_t signals[] = {
		LAYBY_SIGNAL_GEAR, LAYBY_SIGNAL_SPEED, LAYBY_SIGNAL_IGNITION,
	};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (parked)
			sender_yes(&car.signals, signals[i], &car.sender.raw[signals[i]]);
		else
			sender_no(&car.signals, signals[i], &car.sender.raw[signals[i]]);
	return speak(NULL, true);
}

static bool parse_value(uint32_t signal, const char *what, const char *number, uint32_t *ret_raw)
{
	char *end;
	double value;

	if (!strcmp(what, "yes"))
		return sender_yes(&car.signals, signal, ret_raw);
	if (!strcmp(what, "no"))
		return sender_no(&car.signals, signal, ret_raw);
	if (!strcmp(what, "invalid"))
		return sender_invalid(&car.signals, signal, ret_raw);
	if (!strcmp(what, "raw") && number) {
		*ret_raw = (uint32_t)strtoul(number, &end, 0);
		return !*end;
	}
	value = strtod(what, &end);
	if (*end || end == what || !isfinite(value))
		return false;
	*ret_raw = sender_scale(&car.signals, signal, value);
	return true;
}

static const char *set_signal(uint32_t signal, const char *what, const char *number)
{
	const struct layby_signals_signal *s = &car.signals.signal[signal];

	if (!s->length)
		return "the signals file has no such signal";
	if (!what || !parse_value(signal, what, number, &car.sender.raw[signal]))
		return "right is yes, no, invalid, a number or raw N, as far as it has such";
	send_speaking(1u << s->frame);
	return NULL;
}

static const char *set_fault(const char *fault, const char *name, const char *number)
{
	uint32_t mask = name ? find_frames(name) : 0, count;
	struct frame_faults *faults;
	char *end = "x";

	count = number ? (uint32_t)strtoul(number, &end, 10) : 0;
	if (!mask || *end)
		return mask ? "how many? as in: crc gear 3" : no_frame;
	for (uint32_t i = 0; i < car.signals.frame_count; i++) {
		if (!(mask & 1u << i))
			continue;
		faults = &car.sender.faults[i];
		*(!strcmp(fault, "crc") ? &faults->crc : !strcmp(fault, "repeat") ?
		  &faults->repeat : !strcmp(fault, "skip") ? &faults->skip :
		  !strcmp(fault, "length") ? &faults->length : &faults->remote) = count;
	}
	return NULL;
}

static bool is_fault(const char *word)
{
	return !strcmp(word, "crc") || !strcmp(word, "repeat") || !strcmp(word, "skip") ||
	       !strcmp(word, "length") || !strcmp(word, "remote");
}

static const char *change_period(const char *number)
{
	char *end;
	unsigned long ms = number ? strtoul(number, &end, 10) : 0;

	if (!ms || *end || ms > PERIOD_MS_MAX)
		return "right is a number of milliseconds from 1 to 60000";
	set_period(ms);
	return NULL;
}

static const char *obey(char *words[3])
{
	uint32_t signal = find_signal(words[0]);

	if (signal < LAYBY_SIGNALS)
		return set_signal(signal, words[1], words[2]);
	if (is_fault(words[0]))
		return set_fault(words[0], words[1], words[2]);
	if (!strcmp(words[0], "park") || !strcmp(words[0], "drive"))
		return set_mode(words[0][0] == 'p');
	if (!strcmp(words[0], "silence") || !strcmp(words[0], "resume"))
		return speak(words[1], words[0][0] == 'r');
	if (!strcmp(words[0], "send"))
		return send_now(words[1]);
	if (!strcmp(words[0], "period"))
		return change_period(words[1]);
	return "no such command; its source lists them at the top";
}

/* False: the end. */
static bool handle_line(char *line)
{
	char *words[3] = { strtok(line, " \t\r"), strtok(NULL, " \t\r"), strtok(NULL, " \t\r") };
	const char *why;

	if (!words[0])
		return true;
	if (!strcmp(words[0], "quit"))
		return false;
	if (!strcmp(words[0], "sent")) {
		printf("ok %lu\n", car.sent);
		return true;
	}
	why = obey(words);
	if (why)
		printf("error: %s: %s\n", words[0], why);
	else
		puts("ok");
	return true;
}

/* --- The loop --------------------------------------------------------------- */

/* False: the end. */
static bool read_commands(void)
{
	static char buffer[LINE_MAX_BYTES];
	static size_t length;
	ssize_t n = read(STDIN_FILENO, buffer + length, sizeof(buffer) - length);
	char *line = buffer, *end;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	length += (size_t)n;
	while ((end = memchr(line, '\n', length - (size_t)(line - buffer)))) {
		*end = '\0';
		if (!handle_line(line))
			return false;
		line = end + 1;
	}
	length -= (size_t)(line - buffer);
	memmove(buffer, line, length);
	if (length == sizeof(buffer))
		die("a line has %zu bytes or more", sizeof(buffer));
	return true;
}

static void run(void)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = car.timer, .events = POLLIN },
	};
	uint64_t times;

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		if (fds[1].revents && read(car.timer, &times, sizeof(times)) == sizeof(times))
			send_speaking(UINT32_MAX);
		if (fds[0].revents && !read_commands())
			return;
	}
}

static void enter_namespace(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die("network namespace %s: %s", name, strerror(errno));
	close(fd);
}

static void read_signals(const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file || fread(&car.signals, sizeof(car.signals), 1, file) != 1 ||
	    car.signals.magic != LAYBY_SIGNALS_MAGIC)
		die("%s: not a signals file in binary form (laybyctl signals compile)", path);
	fclose(file);
	car.sender.signals = &car.signals;
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "netns", required_argument, NULL, 'n' },
		{ "period", required_argument, NULL, 'p' },
		{}
	};
	unsigned long period_ms = 20;
	int c;

	while ((c = getopt_long(argc, argv, "n:p:", options, NULL)) >= 0) {
		if (c == 'n')
			enter_namespace(optarg);
		else if (c == 'p')
			period_ms = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (argc - optind != 2 || !period_ms || period_ms > PERIOD_MS_MAX)
		die("usage: car [--netns NAME] [--period MS] INTERFACE SIGNALS.BIN");
	setvbuf(stdout, NULL, _IOLBF, 0);
	read_signals(argv[optind + 1]);
	open_bus(argv[optind]);
	car.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (car.timer < 0)
		die("timer: %s", strerror(errno));
	set_period(period_ms);
	run();
	return 0;
}
