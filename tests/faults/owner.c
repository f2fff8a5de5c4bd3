// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who permits and who asks: the agent, the owner's tokens, the clock that they are
 * valid by, the image's policy, and what a job names. A token is always one that was
 * not given before.
 */
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "image.h"
#include "parts.h"
#include "scene.h"

#define POLICY		"null-faults"
#define TOKEN		"/run/gate-token"
#define FORGED		"/run/forged"

/* --- The agent ---------------------------------------------------------------------- */

static int agent_killed(void)
{
	return kill(park_pid(), SIGKILL) ? -errno : 0;
}

static int agent_again(void)
{
	return park_start();
}

static int agent_stopped(void)
{
	return kill(park_pid(), SIGSTOP) ? -errno : 0;
}

static int agent_goes_on(void)
{
	return kill(park_pid(), SIGCONT) ? -errno : 0;
}

static int lease_dropped(void)
{
	return park("drop");
}

static int lease_taken(void)
{
	return park("take");
}

static int lease_not_renewed(void)
{
	return park("hold");
}

static int lease_renewed(void)
{
	return park("renew");
}

/* --- Consent ------------------------------------------------------------------------ */

static int consent_again(void)
{
	return token_give("");
}

static int consent_withdrawn(void)
{
	return park("withdraw");
}

/* Signing takes some of its time. */
static int consent_expires(void)
{
	int r = token_give("--until +2s");

	return r == -EKEYEXPIRED ? -EAGAIN : r;
}

/* From two hours hence for an hour. */
static int consent_of_other_hours(void)
{
	int hour = (int)(time(NULL) / 3600 % 24);
	char options[64];

	snprintf(options, sizeof(options), "--hours %02d:00-%02d:00", (hour + 2) % 24,
		 (hour + 3) % 24);
	return token_give(options);
}

static int write_whole(const char *path, const struct image_file *file)
{
	FILE *out = fopen(path, "we");
	size_t done;

	if (!out)
		return -errno;
	done = fwrite(file->bytes, 1, file->size, out);
	return fclose(out) || done != file->size ? -EIO : 0;
}

/* @name of a token, with one bit flipped or not. */
static int copy_part(const char *from, const char *to, bool flip)
{
	static struct image_file file;
	int r = image_read("/run", from, &file);

	if (!r && !file.size)
		r = -ENODATA;
	if (r)
		return r;
	if (flip)
		file.bytes[pick((unsigned int)file.size)] ^= (uint8_t)(1u << pick(8));
	return write_whole(to, &file);
}

/* With nothing but that to permit anything. */
static int consent_forged(void)
{
	bool token = pick(2);
	int r = token_sign(SCENE_ID, "");

	if (!r)
		r = copy_part("gate-token.bin", FORGED ".bin", token);
	if (!r)
		r = copy_part("gate-token.p7s", FORGED ".p7s", !token);
	if (!r)
		r = park("withdraw");
	return r ? r : park("give " FORGED ".bin " FORGED ".p7s");
}

static int consent_given_again(void)
{
	int r = park("withdraw");

	return r ? r : token_give_again();
}

/* The next job uses more than 1 Wh. An id has one account for the boot, of 64. */
static int energy_used_up(void)
{
	static unsigned int account;
	char id[40];
	int r;

	snprintf(id, sizeof(id), "0c0000000000000000000000%08x", ++account);
	r = token_sign(id, "--energy-total 1Wh");
	if (!r)
		r = token_give_again();
	return r ? r : null_set("energy_uj", 4000000000);
}

static int energy_again(void)
{
	int r = null_set("energy_uj", 0);

	return r ? r : consent_again();
}

/* --- The wall clock ------------------------------------------------------------------ */

static int64_t stepped_s;

static int clock_add(int64_t s)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now))
		return -errno;
	now.tv_sec += s;
	return clock_settime(CLOCK_REALTIME, &now) ? -errno : 0;
}

/* Either way; two seconds are forgiven. */
static int clock_stepped(void)
{
	stepped_s = (3 + (int64_t)pick(3600)) * (pick(2) ? 1 : -1);
	return clock_add(stepped_s);
}

static int clock_back(void)
{
	int r = clock_add(-stepped_s);

	return r ? r : consent_again();
}

/* --- The policy, at load ------------------------------------------------------------- */

/* The backend anew, with what lies in the image. */
static int backend_again(void)
{
	int r;

	device_release();
	r = park("drop");
	if (!r)
		r = null_reload("");
	return r ? r : device_take();
}

static int policy_flipped(void)
{
	const char *name = pick(2) ? "policy.bin" : "policy.p7s";
	static struct image_file file;
	int r = image_read(POLICIES POLICY, name, &file);

	if (r)
		return r;
	file.bytes[pick((unsigned int)file.size)] ^= (uint8_t)(1u << pick(8));
	r = image_write(name, &file);
	return r ? r : backend_again();
}

/* Signed as it should be, with a serial below the floor that is built in. */
static int policy_old(void)
{
	int r = image_install("null-gate");

	return r ? r : backend_again();
}

static int policy_of_another(void)
{
	int r = image_install("vnpu");

	return r ? r : backend_again();
}

static int policy_missing(void)
{
	int r = image_write("policy.p7s", NULL);

	return r ? r : backend_again();
}

static int policy_right(void)
{
	int r = image_install(POLICY);

	if (!r)
		r = backend_again();
	return r ? r : park("take");
}

/* Driving has all of it, nobody else is there; that its jobs run is counted anyway. */
static const char *policy_is(const char *state)
{
	int node;

	if (strcmp(policy_shows("state"), state))
		return saw("the policy is %s", policy_shows("state"));
	node = node_open(LAYBY_CLASS_GUEST);
	if (node >= 0)
		close(node);
	return node == -ENOENT ? NULL : saw("there is a guest node");
}

static const char *policy_is_forged(void)
{
	return policy_is("forged");
}

static const char *policy_is_wrong(void)
{
	return policy_is("wrong");
}

static const char *policy_is_absent(void)
{
	return policy_is("absent");
}

/* --- What a job names ----------------------------------------------------------------- */

/* One of its ranges begins or ends outside of its buffer, by 64 bytes at least. */
static int range_outside(void)
{
	struct layby_range range[3];
	struct layby_job_prepare prepare = {
		.inputs = (uintptr_t)&range[1], .input_count = 1,
		.outputs = (uintptr_t)&range[2], .output_count = 1,
		.longest_run_ns = SECOND,
	};
	unsigned int i, bad = pick(3);

	for (i = 0; i < 3; i++)
		range[i] = (struct layby_range){ .handle = bed.party->buffer[i], .length = PAGE };
	range[bad].offset = 64ull << pick(58);
	if (pick(2)) {
		range[bad].length = PAGE + range[bad].offset;
		range[bad].offset = 0;
	}
	prepare.program = range[0];
	return node_ioctl(bed.party->fd, DRM_IOCTL_LAYBY_JOB_PREPARE, &prepare);
}

#define LOADS(state) .also = policy_is_##state, .gate = LAYBY_GATE_NO_POLICY

const struct fault owner_faults[] = {
	{ "FM-50", "agent-killed", agent_killed, agent_again, CLOSES(NO_LEASE) },
	{ "FM-51", "agent-stopped", agent_stopped, agent_goes_on, CLOSES(NO_LEASE) },
	{ "FM-52", "lease-dropped", lease_dropped, lease_taken, CLOSES(NO_LEASE) },
	{ "FM-53", "lease-not-renewed", lease_not_renewed, lease_renewed, CLOSES(NO_LEASE) },
	{ "FM-60", "consent-withdrawn", consent_withdrawn, consent_again, CLOSES(NO_CONSENT) },
	{ "FM-61", "consent-expired", consent_expires, consent_again, CLOSES(CONSENT_TIME) },
	{ "FM-61", "consent-other-hours", consent_of_other_hours, consent_again,
	  CLOSES(CONSENT_TIME) },
	{ "FM-62", "consent-forged", consent_forged, consent_again,
	  .got = -EKEYREJECTED, CLOSES(NO_CONSENT) },
	{ "FM-63", "consent-replayed", consent_given_again, consent_again,
	  .got = -ESTALE, CLOSES(NO_CONSENT) },
	{ "FM-64", "energy-used-up", energy_used_up, energy_again,
	  .gate = LAYBY_GATE_CONSENT_ENERGY, .result = -ECANCELED,
	  .reason = LAYBY_REASON_RECLAIMED, .jobs = JOBS, .flags = FAULT_FEEDS, .most = 50 },
	{ "FM-65", "clock-stepped", clock_stepped, clock_back, CLOSES(CLOCK_STEPPED) },
	{ "FM-70", "policy-flipped", policy_flipped, policy_right, LOADS(forged) },
	{ "FM-71", "policy-old", policy_old, policy_right, LOADS(wrong) },
	{ "FM-72", "policy-of-another", policy_of_another, policy_right, LOADS(wrong) },
	{ "FM-73", "policy-missing", policy_missing, policy_right, LOADS(absent) },
	{ "FM-80", "range-outside", range_outside, .got = -EINVAL, .jobs = JOBS },
	{}
};
