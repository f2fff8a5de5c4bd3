// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl batch: one program over many inputs. Outputs that are there are not made
 * again, so what was interrupted goes on where it was.
 *
 * The jobs end with the connection: of a batch that was interrupted the agent keeps
 * nothing.
 */
#include <inttypes.h>
#include <string.h>

#include "batch.h"

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *path = sd_bus_message_get_path(m);
	struct batch *batch = userdata;
	size_t i;

	for (i = 0; i < batch->held_count; i++)
		if (!strcmp(batch->held[i]->job, path))
			batch->held[i]->changed = true;
	return 0;
}

/* What may have changed without a word: the agent died, or the gate closed. */
static int ask(struct batch *batch)
{
	_cleanup_free_ char *reason = NULL;
	int open;
	size_t i;

	for (i = 0; i < batch->held_count; i++)
		batch->held[i]->changed = true;
	batch->full = false;
	if (sd_bus_get_property_trivial(batch->bus, AGENT, AGENT_PATH, AGENT, "GateOpen", NULL, 'b',
					&open) < 0 ||
	    sd_bus_get_property_string(batch->bus, AGENT, AGENT_PATH, AGENT, "GateReason", NULL,
				       &reason) < 0)
		return EXIT_OK;
	snprintf(batch->closed, sizeof(batch->closed), "%s",
		 open || !strcmp(reason, "unknown") ? "" : reason);
	return EXIT_OK;
}

static int wait_for_change(struct batch *batch)
{
	int heard = sd_bus_wait(batch->bus, USEC_PER_SEC), r = heard;

	while (r >= 0 && (r = sd_bus_process(batch->bus, NULL)) > 0)
		;
	if (r < 0)
		return fail_errno(r, "system bus");
	return heard ? EXIT_OK : ask(batch);
}

static int work(struct batch *batch)
{
	int r = EXIT_OK;

	while (r == EXIT_OK && (batch->held_count || batch_has_to_submit(batch))) {
		r = batch_submit(batch);
		if (r == EXIT_OK)
			r = batch_collect(batch);
		progress_show(batch);
		if (r == EXIT_OK && (batch->held_count || batch->full))
			r = wait_for_change(batch);
	}
	progress_clear();
	return r;
}

static int print_end(const struct batch *batch)
{
	uint64_t us = now_us(CLOCK_MONOTONIC) - batch->begin_us;
	_json_ *object = NULL;
	int r;

	if (!batch->options->json)
		return printf("%zu finished, %zu failed, %zu were there; %.3g J, %.1f s\n",
			      batch->finished, batch->failed, batch->had,
			      (double)batch->energy_uj / 1e6, (double)us / 1e6) < 0 ?
			       EXIT_JOB_FAILED :
			       EXIT_OK;
	r = sd_json_buildo(&object, SD_JSON_BUILD_PAIR_UNSIGNED("finished", batch->finished),
			   SD_JSON_BUILD_PAIR_UNSIGNED("failed", batch->failed),
			   SD_JSON_BUILD_PAIR_UNSIGNED("were_there", batch->had),
			   SD_JSON_BUILD_PAIR_UNSIGNED("energy_uj", batch->energy_uj),
			   SD_JSON_BUILD_PAIR_UNSIGNED("wall_us", us));
	return r < 0 ? fail_errno(r, "printing") : print_json(batch->options, object);
}

static int connect_agent(struct batch *batch)
{
	int r = agent_bus(&batch->bus);

	if (r != EXIT_OK)
		return r;
	r = sd_bus_match_signal(batch->bus, NULL, AGENT, NULL, PROPERTIES, "PropertiesChanged",
				on_changed, batch);
	return r < 0 ? fail_errno(r, "system bus") : EXIT_OK;
}

static void batch_free(struct batch *batch)
{
	sd_bus_flush_close_unref(batch->bus);
	free(batch->items);
}

static int check(const struct options *options)
{
	if (options->input_count)
		return fail(EXIT_USAGE, "batch: inputs stand at its end, without --input");
	if (options->output_count)
		return fail(EXIT_USAGE, "batch: outputs go to --directory, not --output");
	if (options->has_key)
		return fail(EXIT_USAGE, "batch: each job has a key of its own, not --key");
	return EXIT_OK;
}

int verb_batch(const struct options *options, const char *argument)
{
	_cleanup_(batch_free) struct batch batch = {
		.options = options,
		.directory = options->directory ?: ".",
		.begin_us = now_us(CLOCK_MONOTONIC),
	};
	size_t count = 0;
	int r;

	while (options->arguments[count])
		count++;
	r = check(options);
	if (r == EXIT_OK)
		r = items_read(&batch, options->arguments, count);
	if (r == EXIT_OK)
		r = connect_agent(&batch);
	if (r == EXIT_OK)
		r = work(&batch);
	if (r == EXIT_OK)
		r = print_end(&batch);
	return r == EXIT_OK && batch.failed ? EXIT_JOB_FAILED : r;
}
