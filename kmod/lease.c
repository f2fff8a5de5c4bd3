// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lease: the agent's short promise that it is alive.
 *
 * Owns the one lease, an anonymous file of its own. It ends when the process
 * that took it closes it or dies, whatever else still refers to the file: an
 * io_uring lets go of files late, so release is a backstop only, and the age
 * that the policy sets is the hard bound. lease_lock guards who holds it; under
 * it only the gatekeeper's lock is taken.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "keeper.h"
#include "layby.h"

static DEFINE_SPINLOCK(lease_lock);

/* The lease, and the files of the process that took it; never followed. */
static const struct file *lease_file;
static fl_owner_t lease_owner;

static void layby_lease_end(const struct file *file, fl_owner_t owner)
{
	spin_lock(&lease_lock);
	if (lease_file == file && (!owner || lease_owner == owner)) {
		lease_file = NULL;
		layby_keeper_lease(false);
	}
	spin_unlock(&lease_lock);
}

static int layby_lease_flush(struct file *file, fl_owner_t owner)
{
	layby_lease_end(file, owner);
	return 0;
}

static int layby_lease_release(struct inode *inode, struct file *file)
{
	layby_lease_end(file, NULL);
	return 0;
}

static int layby_lease_renew(const struct file *file)
{
	int ret = 0;

	spin_lock(&lease_lock);
	if (lease_file != file)
		ret = -ESTALE;
	else if (lease_owner != current->files)
		ret = -EPERM;
	else
		layby_keeper_lease(true);
	spin_unlock(&lease_lock);
	return ret;
}

static long layby_lease_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return cmd == LAYBY_LEASE_RENEW ? layby_lease_renew(file) : -ENOTTY;
}

static const struct file_operations layby_lease_fops = {
	.owner = THIS_MODULE,
	.flush = layby_lease_flush,
	.release = layby_lease_release,
	.unlocked_ioctl = layby_lease_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static int layby_lease_take(const struct file *file)
{
	int ret = -EBUSY;

	spin_lock(&lease_lock);
	if (!lease_file) {
		lease_file = file;
		lease_owner = current->files;
		layby_keeper_lease(true);
		ret = 0;
	}
	spin_unlock(&lease_lock);
	return ret;
}

/* The descriptor is installed last: from then on others can close it. */
static int layby_lease_install(struct file *file)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	int ret;

	if (fd < 0)
		return fd;
	ret = layby_lease_take(file);
	if (ret) {
		put_unused_fd(fd);
		return ret;
	}
	fd_install(fd, file);
	return fd;
}

int layby_lease_take_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct layby_party *party = drm_file->driver_priv;
	struct layby_lease *args = data;
	struct file *file;
	int fd;

	if (party->partition->class != LAYBY_CLASS_GUEST)
		return -EOPNOTSUPP;
	if (args->flags || args->fd)
		return -EINVAL;
	file = anon_inode_getfile("[layby-lease]", &layby_lease_fops, NULL, O_RDWR);
	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = layby_lease_install(file);
	if (fd < 0) {
		fput(file);
		return fd;
	}
	args->fd = fd;
	return 0;
}
