// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * interface - the description of org.layby.VNPU1 that varlink calls are held to
 *
 * org.layby.VNPU1.varlink is what "varlinkctl introspect" prints of this; the
 * device's tests compare the two.
 */
#include "interface.h"

static SD_VARLINK_DEFINE_ERROR(NoSuchSlot,
	SD_VARLINK_FIELD_COMMENT("Slots that the device has, from 0 on"),
	SD_VARLINK_DEFINE_FIELD(slots, SD_VARLINK_INT, 0));
static SD_VARLINK_DEFINE_ERROR(OutsideMemory,
	SD_VARLINK_FIELD_COMMENT("Bytes that there are"),
	SD_VARLINK_DEFINE_FIELD(length, SD_VARLINK_INT, 0));
static SD_VARLINK_DEFINE_ERROR(SlotDisabled);

static SD_VARLINK_DEFINE_METHOD(Hang,
	SD_VARLINK_FIELD_COMMENT("Slot whose running, else next, job never ends"),
	SD_VARLINK_DEFINE_INPUT(slot, SD_VARLINK_INT, 0));
static SD_VARLINK_DEFINE_METHOD(LateAbort,
	SD_VARLINK_DEFINE_INPUT(slot, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Time that the next abort of a running job takes"),
	SD_VARLINK_DEFINE_INPUT(us, SD_VARLINK_INT, 0));
static SD_VARLINK_DEFINE_METHOD(AbortTime,
	SD_VARLINK_DEFINE_INPUT(slot, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Time that each takes; neither: as declared"),
	SD_VARLINK_DEFINE_INPUT(us, SD_VARLINK_INT, SD_VARLINK_NULLABLE),
	SD_VARLINK_FIELD_COMMENT("Or none is ever done"),
	SD_VARLINK_DEFINE_INPUT(never, SD_VARLINK_BOOL, SD_VARLINK_NULLABLE));
static SD_VARLINK_DEFINE_METHOD(LoseAbort,
	SD_VARLINK_FIELD_COMMENT("Slot whose next abort of a running job is lost"),
	SD_VARLINK_DEFINE_INPUT(slot, SD_VARLINK_INT, 0));
static SD_VARLINK_DEFINE_METHOD(LoseInterrupt,
	SD_VARLINK_FIELD_COMMENT("Slot whose next completion raises no interrupt"),
	SD_VARLINK_DEFINE_INPUT(slot, SD_VARLINK_INT, 0));
static SD_VARLINK_DEFINE_METHOD(Storm,
	SD_VARLINK_FIELD_COMMENT("Slot whose vector is raised for nothing"),
	SD_VARLINK_DEFINE_INPUT(slot, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("How often; 0 ends one"),
	SD_VARLINK_DEFINE_INPUT(count, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("From one to the next"),
	SD_VARLINK_DEFINE_INPUT(us, SD_VARLINK_INT, 0));
static SD_VARLINK_DEFINE_METHOD(WildDescriptor,
	SD_VARLINK_FIELD_COMMENT("Slot that gets one range of its next job wrong"),
	SD_VARLINK_DEFINE_INPUT(slot, SD_VARLINK_INT, 0));
static SD_VARLINK_DEFINE_METHOD(RefuseReset,
	SD_VARLINK_FIELD_COMMENT("Slot whose next SLOT_DISABLE blocks all commands for good"),
	SD_VARLINK_DEFINE_INPUT(slot, SD_VARLINK_INT, 0));
static SD_VARLINK_DEFINE_METHOD(KillWorker,
	SD_VARLINK_FIELD_COMMENT("Slot whose computing processes are killed"),
	SD_VARLINK_DEFINE_INPUT(slot, SD_VARLINK_INT, 0),
	SD_VARLINK_DEFINE_OUTPUT(killed, SD_VARLINK_INT, 0));
static SD_VARLINK_DEFINE_METHOD(FlipByte,
	SD_VARLINK_DEFINE_INPUT(slot, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Byte of the slot's window whose bits are all inverted"),
	SD_VARLINK_DEFINE_INPUT(offset, SD_VARLINK_INT, 0));
static SD_VARLINK_DEFINE_METHOD(Overheat,
	SD_VARLINK_FIELD_COMMENT("Added to the temperature, millidegree Celsius; may be negative"),
	SD_VARLINK_DEFINE_INPUT(mdeg, SD_VARLINK_INT, 0));
static SD_VARLINK_DEFINE_METHOD(SetTemperature,
	SD_VARLINK_FIELD_COMMENT("What is read instead of the temperature"),
	SD_VARLINK_DEFINE_INPUT(mdeg, SD_VARLINK_INT, 0));
static SD_VARLINK_DEFINE_METHOD(MissingSensor);
static SD_VARLINK_DEFINE_METHOD(StaleSensor);
static SD_VARLINK_DEFINE_METHOD(HealSensors);
static SD_VARLINK_DEFINE_METHOD(ResetDevice);
static SD_VARLINK_DEFINE_METHOD(Die);
static SD_VARLINK_DEFINE_METHOD(Revive);

static SD_VARLINK_DEFINE_STRUCT_TYPE(Range,
	SD_VARLINK_FIELD_COMMENT("Offset in BAR 2"),
	SD_VARLINK_DEFINE_FIELD(address, SD_VARLINK_INT, 0),
	SD_VARLINK_DEFINE_FIELD(length, SD_VARLINK_INT, 0),
	SD_VARLINK_DEFINE_FIELD(write, SD_VARLINK_BOOL, 0));
static SD_VARLINK_DEFINE_METHOD(Reached,
	SD_VARLINK_DEFINE_INPUT(slot, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Of the last job to begin; empty if it was refused"),
	SD_VARLINK_DEFINE_OUTPUT_BY_TYPE(ranges, Range, SD_VARLINK_ARRAY));
static SD_VARLINK_DEFINE_METHOD(StopTimes,
	SD_VARLINK_DEFINE_INPUT(slot, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Since power-on"),
	SD_VARLINK_DEFINE_OUTPUT(count, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Of the last 256, in order, from doorbell to state"),
	SD_VARLINK_DEFINE_OUTPUT(ticks, SD_VARLINK_INT, SD_VARLINK_ARRAY));
static SD_VARLINK_DEFINE_METHOD(Delays,
	SD_VARLINK_DEFINE_INPUT(slot, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Since power-on"),
	SD_VARLINK_DEFINE_OUTPUT(count, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Of the last 256, in order"),
	SD_VARLINK_DEFINE_OUTPUT(ticks, SD_VARLINK_INT, SD_VARLINK_ARRAY));
static SD_VARLINK_DEFINE_METHOD(ReadMemory,
	SD_VARLINK_FIELD_COMMENT("Offset in BAR 2"),
	SD_VARLINK_DEFINE_INPUT(address, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("At most 1 MiB"),
	SD_VARLINK_DEFINE_INPUT(length, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("In Base64"),
	SD_VARLINK_DEFINE_OUTPUT(data, SD_VARLINK_STRING, 0));
static SD_VARLINK_DEFINE_METHOD(ReadTile,
	SD_VARLINK_DEFINE_INPUT(tile, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("The tile's local memory, in Base64"),
	SD_VARLINK_DEFINE_OUTPUT(data, SD_VARLINK_STRING, 0));

static SD_VARLINK_DEFINE_STRUCT_TYPE(Slot,
	SD_VARLINK_FIELD_COMMENT("And not stopped"),
	SD_VARLINK_DEFINE_FIELD(enabled, SD_VARLINK_BOOL, 0),
	SD_VARLINK_FIELD_COMMENT("disabled, enabled, stopped, expired"),
	SD_VARLINK_DEFINE_FIELD(state, SD_VARLINK_STRING, 0),
	SD_VARLINK_DEFINE_FIELD(windowBase, SD_VARLINK_INT, 0),
	SD_VARLINK_DEFINE_FIELD(windowBytes, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Mask"),
	SD_VARLINK_DEFINE_FIELD(tiles, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Mask of those that the current job holds"),
	SD_VARLINK_DEFINE_FIELD(held, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Permille"),
	SD_VARLINK_DEFINE_FIELD(bandwidth, SD_VARLINK_INT, 0),
	SD_VARLINK_DEFINE_FIELD(watched, SD_VARLINK_BOOL, 0),
	SD_VARLINK_DEFINE_FIELD(entries, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("idle, loading, running, late, aborting, stuck"),
	SD_VARLINK_DEFINE_FIELD(phase, SD_VARLINK_STRING, 0),
	SD_VARLINK_FIELD_COMMENT("Completions: all, OK, ABORTED"),
	SD_VARLINK_DEFINE_FIELD(jobs, SD_VARLINK_INT, 0),
	SD_VARLINK_DEFINE_FIELD(ok, SD_VARLINK_INT, 0),
	SD_VARLINK_DEFINE_FIELD(aborted, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Since power-on"),
	SD_VARLINK_DEFINE_FIELD(stops, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Jobs whose computation was not ready at their modelled end"),
	SD_VARLINK_DEFINE_FIELD(late, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Jobs whose program was not ready at their modelled start"),
	SD_VARLINK_DEFINE_FIELD(lateStarts, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Times that SQ_TAIL was seen beyond the ring"),
	SD_VARLINK_DEFINE_FIELD(badTails, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Processes"),
	SD_VARLINK_DEFINE_FIELD(workers, SD_VARLINK_INT, 0));
static SD_VARLINK_DEFINE_METHOD(Status,
	SD_VARLINK_DEFINE_OUTPUT(connected, SD_VARLINK_BOOL, 0),
	SD_VARLINK_DEFINE_OUTPUT(frozen, SD_VARLINK_BOOL, 0),
	SD_VARLINK_DEFINE_OUTPUT(tiles, SD_VARLINK_INT, 0),
	SD_VARLINK_DEFINE_OUTPUT(memoryBytes, SD_VARLINK_INT, 0),
	SD_VARLINK_DEFINE_OUTPUT(generation, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Device clock"),
	SD_VARLINK_DEFINE_OUTPUT(ticks, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Since power-on, in microjoule"),
	SD_VARLINK_DEFINE_OUTPUT(energy, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Commands done since the process started"),
	SD_VARLINK_DEFINE_OUTPUT(commands, SD_VARLINK_INT, 0),
	SD_VARLINK_FIELD_COMMENT("Of the watchdog, since the process started"),
	SD_VARLINK_DEFINE_OUTPUT(expiries, SD_VARLINK_INT, 0),
	SD_VARLINK_DEFINE_OUTPUT_BY_TYPE(slots, Slot, SD_VARLINK_ARRAY));

SD_VARLINK_DEFINE_INTERFACE(org_layby_VNPU1, "org.layby.VNPU1",
			    SD_VARLINK_INTERFACE_COMMENT("For tests: see docs/accelerator.md"),
			    SD_VARLINK_SYMBOL_COMMENT("A job that only an abort or a reset ends"),
			    &vl_method_Hang,
			    SD_VARLINK_SYMBOL_COMMENT("An abort in another time than declared"),
			    &vl_method_LateAbort,
			    SD_VARLINK_SYMBOL_COMMENT("All aborts and stops in another time"),
			    &vl_method_AbortTime,
			    SD_VARLINK_SYMBOL_COMMENT("An abort that is never done"),
			    &vl_method_LoseAbort,
			    SD_VARLINK_SYMBOL_COMMENT("An interrupt that is lost"),
			    &vl_method_LoseInterrupt,
			    SD_VARLINK_SYMBOL_COMMENT("Interrupts for nothing"),
			    &vl_method_Storm,
			    SD_VARLINK_SYMBOL_COMMENT("A fetch that goes wrong: ACCESS"),
			    &vl_method_WildDescriptor,
			    SD_VARLINK_SYMBOL_COMMENT("A reset of a slot that never ends"),
			    &vl_method_RefuseReset,
			    SD_VARLINK_SYMBOL_COMMENT("A computation that dies: COMPUTE_FAILED"),
			    &vl_method_KillWorker,
			    SD_VARLINK_SYMBOL_COMMENT("A memory error"),
			    &vl_method_FlipByte,
			    SD_VARLINK_SYMBOL_COMMENT("Readings that are too hot"),
			    &vl_method_Overheat,
			    SD_VARLINK_SYMBOL_COMMENT("Readings of one temperature"),
			    &vl_method_SetTemperature,
			    SD_VARLINK_SYMBOL_COMMENT("Readings that are not valid"),
			    &vl_method_MissingSensor,
			    SD_VARLINK_SYMBOL_COMMENT("Readings that do not come any more"),
			    &vl_method_StaleSensor,
			    SD_VARLINK_SYMBOL_COMMENT("Readings as they are"),
			    &vl_method_HealSensors,
			    SD_VARLINK_SYMBOL_COMMENT("A reset of the whole device"),
			    &vl_method_ResetDevice,
			    SD_VARLINK_SYMBOL_COMMENT("The device stops, whatever is done"),
			    &vl_method_Die,
			    SD_VARLINK_SYMBOL_COMMENT("It goes on where it stopped"),
			    &vl_method_Revive,
			    SD_VARLINK_SYMBOL_COMMENT("Memory that a job was given"),
			    &vl_type_Range,
			    SD_VARLINK_SYMBOL_COMMENT("What the last job on a slot could reach"),
			    &vl_method_Reached,
			    SD_VARLINK_SYMBOL_COMMENT("How long stops took, in device ticks"),
			    &vl_method_StopTimes,
			    SD_VARLINK_SYMBOL_COMMENT("Ticks that the host added to jobs"),
			    &vl_method_Delays,
			    SD_VARLINK_SYMBOL_COMMENT("What really stands in memory"),
			    &vl_method_ReadMemory,
			    SD_VARLINK_SYMBOL_COMMENT("What stands in a tile's local memory"),
			    &vl_method_ReadTile,
			    SD_VARLINK_SYMBOL_COMMENT("A slot as it was enabled last"),
			    &vl_type_Slot,
			    SD_VARLINK_SYMBOL_COMMENT("How the device is"),
			    &vl_method_Status,
			    &vl_error_NoSuchSlot,
			    &vl_error_OutsideMemory,
			    &vl_error_SlotDisabled);
