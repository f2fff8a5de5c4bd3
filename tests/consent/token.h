/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tokens that make-tokens has signed, and the call that gives them. All return 0
 * or -errno.
 */
#ifndef CONSENT_TOKEN_H
#define CONSENT_TOKEN_H

#include <stddef.h>
#include <stdint.h>

struct token {
	uint8_t bytes[512];
	uint8_t signature[4096];
	size_t size;
	size_t signature_size;
};

int token_read(struct token *token, const char *name);
int token_give(int fd, const struct token *token);
/* Read and give. */
int give(int fd, const char *name);
int withdraw(int fd);

#endif /* CONSENT_TOKEN_H */
