// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The refusals of struct layby_consent, for the command and the agent.
 */
#include "consent_words.h"

#include <errno.h>
#include <stddef.h>

#include "util.h"

static const struct {
	int error;
	const char *words;
} refusals[] = {
	{ EOPNOTSUPP, "is not a guest partition, and only that takes consent" },
	{ EPERM,
	  "no policy is in force, so nobody's consent counts: see the kernel log" },
	{ EKEYREJECTED,
	  "is not signed by the owner whom the policy in force names, or not these very bytes" },
	{ EBADMSG, "is signed, but not right: laybyctl consent check says why" },
	{ EKEYEXPIRED, "has ended" },
	{ ESTALE,
	  "is not newer than one that was given before, or was withdrawn: sign a new one" },
	{ EINVAL,
	  "token or signature are longer than any that could be right" },
	{ ENOSPC,
	  "too many ids were given since the module was loaded: keep to one --id" },
	{ EBUSY, "too many calls in this minute: try again later" },
};

const char *consent_refusal(int r)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++)
		if (refusals[i].error == -r)
			return refusals[i].words;
	return NULL;
}
