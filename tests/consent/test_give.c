// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whose token counts, and which: forged, damaged, malformed, replayed, older,
 * ended, withdrawn ones; too many ids; too many calls. In this order: a serial
 * that was accepted stays so until the module goes.
 */
#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "token.h"

static int fd;

static int set_up(void **state)
{
	fd = node_open(LAYBY_CLASS_GUEST);
	return fd < 0;
}

static int tear_down(void **state)
{
	close(fd);
	return 0;
}

/* --- The call --------------------------------------------------------------- */

static void test_driving_node(void **state)
{
	int driving = must(node_open(LAYBY_CLASS_DRIVING));

	must_give(give(driving, "10"), -EOPNOTSUPP);
	must_give(withdraw(driving), -EOPNOTSUPP);
	close(driving);
}

static void must_refuse(struct layby_consent args, int error)
{
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_CONSENT, &args), error);
}

static void test_half_a_call(void **state)
{
	static struct token token;
	uint64_t bytes = (uintptr_t)token.bytes, signature = (uintptr_t)token.signature;

	must(token_read(&token, "10"));
	must_refuse((struct layby_consent){ bytes, signature, 88, 0 }, -EINVAL);
	must_refuse((struct layby_consent){ bytes, signature, 0, 418 }, -EINVAL);
	must_refuse((struct layby_consent){ 0, signature, 88, 418 }, -EINVAL);
	must_refuse((struct layby_consent){ bytes, 0, 88, 418 }, -EINVAL);
	must_refuse((struct layby_consent){ bytes, 0, 0, 0 }, -EINVAL);
	must_refuse((struct layby_consent){ 0, 0, 0, 1 }, -EINVAL);
	must_refuse((struct layby_consent){ bytes, signature, 513, 418 }, -EINVAL);
	must_refuse((struct layby_consent){ bytes, signature, ~0U, 418 }, -EINVAL);
	must_refuse((struct layby_consent){ bytes, signature, 88, 4097 }, -EINVAL);
	must_refuse((struct layby_consent){ bytes, signature, 88, ~0U }, -EINVAL);
	must_refuse((struct layby_consent){ 8, signature, 88, 418 }, -EFAULT);
	must_refuse((struct layby_consent){ bytes, 8, 88, 418 }, -EFAULT);
	must_refuse((struct layby_consent){ ~0ULL - 8, signature, 88, 418 }, -EFAULT);
}

/* --- Whose ------------------------------------------------------------------ */

static void test_forged(void **state)
{
	must_give(give(fd, "1000-forged"), -EKEYREJECTED);
}

static void test_signature_of_another(void **state)
{
	static struct token token, other;

	must(token_read(&token, "10"));
	must(token_read(&other, "40"));
	memcpy(token.signature, other.signature, sizeof(token.signature));
	must_give(token_give(fd, &token), -EKEYREJECTED);
}

/* Every size of both but the right one; what is longer has zeros behind. */
static void test_sizes(void **state)
{
	static struct token token;
	size_t size, right;

	must(token_read(&token, "10"));
	right = token.size;
	for (size = 1; size <= right + 16; size++) {
		token.size = size;
		if (size != right)
			must_give(token_give(fd, &token), -EKEYREJECTED);
	}
	token.size = right;
	right = token.signature_size;
	for (size = 1; size <= right + 16; size++) {
		token.signature_size = size;
		if (size != right)
			must_give(token_give(fd, &token), -EKEYREJECTED);
	}
}

static void flip_each(struct token *token, uint8_t *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		bytes[i] ^= 1 << i % 8;
		must_give(token_give(fd, token), -EKEYREJECTED);
		bytes[i] ^= 1 << i % 8;
	}
}

static void test_each_byte(void **state)
{
	static struct token token;

	must(token_read(&token, "10"));
	flip_each(&token, token.bytes, token.size);
	flip_each(&token, token.signature, token.signature_size);
}

static void test_signed_but_no_token(void **state)
{
	must_give(give(fd, "zeros"), -EBADMSG);
	must_give(give(fd, "cut"), -EBADMSG);
	must_give(give(fd, "long"), -EBADMSG);
	must_give(give(fd, "version"), -EBADMSG);
}

static void test_ended(void **state)
{
	must_give(give(fd, "1001-ended"), -EKEYEXPIRED);
	must_give(give(fd, "1002-no-hours"), -EKEYEXPIRED);
}

/* --- Which ------------------------------------------------------------------ */

/* None of the calls before has moved the serial. */
static void test_good(void **state)
{
	must_give(give(fd, "10"), 0);
	must_give(give(fd, "10"), 0);
}

static void test_older(void **state)
{
	must_give(give(fd, "9"), -ESTALE);
	must_give(give(fd, "10-other-id"), -ESTALE);
	must_give(give(fd, "10-more-energy"), -ESTALE);
	must_give(give(fd, "10"), 0);
}

static void test_newer(void **state)
{
	must_give(give(fd, "20-tomorrow"), 0);
	must_give(give(fd, "10"), -ESTALE);
	must_give(give(fd, "20-tomorrow"), 0);
}

static void test_withdrawn(void **state)
{
	must_give(withdraw(fd), 0);
	must_give(withdraw(fd), 0);
	must_give(give(fd, "20-tomorrow"), -ESTALE);
	must_give(give(fd, "10"), -ESTALE);
	must_give(give(fd, "30"), 0);
	must_give(withdraw(fd), 0);
	must_give(give(fd, "40"), 0);
}

/* Two ids were given; a refused one takes no room, a known one needs none. */
static void test_ids(void **state)
{
	char name[16];
	int i;

	for (i = 100; i < 162; i++) {
		snprintf(name, sizeof(name), "%d", i);
		must_give(give(fd, name), 0);
	}
	must_give(give(fd, "162"), -ENOSPC);
	must_give(give(fd, "163"), -ENOSPC);
	must_give(give(fd, "161"), 0);
	must_give(give(fd, "200"), 0);
	must_give(give(fd, "161"), -ESTALE);
}

/* More than a minute's worth, which may begin in between. Withdrawing is not counted. */
static void test_too_many_calls(void **state)
{
	static struct token token = { .size = 1, .signature_size = 1 };
	int i, ret = -EKEYREJECTED;

	for (i = 0; i < 3 * 4096 && ret == -EKEYREJECTED; i++)
		ret = token_give(fd, &token);
	must_give(ret, -EBUSY);
	must_give(withdraw(fd), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_driving_node),
		cmocka_unit_test(test_half_a_call),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_signature_of_another),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_each_byte),
		cmocka_unit_test(test_signed_but_no_token),
		cmocka_unit_test(test_ended),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_older),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_withdrawn),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_too_many_calls),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
