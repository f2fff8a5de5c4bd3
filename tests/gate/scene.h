/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The scene of the gate's tests: the car on the far end of the bus, and park, which
 * plays owner and agent, as children of the test program. The bus is up and the
 * programs are attached (in-vm). All functions return 0 (or what they say) or
 * -errno and print nothing; one thread at a time.
 */
#ifndef GATE_SCENE_H
#define GATE_SCENE_H

#include <sys/types.h>

#include "check.h"
#include "gate.h"

/* The account of energy that a token names, unless a test names another. */
#define SCENE_ID	"0a0000000000000000000000000000aa"

/* Starts both; the car is parked, charges and has 80 %; nothing misbehaves. */
int scene_start(void);
void scene_end(void);
/* cmocka's, for a program and for each test: in the end everything is right. */
int scene_set_up(void **state);
int scene_tear_down(void **state);
int scene_right(void **state);

/* A command to tests/vehicle/car or tests/park/park, and its answer. */
int car(const char *format, ...) __attribute__((format(printf, 1, 2)));
int park(const char *format, ...) __attribute__((format(printf, 1, 2)));
pid_t park_pid(void);
pid_t car_pid(void);
/* The same car, played from this host: a forger. It comes with its first command. */
int forger(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A new one after it was killed; it gives no token by itself. */
int park_start(void);

/* Signs a token with further options of laybyctl consent sign, newer than all others. */
int token_sign(const char *id, const char *options);
/* The one that was signed last. */
int token_give_again(void);
/* Both. */
int token_give(const char *options);

/* Its reason in words, or why it cannot be asked. */
const char *gate_says(void);
/* Must be so, within gate.h's time; else says why not. */
void must_open(void);
void must_close(uint32_t reason);

#endif /* GATE_SCENE_H */
