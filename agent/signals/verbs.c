// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl signals: check, compile and show.
 */
#include "tool.h"

#include <getopt.h>
#include <string.h>

/* a signals.conf; a signals.bin is smaller */
#define SIGNALS_BYTES_MAX	(64u * 1024)

static int load_binary(const char *path, struct layby_signals *ret_table, bool *ret_binary)
{
	struct signals_error error;
	uint8_t *bytes;
	size_t size;
	int r;

	r = load_file(path, SIGNALS_BYTES_MAX, &bytes, &size);
	if (r != EXIT_OK)
		return r;
	*ret_binary = size >= 4 && !memcmp(bytes, "LYBS", 4);
	if (*ret_binary) {
		memset(ret_table, 0, sizeof(*ret_table));
		memcpy(ret_table, bytes, size < sizeof(*ret_table) ? size : sizeof(*ret_table));
		if (signals_check(ret_table, size, &error))
			r = fail(EXIT_WRONG, "%s: %s%s%s", path,
				 error.signal == SIGNALS_NONE ? "" : signals_name(error.signal),
				 error.signal == SIGNALS_NONE ? "" : ": ", error.text);
	}
	free(bytes);
	return r;
}

static int load_conf(const char *path, struct layby_signals *ret_table)
{
	struct signals_source source = {};
	int r;

	r = conf_read(&source.conf, path);
	if (r != EXIT_OK)
		return r;
	signals_read(&source);
	r = conf_report(&source.conf);
	*ret_table = source.table;
	conf_fini(&source.conf);
	return r;
}

/* A signals.conf or a signals.bin; EXIT_OK only if it is right. */
static int load(const char *path, struct layby_signals *ret_table)
{
	bool binary;
	int r;

	r = load_binary(path, ret_table, &binary);
	if (r != EXIT_OK || binary)
		return r;
	return load_conf(path, ret_table);
}

static int signals_check_verb(const char *path, const char *output)
{
	struct layby_signals table;
	int r;

	r = load(path, &table);
	if (r != EXIT_OK)
		return r;
	signals_advise(&table, path);
	printf("%s: right\n", path);
	return EXIT_OK;
}

static int signals_compile_verb(const char *path, const char *output)
{
	struct layby_signals table;
	int r;

	if (!output)
		return fail(EXIT_USAGE, "signals compile: --output is missing");
	r = load(path, &table);
	return r == EXIT_OK ? save_file(output, &table, sizeof(table)) : r;
}

static int signals_show_verb(const char *path, const char *output)
{
	struct layby_signals table;
	int r;

	r = load(path, &table);
	if (r == EXIT_OK)
		signals_show(&table);
	return r;
}

static const struct verb {
	const char *name;
	const char *usage;
	const char *help;
	int (*call)(const char *path, const char *output);
} verbs[] = {
	{ "check", "check SIGNALS", "is it right?", signals_check_verb },
	{ "compile", "compile SIGNALS -o SIGNALS.BIN", "check it and write its binary form",
	  signals_compile_verb },
	{ "show", "show SIGNALS", "print it with all its values", signals_show_verb },
};

static int print_help(void)
{
	size_t i;

	puts("laybyctl signals VERB [OPTION...]\n"
	     "\n"
	     "Describe where on the CAN bus the vehicle says what it does.\n"
	     "\n"
	     "Verbs:");
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-40s %s\n", verbs[i].usage, verbs[i].help);
	puts("\n"
	     "SIGNALS is a signals.conf or a signals.bin. Options:\n"
	     "  -o, --output=FILE       where the result goes, \"-\" is stdout\n"
	     "  -h, --help              print this and exit\n"
	     "\n"
	     "Exit status: 0 right; 1 wrong; 2 wrong usage, also a file that cannot be read.");
	return EXIT_OK;
}

static int call_verb(const char *output, int argc, char *argv[])
{
	size_t i;

	if (argc < 1)
		return fail(EXIT_USAGE, "signals: a verb is missing: see laybyctl signals --help");
	for (i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, argv[0]))
			continue;
		if (argc != 2)
			return fail(EXIT_USAGE, "usage: laybyctl signals %s", verbs[i].usage);
		return verbs[i].call(argv[1], output);
	}
	return fail(EXIT_USAGE, "signals: unknown verb \"%s\": see laybyctl signals --help",
		    argv[0]);
}

int signals_main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	const char *output = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "o:h", options, NULL)) >= 0) {
		if (c == 'h')
			return print_help();
		if (c != 'o')
			return EXIT_USAGE;
		output = optarg;
	}
	return call_verb(output, argc - optind, argv + optind);
}
