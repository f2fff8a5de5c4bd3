// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * laybyctl policy show: every field, in the words of policy.conf or as JSON
 * under the names of the validator's table. What it prints can be compiled
 * again, once the line with the certificate names a file.
 */
#include <string.h>

#include "tool.h"

#define _json_ _cleanup_(sd_json_variant_unrefp) sd_json_variant

/* --- As policy.conf ------------------------------------------------------- */

static void print_owner(const struct source *source)
{
	char subject[SUBJECT_TEXT_MAX], end[DATE_TEXT_MAX], digest[65];
	const uint8_t *bytes;
	size_t size;

	bytes = blob_owner(&source->blob, &size);
	certificate_subject(source->owner, subject, sizeof(subject));
	certificate_end(source->owner, end);
	digest_text(bytes, size, digest);
	printf("# Certificate of %s, valid until %s, %zu bytes\n"
	       "# sha256 %s\n", subject, end, size, digest);
}

static void print_key(const struct source *source, uint32_t partition, const struct key *key)
{
	char text[VALUE_TEXT_MAX];

	if (key->quantity == QUANTITY_FILE)
		print_owner(source);
	else if (key->quantity == QUANTITY_TEXT)
		printf("%s=%s\n", key->name, blob_get_text(&source->blob, key->field));
	else
		printf("%s=%s\n", key->name,
		       value_format(key->quantity, blob_get(&source->blob, partition, key->field),
				    text));
}

static void print_section(const struct source *source, uint32_t partition, const char *section)
{
	size_t i;

	for (i = 0; i < key_count; i++) {
		if (!strcmp(keys[i].section, section))
			print_key(source, partition, &keys[i]);
	}
}

static void print_partitions(const struct source *source)
{
	uint32_t partition, count = blob_partitions(&source->blob);
	char name[BLOB_NAME_MAX];

	for (partition = 0; partition < count; partition++) {
		printf("\n[%s %s]\n", PARTITION,
		       blob_partition_name(&source->blob, partition, name));
		print_section(source, partition, PARTITION);
	}
}

static int show_text(const struct source *source, const char *digest)
{
	size_t i;

	printf("# %s, version %u of the binary form, %zu bytes\n# sha256 %s\n", source->path,
	       (uint32_t)blob_get(&source->blob, NOWHERE, FIELD(VERSION)), source->blob.size,
	       digest);
	for (i = 0; i < key_count; i++) {
		if (!strcmp(keys[i].section, PARTITION) ||
		    (i && !strcmp(keys[i].section, keys[i - 1].section)))
			continue;
		printf("\n[%s]\n", keys[i].section);
		print_section(source, NOWHERE, keys[i].section);
	}
	print_partitions(source);
	return EXIT_OK;
}

/* --- As JSON -------------------------------------------------------------- */

static int build_tiles(uint32_t mask, sd_json_variant **ret_list)
{
	uint32_t tile;
	int r;

	r = sd_json_variant_new_array(ret_list, NULL, 0);
	for (tile = 0; r >= 0 && tile < 32; tile++) {
		if (mask >> tile & 1)
			r = sd_json_variant_append_arrayb(ret_list, SD_JSON_BUILD_UNSIGNED(tile));
	}
	return r;
}

static int add_field(const struct blob *blob, uint32_t partition, const struct key *key,
		     sd_json_variant **object)
{
	const char *name = layby_policy_fields[key->field].name;
	_json_ *tiles = NULL;
	uint64_t value;
	int r;

	if (key->quantity == QUANTITY_TEXT)
		return sd_json_variant_set_field_string(object, name,
							blob_get_text(blob, key->field));
	value = blob_get(blob, partition, key->field);
	if (key->quantity == QUANTITY_TEMPERATURE)
		return sd_json_variant_set_field_integer(object, name, (int64_t)value);
	if (key->quantity != QUANTITY_TILES)
		return sd_json_variant_set_field_unsigned(object, name, value);
	r = build_tiles((uint32_t)value, &tiles);
	return r < 0 ? r : sd_json_variant_set_field(object, name, tiles);
}

static int build_partition(const struct blob *blob, uint32_t partition,
			   sd_json_variant **ret_object)
{
	uint32_t partition_class = (uint32_t)blob_get(blob, partition, FIELD(PARTITION_CLASS));
	size_t i;
	int r;

	r = sd_json_buildo(
		ret_object,
		SD_JSON_BUILD_PAIR_STRING("class", layby_class_name(partition_class)),
		SD_JSON_BUILD_PAIR_UNSIGNED("id", blob_get(blob, partition, FIELD(PARTITION_ID))));
	for (i = 0; r >= 0 && i < key_count; i++) {
		if (!strcmp(keys[i].section, PARTITION))
			r = add_field(blob, partition, &keys[i], ret_object);
	}
	return r;
}

static int build_partitions(const struct blob *blob, sd_json_variant **list)
{
	uint32_t partition, count = blob_partitions(blob);
	int r = 0;

	for (partition = 0; r >= 0 && partition < count; partition++) {
		_json_ *object = NULL;

		r = build_partition(blob, partition, &object);
		if (r >= 0)
			r = sd_json_variant_append_array(list, object);
	}
	return r;
}

static int build_owner(const struct source *source, sd_json_variant **ret_object)
{
	char subject[SUBJECT_TEXT_MAX], end[DATE_TEXT_MAX], digest[65];
	const uint8_t *bytes;
	size_t size;

	bytes = blob_owner(&source->blob, &size);
	certificate_subject(source->owner, subject, sizeof(subject));
	certificate_end(source->owner, end);
	digest_text(bytes, size, digest);
	return sd_json_buildo(ret_object, SD_JSON_BUILD_PAIR_STRING("subject", subject),
			      SD_JSON_BUILD_PAIR_STRING("valid_until", end),
			      SD_JSON_BUILD_PAIR_STRING("sha256", digest),
			      SD_JSON_BUILD_PAIR_BASE64("certificate", bytes, size));
}

static int build_policy(const struct source *source, const char *digest,
			sd_json_variant **ret_object)
{
	_json_ *partitions = NULL, *owner = NULL;
	size_t i;
	int r;

	r = sd_json_buildo(
		ret_object, SD_JSON_BUILD_PAIR_STRING("sha256", digest),
		SD_JSON_BUILD_PAIR_UNSIGNED("bytes", source->blob.size),
		SD_JSON_BUILD_PAIR_UNSIGNED("version",
					    blob_get(&source->blob, NOWHERE, FIELD(VERSION))));
	for (i = 0; r >= 0 && i < key_count; i++) {
		if (strcmp(keys[i].section, PARTITION) && keys[i].quantity != QUANTITY_FILE)
			r = add_field(&source->blob, NOWHERE, &keys[i], ret_object);
	}
	if (r >= 0)
		r = build_owner(source, &owner);
	if (r >= 0)
		r = sd_json_variant_set_field(ret_object, "owner", owner);
	if (r >= 0)
		r = build_partitions(&source->blob, &partitions);
	return r < 0 ? r : sd_json_variant_set_field(ret_object, "partitions", partitions);
}

static int show_json(const struct source *source, const char *digest)
{
	_json_ *object = NULL;
	int r;

	r = build_policy(source, digest, &object);
	return r < 0 ? fail_errno(r, "printing") : policy_print_json(object);
}

/* -------------------------------------------------------------------------- */

int policy_show(const struct policy_options *options)
{
	_cleanup_(source_fini) struct source source = {};
	char digest[65];
	int r;

	r = source_load(&source, options->path, NULL);
	if (r != EXIT_OK)
		return r;
	digest_text(source.blob.bytes, source.blob.size, digest);
	return options->json ? show_json(&source, digest) : show_text(&source, digest);
}
