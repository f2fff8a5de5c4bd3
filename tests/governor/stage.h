/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parameters of layby_governor_test.ko, see module/stage.c. 0 or -errno. */
#ifndef GOVERNOR_STAGE_H
#define GOVERNOR_STAGE_H

#include <stdbool.h>
#include <stdint.h>

/* As struct layby_governor_state has them. */
struct stage_state {
	unsigned int status;
	int returned;
	unsigned int cap_mw;
	unsigned int level;
	unsigned int open;
	unsigned long long refused;
	char name[32];
};

int stage_load(void);
int stage_unload(void);
int stage_set(const char *parameter, long long value);
/* The number, or 1 and 0 for Y and N. */
long stage_get(const char *parameter);
int stage_state(struct stage_state *ret_state);
void stage_sleep_ms(unsigned int ms);
/* Wait until the parameter is at least @value, 10 s times the kernel's factor at most. */
bool stage_reaches(const char *parameter, long value);

#endif /* GOVERNOR_STAGE_H */
