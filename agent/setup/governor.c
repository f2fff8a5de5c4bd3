// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The governor: the one that is built in, or a vehicle maker's own object file.
 */
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

/* its skeleton names the knobs */
#include <govern.h>

#include "governor.skel.h"
#include "governor_minimal.skel.h"
#include "root_file.h"
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

static bool type_has_lock(const struct btf *btf, const struct btf_type *type)
{
	const struct btf_member *member = btf_members(type);
	const struct btf_type *inner;
	int i;

	for (i = 0; i < btf_vlen(type); i++) {
		inner = btf__type_by_id(btf, member[i].type);
		if (btf_is_struct(inner) &&
		    !strcmp(btf__name_by_offset(btf, inner->name_off), "bpf_spin_lock"))
			return true;
	}
	return false;
}

/*
 * Who may write a map may also freeze it, until the next boot; the kernel refuses
 * that for one with a lock in its value.
 */
static bool settings_thaw(const struct bpf_object *object)
{
	const struct bpf_map *map;
	const struct btf_type *value;
	const struct btf *btf;

	map = bpf_object__find_map_by_name(object, SETUP_SETTINGS_MAP);
	if (!map)
		return true;
	btf = bpf_object__btf(object);
	value = btf ? btf__type_by_id(btf, bpf_map__btf_value_type_id(map)) : NULL;
	return value && btf_is_struct(value) && type_has_lock(btf, value);
}

static enum setup_status governor_load_bytes(const char *name, const void **ret_bytes,
					     size_t *ret_size, void **ret_owned)
{
	const char *problem;

	*ret_owned = NULL;
	if (!strcmp(name, SETUP_GOVERNOR_LAYBY)) {
		*ret_bytes = governor__elf_bytes(ret_size);
		return SETUP_OK;
	}
	if (!strcmp(name, SETUP_GOVERNOR_MINIMAL)) {
		*ret_bytes = governor_minimal__elf_bytes(ret_size);
		return SETUP_OK;
	}
	problem = root_file_load(name, GOVERNOR_BYTES_MAX, ret_owned, ret_size);
	if (problem)
		return fail(SETUP_GOVERNOR, "governor %s: %s", name, problem);
	*ret_bytes = *ret_owned;
	return SETUP_OK;
}

static enum setup_status governor_check(const char *name, const struct bpf_object *object)
{
	if (!governor_map(object))
		return fail(SETUP_GOVERNOR,
			    "governor %s: has not one struct layby_governor in .struct_ops.link",
			    name);
	if (!settings_thaw(object))
		return fail(SETUP_GOVERNOR,
			    "governor %s: the value of its map settings must be a struct with a struct bpf_spin_lock in it, or the agent could freeze the map",
			    name);
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
	status = governor_check(name, object);
	if (status != SETUP_OK)
		bpf_object__close(object);
	else
		*ret_object = object;
	return status;
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
