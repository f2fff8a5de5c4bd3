// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sleep, as far as a machine whose root is a 9p share can go: to the kernel's test
 * level freezer, for virtio's 9p does not come back from the next one. The gate is
 * closed before anything freezes, and afterwards everything that was known is old.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "guest.h"
#include "scene.h"

#define TIMES	5

static struct driver driver;
static struct guest guest;

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* Returns when the machine is awake again. */
static int fall_asleep(const char *level)
{
	int r = write_file("/sys/power/pm_test", level);

	if (!r)
		r = write_file("/sys/module/suspend/parameters/pm_test_delay", "1");
	return r ? r : write_file("/sys/power/state", "freeze");
}

static void sleep_once(const char *level)
{
	must(null_set("only_slot", GUEST_SLOT));
	must(driver_start(&driver));
	must(guest_open(&guest));
	must_open();
	guest_must_run(&guest);
	must(null_set("hang", 1));
	must(guest_submit(&guest, 4));
	/* What park and car say once they thaw would be taken for news. */
	must(car("silence"));
	must(fall_asleep(level));
	assert_true(guest_must_be_reclaimed(&guest, 4, LAYBY_GATE_SUSPEND));
	must_close(LAYBY_GATE_NO_SIGNAL);
	sleep_ms(300);
	must_close(LAYBY_GATE_NO_SIGNAL);
	must(null_set("hang", 0));
	must(car("resume"));
	must_open();
	guest_must_run(&guest);
	guest_close(&guest);
	driver_must_be_well(&driver);
}

static void test_freezer(void **state)
{
	int i;

	/* The debug kernel cannot sleep: tests/vm/debug.config */
	if (time_factor() > 1 && access("/sys/power/state", F_OK))
		skip();
	for (i = 0; i < TIMES; i++)
		sleep_once("freezer");
}

static int tear_down(void **state)
{
	write_file("/sys/power/pm_test", "none");
	return scene_right(state);
}

int main(void)
{
	const struct CMUnitTest suspend[] = {
#define TEST(name) cmocka_unit_test_teardown(test_##name, tear_down)
		TEST(freezer),
	};

	return cmocka_run_group_tests(suspend, scene_set_up, scene_tear_down);
}
