// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Faults on the null backend: everything that is not the device's, and of that what
 * needs a slot to be deaf in a way that only a backend's driver can be.
 */
#include "guest.h"
#include "parts.h"
#include "scene.h"

/* Of driving.1, which the driver does not use. */
#define SECOND_SLOT	1
/* A job, and driving's, take so long. */
#define GUEST_US	20000
#define DRIVING_US	1000

static struct guest guest;
static struct driver driver;
static bool is_driving;

/* --- The bed ------------------------------------------------------------------------- */

/* What scene_right() does not know comes first: it has all slots behave alike. */
static int right(void)
{
	int r = null_set("fault", 0);

	if (!r)
		r = scene_right(NULL);
	return r ? r : null_set("others_us", DRIVING_US);
}

static int guest_misbehaves(const struct fault *fault)
{
	int r = null_set("only_slot", GUEST_SLOT);

	if (r)
		return r;
	return fault->flags & FAULT_HANGS ? null_set("hang", 1) : null_set("delay_us", GUEST_US);
}

/* One to its end, so that it is seen to work. */
static int begin_guest(const struct fault *fault)
{
	int r = guest_open(&guest);

	if (r) {
		guest.party.fd = -1;
		return r;
	}
	r = guest_run(&guest);
	return r ? r : guest_misbehaves(fault);
}

static void end_guest(void)
{
	guest_close(&guest);
}

static int drive(void)
{
	int r = driver_start(&driver);

	is_driving = !r;
	return r;
}

struct progress {
	unsigned int done;
};

static bool has_gone_on(void *arg)
{
	const struct progress *from = arg;

	return driver_done(&driver) > from->done + 2 || driver.error;
}

static int drives(void)
{
	struct progress from = { driver_done(&driver) };
	bool on = eventually(has_gone_on, &from);

	return driver.error ? driver.error : on ? 0 : -ETIMEDOUT;
}

static int drive_end(void)
{
	int r = is_driving ? driver_end(&driver) : 0;

	is_driving = false;
	return r;
}

struct bed bed = {
	.start = governor_start, .right = right, .guest = begin_guest, .guest_end = end_guest,
	.drive = drive, .drives = drives, .drive_end = drive_end,
	.party = &guest.party, .ring = &guest.ring,
};

/* --- The device ------------------------------------------------------------------------ */

static int shift(void)
{
	return car("gear no");
}

/* The policy says 100 ms. */
static int stop_late(void)
{
	int r = null_set("stop_us", 20000 + pick(40000));

	return r ? r : shift();
}

static int stop_lost(void)
{
	int r = null_set("lose_abort", 1);

	return r ? r : shift();
}

static int reset_refused(void)
{
	int r = null_set("refuse_reset", 1);

	return r ? r : stop_lost();
}

static int fault_cleared(void)
{
	int r = right();

	return r ? r : gate_order(LAYBY_NL_CLEAR_FAULT);
}

static int access_refused(void)
{
	return null_set("fault", 1);
}

/* 75 °C is the trip, below 65 °C it opens again. */
static int hot(void)
{
	return null_set("temperature_mdeg", 75000 + pick(30000));
}

static const struct fault device_faults[] = {
	{ "FM-02", "stop-late", stop_late, CLOSES(DRIVING) },
	{ "FM-03", "stop-lost", stop_lost, CLOSES_AND(DRIVING, FAULT_RESETS) },
	{ "FM-05", "reset-refused", reset_refused, fault_cleared,
	  .gate = LAYBY_GATE_FAULT, .result = -EIO, .reason = LAYBY_REASON_DEVICE_FAILED,
	  .jobs = JOBS, .flags = FAULT_HANGS | FAULT_FENCES },
	{ "FM-13", "access-refused", access_refused, .result = -EFAULT,
	  .reason = LAYBY_REASON_ACCESS, .jobs = JOBS, .flags = FAULT_FEEDS },
	{ "FM-22", "hot", hot, CLOSES(HOT) },
	{}
};

/* --- A slot of driving's, once and for all ------------------------------------------------ */

/* Its job is to end after 50 ms, and obeys nothing. */
static int break_second(void)
{
	struct party second;
	struct io_uring ring;
	int r = party_open_ready(&second, NODE_SECOND, 50 * MS);

	if (!r)
		r = ring_open(&ring, RING_PLAIN);
	if (!r)
		r = null_set("only_slot", SECOND_SLOT);
	if (!r)
		r = null_set("hang", 1);
	if (!r)
		r = null_set("lose_abort", 1);
	if (!r)
		r = null_set("refuse_reset", 1);
	if (r)
		return r;
	ring_job(&ring, second.fd, 0, 1);
	r = ring_run_one(&ring);
	io_uring_queue_exit(&ring);
	party_close(&second);
	return r;
}

static int backend_anew(void)
{
	int r;

	device_release();
	r = park("drop");
	if (!r)
		r = null_behave();
	if (!r)
		r = null_reload("");
	if (!r)
		r = park("take");
	return r ? r : device_take();
}

static bool is_faulted(void *arg)
{
	struct gate_state now;

	return !gate_state(&now) && now.reason == LAYBY_GATE_FAULT && now.fault &&
	       !now.guests_in;
}

/* Whoever clears it changes nothing. */
static const char *is_for_good(void)
{
	must(gate_order(LAYBY_NL_CLEAR_FAULT));
	return eventually(is_faulted, NULL) ? NULL : saw("it was cleared, and opened again");
}

static const struct fault slot_faults[] = {
	{ "FM-06", "driving-reset-refused", break_second, backend_anew, is_for_good,
	  .got = -EIO, CLOSES(FAULT) },
	{}
};

/* ----------------------------------------------------------------------------------------- */

int main(int argc, char *argv[])
{
	static const struct fault *const tables[] = {
		device_faults, vehicle_faults, owner_faults, slot_faults, governor_faults, NULL,
	};

	return faults_main(argc, argv, tables);
}
