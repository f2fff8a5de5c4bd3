// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * X.509 certificates, of the owner and of who signs policies, by libcrypto.
 * Every key that the kernel must verify with is RSA: the one kind that each
 * kernel which layby supports can do.
 */
#include <errno.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "tool.h"

#define RSA_BITS_MIN	2048
#define RSA_BITS_MAX	4096

static X509 *read_certificate(BIO *bio)
{
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	if (!certificate && BIO_reset(bio) == 0)
		certificate = d2i_X509_bio(bio, NULL);
	return certificate;
}

const char *certificate_read(const char *path, X509 **ret_certificate)
{
	BIO *bio = BIO_new_file(path, "rb");
	X509 *certificate;
	EVP_PKEY *key;

	if (!bio)
		return strerror(errno);
	certificate = read_certificate(bio);
	BIO_free(bio);
	if (!certificate)
		return "is no X.509 certificate; right is one as PEM or DER";
	key = X509_get0_pubkey(certificate);
	if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ||
	    EVP_PKEY_get_bits(key) < RSA_BITS_MIN || EVP_PKEY_get_bits(key) > RSA_BITS_MAX) {
		X509_free(certificate);
		return "has no key that the kernel verifies with; right is RSA of 2048 to 4096 bits";
	}
	*ret_certificate = certificate;
	return NULL;
}

const char *certificate_load(const char *path, uint8_t **ret_der, size_t *ret_size)
{
	X509 *certificate;
	const char *wrong;
	int size;

	wrong = certificate_read(path, &certificate);
	if (wrong)
		return wrong;
	*ret_der = NULL;
	size = i2d_X509(certificate, ret_der);
	X509_free(certificate);
	if (size < 0)
		out_of_memory();
	*ret_size = (size_t)size;
	return NULL;
}

void digest_text(const void *bytes, size_t size, char text[static 65])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int length = 0, i;

	if (EVP_Digest(bytes, size, digest, &length, EVP_sha256(), NULL) != 1)
		out_of_memory();
	for (i = 0; i < length; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
}
