// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * init.c - first program of the test VM, alone in the initramfs
 *
 * Owns the way from the initramfs to the root of the test: an overlay of the
 * shares that tests/vm/run gives (lower, read-only) and a tmpfs. Then it
 * becomes systemd, or runs tests/vm/guest as its child and powers off.
 * Must never wait for anything that may not come: whatever goes wrong is
 * printed and ends the machine, and tests/vm/run sees that no status came.
 *
 * The kernel command line carries, beside the kernel's own options:
 *   layby.layer        the share "layer" exists and lies over the root
 *   layby.modules=REL  the share "modules" is /usr/lib/modules/REL
 *   layby.small        the root is /small of the initramfs, there are no shares
 *   layby.systemd      become systemd
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define P9_READ_ONLY	"trans=virtio,version=9p2000.L,msize=512000,cache=loose,noxattr"
#define P9_WRITABLE	"trans=virtio,version=9p2000.L,msize=512000,cache=none"

static char cmdline[4096];

static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void die(const char *format, ...)
{
	va_list args;
	int error = errno;

	va_start(args, format);
	fprintf(stderr, "init: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, ": %s\n", strerror(error));
	va_end(args);
	power_off();
}

static void make_dir(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		die("mkdir %s", path);
}

static void do_mount(const char *source, const char *target, const char *type,
		     unsigned long flags, const char *options)
{
	make_dir(target);
	if (mount(source, target, type, flags, options))
		die("mount %s (%s) on %s", source, type, target);
}

/* A file system that a kernel without the option behind it does not have */
static void try_mount(const char *type, const char *target)
{
	if (mount(type, target, type, 0, NULL) && errno != ENODEV && errno != ENOENT &&
	    errno != EBUSY)
		die("mount %s on %s", type, target);
}

static void read_cmdline(void)
{
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		die("open /proc/cmdline");
	len = read(fd, cmdline, sizeof(cmdline) - 1);
	if (len < 0)
		die("read /proc/cmdline");
	close(fd);
	if (len && cmdline[len - 1] == '\n')
		cmdline[len - 1] = '\0';
}

/*
 * The option's value, "" if it has none, NULL if it is not there. Quoting is
 * not supported: tests/vm/run passes no such value.
 */
static const char *kernel_option(const char *name, char *value, size_t size)
{
	size_t len = strlen(name);
	const char *word = cmdline;

	for (; *word; word += strcspn(word, " ")) {
		word += strspn(word, " ");
		if (strncmp(word, name, len))
			continue;
		if (word[len] == '=')
			snprintf(value, size, "%.*s", (int)strcspn(word + len + 1, " "),
				 word + len + 1);
		else if (word[len] == ' ' || !word[len])
			*value = '\0';
		else
			continue;
		return value;
	}
	return NULL;
}

/* In the order of their names, which tests/vm/run numbers by dependency */
static void load_modules(void)
{
	glob_t found = { 0 };
	size_t i;

	if (glob("/modules/*.ko", 0, NULL, &found) == GLOB_NOMATCH)
		return;
	for (i = 0; i < found.gl_pathc; i++) {
		int fd = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			die("load %s", found.gl_pathv[i]);
		close(fd);
	}
	globfree(&found);
}

static void mount_root(void)
{
	char value[64];
	const char *lower;

	if (kernel_option("layby.small", value, sizeof(value))) {
		do_mount("/small", "/root", NULL, MS_BIND, NULL);
		return;
	}
	lower = "lowerdir=/lower,upperdir=/rw/upper,workdir=/rw/work";

	do_mount("root", "/lower", "9p", MS_RDONLY, P9_READ_ONLY);
	if (kernel_option("layby.layer", value, sizeof(value))) {
		do_mount("layer", "/layer", "9p", MS_RDONLY, P9_READ_ONLY);
		lower = "lowerdir=/layer:/lower,upperdir=/rw/upper,workdir=/rw/work";
	}
	do_mount("rw", "/rw", "tmpfs", 0, "mode=0755");
	make_dir("/rw/upper");
	make_dir("/rw/work");
	do_mount("overlay", "/root", "overlay", 0, lower);
}

static void mount_shares(void)
{
	char release[64], target[256];

	if (kernel_option("layby.small", release, sizeof(release)))
		return;
	do_mount("layby", "/root/layby", "9p", MS_RDONLY, P9_READ_ONLY);
	do_mount("out", "/root/out", "9p", 0, P9_WRITABLE);
	if (!kernel_option("layby.modules", release, sizeof(release)))
		return;
	snprintf(target, sizeof(target), "/root/usr/lib/modules/%s", release);
	do_mount("modules", target, "9p", MS_RDONLY, P9_READ_ONLY);
}

static void switch_root(void)
{
	static const char * const moved[] = { "/proc", "/sys", "/dev" };
	char target[64];
	size_t i;

	for (i = 0; i < sizeof(moved) / sizeof(moved[0]); i++) {
		snprintf(target, sizeof(target), "/root%s", moved[i]);
		do_mount(moved[i], target, NULL, MS_MOVE, NULL);
	}
	if (chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		die("switch to the new root");
}

/* What systemd would mount */
static void mount_the_rest(void)
{
	do_mount("tmp", "/tmp", "tmpfs", 0, "mode=1777");
	do_mount("run", "/run", "tmpfs", 0, "mode=0755");
	do_mount("devpts", "/dev/pts", "devpts", 0, "mode=0620,gid=5,ptmxmode=0666");
	do_mount("shm", "/dev/shm", "tmpfs", 0, "mode=1777");
	try_mount("cgroup2", "/sys/fs/cgroup");
	try_mount("debugfs", "/sys/kernel/debug");
	try_mount("tracefs", "/sys/kernel/tracing");
	try_mount("securityfs", "/sys/kernel/security");
	try_mount("bpf", "/sys/fs/bpf");
}

static void run_guest(void)
{
	static char * const argv[] = { "bash", "/layby/tests/vm/guest", NULL };
	pid_t child = fork(), dead;

	if (child < 0)
		die("fork");
	if (!child) {
		setsid();
		execv("/bin/bash", argv);
		die("exec /bin/bash");
	}
	/* orphans of the test are ours to reap too */
	do
		dead = wait(NULL);
	while (dead != child && (dead > 0 || errno == EINTR));
}

int main(void)
{
	static char * const systemd[] = { "/lib/systemd/systemd", NULL };
	char value[8];

	do_mount("proc", "/proc", "proc", 0, NULL);
	do_mount("sys", "/sys", "sysfs", 0, NULL);
	do_mount("dev", "/dev", "devtmpfs", 0, NULL);
	read_cmdline();
	load_modules();
	mount_root();
	mount_shares();
	switch_root();
	if (kernel_option("layby.systemd", value, sizeof(value))) {
		execv(systemd[0], systemd);
		die("exec %s", systemd[0]);
	}
	mount_the_rest();
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	run_guest();
	power_off();
	return 1;
}
