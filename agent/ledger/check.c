// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Is a ledger whole? Each row is judged for itself by its signature, then by its place:
 * so one that was changed does not bring those behind it into doubt.
 *
 * Pure: whoever calls brings rows, key and what others know of the end.
 */
#include "check.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <util.h>

#define POINTS_MAX 4
/* So many are looked at for whether they are others' in the wrong place. */
#define SUSPECTS_MAX 32

struct entry {
	uint64_t number;
	uint64_t job;
	bool is_authentic;
};

struct point {
	const char *name;
	uint64_t count;
	uint8_t hash[LEDGER_DIGEST_BYTES];
};

/*
 * @wanted: the key that was asked for, or NULL; @key: the one that rows are checked with
 * @has_head: there is one that is right
 * @entries: of all rows so far; @position: the number of the last one
 * @number, @hash: of the last one that is authentic
 * @suspects: rows whose signature does not fit
 */
struct ledger_check {
	ledger_tell_fn tell;
	void *userdata;
	const uint8_t *wanted;
	const uint8_t *key;
	bool has_head;
	struct ledger_head head;
	struct point points[POINTS_MAX];
	size_t point_count;
	struct entry *entries;
	size_t entry_count;
	size_t entry_max;
	uint64_t position;
	uint64_t number;
	uint8_t hash[LEDGER_DIGEST_BYTES];
	struct ledger_record suspects[SUSPECTS_MAX];
	size_t suspect_count;
	uint64_t missing[SUSPECTS_MAX];
	size_t missing_count;
	uint64_t findings;
};

int ledger_check_new(const uint8_t *public_key, ledger_tell_fn tell, void *userdata,
		     struct ledger_check **ret_check)
{
	struct ledger_check *check = calloc(1, sizeof(*check));

	if (!check)
		return -ENOMEM;
	check->wanted = public_key;
	check->tell = tell;
	check->userdata = userdata;
	*ret_check = check;
	return 0;
}

void ledger_check_free(struct ledger_check *check)
{
	if (check)
		free(check->entries);
	free(check);
}

uint64_t ledger_check_findings(const struct ledger_check *check)
{
	return check->findings;
}

uint64_t ledger_check_rows(const struct ledger_check *check)
{
	return check->entry_count;
}

void ledger_check_tell(struct ledger_check *check, uint64_t number, const char *format, ...)
{
	char text[LEDGER_TEXT_MAX];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	check->findings++;
	check->tell(check->userdata, number, text);
}

/* --- The end, as it is known ------------------------------------------------------------ */

void ledger_check_point(struct ledger_check *check, const char *name, uint64_t count,
			const uint8_t hash[static LEDGER_DIGEST_BYTES])
{
	struct point *point = &check->points[check->point_count++];

	point->name = name;
	point->count = count;
	memcpy(point->hash, hash, sizeof(point->hash));
}

static void tell_foreign_key(struct ledger_check *check, const struct ledger_head *head)
{
	char is[2 * LEDGER_PUBLIC_BYTES + 1], wanted[2 * LEDGER_PUBLIC_BYTES + 1];

	ledger_check_tell(check, 0, "foreign key: it is signed with %s, not with %s",
			  ledger_hex(head->public_key, LEDGER_PUBLIC_BYTES, is),
			  ledger_hex(check->wanted, LEDGER_PUBLIC_BYTES, wanted));
}

/* A ledger of another key is told as that once, and judged by its own. */
void ledger_check_head(struct ledger_check *check, const struct ledger_head *head,
		       const char *wrong)
{
	check->key = check->wanted;
	if (!head) {
		ledger_check_tell(check, 0, "the head %s", wrong);
		return;
	}
	check->head = *head;
	check->has_head = ledger_head_verify(head);
	if (!check->has_head) {
		ledger_check_tell(check, 0, "the head was changed: its signature does not fit");
		check->key = check->wanted ?: check->head.public_key;
		return;
	}
	if (check->wanted && memcmp(check->wanted, head->public_key, LEDGER_PUBLIC_BYTES))
		tell_foreign_key(check, head);
	check->key = check->head.public_key;
	ledger_check_point(check, "the head", head->count, head->hash);
}

/* --- One row ---------------------------------------------------------------------------- */

static int add_entry(struct ledger_check *check, const struct ledger_record *record,
		     bool is_authentic)
{
	size_t max = check->entry_max ? 2 * check->entry_max : 1024;
	struct entry *entries = check->entries;

	if (check->entry_count == check->entry_max) {
		entries = reallocarray(entries, max, sizeof(*entries));
		if (!entries)
			return -ENOMEM;
		check->entries = entries;
		check->entry_max = max;
	}
	entries[check->entry_count++] =
		(struct entry){ record->row.number, record->row.job, is_authentic };
	return 0;
}

static void check_order(struct ledger_check *check, uint64_t number)
{
	if (number < check->position)
		ledger_check_tell(check, number, "re-ordered: it stands behind row %llu",
				  (unsigned long long)check->position);
	check->position = number;
}

/* Both are authentic: then one of them is of another ledger, or of another history. */
static void check_link(struct ledger_check *check, const struct ledger_record *record)
{
	uint8_t genesis[LEDGER_DIGEST_BYTES];
	uint64_t number = record->row.number;

	if (number == 1 && check->has_head) {
		ledger_genesis(&check->head, genesis);
		if (memcmp(record->previous, genesis, sizeof(genesis)))
			ledger_check_tell(check, number, "is of another ledger of the same key");
	} else if (number > 1 && number == check->number + 1 &&
		   memcmp(record->previous, check->hash, sizeof(check->hash))) {
		ledger_check_tell(check, number,
				  "does not follow row %llu: one of them is of another history, or ledger, of the same key",
				  (unsigned long long)check->number);
	}
	check->number = number;
	memcpy(check->hash, record->hash, sizeof(check->hash));
}

static void check_points(struct ledger_check *check, const struct ledger_record *record)
{
	const struct point *point;

	for (point = check->points; point < check->points + check->point_count; point++)
		if (point->count == record->row.number &&
		    memcmp(point->hash, record->hash, sizeof(point->hash)))
			ledger_check_tell(check, point->count,
					  "is not the one that %s has seen: the history is another",
					  point->name);
}

static void check_values(struct ledger_check *check, const struct ledger_row *row)
{
	if (row->cost_ucent != ledger_cost_ucent(row->energy_uj, row->price_ucent_per_kwh))
		ledger_check_tell(check, row->number,
				  "is signed, but its cost is not that of its energy and price");
	if (check->has_head && row->number > check->head.count)
		ledger_check_tell(check, row->number,
				  "stands behind the head, which says %llu: an older head was put in its place",
				  (unsigned long long)check->head.count);
}

static void tell_changed(struct ledger_check *check, uint64_t number)
{
	ledger_check_tell(check, number,
			  "changed or forged: its signature is not of these values");
}

static void suspect(struct ledger_check *check, const struct ledger_record *record)
{
	if (check->suspect_count < SUSPECTS_MAX)
		check->suspects[check->suspect_count++] = *record;
	else
		tell_changed(check, record->row.number);
}

int ledger_check_row(struct ledger_check *check, const struct ledger_record *record,
		     const char *wrong)
{
	uint8_t hash[LEDGER_DIGEST_BYTES];
	bool is_authentic = false;

	if (wrong) {
		ledger_check_tell(check, record->row.number, "changed: %s", wrong);
		return add_entry(check, record, false);
	}
	ledger_record_hash(record, hash);
	check_order(check, record->row.number);
	if (!check->key || !ledger_record_verify(record, check->key)) {
		suspect(check, record);
	} else if (memcmp(hash, record->hash, sizeof(hash))) {
		ledger_check_tell(check, record->row.number,
				  "changed: the hash does not fit its values, its signature does");
	} else {
		is_authentic = true;
		check_link(check, record);
		check_points(check, record);
		check_values(check, &record->row);
	}
	return add_entry(check, record, is_authentic);
}

/* --- All rows --------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	uint64_t left = ((const struct entry *)a)->number;
	uint64_t right = ((const struct entry *)b)->number;

	return (left > right) - (left < right);
}

/* Those that are not authentic behind the others: they are told of already. */
static int by_job(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	if (left->is_authentic != right->is_authentic)
		return left->is_authentic ? -1 : 1;
	if (left->job != right->job)
		return left->job > right->job ? 1 : -1;
	return by_number(a, b);
}

static void tell_missing(struct ledger_check *check, uint64_t from, uint64_t to,
			 const char *why)
{
	uint64_t number;

	for (number = from; number <= to && check->missing_count < SUSPECTS_MAX; number++)
		check->missing[check->missing_count++] = number;
	if (from == to)
		ledger_check_tell(check, from, "missing%s", why);
	else
		ledger_check_tell(check, from, "missing, with all up to row %llu%s",
				  (unsigned long long)to, why);
}

/* The point that has seen most; NULL: none. */
static const struct point *farthest(const struct ledger_check *check)
{
	const struct point *point, *far = NULL;

	for (point = check->points; point < check->points + check->point_count; point++)
		if (!far || point->count > far->count)
			far = point;
	return far;
}

static uint64_t last_authentic(const struct ledger_check *check)
{
	size_t i = check->entry_count;

	while (i && !check->entries[i - 1].is_authentic)
		i--;
	return i ? check->entries[i - 1].number : 0;
}

/* Up to the last row that there must be; sorted by number. */
static void check_gaps(struct ledger_check *check)
{
	const struct point *far = farthest(check);
	uint64_t last = last_authentic(check);
	uint64_t end = far && far->count > last ? far->count : last;
	uint64_t next = 1;
	char why[128];
	size_t i;

	for (i = 0; i < check->entry_count && check->entries[i].number <= end; i++) {
		if (check->entries[i].number > next)
			tell_missing(check, next, check->entries[i].number - 1, "");
		if (check->entries[i].number >= next)
			next = check->entries[i].number + 1;
	}
	if (next > end)
		return;
	snprintf(why, sizeof(why), ": the tail was cut, %s has seen %llu rows", far->name,
		 (unsigned long long)far->count);
	tell_missing(check, next, end, why);
}

static void check_twice(struct ledger_check *check)
{
	const struct entry *entry = check->entries;
	size_t i;

	for (i = 1; i < check->entry_count; i++)
		if (entry[i].number == entry[i - 1].number && entry[i].number)
			ledger_check_tell(check, entry[i].number, "stands there twice");
}

static void check_jobs(struct ledger_check *check)
{
	const struct entry *entry = check->entries;
	size_t i;

	for (i = 1; i < check->entry_count && entry[i].is_authentic; i++)
		if (entry[i].job == entry[i - 1].job && entry[i].number != entry[i - 1].number)
			ledger_check_tell(check, entry[i].number,
					  "is of job %llu, of which row %llu is, too",
					  (unsigned long long)entry[i].job,
					  (unsigned long long)entry[i - 1].number);
}

/* What @record would be authentic as; 0: as none that is looked for. */
static uint64_t true_number(const struct ledger_check *check, const struct ledger_record *record)
{
	struct ledger_record copy = *record;
	size_t i;

	for (i = 0; i < check->suspect_count + check->missing_count; i++) {
		copy.row.number = i < check->suspect_count ?
					  check->suspects[i].row.number :
					  check->missing[i - check->suspect_count];
		if (ledger_record_verify(&copy, check->key))
			return copy.row.number;
	}
	return 0;
}

static void check_suspects(struct ledger_check *check)
{
	const struct ledger_record *record;
	uint64_t number;

	for (record = check->suspects; record < check->suspects + check->suspect_count; record++) {
		number = check->key ? true_number(check, record) : 0;
		if (number)
			ledger_check_tell(check, record->row.number,
					  "re-ordered: it was signed as row %llu",
					  (unsigned long long)number);
		else
			tell_changed(check, record->row.number);
	}
}

static void check_genesis(struct ledger_check *check)
{
	uint8_t genesis[LEDGER_DIGEST_BYTES];
	const struct point *point;

	if (!check->has_head)
		return;
	ledger_genesis(&check->head, genesis);
	for (point = check->points; point < check->points + check->point_count; point++)
		if (!point->count && memcmp(point->hash, genesis, sizeof(genesis)))
			ledger_check_tell(check, 0, "%s is of another ledger", point->name);
}

void ledger_check_finish(struct ledger_check *check)
{
	if (check->entry_count)
		qsort(check->entries, check->entry_count, sizeof(*check->entries), by_number);
	check_genesis(check);
	check_gaps(check);
	check_twice(check);
	check_suspects(check);
	if (check->entry_count)
		qsort(check->entries, check->entry_count, sizeof(*check->entries), by_job);
	check_jobs(check);
}
