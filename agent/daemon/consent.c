// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Consent: the owner's token, carried to the kernel and kept for the next boot.
 *
 * Owns the folder consent/ of the state directory: token.bin, its signature
 * token.p7s. Judges nothing: a token that the kernel does not take is not kept,
 * and one that was withdrawn, by whomever, is kept no longer.
 */
#include "agent.h"

#include <consent_words.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER "consent"
#define TOKEN FOLDER "/token.bin"
#define SIGNATURE FOLDER "/token.p7s"
/* Far above what the kernel takes. */
#define BYTES_MAX 65536
/* First after this, then ever more seldom: it may never come. */
#define RETRY_US USEC_PER_SEC
#define RETRY_MAX_US (64 * USEC_PER_SEC)

struct bytes {
	const void *data;
	size_t size;
};

static int open_state_directory(void)
{
	int fd = open(state_directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* --- kept ----------------------------------------------------------------- */

static int write_bytes(int fd, const struct bytes *bytes)
{
	ssize_t n = write(fd, bytes->data, bytes->size);

	if (n < 0)
		return -errno;
	if ((size_t)n != bytes->size)
		return -ENOSPC;
	return fsync(fd) < 0 ? -errno : 0;
}

static int keep_file(int folder, const char *name, const struct bytes *bytes)
{
	_cleanup_close_ int fd = -1;
	char part[64];
	int r;

	snprintf(part, sizeof(part), "%s.new", name);
	fd = openat(folder, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	r = write_bytes(fd, bytes);
	if (r < 0)
		return r;
	return renameat(folder, part, folder, name) < 0 ? -errno : 0;
}

/*
 * Two files cannot change at once: if we die in between they do not fit each
 * other, the kernel says so, and the owner gives his consent again.
 */
static int consent_keep(const struct bytes *token,
			const struct bytes *signature)
{
	_cleanup_close_ int folder = open_state_directory();
	int r;

	if (folder < 0)
		return folder;
	if (mkdirat(folder, FOLDER, 0700) < 0 && errno != EEXIST)
		return -errno;
	r = keep_file(folder, TOKEN, token);
	return r < 0 ? r : keep_file(folder, SIGNATURE, signature);
}

/* Gone for good when this returns 0: a loss of power must not bring it back. */
static int consent_forget(void)
{
	_cleanup_close_ int state = open_state_directory();
	_cleanup_close_ int folder = -1;

	if (state < 0)
		return state;
	folder = openat(state, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || unlinkat(state, TOKEN, 0) < 0)
		return errno == ENOENT ? 0 : -errno;
	log_notice("consent: withdrawn, forgotten");
	unlinkat(state, SIGNATURE, 0);
	return fsync(folder) < 0 ? -errno : 0;
}

static int read_file(int folder, const char *name, char *buffer,
		     struct bytes *ret_bytes)
{
	_cleanup_close_ int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buffer, BYTES_MAX);
	if (n < 0)
		return -errno;
	*ret_bytes = (struct bytes){ buffer, (size_t)n };
	return 0;
}

/* --- given ---------------------------------------------------------------- */

static int give(const struct agent *agent, const struct bytes *token,
		const struct bytes *signature)
{
	struct layby_node *node;
	int r;

	r = layby_node_open(agent->partition, &node);
	if (r < 0)
		return r;
	r = layby_consent_give(node, token->data, token->size, signature->data,
			       signature->size);
	layby_node_close(node);
	return r;
}

static int read_kept(char *buffer, struct bytes *token,
		     struct bytes *signature)
{
	_cleanup_close_ int folder = open_state_directory();
	int r;

	if (folder < 0)
		return folder;
	r = read_file(folder, TOKEN, buffer, token);
	return r < 0 ? r :
		       read_file(folder, SIGNATURE, buffer + BYTES_MAX,
				 signature);
}

static void consent_try(struct agent *agent);

static int on_try_again(sd_event_source *source, uint64_t usec, void *userdata)
{
	consent_try(userdata);
	return 0;
}

/* A new policy is heard of before udev has made its partition's node. */
static void consent_try_later(struct agent *agent)
{
	int r;

	if (!agent->consent_timer)
		r = sd_event_add_time_relative(agent->event,
					       &agent->consent_timer,
					       CLOCK_MONOTONIC,
					       agent->consent_retry_us, 0,
					       on_try_again, agent);
	else
		r = sd_event_source_set_time_relative(
			agent->consent_timer, agent->consent_retry_us);
	if (r >= 0)
		r = sd_event_source_set_enabled(agent->consent_timer,
						SD_EVENT_ONESHOT);
	if (r < 0)
		log_error("consent: arming the timer: %s", strerror(-r));
	if (agent->consent_retry_us < RETRY_MAX_US)
		agent->consent_retry_us *= 2;
}

static bool has_no_node(int r)
{
	return r == -ENOENT || r == -ENODEV || r == -EACCES;
}

static void consent_try(struct agent *agent)
{
	_cleanup_free_ char *buffer = malloc(2 * BYTES_MAX);
	struct bytes token, signature;
	int r;

	if (!agent->consent_due || agent->stopping)
		return;
	agent->consent_due = false;
	r = buffer ? read_kept(buffer, &token, &signature) : -ENOMEM;
	if (r == -ENOENT)
		return;
	if (r >= 0)
		r = give(agent, &token, &signature);
	if (has_no_node(r)) {
		agent->consent_due = true;
		consent_try_later(agent);
	} else if (r < 0) {
		log_error("consent: the one that was kept: %s",
			  consent_refusal(r) ?: strerror(-r));
	}
}

static bool policy_in_force(const struct gate_state *state)
{
	return state->known && state->reason > LAYBY_GATE_NO_POLICY;
}

/*
 * What is kept is given when a policy comes into force without a consent being
 * held, and when the clock was set: then the kernel judges its hours anew.
 */
static bool is_to_be_given(const struct gate_state *was,
			   const struct gate_state *now)
{
	if (!policy_in_force(now))
		return false;
	if (!now->has_consent)
		return !policy_in_force(was);
	return now->reason == LAYBY_GATE_CLOCK_STEPPED &&
	       was->reason != LAYBY_GATE_CLOCK_STEPPED;
}

/*
 * With the policy consent only lapses: the same token may be given again. That
 * it lapsed is no event of its own, and first heard of with the next policy.
 */
static bool was_withdrawn(const struct gate_state *was,
			  const struct gate_state *now)
{
	return policy_in_force(was) && policy_in_force(now) &&
	       was->has_consent && !now->has_consent;
}

void consent_update(struct agent *agent, const struct gate_state *was,
		    const struct gate_state *now)
{
	int r = 0;

	if (was_withdrawn(was, now))
		r = consent_forget();
	else if (is_to_be_given(was, now))
		agent->consent_due = true;
	if (r < 0)
		log_error("consent: withdrawn, but still kept for the next boot: %s",
			  strerror(-r));
	if (!policy_in_force(now) || was_withdrawn(was, now))
		agent->consent_due = false;
	agent->consent_retry_us = RETRY_US;
	consent_try(agent);
}

/* --- on the bus ----------------------------------------------------------- */

static int refuse(int r, sd_bus_error *error)
{
	return sd_bus_error_setf(error, ERROR_CONSENT, "the consent %s",
				 consent_refusal(r) ?: strerror(-r));
}

static int read_bytes(sd_bus_message *m, const char *what, struct bytes *bytes,
		      sd_bus_error *error)
{
	int r;

	r = sd_bus_message_read_array(m, 'y', &bytes->data, &bytes->size);
	if (r < 0)
		return r;
	if (bytes->size && bytes->size <= BYTES_MAX)
		return 0;
	return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
				 "the %s has %zu bytes; right is 1 to %d", what,
				 bytes->size, BYTES_MAX);
}

int method_give_consent(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct agent *agent = userdata;
	struct bytes token, signature;
	int r;

	r = read_bytes(m, "token", &token, error);
	if (r < 0)
		return r;
	r = read_bytes(m, "signature", &signature, error);
	if (r < 0)
		return r;
	r = give(agent, &token, &signature);
	if (has_no_node(r))
		return no_device(agent, r, error);
	if (r < 0)
		return refuse(r, error);
	r = consent_keep(&token, &signature);
	if (r < 0)
		log_error("consent: in force, but not kept for the next boot: %s",
			  strerror(-r));
	log_notice("consent: given");
	gate_refresh(agent->gate);
	return sd_bus_reply_method_return(m, NULL);
}

static int withdraw_now(struct agent *agent, sd_bus_error *error)
{
	struct layby_node *node;
	int r;

	r = layby_node_open(agent->partition, &node);
	if (r < 0)
		return no_device(agent, r, error);
	r = layby_consent_withdraw(node);
	layby_node_close(node);
	return r < 0 ? refuse(r, error) : 0;
}

int consent_withdraw(struct agent *agent, sd_bus_error *error)
{
	int kept = consent_forget();
	int r;

	r = withdraw_now(agent, error);
	gate_refresh(agent->gate);
	if (r < 0 || kept >= 0)
		return r;
	return sd_bus_error_setf(
		error, ERROR_CANNOT_KEEP,
		"the consent is withdrawn, but the disk does not let go of it (%s): after the next boot it would be given again",
		strerror(-kept));
}

int method_withdraw_consent(sd_bus_message *m, void *userdata,
			    sd_bus_error *error)
{
	int r = consent_withdraw(userdata, error);

	return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}
