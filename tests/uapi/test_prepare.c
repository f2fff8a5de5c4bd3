// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Preparing a job: every way in which the call can be wrong, one at a time with
 * everything else valid, and what is allowed at the edges.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

#define SIZE	(2 * PAGE)

/* One valid call, which a case then spoils. */
static struct {
	int fd, other;
	uint32_t program, input, output, read_only, freed, foreign;
	struct layby_range inputs[LAYBY_MAX_INPUTS + 1];
	struct layby_range outputs[LAYBY_MAX_OUTPUTS + 1];
	struct layby_job_prepare args;
} call;

static void make_valid(void)
{
	struct layby_range input = { .handle = call.input, .length = 128 };
	struct layby_range output = { .handle = call.output, .length = 128 };
	unsigned int i;

	for (i = 0; i <= LAYBY_MAX_INPUTS; i++) {
		call.inputs[i] = input;
		call.inputs[i].offset = i * 128;
	}
	for (i = 0; i <= LAYBY_MAX_OUTPUTS; i++) {
		call.outputs[i] = output;
		call.outputs[i].offset = i * 128;
	}
	call.args = (struct layby_job_prepare){
		.program = { .handle = call.program, .length = PAGE },
		.inputs = (uintptr_t)call.inputs, .input_count = 2,
		.outputs = (uintptr_t)call.outputs, .output_count = 2,
		.longest_run_ns = SECOND,
	};
}

static int make_foreign(void)
{
	int i, ret = 0;

	/* beyond every handle that the first party has */
	for (i = 0; i < 16 && !ret; i++)
		ret = buffer_create(call.other, SIZE, 0, &call.foreign);
	return ret;
}

static int set_up(void **state)
{
	call.fd = node_open(NODE_SECOND);
	call.other = node_open(NODE_SECOND);
	if (call.fd < 0 || call.other < 0 ||
	    buffer_create(call.fd, SIZE, 0, &call.program) ||
	    buffer_create(call.fd, SIZE, 0, &call.input) ||
	    buffer_create(call.fd, SIZE, 0, &call.output) ||
	    buffer_create(call.fd, SIZE, LAYBY_BUFFER_READ_ONLY, &call.read_only) ||
	    buffer_create(call.fd, SIZE, 0, &call.freed) ||
	    buffer_close(call.fd, call.freed) || make_foreign())
		return -1;
	make_valid();
	return 0;
}

static int tear_down(void **state)
{
	close(call.fd);
	close(call.other);
	return 0;
}

static int prepare(void)
{
	return node_ioctl(call.fd, DRM_IOCTL_LAYBY_JOB_PREPARE, &call.args);
}

static uint32_t jobs_held(void)
{
	struct layby_party_info info = {};

	must(node_query(call.fd, LAYBY_QUERY_PARTY, &info, sizeof(info)));
	return info.jobs;
}

/* --- Bad input: each case is one spoiled field --------------------------------- */

struct bad {
	const char *name;
	void (*spoil)(uint64_t value);
	uint64_t value;
	int want;
};

static void flags(uint64_t value) { call.args.flags = (uint32_t)value; }
static void job(uint64_t value) { call.args.job = (uint32_t)value; }
static void longest(uint64_t value) { call.args.longest_run_ns = value; }
static void input_count(uint64_t value) { call.args.input_count = (uint32_t)value; }
static void output_count(uint64_t value) { call.args.output_count = (uint32_t)value; }
static void inputs(uint64_t value) { call.args.inputs = value; }
static void outputs(uint64_t value) { call.args.outputs = value; }
static void program_pad(uint64_t value) { call.args.program.pad = (uint32_t)value; }
static void input_pad(uint64_t value) { call.inputs[1].pad = (uint32_t)value; }
static void output_pad(uint64_t value) { call.outputs[1].pad = (uint32_t)value; }
static void program_offset(uint64_t value) { call.args.program.offset = value; }
static void input_offset(uint64_t value) { call.inputs[1].offset = value; }
static void output_offset(uint64_t value) { call.outputs[1].offset = value; }
static void program_length(uint64_t value) { call.args.program.length = value; }
static void input_length(uint64_t value) { call.inputs[1].length = value; }
static void output_length(uint64_t value) { call.outputs[1].length = value; }

static void program_unknown(uint64_t value) { call.args.program.handle = (uint32_t)value; }
static void input_unknown(uint64_t value) { call.inputs[1].handle = (uint32_t)value; }
static void output_unknown(uint64_t value) { call.outputs[1].handle = (uint32_t)value; }
static void program_freed(uint64_t value) { call.args.program.handle = call.freed; }
static void input_freed(uint64_t value) { call.inputs[1].handle = call.freed; }
static void output_freed(uint64_t value) { call.outputs[1].handle = call.freed; }
static void program_foreign(uint64_t value) { call.args.program.handle = call.foreign; }
static void input_foreign(uint64_t value) { call.inputs[1].handle = call.foreign; }
static void output_foreign(uint64_t value) { call.outputs[1].handle = call.foreign; }

static void output_read_only(uint64_t value) { call.outputs[1].handle = call.read_only; }
static void output_on_output(uint64_t value) { call.outputs[1].offset = value; }

static void output_on_input(uint64_t value)
{
	call.outputs[0].handle = call.input;
	call.outputs[0].offset = value;
}

static void output_on_program(uint64_t value)
{
	call.outputs[0].handle = call.program;
	call.outputs[0].offset = value;
}

/* the second range of the array lies where nothing is mapped */
static char *half_mapped(const struct layby_range *range)
{
	char *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	munmap(memory + PAGE, PAGE);
	memory += PAGE - sizeof(*range);
	memcpy(memory, range, sizeof(*range));
	return memory;
}

static void inputs_half(uint64_t value)
{
	call.args.inputs = (uintptr_t)half_mapped(call.inputs);
}

static void outputs_half(uint64_t value)
{
	call.args.outputs = (uintptr_t)half_mapped(call.outputs);
}

/* program, input and output alike */
#define RANGES(name, field, value, want) \
	{ "program " name, program_##field, value, want }, \
	{ "input " name, input_##field, value, want }, \
	{ "output " name, output_##field, value, want }

static const struct bad bad[] = {
	{ "flag 1", flags, 2, -EINVAL },
	{ "flag 31", flags, 1U << 31, -EINVAL },
	{ "job not 0", job, 1, -EINVAL },
	{ "no run time", longest, 0, -EINVAL },
	{ "run time over the bound", longest, LONG_RUN + 1, -EINVAL },
	{ "run time over all bounds", longest, UINT64_MAX, -EINVAL },
	{ "inputs over the bound", input_count, LAYBY_MAX_INPUTS + 1, -EINVAL },
	{ "inputs over all bounds", input_count, UINT32_MAX, -EINVAL },
	{ "no output", output_count, 0, -EINVAL },
	{ "outputs over the bound", output_count, LAYBY_MAX_OUTPUTS + 1, -EINVAL },
	{ "outputs over all bounds", output_count, UINT32_MAX, -EINVAL },
	{ "inputs at 0", inputs, 0, -EFAULT },
	{ "inputs in the kernel", inputs, 0xffff888000000000, -EFAULT },
	{ "inputs at no address", inputs, 0x7fff000000000000, -EFAULT },
	{ "inputs half mapped", inputs_half, 0, -EFAULT },
	{ "outputs at 0", outputs, 0, -EFAULT },
	{ "outputs in the kernel", outputs, 0xffff888000000000, -EFAULT },
	{ "outputs half mapped", outputs_half, 0, -EFAULT },
	RANGES("pad", pad, 1, -EINVAL),
	RANGES("handle 0", unknown, 0, -ENOENT),
	RANGES("handle unknown", unknown, 12345, -ENOENT),
	RANGES("handle at the end", unknown, UINT32_MAX, -ENOENT),
	RANGES("handle freed", freed, 0, -ENOENT),
	RANGES("handle of another party", foreign, 0, -ENOENT),
	RANGES("offset 1", offset, 1, -EINVAL),
	RANGES("offset 32", offset, 32, -EINVAL),
	RANGES("offset at the end", offset, SIZE, -EINVAL),
	RANGES("offset past the end", offset, SIZE + 64, -EINVAL),
	RANGES("end past the buffer", offset, SIZE - 64, -EINVAL),
	RANGES("end past 64 bits", offset, UINT64_MAX - 63, -EINVAL),
	RANGES("end at 2^64", offset, -128ULL, -EINVAL),
	RANGES("length 0", length, 0, -EINVAL),
	RANGES("length past the end", length, SIZE + 1, -EINVAL),
	RANGES("length past 64 bits", length, UINT64_MAX, -EINVAL),
	RANGES("length 2^63", length, 1ULL << 63, -EINVAL),
	{ "output read-only", output_read_only, 0, -EACCES },
	{ "output equals output", output_on_output, 0, -EINVAL },
	{ "output overlaps output", output_on_output, 64, -EINVAL },
	{ "output equals input", output_on_input, 0, -EINVAL },
	{ "output overlaps an input's end", output_on_input, 128 + 64, -EINVAL },
	{ "output overlaps program", output_on_program, 0, -EINVAL },
	{ "output overlaps program's end", output_on_program, PAGE - 64, -EINVAL },
};

/* Nothing has changed after it, and the call without the fault works. */
static void test_bad(void **state)
{
	const struct bad *this = *state;
	struct layby_job_prepare copy;

	assert_int_equal(set_up(NULL), 0);
	this->spoil(this->value);
	copy = call.args;
	must_give(prepare(), this->want);
	assert_memory_equal(&call.args, &copy, sizeof(copy));
	assert_int_equal(jobs_held(), 0);
	make_valid();
	must(prepare());
	assert_int_equal(call.args.job, 0);
	assert_int_equal(jobs_held(), 1);
	must(job_unprepare(call.fd, 0));
	tear_down(NULL);
}

/* --- What is allowed -------------------------------------------------------------- */

static void test_edges(void **state)
{
	call.args.longest_run_ns = 1;
	must(prepare());
	make_valid();
	call.args.longest_run_ns = LONG_RUN;
	must(prepare());
	make_valid();
	call.args.input_count = LAYBY_MAX_INPUTS;
	call.args.output_count = LAYBY_MAX_OUTPUTS;
	must(prepare());
	make_valid();
	call.args.input_count = 0;
	call.args.inputs = 0;
	must(prepare());
	make_valid();
	call.outputs[1] = (struct layby_range){
		.handle = call.output, .offset = SIZE - 64, .length = 64,
	};
	must(prepare());
	make_valid();
	call.outputs[1].length = 1;
	must(prepare());
	assert_int_equal(jobs_held(), 6);
}

/* Only what is written must be apart. */
static void test_inputs_may_overlap(void **state)
{
	call.inputs[1] = call.inputs[0];
	must(prepare());
	make_valid();
	call.inputs[1].offset = 64;
	must(prepare());
	make_valid();
	call.inputs[0] = call.args.program;
	must(prepare());
	make_valid();
	call.args.program.handle = call.read_only;
	call.inputs[0].handle = call.read_only;
	must(prepare());
}

static void test_outputs_may_touch(void **state)
{
	call.args.program.handle = call.output;
	call.args.program.length = 64;
	call.inputs[0].handle = call.output;
	call.inputs[0].offset = 64;
	call.inputs[0].length = 64;
	call.outputs[0].offset = 128;
	call.outputs[1].offset = 256;
	must(prepare());
}

/* --- Limit and unprepare ------------------------------------------------------------- */

static void test_limit(void **state)
{
	struct layby_party_info info = {};
	uint32_t i;

	must(node_query(call.fd, LAYBY_QUERY_PARTY, &info, sizeof(info)));
	for (i = 0; i < info.jobs_max; i++) {
		make_valid();
		must(prepare());
		assert_int_equal(call.args.job, i);
	}
	make_valid();
	must_give(prepare(), -EDQUOT);
	assert_int_equal(jobs_held(), info.jobs_max);
	must(job_unprepare(call.fd, 7));
	make_valid();
	must(prepare());
	assert_int_equal(call.args.job, 7);
}

static void test_unprepare_unknown(void **state)
{
	static const uint32_t unknown[] = { 1, 127, 128, 1U << 31, UINT32_MAX };
	unsigned int i;

	must(prepare());
	for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		must_give(job_unprepare(call.fd, unknown[i]), -ENOENT);
	must_give(job_unprepare(call.other, 0), -ENOENT);
	assert_int_equal(jobs_held(), 1);
}

static void test_unprepare_twice(void **state)
{
	must(prepare());
	must(job_unprepare(call.fd, 0));
	must_give(job_unprepare(call.fd, 0), -ENOENT);
}

static void test_unprepare_pad(void **state)
{
	struct layby_job_unprepare unprepare = { .pad = 1 };

	must(prepare());
	must_give(node_ioctl(call.fd, DRM_IOCTL_LAYBY_JOB_UNPREPARE, &unprepare), -EINVAL);
	assert_int_equal(jobs_held(), 1);
}

static void test_unprepare_in_flight(void **state)
{
	struct io_uring ring;
	struct done done[2];

	must(prepare());
	must(ring_open(&ring, RING_PLAIN));
	must(null_set("hang", 1));
	ring_job(&ring, call.fd, 0, 1);
	must(io_uring_submit(&ring));
	must_give(job_unprepare(call.fd, 0), -EBUSY);
	must_give(job_unprepare(call.fd, 0), -EBUSY);
	assert_int_equal(jobs_held(), 1);

	ring_cancel(&ring, call.fd, 0, 1, 2);
	must(ring_run(&ring, done, 2));
	assert_int_equal(done_result(done, 2, 1), -ECANCELED);
	assert_int_equal(done_result(done, 2, 2), 0);
	io_uring_queue_exit(&ring);
	must(null_behave());
	while (job_unprepare(call.fd, 0) == -EBUSY)
		sleep_ms(1);
	assert_int_equal(jobs_held(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
#define BADS (sizeof(bad) / sizeof(bad[0]))

int main(void)
{
	static const struct CMUnitTest good[] = {
		TEST(edges), TEST(inputs_may_overlap), TEST(outputs_may_touch),
		TEST(limit), TEST(unprepare_unknown), TEST(unprepare_twice),
		TEST(unprepare_pad), TEST(unprepare_in_flight),
	};
	static struct CMUnitTest prepare_tests[BADS + sizeof(good) / sizeof(good[0])];
	unsigned int i;

	for (i = 0; i < BADS; i++)
		prepare_tests[i] = (struct CMUnitTest){
			.name = bad[i].name, .test_func = test_bad,
			.initial_state = (void *)(uintptr_t)&bad[i],
		};
	memcpy(&prepare_tests[BADS], good, sizeof(good));
	return cmocka_run_group_tests_name("prepare", prepare_tests, NULL, NULL);
}
