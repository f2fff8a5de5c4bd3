// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A report as text: the verdict first, then what it is made from.
 */
#include <inttypes.h>
#include <string.h>

#include "audit.h"

#define BAR_COLUMNS	40
#define COLUMNS_MAX	16

static void write_heading(FILE *file, const char *title)
{
	fprintf(file, "\n%s\n", title);
}

static void write_findings(FILE *file, sd_json_variant *findings)
{
	size_t i;

	for (i = 0; i < sd_json_variant_elements(findings); i++) {
		sd_json_variant *finding = sd_json_variant_by_index(findings, i);

		fprintf(file, "\n  [%s] %s\n      -> %s\n", report_text(finding, "id"),
			report_text(finding, "text"), report_text(finding, "remedy"));
	}
}

static void write_unknowns(FILE *file, sd_json_variant *unknowns)
{
	size_t i;

	if (!sd_json_variant_elements(unknowns))
		return;
	write_heading(file, "NOT KNOWN");
	for (i = 0; i < sd_json_variant_elements(unknowns); i++) {
		sd_json_variant *unknown = sd_json_variant_by_index(unknowns, i);

		fprintf(file, "  %s\n      %s\n", report_text(unknown, "what"),
			report_text(unknown, "why"));
	}
}

static void write_section(FILE *file, const struct section *section, sd_json_variant *object)
{
	const struct field *field;
	char text[CELL_TEXT_MAX];

	write_heading(file, section->title);
	if (section_is_empty(section, object)) {
		fputs("  not known\n", file);
		return;
	}
	for (field = section->fields; field->key; field++)
		fprintf(file, "%24s: %s\n", field->label, cell_text(field, object, text));
}

/* --- Partitions -------------------------------------------------------------- */

static void measure(sd_json_variant *rows, const struct field *columns, int widths[COLUMNS_MAX])
{
	char text[CELL_TEXT_MAX];
	size_t row;
	int i, width;

	for (i = 0; columns[i].key; i++) {
		widths[i] = (int)strlen(columns[i].label);
		for (row = 0; row < sd_json_variant_elements(rows); row++) {
			width = (int)strlen(cell_text(&columns[i],
						      sd_json_variant_by_index(rows, row), text));
			if (width > widths[i])
				widths[i] = width;
		}
	}
}

/* Nothing is behind the last column. */
static void write_cell(FILE *file, const struct field *column, int width, const char *text)
{
	if (column[1].key)
		fprintf(file, "  %-*s", width, text);
	else
		fprintf(file, "  %s\n", text);
}

void report_table(FILE *file, const struct field *columns, sd_json_variant *rows)
{
	int widths[COLUMNS_MAX];
	char text[CELL_TEXT_MAX];
	size_t row;
	int i;

	measure(rows, columns, widths);
	for (i = 0; columns[i].key; i++)
		write_cell(file, &columns[i], widths[i], columns[i].label);
	for (row = 0; row < sd_json_variant_elements(rows); row++)
		for (i = 0; columns[i].key; i++)
			write_cell(file, &columns[i], widths[i],
				   cell_text(&columns[i], sd_json_variant_by_index(rows, row),
					     text));
}

static void write_accelerators(FILE *file, sd_json_variant *accelerators)
{
	size_t i;

	for (i = 0; i < sd_json_variant_elements(accelerators); i++) {
		sd_json_variant *accelerator = sd_json_variant_by_index(accelerators, i);

		fprintf(file, "\nAccelerator %s\n", report_text(accelerator, "name"));
		report_table(file, partition_columns,
			     sd_json_variant_by_key(accelerator, "partitions"));
	}
}

/* -------------------------------------------------------------------------- */

static void write_bars(FILE *file, sd_json_variant *report)
{
	struct bar bars[BARS_MAX];
	size_t i, count = report_bars(report, bars);

	if (!count)
		return;
	write_heading(file, "How long reclaims took");
	for (i = 0; i < count; i++)
		fprintf(file, "%24s: %8" PRIu64 "%s%.*s\n", bars[i].label, bars[i].count,
			bars[i].percent ? "  " : "",
			(int)(bars[i].percent * BAR_COLUMNS / 100),
			"########################################");
}

static void write_top(FILE *file, sd_json_variant *report)
{
	const char *gate = report_text(sd_json_variant_by_key(report, "gate"), "sentence");

	fprintf(file, "layby audit, %s, %s\n\nVERDICT  %s\n", report_text(report, "time_utc"),
		report_text(sd_json_variant_by_key(report, "system"), "host"),
		report_text(report, "verdict_text"));
	if (*gate)
		fprintf(file, "         %s\n", gate);
	if (report_has_development_key(report))
		fputs("         DEVELOPMENT KEY: not for the road.\n", file);
}

const struct writer text_writer = {
	.head = "",
	.foot = "",
	.top = write_top,
	.findings = write_findings,
	.unknowns = write_unknowns,
	.accelerators = write_accelerators,
	.bars = write_bars,
	.section = write_section,
};
