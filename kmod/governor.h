/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The governor, inside the module. What a governor sees is in
 * include/layby/governor.h; governor_type.c says what its programs may do,
 * governor.c has the one that is attached, sampler.c asks it.
 */
#ifndef LAYBY_KMOD_GOVERNOR_H
#define LAYBY_KMOD_GOVERNOR_H

#include <linux/types.h>
#include <layby/governor.h>

struct bpf_link;

/* Bytes of layby_governor_why(), with the NUL. */
#define LAYBY_GOVERNOR_WHY	64

/**
 * enum layby_governor_status - of the one governor
 * @LAYBY_GOVERNOR_NONE: none is attached
 * @LAYBY_GOVERNOR_ATTACHED: one is attached
 * @LAYBY_GOVERNOR_FAILED: its sample() did not return 0; it is dropped
 * @LAYBY_GOVERNOR_NONSENSE: its verdict was none; it is dropped
 */
enum layby_governor_status {
	LAYBY_GOVERNOR_NONE = 0,
	LAYBY_GOVERNOR_ATTACHED = 1,
	LAYBY_GOVERNOR_FAILED = 2,
	LAYBY_GOVERNOR_NONSENSE = 3,
};

/**
 * struct layby_governor_state - a snapshot
 * @status: enum layby_governor_status
 * @returned: what sample() last returned
 * @verdict_ns: CLOCK_MONOTONIC, of the sample that the verdict was given on; 0: none yet
 * @verdict: in force, cut to the limits
 * @refused: jobs that admit() refused since it was attached
 * @name: empty if none is attached
 */
struct layby_governor_state {
	u32 status;
	s32 returned;
	u64 verdict_ns;
	struct layby_governor_verdict verdict;
	u64 refused;
	char name[LAYBY_GOVERNOR_NAME];
};

/* governor.c. -EOPNOTSUPP: this kernel or this module has no BTF. */
int layby_governor_init(void);
void layby_governor_fini(void);
int layby_governor_attach(struct layby_governor *ops);
void layby_governor_detach(struct layby_governor *ops);
/*
 * The sampler's only. @verdict: the limits that it is cut to, and what it is before;
 * then what holds. False: nothing does.
 */
bool layby_governor_ask(const struct layby_governor_sample *sample,
			struct layby_governor_verdict *verdict);
/* May this guest job be accepted? Under a spin lock, which is an RCU read section. */
bool layby_governor_admit(const struct layby_admission *job);
void layby_governor_state(struct layby_governor_state *state);

/* Why it is not asked any more, in words; empty if that is not so. */
void layby_governor_why(const struct layby_governor_state *state, char *why, size_t size);

/* governor_type.c; once for the life of the module, there is no way back. */
int layby_governor_type_register(void);

/* sampler.c */
int layby_sampler_init(void);
void layby_sampler_fini(void);

#endif /* LAYBY_KMOD_GOVERNOR_H */
