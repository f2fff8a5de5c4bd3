/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The owner's consent: verified, held, and what was used of it. For keeper.c,
 * which asks in any context, and control.c.
 *
 * Everything here is the module's, not an accelerator's: it lasts until the
 * module goes, which sealing forbids.
 */
#ifndef LAYBY_CONSENT_KMOD_H
#define LAYBY_CONSENT_KMOD_H

#include <linux/types.h>

#include <layby/consent.h>

struct drm_device;
struct drm_file;

/**
 * struct layby_consent_state - a snapshot
 * @held: consent is given; else the rest is zero
 * @terms: its terms
 * @used_uj: what was used under its id since the boot
 * @used_day_uj: of that, today
 * @left_uj: what may still be used now
 */
struct layby_consent_state {
	bool held;
	struct layby_consent_terms terms;
	u64 used_uj;
	u64 used_day_uj;
	u64 left_uj;
};

/* Any context; keeper's lock may be held: the lock here is a leaf. */

/* What guest work used. After a withdrawal it still goes to the last consent. */
void layby_consent_use(u64 uj);
/* Of which jobs it is: LAYBY_CONSENT_BATCH and so on; 0 without consent. No lock. */
u32 layby_consent_classes(void);
/* What may still be used now, microjoule; 0 without consent. */
u64 layby_consent_left_uj(void);
void layby_consent_state(struct layby_consent_state *state);

/*
 * The policy whose owner gave it goes: consent is not held any more, and guest
 * memory cleared, but it is not withdrawn: the same token may be given again.
 * After layby_policy_release(); process context, no lock of keeper's held.
 */
void layby_consent_lapse(void);

/* DRM_IOCTL_LAYBY_CONSENT */
int layby_consent_ioctl(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* LAYBY_CONSENT_KMOD_H */
