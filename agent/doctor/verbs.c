// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl doctor: makes every check, prints each with what to do about it.
 */
#include <getopt.h>
#include <string.h>

#include "doctor.h"

static int print_help(void)
{
	puts("laybyctl doctor [--json]\n"
	     "\n"
	     "Looks at all that layby stands on, from the kernel's options to the gate, and says\n"
	     "for each what was found and what to do about it. Asks and reads only; root sees more.\n"
	     "\n"
	     "  ok         it is as it should be\n"
	     "  warning    guest work can run, but not so in the field; or the owner decides\n"
	     "  not-known  it could not be looked at, which is no good sign\n"
	     "  wrong      guest work cannot run, or must not\n"
	     "\n"
	     "  -j, --json              as JSON (docs/integration.md names the keys)\n"
	     "  -h, --help              print this and exit\n"
	     "\n"
	     "Exit status: 0 all was looked at, and nothing is wrong (there may be warnings);\n"
	     "1 something is wrong or not known; 2 wrong usage.");
	return EXIT_OK;
}

struct tally {
	size_t count[CONDITIONS];
};

static int exit_status(const struct tally *tally)
{
	return tally->count[CONDITION_WRONG] || tally->count[CONDITION_NOT_KNOWN] ?
		       EXIT_FINDINGS : EXIT_OK;
}

/* --- Text -------------------------------------------------------------------- */

static void print_text(sd_json_variant *reports, const struct tally *tally)
{
	sd_json_variant *report;
	size_t i;

	for (i = 0; i < sd_json_variant_elements(reports); i++) {
		report = sd_json_variant_by_index(reports, i);
		printf("%-9s  %-18s  %s\n", report_text(report, "condition"),
		       report_text(report, "title"), report_text(report, "found"));
		if (*report_text(report, "todo"))
			printf("%-9s  %-18s  -> %s\n", "", "", report_text(report, "todo"));
	}
	printf("\n%zu ok, %zu warnings, %zu not known, %zu wrong\n", tally->count[CONDITION_OK],
	       tally->count[CONDITION_WARNING], tally->count[CONDITION_NOT_KNOWN],
	       tally->count[CONDITION_WRONG]);
}

/* --- JSON -------------------------------------------------------------------- */

static struct object put_diagnosis(const struct check *check, const struct diagnosis *diagnosis)
{
	struct object object = {};

	put_text(&object, "id", check->id);
	put_text(&object, "title", check->title);
	put_text(&object, "condition", condition_name(diagnosis->condition));
	put_text(&object, "found", diagnosis->found);
	put_text(&object, "todo", diagnosis->todo);
	return object;
}

static int print_report(struct object reports, const struct tally *tally)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *json = NULL;
	struct object object = {};
	int i, r;

	put_unsigned(&object, "format", true, 1);
	put_unsigned(&object, "exit_status", true, (uint64_t)exit_status(tally));
	for (i = 0; i < CONDITIONS; i++)
		put_unsigned(&object, condition_name(i), true, tally->count[i]);
	put_object(&object, "checks", reports);
	json = object.json;
	r = object.error;
	if (r >= 0)
		r = sd_json_variant_dump(json, SD_JSON_FORMAT_PRETTY | SD_JSON_FORMAT_NEWLINE,
					 stdout, NULL);
	return r;
}

/* --------------------------------------------------------------------------- */

static struct object make_all(const struct audit *audit, struct tally *tally)
{
	struct diagnosis diagnosis;
	struct object reports = {};
	size_t i;

	for (i = 0; i < check_count; i++) {
		check_make(&checks[i], audit, &diagnosis);
		tally->count[diagnosis.condition]++;
		append_object(&reports, put_diagnosis(&checks[i], &diagnosis));
	}
	return reports;
}

static int examine(bool json)
{
	_cleanup_(audit_fini) struct audit audit = {};
	struct object reports;
	struct tally tally = {};
	int r;

	audit_gather(&audit, NULL);
	reports = make_all(&audit, &tally);
	r = reports.error;
	if (json)
		/* takes the reports, also their error */
		r = print_report(reports, &tally);
	else if (r >= 0)
		print_text(reports.json, &tally);
	if (!json)
		sd_json_variant_unref(reports.json);
	if (r < 0)
		return fail(EXIT_FINDINGS, "doctor: %s", strerror(-r));
	return exit_status(&tally);
}

int doctor_main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "jh", options, NULL)) >= 0) {
		if (c == 'h')
			return print_help();
		if (c != 'j')
			return EXIT_USAGE;
		json = true;
	}
	if (optind < argc)
		return fail(EXIT_USAGE, "doctor takes no argument: see laybyctl doctor --help");
	return examine(json);
}
