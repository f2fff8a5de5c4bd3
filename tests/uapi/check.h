/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every test program begins with: cmocka, the fixture, and checks that
 * print the call and both errors. Not for children and threads: a failed check
 * jumps out of the test, which only its own process and thread can do.
 */
#ifndef UAPI_CHECK_H
#define UAPI_CHECK_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "child.h"
#include "node.h"
#include "null.h"
#include "ring.h"

/* The value of a call that must not fail. */
#define must(call) ({							\
	long must_ret_ = (long)(call);					\
	if (must_ret_ < 0)						\
		fail_msg("%s gave %ld (%s), it must succeed", #call,	\
			 must_ret_, strerror((int)-must_ret_));		\
	must_ret_; })

/* A call that must give exactly @want: 0 or -errno. */
#define must_give(call, want) do {					\
	long give_ret_ = (long)(call);					\
	if (give_ret_ != (want))					\
		fail_msg("%s gave %ld (%s), it must give %s", #call,	\
			 give_ret_, strerror(give_ret_ < 0 ?		\
					     (int)-give_ret_ : 0), #want); \
} while (0)

#endif /* UAPI_CHECK_H */
