// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The database: made, recognised and checked. What it is set to here is what the
 * promises stand on: a commit returns when it is on disk (WAL, synchronous FULL).
 *
 * Must never change a database before it is known to be ours and of this version.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

#define AS_TEXT(x) #x
#define TEXT_OF(x) AS_TEXT(x)

/*
 * job.rank is the priority with its sign changed, so that one order fits all columns;
 * job.due_us is the deadline, or the largest number; job.asked says what makes a job
 * the same as another; output_sizes are 64-bit words.
 */
static const char schema[] =
	"BEGIN;\n"
	"CREATE TABLE job (number INTEGER PRIMARY KEY AUTOINCREMENT, uid INTEGER NOT NULL,\n"
	" key BLOB NOT NULL, asked BLOB NOT NULL, state INTEGER NOT NULL,\n"
	" bytes INTEGER NOT NULL, output_sizes BLOB NOT NULL, input_count INTEGER NOT NULL,\n"
	" longest_run_us INTEGER NOT NULL, rank INTEGER NOT NULL, retries INTEGER NOT NULL,\n"
	" due_us INTEGER NOT NULL, interactive INTEGER NOT NULL, linger INTEGER NOT NULL,\n"
	" owner TEXT NOT NULL, queued_us INTEGER NOT NULL, ended_us INTEGER NOT NULL DEFAULT 0,\n"
	" attempts INTEGER NOT NULL DEFAULT 0, reclaims INTEGER NOT NULL DEFAULT 0,\n"
	" result INTEGER NOT NULL DEFAULT 0, ran INTEGER NOT NULL DEFAULT 0, report BLOB,\n"
	" ticks_hz INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',\n"
	" message TEXT NOT NULL DEFAULT '');\n"
	"CREATE UNIQUE INDEX job_key ON job (uid, key);\n"
	"CREATE INDEX job_user ON job (uid);\n"
	"CREATE INDEX job_next ON job (uid, due_us, rank) WHERE state = 0;\n"
	"CREATE INDEX job_ended ON job (ended_us) WHERE state <> 0;\n"
	"CREATE INDEX job_owner ON job (owner) WHERE linger = 0;\n"
	"CREATE TABLE content (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE,\n"
	" size INTEGER NOT NULL, bytes BLOB);\n"
	"CREATE TABLE part (job INTEGER NOT NULL REFERENCES job (number),\n"
	" role INTEGER NOT NULL, place INTEGER NOT NULL,\n"
	" content INTEGER NOT NULL REFERENCES content (id),\n"
	" PRIMARY KEY (job, role, place)) WITHOUT ROWID;\n"
	"CREATE INDEX part_content ON part (content);\n"
	"CREATE TABLE usage (uid INTEGER PRIMARY KEY, queued INTEGER NOT NULL,\n"
	" held INTEGER NOT NULL, bytes INTEGER NOT NULL, ended INTEGER NOT NULL);\n"
	"PRAGMA application_id = " TEXT_OF(APPLICATION_ID) ";\n"
	"PRAGMA user_version = " TEXT_OF(SCHEMA_VERSION) ";\n"
	"COMMIT;";

/* The owner's, which came later: an older agent does not look at it. */
static const char schema_of_settings[] =
	"CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID";

/* Memory is what the agent has little of: pages of 4 KiB, in KiB here. */
static const char settings_of_writer[] = "PRAGMA synchronous = FULL;\n"
					 "PRAGMA foreign_keys = ON;\n"
					 "PRAGMA secure_delete = ON;\n"
					 "PRAGMA cell_size_check = ON;\n"
					 "PRAGMA trusted_schema = OFF;\n"
					 "PRAGMA temp_store = MEMORY;\n"
					 "PRAGMA cache_size = -512;";
static const char settings_of_reader[] = "PRAGMA query_only = ON;\n"
					 "PRAGMA cell_size_check = ON;\n"
					 "PRAGMA trusted_schema = OFF;\n"
					 "PRAGMA temp_store = MEMORY;\n"
					 "PRAGMA cache_size = -256;";

/* Of somebody who looks into the database from outside. The reader is in the loop. */
#define WRITER_WAITS_MS 5000
#define READER_WAITS_MS 50

static int run(sqlite3 *handle, const char *sql)
{
	return sql_errno(handle, sqlite3_exec(handle, sql, NULL, NULL, NULL));
}

/* The first column of the first row of what is asked once. */
static int ask(sqlite3 *handle, const char *sql, char *ret_answer, size_t size)
{
	sqlite3_stmt *statement = NULL;
	int code, r;

	code = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL);
	if (code != SQLITE_OK)
		return sql_errno(handle, code);
	r = sql_step(statement);
	if (r > 0)
		snprintf(ret_answer, size, "%s",
			 (const char *)sqlite3_column_text(statement, 0) ?: "");
	sqlite3_finalize(statement);
	return r < 0 ? r : r ? 0 : -EBADMSG;
}

static int ask_number(sqlite3 *handle, const char *sql, long long *ret_number)
{
	char answer[32];
	int r;

	r = ask(handle, sql, answer, sizeof(answer));
	if (r < 0)
		return r;
	*ret_number = strtoll(answer, NULL, 10);
	return 0;
}

struct identity {
	long long application;
	long long version;
	long long tables;
};

static int ask_identity(sqlite3 *handle, struct identity *ret_identity)
{
	int r;

	r = ask_number(handle, "PRAGMA application_id", &ret_identity->application);
	if (r < 0)
		return r;
	r = ask_number(handle, "PRAGMA user_version", &ret_identity->version);
	if (r < 0)
		return r;
	return ask_number(handle, "SELECT count(*) FROM sqlite_schema", &ret_identity->tables);
}

/* SQLite's are of several lines, and it is to be one in the log. */
static int problem(char *ret_problem, size_t size, const char *text)
{
	char *at;

	snprintf(ret_problem, size, "%s", text);
	for (at = ret_problem; (at = strchr(at, '\n'));)
		*at = ' ';
	return -EBADMSG;
}

static int check_identity(const struct identity *identity, char *ret_problem, size_t size)
{
	if (!identity->tables && !identity->application && !identity->version)
		return 0;
	if (identity->application != APPLICATION_ID)
		return problem(ret_problem, size, "it is not a queue of layby-agentd");
	if (identity->version > SCHEMA_VERSION) {
		log_error(
			"store: queue.db has version %lld, this agent knows versions up to %d: start the newer agent",
			identity->version, SCHEMA_VERSION);
		return -EPROTO;
	}
	if (identity->version < SCHEMA_VERSION)
		return problem(ret_problem, size, "there is no such version");
	return 0;
}

static int check_pages(sqlite3 *handle, char *ret_problem, size_t size)
{
	char answer[256];
	int r;

	r = ask(handle, "PRAGMA quick_check(1)", answer, sizeof(answer));
	if (r < 0)
		return r;
	return strcmp(answer, "ok") ? problem(ret_problem, size, answer) : 0;
}

/* Nothing is written before this has returned 0. */
static int check(sqlite3 *handle, struct identity *ret_identity, char *ret_problem, size_t size)
{
	int r;

	r = ask_identity(handle, ret_identity);
	if (r == -EBADMSG)
		return problem(ret_problem, size, sqlite3_errmsg(handle));
	if (r < 0)
		return r;
	r = check_identity(ret_identity, ret_problem, size);
	if (r < 0)
		return r;
	/* the file can be written to, we know that */
	if (sqlite3_db_readonly(handle, "main"))
		return problem(ret_problem, size, "its header has a file format that is not known");
	r = check_pages(handle, ret_problem, size);
	if (r == -EBADMSG && !*ret_problem)
		return problem(ret_problem, size, sqlite3_errmsg(handle));
	return r;
}

static int use_wal(sqlite3 *handle)
{
	char mode[16];
	int r;

	r = ask(handle, "PRAGMA journal_mode = WAL", mode, sizeof(mode));
	if (r < 0)
		return r;
	return strcmp(mode, "wal") ? -EOPNOTSUPP : 0;
}

static int on_commit_to_wal(void *userdata, sqlite3 *handle, const char *name, int pages)
{
	struct store *store = userdata;

	store->wal_pages = pages;
	return SQLITE_OK;
}

static int open_handle(struct store *store, int flags, struct db *ret_db)
{
	char *path;
	int code;

	if (asprintf(&path, "%s/" DATABASE, store->directory) < 0)
		return -ENOMEM;
	code = sqlite3_open_v2(path, &ret_db->handle,
			       flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	free(path);
	if (code != SQLITE_OK)
		return ret_db->handle ? sql_errno(ret_db->handle, code) : -ENOMEM;
	sqlite3_busy_timeout(ret_db->handle, flags & SQLITE_OPEN_READONLY ? READER_WAITS_MS :
									    WRITER_WAITS_MS);
	return 0;
}

static int set_up(struct store *store, bool is_new)
{
	sqlite3 *handle = store->writer.handle;
	int r;

	r = use_wal(handle);
	if (r < 0)
		return r;
	r = run(handle, settings_of_writer);
	if (r < 0)
		return r;
	if (is_new) {
		r = run(handle, schema);
		if (r < 0)
			return r;
	}
	r = run(handle, schema_of_settings);
	if (r >= 0)
		r = lent_open(store);
	if (r < 0)
		return r;
	sqlite3_wal_hook(handle, on_commit_to_wal, store);
	return sql_prepare(&store->writer, 0, SQL_FIRST_OF_READER);
}

static void let_checkpoint_on_close(sqlite3 *handle, bool let)
{
	sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !let, NULL);
}

static int open_checked(struct store *store, char *ret_problem, size_t size)
{
	struct identity identity = {};
	sqlite3 *handle;
	int r;

	*ret_problem = '\0';
	r = open_handle(store, SQLITE_OPEN_READWRITE, &store->writer);
	if (r < 0)
		return r;
	handle = store->writer.handle;
	let_checkpoint_on_close(handle, false);
	r = check(handle, &identity, ret_problem, size);
	if (r < 0)
		return r;
	let_checkpoint_on_close(handle, true);
	return set_up(store, !identity.tables);
}

/*
 * The check reads all pages, and not in their order: a disk from which nothing has been
 * read yet would be asked for each. What cannot be read is the check's to find.
 */
static void read_ahead(struct store *store, int fd)
{
	while (read(fd, store->buffer, sizeof(store->buffer)) > 0)
		;
}

/* SQLite gives its other files the mode of this one. */
static int make_file(struct store *store)
{
	_cleanup_close_ int fd = openat(store->directory_fd, DATABASE,
					O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & 07777) != 0600 && fchmod(fd, 0600) < 0)
		return -errno;
	read_ahead(store, fd);
	return fsync(store->directory_fd) < 0 ? -errno : 0;
}

static int make_and_open(struct store *store, char *ret_problem, size_t size)
{
	int r;

	r = make_file(store);
	if (r < 0)
		return r;
	r = open_checked(store, ret_problem, size);
	if (r < 0)
		sql_close(&store->writer);
	return r;
}

int schema_open(struct store *store)
{
	char what[256];
	int r;

	r = make_and_open(store, what, sizeof(what));
	if (r != -EBADMSG)
		return r;
	r = corrupt_set_aside(store, what);
	return r < 0 ? r : make_and_open(store, what, sizeof(what));
}

int schema_open_reader(struct store *store)
{
	int r;

	r = open_handle(store, SQLITE_OPEN_READONLY, &store->reader);
	if (r < 0)
		return r;
	r = run(store->reader.handle, settings_of_reader);
	return r < 0 ? r : sql_prepare(&store->reader, SQL_FIRST_OF_READER, SQL_COUNT);
}
