// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel says of itself: that it goes to sleep, is awake again, or is dead.
 *
 * Owns the notifiers. Decides nothing: the gatekeeper closes the gate before anything
 * freezes, and feeds a device no more whose kernel has panicked. A kernel that can
 * say nothing, because it stands still, is the device's watchdog's to find out.
 */
#include <linux/panic_notifier.h>
#include <linux/suspend.h>

#include "keeper.h"

static int layby_power_pm(struct notifier_block *nb, unsigned long event, void *data)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		layby_keeper_suspend(true);
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		layby_keeper_suspend(false);
		break;
	}
	return NOTIFY_OK;
}

static struct notifier_block layby_power_pm_block = {
	.notifier_call = layby_power_pm,
};

/*
 * In the end panic() lets interrupts in again, for ever, and arm64 has not stopped the
 * timers of that CPU.
 */
static int layby_power_panic(struct notifier_block *nb, unsigned long event, void *data)
{
	layby_keeper_die();
	return NOTIFY_DONE;
}

static struct notifier_block layby_power_panic_block = {
	.notifier_call = layby_power_panic,
};

int layby_power_init(void)
{
	int ret = register_pm_notifier(&layby_power_pm_block);

	if (ret)
		return ret;
	ret = atomic_notifier_chain_register(&panic_notifier_list, &layby_power_panic_block);
	if (ret)
		unregister_pm_notifier(&layby_power_pm_block);
	return ret;
}

void layby_power_fini(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &layby_power_panic_block);
	unregister_pm_notifier(&layby_power_pm_block);
}
