// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * attach FILE PIN - attach the governor of a BPF object file and pin its link
 *
 * What root can do beside layby-setup. Exit status: 0, or 1 with "load: WHY",
 * "attach: WHY" or "pin: WHY" on stderr.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

static int fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return 1;
}

static struct bpf_map *governor(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
			return map;
	return NULL;
}

int main(int argc, char *argv[])
{
	struct bpf_object *object;
	struct bpf_link *link;

	if (argc != 3) {
		fputs("usage: attach FILE PIN\n", stderr);
		return 2;
	}
	object = bpf_object__open(argv[1]);
	if (!object || bpf_object__load(object) < 0)
		return fail("load");
	link = bpf_map__attach_struct_ops(governor(object));
	if (!link)
		return fail("attach");
	return bpf_link__pin(link, argv[2]) < 0 ? fail("pin") : 0;
}
