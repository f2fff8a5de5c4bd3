// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vnpud - the device side of the virtual accelerator
 *
 * A host process that QEMU's ivshmem-doorbell connects to; docs/accelerator.md
 * is the manual of what it behaves like. This file is the start sequence.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "device.h"

static const char usage[] =
	"usage: vnpud --socket PATH [option value]...\n"
	"  --socket PATH    where QEMU's ivshmem-doorbell connects\n"
	"  --control PATH   where tests inject faults (org.layby.VNPU1)\n"
	"  --memory MIB     size of BAR 2, a power of two from 2 to 4096 [64]\n"
	"  --tiles N        1 to 16 [8]\n"
	"  --slots N        1 to 4 [4]\n"
	"  --abort-us N     time that an abort takes [2000]\n"
	"  --reset-us N     time that a slot reset takes [5000]\n"
	"  --load-us N      time that loading a program takes [20000]\n"
	"  --slack-us N     part of every bound, for a busy host [20000]\n"
	"  --speed N        operations a microsecond and tile [4]\n"
	"  --bandwidth N    bytes a microsecond of the device's memory [8000]\n"
	"  --seed N         what the tiles' memory holds at power-on [1]\n"
	"  --truth N        how far it is from its data sheet, drawn from N; 0: not at all [0]\n"
	"  --rail N         mW that the supply gives [30000]\n";

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define SECOND_US 1000000u

static struct device device;

/* What can be set to a number, and to which. */
static const struct setting {
	const char *name;
	uint64_t *value;
	uint64_t low;
	uint64_t high;
	uint64_t otherwise;
} settings[] = {
	{ "memory", &device.config.memory_mib, 2, 4096, 64 },
	{ "tiles", &device.config.tiles, 1, LAYBY_VNPU_MAX_TILES, 8 },
	{ "slots", &device.config.slots, 1, LAYBY_VNPU_MAX_SLOTS,
	  LAYBY_VNPU_MAX_SLOTS },
	{ "abort-us", &device.config.abort_us, 1, 60 * SECOND_US, 2000 },
	{ "reset-us", &device.config.reset_us, 1, 60 * SECOND_US, 5000 },
	{ "load-us", &device.config.load_us, 0, 60 * SECOND_US, 20000 },
	{ "slack-us", &device.config.slack_us, 0, 60 * SECOND_US, 20000 },
	{ "speed", &device.config.speed, 1, UINT32_MAX, 4 },
	{ "bandwidth", &device.config.bandwidth, 1, BANDWIDTH_MOST_BYTES, 8000 },
	{ "seed", &device.config.seed, 0, UINT64_MAX, 1 },
	{ "truth", &device.config.truth, 0, UINT64_MAX, 0 },
	{ "rail", &device.config.rail, 1, 1000000, 30000 },
};

#define SETTINGS ARRAY_SIZE(settings)

static void refuse(const char *option, const char *text, const char *want)
{
	fprintf(stderr, "vnpud: --%s %s: want %s\n", option, text, want);
	exit(2);
}

static void set(const struct setting *setting, const char *text)
{
	char want[80];
	char *end;

	snprintf(want, sizeof(want), "a number from %" PRIu64 " to %" PRIu64,
		 setting->low, setting->high);
	errno = 0;
	*setting->value = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' ||
	    *setting->value < setting->low || *setting->value > setting->high)
		refuse(setting->name, text, want);
}

/* The settings, then what is no number. */
static void make_options(struct option *options)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		options[i] = (struct option){ settings[i].name, 1, NULL, i };
		*settings[i].value = settings[i].otherwise;
	}
	options[SETTINGS] = (struct option){ "socket", 1, NULL, 's' };
	options[SETTINGS + 1] = (struct option){ "control", 1, NULL, 'c' };
	options[SETTINGS + 2] = (struct option){ "help", 0, NULL, 'h' };
	options[SETTINGS + 3] = (struct option){};
}

static void end_with_usage(int status)
{
	fputs(usage, status ? stderr : stdout);
	exit(status);
}

static void parse(int argc, char **argv, struct config *config)
{
	struct option options[SETTINGS + 4];
	int c;

	make_options(options);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c < (int)SETTINGS)
			set(&settings[c], optarg);
		else if (c == 's')
			config->socket = optarg;
		else if (c == 'c')
			config->control = optarg;
		else
			end_with_usage(c == 'h' ? 0 : 2);
	}
	if (optind != argc || !config->socket)
		end_with_usage(2);
	/* It is a PCI BAR. */
	if (config->memory_mib & (config->memory_mib - 1))
		refuse("memory", "in MiB", "a power of two");
}

/*
 * The device is hardware to the machine that it serves: it goes before the
 * host's other work where that is allowed. It never computes itself.
 */
static void take_precedence(void)
{
	const struct sched_param lowest = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest) < 0)
		fprintf(stderr, "vnpud: no real-time priority (%s): timing is the busy host's\n",
			strerror(errno));
}

static int watch_signals(sd_event *event)
{
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
	return r;
}

static void print_totals(const struct device *dev)
{
	for (uint32_t i = 0; i < dev->config.slots; i++) {
		const struct slot_counters *counters = &dev->slots[i].counters;

		fprintf(stderr, "vnpud: slot %u: %" PRIu64 " jobs, %" PRIu64
			" ok, %" PRIu64 " aborted, %" PRIu64 " late, %" PRIu64
			" late starts\n", i, counters->jobs, counters->ok,
			counters->aborted, counters->late, counters->late_starts);
	}
}

static int run(struct device *dev)
{
	struct control control = {};
	int r = sd_event_default(&dev->event);

	if (r >= 0)
		r = watch_signals(dev->event);
	if (r >= 0)
		r = device_init(dev);
	if (r >= 0)
		r = control_init(&control, dev);
	if (r >= 0)
		r = transport_init(&dev->transport, dev);
	if (r >= 0)
		r = sd_event_loop(dev->event);
	transport_fini(&dev->transport);
	control_fini(&control);
	device_fini(dev);
	sd_event_unref(dev->event);
	return r;
}

int main(int argc, char **argv)
{
	int r;

	parse(argc, argv, &device.config);
	fprintf(stderr, "vnpud: truth %" PRIu64 "\n", device.config.truth);
	take_precedence();
	r = run(&device);
	print_totals(&device);
	if (r < 0)
		fprintf(stderr, "vnpud: %s\n", strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
