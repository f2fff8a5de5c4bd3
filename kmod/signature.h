/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who signed these bytes? For the policy (the certificate built into the
 * module) and for consent tokens (the owner's certificate, out of the policy).
 */
#ifndef LAYBY_SIGNATURE_H
#define LAYBY_SIGNATURE_H

#include <linux/types.h>

struct key;

/* A signature is shorter: an issuer's name and 4096 bits are most of it. */
#define LAYBY_SIGNATURE_BYTES_MAX	4096

/**
 * layby_keyring_create() - a keyring that holds one certificate for ever
 * @name: its name in /proc/keys, begins with a dot
 * @der: X.509 certificate, DER, copied
 * @size: its bytes
 *
 * Nobody outside the kernel can search it or put a key into it. May sleep.
 *
 * Return: the keyring, for layby_keyring_destroy(); or an ERR_PTR: -EBADMSG no
 * certificate, -ENOPKG its key is of a kind that this kernel does not know,
 * -ENOMEM, or another of the key service.
 */
struct key *layby_keyring_create(const char *name, const void *der, size_t size);

/* NULL and an ERR_PTR may be given. */
void layby_keyring_destroy(struct key *keyring);

/**
 * layby_signature_verify() - did the keyring's one key sign these bytes?
 * @keyring: from layby_keyring_create(); no other key counts
 * @data: the bytes, not NULL
 * @size: how many
 * @sig: detached PKCS#7, any bytes
 * @sig_size: how many
 *
 * A signature has one form (see signature.c), so that there are not two files
 * that say the same. May sleep; takes a millisecond. A @sig of the right form
 * with an issuer of unknown attributes makes the kernel's parser print a line:
 * limit the rate of what a guest can trigger.
 *
 * Return: 0; -EBADMSG @sig is no signature of that form, -ENOKEY another key
 * made it, -EKEYREJECTED it is not one of these bytes, -ENOPKG, -ENOMEM.
 */
int layby_signature_verify(struct key *keyring, const void *data, size_t size,
			   const void *sig, size_t sig_size);

#endif /* LAYBY_SIGNATURE_H */
