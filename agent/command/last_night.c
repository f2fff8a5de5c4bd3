// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * last-night: what was lent while the vehicle was parked, as the agent has noted it, in
 * five lines.
 *
 * Must never say that a guest could read nothing if a fault was latched meanwhile.
 */
#include "agent_calls.h"

#include <errno.h>
#include <getopt.h>
#include <gate_link.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "../consent/tool.h"

#define UJ_PER_KWH 3.6e12
#define UCENT_PER_UNIT 1e8

static const struct field night_fields[] = {
	{ "Nights", "nights", NULL },		{ "BeginUs", "begin_us", NULL },
	{ "EndUs", "end_us", NULL },		{ "EnergyUj", "energy_uj", NULL },
	{ "RunUs", "run_us", NULL },		{ "TileUs", "tile_us", NULL },
	{ "Jobs", "jobs", NULL },		{ "Parties", "parties", NULL },
	{ "WasOpen", "was_open", NULL },	{ "Open", "open", NULL },
	{ "WasFaulty", "was_faulty", NULL },	{ "StopReason", "stop_reason", NULL },
	{ "StopUs", "stop_us", NULL },		{ "HeldReason", "held_reason", NULL },
	{ "ChargeFrom", "charge_from_percent", NULL },
	{ "ChargeTo", "charge_to_percent", NULL },
	{}
};

/* --- Asking ----------------------------------------------------------------- */

static int add_cost(sd_json_variant **costs, const char *currency, uint64_t ucent)
{
	return sd_json_variant_append_arraybo(costs,
					      SD_JSON_BUILD_PAIR_STRING("currency", currency),
					      SD_JSON_BUILD_PAIR_UNSIGNED("ucent", ucent));
}

static int read_costs(sd_bus_message *m, sd_json_variant **object)
{
	_json_ *costs = NULL;
	const char *currency;
	uint64_t ucent;
	int r;

	r = sd_json_variant_new_array(&costs, NULL, 0);
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'v', "a(st)");
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "(st)");
	while (r >= 0 && (r = sd_bus_message_read(m, "(st)", &currency, &ucent)) > 0)
		r = add_cost(&costs, currency, ucent);
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	return r < 0 ? r : sd_json_variant_set_field(object, "costs", costs);
}

/* What no table of single values can hold */
static int find_costs(sd_bus_message *m, sd_json_variant **object)
{
	const char *name;
	int r;

	r = sd_bus_message_rewind(m, true);
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &name);
		if (r >= 0)
			r = strcmp(name, "Costs") ? sd_bus_message_skip(m, "v") :
						    read_costs(m, object);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r;
}

static int fail_call(int r, const sd_bus_error *error)
{
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
		return fail(EXIT_NOT_ALLOWED,
			    "last-night: not allowed: you must be root or in the group layby-owner");
	return fail_bus(r, error, "last-night");
}

static int ask(uint64_t since_us, sd_json_variant **ret_night)
{
	_error_ error = SD_BUS_ERROR_NULL;
	_json_ *night = NULL;
	_reply_ *reply = NULL;
	_bus_ *bus = NULL;
	int r;

	r = agent_bus(&bus);
	if (r != EXIT_OK)
		return r;
	r = sd_bus_call_method(bus, AGENT, AGENT_PATH, AGENT, "LastNight", &error, &reply, "t",
			       since_us);
	if (r < 0)
		return fail_call(r, &error);
	r = sd_json_variant_new_object(&night, NULL, 0);
	if (r >= 0)
		r = read_properties(reply, night_fields, &night);
	if (r >= 0)
		r = find_costs(reply, &night);
	if (r < 0)
		return fail_errno(r, "last-night");
	*ret_night = sd_json_variant_ref(night);
	return EXIT_OK;
}

/* --- In words --------------------------------------------------------------- */

#define WORDS_MAX 128

static uint64_t number(sd_json_variant *night, const char *key)
{
	sd_json_variant *value = sd_json_variant_by_key(night, key);

	return value ? sd_json_variant_unsigned(value) : 0;
}

static bool yes(sd_json_variant *night, const char *key)
{
	sd_json_variant *value = sd_json_variant_by_key(night, key);

	return value && sd_json_variant_boolean(value);
}

static const char *energy_text(uint64_t uj, char text[static WORDS_MAX])
{
	double kwh = (double)uj / UJ_PER_KWH;

	if (kwh < 0.1)
		snprintf(text, WORDS_MAX, "%.3g Wh", kwh * 1000);
	else
		snprintf(text, WORDS_MAX, "%.2f kWh", kwh);
	return text;
}

static const char *run_text(uint64_t us, char text[static WORDS_MAX])
{
	uint64_t minutes = us / USEC_PER_SEC / 60;

	if (!minutes)
		snprintf(text, WORDS_MAX, "%.3g s", (double)us / (double)USEC_PER_SEC);
	else if (minutes < 60)
		snprintf(text, WORDS_MAX, "%" PRIu64 " min", minutes);
	else
		snprintf(text, WORDS_MAX, "%" PRIu64 " h %" PRIu64 " min", minutes / 60,
			 minutes % 60);
	return text;
}

/* This machine's own time, as people read it */
static const char *when_text(uint64_t us, char text[static WORDS_MAX])
{
	time_t s = (time_t)(us / USEC_PER_SEC);
	struct tm tm;

	localtime_r(&s, &tm);
	strftime(text, WORDS_MAX, "%F %H:%M", &tm);
	return text;
}

static const char *reason_text(sd_json_variant *night, const char *key)
{
	sd_json_variant *value = sd_json_variant_by_key(night, key);
	const char *name = value ? sd_json_variant_string(value) : "";
	uint32_t reason = LAYBY_GATE_OPEN;

	while (reason && strcmp(name, layby_gate_reason_name(reason)))
		reason--;
	return gate_reason_text(reason);
}

static void print_lent(sd_json_variant *night)
{
	char energy[WORDS_MAX], run[WORDS_MAX], begin[WORDS_MAX], end[WORDS_MAX];
	uint64_t energy_uj = number(night, "energy_uj"), end_us = number(night, "end_us");
	uint64_t jobs = number(night, "jobs"), parties = number(night, "parties");

	when_text(number(night, "begin_us"), begin);
	if (end_us)
		when_text(end_us, end);
	else
		strcpy(end, "now");
	if (!jobs && !energy_uj)
		printf("Lent:     nothing, parked from %s to %s\n", begin, end);
	else
		printf("Lent:     %s, %s of computing, %" PRIu64 " %s for %" PRIu64
		       " %s, parked from %s to %s\n",
		       energy_text(energy_uj, energy), run_text(number(night, "run_us"), run), jobs,
		       jobs == 1 ? "job" : "jobs", parties, parties == 1 ? "party" : "parties",
		       begin, end);
}

/* Small sums are not rounded away. */
static void print_sum(sd_json_variant *cost)
{
	double sum = (double)number(cost, "ucent") / UCENT_PER_UNIT;

	printf(sum < 0.1 && sum > 0 ? "%.6f %s" : "%.2f %s", sum,
	       sd_json_variant_string(sd_json_variant_by_key(cost, "currency")));
}

static void print_cost(sd_json_variant *night)
{
	sd_json_variant *costs = sd_json_variant_by_key(night, "costs");
	size_t count = costs ? sd_json_variant_elements(costs) : 0, i;

	printf("Cost:     ");
	for (i = 0; i < count; i++) {
		fputs(i ? " and " : "", stdout);
		print_sum(sd_json_variant_by_index(costs, i));
	}
	if (!count)
		fputs(number(night, "energy_uj") ? "not known, no price was set" : "nothing",
		      stdout);
	putchar('\n');
}

static void print_stop(sd_json_variant *night)
{
	char when[WORDS_MAX];

	if (yes(night, "open"))
		puts("Stopped:  not yet, guest work may run now");
	else if (number(night, "stop_us"))
		printf("Stopped:  %s, because %s\n", when_text(number(night, "stop_us"), when),
		       reason_text(night, "stop_reason"));
	else if (sd_json_variant_by_key(night, "held_reason"))
		printf("Stopped:  it never began, because %s\n", reason_text(night, "held_reason"));
	else
		puts("Stopped:  it never began, and why was not noted");
}

static void print_charge(sd_json_variant *night)
{
	if (sd_json_variant_by_key(night, "charge_from_percent"))
		printf("Battery:  %" PRIu64 " %% when it was parked, %" PRIu64 " %% %s\n",
		       number(night, "charge_from_percent"), number(night, "charge_to_percent"),
		       number(night, "end_us") ? "at the end" : "now");
	else
		puts("Battery:  not known, the vehicle did not say");
}

static void print_privacy(sd_json_variant *night)
{
	if (yes(night, "was_faulty"))
		puts(
			"Privacy:  a fault was latched, so it is not certain that guests could read nothing of the car: laybyctl audit");
	else if (!yes(night, "was_open"))
		puts("Privacy:  guests could read nothing of the car, none was let in");
	else
		puts(
			"Privacy:  guests could read nothing of the car: their memory is their own and is cleared (ISO-4), no fault was latched");
}

static int print_night(sd_json_variant *night)
{
	print_lent(night);
	print_cost(night);
	print_stop(night);
	print_charge(night);
	print_privacy(night);
	return EXIT_OK;
}

/* --- The verb --------------------------------------------------------------- */

static int print_help(void)
{
	puts("laybyctl last-night [--since TIME] [--json]\n"
	     "\n"
	     "What was lent the last time that the vehicle was parked, or is since it is: how much\n"
	     "and for how many, what it cost, why it stopped, the battery, and what guests could\n"
	     "read of the car. For root and the members of layby-owner.\n"
	     "\n"
	     "      --since=TIME        all such times together that ended after it: 2026-12-31,\n"
	     "                          \"2026-12-31 18:00\" or -7d\n"
	     "  -j, --json              print JSON\n"
	     "  -h, --help              print this and exit\n"
	     "\n"
	     "Exit status: 0 done; 1 no such time is known, or something went wrong; 2 wrong\n"
	     "usage; 3 the agent cannot be reached; 4 not allowed.");
	return EXIT_OK;
}

static int last_night(const char *since, bool json)
{
	const struct options options = { .json = json };
	uint64_t since_s = 0;
	_json_ *night = NULL;
	int32_t offset_min;
	int r;

	r = offset_parse(NULL, &offset_min);
	if (r == EXIT_OK && since)
		r = since_parse(since, offset_min, &since_s);
	if (r == EXIT_OK)
		r = ask(since_s * USEC_PER_SEC, &night);
	if (r != EXIT_OK)
		return r;
	if (!number(night, "nights"))
		return fail(EXIT_JOB_FAILED,
			    "last-night: the vehicle was not parked %s, as far as the agent knows",
			    since ? "since then" : "yet");
	return json ? print_json(&options, night) : print_night(night);
}

enum { OPT_SINCE = 256 };

int last_night_main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "since", required_argument, NULL, OPT_SINCE },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	const char *since = NULL;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "jh", options, NULL)) >= 0) {
		if (c == 'h')
			return print_help();
		if (c == '?')
			return EXIT_USAGE;
		if (c == OPT_SINCE)
			since = optarg;
		else
			json = true;
	}
	if (optind < argc)
		return fail(EXIT_USAGE,
			    "last-night takes no argument: see laybyctl last-night --help");
	return last_night(since, json);
}
