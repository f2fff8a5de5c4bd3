// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Inside laybyctl policy: values written and read back, a key for each field,
 * and every byte of a compiled policy wrong once, which must be refused in
 * words or mean something else that is right. $TESTS has policy/good.conf.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* before cmocka, which has a fail() of its own */
#include "../../agent/policy/tool.h"

#include <cmocka.h>

/* --- Values --------------------------------------------------------------- */

static const struct {
	enum quantity quantity;
	const char *text;
	uint64_t value;
	/* how it is written; NULL: the same */
	const char *written;
} right[] = {
	{ QUANTITY_COUNT, "0", 0 },
	{ QUANTITY_COUNT, "18446744073709551615", UINT64_MAX },
	{ QUANTITY_COUNT, "007", 7, "7" },
	{ QUANTITY_COUNT, "7.0", 7, "7" },
	{ QUANTITY_BYTES, "0", 0, "0 B" },
	{ QUANTITY_BYTES, "1 B", 1 },
	{ QUANTITY_BYTES, "1023 B", 1023 },
	{ QUANTITY_BYTES, "1024 B", 1024, "1 KiB" },
	{ QUANTITY_BYTES, "1.5 MiB", 1572864 },
	{ QUANTITY_BYTES, "1536 KiB", 1572864, "1.5 MiB" },
	{ QUANTITY_BYTES, "15.9990234375 GiB", 17178820608ull, "16383 MiB" },
	{ QUANTITY_BYTES, "17179869183 GiB", 17179869183ull << 30 },
	{ QUANTITY_TIME, "1 ns", 1 },
	{ QUANTITY_TIME, "1.000000001 s", 1000000001, "1000000.001 us" },
	{ QUANTITY_TIME, "100ms", 100000000, "100 ms" },
	{ QUANTITY_TIME, "0.1 s", 100000000, "100 ms" },
	{ QUANTITY_TIME, "250 µs", 250000, "250 us" },
	{ QUANTITY_TIME, "90 s", 90000000000, "1.5 min" },
	{ QUANTITY_TIME, "60 min", 3600000000000, "1 h" },
	{ QUANTITY_TIME, "5124095 h", 18446742000000000000ull },
	{ QUANTITY_POWER, "0.5 W", 500, "500 mW" },
	{ QUANTITY_POWER, "20 W", 20000 },
	{ QUANTITY_TEMPERATURE, "95 °C", 95000 },
	{ QUANTITY_TEMPERATURE, "95C", 95000, "95 °C" },
	{ QUANTITY_TEMPERATURE, "0 °C", 0 },
	{ QUANTITY_TEMPERATURE, "-0.5 °C", -500ull },
	{ QUANTITY_TEMPERATURE, "-40 °C", -40000ull },
	{ QUANTITY_DIFFERENCE, "1.5 K", 1500 },
	{ QUANTITY_DIFFERENCE, "0", 0, "0 mK" },
	{ QUANTITY_DIFFERENCE, "1 mK", 1 },
	{ QUANTITY_RESISTANCE, "1.25 K/W", 1250 },
	{ QUANTITY_CAPACITY, "20 J/K", 20000 },
	{ QUANTITY_ENERGY, "1 mJ", 1000 },
	{ QUANTITY_ENERGY, "200 kJ", 200000000000 },
	{ QUANTITY_ENERGY, "0.001 mJ", 1, "1 uJ" },
	{ QUANTITY_SHARE, "40 %", 400 },
	{ QUANTITY_SHARE, "12.5%", 125, "12.5 %" },
	{ QUANTITY_SHARE, "1 permille", 1, "0.1 %" },
	{ QUANTITY_SHARE, "1‰", 1, "0.1 %" },
	{ QUANTITY_TILES, "none", 0 },
	{ QUANTITY_TILES, "0-31", UINT32_MAX },
	{ QUANTITY_TILES, "31", 1u << 31 },
	{ QUANTITY_TILES, "5, 0 - 3,3,2-4", 0x3f, "0-5" },
	{ QUANTITY_TILES, "0,2,4-5", 0x35 },
	{ QUANTITY_TILES, "0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30", 0x55555555 },
	{ QUANTITY_FRAME, "0x3e9", 0x3e9 },
	{ QUANTITY_FRAME, "0x1", 1, "0x001" },
	{ QUANTITY_FRAME, "0x00000001", 1 | LAYBY_POLICY_CAN_EXTENDED },
	{ QUANTITY_FRAME, "0x18FEF100", 0x18fef100 | LAYBY_POLICY_CAN_EXTENDED, "0x18fef100" },
};

static void test_right_values(void **state)
{
	char text[VALUE_TEXT_MAX];
	uint64_t value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(right); i++) {
		value = ~right[i].value;
		assert_int_equal(value_parse(right[i].quantity, right[i].text, &value), 0);
		assert_true(value == right[i].value);
		value_format(right[i].quantity, value, text);
		assert_string_equal(text, right[i].written ?: right[i].text);
		assert_int_equal(value_parse(right[i].quantity, text, &value), 0);
		assert_true(value == right[i].value);
	}
}

static const struct {
	enum quantity quantity;
	const char *text;
	int error;
} wrong[] = {
	{ QUANTITY_COUNT, "", -EINVAL }, { QUANTITY_COUNT, "1 W", -EINVAL },
	{ QUANTITY_COUNT, "-1", -EINVAL }, { QUANTITY_COUNT, "+1", -EINVAL },
	{ QUANTITY_COUNT, "0x10", -EINVAL }, { QUANTITY_COUNT, "1e3", -EINVAL },
	{ QUANTITY_COUNT, "1.5", -EDOM }, { QUANTITY_COUNT, "1.", -EINVAL },
	{ QUANTITY_COUNT, "18446744073709551616", -ERANGE },
	{ QUANTITY_BYTES, "1", -EINVAL }, { QUANTITY_BYTES, "1 MB", -EINVAL },
	{ QUANTITY_BYTES, "1 mib", -EINVAL }, { QUANTITY_BYTES, "0.3 KiB", -EDOM },
	{ QUANTITY_BYTES, "17179869184 GiB", -ERANGE }, { QUANTITY_BYTES, "0 x", -EINVAL },
	{ QUANTITY_TIME, "1.5 ns", -EDOM }, { QUANTITY_TIME, "1 sec", -EINVAL },
	{ QUANTITY_TIME, "1 s 1 ms", -EINVAL }, { QUANTITY_TIME, "-1 s", -EINVAL },
	{ QUANTITY_TIME, "5124096 h", -ERANGE },
	{ QUANTITY_TIME, "1.0000000000000000000 s", -EDOM },
	{ QUANTITY_TEMPERATURE, "0", -EINVAL }, { QUANTITY_TEMPERATURE, "- 1 °C", -EINVAL },
	{ QUANTITY_TEMPERATURE, "--1 °C", -EINVAL }, { QUANTITY_TEMPERATURE, "273 K", -EINVAL },
	{ QUANTITY_TEMPERATURE, "9223372036854776 °C", -ERANGE },
	{ QUANTITY_SHARE, "0.05 %", -EDOM }, { QUANTITY_SHARE, "1/2", -EINVAL },
	{ QUANTITY_TILES, "", -EINVAL }, { QUANTITY_TILES, "0-", -EINVAL },
	{ QUANTITY_TILES, "-3", -EINVAL }, { QUANTITY_TILES, "3-2", -EINVAL },
	{ QUANTITY_TILES, "1,,2", -EINVAL }, { QUANTITY_TILES, "1 2", -EINVAL },
	{ QUANTITY_TILES, "32", -ERANGE }, { QUANTITY_TILES, "99999999999999999999", -ERANGE },
	{ QUANTITY_TILES, "none,1", -EINVAL },
	{ QUANTITY_FRAME, "", -EINVAL }, { QUANTITY_FRAME, "0x", -EINVAL },
	{ QUANTITY_FRAME, "3e9", -EINVAL }, { QUANTITY_FRAME, "0x3e9 ", -EINVAL },
	{ QUANTITY_FRAME, "0x13e9", -EINVAL }, { QUANTITY_FRAME, "0x018fef100", -EINVAL },
	{ QUANTITY_FRAME, "0x80000000", -ERANGE },
};

static void test_wrong_values(void **state)
{
	uint64_t value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(value_parse(wrong[i].quantity, wrong[i].text, &value),
				 wrong[i].error);
}

/* --- Keys ----------------------------------------------------------------- */

static bool is_structure(uint32_t field)
{
	switch (field) {
	case FIELD(MAGIC) ... FIELD(PARTITION_COUNT):
	case FIELD(OWNER_OFFSET):
	case FIELD(PAD):
	case FIELD(PARTITION_CLASS):
	case FIELD(PARTITION_ID):
	case FIELD(PARTITION_PAD):
		return true;
	default:
		return false;
	}
}

static void test_keys_are_complete(void **state)
{
	const struct key *key;
	uint32_t field;
	size_t i;

	for (field = 0; field < LAYBY_POLICY_FIELDS; field++)
		assert_int_equal(!key_of_field(field), is_structure(field));
	for (i = 0; i < key_count; i++) {
		key = &keys[i];
		assert_ptr_equal(key_of_field(key->field), key);
		assert_int_equal(!strcmp(key->section, PARTITION),
				 key->field >= LAYBY_POLICY_FIELD_PARTITION);
		assert_int_equal(key->quantity == QUANTITY_TEXT,
				 layby_policy_fields[key->field].kind == LAYBY_POLICY_KIND_TEXT);
		assert_int_equal(key->quantity == QUANTITY_TEMPERATURE,
				 layby_policy_fields[key->field].kind == LAYBY_POLICY_KIND_S32);
	}
}

/* --- Compiled policies that are wrong -------------------------------------- */

static struct blob good;
static char file[64];

static int load_good(void **state)
{
	struct source source;
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/policy/good.conf", getenv("TESTS"));
	assert_int_equal(source_load(&source, path, NULL), EXIT_OK);
	good = source.blob;
	source_fini(&source);
	fd = memfd_create("policy", 0);
	assert_true(fd >= 0);
	snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
	return 0;
}

/* 0 if it is right; one sentence, of printable characters, if it is not */
static int judge(const uint8_t *bytes, size_t size)
{
	struct source source;
	const char *text;
	size_t count;
	int fd;

	fd = open(file, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
	assert_int_equal(source_read(&source, file, NULL), EXIT_OK);
	count = source.conf.problem_count;
	if (count) {
		assert_int_equal(count, 1);
		assert_int_equal(source.conf.problems[0].line, 0);
		text = source.conf.problems[0].text;
		assert_true(strlen(text) > 10 && strlen(text) < PROBLEM_TEXT_MAX - 1);
		for (; *text; text++)
			assert_true((unsigned char)*text >= ' ');
	}
	source_fini(&source);
	return count ? -EINVAL : 0;
}

static void test_each_byte_wrong(void **state)
{
	static const uint8_t changes[] = { 0x01, 0x80, 0xff };
	size_t owner = blob_get(&good, NOWHERE, FIELD(OWNER_OFFSET));
	size_t i, j, refused = 0;

	for (i = 0; i < owner; i++) {
		for (j = 0; j < ARRAY_SIZE(changes); j++) {
			good.bytes[i] ^= changes[j];
			refused += judge(good.bytes, good.size) != 0;
			good.bytes[i] ^= changes[j];
		}
	}
	assert_int_equal(judge(good.bytes, good.size), 0);
	/* most of a policy cannot be changed by chance and stay one */
	assert_true(refused > owner * ARRAY_SIZE(changes) / 2);
}

/* The rest are the sentences of text files, which have no zeros. */
static void test_each_length_wrong(void **state)
{
	size_t size;

	for (size = LAYBY_POLICY_SIZE_MIN / 2; size < good.size; size++)
		assert_int_equal(judge(good.bytes, size), -EINVAL);
}

/* Also those that this policy cannot break. */
static void test_each_rule_has_words(void **state)
{
	struct source source = { .path = "policy.bin", .blob = good };
	struct layby_policy_hw hw = { .name = "test-npu" };
	struct layby_policy_error err = { .found = 3, .low = 1, .high = 2 };
	char text[PROBLEM_TEXT_MAX];

	for (err.rule = 1; err.rule < LAYBY_POLICY_RULES; err.rule++) {
		for (err.field = 0; err.field < LAYBY_POLICY_FIELDS; err.field++) {
			err.partition = err.field < LAYBY_POLICY_FIELD_PARTITION ? NOWHERE : 2;
			err.other = 1;
			memset(text, 0, sizeof(text));
			problem_text(&source, &hw, &err, text);
			assert_true(strlen(text) > 10 && strlen(text) < sizeof(text) - 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right_values),
		cmocka_unit_test(test_wrong_values),
		cmocka_unit_test(test_keys_are_complete),
		cmocka_unit_test(test_each_byte_wrong),
		cmocka_unit_test(test_each_length_wrong),
		cmocka_unit_test(test_each_rule_has_words),
	};

	return cmocka_run_group_tests_name("policy", tests, load_good, NULL);
}
