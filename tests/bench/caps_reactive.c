// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The reactive governor, for comparison only: a PI controller on measured power, as
 * RAPL-like loops are, that sets for what part of each period the guest may submit.
 * It begins with the part that the data sheet says is right, and knows what the device
 * draws without the guest: both are given to it.
 *
 * Must never see what no governor sees: power comes late, noisy and rounded.
 */
#include "caps.h"

#define PERIOD_NS	(100 * MS)
#define IDLE_READINGS	8
/* So that the tiles have work, and what goes on beyond the period's part is short */
#define OUTSTANDING	2

/* Four busy tiles by the data sheet at 50 degrees, mW, docs/accelerator.md */
static const double sheet_mw[] = { 1519, 2626, 4178, 6216 };

void reactive_begin(struct reactive *reactive, const struct run *run, struct loader *loader)
{
	double sum = 0;
	int i;

	if (loader->outstanding > OUTSTANDING)
		loader->outstanding = OUTSTANDING;
	for (i = 0; i < IDLE_READINGS; i++) {
		sleep_ms(PERIOD_NS / MS);
		sum += governor_seen().power_mw;
	}
	*reactive = (struct reactive){
		.kp = run->kp,
		.ki = run->ki,
		.idle_mw = sum / IDLE_READINGS,
		.full_mw = sheet_mw[run->level],
	};
}

static double within(double low, double high, double number)
{
	return number < low ? low : number > high ? high : number;
}

/* The integral stands still while it could only make the duty leave its range. */
static void look_back(struct reactive *reactive, uint32_t cap_mw)
{
	double guest_mw = governor_seen().power_mw - reactive->idle_mw;
	double error = (cap_mw - guest_mw) / reactive->full_mw;
	double ahead = cap_mw / reactive->full_mw;
	double integral = reactive->integral + reactive->ki * error;
	double duty = ahead + integral + reactive->kp * error;

	if (duty >= 0 && duty <= 1)
		reactive->integral = integral;
	reactive->duty = within(0, 1, ahead + reactive->integral + reactive->kp * error);
}

bool reactive_permits(struct reactive *reactive, uint32_t cap_mw, uint64_t now)
{
	if (!reactive->period_ns)
		reactive->duty = within(0, 1, cap_mw / reactive->full_mw);
	else if (now - reactive->period_ns >= PERIOD_NS)
		look_back(reactive, cap_mw);
	if (now - reactive->period_ns >= PERIOD_NS)
		reactive->period_ns = now;
	return now - reactive->period_ns < reactive->duty * PERIOD_NS;
}

uint64_t reactive_next_ns(const struct reactive *reactive, uint64_t now)
{
	uint64_t off = reactive->period_ns + (uint64_t)(reactive->duty * PERIOD_NS);

	return now < off ? off : reactive->period_ns + PERIOD_NS;
}
