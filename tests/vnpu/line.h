/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * line - a control connection that may be a serial line
 *
 * varlink ends a connection at the first byte that is not JSON. A serial port
 * of a machine that boots sends such bytes. So every control connection passes
 * through a line, which hands on whole messages that look like a call and drops
 * everything else. A client on a serial port starts with a NUL: what stood
 * before it is then a message of its own, and dropped.
 */
#ifndef VNPU_LINE_H
#define VNPU_LINE_H

#include <systemd/sd-event.h>

/*
 * Put a line before @outer, which it owns from then on, also on failure. The
 * clean end is put to *@inner. The line ends itself when either end closes.
 */
int line_open(struct sd_event *event, int outer, int *inner);

#endif
