// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A gate link without a kernel: the gate is what the file $FAKE_LAYBY_GATE
 * says, the name of a reason. Without the file there is no module. The policy
 * is always the same, but not in force for "no-policy"; consent is held from then
 * on, but for "no-consent".
 *
 * Words behind the reason change what else is told:
 *   KEY=VALUE  production=1 digest=HEX policy=NAME late=N faulted=1
 *              attached=1 clean=1 (no frames were stopped) ended=1 (the consent)
 *              root=1 (what only root is told, too) mdeg=N (the temperature)
 *              lost=N, more than before (messages were), between=N
 *              (changes that nobody was told of)
 *              used=N (that much more energy, and a job)
 *              charge=N (the battery's, per cent) charging=N (1: no, 2: yes)
 *              parked=MS (CLOCK_MONOTONIC, since when; else since it was first asked)
 *              age=MS (the signals', or never) tiles=driving (no guest partition),
 *              or none (no accelerator)
 *   fail=N     that question, by its number in layby_netlink.h, is not answered
 */
#include "fake_gate.h"

#include <drm/layby_accel.h>
#include <errno.h>
#include <gate_link.h>
#include <layby.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

struct gate_link {
	int fd;
	struct gate_state state;
	/* as they were told last */
	uint64_t lost;
	uint64_t attached;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint32_t read_reason(void)
{
	const char *path = getenv("FAKE_LAYBY_GATE");
	FILE *file = path ? fopen(path, "re") : NULL;
	char name[32] = "";
	uint32_t reason;

	if (!file)
		return 0;
	if (fscanf(file, "%31s", name) != 1)
		abort();
	fclose(file);
	for (reason = LAYBY_GATE_OPEN; reason; reason--)
		if (!strcmp(name, layby_gate_reason_name(reason)))
			break;
	return reason ?: (abort(), 0);
}

/* The value of a word behind the reason, of several the last; or NULL. */
static const char *word(const char *key)
{
	static char value[128];
	const char *path = getenv("FAKE_LAYBY_GATE"), *found = NULL;
	FILE *file = path ? fopen(path, "re") : NULL;
	char text[160];

	while (file && fscanf(file, "%159s", text) == 1) {
		if (strncmp(text, key, strlen(key)) || text[strlen(key)] != '=')
			continue;
		snprintf(value, sizeof(value), "%s", text + strlen(key) + 1);
		found = value;
	}
	if (file)
		fclose(file);
	return found;
}

static uint64_t number_of(const char *key)
{
	const char *value = word(key);

	return value ? strtoull(value, NULL, 10) : 0;
}

static int answer(int command)
{
	return number_of("fail") == (uint64_t)command ? -EIO : 0;
}

static bool is_consent_held(uint32_t reason)
{
	return reason > LAYBY_GATE_NO_POLICY && reason != LAYBY_GATE_NO_CONSENT;
}

static uint64_t signal_age_ns(void)
{
	const char *value = word("age");

	return value && !strcmp(value, "never") ? GATE_NO_AGE : number_of("age") * 1000000;
}

static void set_battery(struct gate_state *state)
{
	state->has_charge = word("charge");
	state->charge_percent = (uint8_t)number_of("charge");
	state->charge_age_ns = state->has_charge ? 0 : GATE_NO_AGE;
	state->charging = (uint8_t)number_of("charging");
	state->charging_age_ns = state->charging ? 0 : GATE_NO_AGE;
}

static bool same_battery(const struct gate_state *a, const struct gate_state *b)
{
	return a->has_charge == b->has_charge && a->charge_percent == b->charge_percent &&
	       a->charging == b->charging;
}

static uint64_t parked_since_ns(const struct gate_state *state, uint64_t now)
{
	if (word("parked"))
		return number_of("parked") * 1000000;
	return state->parked_since_ns ?: now;
}

static void set_reason(struct gate_state *state, uint32_t reason)
{
	bool consent = is_consent_held(reason);
	uint64_t now = now_ns();

	*state = (struct gate_state){
		.known = reason != 0,
		.open = reason == LAYBY_GATE_OPEN,
		.guests_in = reason == LAYBY_GATE_OPEN,
		.sealed = reason > LAYBY_GATE_NOT_SEALED,
		.fault = reason == LAYBY_GATE_FAULT,
		.reason = reason,
		.mode = reason > LAYBY_GATE_DRIVING ? LAYBY_MODE_PARKED :
						      LAYBY_MODE_DRIVING,
		.parked_since_ns = reason <= LAYBY_GATE_DRIVING ? 0 : parked_since_ns(state, now),
		.since_ns = now,
		.now_ns = now,
		.change = state->change + 1 + number_of("between"),
		.has_consent = consent,
		.signal_age_ns = signal_age_ns(),
		.consent_id = { consent },
		.consent_serial = consent,
		.has_temperature = word("mdeg"),
		.temperature_mdeg = (int32_t)number_of("mdeg"),
		.consent_from_wall_ns = 1000000000,
		.consent_until_wall_ns = number_of("ended") ? 0 : 2000000000,
	};
}

/* A file that was written, not moved to its place, is a change without event. */
void fake_gate_look(void)
{
	uint32_t reason = read_reason();

	if (reason)
		fake_layby_gate(reason == LAYBY_GATE_OPEN,
				is_consent_held(reason));
}

int gate_link_get_state(struct gate_link *link, struct gate_state *ret_state)
{
	uint32_t reason = read_reason();

	if (reason != link->state.reason)
		set_reason(&link->state, reason);
	set_battery(&link->state);
	fake_gate_look();
	*ret_state = link->state;
	return answer(LAYBY_NL_GET_STATE);
}

static void read_digest(uint8_t *digest)
{
	const char *value = word("digest");

	for (; value && sscanf(value, "%2hhx", digest) == 1; value += 2)
		digest++;
}

int gate_link_get_policy(struct gate_link *link,
			 struct gate_policy *ret_policy)
{
	*ret_policy = (struct gate_policy){
		.state = LAYBY_POLICY_STATE_ABSENT,
		.key_kind = LAYBY_KEY_DEVELOPMENT,
		.serial_floor = 1,
	};
	if (number_of("production"))
		ret_policy->key_kind = LAYBY_KEY_PRODUCTION;
	if (!link->state.known || link->state.reason == LAYBY_GATE_NO_POLICY)
		return answer(LAYBY_NL_GET_POLICY);
	ret_policy->state = LAYBY_POLICY_STATE_IN_FORCE;
	ret_policy->serial = 7;
	ret_policy->lease_age_max_ns = 300000000;
	ret_policy->signal_age_max_ns = 500000000;
	memset(ret_policy->digest, 0xab, sizeof(ret_policy->digest));
	read_digest(ret_policy->digest);
	snprintf(ret_policy->id, sizeof(ret_policy->id), "%s", word("policy") ?: "test-policy");
	return answer(LAYBY_NL_GET_POLICY);
}

int gate_link_get_counters(struct gate_link *link,
			   struct gate_counters *ret_counters)
{
	*ret_counters = (struct gate_counters){
		.opened = 3,
		.reclaims = 3,
		.late = number_of("late"),
		.worst_ns = 1500000,
		.last_ns = 900000,
		.bucket_count = 4,
		.buckets = { { 512000, 0 }, { 1024000, 2 }, { 2048000, 1 }, { UINT64_MAX, 0 } },
	};
	return answer(LAYBY_NL_GET_COUNTERS);
}

int gate_link_get_frames(struct gate_link *link,
			 struct gate_frames *ret_frames)
{
	*ret_frames = (struct gate_frames){
		.bus = 2,
		.count = { [LAYBY_A_FRAMES_ACCEPTED] = 700,
			   [LAYBY_A_FRAMES_SENT] = number_of("clean") ? 0 : 4 },
	};
	return answer(LAYBY_NL_GET_FRAMES);
}

int gate_link_get_governor(struct gate_link *link,
			   struct gate_governor *ret_governor)
{
	*ret_governor = (struct gate_governor){
		.state = LAYBY_GOVERNOR_STATE_FAILED,
		.name = "fake",
		.returned = -22,
		.refused = 5,
		.why = "sample() returned -22, 0 would be right",
	};
	if (number_of("attached"))
		ret_governor->state = LAYBY_GOVERNOR_STATE_ATTACHED;
	return answer(LAYBY_NL_GET_GOVERNOR);
}

int gate_link_get_partitions(struct gate_link *link,
			     struct gate_partitions *ret_partitions)
{
	static const struct gate_partition partitions[] = {
		{ .accel = "fake", .partition_class = LAYBY_CLASS_DRIVING,
		  .tiles = 0x0f, .window_bytes = 1 << 26, .queue_depth = 64,
		  .enabled = true },
		{ .accel = "fake", .partition_class = LAYBY_CLASS_GUEST,
		  .minor = 1, .tiles = 0xf0, .window_bytes = 1 << 20,
		  .queue_depth = 16, .has_cleared = true,
		  .window_clearings = 5, .window_cleared_bytes = 20480,
		  .tile_clearings = 2, .has_used = true, .energy_uj = 4500000,
		  .tile_ticks = 3000000, .jobs = 12 },
	};

	*ret_partitions = (struct gate_partitions){};
	if (!link->state.known || answer(LAYBY_NL_GET_PARTITIONS))
		return answer(LAYBY_NL_GET_PARTITIONS);
	ret_partitions->list = malloc(sizeof(partitions));
	memcpy(ret_partitions->list, partitions, sizeof(partitions));
	ret_partitions->list[0].has_cleared = number_of("root");
	ret_partitions->list[0].has_used = number_of("root");
	ret_partitions->list[1].faulted = number_of("faulted");
	ret_partitions->list[1].energy_uj += number_of("used");
	ret_partitions->list[1].jobs += number_of("used") != 0;
	ret_partitions->count = 2;
	if (word("tiles"))
		ret_partitions->count = strcmp(word("tiles"), "none") != 0;
	return 0;
}

int gate_link_get_accelerator(struct gate_link *link,
			      struct gate_accelerator *ret_accelerator)
{
	*ret_accelerator = (struct gate_accelerator){
		.accel = "fake",
		.has_energy = number_of("root"),
		.device_energy_uj = 90000000,
		.idle_energy_uj = 80000000,
		.has_caps = true,
		.cap_mw = 5000,
		.ceiling_mw = 9000,
		.bucket_uj = 2000000,
		.credit_uj = 1500000,
		.charged_uj = 250000,
		.level = 2,
		.waiting = 3,
	};
	return answer(LAYBY_NL_GET_ACCELERATORS);
}

int gate_link_hear(struct gate_link *link, const struct gate_listener *listener)
{
	uint64_t lost = link->lost, attached = link->attached;
	struct gate_state was = link->state;
	struct gate_governor governor;
	struct gate_state state;
	char events[4096];

	while (read(link->fd, events, sizeof(events)) > 0)
		;
	gate_link_get_state(link, &state);
	link->lost = number_of("lost");
	link->attached = number_of("attached");
	if (link->lost > lost && listener->on_lost)
		listener->on_lost(listener->userdata);
	if (link->attached != attached && state.known && listener->on_governor) {
		gate_link_get_governor(link, &governor);
		listener->on_governor(&governor, listener->userdata);
	}
	if ((state.change != was.change || !same_battery(&state, &was)) && listener->on_state)
		listener->on_state(&state, listener->userdata);
	return 0;
}

int gate_link_process(struct gate_link *link, gate_event_fn on_state,
		      void *userdata)
{
	const struct gate_listener listener = {
		.on_state = on_state,
		.userdata = userdata,
	};

	return gate_link_hear(link, &listener);
}

int gate_link_join_governor(struct gate_link *link)
{
	link->attached = number_of("attached");
	return 0;
}

int gate_link_open(struct gate_link **ret_link)
{
	const char *path = getenv("FAKE_LAYBY_GATE");
	struct gate_link *link = calloc(1, sizeof(*link));
	char folder[PATH_MAX];

	link->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (path) {
		snprintf(folder, sizeof(folder), "%.*s",
			 (int)(strrchr(path, '/') - path), path);
		if (inotify_add_watch(link->fd, folder,
				      IN_MOVED_TO | IN_DELETE) < 0)
			abort();
	}
	*ret_link = link;
	return 0;
}

void gate_link_close(struct gate_link *link)
{
	if (!link)
		return;
	close(link->fd);
	free(link);
}

int gate_link_fd(const struct gate_link *link)
{
	return link->fd;
}
