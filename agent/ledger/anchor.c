// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The anchor: the signed head once more, in a file beside the database, so that a
 * database whose tail was cut, or an older copy of it, is found.
 *
 * Must never be newer than what the database has on disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <util.h>

#include "file.h"
#include "internal.h"
#include "json.h"
#include "text.h"

#define ANCHOR_BYTES_MAX 1024
/* Of a busy agent; each one costs two flushes of the disk. */
#define ANCHOR_PERIOD_NS (1000 * 1000 * 1000ull)

int ledger_directory_open(sqlite3 *db)
{
	const char *path = sqlite3_db_filename(db, "main");
	_cleanup_free_ char *directory = NULL;
	const char *slash;
	int fd;

	if (!path || !*path)
		return -ENOENT;
	/* SQLite's are absolute */
	slash = strrchr(path, '/');
	directory = strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
	if (!directory)
		return -ENOMEM;
	fd = open(*directory ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int ledger_anchor_read(int directory, struct ledger_head *head, char text[static LEDGER_TEXT_MAX])
{
	_cleanup_close_ int fd = openat(directory, LEDGER_ANCHOR_FILE,
					O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char line[ANCHOR_BYTES_MAX + 1];
	ssize_t n;
	int r;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 && errno == ELOOP)
		return ledger_say(text, -EBADMSG, "is a symbolic link");
	n = fd < 0 ? -1 : read(fd, line, sizeof(line));
	if (n < 0)
		return ledger_say(text, errno == EISDIR ? -EBADMSG : -errno, "%s",
				  strerror(errno));
	if (n > ANCHOR_BYTES_MAX || memchr(line, 0, (size_t)n))
		return ledger_say(text, -EBADMSG, "is no text of a ledger's head");
	line[n] = 0;
	r = ledger_json_parse(&ledger_heads, line, head, text);
	return r < 0 ? r : 1;
}

static int write_anchor(int directory, const struct ledger_head *head)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *json = NULL;
	_cleanup_free_ char *line = NULL;
	int r;

	r = ledger_json_make(&ledger_heads, head, &json);
	if (r < 0)
		return r;
	r = sd_json_variant_format(json, SD_JSON_FORMAT_NEWLINE, &line);
	return r < 0 ? r :
		       ledger_file_save(directory, LEDGER_ANCHOR_FILE, line, strlen(line), 0);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/*
 * By the head in the database: one whose commit failed is not there. The first of an
 * agent's life is always written: the file may be gone.
 */
int ledger_anchor(struct ledger *ledger, bool idle)
{
	char text[LEDGER_TEXT_MAX];
	struct ledger_head head;
	uint64_t now = now_ns();
	int r;

	if (ledger->directory < 0)
		return 0;
	if (!sqlite3_get_autocommit(ledger->db))
		return -EBUSY;
	if (!idle && ledger->anchored_ns && now - ledger->anchored_ns < ANCHOR_PERIOD_NS)
		return 0;
	r = ledger_head_fetch(ledger->db, &head, text);
	if (r != 1)
		return r < 0 ? r : -ENODATA;
	if (ledger->anchored_ns && ledger->anchored_count == head.count)
		return 0;
	r = write_anchor(ledger->directory, &head);
	if (r < 0)
		return r;
	ledger->anchored_count = head.count;
	ledger->anchored_ns = now;
	return 0;
}
