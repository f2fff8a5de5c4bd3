// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * layby_policy_guest_limit_mdeg() of kmod/policy.c, for every trip, rail and
 * accelerator: the limit is the trip at the most, and one that has_headroom() was asked
 * about, for what the rail adds, and said yes to, whatever it says of others (ISO-12). Where
 * it says yes to none the limit is the lowest number that there is, at which no policy may
 * resume: see the proof "policy". What a yes means is shown in the proof "policy-headroom".
 *
 * What the rail adds is a product, and any number is looked at in its place: solvers take
 * too long to find two products equal. That it is that product, and that no higher limit
 * would do, is shown by the unit tests.
 */
#include <policy.c>

#include "proof.h"

ANY(struct layby_policy_hw, hw);
ANY(__s32, trip_mdeg);
ANY(__u32, power_mw);
ANY(__u64, microkelvin);
ANY(bool, answer);

/* What the rail adds, and of what; the last temperature that has headroom. */
static struct {
	const struct layby_policy_hw *hw;
	__u32 power_mw;
	__u64 microkelvin;
	__s64 mdeg;
} heat;

/* In place of rail_heat(): goto-instrument turns the calls. */
__u64 any_heat(const struct layby_policy_hw *hw, __u32 rail_mw)
{
	holds(hw == heat.hw && rail_mw == heat.power_mw, "the heat is that of the rail");
	return heat.microkelvin;
}

/* In place of has_headroom(), likewise. */
bool any_headroom(const struct layby_policy_hw *hw, __u64 microkelvin, __s64 mdeg)
{
	bool answer = any_answer();

	holds(hw == heat.hw && microkelvin == heat.microkelvin, "headroom is asked for that heat");
	if (answer)
		heat.mdeg = mdeg;
	return answer;
}

int main(void)
{
	struct layby_policy_hw hw = any_hw();
	__s32 trip = any_trip_mdeg(), limit;

	heat.hw = &hw;
	heat.power_mw = any_power_mw();
	heat.microkelvin = any_microkelvin();
	limit = layby_policy_guest_limit_mdeg(trip, heat.power_mw, &hw);
	holds(limit <= trip, "the limit is the trip at the most");
	if (limit == MDEG_LOWEST)
		return 0;
	reached("a limit that is not the lowest number");
	holds(limit == heat.mdeg, "the limit has headroom");
	return 0;
}
