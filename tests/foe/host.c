// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Around the module: files of the system and of the device, modules, the clock, other
 * processes, the service manager. FOE_DRIVING is the pid of a client of driving's.
 */
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "foe.h"

#define DEVICE	"/sys/bus/pci/drivers/layby_vnpu/0*/"

/* --- Files -------------------------------------------------------------------------- */

/* @pattern names one file at least; that is opened, and left alone if it can be. */
static int file_open(const char *pattern, int flags)
{
	glob_t found;
	int r = -ENOENT;

	if (glob(pattern, GLOB_NOCHECK, NULL, &found))
		return -ENOMEM;
	r = closed(open(found.gl_pathv[0], flags | O_CLOEXEC, 0600));
	globfree(&found);
	return r;
}

static int file_write(const char *pattern)
{
	return file_open(pattern, O_WRONLY);
}

static int file_read(const char *pattern)
{
	return file_open(pattern, O_RDONLY);
}

static int file_make(const char *path)
{
	return file_open(path, O_WRONLY | O_CREAT | O_EXCL);
}

static int folder_make(const char *path)
{
	return mkdir(path, 0700) ? -errno : 0;
}

/* --- The kernel --------------------------------------------------------------------- */

static int module_insert(const char *with)
{
	return syscall(SYS_init_module, "", 0, "") ? -errno : 0;
}

static int module_remove(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static int kernel_exchange(const char *with)
{
	return syscall(SYS_kexec_load, 0, 0, NULL, 0) ? -errno : 0;
}

static int machine_reboot(const char *with)
{
	return reboot(RB_DISABLE_CAD) ? -errno : 0;
}

static int clock_set(const char *with)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now))
		return -errno;
	return clock_settime(CLOCK_REALTIME, &now) ? -errno : 0;
}

static int ports(const char *with)
{
	return iopl(3) ? -errno : 0;
}

static int mount_over(const char *path)
{
	return mount("none", path, "tmpfs", 0, NULL) ? -errno : 0;
}

static int child_debugfs(void)
{
	return be_root_in(CLONE_NEWNS) ?: mount("none", "/tmp", "debugfs", 0, NULL) ? -errno : 0;
}

static int debugfs_mount(const char *with)
{
	return in_child(child_debugfs);
}

static int child_namespace(void)
{
	int fd = open("/run/netns/car", O_RDONLY | O_CLOEXEC);

	return fd < 0 || setns(fd, CLONE_NEWNET) ? -errno : 0;
}

static int namespace_enter(const char *with)
{
	return in_child(child_namespace);
}

static int be_root(const char *with)
{
	return setresuid(0, 0, 0) ? -errno : 0;
}

static int be_urgent(const char *with)
{
	struct sched_param first = { .sched_priority = 1 };

	return sched_setscheduler(0, SCHED_FIFO, &first) ? -errno : 0;
}

/* --- Others' processes ----------------------------------------------------------------- */

static pid_t driving(void)
{
	const char *pid = getenv("FOE_DRIVING");

	return pid ? (pid_t)strtol(pid, NULL, 10) : 0;
}

static int process_kill(const char *with)
{
	return kill(driving(), SIGURG) ? -errno : 0;
}

static int process_trace(const char *with)
{
	return ptrace(PTRACE_SEIZE, driving(), NULL, NULL) ? -errno : 0;
}

static int process_read(const char *with)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)0x10000, 1 };

	return process_vm_readv(driving(), &here, 1, &there, 1, 0) < 0 ? -errno : 0;
}

static int process_take(const char *with)
{
	int pidfd = (int)syscall(SYS_pidfd_open, driving(), 0), r;

	if (pidfd < 0)
		return -errno;
	r = closed((int)syscall(SYS_pidfd_getfd, pidfd, 3, 0));
	close(pidfd);
	return r;
}

static int process_file(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", driving(), name);
	return file_open(path, O_RDONLY);
}

/* --- The service manager --------------------------------------------------------------- */

static int manager(const char *method, const char *argument)
{
	sd_bus *bus = NULL;
	int r = sd_bus_open_system(&bus);

	if (r >= 0)
		r = sd_bus_call_method(bus, "org.freedesktop.systemd1",
				       "/org/freedesktop/systemd1",
				       "org.freedesktop.systemd1.Manager", method, NULL, NULL,
				       "ss", argument, "replace");
	sd_bus_flush_close_unref(bus);
	return r < 0 ? r : 0;
}

static int unit_stop(const char *name)
{
	return manager("StopUnit", name);
}

static int unit_start(const char *name)
{
	return manager("StartUnit", name);
}

const struct attempt host[] = {
	{ "change the policy", file_write, "/usr/lib/firmware/layby/policy.bin", EACCES, EACCES },
	{ "a policy where the kernel looks first", folder_make, "/usr/lib/firmware/updates", EACCES,
	  EROFS },
	{ "have firmware looked for elsewhere", file_write,
	  "/sys/module/firmware_class/parameters/path", EACCES, EACCES },
	{ "change the boot step's configuration", file_write, "/etc/layby/setup.conf", EACCES,
	  EACCES },
	{ "change the signals", file_write, "/etc/layby/signals.bin", EACCES, EACCES },
	{ "change the agent", file_write, "/usr/libexec/layby-agentd", EACCES, EACCES },
	{ "change its unit", file_make, "/etc/systemd/system/foe.service", EACCES, EROFS },
	{ "unbind the driver", file_write, "/sys/bus/pci/drivers/layby_vnpu/unbind", EACCES,
	  EACCES },
	{ "remove the device", file_write, DEVICE "remove", EACCES, EACCES },
	{ "look for devices anew", file_write, "/sys/bus/pci/rescan", EACCES, EACCES },
	{ "another driver for the device", file_write, DEVICE "driver_override", EACCES, EACCES },
	{ "write the device's configuration", file_write, DEVICE "config", EACCES, EACCES },
	{ "open the device's registers", file_read, DEVICE "resource0", EACCES, EACCES },
	{ "open the device's memory", file_read, DEVICE "resource2", EACCES, EACCES },
	{ "read the module's debugfs", file_read, "/sys/kernel/debug/layby/vehicle", EACCES,
	  EACCES },
	{ "trace the kernel", file_read, "/sys/kernel/tracing/trace", EACCES, EACCES },
	{ "open physical memory", file_read, "/dev/mem", EACCES, EACCES, true },
	{ "have the machine sleep", file_write, "/sys/power/state", EACCES, EACCES, true },
	{ "crash the machine", file_write, "/proc/sysrq-trigger", EACCES, ENOENT },
	{ "send the device's interrupts elsewhere", file_write, "/proc/irq/0/smp_affinity", EACCES,
	  ENOENT },
	{ "take a processor away", file_write, "/sys/devices/system/cpu/cpu1/online", EACCES,
	  EACCES },
	{ "move processes between control groups", file_write, "/sys/fs/cgroup/cgroup.procs",
	  EACCES, EACCES },
	{ "have everybody load programs", file_write,
	  "/proc/sys/kernel/unprivileged_bpf_disabled", EACCES, ENOENT },
	{ "insert a module", module_insert, NULL, EPERM, EPERM },
	{ "remove the backend's module", module_remove, "layby_vnpu", EPERM, EPERM },
	{ "remove the module", module_remove, "layby", EPERM, EPERM },
	{ "load another kernel", kernel_exchange, NULL, EPERM, EPERM, true },
	{ "reboot", machine_reboot, NULL, EPERM, EPERM },
	{ "set the clock", clock_set, NULL, EPERM, EPERM },
	{ "reach the machine's ports", ports, NULL, EPERM, EPERM, true },
	{ "mount over the pins", mount_over, "/sys/fs/bpf", EPERM, EPERM },
	{ "mount debugfs in a namespace of its own", debugfs_mount, NULL, EPERM, EPERM },
	{ "enter the network namespace of the bus's far end", namespace_enter, NULL, EPERM,
	  EPERM },
	{ "be root", be_root, NULL, EPERM, EPERM },
	{ "run before driving's processes (SCHED_FIFO)", be_urgent, NULL, EPERM, EPERM },
	{ "signal a process of driving's", process_kill, NULL, EPERM, EPERM },
	{ "trace it", process_trace, NULL, EPERM, EPERM },
	{ "read its memory", process_read, NULL, EPERM, EPERM, true },
	{ "open its memory", process_file, "mem", EACCES, ENOENT },
	{ "open its node by /proc", process_file, "fd/3", EACCES, ENOENT },
	{ "take its node (pidfd_getfd)", process_take, NULL, EPERM, EPERM },
	{ "stop the boot step's unit", unit_stop, "layby-setup.service", EACCES, EACCES },
	{ "start a unit", unit_start, "layby-setup.service", EACCES, EACCES },
	{}
};
