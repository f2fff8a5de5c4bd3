// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl settings, pause, resume and off.
 */
#include "tool.h"

#include <getopt.h>
#include <string.h>
#include <time.h>

#include "../consent/tool.h"

#define DAY_S	86400

/* --- pause ---------------------------------------------------------------- */

static int print_pause_help(void)
{
	puts("laybyctl pause [--for=TIME | --until=TIME]\n"
	     "\n"
	     "No guest work, now, until laybyctl resume; it outlives the next boot. Needs no\n"
	     "password. A pause that lasts longer stays as it is.\n"
	     "\n"
	     "      --for=TIME          only for so long: 90min, 2h, 3d\n"
	     "      --until=TIME        only until then: 18:00, or \"2026-12-31 18:00\"\n"
	     "  -j, --json              print JSON\n"
	     "  -h, --help              print this and exit\n"
	     "\n"
	     "Exit status: 0 paused; 1 paused, but the disk does not take it, or something else\n"
	     "went wrong; 2 wrong usage; 3 the agent cannot be reached; 4 not allowed.");
	return EXIT_OK;
}

/* The next time that a clock shows it here. */
static int next_time(uint32_t minute, uint64_t *ret_s)
{
	int32_t offset_min;
	uint64_t now = (uint64_t)time(NULL), day_s, left_s;
	int r = offset_parse(NULL, &offset_min);

	day_s = (now + (uint64_t)(int64_t)(offset_min * 60)) % DAY_S;
	left_s = (minute * 60 + DAY_S - day_s) % DAY_S;
	*ret_s = now + (left_s ?: DAY_S);
	return r;
}

static int parse_until(const char *text, uint64_t *ret_s)
{
	int32_t offset_min;
	uint32_t minute;
	int r;

	if (minute_parse(text, strlen(text), &minute))
		return next_time(minute, ret_s);
	r = offset_parse(NULL, &offset_min);
	if (r == EXIT_OK)
		r = until_parse(text, offset_min, (uint64_t)time(NULL), ret_s);
	/* the first second behind it */
	*ret_s += 1;
	return r;
}

static int parse_for(const char *text, uint64_t *ret_s)
{
	int r = span_parse("--for", text, ret_s);

	*ret_s += (uint64_t)time(NULL);
	return r;
}

static int show_pause(bool json)
{
	_cleanup_(owner_seen_fini) struct owner_seen seen = {};
	char text[UNTIL_TEXT_MAX];
	sd_json_variant *until;
	int32_t offset_min;
	int r = owner_see(&seen);

	if (r != EXIT_OK || json)
		return r == EXIT_OK ? settings_print(&seen, true) : r;
	r = offset_parse(NULL, &offset_min);
	until = sd_json_variant_by_key(seen.json, "paused_until_us");
	if (r == EXIT_OK && until)
		printf("No guest work %s.\n",
		       until_text(sd_json_variant_unsigned(until), offset_min, text));
	return r;
}

enum {
	OPT_FOR = 256,
	OPT_UNTIL,
};

int pause_main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "for", required_argument, NULL, OPT_FOR },
		{ "until", required_argument, NULL, OPT_UNTIL },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	bool json = false, given = false;
	uint64_t until_s = 0;
	int c, r = EXIT_OK;

	while (r == EXIT_OK && (c = getopt_long(argc, argv, "jh", options, NULL)) >= 0) {
		if (c == 'h')
			return print_pause_help();
		if (c == '?' || (c != 'j' && given))
			return c == '?' ? EXIT_USAGE :
			       fail(EXIT_USAGE, "pause: one of --for and --until, once");
		json |= c == 'j';
		given |= c != 'j';
		if (c == OPT_FOR)
			r = parse_for(optarg, &until_s);
		else if (c == OPT_UNTIL)
			r = parse_until(optarg, &until_s);
	}
	if (r == EXIT_OK && optind < argc)
		return fail(EXIT_USAGE, "pause takes no argument: see laybyctl pause --help");
	if (r == EXIT_OK)
		r = owner_call_pause(until_s * USEC_PER_SEC);
	return r == EXIT_OK ? show_pause(json) : r;
}

/* --- resume, off ---------------------------------------------------------- */

int verb_resume(const struct options *options, const char *argument)
{
	return owner_call("Resume", NULL);
}

int verb_off(const struct options *options, const char *argument)
{
	int r = owner_call("Off", NULL);

	if (r == EXIT_OK)
		puts("The consent is withdrawn, and guest work paused until it is resumed.");
	return r;
}

/* --- settings ------------------------------------------------------------- */

static int print_settings_help(void)
{
	puts("laybyctl settings [VERB] [OPTION...]\n"
	     "\n"
	     "What the owner wants of guest work, beside the consent. Settings can only make it\n"
	     "stricter.\n"
	     "\n"
	     "Verbs:\n"
	     "  show\n"
	     "      all of them, and what they come to now; so does settings alone\n"
	     "  set KEY=VALUE...\n"
	     "      change those that are named, all of them or none\n"
	     "\n"
	     "What there is to be set:");
	fputs(words_help, stdout);
	puts("\n"
	     "  -j, --json              print JSON\n"
	     "  -h, --help              print this and exit\n"
	     "\n"
	     "Exit status: 0 done; 1 it cannot be kept, or something else went wrong; 2 wrong\n"
	     "usage; 3 the agent cannot be reached; 4 not allowed.");
	return EXIT_OK;
}

static int settings_show(bool json)
{
	_cleanup_(owner_seen_fini) struct owner_seen seen = {};
	int r = owner_see(&seen);

	return r == EXIT_OK ? settings_print(&seen, json) : r;
}

static int settings_set(char *const words[], size_t count, bool json)
{
	struct owner_change change;
	int r;

	if (!count)
		return fail(EXIT_USAGE, "usage: laybyctl settings set KEY=VALUE...");
	r = words_parse(words, count, &change);
	if (r == EXIT_OK)
		r = owner_call("SetSettings", &change);
	return r == EXIT_OK ? settings_show(json) : r;
}

static int settings_call(int argc, char *argv[], bool json)
{
	if (!argc || (argc == 1 && !strcmp(argv[0], "show")))
		return settings_show(json);
	if (!strcmp(argv[0], "set"))
		return settings_set(argv + 1, (size_t)argc - 1, json);
	return fail(EXIT_USAGE, "settings: unknown verb \"%s\": see laybyctl settings --help",
		    argv[0]);
}

int settings_main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "jh", options, NULL)) >= 0) {
		if (c == 'h')
			return print_settings_help();
		if (c == '?')
			return EXIT_USAGE;
		json = true;
	}
	return settings_call(argc - optind, argv + optind, json);
}
