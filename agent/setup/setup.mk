# SPDX-License-Identifier: LGPL-2.1-or-later
# layby-setup, with the BPF programs in it; a part of agent/Makefile.

BPF     := $(O)/bpf
setup_o := $(call objects,setup) $(O)/signals/table.o

$(BPF)/%.skel.h: $(TOP)/bpf/%.bpf.c $(wildcard $(TOP)/bpf/*.h $(TOP)/include/layby/*.h)
	@$(MAKE) -s -C $(TOP)/bpf O=$(BPF) $@

$(O)/setup/governor.o: $(BPF)/governor.skel.h $(BPF)/governor_minimal.skel.h
$(O)/setup/vehicle.o: $(BPF)/vehicle_can.skel.h
$(O)/setup/governor.o $(O)/setup/vehicle.o: CPPFLAGS += -I$(BPF) -I$(TOP)/bpf

$(O)/layby-setup: $(setup_o) $(common_o)
	@echo "  LD      $(notdir $@)"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(NL) $(INIH) $(shell $(PKG_CONFIG) --libs libbpf)

$(O)/layby-setup.service: $(S)/data/layby-setup.service.in $(O)/paths
	@mkdir -p $(@D)
	@sed 's|@libexecdir@|$(libexecdir)|' $< > $@

all: $(O)/layby-setup $(O)/layby-setup.service

install: install-setup
install-setup: all
	install -D -m 755 $(O)/layby-setup $(D)$(libexecdir)/layby-setup
	install -D -m 644 $(O)/layby-setup.service $(D)$(unitdir)/layby-setup.service
	install -D -m 644 $(S)/data/setup.conf $(D)$(datadir)/layby/setup.conf
	install -D -m 644 $(S)/data/man/layby-setup.8 $(D)$(mandir)/man8/layby-setup.8

.PHONY: install-setup
-include $(setup_o:.o=.d)
