// SPDX-License-Identifier: GPL-2.0-only
/*
 * The path of a job through the rings of the virtual accelerator.
 *
 * All of it under layby's queue lock, in any context.
 */
#include "vnpu.h"

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

void vnpu_push(void *hw, u32 index, const struct layby_hw_job *job, u16 tag,
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

void vnpu_doorbell(void *hw, u32 index)
{
	struct vnpu *vnpu = hw;
	struct vnpu_slot *slot = &vnpu->slot[index];

	/* writel orders the entries before the tail that covers them. */
	writel(slot->sq_tail, slot->regs + LAYBY_VNPU_SLOT_SQ_TAIL);
	vnpu_ring(vnpu, LAYBY_VNPU_VECTOR_SLOT(index));
}

void vnpu_abort(void *hw, u32 index, u16 tag)
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
	WRITE_ONCE(slot->cq_head, slot->cq_head + 1);
	vnpu_completion(done, &entry);
	return true;
}

u32 vnpu_pop(void *hw, u32 index, struct layby_hw_completion *done, u32 max)
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
