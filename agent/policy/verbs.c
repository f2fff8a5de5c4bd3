// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl policy: its verbs and their options.
 */
#include <getopt.h>
#include <string.h>

#include "tool.h"

static const struct verb {
	const char *name;
	const char *usage;
	const char *help;
	int (*call)(const struct policy_options *options);
	int arguments;
} verbs[] = {
	{ "check", "check POLICY [-a FILE]", "is it right for this accelerator?",
	  policy_check, 1 },
	{ "compile", "compile POLICY -a FILE -o POLICY.BIN", "check it, write its binary form",
	  policy_compile, 1 },
	{ "sign", "sign POLICY.BIN -k FILE -c FILE -o P7S",
	  "write the signature that the module wants", policy_sign, 1 },
	{ "show", "show POLICY", "every field, and the digest", policy_show, 1 },
	{ "explain", "explain POLICY", "in sentences: who may use what, and when",
	  policy_explain, 1 },
	{ "diff", "diff OLD NEW", "what changes, and is it looser or tighter?", policy_diff, 2 },
	{ "keys", "keys", "every key of policy.conf, with its range", policy_keys, 0 },
};

static const char help_options[] =
	"\n"
	"POLICY is a policy.conf or a policy.bin. Options:\n"
	"  -a, --accelerator=FILE  description of the accelerator that it is held against\n"
	"  -f, --floor=N           lowest serial that the module takes (default: 1)\n"
	"  -o, --output=FILE       where the result goes, \"-\" is stdout\n"
	"  -k, --key=FILE          private key, PEM\n"
	"  -c, --certificate=FILE  its certificate, PEM or DER\n"
	"  -j, --json              print JSON\n"
	"  -h, --help              print this and exit\n"
	"\n"
	"Exit status: 0 right, or no difference; 1 wrong, or different; 2 wrong usage, also\n"
	"a file that cannot be read.";

static int print_help(void)
{
	size_t i;

	puts("laybyctl policy VERB [OPTION...]\n"
	     "\n"
	     "Write, check and read the policy that fixes partitions, ceilings and bounds.\n"
	     "\n"
	     "Verbs:");
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-40s %s\n", verbs[i].usage, verbs[i].help);
	puts(help_options);
	return EXIT_OK;
}

static const struct option long_options[] = {
	{ "accelerator", required_argument, NULL, 'a' },
	{ "floor", required_argument, NULL, 'f' },
	{ "output", required_argument, NULL, 'o' },
	{ "key", required_argument, NULL, 'k' },
	{ "certificate", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

static int parse_floor(struct policy_options *options)
{
	if (!value_parse(QUANTITY_COUNT, optarg, &options->floor) && options->floor)
		return EXIT_OK;
	return fail(EXIT_USAGE, "--floor: \"%s\" is not a number from 1", optarg);
}

static int parse_option(int c, struct policy_options *options)
{
	switch (c) {
	case 'a':
		options->accelerator = optarg;
		return EXIT_OK;
	case 'f':
		return parse_floor(options);
	case 'o':
		options->output = optarg;
		return EXIT_OK;
	case 'k':
		options->key = optarg;
		return EXIT_OK;
	case 'c':
		options->certificate = optarg;
		return EXIT_OK;
	case 'j':
		options->json = true;
		return EXIT_OK;
	default:
		return EXIT_USAGE;
	}
}

static int call_verb(struct policy_options *options, int argc, char *argv[])
{
	const struct verb *verb = verbs;

	if (argc < 1)
		return fail(EXIT_USAGE, "policy: a verb is missing: see laybyctl policy --help");
	while (verb < verbs + ARRAY_SIZE(verbs) && strcmp(verb->name, argv[0]))
		verb++;
	if (verb == verbs + ARRAY_SIZE(verbs))
		return fail(EXIT_USAGE, "policy: unknown verb \"%s\": see laybyctl policy --help",
			    argv[0]);
	if (argc - 1 != verb->arguments)
		return fail(EXIT_USAGE, "usage: laybyctl policy %s", verb->usage);
	options->path = verb->arguments > 0 ? argv[1] : NULL;
	options->other = verb->arguments > 1 ? argv[2] : NULL;
	return verb->call(options);
}

int policy_print_json(sd_json_variant *object)
{
	return print_json(&(struct options){ .json = true }, object);
}

int policy_main(int argc, char *argv[])
{
	struct policy_options options = { .floor = 1 };
	int c, r;

	while ((c = getopt_long(argc, argv, "a:f:o:k:c:jh", long_options, NULL)) >= 0) {
		if (c == 'h')
			return print_help();
		r = parse_option(c, &options);
		if (r != EXIT_OK)
			return r;
	}
	return call_verb(&options, argc - optind, argv + optind);
}
