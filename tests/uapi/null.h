/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The null backend: what it is told to do wrong, and the modules themselves.
 * All return 0 or -errno.
 */
#ifndef UAPI_NULL_H
#define UAPI_NULL_H

/* delay_us, hang, lose_abort, refuse_reset or lose_interrupt */
int null_set(const char *parameter, unsigned int value);
/* Behave again. */
int null_behave(void);

int module_load(const char *name, const char *parameters);
int module_unload(const char *name);
/* Until nobody uses it: files are let go of in the background. */
int module_unload_patiently(const char *name);
/* The null backend anew, with these parameters. */
int null_reload(const char *parameters);

#endif /* UAPI_NULL_H */
