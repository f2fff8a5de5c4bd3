/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A ledger in a directory of its own, and what a check says of it.
 */
#ifndef LAYBY_TEST_LEDGER_FIXTURE_H
#define LAYBY_TEST_LEDGER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../agent/ledger/check.h"

struct fixture {
	char directory[64];
	struct ledger_key *key;
	sqlite3 *db;
	struct ledger *ledger;
	/* of the last ledger_open() */
	char text[LEDGER_TEXT_MAX];
	/* of the last check: "ROW: TEXT" lines */
	uint64_t findings;
	uint64_t rows;
	char told[16384];
	struct ledger_seen seen;
};

/* A directory with a key, no database yet. */
void fixture_init(struct fixture *f);
void fixture_fini(struct fixture *f);

/* The database and the ledger in it. */
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);
void fixture_reopen(struct fixture *f);
/* How many rows the open ledger has. */
uint64_t fixture_count(struct fixture *f);
/* Jobs @from and so on, in one transaction, with the anchor behind it. */
void fixture_append(struct fixture *f, uint64_t from, unsigned int count);
struct ledger_row fixture_row(uint64_t job);

/* SQL that must work. */
__attribute__((format(printf, 2, 3))) void fixture_sql(struct fixture *f, const char *format,
							...);
/* With @public_key, which may be NULL, and, if @name, a point of @count rows and @hash. */
void fixture_check_with(struct fixture *f, const uint8_t *public_key, const char *name,
			uint64_t count, const uint8_t *hash);
/* With the fixture's key. */
void fixture_check(struct fixture *f);

/* A file of the directory; returns @path. */
const char *fixture_path(const struct fixture *f, const char *name, char path[static 128]);

#define assert_told(f, words)                                                         \
	do {                                                                          \
		if (!strstr((f)->told, words))                                        \
			fail_msg("\"%s\" is not in:\n%s", words, (f)->told);          \
	} while (0)
#define assert_right(f)                                                               \
	do {                                                                          \
		if ((f)->findings)                                                    \
			fail_msg("found:\n%s", (f)->told);                            \
	} while (0)

#endif
