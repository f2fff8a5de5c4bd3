// SPDX-License-Identifier: LGPL-2.1-or-later
/* See driving.h. The modules' files are read once: they are loaded very often. */
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "driving.h"
#include "image.h"

#define NULL_BYTES	(4u << 20)
#define NULL_TILES	4
#define NULL_DEPTH	256

static void reload(void)
{
	static void *module;
	static size_t size;

	if (!module)
		must(module_read("layby_null", &module, &size));
	must_give(module_unload_patiently("layby_null"), 0);
	log_skip();
	must_give(module_load_read(module, size, ""), 0);
}

static void check_driving(void)
{
	struct layby_partition_info info = {};
	int fd = (int)must(node_open(LAYBY_CLASS_DRIVING));

	must(node_query(fd, LAYBY_QUERY_PARTITION, &info, sizeof(info)));
	assert_int_equal(info.id, 0);
	assert_int_equal(info.window_bytes, NULL_BYTES);
	assert_int_equal(info.tiles, NULL_TILES);
	assert_int_equal(info.queue_depth, NULL_DEPTH);
	assert_int_equal(info.longest_run_max_ns, 60 * SECOND);
	assert_int_equal(info.faulted, 0);
	close(fd);
}

void check_refused(const char *state, const char *words)
{
	unsigned int lines;
	char line[512] = "";

	reload();
	lines = log_policy_lines(line);
	assert_string_equal(policy_shows("state"), state);
	assert_string_equal(policy_shows("digest"), "");
	assert_string_equal(policy_shows("id"), "");
	assert_string_equal(policy_shows("serial"), "");
	must_give(node_open(LAYBY_CLASS_GUEST), -ENOENT);
	check_driving();
	if (lines != 1)
		fail_msg("%u lines in the log, the last: %s", lines, line);
	if (!strstr(line, words))
		fail_msg("«%s» is not in «%s»", words, line);
}
