// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every byte of the policy, and every byte of its signature, with one bit
 * flipped: none comes into force. With LAYBY_FLIP_STEP=N every Nth byte only.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "driving.h"
#include "image.h"

#define STRIPPED	"/tmp/stripped"

static struct image_file right;

static void flip_each(const char *name)
{
	const char *stride = getenv("LAYBY_FLIP_STEP");
	size_t at, step = stride ? strtoul(stride, NULL, 10) : 1, count = 0;
	uint64_t start = now_ns();

	assert_int_not_equal(step, 0);

	must(image_install("null-pair"));
	must(image_read(POLICIES "null-pair", name, &right));
	for (at = 0; at < right.size; at += step) {
		right.bytes[at] ^= (uint8_t)(1u << at % 8);
		must(image_write(name, &right));
		check_refused("forged", "");
		right.bytes[at] ^= (uint8_t)(1u << at % 8);
		count++;
	}
	print_message("# note: %s: %zu of %zu bytes, %.1f ms each\n", name, count, right.size,
		      (double)(now_ns() - start) / MS / (double)count);
}

static void test_policy(void **state)
{
	flip_each("policy.bin");
}

static void test_signature(void **state)
{
	flip_each("policy.p7s");
}

/* Two thousand times a module leaves: let it not wait for a quiet moment. */
static int hurry(const char *value)
{
	int fd = open("/sys/kernel/rcu_expedited", O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0 || write(fd, value, 1) != 1)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	return ret;
}

/* The backend without what debuggers read: most of what loading it takes. */
static int use_small_module(void)
{
	if (system("mkdir -p " STRIPPED " && objcopy -g -R .BTF $LAYBY_MODULES/layby_null.ko "
		   STRIPPED "/layby_null.ko"))
		return -EIO;
	return setenv("LAYBY_MODULES", STRIPPED, 1);
}

static int set_up(void **state)
{
	int ret = use_small_module();

	return ret ? ret : hurry("1");
}

static int tear_down(void **state)
{
	int ret = image_install("null");

	if (!ret)
		ret = hurry("0");
	return ret ? ret : null_reload("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_signature),
	};

	return cmocka_run_group_tests_name("flips", tests, set_up, tear_down);
}
