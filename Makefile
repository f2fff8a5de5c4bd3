# SPDX-License-Identifier: GPL-2.0-only
# Names what can be done; how is in the scripts named here. Everything runs
# inside the SDK tree, except a build for a kernel of your own (KDIR=).

SDK := tests/sdk/sdk

help:
	@sed -n 's/^#: //p' Makefile

#: make demo      digits classified on the virtual accelerator, in a VM
demo:
	@tests/demo/demo

#: make check     all tests, as CI runs them; T="uapi-stock agent" runs some
check:
	@tests/check $(T)

#: make coverage  conditions and branches of the pure files that the unit tests decide
coverage:
	@tests/unit/mcdc

#: make bench     what a job costs: bench-path (instructions), bench-doorbell, and a
#:                guest's, with what its governor costs: bench-governor;
#:                bench-reclaim, how long until the tiles are back, N=200000 for all;
#:                bench-isolation, what driving notices of a guest, N=10000 for all;
#:                bench-caps, whether power caps hold by the device's truth, N=10 for all;
#:                bench-agent, what the agent takes and whether it loses it, N=1000 for all;
#:                bench-nights, simulated nights: departures kept, energy lent
bench: bench-path bench-doorbell bench-governor bench-reclaim bench-isolation bench-caps bench-agent \
	bench-nights
bench-path bench-doorbell bench-governor bench-reclaim bench-isolation bench-caps bench-agent \
bench-nights:
	@tests/bench/$@

#: make fuzz-bus  all of the agent's bus interface, called with everything by everybody;
#:                MINUTES=10
fuzz-bus:
	@$(SDK) run make -s -C agent fuzz-bus MINUTES=$(or $(MINUTES),10)

#: make holes     all that crosses between guest and driving: open, bounded, closed
holes:
	@$(SDK) run tests/holes/show

#: make mutants   deliberate defects, each of which the test that it names must find;
#:                N=5 for the next five, J=2 for two at a time
mutants:
	@tests/mutants/run

#: make audit     what is guaranteed, what shows it, what is not shown: a page of the
#:                last results, build/audit.html; POLICY=FILE for its time budget
audit:
	@tests/audit/make-page $(POLICY)

#: make style     sparse, checkpatch --strict, W=1, clang
style:
	@tests/style/style

#: make sdk       the Debian 13 tree that all of this runs in
sdk:
	@$(SDK) path

#: make shell     a shell inside it
shell:
	@$(SDK) run bash

#: make modules   the kernel modules; KDIR= ARCH= CROSS_COMPILE= for your kernel,
#:                LAYBY_POLICY_CERT=FILE.der LAYBY_POLICY_FLOOR=N for your policies
accepted := $(if $(LAYBY_POLICY_CERT),LAYBY_POLICY_CERT=$(abspath $(LAYBY_POLICY_CERT))) \
	$(if $(LAYBY_POLICY_FLOOR),LAYBY_POLICY_FLOOR=$(LAYBY_POLICY_FLOOR))
modules:
ifdef KDIR
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(accepted) modules
else
	@tests/sdk/build-modules stock $(accepted)
endif

#: make agent     liblayby, laybyctl, layby-agentd into build/agent
agent:
	@$(SDK) run make -C agent

#: make install   module and agent into DESTDIR= prefix=, after modules and agent
install:
	@kmod/install
	@rm -rf build/stage
	@$(SDK) run make -C agent install DESTDIR=/layby/build/stage prefix=$(prefix) \
		sysconfdir=$(sysconfdir)
	@cp -rT build/stage $(DESTDIR)/

#: make clean     everything that was built here; the cache stays
clean:
	rm -rf build
	find kmod -name '*.o' -o -name '*.ko' -o -name '*.mod*' -o -name '.*.cmd' -o -name '*.der' | xargs -r rm -f

prefix     ?= /usr/local
sysconfdir ?= /etc
export DESTDIR

.PHONY: help demo check coverage bench bench-path bench-doorbell bench-governor bench-reclaim \
	bench-isolation bench-caps bench-agent bench-nights fuzz-bus holes mutants audit style sdk \
	shell modules agent install clean
