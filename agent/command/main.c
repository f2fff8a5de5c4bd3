// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl: one table of verbs, one of options, one of verbs that have their own.
 */
#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <string.h>

static const struct verb {
	const char *name;
	const char *usage;
	const char *help;
	int (*call)(const struct options *options, const char *argument);
	/* how many arguments it takes */
	int min, max;
	/* needs --program and --output-size */
	bool job;
} verbs[] = {
	{ "status", "status", "the agent, its partition and its jobs",
	  verb_status, 0, 0, false },
	{ "gate", "gate", "may guest work run, why not, what would open the gate",
	  verb_gate, 0, 0, false },
	{ "watch", "watch", "a line for each event of the kernel's, until a signal",
	  verb_watch, 0, 0, false },
	{ "info", "info [driving|guest|NODE]",
	  "what a partition's node says; without an argument both", verb_info,
	  0, 1, false },
	{ "run", "run --program F --output-size N ...",
	  "run a job straight on a node and wait for it", verb_run, 0, 0,
	  true },
	{ "submit", "submit --program F --output-size N ...",
	  "give a job to the agent; prints its number", verb_submit, 0, 0,
	  true },
	{ "batch", "batch --program F ... INPUT...",
	  "a job for each file, outputs into files, until all have ended", verb_batch, 1,
	  INT_MAX, true },
	{ "jobs", "jobs", "your jobs that the agent holds (root: all)",
	  verb_jobs, 0, 0, false },
	{ "result", "result JOB [--output F]...",
	  "a job's report, and its outputs into files", verb_result, 1, 1,
	  false },
	{ "cancel", "cancel JOB", "end a job", verb_cancel, 1, 1, false },
	{ "release", "release JOB", "end a job and forget its result",
	  verb_release, 1, 1, false },
	{ "resume", "resume", "end the owner's pause", verb_resume, 0, 0, false },
	{ "off", "off", "withdraw the consent, and pause until resume", verb_off, 0, 0, false },
};

/* Verbs that have options, and mostly verbs, of their own. */
static const struct group {
	const char *name;
	const char *usage;
	const char *help;
	int (*call)(int argc, char *argv[]);
} groups[] = {
	{ "audit", "audit [--json|--html] [-o FILE]",
	  "what is in force, and what is not as it should be: audit --help",
	  audit_main },
	{ "doctor", "doctor [--json]",
	  "what is wrong on this system, and what to do: doctor --help", doctor_main },
	{ "policy", "policy VERB ...",
	  "check, compile, sign and read policies: policy --help", policy_main },
	{ "consent", "consent VERB ...",
	  "sign, read, give and withdraw the owner's consent: consent --help",
	  consent_main },
	{ "ledger", "ledger VERB ...",
	  "jobs that have ended, signed: list, verify, export: ledger --help",
	  ledger_main },
	{ "signals", "signals VERB ...",
	  "what the CAN bus says, as the kernel reads it: signals --help",
	  signals_main },
	{ "last-night", "last-night [--since TIME] [--json]",
	  "what was lent, what it cost, why it stopped: last-night --help", last_night_main },
	{ "top", "top [--once|--json]",
	  "gate, power, tiles and jobs, each second: top --help", top_main },
	{ "pause", "pause [--for=TIME|--until=TIME]", "no guest work, now: pause --help",
	  pause_main },
	{ "settings", "settings [set KEY=VALUE...]",
	  "what the owner wants of guest work: settings --help", settings_main },
};

static int print_help(void)
{
	size_t i;

	puts("laybyctl VERB [OPTION...]\n"
	     "\n"
	     "Run inference jobs on a partition of the accelerator.\n"
	     "\n"
	     "Verbs:");
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-40s %s\n", verbs[i].usage, verbs[i].help);
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		printf("  %-40s %s\n", groups[i].usage, groups[i].help);
	puts("\n"
	     "A job (run, submit, batch):\n"
	     "  -p, --program=FILE      the program, an ONNX model for the virtual accelerator\n"
	     "  -i, --input=FILE        raw bytes of the next input, 0 to 8 times\n"
	     "  -s, --output-size=N     bytes of the next output, 1 to 4 times\n"
	     "  -o, --output=FILE       where the next output goes, \"-\" is stdout; outputs\n"
	     "                          without one are dropped (also: result)\n"
	     "  -l, --longest-ms=N      stop the job after N ms of running (default: 1000)\n"
	     "      --interactive       somebody waits for the result, which the owner's consent\n"
	     "                          must permit (default: batch work)\n"
	     "      --key=HEX           submit: 32 hex digits; the same key again with the same\n"
	     "                          job gives that job, and not a second one\n"
	     "      --priority=N        submit, batch: 1 to 9, the higher goes first (default: 0)\n"
	     "      --deadline-s=N      submit, batch: it fails if it has not begun in N seconds\n"
	     "      --retries=N         submit, batch: 1 to 9 times again if the device fails or\n"
	     "                          the time is up (default: 0)\n"
	     "      --partition=NAME    run: driving, guest or the path of a node\n"
	     "                          (default: guest)\n"
	     "      --repeat=N          run: that many times, one after the other (default: 1)\n"
	     "      --directory=DIR     batch: where INPUT.out is made, INPUT.0.out and so on if\n"
	     "                          there are several outputs (default: .); inputs whose\n"
	     "                          outputs are there are left out\n"
	     "  -w, --wait              submit: wait for the end, print the report; the job is\n"
	     "                          cancelled if laybyctl is. Without it the job lingers\n"
	     "                          with the agent until it is released\n"
	     "\n"
	     "Everywhere:\n"
	     "  -j, --json              print JSON; info and jobs print an array, watch\n"
	     "                          an object a line\n"
	     "  -h, --help              print this and exit\n"
	     "  -V, --version           print the version and exit\n"
	     "\n"
	     "Exit status: 0 done; 1 the job failed, was cancelled or has no result yet, or\n"
	     "something else went wrong; 2 wrong usage, also a file that cannot be read or a\n"
	     "job that does not exist; 3 no device, or the agent cannot be reached; 4 not\n"
	     "allowed.");
	return EXIT_OK;
}

enum {
	OPT_PARTITION = 256,
	OPT_REPEAT,
	OPT_INTERACTIVE,
	OPT_KEY,
	OPT_PRIORITY,
	OPT_DEADLINE,
	OPT_RETRIES,
	OPT_DIRECTORY,
};

static const struct option long_options[] = {
	{ "program", required_argument, NULL, 'p' },
	{ "input", required_argument, NULL, 'i' },
	{ "output-size", required_argument, NULL, 's' },
	{ "output", required_argument, NULL, 'o' },
	{ "longest-ms", required_argument, NULL, 'l' },
	{ "partition", required_argument, NULL, OPT_PARTITION },
	{ "repeat", required_argument, NULL, OPT_REPEAT },
	{ "interactive", no_argument, NULL, OPT_INTERACTIVE },
	{ "key", required_argument, NULL, OPT_KEY },
	{ "priority", required_argument, NULL, OPT_PRIORITY },
	{ "deadline-s", required_argument, NULL, OPT_DEADLINE },
	{ "retries", required_argument, NULL, OPT_RETRIES },
	{ "directory", required_argument, NULL, OPT_DIRECTORY },
	{ "wait", no_argument, NULL, 'w' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{}
};

static int parse_number(const char *name, uint64_t max, uint64_t *ret_number)
{
	char *end;

	errno = 0;
	*ret_number = strtoull(optarg, &end, 10);
	if (errno || *end || *optarg < '0' || *optarg > '9' || !*ret_number ||
	    *ret_number > max)
		return fail(EXIT_USAGE,
			    "--%s: \"%s\" is not a number from 1 to %llu", name,
			    optarg, (unsigned long long)max);
	return EXIT_OK;
}

static int add_text(const char *name, const char **list, uint32_t max,
		    uint32_t *count)
{
	if (*count == max)
		return fail(EXIT_USAGE, "--%s: at most %u times", name, max);
	list[(*count)++] = optarg;
	return EXIT_OK;
}

static int add_size(struct options *options)
{
	if (options->size_count == LAYBY_MAX_OUTPUTS)
		return fail(EXIT_USAGE, "--output-size: at most %d times",
			    LAYBY_MAX_OUTPUTS);
	return parse_number("output-size", INT64_MAX,
			    &options->output_sizes[options->size_count++]);
}

static int parse_key(struct options *options)
{
	size_t size;

	if (OPENSSL_hexstr2buf_ex(options->key, sizeof(options->key), &size, optarg, '\0') != 1 ||
	    size != sizeof(options->key))
		return fail(EXIT_USAGE, "--key: \"%s\" is not 32 hex digits", optarg);
	options->has_key = true;
	return EXIT_OK;
}

/* What says more of a job that is submitted. */
static int parse_submission(int c, struct options *options)
{
	switch (c) {
	case OPT_INTERACTIVE:
		options->interactive = true;
		return EXIT_OK;
	case OPT_KEY:
		return parse_key(options);
	case OPT_PRIORITY:
		return parse_number("priority", 9, &options->priority);
	case OPT_DEADLINE:
		return parse_number("deadline-s", UINT32_MAX, &options->deadline_s);
	case OPT_RETRIES:
		return parse_number("retries", 9, &options->retries);
	default:
		return EXIT_USAGE;
	}
}

static int parse_option(int c, struct options *options)
{
	switch (c) {
	case 'p':
		options->program = optarg;
		return EXIT_OK;
	case 'i':
		return add_text("input", options->inputs, LAYBY_MAX_INPUTS,
				&options->input_count);
	case 'o':
		return add_text("output", options->outputs, LAYBY_MAX_OUTPUTS,
				&options->output_count);
	case 's':
		return add_size(options);
	case 'l':
		return parse_number("longest-ms", UINT64_MAX / 1000000,
				    &options->longest_ms);
	case OPT_PARTITION:
		options->partition = optarg;
		return EXIT_OK;
	case OPT_DIRECTORY:
		options->directory = optarg;
		return EXIT_OK;
	case OPT_REPEAT:
		return parse_number("repeat", UINT32_MAX, &options->repeat);
	case 'w':
		options->wait = true;
		return EXIT_OK;
	case 'j':
		options->json = true;
		return EXIT_OK;
	default:
		return parse_submission(c, options);
	}
}

static int check_job(const struct options *options)
{
	if (!options->program)
		return fail(EXIT_USAGE, "--program is missing");
	if (!options->size_count)
		return fail(EXIT_USAGE, "--output-size is missing");
	if (options->output_count > options->size_count)
		return fail(EXIT_USAGE, "more --output than --output-size");
	return EXIT_OK;
}

static const struct group *find_group(const char *name)
{
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(groups); i++)
		if (!strcmp(groups[i].name, name))
			return &groups[i];
	return NULL;
}

static int call_verb(struct options *options, int argc, char *argv[])
{
	const struct verb *verb = verbs;
	size_t i;

	if (argc < 1)
		return fail(EXIT_USAGE,
			    "a verb is missing: see laybyctl --help");
	for (i = 0; i < ARRAY_SIZE(verbs) && strcmp(verb->name, argv[0]); i++)
		verb++;
	if (find_group(argv[0]))
		return fail(EXIT_USAGE, "options of %s stand behind it",
			    argv[0]);
	if (i == ARRAY_SIZE(verbs))
		return fail(EXIT_USAGE,
			    "unknown verb \"%s\": see laybyctl --help",
			    argv[0]);
	if (argc - 1 < verb->min || argc - 1 > verb->max)
		return fail(EXIT_USAGE, "usage: laybyctl %s", verb->usage);
	if (verb->job && check_job(options) != EXIT_OK)
		return EXIT_USAGE;
	options->arguments = argv + 1;
	return verb->call(options, argc > 1 ? argv[1] : NULL);
}

static int call(int argc, char *argv[])
{
	const struct group *group = find_group(argv[1]);
	struct options options = {
		.partition = "guest",
		.longest_ms = 1000,
		.repeat = 1,
	};
	int c, r;

	if (group)
		return group->call(argc - 1, argv + 1);

	while ((c = getopt_long(argc, argv, "p:i:s:o:l:wjhV", long_options,
				NULL)) >= 0) {
		if (c == 'h')
			return print_help();
		if (c == 'V')
			return puts("laybyctl " LAYBY_VERSION) < 0;
		r = parse_option(c, &options);
		if (r != EXIT_OK)
			return r;
	}
	return call_verb(&options, argc - optind, argv + optind);
}

int main(int argc, char *argv[])
{
	int r = call(argc, argv);

	if (fflush(stdout) != 0 && r == EXIT_OK)
		return fail(EXIT_JOB_FAILED, "stdout: %s", strerror(errno));
	return r;
}
