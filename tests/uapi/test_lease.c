// SPDX-License-Identifier: LGPL-2.1-or-later
/* The lease: who may take it, who may renew it, and what ends it. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "check.h"

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

/* The descriptor, or -errno. */
static int lease_take(int node)
{
	struct layby_lease lease = {};
	int ret = node_ioctl(node, DRM_IOCTL_LAYBY_LEASE, &lease);

	return ret ? ret : lease.fd;
}

static int lease_renew(int lease)
{
	return ioctl(lease, LAYBY_LEASE_RENEW) ? -errno : 0;
}

static void test_take(void **state)
{
	int lease = (int)must(lease_take(fd));

	assert_true(fcntl(lease, F_GETFD) & FD_CLOEXEC);
	must(lease_renew(lease));
	must_give(lease_take(fd), -EBUSY);
	close(lease);
	close((int)must(lease_take(fd)));
}

static void test_outlives_node(void **state)
{
	int node = (int)must(node_open(LAYBY_CLASS_GUEST));
	int lease = (int)must(lease_take(node));

	close(node);
	must(lease_renew(lease));
	close(lease);
}

static void test_driving(void **state)
{
	int node = (int)must(node_open(LAYBY_CLASS_DRIVING));

	must_give(lease_take(node), -EOPNOTSUPP);
	close(node);
}

static void test_bad_fields(void **state)
{
	struct layby_lease lease = { .flags = 1 };

	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_LEASE, &lease), -EINVAL);
	lease = (struct layby_lease){ .fd = 1 };
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_LEASE, &lease), -EINVAL);
	lease = (struct layby_lease){ .fd = -1 };
	must_give(node_ioctl(fd, DRM_IOCTL_LAYBY_LEASE, &lease), -EINVAL);
	close((int)must(lease_take(fd)));
}

static void test_other_calls(void **state)
{
	int lease = (int)must(lease_take(fd));

	assert_int_equal(ioctl(lease, _IO('L', 1)), -1);
	assert_int_equal(errno, ENOTTY);
	assert_int_equal(write(lease, "x", 1), -1);
	assert_int_equal(errno, EINVAL);
	close(lease);
}

/* A copy keeps nothing alive. */
static void test_copy(void **state)
{
	int lease = (int)must(lease_take(fd)), copy = dup(lease);

	assert_true(copy >= 0);
	close(lease);
	must_give(lease_renew(copy), -ESTALE);
	lease = (int)must(lease_take(fd));
	must_give(lease_renew(copy), -ESTALE);
	must(lease_renew(lease));
	close(copy);
	must(lease_renew(lease));
	close(lease);
}

static int try_renew(void *arg)
{
	int ret = -lease_renew(*(int *)arg);

	child_ready();
	return ret;
}

/* Nor can another process keep it alive, or end it by having had it. */
static void test_inherited(void **state)
{
	int lease = (int)must(lease_take(fd));

	must_give(child_wait((pid_t)must(child_start(try_renew, &lease))), EPERM);
	must(lease_renew(lease));
	close(lease);
}

static int hold(void *arg)
{
	int lease = lease_take(*(int *)arg);

	if (lease < 0)
		return -lease;
	child_ready();
	pause();
	return 0;
}

static void test_killed(void **state)
{
	pid_t pid = (pid_t)must(child_start(hold, &fd));

	must_give(lease_take(fd), -EBUSY);
	kill(pid, SIGKILL);
	must_give(child_wait(pid), -SIGKILL);
	close((int)must(lease_take(fd)));
}

int main(void)
{
	const struct CMUnitTest lease[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
		TEST(take), TEST(outlives_node), TEST(driving), TEST(bad_fields),
		TEST(other_calls), TEST(copy), TEST(inherited), TEST(killed),
	};

	return cmocka_run_group_tests(lease, NULL, NULL);
}
