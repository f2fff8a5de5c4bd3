# SPDX-License-Identifier: LGPL-2.1-or-later
#
# programs.mk - how a folder's test programs are made: build/FOLDER/test_*, one of each
# test_*.c. Included by the folder's Makefile, which says before:
#
#   FROM      folders of tests/ whose headers and objects it uses, too
#   FIXTURE   objects, of here or of FROM, that each program is linked with
#   LIBS      libraries beside cmocka and liburing
#
# and makes everything else that it needs from $(LINK). An object is made of the first
# source with its name, here and then in FROM. Runs inside the SDK tree.

HERE := $(patsubst %/,%,$(dir $(abspath $(firstword $(MAKEFILE_LIST)))))
TOP  := $(abspath $(HERE)/../..)
OUT  := $(TOP)/build/$(notdir $(HERE))
LIB  := $(TOP)/build/agent/liblayby.a

# The including file's own targets come behind this
all:

include $(TOP)/agent/flags.mk
CPPFLAGS += $(FROM:%=-I$(TOP)/tests/%) $(shell pkg-config --cflags libnl-genl-3.0)

SOURCES  := $(notdir $(wildcard $(HERE)/test_*.c))
PROGRAMS := $(SOURCES:%.c=$(OUT)/%)
LINK      = $(CC) $(LDFLAGS) -o $@ $^ -lcmocka -luring -lpthread $(LIBS)

all: $(PROGRAMS)

# A program whose source is gone must not be run
$(OUT)/.programs: $(SOURCES:%=$(HERE)/%) | $(OUT)
	rm -f $(filter-out $(PROGRAMS),$(filter-out %.o %.d,$(wildcard $(OUT)/test_*)))
	touch $@

$(OUT)/test_%: $(OUT)/test_%.o $(FIXTURE:%=$(OUT)/%.o) | $(OUT)/.programs
	$(LINK)

vpath %.c $(HERE) $(FROM:%=$(TOP)/tests/%)

$(OUT)/%.o: %.c | $(OUT)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# The agent's own rules know what is to be done
$(LIB): FORCE
	@$(MAKE) -s -C $(TOP)/agent
FORCE:

$(OUT):
	mkdir -p $@

clean:
	rm -rf $(OUT)

.PHONY: all clean FORCE
.SECONDARY:
-include $(wildcard $(OUT)/*.d)
