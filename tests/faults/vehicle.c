// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The bus and who sends on it. What is wrong with a frame is wrong from then on, with
 * every one of that kind, so that no signal comes any more; what is lost is lost once.
 */
#include <stdlib.h>

#include "parts.h"
#include "scene.h"

/* The one that must keep coming while parked. */
#define HEARTBEAT	"0x3c0"
#define FOR_EVER	1000000

static struct gate_frames frames(void)
{
	struct gate_frames now;

	must(gate_frames(&now));
	return now;
}

/* --- Nothing comes ---------------------------------------------------------------- */

static int silence(void)
{
	return car("silence");
}

static int silence_one(void)
{
	return car("silence " HEARTBEAT);
}

static int resume(void)
{
	return car("resume");
}

static int bus_down(void)
{
	return system("ip link set can0 down") ? -EIO : 0;
}

static int bus_up(void)
{
	return system("ip link set can0 up") ? -EIO : 0;
}

/* --- What comes is wrong ---------------------------------------------------------- */

static int wrong_crc(void)
{
	return car("crc " HEARTBEAT " %u", FOR_EVER);
}

static int right_crc(void)
{
	return car("crc " HEARTBEAT " 0");
}

static const char *crc_counted(void)
{
	return frames().crc > before.frames.crc ? NULL : saw("no wrong CRC was counted");
}

static int same_counter(void)
{
	return car("repeat " HEARTBEAT " %u", FOR_EVER);
}

static int right_counter(void)
{
	return car("repeat " HEARTBEAT " 0");
}

static const char *repeat_counted(void)
{
	return frames().repeated > before.frames.repeated ? NULL : saw("no repetition was counted");
}

static int wrong_length(void)
{
	return car("length " HEARTBEAT " %u", FOR_EVER);
}

static int right_length(void)
{
	return car("length " HEARTBEAT " 0");
}

static const char *length_counted(void)
{
	return frames().malformed > before.frames.malformed ? NULL :
	       saw("no wrong length was counted");
}

/* More than CounterStep lets pass, and fewer than the age of a signal. */
static int lose_frames(void)
{
	int r = car("skip " HEARTBEAT " %u", 4 + pick(8));

	return r ? r : car("send " HEARTBEAT);
}

static bool is_loss_counted(void *arg)
{
	return frames().sequence > before.frames.sequence;
}

static const char *loss_counted(void)
{
	return eventually(is_loss_counted, NULL) ? NULL : saw("no lost frame was counted");
}

/* The signals file says that 0 to 4 are gears. */
static int unknown_gear(void)
{
	return car("gear raw %u", 5 + pick(11));
}

static int known_gear(void)
{
	return car("gear yes");
}

/* --- Forged on this host ---------------------------------------------------------- */

static bool is_sent_counted(void *arg)
{
	return frames().sent > before.frames.sent;
}

static const char *sent_counted(void)
{
	return eventually(is_sent_counted, NULL) ? NULL : saw("no frame of this host was stopped");
}

/* It goes on to say that the car is parked while that drives. */
static int forge_parked(void)
{
	int r = car("drive");

	return r ? r : forger("park");
}

static int forge_driving(void)
{
	return forger("drive");
}

static int forge_no_more(void)
{
	return forger("silence");
}

const struct fault vehicle_faults[] = {
	{ "FM-30", "bus-silent", silence, resume, CLOSES(NO_SIGNAL) },
	{ "FM-31", "heartbeat-silent", silence_one, resume, CLOSES(NO_SIGNAL) },
	{ "FM-32", "bus-down", bus_down, bus_up, CLOSES(NO_SIGNAL) },
	{ "FM-33", "wrong-crc", wrong_crc, right_crc, crc_counted, CLOSES(NO_SIGNAL) },
	{ "FM-34", "counter-repeated", same_counter, right_counter, repeat_counted,
	  CLOSES(NO_SIGNAL) },
	{ "FM-35", "frames-lost", lose_frames, NULL, loss_counted, .jobs = JOBS },
	{ "FM-36", "wrong-length", wrong_length, right_length, length_counted,
	  CLOSES(NO_SIGNAL) },
	{ "FM-37", "gear-unknown", unknown_gear, known_gear, CLOSES(DRIVING) },
	{ "FM-38", "parked-forged", forge_parked, forge_no_more, sent_counted,
	  CLOSES(DRIVING) },
	{ "FM-39", "driving-forged", forge_driving, forge_no_more, sent_counted, .jobs = JOBS },
	{}
};
