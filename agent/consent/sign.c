// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * consent sign and consent check: a token and its detached signature.
 */
#include <openssl/cms.h>
#include <string.h>
#include <time.h>

#include "../policy/tool.h"
#include "tool.h"

/* The very check of the kernel; the certificate is trusted because it was named. */
#define CMS_SHAPE	(CMS_DETACHED | CMS_BINARY | CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY)

static int write_both(const struct consent_options *options,
		      const struct layby_consent_token *token, const uint8_t *signature,
		      size_t size)
{
	_cleanup_free_ char *path = signature_path(options, options->output);
	int r;

	/* first the signature: a token without one is of no use to anybody */
	r = save_file(path, signature, size);
	return r == EXIT_OK ? save_file(options->output, token, sizeof(*token)) : r;
}

int consent_sign(const struct consent_options *options)
{
	_cleanup_free_ uint8_t *signature = NULL;
	struct layby_consent_token token;
	struct layby_consent_terms terms;
	size_t size;
	int r;

	if (!options->output || !options->key || !options->certificate)
		return fail(EXIT_USAGE, "--%s is missing", !options->output ? "output" :
			    !options->key ? "key" : "certificate");
	r = token_make(options, &token);
	if (r == EXIT_OK)
		r = token_judge(&token, sizeof(token), "the token would be wrong", &terms);
	if (r == EXIT_OK)
		r = sign_bytes(&token, sizeof(token), options->key, options->certificate,
			       &signature, &size);
	if (r == EXIT_OK)
		r = write_both(options, &token, signature, size);
	return r == EXIT_OK ? terms_print(&terms, options->json) : r;
}

/* --- check ------------------------------------------------------------------ */

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

static bool verify(const struct token_file *token, const uint8_t *signature, size_t size,
		   X509 *certificate)
{
	STACK_OF(X509) *certificates = sk_X509_new_null();
	BIO *data = BIO_new_mem_buf(token->bytes, (int)token->size);
	CMS_ContentInfo *cms;
	bool good;

	if (!certificates || !data || !sk_X509_push(certificates, certificate))
		out_of_memory();
	cms = d2i_CMS_ContentInfo(NULL, &signature, (long)size);
	good = cms && CMS_verify(cms, certificates, NULL, data, NULL, CMS_SHAPE) == 1;
	CMS_ContentInfo_free(cms);
	BIO_free(data);
	sk_X509_free(certificates);
	return good;
}

static int check_signature(const struct consent_options *options, const struct token_file *token)
{
	_cleanup_free_ char *path = signature_path(options, options->path);
	_cleanup_free_ uint8_t *signature = NULL;
	X509 *certificate;
	size_t size;
	bool good;
	int r;

	r = load_file(path, SIGNATURE_BYTES_MAX, &signature, &size);
	if (r == EXIT_OK)
		r = read_certificate(options->certificate, &certificate);
	if (r != EXIT_OK)
		return r;
	good = verify(token, signature, size, certificate);
	X509_free(certificate);
	if (!good)
		return fail(EXIT_JOB_FAILED, "%s: is no signature of %s by the key of %s", path,
			    options->path, options->certificate);
	printf("%s: signed by the key of %s\n", path, options->certificate);
	return EXIT_OK;
}

static int check_time(const struct consent_options *options,
		      const struct layby_consent_terms *terms)
{
	char text[TIME_TEXT_MAX];
	__s64 from, until;

	if (layby_token_window(terms, time(NULL) * 1000000000LL, &from, &until))
		return EXIT_OK;
	return fail(EXIT_JOB_FAILED, "%s: has ended, its last second was %s", options->path,
		    time_format(terms->not_after_s, terms->utc_offset_min, text));
}

int consent_check(const struct consent_options *options)
{
	_cleanup_(token_fini) struct token_file token = {};
	int r;

	r = token_load(&token, options->path);
	if (r == EXIT_OK)
		r = check_time(options, &token.terms);
	if (r == EXIT_OK)
		printf("%s: a right token\n", options->path);
	if (r == EXIT_OK && options->certificate)
		r = check_signature(options, &token);
	return r;
}
