// SPDX-License-Identifier: GPL-2.0-only
/*
 * The firmware's command queue: one command at a time, under command_lock.
 *
 * Sleeps until a command is done, which its interrupt tells.
 */
#include "vnpu.h"

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

int vnpu_command(struct vnpu *vnpu, u32 opcode, u32 slot, u64 argument)
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
