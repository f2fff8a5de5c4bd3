// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The gate in words: names of enums as in layby_netlink.yaml, and for each
 * reason what it means and what would open the gate.
 */
#include "gate_link.h"
#include "util.h"

static const char *name_of(const char *const *names, size_t count,
			   uint32_t number)
{
	return number < count && names[number] ? names[number] : "unknown";
}

const char *gate_mode_name(uint32_t mode)
{
	static const char *const names[] = {
		[LAYBY_MODE_UNKNOWN] = "unknown",
		[LAYBY_MODE_DRIVING] = "driving",
		[LAYBY_MODE_PARKED] = "parked",
	};

	return name_of(names, ARRAY_SIZE(names), mode);
}

const char *gate_key_kind_name(uint32_t kind)
{
	static const char *const names[] = {
		[LAYBY_KEY_DEVELOPMENT] = "development",
		[LAYBY_KEY_PRODUCTION] = "production",
	};

	return name_of(names, ARRAY_SIZE(names), kind);
}

const char *gate_policy_state_name(uint32_t state)
{
	static const char *const names[] = {
		[LAYBY_POLICY_STATE_IDLE] = "idle",
		[LAYBY_POLICY_STATE_ABSENT] = "absent",
		[LAYBY_POLICY_STATE_UNREADABLE] = "unreadable",
		[LAYBY_POLICY_STATE_FORGED] = "forged",
		[LAYBY_POLICY_STATE_WRONG] = "wrong",
		[LAYBY_POLICY_STATE_IN_FORCE] = "in-force",
	};

	return name_of(names, ARRAY_SIZE(names), state);
}

const char *gate_governor_state_name(uint32_t state)
{
	static const char *const names[] = {
		[LAYBY_GOVERNOR_STATE_NONE] = "none",
		[LAYBY_GOVERNOR_STATE_ATTACHED] = "attached",
		[LAYBY_GOVERNOR_STATE_FAILED] = "failed",
		[LAYBY_GOVERNOR_STATE_NONSENSE] = "nonsense",
	};

	return name_of(names, ARRAY_SIZE(names), state);
}

const char *gate_frames_name(uint32_t attribute)
{
	static const char *const names[] = {
		[LAYBY_A_FRAMES_ACCEPTED] = "accepted",
		[LAYBY_A_FRAMES_FOREIGN_DRIVING] = "foreign_driving",
		[LAYBY_A_FRAMES_UNBOUND] = "unbound",
		[LAYBY_A_FRAMES_NAMESPACE] = "namespace",
		[LAYBY_A_FRAMES_INTERFACE] = "interface",
		[LAYBY_A_FRAMES_SOCKET] = "socket",
		[LAYBY_A_FRAMES_MALFORMED] = "malformed",
		[LAYBY_A_FRAMES_CRC] = "crc",
		[LAYBY_A_FRAMES_REPEATED] = "repeated",
		[LAYBY_A_FRAMES_SEQUENCE] = "sequence",
		[LAYBY_A_FRAMES_SENT] = "sent",
	};

	return name_of(names, ARRAY_SIZE(names), attribute);
}

static const struct {
	const char *text;
	const char *remedy;
	/* without anybody doing anything: that is what the gate is for */
	bool passes;
} words[] = {
	[LAYBY_GATE_FAULT] = {
		"a slot did not obey, and the fault is latched",
		"the administrator clears the fault, after finding out why",
	},
	[LAYBY_GATE_SUSPEND] = {
		"the system is going to sleep",
		"it has woken up and the signals are fresh again",
		true,
	},
	[LAYBY_GATE_NO_POLICY] = {
		"no verified policy is in force",
		"a policy with a good signature is in the image, and the module is loaded again; the kernel's log says what is wrong with this one",
	},
	[LAYBY_GATE_NOT_SEALED] = {
		"boot is not finished",
		"layby-setup has attached the BPF programs and sealed",
	},
	[LAYBY_GATE_NO_SIGNAL] = {
		"the vehicle's signals never came or are stale",
		"the control unit that the policy names is heard on the vehicle bus",
	},
	[LAYBY_GATE_DRIVING] = {
		"the vehicle is not parked",
		"every signal says parked",
		true,
	},
	[LAYBY_GATE_PARK_HOLD] = {
		"the vehicle is parked, but not yet for long enough",
		"it stays so for the policy's hold time",
		true,
	},
	[LAYBY_GATE_NO_CONSENT] = {
		"the owner has given no consent, or has taken it back",
		"the owner's signed consent is given to the agent",
	},
	[LAYBY_GATE_CLOCK_STEPPED] = {
		"the wall clock was set since the consent was given",
		"the consent is given again",
	},
	[LAYBY_GATE_CONSENT_TIME] = {
		"it is outside the time for which the owner has given consent",
		"the hours of the consent begin, or a new one is given",
		true,
	},
	[LAYBY_GATE_CONSENT_ENERGY] = {
		"the energy of the owner's consent is used up",
		"its next day begins, or a new one is given",
		true,
	},
	[LAYBY_GATE_NOT_CHARGING] = {
		"the consent is for charging only, and the vehicle does not charge",
		"the vehicle charges",
		true,
	},
	[LAYBY_GATE_LOW_CHARGE] = {
		"the battery is below the charge that the consent asks for",
		"the battery is charged",
		true,
	},
	[LAYBY_GATE_NO_LEASE] = {
		"the agent is not there or silent, or the owner has paused",
		"layby-agentd runs and the owner has not paused (laybyctl settings)",
	},
	[LAYBY_GATE_NO_GOVERNOR] = {
		"no governor is attached, or its verdict is stale",
		"the governor that layby-setup attached gives its verdict; a failed one needs a reboot",
	},
	[LAYBY_GATE_GOVERNOR] = {
		"the governor says no",
		"power, heat and load are as the governor wants them",
		true,
	},
	[LAYBY_GATE_NO_SENSOR] = {
		"the accelerator's sensors cannot be read, or are stale",
		"the accelerator measures again",
	},
	[LAYBY_GATE_HOT] = {
		"the accelerator is at the policy's trip temperature",
		"it has cooled down below the resume temperature",
		true,
	},
	[LAYBY_GATE_COOLING] = {
		"the accelerator was too hot and still cools down",
		"it is below the policy's resume temperature",
		true,
	},
	[LAYBY_GATE_OPEN] = { "everything is right", "" },
};

const char *gate_reason_text(uint32_t reason)
{
	if (reason >= ARRAY_SIZE(words) || !words[reason].text)
		return "of a reason that this program does not know";
	return words[reason].text;
}

const char *gate_reason_remedy(uint32_t reason)
{
	if (reason >= ARRAY_SIZE(words) || !words[reason].remedy)
		return "a newer laybyctl may say";
	return words[reason].remedy;
}

bool gate_reason_passes(uint32_t reason)
{
	return reason < ARRAY_SIZE(words) && words[reason].passes;
}

void gate_sentence(const struct gate_state *state, char *text, size_t size)
{
	if (state->open)
		snprintf(text, size, "The gate is open: guest work may run.");
	else
		snprintf(text, size,
			 "The gate is closed because %s; it opens when %s.",
			 gate_reason_text(state->reason),
			 gate_reason_remedy(state->reason));
}
