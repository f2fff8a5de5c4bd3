// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * layby-setup: loads, attaches and pins the BPF programs, then seals. Run once a
 * boot, by root.
 *
 * All or nothing: what is attached goes with this process until it is pinned, and
 * when a later step fails the pins are taken away again. There is no way to leave
 * out a step, and after the seal none to do one again.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <layby/signals.h>

#include "setup.h"
#include "util.h"

enum setup_status fail(enum setup_status status, const char *format, ...)
{
	va_list list;

	fputs(SD_ERR "layby-setup: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	return status;
}

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list list)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, list) : 0;
}

static enum setup_status module_look(struct setup_gate *gate)
{
	enum setup_status status = gate_look(gate);

	if (status == SETUP_OK && !gate->loaded)
		return fail(SETUP_MODULE, "the module layby is not loaded (yet)");
	return status;
}

/* --- The verbs -------------------------------------------------------------- */

static enum setup_status attach_and_seal(struct setup *setup, const struct setup_conf *conf,
					 const struct layby_signals *signals)
{
	enum setup_status status;

	status = governor_attach(setup, conf->governor);
	if (status == SETUP_OK)
		status = vehicle_attach(setup, conf->can_interface, signals);
	if (status != SETUP_OK)
		return status;
	status = pins_keep(setup);
	if (status == SETUP_OK)
		status = gate_seal();
	if (status != SETUP_OK)
		pins_drop();
	return status;
}

static enum setup_status run_boot(const struct setup_conf *conf,
				  const struct layby_signals *signals)
{
	struct setup setup = {};
	struct setup_gate gate;
	enum setup_status status;

	status = module_look(&gate);
	if (status != SETUP_OK)
		return status;
	if (gate.sealed) {
		log_notice("layby-setup: sealed before: what was changed since takes a reboot");
		return SETUP_OK;
	}
	status = pins_drop();
	if (status != SETUP_OK)
		return status;
	status = attach_and_seal(&setup, conf, signals);
	setup_detach(&setup);
	if (status == SETUP_OK)
		log_notice("layby-setup: governor %s, vehicle signals from %s, sealed",
			   conf->governor, conf->can_interface);
	return status;
}

/* What can be told without the module, and then how the machine is. */
static enum setup_status run_check(const struct setup_conf *conf)
{
	struct bpf_object *governor;
	struct setup_gate gate = {};
	enum setup_status status;

	status = governor_open(conf->governor, &governor);
	if (status != SETUP_OK)
		return status;
	bpf_object__close(governor);
	printf("CAN interface  %s, %s\n", conf->can_interface,
	       if_nametoindex(conf->can_interface) ? "there" : "not there now");
	printf("signals        %s, right\n", conf->signals);
	printf("governor       %s\n", conf->governor);
	status = gate_look(&gate);
	if (status == SETUP_OK)
		printf("module         %s\n", !gate.loaded ? "not loaded" :
		       gate.sealed ? "sealed" : "not sealed");
	return status;
}

/* For who develops: after the seal it would only close the gate for ever. */
static enum setup_status run_unload(void)
{
	struct setup_gate gate;
	enum setup_status status = gate_look(&gate);

	if (status != SETUP_OK)
		return status;
	if (gate.loaded && gate.sealed)
		return fail(SETUP_SEALED, "--unload: it is sealed, which only a reboot undoes");
	if (!pins_exist())
		puts("nothing is pinned");
	return pins_drop();
}

/* --- Command line ------------------------------------------------------------ */

static void print_help(void)
{
	puts("layby-setup [OPTION...]\n"
	     "\n"
	     "Attach governor and vehicle program, pin them, seal. Once a boot, as root.\n"
	     "\n"
	     "  -c, --config=FILE  instead of " SETUP_CONF_FILE "\n"
	     "      --check        only look whether configuration and files are right\n"
	     "      --unload       take away what an unfinished run left; not after the seal\n"
	     "  -h, --help         print this and exit\n"
	     "      --version      print the version and exit\n"
	     "\n"
	     "Exit status: 0 sealed; 1 system; 2 usage; 3 configuration; 4 no module;\n"
	     "5 signals file; 6 no such CAN interface; 7 vehicle program; 8 governor;\n"
	     "9 pinning; 10 sealing; 11 sealed by somebody else. Other than 0: nothing is\n"
	     "attached, nothing is sealed by this run.");
}

enum verb {
	VERB_BOOT,
	VERB_CHECK = 'k',
	VERB_UNLOAD = 'u',
	VERB_HELP = 'h',
	VERB_VERSION = 'v',
};

static enum setup_status parse(int argc, char *argv[], const char **ret_config,
			       enum verb *ret_verb)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, VERB_HELP },
		{ "check", no_argument, NULL, VERB_CHECK },
		{ "unload", no_argument, NULL, VERB_UNLOAD },
		{ "version", no_argument, NULL, VERB_VERSION },
		{}
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) >= 0) {
		switch (c) {
		case 'c':
			*ret_config = optarg;
			break;
		case VERB_CHECK:
		case VERB_UNLOAD:
		case VERB_HELP:
		case VERB_VERSION:
			*ret_verb = c;
			break;
		default:
			return SETUP_USAGE;
		}
	}
	if (optind < argc)
		return fail(SETUP_USAGE, "\"%s\" is not understood: see layby-setup --help",
			    argv[optind]);
	return SETUP_OK;
}

static enum setup_status run_configured(enum verb verb, const char *config)
{
	struct layby_signals signals;
	struct setup_conf conf;
	enum setup_status status;

	status = conf_read(config, &conf);
	if (status == SETUP_OK)
		status = signals_load(conf.signals, &signals);
	if (status != SETUP_OK)
		return status;
	return verb == VERB_CHECK ? run_check(&conf) : run_boot(&conf, &signals);
}

int main(int argc, char *argv[])
{
	const char *config = SETUP_CONF_FILE;
	enum verb verb = VERB_BOOT;
	enum setup_status status;

	status = parse(argc, argv, &config, &verb);
	if (status != SETUP_OK)
		return (int)status;
	libbpf_set_print(print_libbpf);
	switch (verb) {
	case VERB_HELP:
		print_help();
		return SETUP_OK;
	case VERB_VERSION:
		puts("layby-setup " LAYBY_VERSION);
		return SETUP_OK;
	case VERB_UNLOAD:
		return (int)run_unload();
	default:
		return (int)run_configured(verb, config);
	}
}
