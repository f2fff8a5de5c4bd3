/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small files that are there in whole or not at all, also after a power cut.
 */
#ifndef LAYBY_AGENT_LEDGER_FILE_H
#define LAYBY_AGENT_LEDGER_FILE_H

#include <stddef.h>

/*
 * Makes @name in @directory, 0600, by way of @name.new. @flags: of renameat2(), such as
 * RENAME_NOREPLACE (-EEXIST). Returns when it is on disk.
 */
int ledger_file_save(int directory, const char *name, const void *bytes, size_t size,
		     unsigned int flags);

#endif
