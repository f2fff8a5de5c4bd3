// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The owner's settings in plain words, and as JSON.
 */
#include "tool.h"

#include <inttypes.h>
#include <string.h>

#include "../consent/tool.h"
#include "../policy/tool.h"

#define TEXT_MAX	512

static void line(const char *label, const char *text)
{
	printf("%19s: %s\n", label, text);
}

static uint64_t number(const struct owner_seen *seen, const char *key)
{
	sd_json_variant *value = sd_json_variant_by_key(seen->json, key);

	return value ? sd_json_variant_unsigned(value) : 0;
}

static bool flag(const struct owner_seen *seen, const char *key)
{
	sd_json_variant *value = sd_json_variant_by_key(seen->json, key);

	return value && sd_json_variant_boolean(value);
}

static const char *reason(const struct owner_seen *seen)
{
	sd_json_variant *value = sd_json_variant_by_key(seen->json, "owner_reason");

	return value ? sd_json_variant_string(value) : "";
}

const char *until_text(uint64_t until_us, int32_t offset_min, char text[static UNTIL_TEXT_MAX])
{
	char time[TIME_TEXT_MAX];

	if (until_us >= OWNER_UNTIL_RESUMED)
		snprintf(text, UNTIL_TEXT_MAX, "until it is resumed");
	else
		snprintf(text, UNTIL_TEXT_MAX, "until %s",
			 time_format(until_us / USEC_PER_SEC, offset_min, time));
	return text;
}

/* --- for people ----------------------------------------------------------- */

static void show_power(const struct owner_settings *set)
{
	char text[TEXT_MAX], value[VALUE_TEXT_MAX];

	line("Power", set->cap_mw ? value_format(QUANTITY_POWER, set->cap_mw, value) :
				    "as much as the policy allows");
	snprintf(text, sizeof(text), "%02u:%02u to %02u:%02u, %s%s", set->quiet_from_min / 60,
		 set->quiet_from_min % 60, set->quiet_until_min / 60, set->quiet_until_min % 60,
		 set->quiet_cap_mw ? "at most " : "no guest work",
		 set->quiet_cap_mw ? value_format(QUANTITY_POWER, set->quiet_cap_mw, value) : "");
	line("Quiet hours", set->quiet_until_min ? text : "none");
}

static void show_charge(const struct owner_seen *seen)
{
	const struct owner_settings *set = &seen->settings;
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "%u %%", set->charge_min_percent);
	line("Not below a charge", set->charge_min_percent ? text : "as the governor says");
	snprintf(text, sizeof(text), "%02u:%02u each day with %u %%", set->departure_min / 60,
		 set->departure_min % 60, set->departure_percent);
	line("Departure", set->departure_percent ? text : "none");
	snprintf(text, sizeof(text), "nothing is lent below %" PRIu64 " %%",
		 number(seen, "charge_kept_percent"));
	if (number(seen, "charge_kept_percent"))
		line("So, now", text);
}

static void show_energy(const struct owner_settings *set)
{
	char value[VALUE_TEXT_MAX];

	line("Energy a day",
	     set->energy_day_uj ? value_format(QUANTITY_ENERGY, set->energy_day_uj, value) :
				  "as the consent says");
}

/* "0.3", as the quantity is written that is read for it, without its unit */
static void price_number(uint32_t micro, char text[static 16])
{
	snprintf(text, 16, "%u.%06u", micro / 1000000, micro % 1000000);
	while (strlen(text) > strcspn(text, ".") + 3 && text[strlen(text) - 1] == '0')
		text[strlen(text) - 1] = '\0';
}

/* The next hour whose price is another. */
static int price_ends(const struct owner_settings *set, int from)
{
	int until = from + 1;

	while (until < OWNER_HOURS &&
	       set->price_micro_per_kwh[until] == set->price_micro_per_kwh[from])
		until++;
	return until;
}

static void show_price(const struct owner_settings *set)
{
	char text[TEXT_MAX * 2] = "none", price[16];
	size_t length = 0;
	int from, until;

	for (from = 0; *set->currency && from < OWNER_HOURS; from = until) {
		until = price_ends(set, from);
		price_number(set->price_micro_per_kwh[from], price);
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   "%s%02d:00 to %02d:00 %s", from ? ", " : "", from, until,
					   price);
	}
	if (*set->currency)
		snprintf(text + length, sizeof(text) - length, " %s a kWh", set->currency);
	line("Price", text);
}

static void show_now(const struct owner_seen *seen)
{
	char text[UNTIL_TEXT_MAX];

	line("Paused", flag(seen, "paused") ?
	     until_text(number(seen, "paused_until_us"), seen->settings.utc_offset_min, text) :
	     "no");
	if (!strcmp(reason(seen), "energy-day"))
		line("Waits", "the day's energy is lent");
	line("In force", flag(seen, "settings_in_force") ?
	     "the governor has them" :
	     "no governor takes them: of all these only pauses hold, and the day's energy");
}

static void show(const struct owner_seen *seen)
{
	char offset[TIME_TEXT_MAX];

	show_power(&seen->settings);
	show_charge(seen);
	show_energy(&seen->settings);
	show_price(&seen->settings);
	line("Local time", offset_format(seen->settings.utc_offset_min, offset));
	show_now(seen);
}

/* --- for programs --------------------------------------------------------- */

static int price_json(const struct owner_settings *set, sd_json_variant **list)
{
	int hour, r = 0;

	for (hour = 0; r >= 0 && hour < OWNER_HOURS; hour++) {
		_cleanup_(sd_json_variant_unrefp) sd_json_variant *price = NULL;

		r = sd_json_variant_new_unsigned(&price, set->price_micro_per_kwh[hour]);
		if (r >= 0)
			r = sd_json_variant_append_array(list, price);
	}
	return r;
}

static int put_json(const struct owner_settings *set, sd_json_variant **object)
{
	const struct {
		const char *key;
		int64_t value;
	} numbers[] = {
		{ "cap_mw", set->cap_mw },
		{ "quiet_cap_mw", set->quiet_cap_mw },
		{ "quiet_from_min", set->quiet_from_min },
		{ "quiet_until_min", set->quiet_until_min },
		{ "utc_offset_min", set->utc_offset_min },
		{ "charge_min_percent", set->charge_min_percent },
		{ "departure_percent", set->departure_percent },
		{ "departure_min", set->departure_min },
		{ "energy_day_uj", (int64_t)set->energy_day_uj },
	};
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *prices = NULL;
	size_t i;
	int r = 0;

	for (i = 0; r >= 0 && i < ARRAY_SIZE(numbers); i++)
		r = sd_json_variant_set_field_integer(object, numbers[i].key, numbers[i].value);
	if (r >= 0)
		r = sd_json_variant_set_field_string(object, "currency", set->currency);
	if (r >= 0)
		r = price_json(set, &prices);
	return r < 0 ? r : sd_json_variant_set_field(object, "price_micro_per_kwh", prices);
}

static int print_settings_json(const struct owner_seen *seen)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *object = sd_json_variant_ref(seen->json);
	int r = put_json(&seen->settings, &object);

	return r < 0 ? fail_errno(r, "settings") : policy_print_json(object);
}

int settings_print(const struct owner_seen *seen, bool json)
{
	if (json)
		return print_settings_json(seen);
	show(seen);
	return EXIT_OK;
}
