// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl top: a frame each second, and at each event of the gate's, drawn over the
 * one before; or one.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <string.h>

#include "top.h"

/* ECMA-48: to the top; to the end of the line, of the screen; no wrapping */
#define HOME		"\033[H"
#define CLEAR_LINE	"\033[K"
#define CLEAR_BELOW	"\033[J"
#define WRAP_OFF	"\033[?7l"
#define WRAP_ON		"\033[?7h"

#define FRAME_MS	1000

static int print_help(void)
{
	puts("laybyctl top [--once|--json]\n"
	     "\n"
	     "The gate and why, power against cap, temperature, tiles and jobs: drawn anew each\n"
	     "second and when the gate changes, until a signal. Starts no agent. What is not told\n"
	     "to you, or not known, is a \"-\". What guests draw is of jobs that have ended.\n"
	     "\n"
	     "      --once              one frame; so it is where stdout is no terminal\n"
	     "  -j, --json              one frame, as JSON\n"
	     "  -h, --help              print this and exit\n"
	     "\n"
	     "Exit status: 0 done; 1 something went wrong; 2 wrong usage; 3 the kernel cannot be\n"
	     "asked.");
	return EXIT_OK;
}

/* --- Frames ------------------------------------------------------------------ */

/* At once, so that no half of it is seen. */
static void draw(sd_json_variant *frame)
{
	_cleanup_free_ char *text = NULL;
	char *line, *end;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		out_of_memory();
	frame_write(file, frame);
	if (fclose(file) < 0)
		out_of_memory();
	fputs(HOME, stdout);
	for (line = text; (end = strchr(line, '\n')); line = end + 1)
		printf("%.*s" CLEAR_LINE "\n", (int)(end - line), line);
	fputs(CLEAR_BELOW, stdout);
	fflush(stdout);
}

enum form {
	FORM_LIVE,
	FORM_ONCE,
	FORM_JSON,
};

static int show(struct asked *asked, enum form form)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *frame = NULL;
	int r = frame_make(asked, &frame);

	if (r < 0)
		return r;
	if (form == FORM_JSON)
		return sd_json_variant_dump(frame, SD_JSON_FORMAT_PRETTY | SD_JSON_FORMAT_NEWLINE,
					    stdout, NULL);
	if (form == FORM_LIVE)
		draw(frame);
	else
		frame_write(stdout, frame);
	return 0;
}

static int follow(struct asked *asked, int signals)
{
	const struct gate_listener nobody = {};
	struct pollfd fds[] = {
		{ .fd = gate_link_fd(asked->link), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
		/* the terminal went away */
		{ .fd = STDOUT_FILENO },
	};
	int r = 0;

	while (r >= 0 && !fds[1].revents && !fds[2].revents && !ferror(stdout)) {
		r = show(asked, FORM_LIVE);
		if (r >= 0 && poll(fds, ARRAY_SIZE(fds), FRAME_MS) < 0 && errno != EINTR)
			r = -errno;
		if (r >= 0)
			r = gate_link_hear(asked->link, &nobody);
	}
	return r;
}

static int show_live(struct asked *asked)
{
	_cleanup_close_ int signals = open_end_signals();
	int r;

	if (signals < 0)
		return signals;
	fputs(WRAP_OFF, stdout);
	r = follow(asked, signals);
	fputs(WRAP_ON, stdout);
	return r;
}

/* -------------------------------------------------------------------------- */

static int top(enum form form)
{
	_cleanup_(asked_fini) struct asked asked = {};
	int r = gate_open_link(&asked.link);

	if (r != EXIT_OK)
		return r;
	r = form == FORM_LIVE ? show_live(&asked) : show(&asked, form);
	return r < 0 ? fail_errno(r, "top") : EXIT_OK;
}

enum { OPT_ONCE = 256 };

int top_main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "once", no_argument, NULL, OPT_ONCE },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	enum form form = isatty(STDOUT_FILENO) ? FORM_LIVE : FORM_ONCE;
	int c;

	while ((c = getopt_long(argc, argv, "jh", options, NULL)) >= 0) {
		if (c == 'h')
			return print_help();
		if (c == '?')
			return EXIT_USAGE;
		if (form != FORM_JSON)
			form = c == 'j' ? FORM_JSON : FORM_ONCE;
	}
	if (optind < argc)
		return fail(EXIT_USAGE, "top takes no argument: see laybyctl top --help");
	return top(form);
}
