// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * X.509 certificates, of the owner and of who signs policies, by libcrypto.
 * Every key that the kernel must verify with is RSA: the one kind that each
 * kernel which layby supports can do.
 */
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "tool.h"

#define RSA_BITS_MIN	2048
#define RSA_BITS_MAX	4096

static X509 *parse_der(const uint8_t *bytes, size_t size)
{
	const uint8_t *end = bytes;
	X509 *certificate = d2i_X509(NULL, &end, (long)size);

	if (certificate && end != bytes + size) {
		X509_free(certificate);
		return NULL;
	}
	return certificate;
}

static X509 *parse_pem(const uint8_t *bytes, size_t size)
{
	BIO *bio = BIO_new_mem_buf(bytes, (int)size);
	X509 *certificate;

	if (!bio)
		out_of_memory();
	certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	return certificate;
}

const char *certificate_parse(const uint8_t *bytes, size_t size, X509 **ret_certificate)
{
	X509 *certificate = parse_der(bytes, size) ?: parse_pem(bytes, size);
	EVP_PKEY *key;

	if (!certificate)
		return "is no X.509 certificate; right is one as PEM or DER";
	key = X509_get0_pubkey(certificate);
	if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ||
	    EVP_PKEY_get_bits(key) < RSA_BITS_MIN || EVP_PKEY_get_bits(key) > RSA_BITS_MAX) {
		X509_free(certificate);
		return "has a key that not every kernel can use; right is RSA of 2048 to 4096 bits";
	}
	*ret_certificate = certificate;
	return NULL;
}

void certificate_to_der(X509 *certificate, uint8_t **ret_der, size_t *ret_size)
{
	int size;

	*ret_der = NULL;
	size = i2d_X509(certificate, ret_der);
	if (size < 0)
		out_of_memory();
	*ret_size = (size_t)size;
}

void certificate_subject(X509 *certificate, char *text, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int length;

	if (!bio || X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
				       XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
		out_of_memory();
	length = BIO_read(bio, text, (int)size - 1);
	text[length > 0 ? length : 0] = '\0';
	BIO_free(bio);
}

void certificate_end(X509 *certificate, char text[static DATE_TEXT_MAX])
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1 ||
	    !strftime(text, DATE_TEXT_MAX, "%Y-%m-%d", &tm))
		snprintf(text, DATE_TEXT_MAX, "no known day");
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
