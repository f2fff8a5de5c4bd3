// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tokens that the agent has, or makes up: it carries the owner's consent, and can
 * neither widen nor repeat it. make-tokens signed them; the one called first is in
 * force when this begins.
 */
#include <stdio.h>
#include <unistd.h>

#include "foe.h"
#include "token.h"

/* By the node that was open all the time; after a withdrawal by a new one. */
static int node_give(const struct token *token)
{
	int fd = node_open(LAYBY_CLASS_GUEST), r;

	if (fd < 0)
		return fd;
	r = token_give(fd, token);
	close(fd);
	return r;
}

/* Each run has serials of its own, above those of the one before. */
static int token_load(struct token *token, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s-%s", in_unit ? "unit" : "out", name);
	return token_read(token, path);
}

static int token_named(const char *name)
{
	struct token token;
	int r = token_load(&token, name);

	return r ? r : node_give(&token);
}

static int token_flipped(const char *name)
{
	struct token token;
	int r = token_load(&token, name);

	if (r)
		return r;
	token.bytes[60] ^= 1;
	return node_give(&token);
}

static int token_other_signature(const char *name)
{
	struct token token, other;
	int r = token_load(&token, name);

	if (!r)
		r = token_load(&other, "first");
	if (r)
		return r;
	memcpy(token.signature, other.signature, sizeof(token.signature));
	return node_give(&token);
}

/* The job may be the last to end, or be stopped by the gate; buffers are out of reach then. */
static int token_use_up(const char *name)
{
	int r = token_named(name);

	if (!r && !gate_opens())
		r = -ETIMEDOUT;
	if (!r)
		r = work_run(&mine);
	if (r && r != -ECANCELED)
		return r;
	return gate_closes(LAYBY_GATE_CONSENT_ENERGY) ? 0 : -ETIMEDOUT;
}

static int token_refill(const char *name)
{
	int r = token_named(name);

	return r ? r : work_run(&mine);
}

static int token_withdraw(const char *with)
{
	int r = withdraw(mine.party.fd);

	return r ? r : gate_closes(LAYBY_GATE_NO_CONSENT) ? 0 : -ETIMEDOUT;
}

static int job_stale(const char *with)
{
	return work_run(&mine);
}

static int token_opens(const char *name)
{
	int r = token_named(name);

	return r ? r : gate_opens() ? 0 : -ETIMEDOUT;
}

const struct attempt owner[] = {
	{ "a token of another vehicle's owner", token_named, "strangers", EKEYREJECTED,
	  EKEYREJECTED },
	{ "a token with a bit changed", token_flipped, "small", EKEYREJECTED, EKEYREJECTED },
	{ "a token with another's signature", token_other_signature, "small", EKEYREJECTED,
	  EKEYREJECTED },
	{ "an expired token", token_named, "ended", EKEYEXPIRED, EKEYEXPIRED },
	{ "an older token", token_named, "older", ESTALE, ESTALE },
	{ "another token with the serial of the one in force", token_named, "twin", ESTALE,
	  ESTALE },
	{ "give the token in force again", token_named, "first" },
	{ "give a newer one and use it up: the gate closes", token_use_up, "small" },
	{ "give it again, and run a job", token_refill, "small", ESHUTDOWN, ESHUTDOWN },
	{ "the one before, of which much is left", token_named, "first", ESTALE, ESTALE },
	{ "withdraw consent: the gate closes", token_withdraw },
	{ "give the withdrawn token again", token_named, "small", ESTALE, ESTALE },
	{ "run a job that was prepared before", job_stale, NULL, ESTALE, ESTALE },
	{ "give the owner's next one: the gate opens", token_opens, "last" },
	{}
};
