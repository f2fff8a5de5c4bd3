// SPDX-License-Identifier: LGPL-2.1-or-later
/* Does each fault of the side entrance do what it says, and only that? */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "client.h"

static void assert_works(struct client *client, uint32_t slot)
{
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job = client_add(client, slot);

	assert_int_equal(client_run(client, slot, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_true(client_added(client, slot));
}

static void call(struct client *client, const char *method,
		 sd_json_variant *parameters)
{
	sd_json_variant_unref(client_control(client, method, parameters));
	sd_json_variant_unref(parameters);
}

/* A running job hangs; the other slot does not notice. */
static void test_hang(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	client_enable(client, 1);
	client_fault(client, "Hang", 0);
	job = client_add(client, 0);
	client_submit(client, 0, &job, 0);
	assert_false(client_complete(client, 0, &completion, 300));
	assert_works(client, 1);
	client_abort(client, 0, 0);
	assert_true(client_complete(client, 0, &completion, 500));
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_ABORTED);
	assert_false(client_added(client, 0));
	assert_works(client, 0);
}

static void test_late_abort(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor slow;
	sd_json_variant *parameters;

	client_enable(client, 0);
	sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED("slot", 0),
		       SD_JSON_BUILD_PAIR_UNSIGNED("us", 400000));
	call(client, "LateAbort", parameters);
	slow = client_job(client, 0, "slow", CLIENT_BYTES, CLIENT_BYTES);
	client_submit(client, 0, &slow, 0);
	client_wait_phase(client, 0, "running");
	client_abort(client, 0, 0);
	assert_false(client_complete(client, 0, &completion, 300));
	assert_true(client_complete(client, 0, &completion, 500));
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_ABORTED);
	assert_works(client, 0);
}

static void test_lose_abort(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor slow;

	client_enable(client, 0);
	client_fault(client, "LoseAbort", 0);
	slow = client_job(client, 0, "slow", CLIENT_BYTES, CLIENT_BYTES);
	client_submit(client, 0, &slow, 0);
	client_wait_phase(client, 0, "running");
	client_abort(client, 0, 0);
	client_abort(client, 0, 0);
	assert_false(client_complete(client, 0, &completion, 300));
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_DISABLE, 0, 0),
			 LAYBY_VNPU_RESULT_OK);
	client_enable(client, 0);
	assert_works(client, 0);
}

static void test_lose_interrupt(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	client_fault(client, "LoseInterrupt", 0);
	job = client_add(client, 0);
	client_submit(client, 0, &job, 0);
	assert_false(client_wait(client, LAYBY_VNPU_VECTOR_SLOT(0), 500));
	/* The completion itself is there. */
	assert_true(client_complete(client, 0, &completion, 0));
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_OK);
	assert_works(client, 0);
}

static void test_wild_descriptor(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	client_fault(client, "WildDescriptor", 0);
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_ACCESS);
	assert_false(client_added(client, 0));
	assert_works(client, 0);
}

static void test_kill_worker(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor loop;

	client_enable(client, 0);
	loop = client_job(client, 0, "loop", CLIENT_BYTES, CLIENT_BYTES);
	client_submit(client, 0, &loop, 0);
	client_wait_phase(client, 0, "running");
	client_fault(client, "KillWorker", 0);
	assert_true(client_complete(client, 0, &completion, 500));
	assert_int_equal(le16toh(completion.status),
			 LAYBY_VNPU_STATUS_COMPUTE_FAILED);
	assert_works(client, 0);
	/* One that waits is started anew for the next job. */
	client_fault(client, "KillWorker", 0);
	assert_works(client, 0);
}

static void test_flip_byte(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;
	sd_json_variant *parameters;
	const float *y = (void *)(client->memory + CLIENT_WINDOW(0) +
				  CLIENT_OUTPUT);
	const uint8_t *program = client->memory + CLIENT_WINDOW(0);
	const uint8_t *weight;
	float last = CLIENT_FLOATS - 1;

	client_enable(client, 0);
	assert_works(client, 0);
	job = client_add(client, 0);
	weight = memmem(program, le64toh(job.program.length), &last, sizeof(last));
	assert_non_null(weight);
	sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED("slot", 0),
		       SD_JSON_BUILD_PAIR_UNSIGNED("offset", weight + 2 - program));
	call(client, "FlipByte", parameters);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_false(client_added(client, 0));
	assert_true(y[0] == 0.0f);
	assert_true(y[CLIENT_FLOATS - 1] != 1.5f * last);
}

static void test_reset_device(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor slow;

	client_enable(client, 0);
	slow = client_job(client, 0, "slow", CLIENT_BYTES, CLIENT_BYTES);
	client_submit(client, 0, &slow, 0);
	assert_false(client_complete(client, 0, &completion, 100));
	while (client_wait(client, LAYBY_VNPU_VECTOR_MANAGEMENT, 0))
		;
	call(client, "ResetDevice", NULL);
	assert_true(client_wait(client, LAYBY_VNPU_VECTOR_MANAGEMENT, 500));
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_GENERATION), 2);
	assert_int_equal(client_read64(client, LAYBY_VNPU_SLOT(0) +
					       LAYBY_VNPU_SLOT_WINDOW_BYTES), 0);
	/* Both run on: a tail that is being written does not bring old ones back. */
	assert_int_equal(client_read32(client, LAYBY_VNPU_REG_COMMAND_HEAD),
			 client->command_tail);
	assert_false(client_complete(client, 0, &completion, 100));
	client_enable(client, 0);
	assert_works(client, 0);
}

static void test_die(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	job = client_add(client, 0);
	call(client, "Die", NULL);
	client_submit(client, 0, &job, 0);
	assert_false(client_complete(client, 0, &completion, 300));
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_CLEAR_TILES, 0, 0),
			 UINT32_MAX);
	call(client, "Revive", NULL);
	assert_true(client_complete(client, 0, &completion, 500));
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_OK);
	assert_works(client, 0);
}

/* A job that runs while the device dies is not finished before it revives. */
static void test_die_running(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	job = client_add(client, 0);
	client_submit(client, 0, &job, 0);
	call(client, "Die", NULL);
	assert_false(client_complete(client, 0, &completion, 300));
	call(client, "Revive", NULL);
	assert_true(client_complete(client, 0, &completion, 500));
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_OK);
	assert_int_equal(client_run_ticks(&completion), 1020);
}

static void test_refuse_reset(void **state)
{
	struct client *client = *state;

	client_enable(client, 0);
	client_enable(client, 1);
	client_fault(client, "RefuseReset", 0);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_DISABLE, 0, 0),
			 UINT32_MAX);
	assert_works(client, 1);
	call(client, "ResetDevice", NULL);
	client_enable(client, 0);
	assert_works(client, 0);
}

/* --- Truths --------------------------------------------------------------------------- */

static void assert_range(sd_json_variant *ranges, size_t i, uint64_t address,
			 uint64_t length, bool write)
{
	sd_json_variant *range = sd_json_variant_by_index(ranges, i);
	sd_json_variant *at = sd_json_variant_by_key(range, "address");
	sd_json_variant *bytes = sd_json_variant_by_key(range, "length");
	sd_json_variant *writes = sd_json_variant_by_key(range, "write");

	assert_int_equal(sd_json_variant_unsigned(at), address);
	assert_int_equal(sd_json_variant_unsigned(bytes), length);
	assert_int_equal(sd_json_variant_boolean(writes), write);
}

static void test_reached(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_descriptor job;
	sd_json_variant *parameters, *reply, *ranges;

	client_enable(client, 0);
	assert_works(client, 0);
	job = client_add(client, 0);
	sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED("slot", 0));
	reply = client_control(client, "Reached", parameters);
	ranges = sd_json_variant_by_key(reply, "ranges");
	assert_int_equal(sd_json_variant_elements(ranges), 3);
	assert_range(ranges, 0, CLIENT_WINDOW(0) + CLIENT_PROGRAM,
		     le64toh(job.program.length), false);
	assert_range(ranges, 1, CLIENT_WINDOW(0) + CLIENT_INPUT, CLIENT_BYTES, false);
	assert_range(ranges, 2, CLIENT_WINDOW(0) + CLIENT_OUTPUT, CLIENT_BYTES, true);
	sd_json_variant_unref(reply);
	sd_json_variant_unref(parameters);
}

static void test_read_memory(void **state)
{
	struct client *client = *state;
	sd_json_variant *parameters, *reply, *text;
	size_t size;
	void *data;

	memcpy(client->memory + CLIENT_WINDOW(0), "lay-by", 6);
	sd_json_buildo(&parameters,
		       SD_JSON_BUILD_PAIR_UNSIGNED("address", CLIENT_WINDOW(0)),
		       SD_JSON_BUILD_PAIR_UNSIGNED("length", 6));
	reply = client_control(client, "ReadMemory", parameters);
	text = sd_json_variant_by_key(reply, "data");
	assert_return_code(sd_json_variant_unbase64(text, &data, &size), 0);
	assert_int_equal(size, 6);
	assert_memory_equal(data, "lay-by", 6);
	free(data);
	sd_json_variant_unref(reply);
	sd_json_variant_unref(parameters);
}

/* Noise as from a serial line does not end the connection. */
static void test_noise(void **state)
{
	static const char noise[] =
		"\r\nlogin: {\0\0[1,2]\0{}\0\xff\xfe{\0"
		"{\"method\":\"org.layby.VNPU1.Status\"}";
	struct client *client = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char reply[4096];
	ssize_t n;

	memcpy(address.sun_path, client->control, sizeof(client->control));
	assert_return_code(connect(fd, (struct sockaddr *)&address,
				   sizeof(address)), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(fd, noise, sizeof(noise) - 1),
				 sizeof(noise) - 1);
	assert_int_equal(write(fd, "", 1), 1);
	n = read(fd, reply, sizeof(reply) - 1);
	assert_true(n > 0);
	assert_non_null(memmem(reply, n, "\"generation\":1", 14));
	close(fd);
}

/* The description that is served is the one that is in the repository. */
static void test_description(void **state)
{
	struct client *client = *state;
	char command[512];

	snprintf(command, sizeof(command),
		 "varlinkctl introspect %s org.layby.VNPU1 | diff -u %s -",
		 client->control, HERE "/org.layby.VNPU1.varlink");
	assert_int_equal(system(command), 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hang),
		TEST(test_late_abort),
		TEST(test_lose_abort),
		TEST(test_lose_interrupt),
		TEST(test_wild_descriptor),
		TEST(test_kill_worker),
		TEST(test_flip_byte),
		TEST(test_reset_device),
		TEST(test_die),
		TEST(test_die_running),
		TEST(test_refuse_reset),
		TEST(test_reached),
		TEST(test_read_memory),
		TEST(test_noise),
		TEST(test_description),
	};

	return cmocka_run_group_tests_name("vnpu faults", tests, NULL, NULL);
}
