/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The most that anybody could lend in a night who knows all that will happen, within
 * consent, settings and promise.
 *
 * It must hold what layby holds to: the consent; the owner's settings; no signals, no 12 V,
 * no lending; the charge at departure, and where the car alone does not reach it, what the
 * car alone has. It needs no agent, no margins, and sees the charge exactly.
 *
 * Greedy is optimal: at each step it lends all it may, but never so much that the charge
 * at departure could no longer be reached without lending. Let another schedule be the
 * first to lend less, at a step t. If it lends nothing after t, let it lend more at t. Else
 * take as much from the next step at which it lends, and lend it at t: in between nothing
 * is lent, so no bound on the charge at lending is in the way; after it the battery holds
 * no less than before, since a fuller battery takes up no more from the charger; a day's
 * energy is not exceeded, since the greedy one was allowed it, too. So each schedule turns
 * into the greedy one and never lends less on the way.
 *
 * Where that is not exact it is to the advantage of the one who knows the future, so what
 * comes out is an upper bound: the charger is always ready to charge below the limit, the
 * computer that is awake for it takes, for each joule lent, what it takes when the most is
 * lent, and a clock or an agent that fails costs nothing.
 */
#ifndef LAYBY_TESTS_FORESIGHT_H
#define LAYBY_TESTS_FORESIGHT_H

#include "night.h"

/* Joule; @alone_j: what the battery of the car alone holds when the charge is judged. */
double foresight_lent_j(const struct night *night, double alone_j);

#endif /* LAYBY_TESTS_FORESIGHT_H */
