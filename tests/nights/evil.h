/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes wrong on purpose.
 */
#ifndef LAYBY_TESTS_EVIL_H
#define LAYBY_TESTS_EVIL_H

#include "luck.h"
#include "night.h"

/* Makes a typical night one in which something goes wrong: night->evil says what. */
void night_spoil(struct night *night, struct luck *luck);

#endif /* LAYBY_TESTS_EVIL_H */
