// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The detached signature that the kernel's verify_pkcs7_signature() takes: DER,
 * one signer, SHA-256, no attributes, no certificates. The same bytes as
 * `openssl cms -sign -binary -noattr -nocerts -outform DER`.
 */
#include <errno.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "tool.h"

#define CMS_SHAPE	(CMS_DETACHED | CMS_BINARY | CMS_NOATTR | CMS_NOCERTS | CMS_NOSMIMECAP)

struct signer {
	X509 *certificate;
	EVP_PKEY *key;
};

static void signer_fini(struct signer *signer)
{
	X509_free(signer->certificate);
	EVP_PKEY_free(signer->key);
}

static int read_key(const char *path, EVP_PKEY **ret_key)
{
	BIO *bio = BIO_new_file(path, "rb");

	if (!bio)
		return fail(EXIT_USAGE, "%s: %s", path, strerror(errno));
	/* asks on the terminal for the passphrase of a key that has one */
	*ret_key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	return *ret_key ? EXIT_OK :
	       fail(EXIT_USAGE, "%s: is no private key as PEM, or the passphrase is wrong", path);
}

static int read_certificate(const char *path, X509 **ret_certificate)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	const char *wrong;
	size_t size;
	int r;

	r = load_file(path, CERTIFICATE_BYTES_MAX, &bytes, &size);
	if (r != EXIT_OK)
		return r;
	wrong = certificate_parse(bytes, size, ret_certificate);
	return wrong ? fail(EXIT_USAGE, "%s: %s", path, wrong) : EXIT_OK;
}

static int signer_read(struct signer *signer, const char *key_path, const char *certificate_path)
{
	int r;

	r = read_certificate(certificate_path, &signer->certificate);
	if (r == EXIT_OK)
		r = read_key(key_path, &signer->key);
	if (r != EXIT_OK)
		return r;
	if (X509_check_private_key(signer->certificate, signer->key) != 1)
		return fail(EXIT_USAGE, "%s is not the key of the certificate %s", key_path,
			    certificate_path);
	return EXIT_OK;
}

static CMS_ContentInfo *sign(const struct signer *signer, BIO *data)
{
	CMS_ContentInfo *cms;

	cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_SHAPE | CMS_PARTIAL);
	if (cms && CMS_add1_signer(cms, signer->certificate, signer->key, EVP_sha256(),
				   CMS_SHAPE) &&
	    CMS_final(cms, data, NULL, CMS_SHAPE) == 1)
		return cms;
	CMS_ContentInfo_free(cms);
	return NULL;
}

int sign_bytes(const void *bytes, size_t size, const char *key_path, const char *certificate_path,
	       uint8_t **ret_signature, size_t *ret_size)
{
	_cleanup_(signer_fini) struct signer signer = {};
	CMS_ContentInfo *cms;
	BIO *data;
	int r;

	r = signer_read(&signer, key_path, certificate_path);
	if (r != EXIT_OK)
		return r;
	data = BIO_new_mem_buf(bytes, (int)size);
	if (!data)
		out_of_memory();
	cms = sign(&signer, data);
	BIO_free(data);
	*ret_signature = NULL;
	r = cms ? i2d_CMS_ContentInfo(cms, ret_signature) : -1;
	CMS_ContentInfo_free(cms);
	if (r < 0)
		return fail(EXIT_JOB_FAILED, "%s: cannot sign: %s", key_path,
			    ERR_reason_error_string(ERR_peek_last_error()) ?: "libcrypto failed");
	*ret_size = (size_t)r;
	return EXIT_OK;
}
