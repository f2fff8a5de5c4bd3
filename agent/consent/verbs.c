// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl consent: its verbs and their options.
 */
#include <getopt.h>
#include <string.h>

#include "tool.h"

static const struct verb {
	const char *name;
	const char *usage;
	const char *help;
	int (*call)(const struct consent_options *options);
	int arguments;
} verbs[] = {
	{ "sign", "sign --key F --certificate F --until TIME --energy-total N -o TOKEN.BIN",
	  "write a token and, beside it, its signature", consent_sign, 0 },
	{ "show", "show TOKEN.BIN", "what a token permits, in plain sentences", consent_show, 1 },
	{ "check", "check TOKEN.BIN [--certificate F]",
	  "is it right, and did the owner of the certificate sign it?", consent_check, 1 },
	{ "give", "give TOKEN.BIN", "hand it to the kernel, for the guest partition",
	  consent_give, 1 },
	{ "withdraw", "withdraw", "end the consent: guest work stops, its memory is cleared",
	  consent_withdraw, 0 },
};

static const char help_options[] =
	"\n"
	"What sign puts into a token:\n"
	"      --until=TIME          it ends then (\"2026-12-31\": with that day; \"+30d\")\n"
	"      --from=TIME           it begins then (\"2026-12-01 18:00\"; default: now)\n"
	"      --hours=FROM-UNTIL    hours of the day, \"22:00-06:00\" (default: all day)\n"
	"      --utc-offset=+HH:MM   what local time is (default: this machine's)\n"
	"      --energy-total=N      energy in all, \"20 kWh\" or \"500 Wh\"\n"
	"      --energy-day=N        energy a day (default: no less than in all)\n"
	"      --only-charging       only while the vehicle charges\n"
	"      --min-charge=PERCENT  not below that state of charge (default: 0)\n"
	"      --classes=LIST        batch, interactive (default: both)\n"
	"      --serial=N            above that of each token before it (default: the time\n"
	"                            in milliseconds)\n"
	"      --id=HEX              16 bytes that name it; tokens of one id share what\n"
	"                            energy was used (default: random)\n"
	"\n"
	"Files:\n"
	"  -k, --key=FILE            the owner's private key, PEM\n"
	"  -c, --certificate=FILE    the owner's certificate, PEM or DER\n"
	"  -o, --output=FILE         where the token goes\n"
	"  -s, --signature=FILE      the signature (default: beside the token, with .p7s in\n"
	"                            place of .bin)\n"
	"\n"
	"      --partition=NAME      give, withdraw: guest, or the path of a guest node\n"
	"  -j, --json                print JSON\n"
	"  -h, --help                print this and exit\n"
	"\n"
	"Exit status: 0 done; 1 the token is wrong, or was refused; 2 wrong usage, also a\n"
	"file that cannot be read; 3 no device; 4 not allowed.";

static int print_help(void)
{
	size_t i;

	puts("laybyctl consent VERB [OPTION...]\n"
	     "\n"
	     "The owner's consent to guest work: signed with the owner's key, judged and held\n"
	     "by the kernel.\n"
	     "\n"
	     "Verbs:");
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %s\n      %s\n", verbs[i].usage, verbs[i].help);
	puts(help_options);
	return EXIT_OK;
}

enum {
	OPT_PARTITION = 256, OPT_ID, OPT_SERIAL, OPT_FROM, OPT_UNTIL, OPT_HOURS, OPT_UTC_OFFSET,
	OPT_ENERGY_DAY, OPT_ENERGY_TOTAL, OPT_CLASSES, OPT_MIN_CHARGE, OPT_ONLY_CHARGING,
};

static const struct option long_options[] = {
	{ "key", required_argument, NULL, 'k' },
	{ "certificate", required_argument, NULL, 'c' },
	{ "output", required_argument, NULL, 'o' },
	{ "signature", required_argument, NULL, 's' },
	{ "partition", required_argument, NULL, OPT_PARTITION },
	{ "id", required_argument, NULL, OPT_ID },
	{ "serial", required_argument, NULL, OPT_SERIAL },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "until", required_argument, NULL, OPT_UNTIL },
	{ "hours", required_argument, NULL, OPT_HOURS },
	{ "utc-offset", required_argument, NULL, OPT_UTC_OFFSET },
	{ "energy-day", required_argument, NULL, OPT_ENERGY_DAY },
	{ "energy-total", required_argument, NULL, OPT_ENERGY_TOTAL },
	{ "classes", required_argument, NULL, OPT_CLASSES },
	{ "min-charge", required_argument, NULL, OPT_MIN_CHARGE },
	{ "only-charging", no_argument, NULL, OPT_ONLY_CHARGING },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

/* Where an option's text is kept; by the option's number. */
static const struct {
	int option;
	size_t offset;
} texts[] = {
	{ 'k', offsetof(struct consent_options, key) },
	{ 'c', offsetof(struct consent_options, certificate) },
	{ 'o', offsetof(struct consent_options, output) },
	{ 's', offsetof(struct consent_options, signature) },
	{ OPT_PARTITION, offsetof(struct consent_options, partition) },
	{ OPT_ID, offsetof(struct consent_options, id) },
	{ OPT_SERIAL, offsetof(struct consent_options, serial) },
	{ OPT_FROM, offsetof(struct consent_options, from) },
	{ OPT_UNTIL, offsetof(struct consent_options, until) },
	{ OPT_HOURS, offsetof(struct consent_options, hours) },
	{ OPT_UTC_OFFSET, offsetof(struct consent_options, utc_offset) },
	{ OPT_ENERGY_DAY, offsetof(struct consent_options, energy_day) },
	{ OPT_ENERGY_TOTAL, offsetof(struct consent_options, energy_total) },
	{ OPT_CLASSES, offsetof(struct consent_options, classes) },
	{ OPT_MIN_CHARGE, offsetof(struct consent_options, charge_min) },
};

static int parse_option(int c, struct consent_options *options)
{
	size_t i;

	if (c == OPT_ONLY_CHARGING)
		options->only_charging = true;
	else if (c == 'j')
		options->json = true;
	else if (c == '?')
		return EXIT_USAGE;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		if (texts[i].option == c)
			*(const char **)((char *)options + texts[i].offset) = optarg;
	}
	return EXIT_OK;
}

static int call_verb(struct consent_options *options, int argc, char *argv[])
{
	const struct verb *verb = verbs;

	if (argc < 1)
		return fail(EXIT_USAGE, "consent: a verb is missing: see laybyctl consent --help");
	while (verb < verbs + ARRAY_SIZE(verbs) && strcmp(verb->name, argv[0]))
		verb++;
	if (verb == verbs + ARRAY_SIZE(verbs))
		return fail(EXIT_USAGE, "consent: unknown verb \"%s\": see laybyctl consent --help",
			    argv[0]);
	if (argc - 1 != verb->arguments)
		return fail(EXIT_USAGE, "usage: laybyctl consent %s", verb->usage);
	options->path = argv[1];
	return verb->call(options);
}

int consent_main(int argc, char *argv[])
{
	struct consent_options options = { .partition = "guest" };
	int c, r;

	while ((c = getopt_long(argc, argv, "k:c:o:s:jh", long_options, NULL)) >= 0) {
		if (c == 'h')
			return print_help();
		r = parse_option(c, &options);
		if (r != EXIT_OK)
			return r;
	}
	return call_verb(&options, argc - optind, argv + optind);
}
