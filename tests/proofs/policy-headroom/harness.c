// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * has_headroom() of kmod/policy.c, for every accelerator, temperature and heat: what reads
 * as that temperature, is hotter by the sensor's error and then becomes hotter by that heat
 * is not above the throttle, to the microkelvin (ISO-12). The proof "policy-limit" relies
 * on it.
 */
#include <policy.c>

#include "proof.h"

ANY(struct layby_policy_hw, hw);
ANY(__s32, mdeg);
ANY(__u64, microkelvin);

int main(void)
{
	struct layby_policy_hw hw = any_hw();
	__u64 heat = any_microkelvin();
	__s64 mdeg = any_mdeg(), spare;

	if (!has_headroom(&hw, heat, mdeg))
		return 0;
	reached("a temperature with headroom");
	spare = (__s64)hw.throttle_mdeg - hw.sensor_error_mdeg - mdeg;
	holds(spare >= 0 && (__u64)(spare * 1000) >= heat, "what has headroom does not throttle");
	return 0;
}
