// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Frames that are right in themselves but do not come from the bus: sent by a
 * program of this host, through BPF_PROG_TEST_RUN, on another interface, in
 * another network namespace, before the bus was named. Parked: a counter moves
 * and nothing else. Driving: it counts from anyone.
 */
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bus.h"
#include "vehicle_can.skel.h"

#define OTHER	"can1"

static struct vehicle_can *programs;
static int far;

/* Egress comes last, so that frames of this host can be tried without it first. */
static int setup(void **state)
{
	int r;

	read_signals();
	r = programs_load(&signals, &programs);
	if (r)
		fail_msg("the programs cannot be loaded: %s", strerror(-r));
	assert_int_equal(programs_attach_ingress(programs, find_interface(NULL, BUS)), 0);
	far = open_can(FAR, BUS);
	return 0;
}

/* All three frames, more than once, sent by @fd: each only counted as @count. */
static void parked_is_only_counted(int fd, uint32_t count)
{
	struct report before, now;
	char mode[16];

	set_parked();
	now = report();
	strcpy(mode, now.mode);
	for (int i = 0; i < 6; i++) {
		before = now;
		now = tell(fd, (uint32_t)i % 3);
		expect_count(&before, &now, count);
		expect_mode(&now, mode);
		for (int s = 0; s < LAYBY_SIGNALS; s++)
			assert_string_equal(now.signal[s].state, before.signal[s].state);
	}
}

/* Sent by @fd while the car is parked. */
static void driving_counts(int fd)
{
	struct report before, now;

	park(far);
	set_no(LAYBY_SIGNAL_GEAR);
	before = report();
	now = tell(fd, LAYBY_SIGNAL_GEAR);
	expect_count(&before, &now, LAYBY_COUNT_FOREIGN_DRIVING);
	expect_mode(&now, "driving");
}

static void test_before_it_is_named(void **state)
{
	struct report now = report();

	assert_int_equal(now.ifindex, 0);
	parked_is_only_counted(far, LAYBY_COUNT_UNBOUND);
}

static void test_naming(void **state)
{
	struct report now;

	assert_int_equal(programs_bind(programs, 9999), -ENODEV);
	assert_int_equal(programs_bind(programs, find_interface(NULL, "lo")), -EMEDIUMTYPE);
	assert_int_equal(programs_bind(programs, find_interface(NULL, BUS)), 0);
	now = report();
	assert_int_equal(now.ifindex, find_interface(NULL, BUS));
	park(far);
}

/* Loop-back brings it to ingress, with its socket. */
static void test_local_socket(void **state)
{
	int here = open_can(NULL, BUS);

	park(far);
	parked_is_only_counted(here, LAYBY_COUNT_SOCKET);
	driving_counts(here);
	parked_is_only_counted(here, LAYBY_COUNT_SOCKET);
	close(here);
}

/* The kernel keeps the first 14 bytes for an Ethernet header that the program sees. */
static void test_test_run(void **state)
{
	struct __sk_buff context = { .ifindex = find_interface(NULL, BUS) };
	struct report before, now;
	struct canfd_frame frame;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = &frame, .data_size_in = CAN_MTU,
		    .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = 1);
	int fd = bpf_program__fd(programs->progs.vehicle_ingress);

	park(far);
	for (int driving = 0; driving < 2; driving++) {
		if (driving)
			set_no(LAYBY_SIGNAL_GEAR);
		sender_frame(&sender, signals.signal[LAYBY_SIGNAL_GEAR].frame, &frame);
		before = report();
		assert_int_equal(bpf_prog_test_run_opts(fd, &opts), 0);
		assert_int_equal((int)opts.retval, -1);
		now = report();
		expect_count(&before, &now, driving ? LAYBY_COUNT_FOREIGN_DRIVING :
			     LAYBY_COUNT_SOCKET);
		expect_mode(&now, driving ? "driving" : "parked");
	}
}

static void test_other_interface(void **state)
{
	int other;

	run("ip link add " OTHER " mtu 72 type vxcan peer name " OTHER " netns " FAR);
	run("ip -n " FAR " link set " OTHER " mtu 72 up && ip link set " OTHER " up");
	assert_int_equal(programs_attach_ingress(programs, find_interface(NULL, OTHER)), 0);
	other = open_can(FAR, OTHER);
	park(far);
	parked_is_only_counted(other, LAYBY_COUNT_INTERFACE);
	driving_counts(other);
	close(other);
	run("ip link del " OTHER);
}

/* Even with the number that the bus has here. */
static void test_other_namespace(void **state)
{
	unsigned int ifindex = find_interface(NULL, BUS);
	int other;

	run("ip netns add else");
	run("ip -n else link add " OTHER " index %u mtu 72 type vxcan peer name " OTHER
	    " netns " FAR, ifindex);
	run("ip -n " FAR " link set " OTHER " mtu 72 up && ip -n else link set " OTHER " up");
	assert_int_equal(find_interface("else", OTHER), ifindex);
	enter_netns("else");
	assert_int_equal(programs_attach_ingress(programs, ifindex), 0);
	leave_netns();
	other = open_can(FAR, OTHER);
	park(far);
	parked_is_only_counted(other, LAYBY_COUNT_NAMESPACE);
	driving_counts(other);
	close(other);
	run("ip netns del else");
}

/* With egress in place nothing of it leaves, or comes back. */
static void test_egress(void **state)
{
	struct report before, now;
	int here = open_can(NULL, BUS);

	assert_int_equal(programs_attach_egress(programs, find_interface(NULL, BUS)), 0);
	park(far);
	for (int i = 0; i < 3; i++) {
		before = report();
		set_no((uint32_t)i);
		assert_int_equal(send_signal(here, (uint32_t)i), -ENOBUFS);
		now = report();
		expect_count(&before, &now, LAYBY_COUNT_SENT);
		expect_mode(&now, "parked");
	}
	close(here);
	before = report();
	assert_int_not_equal(try_run("cansend " BUS " 3c0#0000000000000000 2>/dev/null"), 0);
	assert_int_not_equal(try_run("cansend " BUS " 3c0#R 2>/dev/null"), 0);
	now = report();
	assert_int_equal(now.count[LAYBY_COUNT_SENT], before.count[LAYBY_COUNT_SENT] + 2);
	/* other frames pass */
	run("cansend " BUS " 123#00 && cansend " BUS " 000003c0#00");
}

/* The bus goes, and one with its name comes: not the bus, until root says so. */
static void test_interface_replaced(void **state)
{
	struct report before, now;

	park(far);
	before = report();
	run("ip link del " BUS);
	run("ip link add " BUS " mtu 72 type vxcan peer name " BUS " netns " FAR);
	run("ip -n " FAR " link set " BUS " mtu 72 up && ip link set " BUS " up");
	close(far);
	far = open_can(FAR, BUS);
	assert_int_equal(send_signal(far, LAYBY_SIGNAL_GEAR), 0);
	usleep(20000);
	now = report();
	assert_memory_equal(now.count, before.count, sizeof(now.count));
	/* with the program on it, but another number */
	assert_int_equal(programs_attach_ingress(programs, find_interface(NULL, BUS)), 0);
	parked_is_only_counted(far, LAYBY_COUNT_INTERFACE);
	assert_int_equal(programs_bind(programs, find_interface(NULL, BUS)), 0);
	/* what was heard before is forgotten */
	now = report();
	expect_mode(&now, "unknown");
	park(far);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_it_is_named),
		cmocka_unit_test(test_naming),
		cmocka_unit_test(test_local_socket),
		cmocka_unit_test(test_test_run),
		cmocka_unit_test(test_other_interface),
		cmocka_unit_test(test_other_namespace),
		cmocka_unit_test(test_egress),
		cmocka_unit_test(test_interface_replaced),
	};

	return cmocka_run_group_tests_name("source", tests, setup, NULL);
}
