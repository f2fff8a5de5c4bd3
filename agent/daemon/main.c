// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * layby-agentd: carries jobs from the bus to the guest partition.
 */
#include "agent.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "conf.h"
#include "reload.h"

struct options {
	const char *partition;
	struct conf conf;
};

static void print_help(void)
{
	puts("layby-agentd [OPTION...]\n"
	     "\n"
	     "Takes jobs over D-Bus (org.layby.Agent1 on the system bus) and runs them on the\n"
	     "guest partition of the accelerator. Started by layby-agentd.service.\n"
	     "\n"
	     "  -p, --partition=NAME      partition, or path of its node (default: guest)\n"
	     "  -c, --config=FILE         file with the limits (default: " CONF_FILE ",\n"
	     "                            if it is there)\n"
	     "  -j, --jobs-max=N          jobs that one user may hold, 1 to 1000000\n"
	     "                            (default: 4096)\n"
	     "  -b, --bytes-max=BYTES     bytes that the jobs of one user may hold, programs,\n"
	     "                            inputs and outputs together (default: 268435456)\n"
	     "  -h, --help                print this and exit\n"
	     "  -V, --version             print the version and exit\n"
	     "\n"
	     "SIGTERM and SIGINT end the agent; jobs wait on disk until it is started again.\n"
	     "SIGHUP has it read the file anew.\n"
	     "Exit status: 0 ended by a signal, 1 failed, 2 wrong usage.");
}

static int parse_number(const char *name, const char *text, uint64_t max,
			uint64_t *ret_number)
{
	if (conf_number(text, max, ret_number))
		return 0;
	log_error("--%s: \"%s\" is not a number from 1 to %llu", name, text,
		  (unsigned long long)max);
	return -EINVAL;
}

static const struct option long_options[] = {
	{ "partition", required_argument, NULL, 'p' },
	{ "config", required_argument, NULL, 'c' },
	{ "jobs-max", required_argument, NULL, 'j' },
	{ "bytes-max", required_argument, NULL, 'b' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{}
};

/* Returns 0 if the answer was printed and there is nothing more to do. */
static int parse_option(int c, struct options *options)
{
	switch (c) {
	case 'p':
		options->partition = optarg;
		return 1;
	case 'c':
		options->conf.path = optarg;
		return 1;
	case 'j':
		return parse_number("jobs-max", optarg, CONF_JOBS_MAX,
				    &options->conf.user_jobs) ?: 1;
	case 'b':
		return parse_number("bytes-max", optarg, CONF_BYTES_MAX,
				    &options->conf.user_bytes) ?: 1;
	case 'h':
		print_help();
		return 0;
	case 'V':
		puts("layby-agentd " LAYBY_VERSION);
		return 0;
	default:
		return -EINVAL;
	}
}

static int parse_options(int argc, char *argv[], struct options *options)
{
	int c, r;

	while ((c = getopt_long(argc, argv, "p:c:j:b:hV", long_options, NULL)) >=
	       0) {
		r = parse_option(c, options);
		if (r <= 0)
			return r;
	}
	if (optind == argc)
		return 1;
	log_error("unexpected argument \"%s\": see --help", argv[optind]);
	return -EINVAL;
}

static int failed(const char *what, int r)
{
	log_error("%s: %s", what, strerror(-r));
	return r;
}

static void destroy_agentp(struct agent **agent)
{
	agent_destroy(*agent);
}

static void destroy_reloadp(struct reload **reload)
{
	reload_destroy(*reload);
}

/* The loop's end is 0 by a signal, else the bus has gone. */
static int run(const struct options *options, const struct limits *limits)
{
	_cleanup_(sd_event_unrefp) sd_event *event = NULL;
	_cleanup_(destroy_agentp) struct agent *agent = NULL;
	_cleanup_(destroy_reloadp) struct reload *reload = NULL;
	int r;

	r = sd_event_default(&event);
	if (r < 0)
		return failed("event loop", r);
	r = sd_event_set_signal_exit(event, true);
	if (r < 0)
		return failed("signals", r);
	r = reload_create(event, &options->conf, &agent, &reload);
	if (r < 0)
		return failed("signals", r);
	r = agent_create(event, options->partition, limits, &agent);
	if (r < 0)
		return failed("agent", r);
	r = agent_open_bus(agent);
	if (r < 0)
		return failed("system bus, name " AGENT_NAME, r);

	sd_notifyf(false, "READY=1\nSTATUS=Serving partition %s.",
		   options->partition);
	r = sd_event_loop(event);
	if (r < 0)
		return failed("loop", r);
	return r ? failed("system bus", -ENOTCONN) : 0;
}

int main(int argc, char *argv[])
{
	struct options options = { .partition = "guest" };
	struct limits limits;
	int r;

	r = parse_options(argc, argv, &options);
	if (r <= 0)
		return r < 0 ? 2 : EXIT_SUCCESS;
	if (conf_read(&options.conf, &limits) < 0)
		return EXIT_FAILURE;
	return run(&options, &limits) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
