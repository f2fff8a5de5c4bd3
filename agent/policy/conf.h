/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A systemd-style INI file with the line of everything in it, and what is wrong
 * with it. libinih reads it; a line that it would drop is a problem here.
 */
#ifndef LAYBY_CONF_H
#define LAYBY_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct conf_entry - one Key=Value
 * @section: name, without brackets
 * @key: name
 * @value: text, no blanks around it
 * @line: where it stands
 * @section_line: where its section begins
 */
struct conf_entry {
	char *section;
	char *key;
	char *value;
	uint32_t line;
	uint32_t section_line;
};

/* One thing that is wrong; @line 0: with the whole file. */
struct conf_problem {
	uint32_t line;
	char *text;
};

struct conf {
	const char *path;
	struct conf_entry *entries;
	size_t count;
	struct conf_problem *problems;
	size_t problem_count;
};

/*
 * Reads @path. EXIT_OK, with @conf to be freed by conf_fini() and perhaps
 * problems in it; else it could not be read, which stderr was told.
 */
int conf_read(struct conf *conf, const char *path);
void conf_fini(struct conf *conf);

/* The entry, or NULL. */
const struct conf_entry *conf_find(const struct conf *conf, const char *section,
				   const char *key);

/* Where it begins, or 0. */
uint32_t conf_section_line(const struct conf *conf, const char *section);

/* The file must not be used; why, and what would be right. */
void conf_problem(struct conf *conf, uint32_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Prints the problems as "file:line: text". EXIT_OK if there are none. */
int conf_report(struct conf *conf);

#endif
