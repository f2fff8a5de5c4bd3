/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notes of what an agent was asked and has answered, behind its file system on the same
 * disk, so that they stand in order with what it has written.
 *
 * One is written, past all caches of the machine but the disk's, when the answer is
 * there: whatever is found before it on the disk, flushed, is all that the answer could
 * stand on. A note has a sector of its own.
 */
#ifndef LAYBY_TESTS_POWERCUT_NOTES_H
#define LAYBY_TESTS_POWERCUT_NOTES_H

#include "agent_known.h"

#define NOTE_BYTES 512
#define NOTES_MAX 4096

/* From then on @known is noted on @disk, from that byte on. */
void notes_begin(struct known *known, const char *disk, uint64_t offset);
/*
 * Makes @known what the notes say that begin at that byte of the file, up to where they
 * end: also its next job, behind all that may have been submitted.
 */
void notes_read(struct known *known, const char *path, uint64_t offset);

#endif
