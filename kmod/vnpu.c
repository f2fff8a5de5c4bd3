// SPDX-License-Identifier: GPL-2.0-only
/*
 * layby_vnpu: backend of the virtual accelerator, a host process behind QEMU's
 * ivshmem-doorbell. docs/accelerator.md is the manual of the hardware.
 *
 * Owns registers, rings and interrupts. Only this file and the device reach the
 * control area: clients map windows, which lie behind it.
 *
 * Contexts: push, doorbell, abort and pop under layby's queue lock; the rest
 * sleeps on the firmware's command queue, one command at a time under
 * command_lock. Nothing is trusted that is read back from the device.
 */
#include <linux/delay.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/wait.h>

#include <layby/vnpu_regs.h>

#include "accel.h"

#define VNPU_PCI_VENDOR		0x1af4
#define VNPU_PCI_DEVICE		0x1110

/* What an emulated doorbell and interrupt may take on a busy host. */
#define VNPU_TRANSPORT_NS	(100 * NSEC_PER_MSEC)

/**
 * struct vnpu_slot - the driver's side of a slot's rings
 * @vnpu: the device
 * @regs: the slot's registers
 * @sq: submission ring
 * @cq: completion ring
 * @index: number of the slot
 * @sq_tail: entries pushed, runs freely; queue lock
 * @cq_head: entries taken, runs freely; queue lock
 * @abort_sequence: so that each abort is a new value; queue lock
 * @generation: of the device, when the slot was enabled; a device that was
 *              reset since has forgotten the rings
 */
struct vnpu_slot {
	struct vnpu *vnpu;
	void __iomem *regs;
	struct layby_vnpu_descriptor __iomem *sq;
	struct layby_vnpu_completion __iomem *cq;
	u32 index;
	u32 sq_tail;
	u32 cq_head;
	u32 abort_sequence;
	u32 generation;
};

struct vnpu {
	struct pci_dev *pdev;
	void __iomem *doorbell;
	void __iomem *control;
	void __iomem *memory;
	struct layby_accel *accel;
	struct mutex command_lock;	/* the command queue */
	wait_queue_head_t command_wait;
	u32 generation;
	u32 slots;
	u32 vectors;
	struct vnpu_slot slot[LAYBY_VNPU_MAX_SLOTS];
};

static u32 vnpu_read(struct vnpu *vnpu, u32 reg)
{
	return readl(vnpu->control + reg);
}

static void vnpu_ring(struct vnpu *vnpu, u32 vector)
{
	writel(LAYBY_VNPU_DOORBELL(vector), vnpu->doorbell);
}

/* --- The firmware's command queue ----------------------------------------- */

/* A device that was reset has forgotten commands and registers. */
static bool vnpu_reset_since(struct vnpu *vnpu, u32 generation)
{
	return vnpu_read(vnpu, LAYBY_VNPU_REG_GENERATION) != generation;
}

static bool vnpu_command_done(struct vnpu *vnpu, u32 index)
{
	return (s32)(vnpu_read(vnpu, LAYBY_VNPU_REG_COMMAND_HEAD) - index) > 0;
}

static void vnpu_command_write(struct vnpu *vnpu, u32 index,
			       const struct layby_vnpu_command *command)
{
	void __iomem *entry = vnpu->control + LAYBY_VNPU_COMMAND_RING +
		index % LAYBY_VNPU_COMMANDS * sizeof(*command);

	memcpy_toio(entry, command, sizeof(*command));
	/* writel orders the entry before the tail that covers it. */
	writel(index + 1, vnpu->control + LAYBY_VNPU_REG_COMMAND_TAIL);
	vnpu_ring(vnpu, LAYBY_VNPU_VECTOR_MANAGEMENT);
}

/*
 * An answer that came without its interrupt is found when the time is up. A
 * device that never answers leaves its entry behind; a full queue is refused.
 */
static int vnpu_command_wait(struct vnpu *vnpu, u32 index, u32 generation)
{
	u64 bound = vnpu_read(vnpu, LAYBY_VNPU_REG_COMMAND_BOUND) * NSEC_PER_USEC;
	void __iomem *entry = vnpu->control + LAYBY_VNPU_COMMAND_RING +
		index % LAYBY_VNPU_COMMANDS * sizeof(struct layby_vnpu_command);
	u32 result;

	bound = min_t(u64, bound, NSEC_PER_SEC) + VNPU_TRANSPORT_NS;
	if (!wait_event_timeout(vnpu->command_wait,
				vnpu_command_done(vnpu, index) ||
				vnpu_reset_since(vnpu, generation),
				nsecs_to_jiffies(bound) + 1))
		return -ETIMEDOUT;
	if (vnpu_reset_since(vnpu, generation))
		return -EAGAIN;
	result = readl(entry + offsetof(struct layby_vnpu_command, result));
	if (result == LAYBY_VNPU_RESULT_OK)
		return 0;
	dev_err(&vnpu->pdev->dev, "firmware refused a command: result %u\n", result);
	return -EIO;
}

static int vnpu_command(struct vnpu *vnpu, u32 opcode, u32 slot, u64 argument)
{
	struct layby_vnpu_command command = {
		.opcode = cpu_to_le32(opcode),
		.slot = cpu_to_le32(slot),
		.argument = cpu_to_le64(argument),
	};
	u32 index, head, generation;
	int ret = -EBUSY;

	mutex_lock(&vnpu->command_lock);
	generation = vnpu_read(vnpu, LAYBY_VNPU_REG_GENERATION);
	index = vnpu_read(vnpu, LAYBY_VNPU_REG_COMMAND_TAIL);
	head = vnpu_read(vnpu, LAYBY_VNPU_REG_COMMAND_HEAD);
	if (index - head < LAYBY_VNPU_COMMANDS) {
		vnpu_command_write(vnpu, index, &command);
		ret = vnpu_command_wait(vnpu, index, generation);
	}
	mutex_unlock(&vnpu->command_lock);
	if (ret && ret != -EAGAIN)
		dev_err(&vnpu->pdev->dev, "firmware command %u for slot %u failed: %d\n",
			opcode, slot, ret);
	return ret;
}

/* --- Slots ---------------------------------------------------------------- */

static void vnpu_slot_write(struct vnpu_slot *slot, const struct layby_hw_slot *cfg)
{
	void __iomem *regs = slot->regs;

	writeq(cfg->window.address, regs + LAYBY_VNPU_SLOT_WINDOW_BASE);
	writeq(cfg->window.length, regs + LAYBY_VNPU_SLOT_WINDOW_BYTES);
	writel(cfg->tiles, regs + LAYBY_VNPU_SLOT_TILES);
	writel(LAYBY_VNPU_ENTRIES_MAX, regs + LAYBY_VNPU_SLOT_ENTRIES);
	writeq(LAYBY_VNPU_SQ(slot->index), regs + LAYBY_VNPU_SLOT_SQ);
	writeq(LAYBY_VNPU_CQ(slot->index), regs + LAYBY_VNPU_SLOT_CQ);
	writel(0, regs + LAYBY_VNPU_SLOT_SQ_TAIL);
	writel(0, regs + LAYBY_VNPU_SLOT_CQ_HEAD);
	writel(0, regs + LAYBY_VNPU_SLOT_ABORT);
}

static int vnpu_slot_enable(void *hw, u32 index, const struct layby_hw_slot *cfg)
{
	struct vnpu *vnpu = hw;
	struct vnpu_slot *slot = &vnpu->slot[index];
	int ret;

	/* A stale entry must not pass for one of the first pass, phase 1. */
	memset_io(slot->sq, 0, LAYBY_VNPU_ENTRIES_MAX * sizeof(*slot->sq));
	memset_io(slot->cq, 0, LAYBY_VNPU_ENTRIES_MAX * sizeof(*slot->cq));
	slot->sq_tail = 0;
	slot->cq_head = 0;
	slot->abort_sequence = 0;
	slot->generation = vnpu_read(vnpu, LAYBY_VNPU_REG_GENERATION);
	vnpu_slot_write(slot, cfg);
	ret = vnpu_command(vnpu, LAYBY_VNPU_OP_SLOT_ENABLE, index, 0);
	return ret && vnpu_reset_since(vnpu, slot->generation) ? -EAGAIN : ret;
}

static int vnpu_slot_disable(void *hw, u32 index)
{
	return vnpu_command(hw, LAYBY_VNPU_OP_SLOT_DISABLE, index, 0);
}

static int vnpu_clear_tiles(void *hw, u32 tiles)
{
	return vnpu_command(hw, LAYBY_VNPU_OP_CLEAR_TILES, 0, tiles);
}

/* --- The job path --------------------------------------------------------- */

static void vnpu_range(struct layby_vnpu_range *to, const struct layby_hw_range *from)
{
	to->address = cpu_to_le64(from->address);
	to->length = cpu_to_le64(from->length);
}

static u8 vnpu_phase(u32 counter)
{
	return !(counter / LAYBY_VNPU_ENTRIES_MAX & 1);
}

static void vnpu_descriptor(struct layby_vnpu_descriptor *entry,
			    const struct layby_hw_job *job)
{
	u32 i;

	entry->input_count = job->input_count;
	entry->output_count = job->output_count;
	vnpu_range(&entry->program, &job->program);
	for (i = 0; i < job->input_count; i++)
		vnpu_range(&entry->input[i], &job->input[i]);
	for (i = 0; i < job->output_count; i++)
		vnpu_range(&entry->output[i], &job->output[i]);
}

static void vnpu_push(void *hw, u32 index, const struct layby_hw_job *job, u16 tag,
		      u64 party, u32 flags)
{
	struct vnpu *vnpu = hw;
	struct vnpu_slot *slot = &vnpu->slot[index];
	struct layby_vnpu_descriptor entry = {
		.tag = cpu_to_le16(tag),
		.phase = vnpu_phase(slot->sq_tail),
		.party = cpu_to_le64(party),
	};

	if (flags & LAYBY_PUSH_CLEAR_TILES)
		entry.flags = LAYBY_VNPU_JOB_CLEAR_TILES;
	vnpu_descriptor(&entry, job);
	memcpy_toio(&slot->sq[slot->sq_tail % LAYBY_VNPU_ENTRIES_MAX], &entry,
		    sizeof(entry));
	slot->sq_tail++;
}

static void vnpu_doorbell(void *hw, u32 index)
{
	struct vnpu *vnpu = hw;
	struct vnpu_slot *slot = &vnpu->slot[index];

	/* writel orders the entries before the tail that covers them. */
	writel(slot->sq_tail, slot->regs + LAYBY_VNPU_SLOT_SQ_TAIL);
	vnpu_ring(vnpu, LAYBY_VNPU_VECTOR_SLOT(index));
}

static void vnpu_abort(void *hw, u32 index, u16 tag)
{
	struct vnpu *vnpu = hw;
	struct vnpu_slot *slot = &vnpu->slot[index];

	/* Never 0, which is what an enabled slot starts from. */
	slot->abort_sequence = slot->abort_sequence % 0xffff + 1;
	writel(slot->abort_sequence << 16 | tag,
	       slot->regs + LAYBY_VNPU_SLOT_ABORT);
	/* With the tail: what was not rung yet is not the device's to abort. */
	vnpu_doorbell(hw, index);
}

static u16 vnpu_status(u16 status)
{
	switch (status) {
	case LAYBY_VNPU_STATUS_OK:
		return LAYBY_HW_OK;
	case LAYBY_VNPU_STATUS_ABORTED:
		return LAYBY_HW_ABORTED;
	case LAYBY_VNPU_STATUS_BAD_PROGRAM:
		return LAYBY_HW_BAD_PROGRAM;
	case LAYBY_VNPU_STATUS_BAD_SHAPE:
		return LAYBY_HW_BAD_SHAPE;
	case LAYBY_VNPU_STATUS_COMPUTE_FAILED:
		return LAYBY_HW_COMPUTE_FAILED;
	default:
		return LAYBY_HW_ACCESS;
	}
}

/* The device's clock may only make a report look odd, not overflow. */
static u64 vnpu_ticks(__le64 from, __le64 to)
{
	u64 start = le64_to_cpu(from), end = le64_to_cpu(to);

	return start && end > start ? end - start : 0;
}

static void vnpu_completion(struct layby_hw_completion *done,
			    const struct layby_vnpu_completion *entry)
{
	done->tag = le16_to_cpu(entry->tag);
	done->status = vnpu_status(le16_to_cpu(entry->status));
	done->level = le32_to_cpu(entry->level);
	done->queue_ticks = vnpu_ticks(entry->fetch_ticks,
				       entry->start_ticks ?: entry->end_ticks);
	done->run_ticks = vnpu_ticks(entry->start_ticks, entry->end_ticks);
	done->end_ticks = le64_to_cpu(entry->end_ticks);
	done->energy_uj = le64_to_cpu(entry->energy_uj);
}

static bool vnpu_pop_one(struct vnpu_slot *slot, struct layby_hw_completion *done)
{
	struct layby_vnpu_completion __iomem *from =
		&slot->cq[slot->cq_head % LAYBY_VNPU_ENTRIES_MAX];
	struct layby_vnpu_completion entry;

	if (readl(&from->phase) != vnpu_phase(slot->cq_head))
		return false;
	/* readl orders the phase before the rest of the entry. */
	memcpy_fromio(&entry, from, sizeof(entry));
	slot->cq_head++;
	vnpu_completion(done, &entry);
	return true;
}

static u32 vnpu_pop(void *hw, u32 index, struct layby_hw_completion *done, u32 max)
{
	struct vnpu *vnpu = hw;
	struct vnpu_slot *slot = &vnpu->slot[index];
	u32 n = 0;

	if (vnpu_read(vnpu, LAYBY_VNPU_REG_GENERATION) != slot->generation)
		return 0;
	while (n < max && vnpu_pop_one(slot, &done[n]))
		n++;
	if (n)
		writel(slot->cq_head, slot->regs + LAYBY_VNPU_SLOT_CQ_HEAD);
	return n;
}

static const struct layby_hw_ops vnpu_ops = {
	.slot_enable = vnpu_slot_enable,
	.slot_disable = vnpu_slot_disable,
	.clear_tiles = vnpu_clear_tiles,
	.push = vnpu_push,
	.doorbell = vnpu_doorbell,
	.abort = vnpu_abort,
	.pop = vnpu_pop,
};

/* --- Interrupts ----------------------------------------------------------- */

static irqreturn_t vnpu_management_interrupt(int irq, void *data)
{
	struct vnpu *vnpu = data;
	u32 generation = vnpu_read(vnpu, LAYBY_VNPU_REG_GENERATION);

	wake_up(&vnpu->command_wait);
	if (generation != vnpu->generation) {
		vnpu->generation = generation;
		layby_accel_lost(vnpu->accel);
	}
	return IRQ_HANDLED;
}

static irqreturn_t vnpu_slot_interrupt(int irq, void *data)
{
	struct vnpu_slot *slot = data;

	layby_slot_interrupt(slot->vnpu->accel, slot->index);
	return IRQ_HANDLED;
}

static int vnpu_interrupts_request(struct vnpu *vnpu)
{
	struct pci_dev *pdev = vnpu->pdev;
	u32 i;
	int ret;

	ret = request_irq(pci_irq_vector(pdev, LAYBY_VNPU_VECTOR_MANAGEMENT),
			  vnpu_management_interrupt, 0, "layby-management", vnpu);
	if (ret)
		return ret;
	for (i = 0; i < vnpu->slots; i++) {
		ret = request_irq(pci_irq_vector(pdev, LAYBY_VNPU_VECTOR_SLOT(i)),
				  vnpu_slot_interrupt, 0, "layby-slot",
				  &vnpu->slot[i]);
		if (ret)
			goto free_irqs;
	}
	return 0;

free_irqs:
	while (i--)
		free_irq(pci_irq_vector(pdev, LAYBY_VNPU_VECTOR_SLOT(i)),
			 &vnpu->slot[i]);
	free_irq(pci_irq_vector(pdev, LAYBY_VNPU_VECTOR_MANAGEMENT), vnpu);
	return ret;
}

static void vnpu_interrupts_free(struct vnpu *vnpu)
{
	u32 i;

	for (i = 0; i < vnpu->slots; i++)
		free_irq(pci_irq_vector(vnpu->pdev, LAYBY_VNPU_VECTOR_SLOT(i)),
			 &vnpu->slot[i]);
	free_irq(pci_irq_vector(vnpu->pdev, LAYBY_VNPU_VECTOR_MANAGEMENT), vnpu);
}

/* --- Probe and remove ----------------------------------------------------- */

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
		.levels = vnpu_read(vnpu, LAYBY_VNPU_REG_LEVELS),
		.queue_depth = LAYBY_VNPU_ENTRIES_MAX,
	};

	iosys_map_set_vaddr_iomem(&hw.memory, vnpu->memory);
	return layby_accel_create(&hw);
}

/* Slots stop before interrupts, interrupts before what they look at is freed. */
static void vnpu_stop(struct vnpu *vnpu)
{
	layby_accel_stop(vnpu->accel);
	vnpu_interrupts_free(vnpu);
	layby_accel_destroy(vnpu->accel);
	pci_free_irq_vectors(vnpu->pdev);
}

static int vnpu_start(struct vnpu *vnpu)
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
		vnpu_stop(vnpu);
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
	return vnpu_start(vnpu);
}

static void vnpu_remove(struct pci_dev *pdev)
{
	vnpu_stop(pci_get_drvdata(pdev));
}

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
};
module_pci_driver(vnpu_driver);

MODULE_DESCRIPTION("layby backend for the virtual accelerator");
MODULE_LICENSE("GPL");
