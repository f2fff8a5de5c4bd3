/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of `laybyctl settings`, `pause`, `resume` and `off` share. A function
 * that returns an exit code has said on stderr why, if it is not 0.
 */
#ifndef LAYBY_SETTINGS_TOOL_H
#define LAYBY_SETTINGS_TOOL_H

#include "../command/command.h"
#include "../owner/change.h"

/**
 * struct owner_seen - what the agent says
 * @settings: without the pause
 * @json: all properties that are numbers or names, under their keys of JSON
 */
struct owner_seen {
	struct owner_settings settings;
	sd_json_variant *json;
};

/* words.c: "cap=20W" and so on, into @change */
int words_parse(char *const words[], size_t count, struct owner_change *change);
/* What there is to be set, for people */
extern const char words_help[];

/* show.c */
int settings_print(const struct owner_seen *seen, bool json);
/* "until 2026-06-15 22:00:00 UTC+02:00"; returns @text. */
#define UNTIL_TEXT_MAX	64
const char *until_text(uint64_t until_us, int32_t offset_min, char text[static UNTIL_TEXT_MAX]);

/* ask.c: the agent, over the system bus */
int owner_call(const char *method, const struct owner_change *change);
int owner_call_pause(uint64_t until_us);
int owner_see(struct owner_seen *ret_seen);
void owner_seen_fini(struct owner_seen *seen);

#endif
