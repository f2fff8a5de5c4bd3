// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The surface of the node: no call of the DRM core but VERSION and GEM_CLOSE is
 * there, and ours only in their exact size.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <drm_mode.h>

#include "check.h"

static int fd;

static int set_up(void **state)
{
	fd = node_open(NODE_SECOND);
	return fd < 0;
}

static int tear_down(void **state)
{
	close(fd);
	return 0;
}

static const struct {
	const char *name;
	unsigned long request;
} core[] = {
#define CORE(name) { #name, DRM_IOCTL_##name }
	CORE(GET_UNIQUE), CORE(GET_MAGIC), CORE(IRQ_BUSID), CORE(GET_MAP),
	CORE(GET_CLIENT), CORE(GET_STATS), CORE(SET_VERSION), CORE(MODESET_CTL),
	CORE(GEM_FLINK), CORE(GEM_OPEN), CORE(GET_CAP), CORE(SET_CLIENT_CAP),
	CORE(SET_UNIQUE), CORE(AUTH_MAGIC), CORE(BLOCK), CORE(UNBLOCK),
	CORE(CONTROL), CORE(ADD_MAP), CORE(ADD_BUFS), CORE(MARK_BUFS),
	CORE(INFO_BUFS), CORE(MAP_BUFS), CORE(FREE_BUFS), CORE(RM_MAP),
	CORE(SET_SAREA_CTX), CORE(GET_SAREA_CTX), CORE(SET_MASTER),
	CORE(DROP_MASTER), CORE(ADD_CTX), CORE(RM_CTX), CORE(MOD_CTX),
	CORE(GET_CTX), CORE(SWITCH_CTX), CORE(NEW_CTX), CORE(RES_CTX),
	CORE(ADD_DRAW), CORE(RM_DRAW), CORE(DMA), CORE(LOCK), CORE(UNLOCK),
	CORE(FINISH), CORE(PRIME_HANDLE_TO_FD), CORE(PRIME_FD_TO_HANDLE),
	CORE(SG_ALLOC), CORE(SG_FREE), CORE(WAIT_VBLANK),
	CORE(CRTC_GET_SEQUENCE), CORE(CRTC_QUEUE_SEQUENCE), CORE(UPDATE_DRAW),
	CORE(MODE_GETRESOURCES), CORE(MODE_GETCRTC), CORE(MODE_SETCRTC),
	CORE(MODE_CURSOR), CORE(MODE_GETENCODER), CORE(MODE_GETCONNECTOR),
	CORE(MODE_GETPROPERTY), CORE(MODE_SETPROPERTY), CORE(MODE_GETPROPBLOB),
	CORE(MODE_GETFB), CORE(MODE_ADDFB), CORE(MODE_RMFB), CORE(MODE_PAGE_FLIP),
	CORE(MODE_CREATE_DUMB), CORE(MODE_MAP_DUMB), CORE(MODE_DESTROY_DUMB),
	CORE(MODE_GETPLANERESOURCES), CORE(MODE_ADDFB2), CORE(MODE_ATOMIC),
	CORE(MODE_CREATEPROPBLOB), CORE(SYNCOBJ_CREATE), CORE(SYNCOBJ_DESTROY),
	CORE(SYNCOBJ_HANDLE_TO_FD), CORE(SYNCOBJ_FD_TO_HANDLE),
	CORE(SYNCOBJ_WAIT), CORE(SYNCOBJ_RESET), CORE(SYNCOBJ_SIGNAL),
	CORE(MODE_CREATE_LEASE), CORE(MODE_LIST_LESSEES), CORE(MODE_GET_LEASE),
	CORE(MODE_REVOKE_LEASE), CORE(SYNCOBJ_TIMELINE_WAIT),
	CORE(SYNCOBJ_QUERY), CORE(SYNCOBJ_TRANSFER), CORE(SYNCOBJ_TIMELINE_SIGNAL),
	CORE(MODE_GETFB2), CORE(SYNCOBJ_EVENTFD), CORE(MODE_CLOSEFB),
#undef CORE
};

static void test_core(void **state)
{
	static char zeroes[256];
	unsigned int i;
	int ret;

	for (i = 0; i < sizeof(core) / sizeof(core[0]); i++) {
		memset(zeroes, 0, sizeof(zeroes));
		ret = node_ioctl(fd, core[i].request, zeroes);
		if (ret != -EOPNOTSUPP)
			fail_msg("%s gave %d", core[i].name, ret);
	}
}

static bool is_ours(unsigned long request)
{
	static const unsigned long ours[] = {
		DRM_IOCTL_VERSION, DRM_IOCTL_GEM_CLOSE, DRM_IOCTL_LAYBY_QUERY,
		DRM_IOCTL_LAYBY_BUFFER_CREATE, DRM_IOCTL_LAYBY_BUFFER_MAP,
		DRM_IOCTL_LAYBY_JOB_PREPARE, DRM_IOCTL_LAYBY_JOB_UNPREPARE,
		DRM_IOCTL_LAYBY_LEASE, DRM_IOCTL_LAYBY_CONSENT,
	};
	unsigned int i;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (ours[i] == request)
			return true;
	return false;
}

/* Every number, direction and size up to 128 bytes, with a valid address. */
static void test_every_other(void **state)
{
	static char zeroes[256];
	unsigned int number, size, direction, step = time_factor() > 1 ? 8 : 4;
	unsigned long request;
	int ret;

	for (number = 0; number < 256; number++) {
		for (size = 0; size <= 128; size += step) {
			for (direction = 0; direction < 4; direction++) {
				request = _IOC(direction, DRM_IOCTL_BASE, number, size);
				if (is_ours(request))
					continue;
				ret = node_ioctl(fd, request, zeroes);
				if (ret != -EOPNOTSUPP)
					fail_msg("%#lx gave %d", request, ret);
			}
		}
	}
}

static void check_size(unsigned long request)
{
	static char zeroes[256];
	unsigned int size = _IOC_SIZE(request), other;

	for (other = 0; other < size + 65; other++) {
		if (other == size)
			continue;
		must_give(node_ioctl(fd, _IOC(_IOC_DIR(request), DRM_IOCTL_BASE,
					      _IOC_NR(request), other), zeroes),
			  -EOPNOTSUPP);
	}
	must_give(node_ioctl(fd, _IOC(_IOC_DIR(request), 'e', _IOC_NR(request), size),
			     zeroes), -EOPNOTSUPP);
}

static void test_wrong_size(void **state)
{
	check_size(DRM_IOCTL_LAYBY_QUERY);
	check_size(DRM_IOCTL_LAYBY_BUFFER_CREATE);
	check_size(DRM_IOCTL_LAYBY_BUFFER_MAP);
	check_size(DRM_IOCTL_LAYBY_JOB_PREPARE);
	check_size(DRM_IOCTL_LAYBY_JOB_UNPREPARE);
	check_size(DRM_IOCTL_LAYBY_CONSENT);
	check_size(DRM_IOCTL_GEM_CLOSE);
}

static void test_bad_address(void **state)
{
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_QUERY, (void *)8), -EFAULT);
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_BUFFER_CREATE, NULL), -EFAULT);
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_BUFFER_MAP, NULL), -EFAULT);
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_JOB_PREPARE, NULL), -EFAULT);
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_JOB_UNPREPARE, NULL), -EFAULT);
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_CONSENT, NULL), -EFAULT);
	must_give(node_ioctl(fd, DRM_IOCTL_GEM_CLOSE, NULL), -EFAULT);
}

/*
 * The address can be read but not written: the answer is lost, so the buffer
 * would be too. It is the party's and goes with it.
 */
static void test_unwritable_answer(void **state)
{
	struct layby_buffer_create *create;

	create = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(create, MAP_FAILED);
	create->size = PAGE;
	assert_int_equal(mprotect(create, PAGE, PROT_READ), 0);
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_BUFFER_CREATE, create), -EFAULT);
	munmap(create, PAGE);
	close(fd);
	must(fd = node_open(NODE_SECOND));
	assert_true(window_becomes_free(fd, 2 << 20));
}

static void test_version(void **state)
{
	char name[16] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	must(node_ioctl(fd, DRM_IOCTL_VERSION, &version));
	assert_string_equal(name, "layby");
	assert_int_equal(version.version_major, 1);
}

static void test_no_read_no_write(void **state)
{
	char byte = 0;

	assert_int_equal(read(fd, &byte, 1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(write(fd, &byte, 1), -1);
	assert_int_equal(errno, EINVAL);
}

/* Names and file descriptors would carry a buffer to another party. */
static void test_no_way_out(void **state)
{
	struct drm_gem_flink flink = {};
	struct drm_prime_handle prime = { .fd = -1 };
	uint32_t handle = 0;

	must(buffer_create(fd, PAGE, 0, &handle));
	flink.handle = handle;
	prime.handle = handle;
	must_give(node_ioctl(fd, DRM_IOCTL_GEM_FLINK, &flink), -EOPNOTSUPP);
	assert_int_equal(flink.name, 0);
	must_give(node_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), -EOPNOTSUPP);
	assert_int_equal(prime.fd, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(core), TEST(every_other), TEST(wrong_size), TEST(bad_address),
		TEST(unwritable_answer), TEST(version), TEST(no_read_no_write),
		TEST(no_way_out),
	};

	return cmocka_run_group_tests_name("surface", tests, NULL, NULL);
}
