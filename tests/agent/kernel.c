// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The stand-in for the kernel: see kernel.h. Holds no rule of the interface;
 * it only compares and answers what a test's table says.
 */
#include "kernel.h"

#include <drm.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

static const struct call *calls;
static size_t calls_left;

void kernel_expect(const struct call *table, size_t count)
{
	assert_int_equal(calls_left, 0);
	calls = table;
	calls_left = count;
}

void kernel_check_done(void)
{
	assert_int_equal(calls_left, 0);
}

static const struct call *next_call(int kind)
{
	assert_true(calls_left > 0);
	assert_int_equal(calls->kind, kind);
	calls_left--;
	return calls++;
}

static int answer(const struct call *call, int result)
{
	errno = call->error;
	return call->error ? -1 : result;
}

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	const struct call *call = next_call(OPEN);

	assert_string_equal(path, call->path);
	assert_int_equal(flags, O_RDWR | O_CLOEXEC);
	return answer(call, KERNEL_FD);
}

int __wrap_close(int fd);
int __wrap_close(int fd)
{
	if (fd == kernel_ring.event_fd)
		return kernel_ring.event_fd = 0;
	assert_int_equal(fd, KERNEL_FD);
	return answer(next_call(CLOSE), 0);
}

static void answer_version(const struct call *call, struct drm_version *arg)
{
	size_t length = strlen(call->name);
	size_t room = arg->name_len;

	memcpy(arg->name, call->name, length < room ? length : room);
	arg->name_len = length;
}

static void answer_query(const struct call *call, struct layby_query *arg)
{
	assert_int_equal(arg->topic, call->topic);
	assert_int_equal(arg->size, call->info_size);
	if (call->info)
		memcpy((void *)(uintptr_t)arg->data, call->info, arg->size);
}

int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	const struct call *call = next_call(IOCTL);
	va_list list;
	void *arg;

	va_start(list, request);
	arg = va_arg(list, void *);
	va_end(list);
	assert_int_equal(fd, KERNEL_FD);
	assert_int_equal(request, call->request);
	if (call->in)
		assert_memory_equal(arg, call->in, _IOC_SIZE(request));
	if (call->name)
		answer_version(call, arg);
	if (call->info_size)
		answer_query(call, arg);
	if (call->out)
		memcpy(arg, call->out, _IOC_SIZE(request));
	return answer(call, 0);
}

void *__wrap_mmap(void *at, size_t length, int prot, int flags, int fd,
		  off_t offset);
void *__wrap_mmap(void *at, size_t length, int prot, int flags, int fd,
		  off_t offset)
{
	const struct call *call = next_call(MMAP);

	assert_int_equal(fd, KERNEL_FD);
	assert_int_equal(flags, MAP_SHARED);
	assert_int_equal(offset, call->offset);
	assert_int_equal(length, call->length);
	return answer(call, 0) ? MAP_FAILED : call->memory;
}

int __wrap_munmap(void *at, size_t length);
int __wrap_munmap(void *at, size_t length)
{
	const struct call *call = next_call(MUNMAP);

	assert_ptr_equal(at, call->memory);
	assert_int_equal(length, call->length);
	return answer(call, 0);
}

/* --- the usual beginnings and ends ---------------------------------------- */

struct layby_report kernel_reports[KERNEL_TAGS];

static const struct layby_party_info party = {
	.report_offset = 0x100000000,
	.report_bytes = sizeof(kernel_reports),
	.tags = KERNEL_TAGS,
};

struct layby_node *kernel_open_node(void)
{
	struct layby_node *node = NULL;

	memset(kernel_reports, 0, sizeof(kernel_reports));
	EXPECT({ OPEN, .path = "/dev/layby/guest" },
	       { IOCTL, .request = DRM_IOCTL_VERSION, .name = "layby" },
	       { IOCTL, .request = DRM_IOCTL_LAYBY_QUERY,
		 .topic = LAYBY_QUERY_PARTY, .info = &party,
		 .info_size = sizeof(party) },
	       { MMAP, .offset = 0x100000000, .length = sizeof(kernel_reports),
		 .memory = kernel_reports });
	assert_int_equal(layby_node_open("guest", &node), 0);
	assert_non_null(node);
	kernel_check_done();
	return node;
}

void kernel_close_node(struct layby_node *node)
{
	EXPECT({ MUNMAP, .memory = kernel_reports, .length = sizeof(kernel_reports) }, { CLOSE });
	layby_node_close(node);
	kernel_check_done();
}

struct layby_job *kernel_prepare_job(struct layby_node *node, uint32_t index)
{
	static struct layby_job_prepare out;
	struct layby_job_spec spec = { .longest_run_ns = 1 };
	struct layby_job *job = NULL;

	out.job = index;
	EXPECT({ IOCTL, .request = DRM_IOCTL_LAYBY_JOB_PREPARE, .out = &out });
	assert_int_equal(layby_job_prepare(node, &spec, &job), 0);
	return job;
}

void kernel_unprepare_job(struct layby_job *job)
{
	EXPECT({ IOCTL, .request = DRM_IOCTL_LAYBY_JOB_UNPREPARE });
	assert_int_equal(layby_job_unprepare(job), 0);
}
