/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interface - the description of org.layby.VNPU1 that varlink calls are held to
 */
#ifndef VNPU_INTERFACE_H
#define VNPU_INTERFACE_H

#include <systemd/sd-varlink-idl.h>

extern const sd_varlink_interface vl_interface_org_layby_VNPU1;

#endif
