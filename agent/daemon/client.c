// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Clients: connections that have submitted. When one leaves the bus, its jobs
 * are dropped, except those that were submitted to linger.
 */
#include "agent.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void client_drop_jobs(struct client *client)
{
	struct job *job = TAILQ_FIRST(&client->party->jobs);
	struct job *next;

	for (; job; job = next) {
		next = TAILQ_NEXT(job, entries);
		if (job->client != client)
			continue;
		job->client = NULL;
		if (!job->request.linger)
			job_drop(job);
	}
}

void client_destroy(struct client *client)
{
	if (client->party) {
		client_drop_jobs(client);
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

static struct client *client_find(struct agent *agent, const char *name)
{
	struct client *client;

	LIST_FOREACH(client, &agent->clients, entries)
	if (!strcmp(client->name, name))
		return client;
	return NULL;
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

int client_get(struct agent *agent, const char *name, struct party *party,
	       struct client **ret_client, sd_bus_error *error)
{
	struct client *client = client_find(agent, name);
	int r;

	if (client) {
		*ret_client = client;
		return 0;
	}
	if (party->client_count >= agent->limits.clients)
		return sd_bus_error_setf(
			error, SD_BUS_ERROR_LIMITS_EXCEEDED,
			"%u of your connections submit jobs, the most that one user may: close some",
			party->client_count);
	r = client_create(agent, name, &client);
	if (r < 0)
		return r;
	client->party = party;
	party->client_count++;
	LIST_INSERT_HEAD(&agent->clients, client, entries);
	*ret_client = client;
	return 0;
}
