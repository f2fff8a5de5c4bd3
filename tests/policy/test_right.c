// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A right policy: what the module says of it is what the file holds, partitions
 * are as it says, and nothing changes it before the next load (ISO-9).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/keyctl.h>

#include "check.h"
#include "image.h"

static char line[512];

static void use(const char *policy)
{
	must_give(module_unload_patiently("layby_null"), 0);
	must(image_install(policy));
	log_skip();
	must(module_load("layby_null", ""));
	assert_int_equal(log_policy_lines(line), 1);
	assert_string_equal(policy_shows("state"), "in-force");
}

/* What `sha256sum` says of the file that lies in the image. */
static void digest_of_file(char digest[65])
{
	FILE *pipe = popen("sha256sum /lib/firmware/layby/policy.bin", "re");

	assert_non_null(pipe);
	assert_int_equal(fread(digest, 1, 64, pipe), 64);
	digest[64] = '\0';
	pclose(pipe);
}

static void test_shown(void **state)
{
	char digest[65];

	use("null-other");
	digest_of_file(digest);
	assert_string_equal(policy_shows("digest"), digest);
	assert_string_equal(policy_shows("id"), "layby-null-other");
	assert_string_equal(policy_shows("serial"), "77");
	assert_string_equal(policy_shows("serial_floor"), "1");
	assert_string_equal(policy_shows("key"), "development");
	if (!strstr(line, digest) || !strstr(line, "DEVELOPMENT KEY") ||
	    !strstr(line, "policy layby-null-other, serial 77"))
		fail_msg("the log says: %s", line);
}

static void check_partition(uint32_t class, const struct layby_partition_info *want)
{
	int fd = (int)must(node_open(class));
	struct layby_partition_info info = {};

	must(node_query(fd, LAYBY_QUERY_PARTITION, &info, sizeof(info)));
	assert_int_equal(info.id, want->id);
	assert_int_equal(info.window_bytes, want->window_bytes);
	assert_int_equal(info.queue_depth, want->queue_depth);
	assert_int_equal(info.longest_run_max_ns, want->longest_run_max_ns);
	close(fd);
}

static void check_node(const char *name, bool there)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/auxiliary/devices/%s", name);
	if (!access(path, F_OK) != there)
		fail_msg("%s is %sthere", name, there ? "not " : "");
}

/* null-other.conf */
static void test_partitions(void **state)
{
	use("null-other");
	check_node("layby.driving.1", true);
	check_node("layby.driving.0", false);
	check_node("layby.guest.3", true);
	check_node("layby.guest.0", false);
	check_partition(LAYBY_CLASS_DRIVING, &(struct layby_partition_info){
		.id = 1, .window_bytes = 2 << 20, .queue_depth = 16,
		.longest_run_max_ns = 2 * SECOND });
	check_partition(LAYBY_CLASS_GUEST, &(struct layby_partition_info){
		.id = 3, .window_bytes = 1 << 20, .queue_depth = 4,
		.longest_run_max_ns = 5 * SECOND });
}

static void check_longest(uint32_t class, uint64_t longest_ns)
{
	struct party party;

	must(party_open(&party, class));
	must(party_prepare(&party, longest_ns));
	must_give(party_prepare(&party, longest_ns + 1), -EINVAL);
	party_close(&party);
}

static void test_longest_run(void **state)
{
	use("null-other");
	check_longest(LAYBY_CLASS_DRIVING, 2 * SECOND);
	check_longest(LAYBY_CLASS_GUEST, 5 * SECOND);
}

/* Jobs in flight on the driving partition: as many as the policy says. */
static void test_depth(void **state)
{
	struct io_uring ring;
	struct party party;
	uint32_t tag;

	use("null-other");
	must(party_open_ready(&party, LAYBY_CLASS_DRIVING, 2 * SECOND));
	must(ring_open(&ring, RING_PLAIN));
	must(null_set("hang", 1));
	for (tag = 0; tag < 16; tag++)
		ring_job(&ring, party.fd, tag, tag);
	must(io_uring_submit(&ring));
	ring_job(&ring, party.fd, 16, 100);
	must_give(ring_run_one(&ring), -EBUSY);
	must(null_set("hang", 0));
	io_uring_queue_exit(&ring);
	party_close(&party);
}

/* The whole window is there, and none of it is another's. */
static void test_windows(void **state)
{
	struct party driving, guest;
	uint32_t handle;

	use("null-other");
	must(party_open(&driving, LAYBY_CLASS_DRIVING));
	must(party_open(&guest, LAYBY_CLASS_GUEST));
	must(buffer_create(driving.fd, 2 << 20, 0, &handle));
	must_give(buffer_create(driving.fd, PAGE, 0, &handle), -ENOSPC);
	must(buffer_create(guest.fd, 1 << 20, 0, &handle));
	must_give(buffer_create(guest.fd, PAGE, 0, &handle), -ENOSPC);
	party_close(&driving);
	party_close(&guest);
}

/* --- Nothing changes it at run time --------------------------------------- */

static void test_files_later(void **state)
{
	char digest[65];

	use("null");
	digest_of_file(digest);
	must(image_install("null-other"));
	assert_string_equal(policy_shows("digest"), digest);
	must(image_write("policy.bin", NULL));
	must(image_write("policy.p7s", NULL));
	assert_string_equal(policy_shows("digest"), digest);
	assert_string_equal(policy_shows("state"), "in-force");
	check_node("layby.guest.0", true);
}

static void test_sysfs_is_read_only(void **state)
{
	static const char *const names[] = {
		"state", "digest", "id", "serial", "serial_floor", "key",
	};
	struct stat info;
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "/sys/module/layby/policy/%s", names[i]);
		must(stat(path, &info) ? -errno : 0);
		assert_int_equal(info.st_mode & 0777, 0444);
	}
}

/* Serial number of the keyring as /proc/keys shows it to root. */
static long find_keyring(const char *name)
{
	char text[512], is[128];
	unsigned int serial;
	FILE *keys = fopen("/proc/keys", "re");

	assert_non_null(keys);
	while (fgets(text, sizeof(text), keys)) {
		if (sscanf(text, "%x %*s %*s %*s %*s %*s %*s keyring %127[^:]", &serial, is) == 2 &&
		    !strcmp(is, name)) {
			fclose(keys);
			return (int)serial;
		}
	}
	fclose(keys);
	fail_msg("there is no keyring %s", name);
	return 0;
}

static long keyctl(int operation, long a, long b)
{
	return syscall(SYS_keyctl, operation, a, b, 0, 0) < 0 ? -errno : 0;
}

static void check_keyring(const char *name)
{
	static struct image_file certificate;
	long serial = find_keyring(name);

	must(image_read("/layby/build/keys", "production.der", &certificate));
	if (syscall(SYS_add_key, "asymmetric", NULL, certificate.bytes, certificate.size,
		    serial) >= 0)
		fail_msg("a key could be added to %s", name);
	assert_int_equal(errno, EACCES);
	must_give(keyctl(KEYCTL_LINK, KEY_SPEC_SESSION_KEYRING, serial), -EACCES);
	must_give(keyctl(KEYCTL_LINK, serial, KEY_SPEC_SESSION_KEYRING), -EACCES);
	must_give(keyctl(KEYCTL_CLEAR, serial, 0), -EACCES);
	must_give(keyctl(KEYCTL_SETPERM, serial, 0x3f3f3f3f), -EACCES);
	must_give(keyctl(KEYCTL_REVOKE, serial, 0), -EACCES);
	must_give(keyctl(KEYCTL_INVALIDATE, serial, 0), -EACCES);
}

/* Root adds no key to those that count. */
static void test_keyrings(void **state)
{
	use("null");
	must_give(keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0), 0);
	check_keyring(".layby_policy");
	check_keyring(".layby_owner");
	use("null");
}

/* The claim ends with the accelerator. */
static void test_unload(void **state)
{
	use("null");
	must_give(module_unload_patiently("layby_null"), 0);
	assert_string_equal(policy_shows("state"), "idle");
	assert_string_equal(policy_shows("digest"), "");
	must(module_load("layby_null", ""));
	assert_string_equal(policy_shows("state"), "in-force");
}

/* An accelerator that the policy does not fit, although its kind is right. */
static void test_smaller_accelerator(void **state)
{
	use("null");
	must_give(module_unload_patiently("layby_null"), 0);
	log_skip();
	must(module_load("layby_null", "depth=255"));
	assert_int_equal(log_policy_lines(line), 1);
	assert_non_null(strstr(line, "breaks rule queue-depth: partition 0: queue_depth"));
	assert_string_equal(policy_shows("state"), "wrong");
	must_give(node_open(LAYBY_CLASS_GUEST), -ENOENT);
	close((int)must(node_open(LAYBY_CLASS_DRIVING)));
}

static int right_one(void **state)
{
	int ret = image_install("null");

	return ret ? ret : null_reload("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_partitions),
		cmocka_unit_test(test_longest_run),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_files_later),
		cmocka_unit_test(test_sysfs_is_read_only),
		cmocka_unit_test(test_keyrings),
		cmocka_unit_test(test_unload),
		cmocka_unit_test(test_smaller_accelerator),
	};

	return cmocka_run_group_tests_name("right", tests, NULL, right_one);
}
