// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl audit: its options, and where the report goes.
 */
#include <getopt.h>
#include <string.h>

#include "audit.h"

struct audit_options {
	const char *output;
	const char *policy;
	bool json;
	bool html;
};

static int print_help(void)
{
	puts("laybyctl audit [--json|--html] [-o FILE] [--policy FILE]\n"
	     "\n"
	     "What is in force on this system, and what of it is not as it should be in a\n"
	     "vehicle in the field. Asks the kernel and changes nothing; needs no rights.\n"
	     "\n"
	     "  -j, --json              as JSON (docs/audit.md names the keys)\n"
	     "      --html              as one HTML page, fit to print\n"
	     "  -o, --output=FILE       where it goes (default: \"-\", stdout)\n"
	     "  -p, --policy=FILE       hold this policy.bin against what is in force (default:\n"
	     "                          the one in the kernel's firmware path)\n"
	     "  -h, --help              print this and exit\n"
	     "\n"
	     "Exit status: 0 nothing found; 1 findings; 2 cannot tell, also wrong usage or a\n"
	     "report that cannot be written.");
	return EXIT_OK;
}

enum { OPT_HTML = 256 };

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "html", no_argument, NULL, OPT_HTML },
	{ "output", required_argument, NULL, 'o' },
	{ "policy", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

static int parse_option(int c, struct audit_options *options)
{
	switch (c) {
	case 'j':
		options->json = true;
		return EXIT_OK;
	case OPT_HTML:
		options->html = true;
		return EXIT_OK;
	case 'o':
		options->output = optarg;
		return EXIT_OK;
	case 'p':
		options->policy = optarg;
		return EXIT_OK;
	default:
		return EXIT_USAGE;
	}
}

/* --- The report -------------------------------------------------------------- */

static int write_report(const struct audit_options *options, sd_json_variant *report, FILE *file)
{
	if (options->json)
		return sd_json_variant_dump(report,
					    SD_JSON_FORMAT_PRETTY | SD_JSON_FORMAT_NEWLINE, file,
					    NULL);
	if (options->html)
		report_write(file, &html_writer, report);
	else
		report_write(file, &text_writer, report);
	return 0;
}

/* In memory first, so that a file has all of it or is not touched. */
static int save_report(const struct audit_options *options, sd_json_variant *report)
{
	_cleanup_free_ char *text = NULL;
	FILE *file;
	size_t size;
	int r;

	file = open_memstream(&text, &size);
	if (!file)
		out_of_memory();
	r = write_report(options, report, file);
	if (fclose(file) < 0)
		out_of_memory();
	if (r < 0)
		return fail(EXIT_CANNOT_TELL, "audit: %s", strerror(-r));
	/* a file that cannot be written must not look like a finding */
	return save_file(options->output, text, size) == EXIT_OK ? EXIT_OK : EXIT_CANNOT_TELL;
}

static void tell_why(sd_json_variant *report)
{
	sd_json_variant *unknowns = sd_json_variant_by_key(report, "not_known");
	sd_json_variant *unknown;
	size_t i;

	for (i = 0; i < sd_json_variant_elements(unknowns); i++) {
		unknown = sd_json_variant_by_index(unknowns, i);
		if (sd_json_variant_boolean(sd_json_variant_by_key(unknown, "could_hide_finding")))
			fail(EXIT_CANNOT_TELL, "audit: cannot tell %s: %s",
			     report_text(unknown, "what"), report_text(unknown, "why"));
	}
}

static int report_on(const struct audit_options *options, const struct audit *audit)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *report = NULL;
	struct verdict verdict = {};
	int r;

	verdict_reach(&verdict, audit);
	r = report_build(audit, &verdict, &report);
	if (r < 0)
		return fail(EXIT_CANNOT_TELL, "audit: %s", strerror(-r));
	if (verdict_status(&verdict) == EXIT_CANNOT_TELL)
		tell_why(report);
	r = save_report(options, report);
	return r == EXIT_OK ? verdict_status(&verdict) : r;
}

int audit_main(int argc, char *argv[])
{
	_cleanup_(audit_fini) struct audit audit = {};
	struct audit_options options = { .output = "-" };
	int c;

	while ((c = getopt_long(argc, argv, "jo:p:h", long_options, NULL)) >= 0) {
		if (c == 'h')
			return print_help();
		if (parse_option(c, &options) != EXIT_OK)
			return EXIT_USAGE;
	}
	if (optind < argc)
		return fail(EXIT_USAGE, "audit takes no argument: see laybyctl audit --help");
	if (options.json && options.html)
		return fail(EXIT_USAGE, "audit: either --json or --html");
	audit_gather(&audit, options.policy);
	return report_on(&options, &audit);
}
