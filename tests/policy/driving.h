/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What must hold on layby_null when no policy is in force. */
#ifndef POLICY_DRIVING_H
#define POLICY_DRIVING_H

/*
 * The null backend anew: driving has all of it, nobody else is there, sysfs shows
 * @state and nothing of a policy, and the log got one line, with @words in it.
 */
void check_refused(const char *state, const char *words);

#endif /* POLICY_DRIVING_H */
