// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A report as one HTML page, for the screen and for A4: no scripts, nothing from
 * elsewhere, the verdict before all else. Must never write a text of the report
 * but through write_escaped().
 */
#include <inttypes.h>
#include <string.h>

#include "audit.h"

/* The policy forbids scripts also if an escape was forgotten. */
static const char head[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n"
	"<head>\n"
	"<meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\"\n"
	" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>layby audit</title>\n"
	"<style>\n"
	"@page { size: A4; margin: 15mm }\n"
	"body { font: 10pt/1.4 sans-serif; color: #111; background: #fff; max-width: 54em;\n"
	"  margin: 2em auto; padding: 0 1em }\n"
	"h1 { font-size: 1.5em; margin: 0 }\n"
	"h2 { font-size: 1.15em; margin: 1.6em 0 .4em; border-bottom: 1px solid #999 }\n"
	"table { border-collapse: collapse; width: 100% }\n"
	"th, td { text-align: left; vertical-align: top; padding: .15em .6em .15em 0 }\n"
	"td { overflow-wrap: anywhere }\n"
	"tr { border-bottom: 1px solid #ddd }\n"
	".fields th { width: 27%; font-weight: normal; color: #444 }\n"
	".wide { font-size: .85em }\n"
	".wide td { overflow-wrap: normal }\n"
	".verdict { margin: 1em 0; padding: .6em 1em; border: 2px solid; border-left-width: 1em }\n"
	".verdict p { margin: .2em 0 }\n"
	".verdict .said { font-size: 1.3em; font-weight: bold }\n"
	".nothing-found { border-color: #1a7f37 }\n"
	".findings { border-color: #b30000 }\n"
	".cannot-tell { border-color: #b36b00 }\n"
	".development { font-weight: bold; color: #b30000 }\n"
	".id { font-family: monospace; white-space: nowrap }\n"
	".bar { background: #4a6fa5; height: .9em; min-width: 1px }\n"
	".bars td:nth-child(3) { width: 55% }\n"
	".number { text-align: right }\n"
	"tr { break-inside: avoid }\n"
	"h2, tr:first-child { break-after: avoid }\n"
	"@media print { body { margin: 0; padding: 0; max-width: none; font-size: 9pt;\n"
	"  line-height: 1.25 }\n"
	"  .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact } }\n"
	"</style>\n"
	"</head>\n"
	"<body>\n";

static void write_escaped(FILE *file, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", file);
			break;
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '"':
			fputs("&quot;", file);
			break;
		case '\'':
			fputs("&#39;", file);
			break;
		default:
			fputc(*text, file);
		}
	}
}

/* <td class="NAME">TEXT</td>; @name NULL: no class */
static void write_element(FILE *file, const char *element, const char *name, const char *text)
{
	fprintf(file, "<%s", element);
	if (name)
		fprintf(file, " class=\"%s\"", name);
	fputc('>', file);
	write_escaped(file, text);
	fprintf(file, "</%s>", element);
}

static void open_section(FILE *file, const char *title, const char *table)
{
	fputs("<section>\n", file);
	write_element(file, "h2", NULL, title);
	fprintf(file, "\n<table class=\"%s\">\n", table);
}

static void close_section(FILE *file)
{
	fputs("</table>\n</section>\n", file);
}

/* --- The first screen --------------------------------------------------------- */

static void write_top(FILE *file, sd_json_variant *report)
{
	write_element(file, "h1", NULL, "layby audit");
	fputs("\n<p>", file);
	write_escaped(file, report_text(sd_json_variant_by_key(report, "system"), "host"));
	fputs(", ", file);
	write_escaped(file, report_text(report, "time_utc"));
	fputs(", policy ", file);
	write_escaped(file, report_text(sd_json_variant_by_key(report, "policy"), "digest"));
	fputs("</p>\n<div class=\"verdict ", file);
	write_escaped(file, report_text(report, "verdict"));
	fputs("\">\n", file);
	write_element(file, "p", "said", report_text(report, "verdict_text"));
	write_element(file, "p", NULL,
		      report_text(sd_json_variant_by_key(report, "gate"), "sentence"));
	if (report_has_development_key(report))
		write_element(file, "p", "development", "DEVELOPMENT KEY: not for the road.");
	fputs("\n</div>\n", file);
}

/* Rows of objects, of each the texts under these keys */
static void write_rows(FILE *file, sd_json_variant *rows, const char *const *names, size_t count)
{
	size_t row, i;

	for (row = 0; row < sd_json_variant_elements(rows); row++) {
		fputs("<tr>", file);
		for (i = 0; i < count; i++)
			write_element(file, "td", strcmp(names[i], "id") ? NULL : "id",
				      report_text(sd_json_variant_by_index(rows, row), names[i]));
		fputs("</tr>\n", file);
	}
}

static void write_findings(FILE *file, sd_json_variant *findings)
{
	static const char *const names[] = { "id", "text", "remedy" };

	if (!sd_json_variant_elements(findings))
		return;
	open_section(file, "Findings", "list");
	fputs("<tr><th>Finding</th><th>What</th><th>What to do</th></tr>\n", file);
	write_rows(file, findings, names, ARRAY_SIZE(names));
	close_section(file);
}

static void write_unknowns(FILE *file, sd_json_variant *unknowns)
{
	static const char *const names[] = { "what", "why" };

	if (!sd_json_variant_elements(unknowns))
		return;
	open_section(file, "Not known", "list");
	fputs("<tr><th>What</th><th>Why</th></tr>\n", file);
	write_rows(file, unknowns, names, ARRAY_SIZE(names));
	close_section(file);
}

/* --- What it is made from ------------------------------------------------------ */

static void write_fields(FILE *file, const struct field *field, sd_json_variant *object)
{
	char text[CELL_TEXT_MAX];

	for (; field->key; field++) {
		fputs("<tr>", file);
		write_element(file, "th", NULL, field->label);
		write_element(file, "td", NULL, cell_text(field, object, text));
		fputs("</tr>\n", file);
	}
}

static void write_section(FILE *file, const struct section *section, sd_json_variant *object)
{
	open_section(file, section->title, "fields");
	if (section_is_empty(section, object))
		fputs("<tr><td>not known</td></tr>\n", file);
	else
		write_fields(file, section->fields, object);
	close_section(file);
}

static void write_bar(FILE *file, const struct bar *bar)
{
	fputs("<tr>", file);
	write_element(file, "td", NULL, bar->label);
	fprintf(file, "<td class=\"number\">%" PRIu64 "</td><td>", bar->count);
	if (bar->count)
		fprintf(file, "<div class=\"bar\" style=\"width: %" PRIu32 "%%\"></div>",
			bar->percent);
	fputs("</td></tr>\n", file);
}

static void write_bars(FILE *file, sd_json_variant *report)
{
	struct bar bars[BARS_MAX];
	size_t i, count = report_bars(report, bars);

	if (!count)
		return;
	open_section(file, "How long reclaims took", "bars");
	for (i = 0; i < count; i++)
		write_bar(file, &bars[i]);
	close_section(file);
}

static void write_partitions(FILE *file, sd_json_variant *partitions)
{
	const struct field *column;
	char text[CELL_TEXT_MAX];
	size_t i;

	fputs("<tr>", file);
	for (column = partition_columns; column->key; column++)
		write_element(file, "th", NULL, column->label);
	fputs("</tr>\n", file);
	for (i = 0; i < sd_json_variant_elements(partitions); i++) {
		fputs("<tr>", file);
		for (column = partition_columns; column->key; column++)
			write_element(file, "td", NULL,
				      cell_text(column, sd_json_variant_by_index(partitions, i),
						text));
		fputs("</tr>\n", file);
	}
}

static void write_accelerators(FILE *file, sd_json_variant *accelerators)
{
	char title[CELL_TEXT_MAX];
	size_t i;

	for (i = 0; i < sd_json_variant_elements(accelerators); i++) {
		sd_json_variant *accelerator = sd_json_variant_by_index(accelerators, i);

		snprintf(title, sizeof(title), "Accelerator %s", report_text(accelerator, "name"));
		open_section(file, title, "wide");
		write_partitions(file, sd_json_variant_by_key(accelerator, "partitions"));
		close_section(file);
	}
}

const struct writer html_writer = {
	.head = head,
	.foot = "</body>\n</html>\n",
	.top = write_top,
	.findings = write_findings,
	.unknowns = write_unknowns,
	.accelerators = write_accelerators,
	.bars = write_bars,
	.section = write_section,
};
