# SPDX-License-Identifier: LGPL-2.1-or-later
# Flags that every userspace program of this repository is built with.
CSTD     = -std=gnu17
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
           -Wvla -Wno-unused-parameter -Wno-missing-field-initializers
CPPFLAGS += -D_GNU_SOURCE -D_FORTIFY_SOURCE=3 -I$(TOP)/include -I$(TOP)/include/uapi \
            -I/usr/include/drm
CFLAGS   ?= -O2 -g
CFLAGS   += $(CSTD) $(WARNINGS) -fstack-protector-strong -MMD -MP
