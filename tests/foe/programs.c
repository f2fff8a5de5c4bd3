// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bpf(2): what is attached, what could be loaded beside it, and the settings, the one
 * thing of BPF that is the agent's.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>

#include "foe.h"

#define PINS		"/sys/fs/bpf/layby"
#define SETTINGS	"/sys/fs/bpf/layby-settings"
/* Closed from 80 degrees Celsius, what in-vm sets too */
#define USUAL_MC	80000u
/* More objects than a machine of the test's has */
#define IDS		512

/* --- What is attached ------------------------------------------------------------ */

static int pin_open(const char *path)
{
	return closed(bpf_obj_get(path));
}

/* By whatever number: 0 if one can be had, else the last refusal that is not ENOENT */
static int by_id(int (*get)(__u32 id))
{
	int error = ENOENT;
	__u32 id;

	for (id = 1; id <= IDS; id++) {
		if (!closed(get(id)))
			return 0;
		if (errno != ENOENT)
			error = errno;
	}
	return -error;
}

static int program_by_id(const char *with)
{
	return by_id(bpf_prog_get_fd_by_id);
}

static int link_by_id(const char *with)
{
	return by_id(bpf_link_get_fd_by_id);
}

static int map_by_id(const char *with)
{
	return by_id(bpf_map_get_fd_by_id);
}

static int program_query(const char *with)
{
	LIBBPF_OPTS(bpf_prog_query_opts, opts);

	return bpf_prog_query_opts(1, BPF_TCX_INGRESS, &opts) ? -errno : 0;
}

static int pin_remove(const char *path)
{
	return unlink(path) ? -errno : 0;
}

static int folder_list(const char *path)
{
	DIR *dir = opendir(path);

	return dir ? closedir(dir) : -errno;
}

/* --- New ones ---------------------------------------------------------------------- */

static int load(enum bpf_prog_type type)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return closed(bpf_prog_load(type, "foe", "GPL", insns, 2, NULL));
}

static int load_filter(const char *with)
{
	return load(BPF_PROG_TYPE_SOCKET_FILTER);
}

static int load_vehicle(const char *with)
{
	return load(BPF_PROG_TYPE_SCHED_CLS);
}

static int load_governor(const char *with)
{
	return load(BPF_PROG_TYPE_STRUCT_OPS);
}

static int load_bind(const char *with)
{
	return load(BPF_PROG_TYPE_SYSCALL);
}

static int load_types(const char *with)
{
	return closed(bpf_btf_load("foe", 4, NULL));
}

static int make_map(const char *with)
{
	return closed(bpf_map_create(BPF_MAP_TYPE_ARRAY, "foe", 4, 4, 1, NULL));
}

static int make_governor(const char *with)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_LINK,
		    .btf_vmlinux_value_type_id = 1);

	return closed(bpf_map_create(BPF_MAP_TYPE_STRUCT_OPS, "foe", 4, 64, 1, &opts));
}

static int watch(const char *with)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .config = 1,
	};

	return closed((int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0));
}

/* --- The settings ------------------------------------------------------------------ */

static int with_settings(int (*call)(int fd))
{
	int fd = bpf_obj_get(SETTINGS);
	int r;

	if (fd < 0)
		return -errno;
	r = call(fd) ? -errno : 0;
	close(fd);
	return r;
}

/* As tests/setup/settings.bpf.c has them; the lock is not copied. */
static int write_one(int fd, __u32 key, __u32 closed_from_mc)
{
	const struct {
		__u32 closed_from_mc;
		__u32 lock;
	} value = { .closed_from_mc = closed_from_mc };

	return bpf_map_update_elem(fd, &key, &value, 0);
}

static int in_time(bool is)
{
	errno = ETIMEDOUT;
	return is ? 0 : -1;
}

static int call_close(int fd)
{
	return write_one(fd, 0, 0) ?: in_time(gate_closes(LAYBY_GATE_GOVERNOR));
}

/* More than the policy's trip, which the module looks at itself */
static int call_open(int fd)
{
	return write_one(fd, 0, 1000 * USUAL_MC) ?: in_time(gate_opens());
}

static int call_usual(int fd)
{
	return write_one(fd, 0, USUAL_MC) ?: in_time(gate_opens());
}

static int call_second_key(int fd)
{
	return write_one(fd, 1, USUAL_MC);
}

static int call_delete(int fd)
{
	__u32 key = 0;

	return bpf_map_delete_elem(fd, &key);
}

static int call_detach(int fd)
{
	return bpf_link_detach(fd);
}

static int call_update(int fd)
{
	return bpf_link_update(fd, fd, NULL);
}

static int call_attach(int fd)
{
	return closed(bpf_link_create(fd, 0, BPF_STRUCT_OPS, NULL));
}

static int call_test_run(int fd)
{
	char frame[72] = "";
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame));

	return bpf_prog_test_run_opts(fd, &opts);
}

static int call_pin(int fd)
{
	return bpf_obj_pin(fd, "/sys/fs/bpf/foe");
}

static int call_freeze(int fd)
{
	return bpf_map_freeze(fd);
}

#define SETTINGS_CALL(name) \
static int settings_##name(const char *with) { return with_settings(call_##name); }
SETTINGS_CALL(close)
SETTINGS_CALL(open)
SETTINGS_CALL(usual)
SETTINGS_CALL(second_key)
SETTINGS_CALL(delete)
SETTINGS_CALL(detach)
SETTINGS_CALL(update)
SETTINGS_CALL(attach)
SETTINGS_CALL(test_run)
SETTINGS_CALL(pin)
SETTINGS_CALL(freeze)

static int settings_mode(const char *with)
{
	return chmod(SETTINGS, 0666) ? -errno : 0;
}

const struct attempt programs[] = {
	{ "open the governor's pin", pin_open, PINS "/governor", EACCES, EACCES },
	{ "open the ingress program's pin", pin_open, PINS "/vehicle_ingress", EACCES, EACCES },
	{ "open the egress program's pin", pin_open, PINS "/vehicle_egress", EACCES, EACCES },
	{ "remove the governor's pin", pin_remove, PINS "/governor", EACCES, EACCES },
	{ "list /sys/fs/bpf", folder_list, "/sys/fs/bpf", EACCES, EACCES },
	{ "list the pins", folder_list, PINS, EACCES, EACCES },
	{ "get a program by its number", program_by_id, NULL, EPERM, EPERM },
	{ "get a link by its number", link_by_id, NULL, EPERM, EPERM },
	{ "get a map by its number", map_by_id, NULL, EPERM, EPERM },
	{ "ask what is attached", program_query, NULL, EPERM, EPERM },
	{ "load a socket filter", load_filter, NULL, EPERM, EPERM },
	{ "load a vehicle program", load_vehicle, NULL, EPERM, EPERM },
	{ "load a governor's program", load_governor, NULL, EPERM, EPERM },
	{ "load a program that names the bus", load_bind, NULL, EPERM, EPERM },
	{ "load types (BTF)", load_types, NULL, EPERM, EPERM },
	{ "make a map", make_map, NULL, EPERM, EPERM },
	{ "make a governor's map", make_governor, NULL, EPERM, EPERM },
	{ "watch a tracepoint", watch, NULL, EACCES, EPERM },
	{ "the settings: close the gate", settings_close, NULL, 0, 0 },
	{ "the settings: a value above every ceiling, which raises nothing", settings_open,
	  NULL, 0, 0 },
	{ "the settings: what the owner wants", settings_usual, NULL, 0, 0 },
	{ "the settings: a key that there is not", settings_second_key, NULL, E2BIG, E2BIG },
	{ "the settings: delete them", settings_delete, NULL, EINVAL, EINVAL },
	{ "the settings: attach them as a governor", settings_attach, NULL, EINVAL, EINVAL },
	{ "the settings: detach them as if a link", settings_detach, NULL, EINVAL, EINVAL },
	{ "the settings: update them as if a link", settings_update, NULL, EINVAL, EINVAL },
	{ "the settings: run them as a program (BPF_PROG_TEST_RUN)", settings_test_run, NULL,
	  EINVAL, EINVAL },
	{ "the settings: pin them elsewhere", settings_pin, NULL, EACCES, EROFS },
	{ "the settings: open them to all", settings_mode, NULL, EPERM, EROFS },
	{ "the settings: freeze them", settings_freeze, NULL, ENOTSUPP, ENOTSUPP },
	{ "remove the settings' pin", pin_remove, SETTINGS, EACCES, EROFS },
	{}
};
