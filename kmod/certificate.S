/* SPDX-License-Identifier: GPL-2.0-only */
/* The certificate by which policies are verified; Kbuild says which file it is. */
#include <linux/linkage.h>

	.section .rodata, "a", %progbits

SYM_DATA_START(layby_certificate)
	.incbin LAYBY_CERTIFICATE
SYM_DATA_END_LABEL(layby_certificate, SYM_L_GLOBAL, layby_certificate_end)
