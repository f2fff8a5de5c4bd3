// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel below the module: how it was built, and what of io_uring it grants.
 */
#include <errno.h>
#include <grp.h>
#include <host_file.h>
#include <host_root.h>
#include <pwd.h>
#include <string.h>
#include <zlib.h>

#include "doctor.h"

/* --- Options ----------------------------------------------------------------- */

enum need {
	NEED_BUILT_IN,
	NEED_ANY,
	/* layby runs without it */
	NEED_WISH,
};

/* docs/integration.md says what each is for. */
static const struct {
	const char *name;
	enum need need;
} options[] = {
	{ "CONFIG_MODULES", NEED_BUILT_IN },
	{ "CONFIG_DRM_ACCEL", NEED_BUILT_IN },
	{ "CONFIG_AUXILIARY_BUS", NEED_BUILT_IN },
	{ "CONFIG_FW_LOADER", NEED_BUILT_IN },
	{ "CONFIG_SYSTEM_DATA_VERIFICATION", NEED_BUILT_IN },
	{ "CONFIG_HIGH_RES_TIMERS", NEED_BUILT_IN },
	{ "CONFIG_IO_URING", NEED_BUILT_IN },
	{ "CONFIG_BPF_SYSCALL", NEED_BUILT_IN },
	{ "CONFIG_BPF_JIT", NEED_BUILT_IN },
	{ "CONFIG_DEBUG_INFO_BTF", NEED_BUILT_IN },
	{ "CONFIG_DEBUG_INFO_BTF_MODULES", NEED_BUILT_IN },
	{ "CONFIG_NET_XGRESS", NEED_BUILT_IN },
	{ "CONFIG_CAN", NEED_ANY },
	{ "CONFIG_MEMFD_CREATE", NEED_BUILT_IN },
	{ "CONFIG_HWMON", NEED_WISH },
	{ "CONFIG_MODULE_SIG", NEED_WISH },
	{ "CONFIG_SECCOMP_FILTER", NEED_WISH },
	{ "CONFIG_CGROUP_BPF", NEED_WISH },
};

static bool is_set_by(const char *line, size_t option)
{
	size_t length = strlen(options[option].name);

	return !strncmp(line, options[option].name, length) && line[length] == '=' &&
	       (line[length + 1] == 'y' ||
		(line[length + 1] == 'm' && options[option].need != NEED_BUILT_IN));
}

/* Packed or not; takes @fd. */
static int read_options(int fd, bool is_set[static ARRAY_SIZE(options)])
{
	gzFile file = gzdopen(fd, "r");
	char line[512];
	size_t i;
	int r;

	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	while (gzgets(file, line, sizeof(line)))
		for (i = 0; i < ARRAY_SIZE(options); i++)
			is_set[i] |= is_set_by(line, i);
	gzerror(file, &r);
	/* also a packed file that is cut off */
	return gzclose(file) == Z_OK && (r == Z_OK || r == Z_STREAM_END) ? 0 : -EBADMSG;
}

static int open_config(const struct audit *audit, char path[static PATH_MAX])
{
	static const char *const places[] = { "/boot/config-%s", "/lib/modules/%s/config" };
	int fd;
	size_t i;

	snprintf(path, PATH_MAX, "/proc/config.gz");
	fd = host_open(path);
	for (i = 0; fd == -ENOENT && i < ARRAY_SIZE(places); i++) {
		snprintf(path, PATH_MAX, places[i], audit->uts.release);
		fd = host_open(path);
	}
	return fd;
}

static bool is_wish(size_t option)
{
	return options[option].need == NEED_WISH;
}

static void name_missing(const bool is_set[static ARRAY_SIZE(options)], bool wishes, char *names,
			 size_t size)
{
	size_t i, length = 0;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (!is_set[i] && is_wish(i) == wishes && length < size)
			length += (size_t)snprintf(names + length, size - length, "%s%s",
						   length ? ", " : "", options[i].name);
}

static void judge_options(const char *path, const bool is_set[static ARRAY_SIZE(options)],
			  struct diagnosis *diagnosis)
{
	char needed[512] = "", wished[256] = "";

	name_missing(is_set, false, needed, sizeof(needed));
	name_missing(is_set, true, wished, sizeof(wished));
	if (*needed) {
		found(diagnosis, "not set as needed: %s%s%s (%s)", needed, *wished ? ", " : "",
		      wished, path);
		todo(diagnosis, CONDITION_WRONG,
		     "Build a kernel with them; docs/integration.md says what each is for.");
	} else if (*wished) {
		found(diagnosis, "not set, and layby runs without: %s (%s)", wished, path);
		todo(diagnosis, CONDITION_WARNING,
		     "docs/integration.md says what is missing without them.");
	} else {
		found(diagnosis, "all %zu are set (%s)", ARRAY_SIZE(options), path);
	}
}

void look_at_kernel_options(const struct audit *audit, struct diagnosis *diagnosis)
{
	bool is_set[ARRAY_SIZE(options)] = {};
	char path[PATH_MAX];
	int r = open_config(audit, path);

	if (r == -ENOENT) {
		found(diagnosis, "cannot be told: no /proc/config.gz, and no config of %s in /boot",
		      audit->uts.release);
		todo(diagnosis, CONDITION_NOT_KNOWN,
		     "Set CONFIG_IKCONFIG_PROC=y, or put the kernel's .config there.");
		return;
	}
	if (r >= 0)
		r = read_options(r, is_set);
	if (r < 0)
		cannot_look(diagnosis, path, r);
	else
		judge_options(path, is_set, diagnosis);
}

/* --- BTF --------------------------------------------------------------------- */

static int look_for(const char *path)
{
	char full[PATH_MAX];
	int r = host_path(path, full);

	if (r < 0)
		return r;
	return access(full, R_OK) < 0 ? -errno : 0;
}

void look_at_btf(const struct audit *audit, struct diagnosis *diagnosis)
{
	int of_kernel = look_for("/sys/kernel/btf/vmlinux");
	int of_module = look_for("/sys/kernel/btf/layby");

	if (of_kernel == -ENOENT) {
		found(diagnosis,
		      "the kernel has none: no BPF program can be attached, and the gate stays closed");
		todo(diagnosis, CONDITION_WRONG, "Build the kernel with CONFIG_DEBUG_INFO_BTF=y.");
	} else if (of_kernel < 0) {
		cannot_look(diagnosis, "/sys/kernel/btf/vmlinux", of_kernel);
	} else if (!audit_why_not(audit, PART_STATE) && of_module == -ENOENT) {
		found(diagnosis,
		      "the kernel has it, but the module does not: layby-setup cannot attach to it");
		todo(diagnosis, CONDITION_WRONG,
		     "Build the module against a tree that has its vmlinux, with pahole installed.");
	} else if (of_module < 0 && of_module != -ENOENT) {
		cannot_look(diagnosis, "/sys/kernel/btf/layby", of_module);
	} else {
		found(diagnosis, "of the kernel%s", of_module ? "" : " and of the module");
	}
}

/* --- Preemption, lockdown ----------------------------------------------------- */

static bool line_has(const char *path, const char *words)
{
	char line[4096];

	return host_read_line(path, line, sizeof(line)) >= 0 && strstr(line, words);
}

/* Of a kernel that can change it at boot */
static void judge_dynamic(struct diagnosis *diagnosis)
{
	static const char path[] = "/sys/kernel/debug/sched/preempt";
	char line[128];
	int r = host_read_line(path, line, sizeof(line));

	if (r < 0 && !line_has("/proc/cmdline", "preempt=full")) {
		found(diagnosis, "cannot be told: PREEMPT_DYNAMIC, and %s: %s", path, strerror(-r));
		todo(diagnosis, CONDITION_NOT_KNOWN,
		     "Boot with preempt=full; what it is now is told to root, in debugfs.");
	} else if (r < 0 || strstr(line, "(full)")) {
		found(diagnosis, "full");
	} else {
		found(diagnosis, "not full: a guest's system calls can delay driving's threads");
		todo(diagnosis, CONDITION_WARNING,
		     "Boot with preempt=full, or keep the agent on other CPUs than driving's.");
	}
}

void look_at_preemption(const struct audit *audit, struct diagnosis *diagnosis)
{
	static const char path[] = "/proc/version";
	char line[512];
	int r = host_read_line(path, line, sizeof(line));

	if (r < 0) {
		cannot_look(diagnosis, path, r);
	} else if (strstr(line, " PREEMPT_RT")) {
		found(diagnosis, "full, PREEMPT_RT");
	} else if (strstr(line, " PREEMPT ")) {
		found(diagnosis, "full");
	} else if (strstr(line, " PREEMPT_DYNAMIC")) {
		judge_dynamic(diagnosis);
	} else {
		found(diagnosis,
		      "the kernel has none: a guest's system calls can delay driving's threads");
		todo(diagnosis, CONDITION_WARNING,
		     "Build it with CONFIG_PREEMPT, or keep the agent on other CPUs than driving's.");
	}
}

void look_at_lockdown(const struct audit *audit, struct diagnosis *diagnosis)
{
	const struct fact *lockdown = &audit->facts[FACT_LOCKDOWN];

	if (!lockdown->is) {
		found(diagnosis,
		      "cannot be told: the kernel has none, or securityfs is not mounted");
		todo(diagnosis, CONDITION_NOT_KNOWN,
		     "Build the kernel with CONFIG_SECURITY_LOCKDOWN_LSM=y.");
	} else if (!strcmp(lockdown->text, "none")) {
		found(diagnosis, "none: root can change the running kernel");
		todo(diagnosis, CONDITION_WARNING,
		     "Boot with lockdown=integrity, as a part of verified boot.");
	} else {
		found(diagnosis, "%s", lockdown->text);
	}
}

/* --- io_uring ---------------------------------------------------------------- */

/* kernel/sysctl: io_uring_group */
static bool is_agent_in(gid_t gid)
{
	struct passwd *user = host_user(AGENT_USER);
	struct group *group;
	char **member;

	if (user && user->pw_gid == gid)
		return true;
	group = host_group_of(gid);
	for (member = group ? group->gr_mem : NULL; member && *member; member++)
		if (!strcmp(*member, AGENT_USER))
			return true;
	return false;
}

static void judge_io_uring_group(struct diagnosis *diagnosis)
{
	static const char path[] = "/proc/sys/kernel/io_uring_group";
	char line[32], *end = line;
	int r = host_read_line(path, line, sizeof(line));
	long gid = r >= 0 ? strtol(line, &end, 10) : -1;

	if (r >= 0 && (end == line || *end))
		r = -EBADMSG;
	if (r < 0) {
		cannot_look(diagnosis, path, r);
	} else if (gid < 0 || !is_agent_in((gid_t)gid)) {
		found(diagnosis, "kernel.io_uring_disabled is 1, and " AGENT_USER
				 " is not in kernel.io_uring_group (%ld): it cannot submit a job",
		      gid);
		todo(diagnosis, CONDITION_WRONG,
		     "Set kernel.io_uring_group to a group of " AGENT_USER " in /etc/sysctl.d.");
	} else {
		found(diagnosis, "for members of group %ld, and " AGENT_USER " is one", gid);
	}
}

void look_at_io_uring(const struct audit *audit, struct diagnosis *diagnosis)
{
	static const char path[] = "/proc/sys/kernel/io_uring_disabled";
	char line[32];
	int r = host_read_line(path, line, sizeof(line));

	if (r == -ENOENT) {
		found(diagnosis, "the kernel has none");
		todo(diagnosis, CONDITION_WRONG, "Build the kernel with CONFIG_IO_URING=y.");
	} else if (r < 0) {
		cannot_look(diagnosis, path, r);
	} else if (!strcmp(line, "0")) {
		found(diagnosis, "everybody may use it (kernel.io_uring_disabled is 0)");
		todo(diagnosis, CONDITION_WARNING,
		     "In a vehicle: kernel.io_uring_disabled=1, and kernel.io_uring_group a group of driving's programs and "
		     AGENT_USER ".");
	} else if (!strcmp(line, "1")) {
		judge_io_uring_group(diagnosis);
	} else if (!strcmp(line, "2")) {
		found(diagnosis, "kernel.io_uring_disabled is 2: nobody can submit a job");
		todo(diagnosis, CONDITION_WRONG,
		     "Set kernel.io_uring_disabled to 0, or to 1 and kernel.io_uring_group to a group of "
		     AGENT_USER ".");
	} else {
		cannot_look(diagnosis, path, -EBADMSG);
	}
}
