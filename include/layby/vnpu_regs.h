/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Layout of the virtual accelerator's control area and rings.
 *
 * The one definition that the driver (kmod/vnpu.c) and the device
 * (tests/vnpu/) both include; docs/accelerator.md is the manual to it. All
 * fields are little-endian. Offsets are from the start of BAR 2, whose first
 * LAYBY_VNPU_CONTROL_BYTES bytes are the control area; the rest is device
 * memory, from which windows are cut. Addresses in registers and descriptors
 * are offsets from the start of BAR 2 too.
 */
#ifndef LAYBY_VNPU_REGS_H
#define LAYBY_VNPU_REGS_H

#include <linux/types.h>

#define LAYBY_VNPU_CONTROL_BYTES	0x100000u
#define LAYBY_VNPU_MAGIC		0x5642594cu	/* "LYBV" */
#define LAYBY_VNPU_VERSION		4u
#define LAYBY_VNPU_MAX_SLOTS		4u
#define LAYBY_VNPU_MAX_TILES		16u
#define LAYBY_VNPU_MAX_LEVELS		4u

/* BAR 0 is QEMU's ivshmem-doorbell: the doorbell register, and its value */
#define LAYBY_VNPU_BAR0_DOORBELL	12u
#define LAYBY_VNPU_PEER			0u	/* the device's peer number */
#define LAYBY_VNPU_DOORBELL(vector)	((LAYBY_VNPU_PEER << 16) | (vector))
/* the same numbers both ways: 0 is management, 1 + n is slot n */
#define LAYBY_VNPU_VECTOR_MANAGEMENT	0u
#define LAYBY_VNPU_VECTOR_SLOT(slot)	(1u + (slot))
/* a doorbell that feeds the watchdog; no interrupt comes by this one */
#define LAYBY_VNPU_VECTOR_FEED		(1u + LAYBY_VNPU_MAX_SLOTS)
#define LAYBY_VNPU_VECTORS		(2u + LAYBY_VNPU_MAX_SLOTS)

/* --- Identity and state: written by the device, read by the driver -------- */
#define LAYBY_VNPU_REG_MAGIC		0x000u	/* u32, last thing written at power-on */
#define LAYBY_VNPU_REG_VERSION		0x004u	/* u32 */
#define LAYBY_VNPU_REG_TILES		0x008u	/* u32, 1..MAX_TILES */
#define LAYBY_VNPU_REG_SLOTS		0x00cu	/* u32, 1..MAX_SLOTS */
#define LAYBY_VNPU_REG_MEMORY_BYTES	0x010u	/* u64, size of BAR 2 */
#define LAYBY_VNPU_REG_TICKS_HZ		0x018u	/* u64 */
#define LAYBY_VNPU_REG_ABORT_BOUND	0x020u	/* u32, microseconds */
#define LAYBY_VNPU_REG_RESET_BOUND	0x024u	/* u32, microseconds */
#define LAYBY_VNPU_REG_LEVELS		0x028u	/* u32, 1..MAX_LEVELS */
/*
 * u32, grows by one at each reset of the whole device: every slot is disabled,
 * every slot register is zero and both rings are forgotten
 */
#define LAYBY_VNPU_REG_GENERATION	0x02cu
#define LAYBY_VNPU_REG_COMMAND_BOUND	0x030u	/* u32, microseconds, any command */
/* u32, mask: tiles that begun and unfinished jobs of all slots hold */
#define LAYBY_VNPU_REG_TILES_BUSY	0x034u
#define LAYBY_VNPU_REG_WATCHDOG		0x038u	/* u32, enum layby_vnpu_watchdog */

/* --- The data sheet: written by the device, constant ---------------------- */
/* performance level LEVEL, below REG_LEVELS; the last is the highest */
#define LAYBY_VNPU_REG_LEVEL(level)	(0x040u + 0x10u * (level))
#define LAYBY_VNPU_LEVEL_SPEED		0x00u	/* u32, permille of the highest's */
#define LAYBY_VNPU_LEVEL_TILE_POWER	0x04u	/* u32, mW, one busy tile */
#define LAYBY_VNPU_LEVEL_IDLE_POWER	0x08u	/* u32, mW, all that is no busy tile */
/* u32, mW: one busy tile of the hungriest device at 125 degrees, with its leakage */
#define LAYBY_VNPU_LEVEL_TILE_WORST	0x0cu
#define LAYBY_VNPU_REG_RAIL		0x0c0u	/* u32, mW that the supply gives */
/* s32, millidegree Celsius: at it the device lowers its levels by itself */
#define LAYBY_VNPU_REG_THROTTLE		0x0c4u
/*
 * u32, permille: the truth is at most so much, and 1 uJ, above what a completion
 * says of a job's energy
 */
#define LAYBY_VNPU_REG_METER_ERROR	0x0c8u
/* u32, mK/W: die to cooler, of the worst device */
#define LAYBY_VNPU_REG_DIE_RESISTANCE	0x0ccu
/* u32, mW: one busy tile at level LEVEL, of the most frugal device, no leakage */
#define LAYBY_VNPU_REG_TILE_LEAST(level)	(0x0d0u + 4u * (level))
/* u32, millikelvin: noise and rounding of REG_SENSOR_TEMP together */
#define LAYBY_VNPU_REG_SENSOR_ERROR	0x0e0u

enum layby_vnpu_watchdog {
	LAYBY_VNPU_WATCHDOG_OFF = 0,
	LAYBY_VNPU_WATCHDOG_ARMED = 1,
	LAYBY_VNPU_WATCHDOG_EXPIRED = 2,	/* until it is armed anew */
};

/* --- Sensors: written by the device; SEQUENCE is odd while it writes ------ */
#define LAYBY_VNPU_REG_SENSOR_SEQUENCE	0x080u	/* u32 */
#define LAYBY_VNPU_REG_SENSOR_POWER	0x084u	/* u32, mW, whole device */
#define LAYBY_VNPU_REG_SENSOR_TEMP	0x088u	/* s32, millidegree Celsius */
#define LAYBY_VNPU_REG_SENSOR_LEVEL	0x08cu	/* u32, the highest at which tiles run */
#define LAYBY_VNPU_REG_SENSOR_ENERGY	0x090u	/* u64, uJ since power-on */
#define LAYBY_VNPU_REG_SENSOR_TICKS	0x098u	/* u64, device clock of the sample */
#define LAYBY_VNPU_REG_SENSOR_VALID	0x0a0u	/* u32, 0: the other values mean nothing */

/* --- The firmware's one command queue ------------------------------------- */
/*
 * A ring of COMMANDS entries of struct layby_vnpu_command. The driver fills the
 * entry TAIL % COMMANDS, writes TAIL + 1 and rings vector 0. The device works
 * them off in order, writes the entry's result, then HEAD + 1, and raises
 * vector 0. TAIL and HEAD run freely; at a reset of the whole device HEAD is
 * moved up to TAIL and what was queued is forgotten.
 */
#define LAYBY_VNPU_REG_COMMAND_TAIL	0x100u	/* u32, written by the driver */
#define LAYBY_VNPU_REG_COMMAND_HEAD	0x104u	/* u32, written by the device */
#define LAYBY_VNPU_COMMAND_RING		0x200u
#define LAYBY_VNPU_COMMANDS		16u

enum layby_vnpu_opcode {
	/* take the slot's registers over, forget its rings, start fetching */
	LAYBY_VNPU_OP_SLOT_ENABLE = 1,
	/* stop the running job, drop the queued ones; no completions for them */
	LAYBY_VNPU_OP_SLOT_DISABLE = 2,
	/* clear the tile-local memory of the tiles in ARGUMENT (a mask) */
	LAYBY_VNPU_OP_CLEAR_TILES = 3,
	/* jobs of the slot that begin from now on run on the tiles in ARGUMENT */
	LAYBY_VNPU_OP_SLOT_TILES = 4,
	/* stop watched slots if not fed for ARGUMENT microseconds; 0: do not */
	LAYBY_VNPU_OP_WATCHDOG = 5,
	/* the slot's tiles run at most at level ARGUMENT, running jobs too */
	LAYBY_VNPU_OP_SLOT_LEVEL = 6,
	/* nothing runs above level ARGUMENT */
	LAYBY_VNPU_OP_LEVEL_LIMIT = 7,
};

/* layby_vnpu_command.result */
enum layby_vnpu_result {
	LAYBY_VNPU_RESULT_OK = 0,
	LAYBY_VNPU_RESULT_BAD_COMMAND = 1,
	LAYBY_VNPU_RESULT_BAD_SLOT = 2,
	LAYBY_VNPU_RESULT_BAD_REGISTER = 3,	/* window or ring outside memory */
};

struct layby_vnpu_command {
	__le32 opcode;
	__le32 slot;
	__le64 argument;
	__le32 result;		/* written by the device */
	__le32 pad[3];
};

/* --- Slots: registers, written by the driver while the slot is disabled --- */
#define LAYBY_VNPU_SLOT(slot)		(0x1000u + 0x100u * (slot))
#define LAYBY_VNPU_SLOT_WINDOW_BASE	0x00u	/* u64 */
#define LAYBY_VNPU_SLOT_WINDOW_BYTES	0x08u	/* u64 */
#define LAYBY_VNPU_SLOT_TILES		0x10u	/* u32, mask */
#define LAYBY_VNPU_SLOT_ENTRIES		0x14u	/* u32, ring size, power of 2, <= ENTRIES_MAX */
#define LAYBY_VNPU_SLOT_SQ		0x18u	/* u64, submission ring, in the control area */
#define LAYBY_VNPU_SLOT_CQ		0x20u	/* u64, completion ring, in the control area */
/* written by the driver at any time, then vector 1 + slot is rung */
#define LAYBY_VNPU_SLOT_SQ_TAIL		0x28u	/* u32, runs freely */
#define LAYBY_VNPU_SLOT_CQ_HEAD		0x2cu	/* u32, runs freely */
/*
 * u32: a write of any new value, then the doorbell, asks to abort the job whose
 * tag is in the low 16 bits; the high 16 bits are a sequence number
 */
#define LAYBY_VNPU_SLOT_ABORT		0x30u
/*
 * u32: written not 0, then the doorbell: nothing more is begun, what runs is
 * stopped. A level: as long as it is not 0 an enabled slot goes to STOPPED
 */
#define LAYBY_VNPU_SLOT_STOP		0x34u
/* taken over by SLOT_ENABLE, like those above */
#define LAYBY_VNPU_SLOT_BANDWIDTH	0x38u	/* u32, permille, 0: no share */
#define LAYBY_VNPU_SLOT_FLAGS		0x3cu	/* u32, LAYBY_VNPU_SLOT_* flags */
/* written by the device */
#define LAYBY_VNPU_SLOT_SQ_HEAD		0x40u	/* u32, runs freely: entries fetched */
#define LAYBY_VNPU_SLOT_STATE		0x44u	/* u32, enum layby_vnpu_slot_state */

#define LAYBY_VNPU_BANDWIDTH_WHOLE	1000u
/* in SLOT_FLAGS: the watchdog stops this slot */
#define LAYBY_VNPU_SLOT_WATCHED		0x01u

enum layby_vnpu_slot_state {
	LAYBY_VNPU_STATE_DISABLED = 0,
	LAYBY_VNPU_STATE_ENABLED = 1,	/* also while it is being stopped */
	LAYBY_VNPU_STATE_STOPPED = 2,	/* by SLOT_STOP */
	LAYBY_VNPU_STATE_EXPIRED = 3,	/* stopped by the watchdog */
};

#define LAYBY_VNPU_ENTRIES_MAX		256u
#define LAYBY_VNPU_RINGS		0x10000u
#define LAYBY_VNPU_SQ(slot)		(LAYBY_VNPU_RINGS + 0x20000u * (slot))
#define LAYBY_VNPU_CQ(slot)		(LAYBY_VNPU_SQ(slot) + 0x10000u)

/* --- Submission: one job -------------------------------------------------- */
#define LAYBY_VNPU_INPUTS		8u
#define LAYBY_VNPU_OUTPUTS		4u

struct layby_vnpu_range {
	__le64 address;		/* offset in BAR 2, inside the slot's window */
	__le64 length;		/* bytes */
};

/* clear the slot's tile-local memory before this job starts */
#define LAYBY_VNPU_JOB_CLEAR_TILES	0x01u

/*
 * Owned by the device from the SQ_TAIL that covers it to the SQ_HEAD that
 * does. PHASE is 1 on the ring's first pass, 0 on the second, and so on; the
 * device takes an entry only with the phase that it expects.
 */
struct layby_vnpu_descriptor {
	__le16 tag;		/* < ENTRIES, unique among the slot's unfinished jobs */
	__u8 phase;
	__u8 flags;		/* LAYBY_VNPU_JOB_* */
	__u8 input_count;
	__u8 output_count;
	__le16 pad;
	__le64 party;		/* on whose behalf: computations never share a process */
	__le64 pad2[2];
	struct layby_vnpu_range program;
	struct layby_vnpu_range input[LAYBY_VNPU_INPUTS];
	struct layby_vnpu_range output[LAYBY_VNPU_OUTPUTS];
	__le64 pad3[2];
};

/* --- Completion: one job -------------------------------------------------- */
enum layby_vnpu_status {
	LAYBY_VNPU_STATUS_OK = 0,
	LAYBY_VNPU_STATUS_ABORTED = 1,
	LAYBY_VNPU_STATUS_BAD_DESCRIPTOR = 2,	/* counts, flags */
	LAYBY_VNPU_STATUS_ACCESS = 3,		/* a range outside the window */
	LAYBY_VNPU_STATUS_BAD_PROGRAM = 4,
	LAYBY_VNPU_STATUS_BAD_SHAPE = 5,
	LAYBY_VNPU_STATUS_COMPUTE_FAILED = 6,
};

/* written by the device, PHASE last: 1 on the first pass, 0 on the second */
struct layby_vnpu_completion {
	__le16 tag;
	__le16 status;
	__le32 level;		/* the highest that it ran at */
	__le64 fetch_ticks;
	__le64 start_ticks;	/* 0 if it never started */
	__le64 end_ticks;
	__le64 energy_uj;
	__le64 pad[2];
	__le32 pad2;
	__le32 phase;
};

#endif /* LAYBY_VNPU_REGS_H */
