// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading INI text with libinih: see ini_file.h. libinih counts the lines but does not say
 * where an entry stands, so it gets its lines from read_line() here.
 */
#include "ini_file.h"

#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool ini_wrong(struct ini_reader *reader, const char *format, ...)
{
	va_list list;

	if (reader->problem_line)
		return false;
	reader->problem_line = reader->line;
	va_start(list, format);
	vsnprintf(reader->problem, sizeof(reader->problem), format, list);
	va_end(list);
	return false;
}

static const char *key_name(const struct ini_reader *reader, size_t key)
{
	return *(const char *const *)((const char *)reader->keys + key * reader->key_size);
}

/* @key_count: it is none */
static size_t key_find(const struct ini_reader *reader, const char *section, const char *name)
{
	size_t key = 0;

	if (strcmp(section, reader->section))
		return reader->key_count;
	while (key < reader->key_count && strcmp(key_name(reader, key), name))
		key++;
	return key;
}

static int take(void *user, const char *section, const char *name, const char *value)
{
	struct ini_reader *reader = user;
	size_t key = key_find(reader, section, name);

	if (key == reader->key_count)
		return ini_wrong(reader, "[%s] %s= is not known; right are %s", section, name,
				 reader->right);
	if (reader->had & 1u << key)
		return ini_wrong(reader, "%s= a second time", name);
	reader->had |= 1u << key;
	return reader->take(reader, key, value);
}

static char *read_line(char *to, int size, void *stream)
{
	struct ini_reader *reader = stream;
	const char *end = strchrnul(reader->next, '\n');
	int length = (int)(end - reader->next);

	if (!*reader->next)
		return NULL;
	reader->line++;
	if (length >= size - 1) {
		ini_wrong(reader, "%d characters in a line; at most %d are right", length,
			  size - 2);
		length = 0;
	}
	memcpy(to, reader->next, (size_t)length);
	strcpy(to + length, "\n");
	reader->next = *end ? end + 1 : end;
	return to;
}

static int parse(struct ini_reader *reader, const char *text)
{
	int line;

	reader->next = text;
	reader->line = 0;
	reader->problem_line = 0;
	reader->had = 0;
	/* As systemd has it: a value ends with its line and holds what stands there */
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	line = ini_parse_stream(read_line, reader, take, reader);
	if (reader->problem_line && (line <= 0 || reader->problem_line <= line))
		return reader->problem_line;
	if (line > 0)
		snprintf(reader->problem, sizeof(reader->problem),
			 "not understood; right are %s and # comment", reader->right);
	return line;
}

int ini_read(struct ini_reader *reader, const char *text, size_t size)
{
	int line;

	if (strlen(text) == size) {
		line = parse(reader, text);
		if (line >= 0)
			return line;
	}
	snprintf(reader->problem, sizeof(reader->problem), "%s",
		 strlen(text) == size ? "there is no memory to read it" :
					"is a binary file; right is text with sections and keys");
	return 1;
}
