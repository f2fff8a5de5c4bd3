// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Faults of the virtual accelerator, by its side entrance: computations are real, and
 * so are interrupts, resets and sensors. And the governor's end, at the end.
 */
#include <stdio.h>
#include <unistd.h>

#include "control.h"
#include "faults.h"
#include "pci.h"
#include "scene.h"
#include "steady.h"

/* tests/gate/attach.sh */
#define GOVERNOR_PIN	"/sys/fs/bpf/governor"
/* A job that hangs does so for longer than any case lasts; the others end. */
#define HANGS_US	30000000
#define TAKES_US	50000
/* What a job of the cases may take that are about that. */
#define DECLARED	(700 * MS)

static struct work guest;
static struct steady driving;
/* As it was just before it was disturbed, of those that ask for it. */
static struct device_status device;

/* --- The bed ------------------------------------------------------------------------- */

static int right(void)
{
	int r = scene_right(NULL);

	if (!r)
		r = control_abort_declared(GUEST_SLOT);
	return r ? r : control_device("HealSensors");
}

static int prepare_declared(void)
{
	struct layby_range input = buffer_range(&guest.input, 0, VECTOR_BYTES);

	return work_prepare(&guest, buffer_range(&guest.program, 0, guest.program.size), &input,
			    buffer_range(&guest.output, 0, VECTOR_BYTES), DECLARED);
}

static int start_guest(const struct fault *fault)
{
	int r;

	if (fault->flags & FAULT_COMPUTES)
		return work_start(&guest, LAYBY_CLASS_GUEST, "loop");
	if (fault->flags & FAULT_HANGS)
		return work_start_slow(&guest, LAYBY_CLASS_GUEST, HANGS_US);
	r = work_start_slow(&guest, LAYBY_CLASS_GUEST, TAKES_US);
	if (r)
		return r;
	r = prepare_declared();
	if (r < 0) {
		work_close(&guest);
		return r;
	}
	guest.job = (uint32_t)r;
	return 0;
}

static int begin_guest(const struct fault *fault)
{
	int r = start_guest(fault);

	if (r)
		guest.party.fd = -1;
	bed.job = guest.job;
	return r;
}

static void end_guest(void)
{
	work_close(&guest);
}

static int drive(void)
{
	return steady_start(&driving, LAYBY_CLASS_DRIVING);
}

static int drives(void)
{
	return steady_goes_on(&driving, 3);
}

static int drive_end(void)
{
	return steady_stop(&driving);
}

struct bed bed = {
	.right = right, .guest = begin_guest, .guest_end = end_guest,
	.drive = drive, .drives = drives, .drive_end = drive_end,
	.party = &guest.party, .ring = &guest.ring,
};

/* --- A slot -------------------------------------------------------------------------- */

static int hang(void)
{
	return control_fault("Hang", GUEST_SLOT);
}

static int abort_lost(void)
{
	int r = hang();

	return r ? r : control_fault("LoseAbort", GUEST_SLOT);
}

static int wild(void)
{
	return control_fault("WildDescriptor", GUEST_SLOT);
}

/* The policy says 500 ms. */
static int stop_slow(void)
{
	int r = control_abort_time(GUEST_SLOT, 20000 + pick(100000));

	return r ? r : car("gear no");
}

static int stop_never(void)
{
	int r = control_abort_never(GUEST_SLOT);

	return r ? r : car("gear no");
}

/* --- Interrupts ----------------------------------------------------------------------- */

static uint64_t jobs_ok(void)
{
	struct device_status status;

	must(control_status(&status));
	return status.slot[GUEST_SLOT].ok;
}

static bool has_ended(void *arg)
{
	return jobs_ok() > *(uint64_t *)arg;
}

/* The device has done it and nobody knows: else it was not the one that was lost. */
static int interrupt_lost(void)
{
	uint64_t ok;
	int r;

	if (!report_becomes_done(bed.party, 0))
		return -ETIMEDOUT;
	ok = jobs_ok();
	r = control_status(&device);
	if (!r)
		r = control_fault("LoseInterrupt", GUEST_SLOT);
	if (!r)
		r = guest_more(1);
	if (!r && !eventually(has_ended, &ok))
		r = -ETIMEDOUT;
	return r ? r : report_state(bed.party, 1) == LAYBY_REPORT_IN_FLIGHT ? 0 : -EAGAIN;
}

/* Found by looking, not by a reset. */
static const char *nothing_was_reset(void)
{
	struct device_status now;

	must(control_status(&now));
	return now.commands == device.commands ? NULL :
	       saw("the firmware was given %llu commands",
		   (unsigned long long)(now.commands - device.commands));
}

/* The guest's vector is the second one. */
static uint64_t guest_interrupts(void)
{
	FILE *file = fopen("/proc/interrupts", "re");
	uint64_t sum = 0, number;
	unsigned int slot = 0;
	char line[512], *at;
	int n;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (!strstr(line, "layby-slot") || slot++ != GUEST_SLOT)
			continue;
		for (at = strchr(line, ':') + 1; sscanf(at, "%lu%n", &number, &n) == 1; at += n)
			sum += number;
	}
	fclose(file);
	return sum;
}

/* One each 50 us; see kmod/vnpu_irq.c for how many of them get through at once. */
#define STORM_US	50
#define STORM_MS	600
#define ROUND		33

static int storm(void)
{
	return control_storm(GUEST_SLOT, UINT32_MAX, STORM_US);
}

static int calm(void)
{
	return control_storm(GUEST_SLOT, 0, 1);
}

static bool has_stormed(void *arg)
{
	return guest_interrupts() > *(uint64_t *)arg;
}

/* More than a guest's jobs raise, and less than a tenth of what the device does. */
static const char *is_polled(void)
{
	uint64_t from = guest_interrupts(), some = from + ROUND, start = now_ns(), came, raised;

	sleep_ms(STORM_MS);
	if (!eventually(has_stormed, &some))
		return saw("there was no storm");
	raised = (now_ns() - start) / (STORM_US * 1000);
	came = guest_interrupts() - from;
	return came < raised / 10 ? NULL :
	       saw("%llu of %llu interrupts came", (unsigned long long)came,
		   (unsigned long long)raised);
}

/* --- The device ------------------------------------------------------------------------ */

static int reset_itself(void)
{
	int r = control_status(&device);

	return r ? r : control_device("ResetDevice");
}

/* Both slots are as they were; that the jobs end well is seen anyway. */
static const char *is_set_up_again(void)
{
	struct device_status now;
	unsigned int slot;

	must(control_status(&now));
	if (now.generation != device.generation + 1)
		return saw("the device did not reset itself");
	for (slot = 0; slot <= GUEST_SLOT; slot++)
		if (!now.slot[slot].enabled ||
		    now.slot[slot].window_base != device.slot[slot].window_base ||
		    now.slot[slot].window_bytes != device.slot[slot].window_bytes ||
		    now.slot[slot].tiles != device.slot[slot].tiles)
			return saw("slot %u is not set up as before", slot);
	return NULL;
}

static int worker_killed(void)
{
	return slot_becomes(GUEST_SLOT, "running") ? control_fault("KillWorker", GUEST_SLOT) :
						     -EAGAIN;
}

static int dies(void)
{
	return control_device("Die");
}

static int backend_again(void)
{
	int r;

	device_release();
	r = park("drop");
	if (!r)
		r = vnpu_reload();
	if (!r)
		r = park("take");
	return r ? r : device_take();
}

static int revived(void)
{
	int r = control_device("Revive");

	if (!r)
		r = control_device("ResetDevice");
	return r ? r : backend_again();
}

/* Whoever touches what was mapped gets SIGBUS: these driving jobs do not. */
static struct work last;

static int unplugged(void)
{
	unsigned int tag;
	int r;

	device_stop_driving();
	r = work_start_slow(&last, LAYBY_CLASS_DRIVING, HANGS_US);
	for (tag = 0; tag < JOBS && !r; tag++)
		r = work_submit(&last, tag);
	return r ? r : vnpu_remove();
}

static const char *driving_has_ended(void)
{
	unsigned int i, other = 0;

	for (i = 0; i < JOBS; i++) {
		driving_has_failed();
		other += work_wait(&last) != -ENODEV;
	}
	return other ? saw("%u of %u driving jobs did not end with -ENODEV", other, JOBS) : NULL;
}

static int back(void)
{
	int r;

	work_close(&last);
	device_release();
	r = park("drop");
	if (!r)
		r = vnpu_rescan();
	if (!r)
		r = park("take");
	return r ? r : device_take();
}

/* --- Sensors --------------------------------------------------------------------------- */

static int sensor_missing(void)
{
	return control_device("MissingSensor");
}

static int sensor_stale(void)
{
	return control_device("StaleSensor");
}

/* The minimal governor allows what is below 80 °C, and guests' limit is 86.6 °C. */
static int too_hot(void)
{
	return control_temperature(80000 + (int32_t)pick(6600));
}

/* --- The governor ------------------------------------------------------------------------ */

static int governor_detached(void)
{
	return unlink(GOVERNOR_PIN) ? -errno : 0;
}

/* ----------------------------------------------------------------------------------------- */

static const struct fault faults[] = {
	{ "FM-01", "hang", hang, .result = -ETIME, .reason = LAYBY_REASON_TIME_UP,
	  .jobs = JOBS, .flags = FAULT_FEEDS },
	{ "FM-02", "stop-slow", stop_slow, CLOSES(DRIVING) },
	{ "FM-03", "stop-never", stop_never, CLOSES_AND(DRIVING, FAULT_RESETS) },
	{ "FM-04", "abort-lost", abort_lost, .result = -ETIME,
	  .reason = LAYBY_REASON_TIME_UP, .jobs = JOBS, .flags = FAULT_FEEDS },
	{ "FM-07", "device-reset", reset_itself, .also = is_set_up_again, .jobs = JOBS,
	  .flags = FAULT_FEEDS },
	{ "FM-10", "interrupt-lost", interrupt_lost, .also = nothing_was_reset, .jobs = 1 },
	{ "FM-11", "interrupt-storm", storm, calm, is_polled, .jobs = JOBS },
	{ "FM-12", "worker-killed", worker_killed, .result = -EIO,
	  .reason = LAYBY_REASON_COMPUTE_FAILED, .jobs = 1, .flags = FAULT_COMPUTES },
	{ "FM-13", "wild-descriptor", wild, .result = -EFAULT, .reason = LAYBY_REASON_ACCESS,
	  .jobs = JOBS, .flags = FAULT_FEEDS },
	{ "FM-20", "sensor-missing", sensor_missing, CLOSES(NO_SENSOR) },
	{ "FM-21", "sensor-stale", sensor_stale, CLOSES(NO_SENSOR) },
	{ "FM-22", "too-hot", too_hot, CLOSES(GOVERNOR) },
	{ "FM-09", "unplugged", unplugged, back, driving_has_ended, .gate = LAYBY_GATE_NO_POLICY,
	  .result = -ENODEV, .reason = LAYBY_REASON_DEVICE_GONE, .jobs = JOBS,
	  .flags = FAULT_HANGS | FAULT_ENDS_DRIVING },
	{ "FM-08", "device-dead", dies, revived, .gate = LAYBY_GATE_FAULT,
	  .result = -EIO, .reason = LAYBY_REASON_DEVICE_FAILED, .jobs = JOBS,
	  .flags = FAULT_FENCES | FAULT_FEEDS | FAULT_ENDS_DRIVING },
	{ "FM-40", "governor-detached", governor_detached,
	  CLOSES_AND(NO_GOVERNOR, FAULT_STAYS), .most = 1 },
	{}
};

int main(int argc, char *argv[])
{
	static const struct fault *const tables[] = { faults, NULL };

	return faults_main(argc, argv, tables);
}
