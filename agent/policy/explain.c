// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl policy explain: what a policy means, in sentences for an owner or an
 * auditor who has never seen one. Every number comes from the policy; what is
 * said around them is what the module does, and changes with it.
 */
#include <string.h>

#include "tool.h"

/* A policy, and room for the values of one sentence. */
struct explanation {
	const struct source *source;
	const struct blob *blob;
	char values[8][VALUE_TEXT_MAX];
	uint32_t next;
	uint32_t guests;
};

static const char *put(struct explanation *e, enum quantity kind, uint64_t value)
{
	return value_format(kind, value, e->values[e->next++ % ARRAY_SIZE(e->values)]);
}

/* A field as people read it; at most eight of them in one sentence. */
static const char *of(struct explanation *e, uint32_t partition, uint32_t field)
{
	return put(e, key_of_field(field)->quantity, blob_get(e->blob, partition, field));
}

#define HEAD(name)	of(e, NOWHERE, FIELD(name))
#define PART(name)	of(e, partition, FIELD(name))
#define NUMBER(name)	blob_get(e->blob, NOWHERE, FIELD(name))
#define TEXT(name)	blob_get_text(e->blob, FIELD(name))

/* --- Which policy --------------------------------------------------------- */

static void explain_head(struct explanation *e)
{
	char digest[65];

	digest_text(e->blob->bytes, e->blob->size, digest);
	printf("Policy \"%s\", serial %s.\n"
	       "For the vehicle type \"%s\" with the accelerator \"%s\".\n"
	       "Written by %s, reviewed by %s, change %s.\n"
	       "The SHA-256 of its binary form is\n"
	       "  %s\n",
	       TEXT(ID), HEAD(SERIAL), TEXT(VEHICLE_TYPE), TEXT(ACCELERATOR), TEXT(AUTHOR),
	       TEXT(REVIEWER), TEXT(CHANGE), digest);
}

/* --- Who may use what ----------------------------------------------------- */

static void explain_memory(struct explanation *e)
{
	uint32_t partition, count = blob_partitions(e->blob);
	char name[BLOB_NAME_MAX];

	for (partition = 0; partition < count; partition++)
		printf("  %-10s  %s of memory from %s on, %s of the memory bandwidth,\n"
		       "              at most %s jobs queued, each at most %s long\n",
		       blob_partition_name(e->blob, partition, name), PART(WINDOW_BYTES),
		       PART(WINDOW_OFFSET), PART(BANDWIDTH_PERMILLE), PART(QUEUE_DEPTH),
		       PART(LONGEST_RUN_NS));
}

static void explain_tiles(struct explanation *e, uint32_t field)
{
	uint32_t partition, count = blob_partitions(e->blob);
	char name[BLOB_NAME_MAX];

	for (partition = 0; partition < count; partition++) {
		printf("  %-10s  ", blob_partition_name(e->blob, partition, name));
		if (!blob_get(e->blob, partition, field))
			puts("nothing");
		else if (blob_is_guest(e->blob, partition))
			printf("tiles %s\n", of(e, partition, field));
		else
			printf("tiles %s (never fewer than %s)\n", of(e, partition, field),
			       PART(TILES_MIN));
	}
}

static void explain_who(struct explanation *e)
{
	puts("\nWHO MAY USE WHAT\n"
	     "Each partition has a part of the accelerator's memory to itself. No other can\n"
	     "reach it, at any time:");
	explain_memory(e);
	puts("While the vehicle drives, and whenever it is not certain that it is parked, all\n"
	     "of the accelerator computes for driving:");
	explain_tiles(e, FIELD(TILES_DRIVING));
	if (!e->guests) {
		puts("There is no guest partition: nobody but driving ever uses the accelerator.");
		return;
	}
	puts("While it is parked and the gate is open, guests may use the rest:");
	explain_tiles(e, FIELD(TILES_PARKED));
	printf("The ceiling for guest work is %s, for guests and driving together %s. Over any\n"
	       "stretch of time guests draw at most %s more than their ceiling allows for it.\n",
	       HEAD(POWER_MW), HEAD(RAIL_MW), HEAD(BUCKET_UJ));
}

/* --- When ----------------------------------------------------------------- */

static void explain_when(struct explanation *e)
{
	char subject[SUBJECT_TEXT_MAX], end[DATE_TEXT_MAX];

	certificate_subject(e->source->owner, subject, sizeof(subject));
	certificate_end(e->source->owner, end);
	printf("\nWHEN GUEST WORK MAY RUN\n"
	       "Only while all of this holds. What is missing, unknown or too old closes the gate:\n"
	       "  - this policy is in force, its signature is right, and the boot is sealed;\n"
	       "  - every signal that the vehicle sends has said parked, for %s without a break;\n"
	       "  - the frame %s of the control unit that keeps sending while parked\n"
	       "    came within the last %s;\n"
	       "  - the owner's consent is there: signed with the key of\n"
	       "      %s (certificate until %s),\n"
	       "    inside its hours, with energy left;\n"
	       "  - the agent has renewed its lease within the last %s;\n"
	       "  - a governor is attached, and its verdict and the sensors are fresh;\n"
	       "  - the accelerator is cooler than %s, or than less if it needs that for driving;\n"
	       "    once it was not, it must fall below %s;\n"
	       "  - no fault is latched, and the system is not going to sleep.\n",
	       HEAD(PARK_HOLD_NS), HEAD(PARK_CAN_ID), HEAD(SIGNAL_AGE_NS), subject, end,
	       HEAD(LEASE_AGE_NS), HEAD(TRIP_MDEG), HEAD(RESUME_MDEG));
}

/* --- What happens when ---------------------------------------------------- */

static void explain_return(struct explanation *e)
{
	uint64_t reclaim = NUMBER(RECLAIM_NS);

	printf("\nWHAT HAPPENS WHEN\n"
	       "  somebody starts the car or leaves Park\n"
	       "    One frame is enough. Guest jobs are told to stop at once, and at most %s\n"
	       "    later all tiles compute for driving, whatever the jobs do.\n"
	       "  the vehicle bus sleeps, fails or falls silent\n"
	       "    Silence counts as driving: %s after the last frame %s the gate closes,\n"
	       "    and at most %s after that frame driving has all tiles.\n"
	       "  the agent dies or hangs\n"
	       "    When it dies its lease ends at once; when it hangs, %s after it last\n"
	       "    renewed it, and at most %s after that driving has all tiles.\n",
	       HEAD(RECLAIM_NS), HEAD(SIGNAL_AGE_NS), HEAD(PARK_CAN_ID),
	       put(e, QUANTITY_TIME, NUMBER(SIGNAL_AGE_NS) + reclaim), HEAD(LEASE_AGE_NS),
	       put(e, QUANTITY_TIME, NUMBER(LEASE_AGE_NS) + reclaim));
}

static void explain_trouble(struct explanation *e)
{
	printf("  a guest job does not stop\n"
	       "    If the accelerator has not stopped it within %s, its partition is reset and\n"
	       "    its memory on the tiles cleared. The %s include that.\n"
	       "  the reset fails, too\n"
	       "    The partition is fenced and a fault latched: no guest work until a person\n"
	       "    has cleared it. Driving keeps its own tiles and is not disturbed; it does not\n"
	       "    get those that the guest would not let go of.\n"
	       "  the owner takes the consent back\n"
	       "    The gate closes as above, and what guests stored in the accelerator is cleared.\n"
	       "  it gets as hot as %s\n"
	       "    The gate closes as above, until it is cooler than %s.\n"
	       "  the system goes to sleep\n"
	       "    The gate closes first. After waking nothing counts that was heard before.\n"
	       "  the operating system stops\n"
	       "    The accelerator itself stops guest work when it was not fed for %s.\n",
	       HEAD(ABORT_NS), HEAD(RECLAIM_NS), HEAD(TRIP_MDEG), HEAD(RESUME_MDEG),
	       HEAD(WATCHDOG_NS));
}

static void explain_loss(void)
{
	puts("  this policy is missing, damaged, forged, too old or for another accelerator\n"
	     "    Driving has the whole accelerator, and there is no guest partition.");
}

/* --- The sums ------------------------------------------------------------- */

static void explain_interval(struct explanation *e)
{
	struct worst_case worst;
	uint64_t sum;

	worst_case_init(&worst, e->blob);
	sum = worst.detection_ns + worst.reclaim_ns;
	printf("\nTHE WORST CASE\n"
	       "  detection: the longer of signal age (%s) and lease age (%s)\n"
	       "    %s\n"
	       "  reaction: reclaim, of which %s for an abort that nobody answers\n"
	       "    %s\n"
	       "  together\n"
	       "    %s\n"
	       "  fault-tolerant time interval\n"
	       "    %s, of which %s are to spare\n",
	       HEAD(SIGNAL_AGE_NS), HEAD(LEASE_AGE_NS), put(e, QUANTITY_TIME, worst.detection_ns),
	       HEAD(ABORT_NS), HEAD(RECLAIM_NS), put(e, QUANTITY_TIME, sum), HEAD(INTERVAL_NS),
	       put(e, QUANTITY_TIME, worst.interval_ns - sum));
}

static void explain_heat(struct explanation *e)
{
	int64_t ambient = (int64_t)NUMBER(AMBIENT_MDEG);
	double settles = (double)ambient / 1000 +
			 (double)(NUMBER(DRIVING_POWER_MW) * NUMBER(RESISTANCE_MK_PER_W)) / 1e6;

	printf("\nHEAT\n"
	       "Full driving load (%s) at the worst ambient temperature (%s) settles at %.4g °C\n"
	       "with a thermal resistance of %s. Guest work ends at %s, above that, or earlier:\n"
	       "where the accelerator's own throttle, less the error of its sensor and what all that\n"
	       "the rail gives (%s) adds inside it, is lower. So full driving load can start at any\n"
	       "moment, guests may go on until they are reclaimed, and it never throttles.\n"
	       "laybyctl policy check tells where that is for an accelerator.\n",
	       HEAD(DRIVING_POWER_MW), HEAD(AMBIENT_MDEG), settles, HEAD(RESISTANCE_MK_PER_W),
	       HEAD(TRIP_MDEG), HEAD(RAIL_MW));
}

/* -------------------------------------------------------------------------- */

static uint32_t count_guests(const struct blob *blob)
{
	uint32_t partition, guests = 0, count = blob_partitions(blob);

	for (partition = 0; partition < count; partition++)
		guests += blob_is_guest(blob, partition);
	return guests;
}

int policy_explain(const struct policy_options *options)
{
	_cleanup_(source_fini) struct source source = {};
	struct explanation e = { .source = &source, .blob = &source.blob };
	int r;

	if (options->json)
		return fail(EXIT_USAGE, "explain is for people; show --json is for programs");
	r = source_load(&source, options->path, NULL);
	if (r != EXIT_OK)
		return r;
	e.guests = count_guests(e.blob);
	explain_head(&e);
	explain_who(&e);
	if (e.guests) {
		explain_when(&e);
		explain_return(&e);
		explain_trouble(&e);
		explain_loss();
		explain_interval(&e);
	}
	explain_heat(&e);
	return EXIT_OK;
}
