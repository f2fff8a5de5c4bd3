// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The governor: the one that is built in, or a vehicle maker's own object file.
 */
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "governor_minimal.skel.h"
#include "setup.h"
#include "util.h"

#define GOVERNOR_BYTES_MAX	(16u * 1024 * 1024)

/* The struct layby_governor of it; NULL: there is none, or more than one. */
static struct bpf_map *governor_map(const struct bpf_object *object)
{
	struct bpf_map *map, *found = NULL;

	bpf_object__for_each_map(map, object) {
		if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
			continue;
		if (found)
			return NULL;
		found = map;
	}
	return found;
}

static enum setup_status governor_load_bytes(const char *name, const void **ret_bytes,
					     size_t *ret_size, void **ret_owned)
{
	const char *problem;

	*ret_owned = NULL;
	if (!strcmp(name, SETUP_GOVERNOR_MINIMAL)) {
		*ret_bytes = governor_minimal__elf_bytes(ret_size);
		return SETUP_OK;
	}
	problem = file_load(name, GOVERNOR_BYTES_MAX, ret_owned, ret_size);
	if (problem)
		return fail(SETUP_GOVERNOR, "governor %s: %s", name, problem);
	*ret_bytes = *ret_owned;
	return SETUP_OK;
}

enum setup_status governor_open(const char *name, struct bpf_object **ret_object)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "layby_governor");
	_cleanup_free_ void *owned = NULL;
	struct bpf_object *object;
	const void *bytes = NULL;
	size_t size = 0;
	enum setup_status status;

	status = governor_load_bytes(name, &bytes, &size, &owned);
	if (status != SETUP_OK)
		return status;
	object = bpf_object__open_mem(bytes, size, &options);
	if (!object)
		return fail(SETUP_GOVERNOR, "governor %s: is not a BPF object file: %s", name,
			    strerror(errno));
	if (!governor_map(object)) {
		bpf_object__close(object);
		return fail(SETUP_GOVERNOR,
			    "governor %s: has not one struct layby_governor in .struct_ops.link",
			    name);
	}
	*ret_object = object;
	return SETUP_OK;
}

enum setup_status governor_attach(struct setup *setup, const char *name)
{
	enum setup_status status;
	int r;

	status = governor_open(name, &setup->governor);
	if (status != SETUP_OK)
		return status;
	r = bpf_object__load(setup->governor);
	if (r < 0)
		return fail(SETUP_GOVERNOR, "governor %s: refused by the kernel: %s, see above",
			    name, strerror(-r));
	setup->governor_link = bpf_map__attach_struct_ops(governor_map(setup->governor));
	if (!setup->governor_link && errno == EBUSY)
		return fail(SETUP_GOVERNOR, "governor %s: detach the one that is attached", name);
	if (!setup->governor_link)
		return fail(SETUP_GOVERNOR, "governor %s: cannot be attached: %s", name,
			    strerror(errno));
	return SETUP_OK;
}
