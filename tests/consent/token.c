// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tokens from files, given by the raw call.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "node.h"
#include "token.h"

/* Other suites have theirs elsewhere. */
#ifndef TOKENS
#define TOKENS "/layby/build/consent/tokens"
#endif

static int read_bytes(const char *name, const char *suffix, void *bytes, size_t *size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), TOKENS "/%s%s", name, suffix);
	file = fopen(path, "rb");
	if (!file)
		return -errno;
	*size = fread(bytes, 1, *size, file);
	fclose(file);
	return 0;
}

int token_read(struct token *token, const char *name)
{
	int ret;

	memset(token, 0, sizeof(*token));
	token->size = sizeof(token->bytes);
	token->signature_size = sizeof(token->signature);
	ret = read_bytes(name, ".bin", token->bytes, &token->size);
	return ret ? ret : read_bytes(name, ".p7s", token->signature, &token->signature_size);
}

int token_give(int fd, const struct token *token)
{
	struct layby_consent args = {
		.token = (uintptr_t)token->bytes,
		.signature = (uintptr_t)token->signature,
		.token_size = (uint32_t)token->size,
		.signature_size = (uint32_t)token->signature_size,
	};

	return node_ioctl(fd, DRM_IOCTL_LAYBY_CONSENT, &args);
}

int give(int fd, const char *name)
{
	struct token token;
	int ret = token_read(&token, name);

	return ret ? ret : token_give(fd, &token);
}

int withdraw(int fd)
{
	struct layby_consent args = {};

	return node_ioctl(fd, DRM_IOCTL_LAYBY_CONSENT, &args);
}
