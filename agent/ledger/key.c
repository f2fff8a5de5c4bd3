// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The vehicle's key: 32 bytes, of which Ed25519 makes the secret and the public key.
 *
 * Must never show the secret part, nor take one that others could have read or put there.
 */
#include "chain.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <util.h>

#include "file.h"
#include "text.h"

struct ledger_key {
	uint8_t seed[LEDGER_SEED_BYTES];
	uint8_t secret[LEDGER_SECRET_BYTES];
	uint8_t public[LEDGER_PUBLIC_BYTES];
};

static int check_size(const char *path, const struct stat *st, char *text)
{
	if (!S_ISREG(st->st_mode))
		return ledger_say(text, -EBADMSG, "%s: is not a regular file", path);
	if (st->st_size != LEDGER_SEED_BYTES)
		return ledger_say(text, -EBADMSG, "%s: has %lld bytes; a ledger's key has %d", path,
				  (long long)st->st_size, LEDGER_SEED_BYTES);
	return 0;
}

/*
 * What is asked of a file beside its size. A credential's mode and owner are systemd's;
 * who only reads the agent's may be root, too.
 */
enum demand {
	DEMAND_NOTHING,
	DEMAND_MODE,
	DEMAND_MODE_AND_OWNER,
};

static int check_owner(const char *path, const struct stat *st, enum demand asked, char *text)
{
	if (asked != DEMAND_NOTHING && st->st_mode & 077)
		return ledger_say(text, -EPERM,
				  "%s: has mode %04o, so others may know the key; make a new one, or if you are sure that nobody does: chmod 0600",
				  path, st->st_mode & 07777);
	if (asked == DEMAND_MODE_AND_OWNER && st->st_uid != geteuid())
		return ledger_say(text, -EPERM, "%s: belongs to user %u, and must to %u", path,
				  st->st_uid, geteuid());
	return 0;
}

static int read_seed(int fd, const char *path, struct ledger_key *key, char *text)
{
	ssize_t n = read(fd, key->seed, sizeof(key->seed));

	if (n < 0)
		return ledger_say(text, -errno, "%s: %s", path, strerror(errno));
	if (n != sizeof(key->seed))
		return ledger_say(text, -EBADMSG, "%s: was cut while it was read", path);
	crypto_sign_seed_keypair(key->public, key->secret, key->seed);
	return 0;
}

static int load(const char *path, enum demand asked, struct ledger_key *key, char *text)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return ledger_say(text, -errno, "%s: %s", path, strerror(errno));
	r = check_size(path, &st, text);
	if (!r)
		r = check_owner(path, &st, asked, text);
	return r < 0 ? r : read_seed(fd, path, key, text);
}

/* Another may be first: whose key is there in the end is the key. */
static int make(const char *state, struct ledger_key *key, char *text)
{
	_cleanup_close_ int directory = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (directory < 0)
		return ledger_say(text, -errno, "%s: %s", state, strerror(errno));
	randombytes_buf(key->seed, sizeof(key->seed));
	r = ledger_file_save(directory, LEDGER_KEY_FILE, key->seed, sizeof(key->seed),
			     RENAME_NOREPLACE);
	if (r < 0 && r != -EEXIST)
		return ledger_say(text, r, "%s/%s cannot be made: %s", state, LEDGER_KEY_FILE,
			      strerror(-r));
	return 0;
}

static int new_key(struct ledger_key **ret_key, char *text)
{
	*text = 0;
	if (sodium_init() < 0)
		return ledger_say(text, -EIO, "libsodium cannot be used");
	/* locks it, if that is allowed, and keeps it out of core dumps */
	*ret_key = sodium_malloc(sizeof(**ret_key));
	return *ret_key ? 0 : ledger_say(text, -ENOMEM, "out of memory");
}

static void free_key(struct ledger_key **key)
{
	ledger_key_free(*key);
}

static int load_from(const char *directory, const char *name, enum demand asked,
		     struct ledger_key *key, char *text)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return ledger_say(text, -ENOMEM, "out of memory");
	return load(path, asked, key, text);
}

static int load_or_make(const char *state, struct ledger_key *key, char *text)
{
	int r = load_from(state, LEDGER_KEY_FILE, DEMAND_MODE_AND_OWNER, key, text);

	if (r != -ENOENT)
		return r;
	r = make(state, key, text);
	return r < 0 ? r :
		       load_from(state, LEDGER_KEY_FILE, DEMAND_MODE_AND_OWNER, key, text);
}

int ledger_key_load(const char *credentials, const char *state, struct ledger_key **ret_key,
		    char text[static LEDGER_TEXT_MAX])
{
	_cleanup_(free_key) struct ledger_key *key = NULL;
	int r = new_key(&key, text);

	if (r < 0)
		return r;
	r = -ENOENT;
	if (credentials)
		r = load_from(credentials, LEDGER_KEY_CREDENTIAL, DEMAND_NOTHING, key, text);
	if (r == -ENOENT)
		r = load_or_make(state, key, text);
	if (r < 0)
		return r;
	*text = 0;
	*ret_key = key;
	key = NULL;
	return 0;
}

int ledger_key_read(const char *state, struct ledger_key **ret_key,
		    char text[static LEDGER_TEXT_MAX])
{
	_cleanup_(free_key) struct ledger_key *key = NULL;
	int r = new_key(&key, text);

	if (!r)
		r = load_from(state, LEDGER_KEY_FILE, DEMAND_MODE, key, text);
	if (r < 0)
		return r;
	*ret_key = key;
	key = NULL;
	return 0;
}

const uint8_t *ledger_key_public(const struct ledger_key *key)
{
	return key->public;
}

const uint8_t *ledger_key_secret(const struct ledger_key *key)
{
	return key->secret;
}

void ledger_key_free(struct ledger_key *key)
{
	sodium_free(key);
}
