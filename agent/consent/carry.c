// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * consent give and consent withdraw: straight to the guest node.
 *
 * Does not judge the token: what the kernel says counts, and is told in words.
 */
#include <errno.h>
#include <string.h>

#include <consent_words.h>

#include "../policy/tool.h"
#include "tool.h"

static void close_node(struct layby_node **node)
{
	layby_node_close(*node);
}

static int open_node(const struct consent_options *options, struct layby_node **ret_node)
{
	int r = layby_node_open(options->partition, ret_node);

	if (r == -EINVAL)
		return fail(EXIT_USAGE, "--partition: \"%s\" is none; right is guest or a path",
			    options->partition);
	return r < 0 ? fail_errno(r, options->partition) : EXIT_OK;
}

static int refused(int r, const char *what)
{
	const char *words = consent_refusal(r);

	return words ? fail(EXIT_JOB_FAILED, "%s: %s", what, words) : fail_errno(r, what);
}

int consent_give(const struct consent_options *options)
{
	_cleanup_free_ char *path = signature_path(options, options->path);
	_cleanup_(token_fini) struct token_file token = {};
	_cleanup_(close_node) struct layby_node *node = NULL;
	_cleanup_free_ uint8_t *signature = NULL;
	size_t size;
	int r;

	r = token_read(&token, options->path);
	if (r == EXIT_OK)
		r = load_file(path, SIGNATURE_BYTES_MAX, &signature, &size);
	if (r == EXIT_OK)
		r = open_node(options, &node);
	if (r != EXIT_OK)
		return r;
	r = layby_consent_give(node, token.bytes, token.size, signature, size);
	return r < 0 ? refused(r, options->path) : EXIT_OK;
}

int consent_withdraw(const struct consent_options *options)
{
	_cleanup_(close_node) struct layby_node *node = NULL;
	int r;

	r = open_node(options, &node);
	if (r != EXIT_OK)
		return r;
	r = layby_consent_withdraw(node);
	return r < 0 ? refused(r, options->partition) : EXIT_OK;
}
