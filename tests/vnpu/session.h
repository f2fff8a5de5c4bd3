/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session - one program loaded into ONNX Runtime, and one run of it
 */
#ifndef VNPU_SESSION_H
#define VNPU_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "compute.h"

struct session;

/* Bring ONNX Runtime up; once a process. 0 or -errno. */
int session_runtime_init(void);

/* NULL: not a program (the reason is on stderr). The bytes are copied. */
struct session *session_create(const void *program, uint64_t bytes);
void session_destroy(struct session *session);
bool session_holds(const struct session *session, const void *program,
		   uint64_t bytes);
uint64_t session_operations(const struct session *session);
/* That a run with these ranges moves in and out of the device's memory. */
uint64_t session_bytes(const struct session *session,
		       const struct compute_request *request);

/* Do these byte counts fit? enum layby_vnpu_status, OK or BAD_SHAPE. */
uint32_t session_check(const struct session *session,
		       const struct compute_request *request);
/* Run on a mapped transfer; outputs are written into it. A status. */
uint32_t session_run(struct session *session,
		     const struct compute_request *request, uint8_t *transfer);

#endif
