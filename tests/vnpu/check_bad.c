// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Does the device stay whole whatever a driver writes, and does it leave the
 * driver's own duties to the driver?
 */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client.h"

/* The status of "add" with one thing changed, and that the slot goes on. */
static uint32_t run_changed(struct client *client,
			    void (*change)(struct layby_vnpu_descriptor *job))
{
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job = client_add(client, 0);
	uint32_t status;

	change(&job);
	status = client_run(client, 0, &job, 1, &completion);
	assert_false(client_added(client, 0));
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 0, &job, 1, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_true(client_added(client, 0));
	return status;
}

#define CHANGE(name, statement)                                                \
	static void name(struct layby_vnpu_descriptor *job)                    \
	{                                                                      \
		statement;                                                     \
	}

CHANGE(program_before, job->program.address = htole64(CLIENT_WINDOW(0) - 64))
CHANGE(program_after, job->program.address = htole64(CLIENT_WINDOW(1) - 64))
CHANGE(program_control, job->program.address = htole64(0))
CHANGE(input_outside, job->input[0].address = htole64(CLIENT_WINDOW(1)))
CHANGE(output_outside, job->output[0].address = htole64(CLIENT_WINDOW(1)))
CHANGE(output_over_end, job->output[0].address = htole64(CLIENT_WINDOW(1) - 8))
CHANGE(address_huge, job->input[0].address = htole64(UINT64_MAX - 8))
CHANGE(length_huge, job->input[0].length = htole64(UINT64_MAX))
CHANGE(length_wraps, job->output[0].length = htole64(0 - CLIENT_WINDOW(0)))

static void test_access(void **state)
{
	static void (*const changes[])(struct layby_vnpu_descriptor *job) = {
		program_before, program_after, program_control, input_outside,
		output_outside, output_over_end, address_huge, length_huge,
		length_wraps,
	};
	struct client *client = *state;

	client_enable(client, 0);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		assert_int_equal(run_changed(client, changes[i]),
				 LAYBY_VNPU_STATUS_ACCESS);
}

CHANGE(no_output, job->output_count = 0)
CHANGE(many_outputs, job->output_count = LAYBY_VNPU_OUTPUTS + 1)
CHANGE(many_inputs, job->input_count = LAYBY_VNPU_INPUTS + 1)
CHANGE(most_inputs, job->input_count = 255)
CHANGE(bad_flag, job->flags = 0x80)
CHANGE(pad_set, job->pad = htole16(1))
CHANGE(pad2_set, job->pad2[1] = htole64(1))
CHANGE(pad3_set, job->pad3[0] = htole64(1))
CHANGE(empty_program, job->program.length = 0)
CHANGE(empty_input, job->input[0].length = 0)
CHANGE(empty_output, job->output[0].length = 0)

static void test_bad_descriptor(void **state)
{
	static void (*const changes[])(struct layby_vnpu_descriptor *job) = {
		no_output, many_outputs, many_inputs, most_inputs, bad_flag,
		pad_set, pad2_set, pad3_set, empty_program, empty_input,
		empty_output,
	};
	struct client *client = *state;

	client_enable(client, 0);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		assert_int_equal(run_changed(client, changes[i]),
				 LAYBY_VNPU_STATUS_BAD_DESCRIPTOR);
}

static void test_bad_tag(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 0, &job, CLIENT_ENTRIES, &completion),
			 LAYBY_VNPU_STATUS_BAD_DESCRIPTOR);
	assert_int_equal(client_run(client, 0, &job, 0xffff, &completion),
			 LAYBY_VNPU_STATUS_BAD_DESCRIPTOR);
	/* A tag that an unfinished job has. */
	client_submit(client, 0, &job, 2);
	client_submit(client, 0, &job, 2);
	assert_true(client_complete(client, 0, &completion, 2000));
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_OK);
	assert_true(client_complete(client, 0, &completion, 2000));
	assert_int_equal(le16toh(completion.status),
			 LAYBY_VNPU_STATUS_BAD_DESCRIPTOR);
}

/* An entry of the wrong pass is not taken; put right, it is. */
static void test_bad_phase(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;
	uint8_t *entry = client->memory + LAYBY_VNPU_SQ(0);

	client_enable(client, 0);
	job = client_add(client, 0);
	client_submit(client, 0, &job, 0);
	assert_true(client_complete(client, 0, &completion, 2000));
	client_write32(client, LAYBY_VNPU_SLOT(0) + LAYBY_VNPU_SLOT_SQ_TAIL, 2);
	client_ring(client, LAYBY_VNPU_VECTOR_SLOT(0));
	assert_false(client_complete(client, 0, &completion, 200));
	assert_int_equal(client_read32(client, LAYBY_VNPU_SLOT(0) +
					       LAYBY_VNPU_SLOT_SQ_HEAD), 1);
	memcpy(entry + sizeof(job), &job, sizeof(job));
	client_ring(client, LAYBY_VNPU_VECTOR_SLOT(0));
	assert_true(client_complete(client, 0, &completion, 2000));
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_OK);
}

/* A tail beyond the ring is none; a full completion ring makes the slot wait. */
static void test_bad_indices(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;
	uint64_t base = LAYBY_VNPU_SLOT(0);

	client_enable(client, 0);
	job = client_add(client, 0);
	client_write32(client, base + LAYBY_VNPU_SLOT_SQ_TAIL, 0x80000000u);
	client_ring(client, LAYBY_VNPU_VECTOR_SLOT(0));
	assert_false(client_complete(client, 0, &completion, 100));
	assert_true(client_status(client, 0, "badTails") > 0);
	client_write32(client, base + LAYBY_VNPU_SLOT_CQ_HEAD, 12345);
	client_submit(client, 0, &job, 0);
	assert_false(client_complete(client, 0, &completion, 300));
	client_write32(client, base + LAYBY_VNPU_SLOT_CQ_HEAD, 0);
	client_ring(client, LAYBY_VNPU_VECTOR_SLOT(0));
	assert_true(client_complete(client, 0, &completion, 2000));
	assert_int_equal(le16toh(completion.status), LAYBY_VNPU_STATUS_OK);
}

/* --- Programs ---------------------------------------------------------------------- */

static void test_not_a_program(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;
	uint8_t *program = client->memory + CLIENT_WINDOW(0) + CLIENT_PROGRAM;

	client_enable(client, 0);
	job = client_add(client, 0);
	memset(program, 0xff, le64toh(job.program.length));
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_BAD_PROGRAM);
	assert_int_equal(le64toh(completion.start_ticks), 0);
	memset(program, 0, le64toh(job.program.length));
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_BAD_PROGRAM);
}

static void test_cut_off(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;
	uint64_t whole;

	client_enable(client, 0);
	job = client_add(client, 0);
	whole = le64toh(job.program.length);
	for (uint64_t bytes = 1; bytes < whole; bytes += whole / 5) {
		job.program.length = htole64(bytes);
		assert_int_equal(client_run(client, 0, &job, 0, &completion),
				 LAYBY_VNPU_STATUS_BAD_PROGRAM);
	}
	assert_false(client_added(client, 0));
}

/* A model may name a file of the host: it must not get one byte of it. */
static void test_external_data(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	job = client_job(client, 0, "external", CLIENT_BYTES, CLIENT_BYTES);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_BAD_PROGRAM);
}

CHANGE(input_short, job->input[0].length = htole64(CLIENT_BYTES - 4))
CHANGE(input_long, job->input[0].length = htole64(CLIENT_BYTES + 4))
CHANGE(output_short, job->output[0].length = htole64(CLIENT_BYTES - 4))
CHANGE(output_long, job->output[0].length = htole64(CLIENT_BYTES + 4))
CHANGE(input_missing, job->input_count = 0)

static void input_twice(struct layby_vnpu_descriptor *job)
{
	job->input_count = 2;
	job->input[1] = job->input[0];
}

static void output_twice(struct layby_vnpu_descriptor *job)
{
	job->output_count = 2;
	job->output[1] = job->output[0];
}

static void test_bad_shape(void **state)
{
	static void (*const changes[])(struct layby_vnpu_descriptor *job) = {
		input_short, input_long, output_short, output_long,
		input_missing, input_twice, output_twice,
	};
	struct client *client = *state;

	client_enable(client, 0);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		assert_int_equal(run_changed(client, changes[i]),
				 LAYBY_VNPU_STATUS_BAD_SHAPE);
}

/* An output of free length that turns out to be another one. */
static void test_bad_free_shape(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	job = client_job(client, 0, "echo", 100, 101);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_BAD_SHAPE);
}

static void test_compute_failed(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;
	int32_t *x = (void *)(client->memory + CLIENT_WINDOW(0) + CLIENT_INPUT);

	client_enable(client, 0);
	job = client_job(client, 0, "gather", CLIENT_BYTES, CLIENT_BYTES);
	for (uint32_t i = 0; i < CLIENT_FLOATS; i++)
		x[i] = i;
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	x[7] = 1000000;
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_COMPUTE_FAILED);
}

/* --- Commands ------------------------------------------------------------------------ */

static void test_bad_commands(void **state)
{
	struct client *client = *state;

	assert_int_equal(client_command(client, 0, 0, 0),
			 LAYBY_VNPU_RESULT_BAD_COMMAND);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_LEVEL_LIMIT + 1, 0, 0),
			 LAYBY_VNPU_RESULT_BAD_COMMAND);
	assert_int_equal(client_command(client, UINT32_MAX, 0, 0),
			 LAYBY_VNPU_RESULT_BAD_COMMAND);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_ENABLE, 4, 0),
			 LAYBY_VNPU_RESULT_BAD_SLOT);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_DISABLE,
					UINT32_MAX, 0),
			 LAYBY_VNPU_RESULT_BAD_SLOT);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_CLEAR_TILES, 0,
					0x100),
			 LAYBY_VNPU_RESULT_BAD_COMMAND);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_LEVEL_LIMIT, 0, 4),
			 LAYBY_VNPU_RESULT_BAD_COMMAND);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_LEVEL, 0,
					UINT64_MAX),
			 LAYBY_VNPU_RESULT_BAD_COMMAND);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_LEVEL, 4, 0),
			 LAYBY_VNPU_RESULT_BAD_SLOT);
	client_enable(client, 0);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_ENABLE, 0, 0),
			 LAYBY_VNPU_RESULT_BAD_COMMAND);
}

struct bad_register {
	uint32_t offset;
	uint64_t value;
	bool narrow;
};

static void test_bad_registers(void **state)
{
	static const struct bad_register bad[] = {
		{ LAYBY_VNPU_SLOT_WINDOW_BASE, 0, false },
		{ LAYBY_VNPU_SLOT_WINDOW_BASE, LAYBY_VNPU_CONTROL_BYTES - 4096, false },
		{ LAYBY_VNPU_SLOT_WINDOW_BASE, UINT64_MAX - 4095, false },
		{ LAYBY_VNPU_SLOT_WINDOW_BYTES, 0, false },
		{ LAYBY_VNPU_SLOT_WINDOW_BYTES, UINT64_C(64) << 20, false },
		{ LAYBY_VNPU_SLOT_WINDOW_BYTES, UINT64_MAX, false },
		{ LAYBY_VNPU_SLOT_TILES, 0, true },
		{ LAYBY_VNPU_SLOT_TILES, 0x100, true },
		{ LAYBY_VNPU_SLOT_ENTRIES, 0, true },
		{ LAYBY_VNPU_SLOT_ENTRIES, 3, true },
		{ LAYBY_VNPU_SLOT_ENTRIES, 512, true },
		{ LAYBY_VNPU_SLOT_ENTRIES, 0x80000000u, true },
		{ LAYBY_VNPU_SLOT_BANDWIDTH, 1001, true },
		{ LAYBY_VNPU_SLOT_BANDWIDTH, UINT32_MAX, true },
		{ LAYBY_VNPU_SLOT_FLAGS, 2, true },
		{ LAYBY_VNPU_SLOT_FLAGS, 0x80000001u, true },
		{ LAYBY_VNPU_SLOT_SQ, LAYBY_VNPU_CONTROL_BYTES, false },
		{ LAYBY_VNPU_SLOT_SQ, LAYBY_VNPU_RINGS + 1, false },
		{ LAYBY_VNPU_SLOT_CQ, LAYBY_VNPU_CONTROL_BYTES - 64, false },
		{ LAYBY_VNPU_SLOT_CQ, UINT64_MAX - 63, false },
	};
	struct client *client = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint64_t at = LAYBY_VNPU_SLOT(0) + bad[i].offset;

		client_write_slot(client, 0);
		if (bad[i].narrow)
			client_write32(client, at, bad[i].value);
		else
			client_write64(client, at, bad[i].value);
		assert_int_equal(client_command(client,
						LAYBY_VNPU_OP_SLOT_ENABLE, 0, 0),
				 LAYBY_VNPU_RESULT_BAD_REGISTER);
	}
	client_enable(client, 0);
}

/* That windows and tiles are disjoint is the driver's duty, not the device's. */
static void test_overlap_accepted(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	client_write_slot(client, 1);
	client_write64(client, LAYBY_VNPU_SLOT(1) + LAYBY_VNPU_SLOT_WINDOW_BASE,
		       CLIENT_WINDOW(0));
	client_write32(client, LAYBY_VNPU_SLOT(1) + LAYBY_VNPU_SLOT_TILES, 3);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_ENABLE, 1, 0),
			 LAYBY_VNPU_RESULT_OK);
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 1, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_true(client_added(client, 0));
}

/* --- Anything at all ------------------------------------------------------------------ */

static void scribble(struct client *client)
{
	uint64_t at = (uint64_t)random() % LAYBY_VNPU_CONTROL_BYTES & ~7ull;
	uint64_t value = (uint64_t)random() << 32 ^ random();

	/* Mostly where it hurts: registers and rings. */
	if (random() & 1)
		at = LAYBY_VNPU_SLOT(random() % 4) + (random() % 16) * 4 / 8 * 8;
	else if (random() & 1)
		at = LAYBY_VNPU_SQ(random() % 4) + random() % 2048 / 8 * 8;
	if (random() & 1)
		value &= 0xff;
	client_write64(client, at, value);
	if (random() % 4 == 0)
		client_ring(client, random() % LAYBY_VNPU_VECTORS);
}

static void test_scribble(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	srandom(4711);
	for (int round = 0; round < 20; round++) {
		for (uint32_t slot = 0; slot < 4; slot++)
			client_write_slot(client, slot);
		for (uint32_t slot = 0; slot < 4; slot++)
			client_command(client, LAYBY_VNPU_OP_SLOT_ENABLE, slot, 0);
		job = client_add(client, 0);
		client_submit(client, 0, &job, 0);
		for (int i = 0; i < 5000; i++)
			scribble(client);
		client_disconnect(client);
		client_connect(client);
	}
	client_enable(client, 0);
	job = client_add(client, 0);
	assert_int_equal(client_run(client, 0, &job, 0, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_true(client_added(client, 0));
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_access),
		TEST(test_bad_descriptor),
		TEST(test_bad_tag),
		TEST(test_bad_phase),
		TEST(test_bad_indices),
		TEST(test_not_a_program),
		TEST(test_cut_off),
		TEST(test_external_data),
		TEST(test_bad_shape),
		TEST(test_bad_free_shape),
		TEST(test_compute_failed),
		TEST(test_bad_commands),
		TEST(test_bad_registers),
		TEST(test_overlap_accepted),
		TEST(test_scribble),
	};

	return cmocka_run_group_tests_name("vnpu bad input", tests, NULL, NULL);
}
