// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who submits, see guest.h. */
#include "gate.h"
#include "guest.h"

int guest_open(struct guest *guest)
{
	int r = party_open_ready(&guest->party, LAYBY_CLASS_GUEST, LONG_RUN);

	if (r)
		return r;
	r = ring_open(&guest->ring, RING_PLAIN);
	if (r)
		party_close(&guest->party);
	return r;
}

void guest_close(struct guest *guest)
{
	io_uring_queue_exit(&guest->ring);
	party_close(&guest->party);
}

int guest_submit(struct guest *guest, unsigned int count)
{
	unsigned int tag;
	int r;

	for (tag = 0; tag < count; tag++)
		if (!ring_job(&guest->ring, guest->party.fd, tag, tag + 1))
			return -EBUSY;
	r = io_uring_submit(&guest->ring);
	return r < 0 ? r : 0;
}

int guest_run(struct guest *guest)
{
	ring_job(&guest->ring, guest->party.fd, 0, 1);
	return ring_run_one(&guest->ring);
}

static void must_be_reclaimed(const struct layby_report *report)
{
	assert_int_equal(report->state, LAYBY_REPORT_DONE);
	must_give(report->result, -ECANCELED);
	assert_int_equal(report->reason, LAYBY_REASON_RECLAIMED);
}

bool guest_must_be_reclaimed(struct guest *guest, unsigned int count, uint32_t reason)
{
	struct done done[RING_ENTRIES];
	unsigned int tag;
	uint32_t first;

	must(ring_collect(&guest->ring, done, count));
	first = guest->party.reports[0].gate_reason;
	for (tag = 0; tag < count; tag++) {
		must_give(done_result(done, count, tag + 1), -ECANCELED);
		must_be_reclaimed(&guest->party.reports[tag]);
		assert_int_equal(guest->party.reports[tag].gate_reason, first);
	}
	assert_true(ring_is_quiet(&guest->ring));
	if (first == LAYBY_GATE_NO_GOVERNOR || first == LAYBY_GATE_NO_SENSOR)
		return false;
	assert_int_equal(first, reason);
	return true;
}

static bool has_run(void *arg)
{
	return !guest_run(arg);
}

void guest_must_run(struct guest *guest)
{
	assert_true(eventually(has_run, guest));
}

/* --- Driving ------------------------------------------------------------------ */

/* One at least: a short test may be over before the thread has come to run. */
static void *drive(void *arg)
{
	struct driver *driver = arg;
	int r;

	do {
		ring_job(&driver->ring, driver->party.fd, 0, 1);
		r = ring_run_one(&driver->ring);
		if (!r)
			__atomic_fetch_add(&driver->done, 1, __ATOMIC_RELAXED);
	} while (!r && !__atomic_load_n(&driver->ends, __ATOMIC_RELAXED));
	driver->error = r;
	return NULL;
}

int driver_start(struct driver *driver)
{
	int r;

	*driver = (struct driver){};
	r = party_open_ready(&driver->party, LAYBY_CLASS_DRIVING, LONG_RUN);
	if (!r)
		r = ring_open(&driver->ring, RING_PLAIN);
	return r ? r : -pthread_create(&driver->thread, NULL, drive, driver);
}

unsigned int driver_done(struct driver *driver)
{
	return __atomic_load_n(&driver->done, __ATOMIC_RELAXED);
}

int driver_end(struct driver *driver)
{
	__atomic_store_n(&driver->ends, true, __ATOMIC_RELAXED);
	pthread_join(driver->thread, NULL);
	io_uring_queue_exit(&driver->ring);
	party_close(&driver->party);
	return driver->error;
}

void driver_must_be_well(struct driver *driver)
{
	must_give(driver_end(driver), 0);
	assert_true(driver->done > 0);
}

void driver_must_go_on(struct driver *driver)
{
	unsigned int before = driver_done(driver);

	sleep_ms(500);
	assert_true(driver_done(driver) > before);
}

/* --- Both ----------------------------------------------------------------------- */

int both_start(struct guest *guest, struct driver *driver)
{
	int r = guest_open(guest);

	if (!r)
		r = driver_start(driver);
	return r ? r : gate_opens() ? 0 : -ETIMEDOUT;
}

void both_end(struct guest *guest, struct driver *driver)
{
	driver_must_be_well(driver);
	guest_close(guest);
}
