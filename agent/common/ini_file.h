/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configuration files of the programs that start at boot: INI, as systemd has it. Every
 * line must be understood; of what is wrong the first is told, with its line.
 */
#ifndef LAYBY_INI_FILE_H
#define LAYBY_INI_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INI_PROBLEM_MAX 384

struct ini_reader {
	/* the one that there is */
	const char *section;
	/*
	 * What may stand in it, each once: an array of @key_count, at most 32, each of
	 * @key_size bytes, and its first member is its name, a const char *.
	 */
	const void *keys;
	size_t key_count;
	size_t key_size;
	/*
	 * Is given each entry, by its place in @keys; the string only for as long as it runs.
	 * Returns false if ini_wrong() was called.
	 */
	bool (*take)(struct ini_reader *reader, size_t key, const char *value);
	/* what sections and keys would be right, for people */
	const char *right;
	/* of the first that is wrong, if one is */
	char problem[INI_PROBLEM_MAX];
	/* --- */
	uint32_t had;
	const char *next;
	int line;
	int problem_line;
};

bool ini_wrong(struct ini_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * All of @text, @size bytes and a NUL behind them. 0, or the line that is wrong, whose
 * problem @reader has then.
 */
int ini_read(struct ini_reader *reader, const char *text, size_t size);

#endif
