/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a harness says to CBMC. A function any_...() has no body: it may return
 * every value that there is, and that is what "for every input" means here.
 */
#ifndef PROOF_H
#define PROOF_H

#ifndef __CPROVER__
/* for compilers that only look whether the harness is right C */
void __CPROVER_assume(_Bool condition);
void __CPROVER_assert(_Bool condition, const char *text);
#endif

/* any_name() gives a value of the type, whichever. */
#define ANY(type, name)		type any_##name(void)

/* From here on only what fits it is looked at: each one is a stated assumption. */
#define given(condition)	__CPROVER_assume(condition)

/* Must be so for every input. */
#define holds(condition, text)	__CPROVER_assert(condition, text)

/* The same, and known from here on: a step that the solver need not find by itself. */
#define follows(condition, text)		\
	do {					\
		holds(condition, text);		\
		given(condition);		\
	} while (0)

/*
 * Some input must come here: a proof about nothing proves everything. The runner
 * asks that just these assertions fail.
 */
#define reached(text)		__CPROVER_assert(0, "reached: " text)

#endif /* PROOF_H */
