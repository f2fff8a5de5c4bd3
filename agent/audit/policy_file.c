// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The policy's file, where the kernel looks for it, held against what is in force.
 * Must never tell what stands in a file that is not in force: nobody has judged it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <host_file.h>
#include <host_root.h>

#include "audit.h"

/* As kmod/firmware.h has it */
#define POLICY_FILE	"layby/policy.bin"
#define WHAT		"whether the image's policy is the one in force"

/* --- Where ------------------------------------------------------------------ */

/* Also one that we may not look at: the kernel may. */
static bool is_there(char path[static PATH_MAX], const char *folder, const char *suffix)
{
	int length = snprintf(path, PATH_MAX, "%s%s/" POLICY_FILE "%s", host_root(), folder,
			      suffix);

	if (length >= PATH_MAX)
		return false;
	return !access(path, F_OK) || (errno != ENOENT && errno != ENOTDIR);
}

/* The kernel's own order: drivers/base/firmware_loader/main.c */
static bool find_file(const struct audit *audit, char path[static PATH_MAX], const char *suffix)
{
	char first[256], of_release[sizeof(audit->uts.release) + 32];

	if (!host_read_line("/sys/module/firmware_class/parameters/path", first, sizeof(first)) &&
	    *first && is_there(path, first, suffix))
		return true;
	snprintf(of_release, sizeof(of_release), "/lib/firmware/updates/%s", audit->uts.release);
	if (is_there(path, of_release, suffix) || is_there(path, "/lib/firmware/updates", suffix))
		return true;
	snprintf(of_release, sizeof(of_release), "/lib/firmware/%s", audit->uts.release);
	return is_there(path, of_release, suffix) || is_there(path, "/lib/firmware", suffix);
}

static const char *find(const struct audit *audit, char path[static PATH_MAX])
{
	if (find_file(audit, path, ""))
		return NULL;
	if (find_file(audit, path, ".zst") || find_file(audit, path, ".xz"))
		return "is compressed: unpack it and name it with --policy";
	*path = '\0';
	return "there is no " POLICY_FILE
	       " in the firmware path (was it in an initramfs?): name it with --policy";
}

/* --- What stands in it ------------------------------------------------------ */

static void take_text(const struct blob *blob, uint32_t field, char *text, size_t size)
{
	snprintf(text, size, "%s", blob_get_text(blob, field));
}

/* These very bytes were judged by the kernel. */
static void take_names(struct policy_file *file, const uint8_t *bytes, size_t size)
{
	struct blob blob = { .size = size };

	memcpy(blob.bytes, bytes, size);
	take_text(&blob, FIELD(AUTHOR), file->author, sizeof(file->author));
	take_text(&blob, FIELD(REVIEWER), file->reviewer, sizeof(file->reviewer));
	take_text(&blob, FIELD(CHANGE), file->change, sizeof(file->change));
}

static bool has_digest_in_force(const struct audit *audit, const char *digest)
{
	char in_force[65];
	size_t i;

	if (!(audit->parts & PART_POLICY) || audit->policy.state != LAYBY_POLICY_STATE_IN_FORCE)
		return false;
	for (i = 0; i < sizeof(audit->policy.digest); i++)
		snprintf(in_force + 2 * i, 3, "%02x", audit->policy.digest[i]);
	return !strcmp(digest, in_force);
}

static const char *read_file(struct audit *audit, struct policy_file *file)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	const char *wrong;
	size_t size;

	wrong = load_file_quietly(file->path, SOURCE_BYTES_MAX, &bytes, &size);
	if (wrong)
		return wrong;
	digest_text(bytes, size, file->digest);
	file->is_in_force = has_digest_in_force(audit, file->digest);
	if (file->is_in_force && size >= LAYBY_POLICY_SIZE_MIN && size <= LAYBY_POLICY_SIZE_MAX)
		take_names(file, bytes, size);
	return NULL;
}

void audit_gather_file(struct audit *audit, const char *named)
{
	struct policy_file *file = &audit->file;

	if (named)
		snprintf(file->path, sizeof(file->path), "%s", named);
	else
		file->why = find(audit, file->path);
	if (!file->why)
		file->why = read_file(audit, file);
	if (!file->why)
		audit->parts |= PART_FILE;
	else
		audit_unknown(audit, PART_FILE, WHAT, "%s%s%s", file->path, *file->path ? ": " : "",
			      file->why);
}
