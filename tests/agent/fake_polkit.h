/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * polkit's authority on the private bus, in a process of its own. It says what the file
 * DIR/polkit says: "yes", "no", "hang" (never answers) or "nonsense"; it appends each
 * question, "ACTION FLAGS", to DIR/polkit.asked.
 */
#ifndef LAYBY_TESTS_FAKE_POLKIT_H
#define LAYBY_TESTS_FAKE_POLKIT_H

#include <sys/types.h>

/* Returns when it has its name. */
pid_t fake_polkit_start(const char *dir);
void fake_polkit_stop(pid_t pid);
void fake_polkit_says(const char *dir, const char *word);
/* How many were asked of that action. */
int fake_polkit_asked(const char *dir, const char *action);

#endif
