// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * liblayby's calls: what reaches the kernel byte by byte, which errors come
 * back, what is given back on the way out. Nodes, buffers, jobs, reports.
 */
#include "kernel.h"

#include <drm.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VERSION IOCTL, .request = DRM_IOCTL_VERSION
#define QUERY IOCTL, .request = DRM_IOCTL_LAYBY_QUERY

/* --- nodes ---------------------------------------------------------------- */

static void open_fails(const char *partition, int error)
{
	struct layby_node *node = (void *)-1;

	assert_int_equal(layby_node_open(partition, &node), error);
	assert_ptr_equal(node, (void *)-1);
	kernel_check_done();
}

static void test_open_guest(void **state)
{
	struct layby_node *node = kernel_open_node();

	assert_int_equal(layby_node_fd(node), KERNEL_FD);
	kernel_close_node(node);
}

static void test_open_driving_is_its_node(void **state)
{
	EXPECT({ OPEN, .path = "/dev/layby/driving", .error = EACCES });
	open_fails("driving", -EACCES);
}

static void test_open_path_is_taken_as_it_is(void **state)
{
	EXPECT({ OPEN, .path = "/dev/accel/accel3", .error = ENOENT });
	open_fails("/dev/accel/accel3", -ENOENT);
}

static void test_open_unknown_name(void **state)
{
	open_fails("passenger", -EINVAL);
	open_fails("", -EINVAL);
}

static void test_open_other_driver(void **state)
{
	EXPECT({ OPEN, .path = "./x" }, { VERSION, .name = "ivpu" }, { CLOSE });
	open_fails("./x", -ENODEV);
}

static void test_open_other_driver_with_our_name_in_front(void **state)
{
	EXPECT({ OPEN, .path = "./x" }, { VERSION, .name = "laybyte" },
	       { CLOSE });
	open_fails("./x", -ENODEV);
}

static void test_open_not_a_drm_node(void **state)
{
	EXPECT({ OPEN, .path = "/dev/null" }, { VERSION, .error = ENOTTY },
	       { CLOSE });
	open_fails("/dev/null", -ENODEV);
}

static void test_open_party_query_fails(void **state)
{
	EXPECT({ OPEN, .path = "./x" }, { VERSION, .name = "layby" },
	       { QUERY, .error = ENODEV }, { CLOSE });
	open_fails("./x", -ENODEV);
}

static void test_open_without_tags(void **state)
{
	static const struct layby_party_info info = { .report_bytes = 4096 };

	EXPECT({ OPEN, .path = "./x" }, { VERSION, .name = "layby" },
	       { QUERY, .topic = LAYBY_QUERY_PARTY, .info = &info,
		 .info_size = sizeof(info) },
	       { CLOSE });
	open_fails("./x", -EPROTO);
}

static void test_open_reports_too_small(void **state)
{
	static const struct layby_party_info info = { .report_bytes = 4096,
						      .tags = 65 };

	EXPECT({ OPEN, .path = "./x" }, { VERSION, .name = "layby" },
	       { QUERY, .topic = LAYBY_QUERY_PARTY, .info = &info,
		 .info_size = sizeof(info) },
	       { CLOSE });
	open_fails("./x", -EPROTO);
}

static void test_open_more_tags_than_a_command_can_name(void **state)
{
	static const struct layby_party_info info = { .report_bytes = 1 << 30,
						      .tags = 65537 };

	EXPECT({ OPEN, .path = "./x" }, { VERSION, .name = "layby" },
	       { QUERY, .topic = LAYBY_QUERY_PARTY, .info = &info,
		 .info_size = sizeof(info) },
	       { CLOSE });
	open_fails("./x", -EPROTO);
}

static void test_open_reports_cannot_be_mapped(void **state)
{
	static const struct layby_party_info info = { .report_bytes = 8192,
						      .tags = 64 };

	EXPECT({ OPEN, .path = "./x" }, { VERSION, .name = "layby" },
	       { QUERY, .topic = LAYBY_QUERY_PARTY, .info = &info,
		 .info_size = sizeof(info) },
	       { MMAP, .length = 8192, .error = ENOMEM }, { CLOSE });
	open_fails("./x", -ENOMEM);
}

static void test_close_nothing(void **state)
{
	layby_node_close(NULL);
	assert_int_equal(layby_buffer_destroy(NULL), 0);
	assert_int_equal(layby_job_unprepare(NULL), 0);
	layby_queue_destroy(NULL);
}

static void test_query_accel(void **state)
{
	static const struct layby_accel_info info = { .name = "vnpu",
						      .tiles = 8 };
	struct layby_node *node = kernel_open_node();
	struct layby_accel_info ret;

	EXPECT({ QUERY, .topic = LAYBY_QUERY_ACCEL, .info = &info,
		 .info_size = sizeof(info) });
	assert_int_equal(layby_node_query_accel(node, &ret), 0);
	assert_memory_equal(&ret, &info, sizeof(info));
	kernel_close_node(node);
}

static void test_query_partition_after_a_signal(void **state)
{
	static const struct layby_partition_info info = { .window_bytes = 9 };
	struct layby_node *node = kernel_open_node();
	struct layby_partition_info ret;

	EXPECT({ QUERY, .error = EINTR },
	       { QUERY, .topic = LAYBY_QUERY_PARTITION, .info = &info,
		 .info_size = sizeof(info) });
	assert_int_equal(layby_node_query_partition(node, &ret), 0);
	assert_memory_equal(&ret, &info, sizeof(info));
	kernel_close_node(node);
}

static void test_query_error_leaves_the_answer_alone(void **state)
{
	struct layby_node *node = kernel_open_node();
	struct layby_accel_info accel = { .tiles = 5 };
	struct layby_partition_info partition = { .tiles = 6 };
	struct layby_party_info party = { .tags = 7 };

	EXPECT({ QUERY, .error = ENODEV }, { QUERY, .error = ENODEV },
	       { QUERY, .error = ENODEV });
	assert_int_equal(layby_node_query_accel(node, &accel), -ENODEV);
	assert_int_equal(layby_node_query_partition(node, &partition), -ENODEV);
	assert_int_equal(layby_node_query_party(node, &party), -ENODEV);
	assert_int_equal(accel.tiles + partition.tiles + party.tags, 18);
	kernel_close_node(node);
}

/* --- buffers -------------------------------------------------------------- */

static const struct layby_buffer_create create_in = {
	.size = 5000,
	.flags = LAYBY_BUFFER_READ_ONLY,
};

static const struct layby_buffer_create create_out = {
	.size = 8192,
	.flags = LAYBY_BUFFER_READ_ONLY,
	.handle = 33,
};

static const struct layby_buffer_map map_in = { .handle = 33 };

static const struct layby_buffer_map map_out = { .handle = 33,
						 .offset = 0x200000000 };

static const struct drm_gem_close gem_close = { .handle = 33 };
static char memory[8192];

static struct layby_buffer *create_buffer(struct layby_node *node)
{
	struct layby_buffer *buffer;

	EXPECT({ IOCTL, .request = DRM_IOCTL_LAYBY_BUFFER_CREATE,
		 .in = &create_in, .out = &create_out });
	assert_int_equal(layby_buffer_create(node, 5000, LAYBY_BUFFER_READ_ONLY,
					     &buffer),
			 0);
	return buffer;
}

static void test_buffer_create_map_destroy(void **state)
{
	struct layby_node *node = kernel_open_node();
	struct layby_buffer *buffer = create_buffer(node);
	void *data = NULL;

	assert_int_equal(layby_buffer_size(buffer), 8192);
	EXPECT({ IOCTL, .request = DRM_IOCTL_LAYBY_BUFFER_MAP, .in = &map_in,
		 .out = &map_out },
	       { MMAP, .offset = 0x200000000, .length = 8192,
		 .memory = memory });
	assert_int_equal(layby_buffer_map(buffer, &data), 0);
	assert_ptr_equal(data, memory);
	data = NULL;
	assert_int_equal(layby_buffer_map(buffer, &data), 0);
	assert_ptr_equal(data, memory);
	EXPECT({ MUNMAP, .memory = memory, .length = 8192 },
	       { IOCTL, .request = DRM_IOCTL_GEM_CLOSE, .in = &gem_close });
	assert_int_equal(layby_buffer_destroy(buffer), 0);
	kernel_close_node(node);
}

static void test_buffer_create_fails(void **state)
{
	static const int errors[] = { EINVAL, ENOSPC, EDQUOT, ENODEV };
	struct layby_node *node = kernel_open_node();
	struct layby_buffer *buffer = NULL;
	struct call call = { IOCTL, .request = DRM_IOCTL_LAYBY_BUFFER_CREATE };
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		call.error = errors[i];
		kernel_expect(&call, 1);
		assert_int_equal(layby_buffer_create(node, 1, 0, &buffer),
				 -errors[i]);
		assert_null(buffer);
	}
	kernel_close_node(node);
}

static void test_buffer_map_fails(void **state)
{
	struct layby_node *node = kernel_open_node();
	struct layby_buffer *buffer = create_buffer(node);
	void *data = NULL;

	EXPECT({ IOCTL, .request = DRM_IOCTL_LAYBY_BUFFER_MAP,
		 .error = ENODEV });
	assert_int_equal(layby_buffer_map(buffer, &data), -ENODEV);
	EXPECT({ IOCTL, .request = DRM_IOCTL_LAYBY_BUFFER_MAP },
	       { MMAP, .length = 8192, .error = ENOMEM });
	assert_int_equal(layby_buffer_map(buffer, &data), -ENOMEM);
	assert_null(data);
	EXPECT({ IOCTL, .request = DRM_IOCTL_GEM_CLOSE, .error = EINVAL });
	assert_int_equal(layby_buffer_destroy(buffer), -EINVAL);
	kernel_close_node(node);
}

static void test_buffer_range(void **state)
{
	static const struct layby_range expected = { .handle = 33,
						     .offset = 64,
						     .length = 100 };
	struct layby_node *node = kernel_open_node();
	struct layby_buffer *buffer = create_buffer(node);
	struct layby_range range = layby_buffer_range(buffer, 64, 100);

	assert_memory_equal(&range, &expected, sizeof(range));
	EXPECT({ IOCTL, .request = DRM_IOCTL_GEM_CLOSE, .in = &gem_close });
	layby_buffer_destroy(buffer);
	kernel_close_node(node);
}

/* --- jobs ----------------------------------------------------------------- */

static void test_job_prepare_encoding(void **state)
{
	static const struct layby_range ranges[3] = { { .handle = 2 } };
	static struct layby_job_prepare in = {
		.program = { .handle = 1, .offset = 64, .length = 7 },
		.input_count = 2,
		.output_count = 1,
		.longest_run_ns = 12345678901,
	};
	static const struct layby_job_prepare out = { .job = 19 };
	static const struct layby_job_unprepare unprepare = { .job = 19 };
	struct layby_node *node = kernel_open_node();
	struct layby_job_spec spec = {
		.program = in.program,
		.inputs = ranges,
		.input_count = 2,
		.outputs = &ranges[2],
		.output_count = 1,
		.longest_run_ns = 12345678901,
	};
	struct layby_job *job;

	in.inputs = (uintptr_t)ranges;
	in.outputs = (uintptr_t)&ranges[2];
	EXPECT({ IOCTL, .request = DRM_IOCTL_LAYBY_JOB_PREPARE, .in = &in,
		 .out = &out });
	assert_int_equal(layby_job_prepare(node, &spec, &job), 0);
	EXPECT({ IOCTL, .request = DRM_IOCTL_LAYBY_JOB_UNPREPARE,
		 .in = &unprepare });
	assert_int_equal(layby_job_unprepare(job), 0);
	kernel_close_node(node);
}

static void test_job_prepare_fails(void **state)
{
	static const int errors[] = { EINVAL, ENOENT, EACCES, EDQUOT, EFAULT };
	struct layby_node *node = kernel_open_node();
	struct layby_job_spec spec = {};
	struct layby_job *job = NULL;
	struct call call = { IOCTL, .request = DRM_IOCTL_LAYBY_JOB_PREPARE };
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		call.error = errors[i];
		kernel_expect(&call, 1);
		assert_int_equal(layby_job_prepare(node, &spec, &job),
				 -errors[i]);
		assert_null(job);
	}
	kernel_close_node(node);
}

static void test_job_unprepare_while_busy_keeps_it(void **state)
{
	struct layby_node *node = kernel_open_node();
	struct layby_job *job = kernel_prepare_job(node, 3);

	EXPECT({ IOCTL, .request = DRM_IOCTL_LAYBY_JOB_UNPREPARE,
		 .error = EBUSY });
	assert_int_equal(layby_job_unprepare(job), -EBUSY);
	EXPECT({ IOCTL, .request = DRM_IOCTL_LAYBY_JOB_UNPREPARE,
		 .error = ENOENT });
	assert_int_equal(layby_job_unprepare(job), -ENOENT);
	kernel_close_node(node);
}

/* --- SQEs ----------------------------------------------------------------- */

static void check_sqe(const struct io_uring_sqe *sqe, uint32_t cmd_op,
		      const void *cmd)
{
	struct io_uring_sqe expected = {};

	expected.opcode = IORING_OP_URING_CMD;
	expected.fd = KERNEL_FD;
	expected.cmd_op = cmd_op;
	memcpy(expected.cmd, cmd, 16);
	assert_memory_equal(sqe, &expected, 64);
}

static void test_sqe_of_a_submission(void **state)
{
	static const struct layby_cmd_submit submit = {
		.job = 21,
		.tag = 65535,
		.flags = LAYBY_SUBMIT_MORE,
		.cookie = 0x1122334455667788,
	};
	struct layby_node *node = kernel_open_node();
	struct layby_job *job = kernel_prepare_job(node, 21);
	struct io_uring_sqe sqe;

	memset(&sqe, 0xcc, sizeof(sqe));
	layby_job_prep_sqe(job, 65535, 0x1122334455667788, LAYBY_SUBMIT_MORE,
			   &sqe);
	check_sqe(&sqe, LAYBY_CMD_SUBMIT, &submit);
	kernel_unprepare_job(job);
	kernel_close_node(node);
}

static void test_sqe_of_a_cancel(void **state)
{
	static const struct layby_cmd_cancel cancel = {
		.tag = 3,
		.cookie = UINT64_MAX,
	};
	struct layby_node *node = kernel_open_node();
	struct io_uring_sqe sqe;

	memset(&sqe, 0xcc, sizeof(sqe));
	layby_node_prep_cancel_sqe(node, 3, UINT64_MAX, &sqe);
	check_sqe(&sqe, LAYBY_CMD_CANCEL, &cancel);
	kernel_close_node(node);
}

/* --- reports -------------------------------------------------------------- */

static void test_report_read(void **state)
{
	struct layby_node *node = kernel_open_node();
	struct layby_report report;

	assert_int_equal(layby_report_read(node, KERNEL_TAGS, &report),
			 -EINVAL);
	assert_int_equal(layby_report_read(node, 0, &report), -ENODATA);
	kernel_reports[1].state = LAYBY_REPORT_IN_FLIGHT;
	assert_int_equal(layby_report_read(node, 1, &report), -EAGAIN);
	kernel_reports[2] = (struct layby_report){ .state = LAYBY_REPORT_DONE,
						   .run_ticks = 5 };
	assert_int_equal(layby_report_read(node, 2, &report), 0);
	assert_memory_equal(&report, &kernel_reports[2], sizeof(report));
	kernel_close_node(node);
}

static void test_names(void **state)
{
	uint32_t reason;

	for (reason = 0; reason <= LAYBY_REASON_OVER_CAP; reason++)
		assert_string_not_equal(layby_reason_name(reason), "unknown");
	assert_string_equal(layby_reason_name(reason), "unknown");
	assert_string_equal(layby_reason_name(UINT32_MAX), "unknown");
	assert_string_equal(layby_class_name(LAYBY_CLASS_DRIVING), "driving");
	assert_string_equal(layby_class_name(LAYBY_CLASS_GUEST), "guest");
	assert_string_equal(layby_class_name(2), "unknown");
	for (reason = LAYBY_GATE_FAULT; reason <= LAYBY_GATE_OPEN; reason++)
		assert_string_not_equal(layby_gate_reason_name(reason),
					"unknown");
	assert_string_equal(layby_gate_reason_name(reason), "unknown");
	assert_string_equal(layby_gate_reason_name(0), "unknown");
	assert_string_equal(layby_gate_reason_name(UINT32_MAX), "unknown");
}

/* --- lease ---------------------------------------------------------------- */

static void test_lease(void **state)
{
	static const struct layby_lease in, out = { .fd = KERNEL_FD };
	struct layby_node *node = kernel_open_node();
	int lease;

	EXPECT({ IOCTL, .request = DRM_IOCTL_LAYBY_LEASE, .in = &in,
		 .error = EBUSY });
	assert_int_equal(layby_lease_take(node), -EBUSY);
	EXPECT({ IOCTL, .request = DRM_IOCTL_LAYBY_LEASE, .in = &in,
		 .out = &out },
	       { IOCTL, .request = LAYBY_LEASE_RENEW },
	       { IOCTL, .request = LAYBY_LEASE_RENEW, .error = ESTALE },
	       { CLOSE });
	lease = layby_lease_take(node);
	assert_int_equal(lease, KERNEL_FD);
	assert_int_equal(layby_lease_renew(lease), 0);
	assert_int_equal(layby_lease_renew(lease), -ESTALE);
	layby_lease_drop(lease);
	kernel_check_done();
	layby_lease_drop(-1);
	kernel_close_node(node);
}

/* --- consent -------------------------------------------------------------- */

#define CONSENT IOCTL, .request = DRM_IOCTL_LAYBY_CONSENT

static void test_consent_encoding(void **state)
{
	static const char token[88], signature[300];
	struct layby_node *node = kernel_open_node();
	static struct layby_consent give = {
		.token_size = sizeof(token),
		.signature_size = sizeof(signature),
	};
	static const struct layby_consent withdraw;

	give.token = (uintptr_t)token;
	give.signature = (uintptr_t)signature;
	EXPECT({ CONSENT, .in = &give }, { CONSENT, .in = &withdraw },
	       { CONSENT, .in = &give, .error = ESTALE },
	       { CONSENT, .in = &withdraw, .error = ENODEV });
	assert_int_equal(layby_consent_give(node, token, sizeof(token), signature,
					    sizeof(signature)), 0);
	assert_int_equal(layby_consent_withdraw(node), 0);
	assert_int_equal(layby_consent_give(node, token, sizeof(token), signature,
					    sizeof(signature)), -ESTALE);
	assert_int_equal(layby_consent_withdraw(node), -ENODEV);
	kernel_check_done();
	kernel_close_node(node);
}

/* None of these may reach the kernel, which would take zeros for a withdrawal. */
static void test_consent_of_nothing(void **state)
{
	struct layby_node *node = kernel_open_node();

	assert_int_equal(layby_consent_give(node, NULL, 0, NULL, 0), -EINVAL);
	assert_int_equal(layby_consent_give(node, "t", 0, "s", 1), -EINVAL);
	assert_int_equal(layby_consent_give(node, "t", 1, "s", 0), -EINVAL);
	assert_int_equal(layby_consent_give(node, NULL, 1, "s", 1), -EINVAL);
	assert_int_equal(layby_consent_give(node, "t", 1, NULL, 1), -EINVAL);
	assert_int_equal(layby_consent_give(node, "t", 1ull << 32, "s", 1ull << 32), -EINVAL);
	kernel_close_node(node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_guest),
		cmocka_unit_test(test_open_driving_is_its_node),
		cmocka_unit_test(test_open_path_is_taken_as_it_is),
		cmocka_unit_test(test_open_unknown_name),
		cmocka_unit_test(test_open_other_driver),
		cmocka_unit_test(test_open_other_driver_with_our_name_in_front),
		cmocka_unit_test(test_open_not_a_drm_node),
		cmocka_unit_test(test_open_party_query_fails),
		cmocka_unit_test(test_open_without_tags),
		cmocka_unit_test(test_open_reports_too_small),
		cmocka_unit_test(test_open_more_tags_than_a_command_can_name),
		cmocka_unit_test(test_open_reports_cannot_be_mapped),
		cmocka_unit_test(test_close_nothing),
		cmocka_unit_test(test_query_accel),
		cmocka_unit_test(test_query_partition_after_a_signal),
		cmocka_unit_test(test_query_error_leaves_the_answer_alone),
		cmocka_unit_test(test_buffer_create_map_destroy),
		cmocka_unit_test(test_buffer_create_fails),
		cmocka_unit_test(test_buffer_map_fails),
		cmocka_unit_test(test_buffer_range),
		cmocka_unit_test(test_job_prepare_encoding),
		cmocka_unit_test(test_job_prepare_fails),
		cmocka_unit_test(test_job_unprepare_while_busy_keeps_it),
		cmocka_unit_test(test_sqe_of_a_submission),
		cmocka_unit_test(test_sqe_of_a_cancel),
		cmocka_unit_test(test_report_read),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_lease),
		cmocka_unit_test(test_consent_encoding),
		cmocka_unit_test(test_consent_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
