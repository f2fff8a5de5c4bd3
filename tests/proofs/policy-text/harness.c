// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * check_text() of kmod/policy.c, for every head and a text of 15 and of 31 bytes:
 * it reads inside the head, and what it lets pass is printable, ends with a NUL and
 * has only zeros behind it. The proof "policy" relies on it. The texts of 63 bytes
 * go through the same loops; with them it holds, too, but takes the solver a minute
 * of its own, and is not asked each time.
 */
#include <policy.c>

#include "proof.h"

struct head {
	__u8 bytes[sizeof(struct layby_policy)];
};

ANY(struct head, head);
ANY(__u32, index);

static void prove_passed(const __u8 *bytes, __u32 high)
{
	__u32 i = any_index();

	given(i < high);
	holds(bytes[0], "a text is not empty");
	holds(!bytes[high], "a text has its NUL");
	holds(!bytes[i] || (bytes[i] >= ' ' && bytes[i] <= '~'), "a text is printable");
	holds(bytes[i] || !bytes[i + 1], "behind its NUL a text is zero");
}

static void prove_text(const struct head *head, __u32 field)
{
	const struct layby_policy_field_info *text = info(field);
	struct layby_policy_error err = {};
	const struct check c = { .blob = head->bytes, .size = sizeof(*head), .err = &err };

	if (!check_text(&c, field)) {
		reached("a text passes");
		prove_passed(head->bytes + text->offset, text->high);
		return;
	}
	reached("a text is refused");
	holds(err.rule != LAYBY_POLICY_RULE_NONE && err.offset >= text->offset &&
	      err.offset <= text->offset + text->high, "a refusal names a place in it");
}

int main(void)
{
	const struct head head = any_head();

	prove_text(&head, LAYBY_POLICY_FIELD_ACCELERATOR);
	prove_text(&head, LAYBY_POLICY_FIELD_ID);
	return 0;
}
