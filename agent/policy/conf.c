// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading INI files with libinih, and collecting what is wrong with them.
 *
 * libinih hands out entries without their lines and is lenient with what it
 * does not understand; so it gets its lines from read_line() here, which counts
 * them and sees which one came to nothing. Must never let a line pass unread.
 */
#include "conf.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <string.h>

#include "tool.h"

#define BLANKS			" \t\r\n"
/* more would not be read by anybody */
#define CONF_PROBLEMS_SHOWN	20u

/* What libinih is being given. */
struct reader {
	struct conf *conf;
	const char *next;
	const char *end;
	uint32_t line;
	uint32_t section_line;
	/* the line must become an entry, and has not yet */
	bool pending;
	/* the last section's line was not understood: nobody knows whose entries follow */
	bool lost;
};

void conf_problem(struct conf *conf, uint32_t line, const char *format, ...)
{
	struct conf_problem *problem;
	va_list list;

	conf->problems = must_realloc(conf->problems,
				      (conf->problem_count + 1) * sizeof(*problem));
	problem = &conf->problems[conf->problem_count++];
	problem->line = line;
	va_start(list, format);
	if (vasprintf(&problem->text, format, list) < 0)
		out_of_memory();
	va_end(list);
}

/* --- Lines for libinih ---------------------------------------------------- */

static void settle(struct reader *reader)
{
	if (reader->pending)
		conf_problem(reader->conf, reader->line,
			     "not understood; right are [Section], Key=Value and # comment");
	reader->pending = false;
}

/* Of what stands in a line only this: must an entry come of it? */
static void classify(struct reader *reader, char *line)
{
	char *start = line + strspn(line, BLANKS), *end = line + strlen(line);

	while (end > start && strchr(BLANKS, end[-1]))
		end--;
	if (end > start && *start == '[') {
		reader->section_line = reader->line;
		reader->lost = strchr(start, ']') != end - 1;
		reader->pending = reader->lost;
		return;
	}
	reader->pending = end > start && *start != '#' && *start != ';';
}

static char *read_line(char *to, int size, void *stream)
{
	struct reader *reader = stream;
	const char *end;
	size_t length;

	settle(reader);
	if (reader->next == reader->end)
		return NULL;
	reader->line++;
	end = memchr(reader->next, '\n', (size_t)(reader->end - reader->next));
	end = end ? end + 1 : reader->end;
	length = (size_t)(end - reader->next);
	if (length < (size_t)size) {
		memcpy(to, reader->next, length);
		to[length] = '\0';
	} else {
		conf_problem(reader->conf, reader->line,
			     "%zu characters in a line; at most %d are right",
			     length - (end[-1] == '\n'), size - 2);
		strcpy(to, "\n");
	}
	reader->next = end;
	classify(reader, to);
	return to;
}

static int add_entry(void *user, const char *section, const char *key, const char *value)
{
	struct reader *reader = user;
	struct conf *conf = reader->conf;
	const struct conf_entry *before = conf_find(conf, section, key);
	struct conf_entry *entry;

	reader->pending = false;
	if (reader->lost)
		return 1;
	if (before) {
		conf_problem(conf, reader->line, "%s= a second time; the first is in line %u", key,
			     before->line);
		return 1;
	}
	conf->entries = must_realloc(conf->entries, (conf->count + 1) * sizeof(*entry));
	entry = &conf->entries[conf->count++];
	*entry = (struct conf_entry){
		.section = must_strdup(section),
		.key = must_strdup(key),
		.value = must_strdup(value),
		.line = reader->line,
		.section_line = reader->section_line,
	};
	return 1;
}

/* --- The file ------------------------------------------------------------- */

static void parse(struct conf *conf, const uint8_t *bytes, size_t size)
{
	struct reader reader = {
		.conf = conf, .next = (const char *)bytes, .end = (const char *)bytes + size,
	};

	if (memchr(bytes, '\0', size)) {
		conf_problem(conf, 0, "is a binary file; right is text with sections and keys");
		return;
	}
	/* what some editors write before the first line */
	if (size >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3))
		reader.next += 3;
	/* as systemd has it: a value ends with its line and holds what stands there */
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	/* what it says is said by settle(), with every line and not the first only */
	ini_parse_stream(read_line, &reader, add_entry, &reader);
}

int conf_read(struct conf *conf, const char *path)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t size;
	int r;

	*conf = (struct conf){ .path = path };
	r = load_file(path, SOURCE_BYTES_MAX, &bytes, &size);
	if (r == EXIT_OK)
		parse(conf, bytes, size);
	return r;
}

void conf_fini(struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->count; i++) {
		free(conf->entries[i].section);
		free(conf->entries[i].key);
		free(conf->entries[i].value);
	}
	for (i = 0; i < conf->problem_count; i++)
		free(conf->problems[i].text);
	free(conf->entries);
	free(conf->problems);
}

const struct conf_entry *conf_find(const struct conf *conf, const char *section, const char *key)
{
	size_t i;

	for (i = 0; i < conf->count; i++) {
		if (!strcmp(conf->entries[i].section, section) &&
		    !strcmp(conf->entries[i].key, key))
			return &conf->entries[i];
	}
	return NULL;
}

uint32_t conf_section_line(const struct conf *conf, const char *section)
{
	size_t i;

	for (i = 0; i < conf->count; i++) {
		if (!strcmp(conf->entries[i].section, section))
			return conf->entries[i].section_line;
	}
	return 0;
}

static int compare_problems(const void *a, const void *b)
{
	/* what is wrong with the whole file comes last */
	uint32_t one = ((const struct conf_problem *)a)->line - 1;
	uint32_t other = ((const struct conf_problem *)b)->line - 1;

	return one < other ? -1 : one > other;
}

int conf_report(struct conf *conf)
{
	size_t i, count = conf->problem_count;

	if (!count)
		return EXIT_OK;
	/* merge sort: those of one line stay in their order */
	qsort(conf->problems, count, sizeof(*conf->problems), compare_problems);
	for (i = 0; i < count && i < CONF_PROBLEMS_SHOWN; i++) {
		if (conf->problems[i].line)
			fprintf(stderr, "%s:%u: %s\n", conf->path, conf->problems[i].line,
				conf->problems[i].text);
		else
			fprintf(stderr, "%s: %s\n", conf->path, conf->problems[i].text);
	}
	return fail(EXIT_WRONG, "%s: %zu %s", conf->path, count,
		    count == 1 ? "error" : "errors");
}
