/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The null backend: what it is told to do wrong, and the modules themselves.
 * All return 0 or -errno.
 */
#ifndef UAPI_NULL_H
#define UAPI_NULL_H

#include <stddef.h>

/* delay_us, hang, lose_abort, refuse_reset or lose_interrupt */
int null_set(const char *parameter, unsigned int value);
/* Behave again. */
int null_behave(void);

int module_load(const char *name, const char *parameters);
/* The same in two steps; the file's content is to be freed. */
int module_read(const char *name, void **ret_content, size_t *ret_size);
int module_load_read(const void *content, size_t size, const char *parameters);
int module_unload(const char *name);
/* Until nobody uses it: files are let go of in the background. */
int module_unload_patiently(const char *name);
/* From the next load on tests/policy/NAME.conf is the image's policy. */
int policy_use(const char *name);
/* The null backend anew, with these parameters. */
int null_reload(const char *parameters);

#endif /* UAPI_NULL_H */
