// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The verbs that make a policy: check, compile, sign.
 */
#include "tool.h"

/* Without a description: all that can be told without one. */
static int read_against(const struct policy_options *options, struct source *source,
			struct accelerator *accelerator)
{
	int r;

	if (!options->accelerator)
		return source_read(source, options->path, NULL);
	r = accelerator_read(accelerator, options->accelerator);
	accelerator->hw.serial_floor = options->floor;
	return r == EXIT_OK ? source_read(source, options->path, &accelerator->hw) : r;
}

/* @hw: NULL, if no accelerator was given */
static void print_right(const struct policy_options *options, const struct blob *blob,
			const struct layby_policy_hw *hw)
{
	char text[4][VALUE_TEXT_MAX];
	struct worst_case worst;

	worst_case_init(&worst, blob);
	if (hw)
		printf("%s: right for the accelerator %s\n", options->path,
		       blob_get_text(blob, FIELD(ACCELERATOR)));
	else
		printf("%s: right as far as can be told without --accelerator\n", options->path);
	printf("detection %s + reclaim %s = %s, within the interval of %s\n",
	       value_format(QUANTITY_TIME, worst.detection_ns, text[0]),
	       value_format(QUANTITY_TIME, worst.reclaim_ns, text[1]),
	       value_format(QUANTITY_TIME, worst.detection_ns + worst.reclaim_ns, text[2]),
	       value_format(QUANTITY_TIME, worst.interval_ns, text[3]));
	if (hw)
		printf("guest work ends at %s, so that full driving load does not throttle at %s\n",
		       value_format(QUANTITY_TEMPERATURE, blob_guest_limit(blob, hw), text[0]),
		       value_format(QUANTITY_TEMPERATURE, (uint64_t)(int64_t)hw->throttle_mdeg,
				    text[1]));
}

static int problems_build(const struct conf *conf, sd_json_variant **ret_list)
{
	const struct conf_problem *problem;
	size_t i;
	int r;

	r = sd_json_variant_new_array(ret_list, NULL, 0);
	for (i = 0; r >= 0 && i < conf->problem_count; i++) {
		problem = &conf->problems[i];
		r = sd_json_variant_append_arraybo(
			ret_list, SD_JSON_BUILD_PAIR_UNSIGNED("line", problem->line),
			SD_JSON_BUILD_PAIR_STRING("text", problem->text));
	}
	return r;
}

static int print_verdict(const struct policy_options *options, const struct source *source)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *list = NULL, *object = NULL;
	bool right = !source->conf.problem_count;
	int r;

	r = problems_build(&source->conf, &list);
	if (r >= 0)
		r = sd_json_buildo(&object, SD_JSON_BUILD_PAIR_STRING("policy", options->path),
				   SD_JSON_BUILD_PAIR_BOOLEAN("right", right),
				   SD_JSON_BUILD_PAIR_VARIANT("problems", list));
	if (r < 0)
		return fail_errno(r, "printing");
	r = policy_print_json(object);
	return r == EXIT_OK && !right ? EXIT_WRONG : r;
}

int policy_check(const struct policy_options *options)
{
	_cleanup_(source_fini) struct source source = {};
	struct accelerator accelerator;
	int r;

	r = read_against(options, &source, &accelerator);
	if (r != EXIT_OK)
		return r;
	if (options->json)
		return print_verdict(options, &source);
	r = conf_report(&source.conf);
	if (r == EXIT_OK)
		print_right(options, &source.blob,
			    options->accelerator ? &accelerator.hw : NULL);
	return r;
}

int policy_compile(const struct policy_options *options)
{
	_cleanup_(source_fini) struct source source = {};
	struct accelerator accelerator;
	int r;

	if (!options->output)
		return fail(EXIT_USAGE, "--output is missing: where the binary form goes");
	if (!options->accelerator)
		return fail(EXIT_USAGE,
			    "--accelerator is missing: the file that says what the accelerator has");
	r = read_against(options, &source, &accelerator);
	if (r == EXIT_OK)
		r = conf_report(&source.conf);
	return r == EXIT_OK ? save_file(options->output, source.blob.bytes, source.blob.size) : r;
}

int policy_sign(const struct policy_options *options)
{
	_cleanup_(source_fini) struct source source = {};
	_cleanup_free_ uint8_t *signature = NULL;
	size_t size;
	int r;

	if (!options->output || !options->key || !options->certificate)
		return fail(EXIT_USAGE, "sign needs --key, --certificate and --output");
	r = source_load(&source, options->path, NULL);
	if (r != EXIT_OK)
		return r;
	if (source.is_conf)
		return fail(EXIT_USAGE,
			    "%s: what is signed is the binary form; compile it first",
			    options->path);
	r = sign_bytes(source.blob.bytes, source.blob.size, options->key, options->certificate,
		       &signature, &size);
	return r == EXIT_OK ? save_file(options->output, signature, size) : r;
}
