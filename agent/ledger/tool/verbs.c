// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl ledger: its verbs and their options.
 */
#include <getopt.h>
#include <sodium.h>
#include <string.h>

#include "tool.h"

enum option_bit {
	TAKES_SINCE = 1,
	TAKES_LIMIT = 2,
	TAKES_KEY = 4,
	TAKES_HEAD = 8,
	TAKES_FILE = 16,
	TAKES_JSON = 32,
};

static const struct verb {
	const char *name;
	const char *usage;
	const char *help;
	int (*call)(const struct ledger_options *options);
	unsigned int takes;
} verbs[] = {
	{ "list", "list [--since TIME] [--limit N] [--json]",
	  "jobs that have ended, what they cost, for whom", ledger_list,
	  TAKES_SINCE | TAKES_LIMIT | TAKES_JSON },
	{ "verify", "verify [FILE] [--key KEY] [--head HASH:COUNT] [--json]",
	  "was anything changed, dropped, re-ordered, cut? FILE: of export", ledger_verify,
	  TAKES_KEY | TAKES_HEAD | TAKES_FILE | TAKES_JSON },
	{ "export", "export [FILE]", "all of it as JSON lines, with hashes and signatures",
	  ledger_export, TAKES_FILE },
	{ "key", "key", "the public key that it is signed with", ledger_show_key, 0 },
};

static const char help_options[] =
	"\n"
	"      --state=DIR           the agent's state directory (default: /var/lib/layby)\n"
	"      --db=FILE             this database, in place of the agent's\n"
	"      --since=TIME          list: what has ended since then: 2026-12-31,\n"
	"                            \"2026-12-31 18:00\" or -1d\n"
	"      --limit=N             list: the last N of them\n"
	"      --key=KEY             verify: the public key that it must be signed with, 64\n"
	"                            hexadecimal digits (default: that of the agent's key\n"
	"                            file, if it can be read)\n"
	"      --head=HASH:COUNT     verify: a head that was written down elsewhere, as the\n"
	"                            journal's field LAYBY_LEDGER_HEAD has it\n"
	"  -j, --json                print JSON\n"
	"  -h, --help                print this and exit\n"
	"\n"
	"Exit status: 0 done; 1 something is wrong with the ledger; 2 cannot tell, also wrong\n"
	"usage; 4 not allowed.";

static int print_help(void)
{
	size_t i;

	puts("laybyctl ledger VERB [OPTION...]\n"
	     "\n"
	     "A signed row for each job that has ended; docs/ledger.md describes it. Asks the\n"
	     "agent's files, not the agent, and changes nothing: as root or the agent's user.\n"
	     "\n"
	     "Verbs:");
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %s\n      %s\n", verbs[i].usage, verbs[i].help);
	puts(help_options);
	return EXIT_OK;
}

enum { OPT_STATE = 256, OPT_DB, OPT_SINCE, OPT_LIMIT, OPT_KEY, OPT_HEAD };

static const struct option long_options[] = {
	{ "state", required_argument, NULL, OPT_STATE },
	{ "db", required_argument, NULL, OPT_DB },
	{ "since", required_argument, NULL, OPT_SINCE },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "key", required_argument, NULL, OPT_KEY },
	{ "head", required_argument, NULL, OPT_HEAD },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

static int parse_option(int c, struct ledger_options *options)
{
	switch (c) {
	case OPT_STATE:
		options->state = optarg;
		return EXIT_OK;
	case OPT_DB:
		options->database = optarg;
		return EXIT_OK;
	case OPT_SINCE:
		options->since = optarg;
		return EXIT_OK;
	case OPT_LIMIT:
		options->limit = optarg;
		return EXIT_OK;
	case OPT_KEY:
		options->key = optarg;
		return EXIT_OK;
	case OPT_HEAD:
		options->head = optarg;
		return EXIT_OK;
	case 'j':
		options->json = true;
		return EXIT_OK;
	default:
		return EXIT_USAGE;
	}
}

/* What the verb would not look at is a mistake. */
static int check_options(const struct verb *verb, const struct ledger_options *options)
{
	const struct {
		bool is;
		unsigned int bit;
		const char *name;
	} given[] = {
		{ options->since, TAKES_SINCE, "--since" },
		{ options->limit, TAKES_LIMIT, "--limit" },
		{ options->key, TAKES_KEY, "--key" },
		{ options->head, TAKES_HEAD, "--head" },
		{ options->file, TAKES_FILE, "FILE" },
		{ options->json, TAKES_JSON, "--json" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(given); i++)
		if (given[i].is && !(verb->takes & given[i].bit))
			return fail(EXIT_USAGE, "ledger %s takes no %s: laybyctl ledger %s",
				    verb->name, given[i].name, verb->usage);
	return EXIT_OK;
}

static int call_verb(struct ledger_options *options, int argc, char *argv[])
{
	const struct verb *verb = verbs;

	if (argc < 1)
		return fail(EXIT_USAGE, "ledger: a verb is missing: see laybyctl ledger --help");
	while (verb < verbs + ARRAY_SIZE(verbs) && strcmp(verb->name, argv[0]))
		verb++;
	if (verb == verbs + ARRAY_SIZE(verbs))
		return fail(EXIT_USAGE, "ledger: unknown verb \"%s\": see laybyctl ledger --help",
			    argv[0]);
	if (argc > 2)
		return fail(EXIT_USAGE, "usage: laybyctl ledger %s", verb->usage);
	options->file = argv[1];
	if (check_options(verb, options) != EXIT_OK)
		return EXIT_USAGE;
	return verb->call(options);
}

int ledger_main(int argc, char *argv[])
{
	struct ledger_options options = { .state = "/var/lib/layby" };
	int c, r;

	if (sodium_init() < 0)
		return fail(EXIT_USAGE, "ledger: libsodium cannot be used");
	while ((c = getopt_long(argc, argv, "jh", long_options, NULL)) >= 0) {
		if (c == 'h')
			return print_help();
		r = parse_option(c, &options);
		if (r != EXIT_OK)
			return r;
	}
	return call_verb(&options, argc - optind, argv + optind);
}
