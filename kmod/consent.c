// SPDX-License-Identifier: GPL-2.0-only
/*
 * Consent: the owner's token, verified and held in the kernel.
 *
 * Owns the newest token, whether it is in force, and the accounts. A token
 * counts only with a signature of the owner's key, whose certificate the policy
 * in force names; its serial must be above that of each one before it. What is
 * used is kept by id, so that whoever carries a token refills nothing by giving
 * it again. Withdrawing needs no signature, and is for good: after it only a
 * token that the owner has signed anew counts. When a token's time is over guest
 * memory is cleared as if it were withdrawn (ISO-4).
 *
 * Must never forget an account or lower the newest serial: there is room for a
 * fixed number of ids, and further ones are refused.
 *
 * Lock order: layby_consent_mutex, then what layby_keeper_consent() takes.
 * held.lock is raw and a leaf, taken in hard interrupts with keeper's lock held.
 */
#include <linux/cleanup.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "account.h"
#include "consent.h"
#include "firmware.h"
#include "keeper.h"
#include "layby.h"
#include "signature.h"
#include "token.h"

/* Ids that can be told apart until the next boot */
#define LAYBY_ACCOUNTS_MAX	64

/* By then the gate has said why it closed, and no clock is set back by so much. */
#define LAYBY_ENDED_AFTER_NS	(10ULL * NSEC_PER_SEC)

/* A timer of a 32-bit kernel holds so much; for the rest it is set again. */
#define LAYBY_END_TIMER_MAX_NS	(30ULL * 86400 * NSEC_PER_SEC)

/* A token is shorter; what is longer is not copied. */
#define LAYBY_TOKEN_BYTES_MAX	512

static struct {
	raw_spinlock_t lock;		/* everything here */
	bool held;			/* consent is given */
	u32 classes;			/* of @terms while @held, else 0; read without it */
	struct layby_consent_terms terms;
	struct layby_account *account;	/* of the last token, NULL: none yet */
	struct layby_account accounts[LAYBY_ACCOUNTS_MAX];
	u32 account_count;
} held = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(held.lock),
};

/* Giving and withdrawing; guards @newest. */
static DEFINE_MUTEX(layby_consent_mutex);

/* The token with the highest serial so far. */
static struct {
	struct layby_consent_token token;
	u64 serial;			/* 0: none yet */
	bool withdrawn;
} newest;

/* Each bad signature may make the kernel's parser print a line. */
static DEFINE_RATELIMIT_STATE(layby_give_limit, 60 * HZ, 4096);

/* --- What is held; any context --------------------------------------------- */

static void layby_held_look(void)
{
	lockdep_assert_held(&held.lock);
	layby_account_look(held.account, &held.terms, ktime_get_real_ns());
}

void layby_consent_use(u64 uj)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&held.lock, flags);
	if (held.account) {
		layby_held_look();
		layby_account_use(held.account, uj);
	}
	raw_spin_unlock_irqrestore(&held.lock, flags);
}

u32 layby_consent_classes(void)
{
	return READ_ONCE(held.classes);
}

static u64 layby_held_left_uj(void)
{
	lockdep_assert_held(&held.lock);
	if (!held.held)
		return 0;
	layby_held_look();
	return layby_account_left(held.account, &held.terms);
}

u64 layby_consent_left_uj(void)
{
	unsigned long flags;
	u64 left_uj;

	raw_spin_lock_irqsave(&held.lock, flags);
	left_uj = layby_held_left_uj();
	raw_spin_unlock_irqrestore(&held.lock, flags);
	return left_uj;
}

void layby_consent_state(struct layby_consent_state *state)
{
	unsigned long flags;

	*state = (struct layby_consent_state){};
	raw_spin_lock_irqsave(&held.lock, flags);
	if (held.held) {
		state->held = true;
		state->terms = held.terms;
		state->left_uj = layby_held_left_uj();
		state->used_uj = held.account->used_uj;
		state->used_day_uj = held.account->used_day_uj;
	}
	raw_spin_unlock_irqrestore(&held.lock, flags);
}

/* The account of an id, a new one if there is none; NULL: no room for it. */
static struct layby_account *layby_account_find(const u8 *id)
{
	struct layby_account *account;

	lockdep_assert_held(&held.lock);
	for (account = held.accounts; account < held.accounts + held.account_count; account++)
		if (!memcmp(account->id, id, sizeof(account->id)))
			return account;
	if (held.account_count == LAYBY_ACCOUNTS_MAX)
		return NULL;
	held.account_count++;
	memcpy(account->id, id, sizeof(account->id));
	return account;
}

static int layby_held_begin(const struct layby_consent_terms *terms)
{
	struct layby_account *account;

	raw_spin_lock_irq(&held.lock);
	account = layby_account_find(terms->id);
	if (account) {
		layby_account_begin(account, terms, ktime_get_real_ns());
		held.account = account;
		held.terms = *terms;
		held.held = true;
		WRITE_ONCE(held.classes, terms->classes);
	}
	raw_spin_unlock_irq(&held.lock);
	return account ? 0 : -ENOSPC;
}

static void layby_held_end(void)
{
	raw_spin_lock_irq(&held.lock);
	held.held = false;
	WRITE_ONCE(held.classes, 0);
	raw_spin_unlock_irq(&held.lock);
}

/* How long until its time is over for certain; 0: it is. S64_MAX: none is held. */
static s64 layby_held_rest_ns(void)
{
	s64 rest_ns = S64_MAX;

	raw_spin_lock_irq(&held.lock);
	if (held.held)
		rest_ns = (held.terms.not_after_s + 1LL) * NSEC_PER_SEC + LAYBY_ENDED_AFTER_NS -
			  ktime_get_real_ns();
	raw_spin_unlock_irq(&held.lock);
	return max(rest_ns, 0LL);
}

/* --- Its end by itself ---------------------------------------------------------- */

static void layby_consent_end(struct work_struct *work);
static DECLARE_DELAYED_WORK(layby_consent_end_work, layby_consent_end);

static void layby_consent_end_later(s64 rest_ns)
{
	mod_delayed_work(system_long_wq, &layby_consent_end_work,
			 nsecs_to_jiffies(min_t(u64, rest_ns, LAYBY_END_TIMER_MAX_NS)) + 1);
}

static void layby_consent_end(struct work_struct *work)
{
	s64 rest_ns;

	guard(mutex)(&layby_consent_mutex);
	rest_ns = layby_held_rest_ns();
	if (rest_ns == S64_MAX)
		return;
	if (rest_ns) {
		layby_consent_end_later(rest_ns);
		return;
	}
	pr_info("layby: the time of consent with serial %llu is over\n", newest.serial);
	layby_held_end();
	layby_keeper_consent(NULL);
}

/* --- Giving ----------------------------------------------------------------- */

/* May this token follow those before it? Has no effect. */
static int layby_token_order(const struct layby_consent_token *token, u64 serial)
{
	lockdep_assert_held(&layby_consent_mutex);
	if (serial > newest.serial)
		return 0;
	if (serial < newest.serial || newest.withdrawn)
		return -ESTALE;
	return memcmp(token, &newest.token, sizeof(*token)) ? -ESTALE : 0;
}

static void layby_token_note(const struct layby_consent_token *token,
			     const struct layby_consent_terms *terms)
{
	lockdep_assert_held(&layby_consent_mutex);
	/* What was given before says nothing new; guests may repeat it at will. */
	if (terms->serial != newest.serial)
		pr_info("layby: consent %*phN, serial %llu, is given\n",
			(int)sizeof(terms->id), terms->id, terms->serial);
	newest.token = *token;
	newest.serial = terms->serial;
	newest.withdrawn = false;
}

static int layby_token_apply(const struct layby_consent_token *token,
			     const struct layby_consent_terms *terms)
{
	s64 from_ns, until_ns;
	int ret;

	if (!layby_token_window(terms, ktime_get_real_ns(), &from_ns, &until_ns))
		return -EKEYEXPIRED;
	ret = layby_token_order(token, terms->serial);
	if (ret)
		return ret;
	ret = layby_held_begin(terms);
	if (ret)
		return ret;
	layby_token_note(token, terms);
	layby_keeper_consent(terms);
	layby_consent_end_later(layby_held_rest_ns());
	return 0;
}

/*
 * The mutex is also what keeps the policy: consent of an owner whose policy has
 * gone must not come behind layby_consent_lapse().
 */
static int layby_token_give(const void *token, size_t size, const void *signature,
			    size_t signature_size)
{
	struct layby_policy_in_force *policy;
	struct layby_consent_terms terms;
	struct layby_consent_error err;
	int ret;

	guard(mutex)(&layby_consent_mutex);
	policy = layby_policy_get();
	if (!policy)
		return -EPERM;
	ret = layby_signature_verify(policy->owner_keyring, token, size, signature,
				     signature_size);
	layby_policy_put(policy);
	if (ret)
		return ret == -ENOMEM ? ret : -EKEYREJECTED;
	if (layby_token_validate(token, size, &terms, &err))
		return -EBADMSG;
	return layby_token_apply(token, &terms);
}

static int layby_consent_give(const struct layby_consent *args)
{
	void *token __free(kfree) = NULL;
	void *signature __free(kfree) = NULL;

	if (!args->token || !args->token_size || args->token_size > LAYBY_TOKEN_BYTES_MAX ||
	    !args->signature || !args->signature_size ||
	    args->signature_size > LAYBY_SIGNATURE_BYTES_MAX)
		return -EINVAL;
	if (!__ratelimit(&layby_give_limit))
		return -EBUSY;
	token = memdup_user(u64_to_user_ptr(args->token), args->token_size);
	if (IS_ERR(token))
		return PTR_ERR(token);
	signature = memdup_user(u64_to_user_ptr(args->signature), args->signature_size);
	if (IS_ERR(signature))
		return PTR_ERR(signature);
	return layby_token_give(token, args->token_size, signature, args->signature_size);
}

/* --- Withdrawing -------------------------------------------------------------- */

static void layby_consent_withdraw(void)
{
	guard(mutex)(&layby_consent_mutex);
	if (newest.serial && !newest.withdrawn)
		pr_info("layby: consent with serial %llu is withdrawn\n", newest.serial);
	newest.withdrawn = true;
	layby_held_end();
	layby_keeper_consent(NULL);
}

void layby_consent_lapse(void)
{
	mutex_lock(&layby_consent_mutex);
	layby_held_end();
	layby_keeper_consent(NULL);
	mutex_unlock(&layby_consent_mutex);
	/* The last user of the work: no policy, no consent. */
	cancel_delayed_work_sync(&layby_consent_end_work);
}

int layby_consent_ioctl(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct layby_party *party = file->driver_priv;
	const struct layby_consent *args = data;

	if (party->partition->class != LAYBY_CLASS_GUEST)
		return -EOPNOTSUPP;
	if (args->token || args->signature || args->token_size || args->signature_size)
		return layby_consent_give(args);
	layby_consent_withdraw();
	return 0;
}
