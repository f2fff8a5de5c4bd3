// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * guest - somebody else's inference: all images, in batches, through the agent
 *
 * usage: guest PROGRAM IMAGES ROUNDS SECONDS FOLDER
 *
 * First classifies all images once, whatever the vehicle does meanwhile; writes
 * to stdout how many jobs of that are done, a line each. Then ROUNDS times:
 * pauses for SECONDS, and classifies all images over and over for SECONDS, each
 * pass complete. Knows nothing of the accelerator but the D-Bus interface. Writes
 * to FOLDER: guest.f32 (ten logits an image, of the first pass) and guest.csv (a
 * line for the first pass and for each round: start and end, monotonic ns; jobs;
 * energy, uJ; jobs that failed; how often jobs were taken back from the device).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "client.h"

#define BATCH		32
#define BATCH_IMAGES	(BATCH * IMAGE_BYTES)
#define BATCH_LOGITS	(BATCH * LOGITS_BYTES)
#define OUTSTANDING	8
#define LONGEST_RUN_US	(uint64_t)1000000
#define BATCHES_MAX	256

#define AGENT	"org.layby.Agent1"
#define JOB	"org.layby.Job1"

struct guest {
	sd_bus *bus;
	int program;
	int batch[BATCHES_MAX];		/* a sealed memfd each */
	size_t batches;
	char *logits;			/* of the pass at hand */
};

struct pass {
	unsigned int jobs;
	unsigned int failed;
	unsigned int taken_back;
	uint64_t energy_uj;
};

struct job {
	char *path;
	size_t batch;
};

_Noreturn static void die_bus(const char *what, const sd_bus_error *error, int r)
{
	fprintf(stderr, "guest: %s: %s\n", what,
		sd_bus_error_is_set(error) ? error->message : strerror(-r));
	exit(1);
}

static int sealed(const void *data, size_t size)
{
	int fd = memfd_create("layby-demo", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		die("memfd", -errno);
	return fd;
}

/* The last batch is filled up with black images, whose results are dropped. */
static void load(struct guest *g, const char *program, const char *images)
{
	char batch[BATCH_IMAGES];
	size_t size, at, part;
	char *data;

	data = read_file(program, &size);
	g->program = sealed(data, size);
	free(data);

	data = read_file(images, &size);
	for (at = 0; at < size && g->batches < BATCHES_MAX; at += part) {
		part = size - at < BATCH_IMAGES ? size - at : BATCH_IMAGES;
		memset(batch, 0, sizeof(batch));
		memcpy(batch, data + at, part);
		g->batch[g->batches++] = sealed(batch, sizeof(batch));
	}
	free(data);
	g->logits = calloc(g->batches, BATCH_LOGITS);
	if (!g->logits)
		die("memory", -ENOMEM);
}

/* --- One job -------------------------------------------------------------- */

static void submit(struct guest *g, size_t batch, struct job *job)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	const char *path;
	int r;

	r = sd_bus_call_method(g->bus, AGENT, "/org/layby/Agent1", AGENT, "SubmitJob",
			       &error, &reply, "hahatta{sv}", g->program,
			       1, g->batch[batch], 1, BATCH_LOGITS, LONGEST_RUN_US, 0);
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &path);
	if (r < 0)
		die_bus("submit", &error, r);
	job->path = strdup(path);
	job->batch = batch;
	sd_bus_message_unref(reply);
}

static bool ended(struct guest *g, const struct job *job, bool *ret_finished)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char *state = NULL;
	bool end;
	int r;

	r = sd_bus_get_property_string(g->bus, AGENT, job->path, JOB, "State",
				       &error, &state);
	if (r < 0)
		die_bus(job->path, &error, r);
	*ret_finished = !strcmp(state, "finished");
	end = strcmp(state, "queued") && strcmp(state, "running");
	free(state);
	return end;
}

/*
 * The agent says when a job's properties change. Whatever was taken in may have
 * been that, so look again before waiting: a second one does not come.
 */
static bool wait_end(struct guest *g, const struct job *job)
{
	bool finished;
	int r;

	while (!ended(g, job, &finished)) {
		r = sd_bus_process(g->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(g->bus, UINT64_MAX);
		if (r < 0 && r != -EINTR)
			die("bus", r);
	}
	return finished;
}

static uint64_t energy_uj(struct guest *g, const struct job *job)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	uint64_t energy = 0;
	int r;

	r = sd_bus_get_property_trivial(g->bus, AGENT, job->path, JOB, "EnergyUj",
					&error, 't', &energy);
	if (r < 0)
		die_bus("energy", &error, r);
	return energy;
}

static unsigned int reclaims(struct guest *g, const struct job *job)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	uint32_t count = 0;
	int r;

	r = sd_bus_get_property_trivial(g->bus, AGENT, job->path, JOB, "Reclaims",
					&error, 'u', &count);
	if (r < 0)
		die_bus("reclaims", &error, r);
	return count;
}

static void read_result(struct guest *g, const struct job *job)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	int fd, r;

	r = sd_bus_call_method(g->bus, AGENT, job->path, JOB, "GetResult", &error,
			       &reply, "u", 0);
	if (r >= 0)
		r = sd_bus_message_read(reply, "h", &fd);
	if (r < 0)
		die_bus("result", &error, r);
	if (pread(fd, g->logits + job->batch * BATCH_LOGITS, BATCH_LOGITS, 0) != BATCH_LOGITS)
		die("result", -EIO);
	sd_bus_message_unref(reply);
}

static void collect(struct guest *g, struct job *job, struct pass *pass)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	pass->jobs++;
	if (wait_end(g, job)) {
		pass->taken_back += reclaims(g, job);
		read_result(g, job);
		pass->energy_uj += energy_uj(g, job);
	} else {
		fprintf(stderr, "guest: %s failed\n", job->path);
		pass->failed++;
	}
	r = sd_bus_call_method(g->bus, AGENT, job->path, JOB, "Release", &error, NULL, NULL);
	if (r < 0)
		die_bus("release", &error, r);
	free(job->path);
}

/* --- Passes and rounds ---------------------------------------------------- */

/* All images once, OUTSTANDING jobs at a time, collected in order. */
static void run_pass(struct guest *g, struct pass *pass, FILE *progress)
{
	struct job jobs[OUTSTANDING];
	size_t sent = 0, taken = 0;

	while (taken < g->batches) {
		while (sent < g->batches && sent - taken < OUTSTANDING) {
			submit(g, sent, &jobs[sent % OUTSTANDING]);
			sent++;
		}
		collect(g, &jobs[taken % OUTSTANDING], pass);
		taken++;
		if (progress)
			fprintf(progress, "%zu\n", taken);
	}
}

static void write_logits(const struct guest *g, size_t size)
{
	FILE *file = create_file("guest.f32");

	if (fwrite(g->logits, 1, size, file) != size || fclose(file))
		die("guest.f32", -errno);
}

static void write_pass(FILE *csv, uint64_t start, const struct pass *pass)
{
	fprintf(csv, "%lu,%lu,%u,%lu,%u,%u\n", start, now_ns(), pass->jobs,
		pass->energy_uj, pass->failed, pass->taken_back);
}

static void run_first(struct guest *g, FILE *csv)
{
	uint64_t start = now_ns();
	struct pass pass = {};

	setvbuf(stdout, NULL, _IOLBF, 0);
	run_pass(g, &pass, stdout);
	write_logits(g, g->batches * BATCH_LOGITS);
	write_pass(csv, start, &pass);
}

static void run_round(struct guest *g, uint64_t seconds, FILE *csv)
{
	struct pass pass = {};
	uint64_t start, end;

	sleep_until_ns(now_ns() + seconds * 1000000000);
	start = now_ns();
	end = start + seconds * 1000000000;
	while (now_ns() < end)
		run_pass(g, &pass, NULL);
	write_pass(csv, start, &pass);
}

static int on_change(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return 0;	/* waking sd_bus_wait() is all */
}

static void connect_agent(struct guest *g)
{
	int r;

	r = sd_bus_open_system(&g->bus);
	if (r >= 0)
		r = sd_bus_match_signal(g->bus, NULL, AGENT, NULL,
					"org.freedesktop.DBus.Properties",
					"PropertiesChanged", on_change, NULL);
	if (r < 0)
		die("system bus", r);
}

int main(int argc, char **argv)
{
	struct guest g = {};
	FILE *csv;
	int i;

	if (argc != 6) {
		fprintf(stderr, "usage: guest PROGRAM IMAGES ROUNDS SECONDS FOLDER\n");
		return 2;
	}
	connect_agent(&g);
	load(&g, argv[1], argv[2]);
	if (chdir(argv[5]) < 0)
		die(argv[5], -errno);
	csv = create_file("guest.csv");
	run_first(&g, csv);
	for (i = 0; i < atoi(argv[3]); i++)
		run_round(&g, (uint64_t)atoi(argv[4]), csv);
	return fclose(csv);
}
