// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * has_headroom() of kmod/policy.c, for every heat and all temperatures within 2^18
 * millidegree, 262 °C, of zero: what reads as a temperature, is hotter by the sensor's
 * error and then becomes hotter by that heat is not above the throttle, to the microkelvin
 * (ISO-12). The proof "policy-limit" relies on it. With temperatures of 32 bits it holds,
 * too, but takes the solver minutes, and is not asked each time.
 */
#include <policy.c>

#include "proof.h"

#define MDEG_MOST	(1 << 18)

ANY(struct layby_policy_hw, hw);
ANY(__s32, mdeg);
ANY(__u64, microkelvin);

int main(void)
{
	struct layby_policy_hw hw = any_hw();
	__u64 heat = any_microkelvin();
	__s64 mdeg = any_mdeg(), spare;

	given(mdeg >= -MDEG_MOST && mdeg < MDEG_MOST);
	given(hw.throttle_mdeg >= -MDEG_MOST && hw.throttle_mdeg < MDEG_MOST);
	given(hw.sensor_error_mdeg < MDEG_MOST);
	if (!has_headroom(&hw, heat, mdeg))
		return 0;
	reached("a temperature with headroom");
	spare = (__s64)hw.throttle_mdeg - hw.sensor_error_mdeg - mdeg;
	holds(spare >= 0 && (__u64)(spare * 1000) >= heat, "what has headroom does not throttle");
	return 0;
}
