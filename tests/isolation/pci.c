// SPDX-License-Identifier: LGPL-2.1-or-later
/* The accelerator as a PCI device, see pci.h. Remembers which one it is. */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "null.h"
#include "pci.h"

#define BUS	"/sys/bus/pci"
#define DRIVER	BUS "/drivers/layby_vnpu"

static char address[32];

static int sysfs_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static int find_address(void)
{
	struct dirent *entry;
	DIR *dir;

	if (address[0])
		return 0;
	dir = opendir(DRIVER);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, "0000:", 5))
			snprintf(address, sizeof(address), "%.31s", entry->d_name);
	closedir(dir);
	return address[0] ? 0 : -ENODEV;
}

int vnpu_reload(void)
{
	int ret = module_unload_patiently("layby_vnpu");

	return ret ? ret : module_load("layby_vnpu", "");
}

int vnpu_unbind(void)
{
	int ret = find_address();

	return ret ? ret : sysfs_write(DRIVER "/unbind", address);
}

int vnpu_bind(void)
{
	return sysfs_write(DRIVER "/bind", address);
}

int vnpu_remove(void)
{
	char path[96];
	int ret = find_address();

	snprintf(path, sizeof(path), BUS "/devices/%s/remove", address);
	return ret ? ret : sysfs_write(path, "1");
}

int vnpu_rescan(void)
{
	return sysfs_write(BUS "/rescan", "1");
}
