/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why the kernel does not take an owner's consent, in words.
 */
#ifndef LAYBY_CONSENT_WORDS_H
#define LAYBY_CONSENT_WORDS_H

/* Of a negative errno of layby_consent_give(); NULL: it is none of its own. */
const char *consent_refusal(int r);

#endif
