// SPDX-License-Identifier: GPL-2.0-only
/*
 * layby_broken.c - a module with one defect, chosen by a parameter
 *
 * For tests/vm/selftest: what the kernel's checkers report of it must fail the
 * run. Must never be loaded outside a test VM, nor installed.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

static char *defect = "none";
module_param(defect, charp, 0);
MODULE_PARM_DESC(defect, "none, warn, leak, use_after_free or deadlock");

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);

static noinline void leak(void)
{
	void *lost = kmalloc(1000, GFP_KERNEL);

	/* keeps the compiler from dropping the allocation */
	OPTIMIZER_HIDE_VAR(lost);
}

static noinline void use_after_free(void)
{
	int *gone = kmalloc(sizeof(*gone), GFP_KERNEL);

	if (!gone)
		return;
	kfree(gone);
	OPTIMIZER_HIDE_VAR(gone);
	WRITE_ONCE(*gone, 1);
}

static void lock_both(struct mutex *outer, struct mutex *inner)
{
	mutex_lock(outer);
	mutex_lock(inner);
	mutex_unlock(inner);
	mutex_unlock(outer);
}

static int __init broken_init(void)
{
	int i;

	if (!strcmp(defect, "warn"))
		WARN(1, "asked to\n");
	/* several, as a stale pointer in a register or on a stack hides one */
	for (i = 0; !strcmp(defect, "leak") && i < 10; i++)
		leak();
	if (!strcmp(defect, "use_after_free"))
		use_after_free();
	if (!strcmp(defect, "deadlock")) {
		lock_both(&first, &second);
		lock_both(&second, &first);
	}
	return 0;
}

static void __exit broken_exit(void)
{
}

module_init(broken_init);
module_exit(broken_exit);
MODULE_DESCRIPTION("A module with one defect, to test the test harness");
MODULE_LICENSE("GPL");
