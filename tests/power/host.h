/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a test may ask of the host, over /out: tests/power/host.py serves it. One
 * question at a time. All return 0 (or what they say) or -errno, -EBADMSG if the
 * host was not content with what it saw: what that was it says in its own log.
 */
#ifndef POWER_HOST_H
#define POWER_HOST_H

/*
 * Stop the machine until the device's watchdog has shut guest work, and driving has
 * gone on for a while; guest and driving jobs must be in flight for longer. How many
 * ms that took from the stop.
 */
int host_pause(void);
/* Stop it for @ms, in which the watchdog must not expire: @ms. */
int host_pause_for(unsigned int ms);

/*
 * To the kernel's test level @level, see /sys/power/pm_test: "none" is suspend to idle
 * in truth, until the host wakes the machine, "processors" and "core" are of suspend to
 * memory. Returns when it is awake again.
 */
int fall_asleep(const char *level);

#define SLEEP_LEVELS	6
extern const char *const sleep_levels[SLEEP_LEVELS];
/* How often a test is to sleep: N of the environment, or once to each level. */
unsigned int sleep_times(void);

#endif /* POWER_HOST_H */
