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
	"  --seed N         what the tiles' memory holds at power-on [1]\n";

static struct device device = {
	.config = {
		.memory_bytes = UINT64_C(64) << 20,
		.tiles = 8,
		.slots = LAYBY_VNPU_MAX_SLOTS,
		.abort_us = 2000,
		.reset_us = 5000,
		.load_us = 20000,
		.slack_us = 20000,
		.speed = 4,
		.seed = 1,
	},
};

/* A number from @low to @high, or an end with a message. */
static uint64_t number(const char *option, const char *text, uint64_t low,
		       uint64_t high)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || value < low ||
	    value > high) {
		fprintf(stderr, "vnpud: --%s %s: want a number from %" PRIu64
			" to %" PRIu64 "\n", option, text, low, high);
		exit(2);
	}
	return value;
}

static uint64_t memory_size(const char *text)
{
	uint64_t mib = number("memory", text, 2, 4096);

	if (mib & (mib - 1)) {
		fprintf(stderr, "vnpud: --memory %s: want a power of two: it is a PCI BAR\n",
			text);
		exit(2);
	}
	return mib << 20;
}

static void parse(int argc, char **argv, struct config *config)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "control", required_argument, NULL, 'c' },
		{ "memory", required_argument, NULL, 'm' },
		{ "tiles", required_argument, NULL, 't' },
		{ "slots", required_argument, NULL, 'n' },
		{ "abort-us", required_argument, NULL, 'a' },
		{ "reset-us", required_argument, NULL, 'r' },
		{ "load-us", required_argument, NULL, 'l' },
		{ "slack-us", required_argument, NULL, 'k' },
		{ "speed", required_argument, NULL, 'v' },
		{ "seed", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	const uint32_t second = 1000000;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's': config->socket = optarg; break;
		case 'c': config->control = optarg; break;
		case 'm': config->memory_bytes = memory_size(optarg); break;
		case 't': config->tiles = number("tiles", optarg, 1, LAYBY_VNPU_MAX_TILES); break;
		case 'n': config->slots = number("slots", optarg, 1, LAYBY_VNPU_MAX_SLOTS); break;
		case 'a': config->abort_us = number("abort-us", optarg, 1, 60 * second); break;
		case 'r': config->reset_us = number("reset-us", optarg, 1, 60 * second); break;
		case 'l': config->load_us = number("load-us", optarg, 0, 60 * second); break;
		case 'k': config->slack_us = number("slack-us", optarg, 0, 60 * second); break;
		case 'v': config->speed = number("speed", optarg, 1, UINT32_MAX); break;
		case 'e': config->seed = number("seed", optarg, 0, UINT64_MAX); break;
		case 'h': fputs(usage, stdout); exit(0);
		default: fputs(usage, stderr); exit(2);
		}
	}
	if (optind != argc || !config->socket) {
		fputs(usage, stderr);
		exit(2);
	}
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
	take_precedence();
	r = run(&device);
	print_totals(&device);
	if (r < 0)
		fprintf(stderr, "vnpud: %s\n", strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
