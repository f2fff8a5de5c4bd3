// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Clients: connections that have submitted. When one leaves the bus, its jobs
 * are dropped, here and in the store, except those that were submitted to linger.
 */
#include "agent.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

void client_owner(const struct agent *agent, const char *name,
		  char ret_owner[static STORE_OWNER_MAX])
{
	snprintf(ret_owner, STORE_OWNER_MAX, "%s/%s", agent->bus_id, name);
}

static struct client *client_find(struct agent *agent, const char *name)
{
	struct client *client;

	LIST_FOREACH(client, &agent->clients, entries)
	if (!strcmp(client->name, name))
		return client;
	return NULL;
}

const char *client_name(const struct agent *agent, const char *owner)
{
	size_t length = strlen(agent->bus_id);
	struct client *client;

	if (strncmp(owner, agent->bus_id, length) || owner[length] != '/')
		return NULL;
	client = client_find((struct agent *)agent, owner + length + 1);
	return client ? client->name : NULL;
}

/* --- when one leaves ------------------------------------------------------ */

static void on_disowned(void *userdata, int result)
{
	struct agent *agent = userdata;

	if (result < 0)
		log_error("the jobs of a connection that has gone cannot be dropped (%s): they run",
			  strerror(-result));
	agent_pump_soon(agent);
}

static void disown(struct agent *agent, const char *owner)
{
	int r;

	r = store_disown(agent->store, owner, on_disowned, agent);
	if (r < 0)
		on_disowned(agent, r);
}

static void client_drop_jobs(struct client *client)
{
	char owner[STORE_OWNER_MAX];
	struct job *job;

	client_owner(client->agent, client->name, owner);
	TAILQ_FOREACH(job, &client->party->jobs, entries)
	if (!job->stored.request.linger && !strcmp(job->stored.request.owner, owner))
		job_cancel(job);
	disown(client->agent, owner);
}

void client_destroy(struct client *client)
{
	if (client->party) {
		client->party->client_count--;
		LIST_REMOVE(client, entries);
	}
	sd_bus_track_unref(client->track);
	free(client->name);
	free(client);
}

static int on_vanished(sd_bus_track *track, void *userdata)
{
	struct client *client = userdata;
	struct agent *agent = client->agent;

	client_drop_jobs(client);
	client_destroy(client);
	agent_pump_soon(agent);
	return 0;
}

static int client_create(struct agent *agent, const char *name,
			 struct client **ret_client)
{
	struct client *client = calloc(1, sizeof(*client));
	int r = -ENOMEM;

	if (!client)
		return -ENOMEM;
	client->agent = agent;
	client->name = strdup(name);
	if (client->name)
		r = sd_bus_track_new(agent->bus, &client->track, on_vanished,
				     client);
	if (r >= 0)
		r = sd_bus_track_add_name(client->track, name);
	if (r < 0) {
		client_destroy(client);
		return r;
	}
	*ret_client = client;
	return 0;
}

/* Unique names are never given out twice, so what a client's was still holds. */
int sender_uid(struct agent *agent, sd_bus_message *m, uid_t *ret_uid)
{
	_cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
	struct client *client =
		client_find(agent, sd_bus_message_get_sender(m));
	int r;

	if (client) {
		*ret_uid = client->party->uid;
		return 0;
	}
	r = sd_bus_query_sender_creds(m, SD_BUS_CREDS_EUID, &creds);
	if (r < 0)
		return r;
	return sd_bus_creds_get_euid(creds, ret_uid);
}

static int client_add(struct agent *agent, const char *name, struct party *party,
		      struct client **ret_client)
{
	struct client *client;
	int r;

	r = client_create(agent, name, &client);
	if (r < 0)
		return r;
	client->party = party;
	party->client_count++;
	LIST_INSERT_HEAD(&agent->clients, client, entries);
	*ret_client = client;
	return 0;
}

int client_get(struct agent *agent, const char *name, struct party *party,
	       struct client **ret_client, sd_bus_error *error)
{
	struct client *client = client_find(agent, name);

	if (client) {
		*ret_client = client;
		return 0;
	}
	if (party->client_count >= agent->limits.clients)
		return sd_bus_error_setf(
			error, SD_BUS_ERROR_LIMITS_EXCEEDED,
			"%u of your connections submit jobs, the most that one user may: close some",
			party->client_count);
	return client_add(agent, name, party, ret_client);
}

/* --- at the start --------------------------------------------------------- */

/* 0: it is not on the bus any more, or was on another. Its user, if it is: 1. */
static int find_owner(struct agent *agent, const char *owner, uid_t *ret_uid)
{
	_cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
	size_t length = strlen(agent->bus_id);
	int r;

	if (strncmp(owner, agent->bus_id, length) || owner[length] != '/')
		return 0;
	r = sd_bus_get_name_creds(agent->bus, owner + length + 1, SD_BUS_CREDS_EUID, &creds);
	if (r == -ENXIO)
		return 0;
	if (r >= 0)
		r = sd_bus_creds_get_euid(creds, ret_uid);
	return r < 0 ? r : 1;
}

/* It was within the limits, and the device need not be there. */
static int client_restore(struct agent *agent, const char *owner, uid_t uid)
{
	struct party *party = party_restore(agent, uid);
	struct client *client;

	return party ? client_add(agent, strchr(owner, '/') + 1, party, &client) : -ENOMEM;
}

static int owner_restore(struct agent *agent, const char *owner)
{
	uid_t uid;
	int r;

	r = find_owner(agent, owner, &uid);
	if (r > 0)
		r = client_restore(agent, owner, uid);
	else if (!r)
		disown(agent, owner);
	/* it went just now */
	if (r == -ENXIO)
		disown(agent, owner);
	return r == -ENXIO ? 0 : r;
}

int clients_restore(struct agent *agent)
{
	char owner[STORE_OWNER_MAX] = "";
	int r;

	while ((r = store_next_owner(agent->store, owner, owner)) >= 0) {
		r = owner_restore(agent, owner);
		if (r < 0)
			return r;
	}
	return r == -ENOENT ? 0 : r;
}
