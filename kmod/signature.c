// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signatures: a keyring with one certificate, and what that key has signed.
 *
 * Owns no state. Must never look at another keyring: neither the kernel's own
 * keys nor those that an administrator has added count (ISO-9).
 *
 * The kernel's PKCS#7 parser reads over what a signature does not depend on, so
 * it would take a changed file. Here a signature is what
 *
 *	openssl cms -sign -binary -noattr -nocerts -md sha256 -outform DER
 *
 * makes with an RSA key of 2048, 3072 or 4096 bits, to the last byte: one
 * signer, no attributes, no certificate, no content. Only the issuer and serial
 * that name the key and the signature itself are left to the parser, and of
 * these it compares every byte. All process context.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/key.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <linux/verification.h>

#include "signature.h"

#ifndef CONFIG_SYSTEM_DATA_VERIFICATION
#error "layby needs a kernel with CONFIG_SYSTEM_DATA_VERIFICATION=y: policies are signed"
#endif

/* Only the kernel, which has it as its own, searches it. */
#define KEY_PERMISSIONS	(KEY_POS_SEARCH | KEY_POS_VIEW | KEY_USR_VIEW)

/* RFC 5652, 5.1 and 5.3; the zeros are lengths of all that follows */
static const u8 signature_head[] = {
	0x30, 0x82, 0, 0,			/* ContentInfo: signedData */
	0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02,
	0xa0, 0x82, 0, 0, 0x30, 0x82, 0, 0,	/* SignedData */
	0x02, 0x01, 0x01,			/* version */
	0x31, 0x0d, 0x30, 0x0b,			/* digestAlgorithms: SHA-256 */
	0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
	0x30, 0x0b,				/* encapContentInfo: data */
	0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01,
	0x31, 0x82, 0, 0, 0x30, 0x82, 0, 0,	/* signerInfos */
	0x02, 0x01, 0x01,			/* version */
};

/* Between issuer and serial, and the signature itself, whose length is 0 here */
static const u8 signature_middle[] = {
	0x30, 0x0b,				/* digestAlgorithm: SHA-256 */
	0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
	0x30, 0x0d,				/* signatureAlgorithm: RSA */
	0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
	0x04, 0x82, 0, 0,			/* signature */
};

/* Where the lengths stand, each of two bytes */
static const u8 signature_lengths[] = { 2, 17, 21, 56, 60 };

static const u16 signature_rsa_bytes[] = { 256, 384, 512 };

static bool signature_head_ok(const u8 *sig, size_t size)
{
	u8 head[sizeof(signature_head)];
	size_t i;

	memcpy(head, signature_head, sizeof(head));
	for (i = 0; i < ARRAY_SIZE(signature_lengths); i++)
		put_unaligned_be16(size - signature_lengths[i] - 2,
				   head + signature_lengths[i]);
	return !memcmp(sig, head, sizeof(head));
}

static bool signature_middle_ok(const u8 *sig, u16 rsa_bytes)
{
	u8 middle[sizeof(signature_middle)];

	memcpy(middle, signature_middle, sizeof(middle));
	put_unaligned_be16(rsa_bytes, middle + sizeof(middle) - 2);
	return !memcmp(sig, middle, sizeof(middle));
}

static bool signature_form_ok(const u8 *sig, size_t size)
{
	size_t i, tail;

	if (size > LAYBY_SIGNATURE_BYTES_MAX)
		return false;
	for (i = 0; i < ARRAY_SIZE(signature_rsa_bytes); i++) {
		tail = sizeof(signature_middle) + signature_rsa_bytes[i];
		if (size > sizeof(signature_head) + tail &&
		    signature_middle_ok(sig + size - tail, signature_rsa_bytes[i]))
			return signature_head_ok(sig, size);
	}
	return false;
}

static int layby_keyring_fill(struct key *keyring, const void *der, size_t size)
{
	key_ref_t key;

	key = key_create_or_update(make_key_ref(keyring, true), "asymmetric", NULL,
				   der, size, KEY_PERMISSIONS,
				   KEY_ALLOC_NOT_IN_QUOTA | KEY_ALLOC_BUILT_IN);
	if (IS_ERR(key))
		return PTR_ERR(key);
	key_ref_put(key);
	return 0;
}

struct key *layby_keyring_create(const char *name, const void *der, size_t size)
{
	struct key *keyring;
	int ret;

	keyring = keyring_alloc(name, GLOBAL_ROOT_UID, GLOBAL_ROOT_GID, current_cred(),
				KEY_PERMISSIONS | KEY_POS_WRITE,
				KEY_ALLOC_NOT_IN_QUOTA, NULL, NULL);
	if (IS_ERR(keyring))
		return keyring;
	ret = layby_keyring_fill(keyring, der, size);
	if (ret) {
		key_put(keyring);
		return ERR_PTR(ret);
	}
	return keyring;
}

void layby_keyring_destroy(struct key *keyring)
{
	if (!IS_ERR_OR_NULL(keyring))
		key_put(keyring);
}

int layby_signature_verify(struct key *keyring, const void *data, size_t size,
			   const void *sig, size_t sig_size)
{
	if (!signature_form_ok(sig, sig_size))
		return -EBADMSG;
	return verify_pkcs7_signature(data, size, sig, sig_size, keyring,
				      VERIFYING_UNSPECIFIED_SIGNATURE, NULL, NULL);
}
