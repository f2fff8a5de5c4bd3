// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The owner's consent, carried to the kernel and taken back. Nothing of a token
 * is looked at here: the kernel judges it.
 */
#include "internal.h"

#include <errno.h>

static int consent_call(struct layby_node *node, struct layby_consent *args)
{
	return node_ioctl(node, DRM_IOCTL_LAYBY_CONSENT, args);
}

int layby_consent_give(struct layby_node *node, const void *token, size_t token_size,
		       const void *signature, size_t signature_size)
{
	struct layby_consent args = {
		.token = (uintptr_t)token,
		.signature = (uintptr_t)signature,
		.token_size = (uint32_t)token_size,
		.signature_size = (uint32_t)signature_size,
	};

	/* all zero would withdraw; and none of the kernel's sizes has more bits */
	if (!token || !token_size || token_size > UINT32_MAX || !signature || !signature_size ||
	    signature_size > UINT32_MAX)
		return -EINVAL;
	return consent_call(node, &args);
}

int layby_consent_withdraw(struct layby_node *node)
{
	struct layby_consent args = {};

	return consent_call(node, &args);
}
