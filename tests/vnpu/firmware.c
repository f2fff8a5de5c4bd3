// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * firmware - the one command queue
 *
 * Commands are worked off in order, one at a time, each in its modelled time:
 * decode() looks at a command and changes nothing, apply() acts when its time
 * has passed. Must check that the device itself is safe and nothing more: that
 * windows or tiles of two slots do not overlap is the driver's duty.
 */
#include <endian.h>
#include <string.h>

#include "device.h"
#include "registers.h"

uint32_t firmware_longest_us(const struct device *device)
{
	uint32_t clear = FIRMWARE_CLEAR_US +
			 FIRMWARE_CLEAR_TILE_US * device->config.tiles;
	uint32_t longest = device->config.reset_us;

	if (longest < clear)
		longest = clear;
	if (longest < FIRMWARE_ENABLE_US)
		longest = FIRMWARE_ENABLE_US;
	return longest;
}

static bool pads_zero(const struct layby_vnpu_command *command)
{
	return !command->pad[0] && !command->pad[1] && !command->pad[2];
}

static uint32_t all_tiles(const struct device *device)
{
	return (1u << device->config.tiles) - 1;
}

static uint32_t decode_enable(struct device *device, uint32_t slot)
{
	if (device->slots[slot].enabled)
		return LAYBY_VNPU_RESULT_BAD_COMMAND;
	return registers_valid(&device->slots[slot]) ?
		LAYBY_VNPU_RESULT_OK : LAYBY_VNPU_RESULT_BAD_REGISTER;
}

static uint32_t decode_tiles(struct device *device, uint32_t slot,
			     uint64_t tiles)
{
	return device->slots[slot].enabled && tiles &&
	       !(tiles & ~(uint64_t)all_tiles(device)) ?
		LAYBY_VNPU_RESULT_OK : LAYBY_VNPU_RESULT_BAD_COMMAND;
}

static uint32_t decode_level(uint64_t level)
{
	return level < SPECIMEN_LEVELS ?
		LAYBY_VNPU_RESULT_OK : LAYBY_VNPU_RESULT_BAD_COMMAND;
}

/* A command for one slot. */
static uint32_t decode_slot(struct device *device,
			    const struct layby_vnpu_command *command)
{
	uint32_t slot = le32toh(command->slot);
	uint64_t argument = le64toh(command->argument);

	if (slot >= device->config.slots)
		return LAYBY_VNPU_RESULT_BAD_SLOT;
	if (le32toh(command->opcode) == LAYBY_VNPU_OP_SLOT_TILES)
		return decode_tiles(device, slot, argument);
	if (le32toh(command->opcode) == LAYBY_VNPU_OP_SLOT_LEVEL)
		return decode_level(argument);
	if (argument)
		return LAYBY_VNPU_RESULT_BAD_COMMAND;
	if (le32toh(command->opcode) == LAYBY_VNPU_OP_SLOT_ENABLE)
		return decode_enable(device, slot);
	return LAYBY_VNPU_RESULT_OK;
}

static uint32_t decode(struct device *device,
		       const struct layby_vnpu_command *command)
{
	uint64_t argument = le64toh(command->argument);

	if (!pads_zero(command))
		return LAYBY_VNPU_RESULT_BAD_COMMAND;
	switch (le32toh(command->opcode)) {
	case LAYBY_VNPU_OP_SLOT_ENABLE:
	case LAYBY_VNPU_OP_SLOT_DISABLE:
	case LAYBY_VNPU_OP_SLOT_TILES:
	case LAYBY_VNPU_OP_SLOT_LEVEL:
		return decode_slot(device, command);
	case LAYBY_VNPU_OP_CLEAR_TILES:
		return argument & ~(uint64_t)all_tiles(device) ?
			LAYBY_VNPU_RESULT_BAD_COMMAND : LAYBY_VNPU_RESULT_OK;
	case LAYBY_VNPU_OP_WATCHDOG:
		return argument > UINT32_MAX ?
			LAYBY_VNPU_RESULT_BAD_COMMAND : LAYBY_VNPU_RESULT_OK;
	case LAYBY_VNPU_OP_LEVEL_LIMIT:
		return decode_level(argument);
	default:
		return LAYBY_VNPU_RESULT_BAD_COMMAND;
	}
}

static uint32_t modelled_us(const struct firmware *firmware)
{
	const struct layby_vnpu_command *command = &firmware->command;

	if (firmware->result != LAYBY_VNPU_RESULT_OK)
		return FIRMWARE_REFUSE_US;
	switch (le32toh(command->opcode)) {
	case LAYBY_VNPU_OP_SLOT_ENABLE:
		return FIRMWARE_ENABLE_US;
	case LAYBY_VNPU_OP_SLOT_DISABLE:
		return firmware->device->config.reset_us;
	case LAYBY_VNPU_OP_SLOT_TILES:
		return FIRMWARE_TILES_US;
	case LAYBY_VNPU_OP_WATCHDOG:
		return FIRMWARE_WATCHDOG_US;
	case LAYBY_VNPU_OP_SLOT_LEVEL:
	case LAYBY_VNPU_OP_LEVEL_LIMIT:
		return FIRMWARE_LEVEL_US;
	default:
		return FIRMWARE_CLEAR_US + FIRMWARE_CLEAR_TILE_US *
		       __builtin_popcountll(le64toh(command->argument));
	}
}

/* False: a fault was injected and the command will never be done. */
static bool start(struct firmware *firmware)
{
	struct device *device = firmware->device;
	struct slot *slot;

	if (firmware->result != LAYBY_VNPU_RESULT_OK ||
	    le32toh(firmware->command.opcode) != LAYBY_VNPU_OP_SLOT_DISABLE)
		return true;
	slot = &device->slots[le32toh(firmware->command.slot)];
	if (slot->faults.refuse_reset) {
		slot->faults.refuse_reset = false;
		return false;
	}
	slot_halt(slot);
	return true;
}

static void apply(struct firmware *firmware)
{
	struct device *device = firmware->device;
	uint32_t slot = le32toh(firmware->command.slot);
	uint64_t argument = le64toh(firmware->command.argument);

	if (firmware->result != LAYBY_VNPU_RESULT_OK)
		return;
	switch (le32toh(firmware->command.opcode)) {
	case LAYBY_VNPU_OP_SLOT_ENABLE:
		/* The registers may have changed since they were looked at. */
		if (!slot_enable(&device->slots[slot]))
			firmware->result = LAYBY_VNPU_RESULT_BAD_REGISTER;
		break;
	case LAYBY_VNPU_OP_SLOT_DISABLE:
		slot_reset(&device->slots[slot]);
		break;
	case LAYBY_VNPU_OP_SLOT_TILES:
		/* It may have been stopped since. */
		if (device->slots[slot].enabled)
			device->slots[slot].limits.tiles = argument;
		else
			firmware->result = LAYBY_VNPU_RESULT_BAD_COMMAND;
		break;
	case LAYBY_VNPU_OP_WATCHDOG:
		watchdog_arm(&device->watchdog, argument);
		break;
	case LAYBY_VNPU_OP_SLOT_LEVEL:
		levels_set_slot(device, slot, argument);
		break;
	case LAYBY_VNPU_OP_LEVEL_LIMIT:
		levels_limit(device, argument);
		break;
	default:
		tiles_clear(&device->tiles, argument);
	}
}

static struct layby_vnpu_command *entry(struct firmware *firmware)
{
	uint64_t at = LAYBY_VNPU_COMMAND_RING +
		      (firmware->head % LAYBY_VNPU_COMMANDS) *
		      sizeof(struct layby_vnpu_command);

	return memory_at(&firmware->device->memory, at,
			 sizeof(struct layby_vnpu_command));
}

static void finished(void *owner)
{
	struct firmware *firmware = owner;
	struct device *device = firmware->device;

	apply(firmware);
	entry(firmware)->result = htole32(firmware->result);
	firmware->head++;
	firmware->done++;
	firmware->busy = false;
	/* A release: the result is seen before the head that covers it. */
	memory_write32(&device->memory, LAYBY_VNPU_REG_COMMAND_HEAD,
		       firmware->head);
	transport_interrupt(&device->transport, LAYBY_VNPU_VECTOR_MANAGEMENT);
	firmware_poll(firmware);
}

void firmware_poll(struct firmware *firmware)
{
	struct device *device = firmware->device;
	uint32_t tail = memory_read32(&device->memory,
				      LAYBY_VNPU_REG_COMMAND_TAIL);

	if (firmware->busy || tail == firmware->head)
		return;
	/* A tail that claims more than the ring holds is no tail. */
	if (tail - firmware->head > LAYBY_VNPU_COMMANDS)
		return;
	memcpy(&firmware->command, entry(firmware), sizeof(firmware->command));
	firmware->busy = true;
	firmware->result = decode(device, &firmware->command);
	if (start(firmware))
		timer_arm(&firmware->timer,
			  clock_now(&device->clock) + modelled_us(firmware));
}

int firmware_init(struct firmware *firmware, struct device *device)
{
	firmware->device = device;
	return timer_init(&firmware->timer, device->event, &device->clock,
			  finished, firmware);
}

void firmware_fini(struct firmware *firmware)
{
	timer_fini(&firmware->timer);
}

/*
 * Forgets what is queued, and nothing else: a driver that was about to write
 * its next tail must not be taken to ask for old commands again.
 */
void firmware_reset(struct firmware *firmware)
{
	struct memory *memory = &firmware->device->memory;

	timer_cancel(&firmware->timer);
	firmware->busy = false;
	firmware->head = memory_read32(memory, LAYBY_VNPU_REG_COMMAND_TAIL);
	memory_write32(memory, LAYBY_VNPU_REG_COMMAND_HEAD, firmware->head);
}
