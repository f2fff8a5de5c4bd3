// SPDX-License-Identifier: GPL-2.0-only
/*
 * layby_vnpu: finds the virtual accelerator, describes it to layby and lets go
 * of it. The rest of the backend is in vnpu_*.c, see vnpu.h.
 */
#include <linux/module.h>

#include "vnpu.h"

#define VNPU_PCI_VENDOR		0x1af4
#define VNPU_PCI_DEVICE		0x1110

static const struct layby_hw_ops vnpu_ops = {
	.slot_enable = vnpu_slot_enable,
	.slot_disable = vnpu_slot_disable,
	.clear_tiles = vnpu_clear_tiles,
	.push = vnpu_push,
	.doorbell = vnpu_doorbell,
	.abort = vnpu_abort,
	.stop = vnpu_stop,
	.stopped = vnpu_stopped,
	.slot_tiles = vnpu_slot_tiles,
	.slot_level = vnpu_slot_level,
	.tiles_busy = vnpu_tiles_busy,
	.watchdog = vnpu_watchdog,
	.watching = vnpu_watching,
	.feed = vnpu_feed,
	.sensors = vnpu_sensors,
	.pop = vnpu_pop,
};

static int vnpu_identify(struct vnpu *vnpu)
{
	u64 size = readq(vnpu->control + LAYBY_VNPU_REG_MEMORY_BYTES);
	u32 tiles = vnpu_read(vnpu, LAYBY_VNPU_REG_TILES);

	if (vnpu_read(vnpu, LAYBY_VNPU_REG_MAGIC) != LAYBY_VNPU_MAGIC)
		return dev_err_probe(&vnpu->pdev->dev, -ENODEV,
				     "no virtual accelerator behind this ivshmem\n");
	if (vnpu_read(vnpu, LAYBY_VNPU_REG_VERSION) != LAYBY_VNPU_VERSION)
		return dev_err_probe(&vnpu->pdev->dev, -ENODEV,
				     "device has version %u, this driver knows %u\n",
				     vnpu_read(vnpu, LAYBY_VNPU_REG_VERSION),
				     LAYBY_VNPU_VERSION);
	vnpu->slots = vnpu_read(vnpu, LAYBY_VNPU_REG_SLOTS);
	if (size > pci_resource_len(vnpu->pdev, 2) ||
	    size <= LAYBY_VNPU_CONTROL_BYTES || !tiles ||
	    tiles > LAYBY_VNPU_MAX_TILES || vnpu->slots < 2 ||
	    vnpu_read(vnpu, LAYBY_VNPU_REG_LEVELS) > LAYBY_VNPU_MAX_LEVELS ||
	    vnpu->slots > LAYBY_VNPU_MAX_SLOTS)
		return dev_err_probe(&vnpu->pdev->dev, -EINVAL,
				     "device describes itself wrongly: %llu bytes, %u tiles, %u slots\n",
				     size, tiles, vnpu->slots);
	vnpu->generation = vnpu_read(vnpu, LAYBY_VNPU_REG_GENERATION);
	return 0;
}

static int vnpu_map(struct vnpu *vnpu)
{
	struct pci_dev *pdev = vnpu->pdev;
	resource_size_t size = pci_resource_len(pdev, 2);

	if (size <= LAYBY_VNPU_CONTROL_BYTES)
		return dev_err_probe(&pdev->dev, -ENODEV, "BAR 2 is too small\n");
	vnpu->doorbell = pcim_iomap(pdev, 0, 0);
	vnpu->control = devm_ioremap(&pdev->dev, pci_resource_start(pdev, 2),
				     LAYBY_VNPU_CONTROL_BYTES);
	vnpu->memory = devm_ioremap_wc(&pdev->dev, pci_resource_start(pdev, 2) +
				       LAYBY_VNPU_CONTROL_BYTES,
				       size - LAYBY_VNPU_CONTROL_BYTES);
	if (!vnpu->doorbell || !vnpu->control || !vnpu->memory)
		return -ENOMEM;
	vnpu->doorbell += LAYBY_VNPU_BAR0_DOORBELL;
	return 0;
}

static void vnpu_slots_init(struct vnpu *vnpu)
{
	struct vnpu_slot *slot;
	u32 i;

	for (i = 0; i < vnpu->slots; i++) {
		slot = &vnpu->slot[i];
		slot->vnpu = vnpu;
		slot->index = i;
		slot->regs = vnpu->control + LAYBY_VNPU_SLOT(i);
		slot->sq = vnpu->control + LAYBY_VNPU_SQ(i);
		slot->cq = vnpu->control + LAYBY_VNPU_CQ(i);
	}
}

static void vnpu_sheet(struct vnpu *vnpu, struct layby_hw *hw)
{
	struct layby_hw_level *level;
	u32 i;

	hw->levels = vnpu_read(vnpu, LAYBY_VNPU_REG_LEVELS);
	for (i = 0; i < hw->levels; i++) {
		level = &hw->level[i];
		level->speed_permille = vnpu_read(vnpu, LAYBY_VNPU_REG_LEVEL(i) +
						  LAYBY_VNPU_LEVEL_SPEED);
		level->tile_worst_mw = vnpu_read(vnpu, LAYBY_VNPU_REG_LEVEL(i) +
						 LAYBY_VNPU_LEVEL_TILE_WORST);
		level->tile_least_mw = vnpu_read(vnpu, LAYBY_VNPU_REG_TILE_LEAST(i));
	}
	hw->meter_error_permille = vnpu_read(vnpu, LAYBY_VNPU_REG_METER_ERROR);
	hw->throttle_mdeg = vnpu_read(vnpu, LAYBY_VNPU_REG_THROTTLE);
	hw->sensor_error_mdeg = vnpu_read(vnpu, LAYBY_VNPU_REG_SENSOR_ERROR);
	hw->die_resistance_mk_per_w = vnpu_read(vnpu, LAYBY_VNPU_REG_DIE_RESISTANCE);
}

static struct layby_accel *vnpu_accel_create(struct vnpu *vnpu)
{
	u64 size = readq(vnpu->control + LAYBY_VNPU_REG_MEMORY_BYTES);
	struct layby_hw hw = {
		.name = "vnpu",
		.dev = &vnpu->pdev->dev,
		.owner = THIS_MODULE,
		.ops = &vnpu_ops,
		.priv = vnpu,
		.memory_address = LAYBY_VNPU_CONTROL_BYTES,
		.memory_bytes = size - LAYBY_VNPU_CONTROL_BYTES,
		.memory_phys = pci_resource_start(vnpu->pdev, 2) +
			       LAYBY_VNPU_CONTROL_BYTES,
		.ticks_hz = readq(vnpu->control + LAYBY_VNPU_REG_TICKS_HZ),
		.abort_bound_ns = VNPU_TRANSPORT_NS + NSEC_PER_USEC *
			(u64)vnpu_read(vnpu, LAYBY_VNPU_REG_ABORT_BOUND),
		.reset_bound_ns = VNPU_TRANSPORT_NS + NSEC_PER_USEC *
			(u64)vnpu_read(vnpu, LAYBY_VNPU_REG_RESET_BOUND),
		.start_bound_ns = VNPU_TRANSPORT_NS,
		.tiles = vnpu_read(vnpu, LAYBY_VNPU_REG_TILES),
		.slots = vnpu->slots,
		.queue_depth = LAYBY_VNPU_ENTRIES_MAX,
	};

	vnpu_sheet(vnpu, &hw);
	iosys_map_set_vaddr_iomem(&hw.memory, vnpu->memory);
	return layby_accel_create(&hw);
}

/* Slots stop before interrupts, interrupts before what they look at is freed. */
static void vnpu_leave(struct vnpu *vnpu)
{
	layby_accel_stop(vnpu->accel);
	vnpu_interrupts_free(vnpu);
	layby_accel_destroy(vnpu->accel);
	pci_free_irq_vectors(vnpu->pdev);
}

static int vnpu_enter(struct vnpu *vnpu)
{
	int ret;

	ret = pci_alloc_irq_vectors(vnpu->pdev, 1 + vnpu->slots, 1 + vnpu->slots,
				    PCI_IRQ_MSIX);
	if (ret < 0)
		return dev_err_probe(&vnpu->pdev->dev, ret,
				     "needs %u MSI-X vectors\n", 1 + vnpu->slots);
	vnpu->accel = vnpu_accel_create(vnpu);
	if (IS_ERR(vnpu->accel)) {
		ret = PTR_ERR(vnpu->accel);
		goto free_vectors;
	}
	ret = vnpu_interrupts_request(vnpu);
	if (ret)
		goto destroy_accel;
	ret = layby_accel_start(vnpu->accel);
	if (ret)
		vnpu_leave(vnpu);
	return ret;

destroy_accel:
	layby_accel_destroy(vnpu->accel);
free_vectors:
	pci_free_irq_vectors(vnpu->pdev);
	return ret;
}

static int vnpu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct vnpu *vnpu;
	int ret;

	vnpu = devm_kzalloc(&pdev->dev, sizeof(*vnpu), GFP_KERNEL);
	if (!vnpu)
		return -ENOMEM;
	vnpu->pdev = pdev;
	mutex_init(&vnpu->command_lock);
	init_waitqueue_head(&vnpu->command_wait);
	pci_set_drvdata(pdev, vnpu);

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	/* Also keeps sysfs's resource files from being mapped. */
	ret = pcim_request_all_regions(pdev, "layby_vnpu");
	if (ret)
		return ret;
	pci_set_master(pdev);
	ret = vnpu_map(vnpu);
	if (!ret)
		ret = vnpu_identify(vnpu);
	if (ret)
		return ret;
	vnpu_slots_init(vnpu);
	return vnpu_enter(vnpu);
}

static void vnpu_remove(struct pci_dev *pdev)
{
	vnpu_leave(pci_get_drvdata(pdev));
}

/*
 * Guest work has been taken back before (keeper_life.c). The device keeps what it
 * has and goes on with driving's jobs while the machine sleeps: what ends then raises
 * an interrupt that nobody gets.
 */
static int vnpu_resume(struct device *dev)
{
	vnpu_interrupts_resume(dev_get_drvdata(dev));
	return 0;
}

/* With these the PCI core leaves the device enabled. */
static DEFINE_SIMPLE_DEV_PM_OPS(vnpu_pm_ops, NULL, vnpu_resume);

static const struct pci_device_id vnpu_ids[] = {
	{ PCI_DEVICE(VNPU_PCI_VENDOR, VNPU_PCI_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, vnpu_ids);

static struct pci_driver vnpu_driver = {
	.name = "layby_vnpu",
	.id_table = vnpu_ids,
	.probe = vnpu_probe,
	.remove = vnpu_remove,
	.driver.pm = pm_sleep_ptr(&vnpu_pm_ops),
};
module_pci_driver(vnpu_driver);

MODULE_DESCRIPTION("layby backend for the virtual accelerator");
MODULE_LICENSE("GPL");
