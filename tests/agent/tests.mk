# SPDX-License-Identifier: LGPL-2.1-or-later
# The agent's tests on the host; included by agent/Makefile.
#
# client and queue: liblayby with the kernel wrapped away at link time.
# agent_*: layby-agentd on a private bus, with a fake liblayby below it.
# bus_fuzz: its bus interface, called with everything by everybody (fuzz-bus, also for
# as long as one likes).
# bus_readers, bus_abuse: those who do not read, vanish, come by the hundred.
# bus_clients: busctl, gdbus and python3-dasbus, as docs/agent.md has them.
# command: laybyctl beside it. audit: laybyctl audit, on a fake /sys, too.
# doctor: laybyctl doctor on a fake system. watch, top: laybyctl watch and top
# on a fake netlink family. data: units, rules and XML by their own checkers.
# completion: what bash completes is what laybyctl's help names; man: the manual
# pages say the same as help and XML.
# policy_values, policy: laybyctl policy, its parts and the whole of it.
# agent_kill: the same agent killed at random moments, all its answers held against it.
# store*: the store on its own, with real SQLite.
# ledger: its rows, key, anchor; ledger_aside: what it sets aside; ledger_forged: what a check of it finds.
# ledger_verbs: laybyctl ledger, on ledgers of ledger_make.
# symbols: the library exports what its map and its header name, no more.

T        := $(TOP)/tests/agent
TO       := $(O)/tests
CMOCKA   := $(shell $(PKG_CONFIG) --libs cmocka)
SANITIZE ?= -fsanitize=address,undefined -fno-sanitize-recover=undefined
WRAPPED  := open close ioctl mmap munmap io_uring_queue_init_params \
	io_uring_queue_exit io_uring_submit io_uring_submit_and_wait_timeout \
	__io_uring_get_cqe io_uring_register_eventfd
comma    := ,
WRAP     := $(foreach f,$(WRAPPED),-Wl$(comma)--wrap=$(f))

test_client_o := $(patsubst $(S)/%.c,$(TO)/%.o,$(wildcard $(S)/client/*.c))
kernel_o      := $(TO)/kernel.o $(TO)/kernel_ring.o

$(TO)/%.o: $(S)/%.c
	@mkdir -p $(@D)
	@echo "  CC      tests/$*.o"
	@$(CC) $(CPPFLAGS) -U_FORTIFY_SOURCE $(CFLAGS) $(SANITIZE) -c -o $@ $<

$(TO)/kmod/%.o: $(TOP)/kmod/%.c
	@mkdir -p $(@D)
	@echo "  CC      tests/kmod/$*.o"
	@$(CC) $(CPPFLAGS) -U_FORTIFY_SOURCE $(CFLAGS) $(SANITIZE) -c -o $@ $<

$(TO)/%.o: $(T)/%.c
	@mkdir -p $(@D)
	@echo "  CC      tests/$*.o"
	@$(CC) $(CPPFLAGS) -U_FORTIFY_SOURCE $(CFLAGS) $(SANITIZE) -c -o $@ $<

# Not fortified: that would call open() by other names, past the wrapping.
# The wrapped calls are those of our own objects only.
$(TO)/test_client $(TO)/test_queue: $(TO)/%: $(TO)/%.o $(kernel_o) $(test_client_o)
	@echo "  LD      tests/$(notdir $@)"
	@$(CC) $(CFLAGS) $(SANITIZE) $(WRAP) -o $@ $^ $(URING) $(CMOCKA)

# The programs as they are, on a fake liblayby.
test_daemon_o  := $(patsubst $(O)/%,$(TO)/%,$(daemon_o) $(owner_o) $(store_o) $(ledger_o))
fakes_o        := $(TO)/fake_bpf_value.o $(TO)/fake_layby.o $(TO)/fake_gate.o $(TO)/fake_host.o $(TO)/client/gate.o $(TO)/client/reason.o \
	$(TO)/common/gate_names.o $(TO)/common/consent_words.o $(TO)/common/host_file.o $(TO)/common/root_file.o \
	$(TO)/common/ini_file.o
test_command_o := $(patsubst $(O)/%,$(TO)/%,$(command_o))
fixture_o      := $(TO)/agent_fixture.o $(TO)/agent_calls.o

$(TO)/layby-agentd: $(test_daemon_o) $(fakes_o)
$(TO)/layby-agentd: private LIBS := $(STORE) $(INIH)
$(TO)/laybyctl: $(test_command_o) $(fakes_o)
$(TO)/laybyctl: private LIBS := $(TOOLS) $(STORE)
$(TO)/layby-agentd $(TO)/laybyctl:
	@echo "  LD      tests/$(notdir $@)"
	@$(CC) $(CFLAGS) $(SANITIZE) -o $@ $^ $(SYSTEMD) $(URING) $(LIBS)

$(TO)/test_agent_deliver: $(TO)/silent_fs.o
$(TO)/test_agent_submit $(TO)/test_agent_life $(TO)/test_agent_gate $(TO)/test_agent_durable $(TO)/test_agent_vector \
		$(TO)/test_agent_journal $(TO)/test_agent_conf $(TO)/test_agent_deliver \
		$(TO)/test_agent_night: $(TO)/%: $(TO)/%.o $(fixture_o)
	@echo "  LD      tests/$(notdir $@)"
	@$(CC) $(CFLAGS) $(SANITIZE) -o $@ $^ $(SYSTEMD) $(CMOCKA)

$(TO)/test_agent_owner $(TO)/test_agent_pause: $(TO)/%: $(TO)/%.o $(TO)/owner_calls.o $(TO)/fake_polkit.o $(fixture_o)
	@echo "  LD      tests/$(notdir $@)"
	@$(CC) $(CFLAGS) $(SANITIZE) -o $@ $^ $(SYSTEMD) $(STORE) $(CMOCKA)

known_o := $(TO)/agent_known.o $(TO)/agent_known_job.o $(TO)/agent_known_check.o
$(TO)/test_agent_kill: $(TO)/%: $(TO)/%.o $(known_o) $(fixture_o)
	@echo "  LD      tests/$(notdir $@)"
	@$(CC) $(CFLAGS) $(SANITIZE) -o $@ $^ $(SYSTEMD) $(STORE) $(CMOCKA)

# laybyctl without its main()
test_tools_o := $(filter-out $(TO)/command/main.o,$(test_command_o)) $(fakes_o)

$(TO)/test_policy_values: $(TO)/test_policy_values.o $(test_tools_o)
	@echo "  LD      tests/$(notdir $@)"
	@$(CC) $(CFLAGS) $(SANITIZE) -o $@ $^ $(SYSTEMD) $(URING) $(TOOLS) $(STORE) $(CMOCKA)

test_ledger_o := $(patsubst $(O)/%,$(TO)/%,$(ledger_o))

$(TO)/test_ledger $(TO)/test_ledger_aside $(TO)/test_ledger_forged: $(TO)/%: $(TO)/%.o $(TO)/ledger_fixture.o $(test_ledger_o)
	@echo "  LD      tests/$(notdir $@)"
	@$(CC) $(CFLAGS) $(SANITIZE) -o $@ $^ $(SYSTEMD) $(STORE) $(CMOCKA)

$(TO)/ledger_make: $(TO)/ledger_make.o $(test_ledger_o)
	@echo "  LD      tests/$(notdir $@)"
	@$(CC) $(CFLAGS) $(SANITIZE) -o $@ $^ $(SYSTEMD) $(STORE)

# The store, and its insides
test_store_o := $(patsubst $(O)/%,$(TO)/%,$(store_o) $(owner_o) $(ledger_o)) $(TO)/store_fixture.o
store_tests  := $(addprefix $(TO)/,test_store test_store_batch test_store_disk test_store_settings test_store_journal \
	test_store_kill test_store_lent)

$(store_tests:=.o) $(TO)/store_fixture.o: CPPFLAGS += -I$(S)
$(store_tests): $(TO)/%: $(TO)/%.o $(test_store_o)
	@echo "  LD      tests/$(notdir $@)"
	@$(CC) $(CFLAGS) $(WRAP_CLOCK) $(SANITIZE) -o $@ $^ $(SYSTEMD) $(STORE) $(CMOCKA)

# Its clock is the test's.
$(TO)/test_store_lent: $(TO)/fake_clock.o
$(TO)/test_store_lent: private WRAP_CLOCK := -Wl,--wrap=clock_gettime

# What the store takes a second; not sanitized, not part of the check.
$(TO)/store_bench: $(T)/store_bench.c $(store_o) $(owner_o) $(ledger_o)
	@mkdir -p $(@D)
	@echo "  LD      tests/$(notdir $@)"
	@$(CC) $(CPPFLAGS) -I$(S) $(CFLAGS) -o $@ $^ $(SYSTEMD) $(STORE)

# The agent as it ships, but for what it stands on; for benchmarks. With all libraries.
# unsynced/: that does not wait for the disk, and must be seen to lose jobs.
fakes_c := $(T)/fake_layby.c $(T)/fake_gate.c $(T)/fake_host.c $(T)/fake_bpf_value.c
$(TO)/unsynced/layby-agentd: $(TOP)/tests/powercut/unsynced.c
$(TO)/bench/layby-agentd $(TO)/unsynced/layby-agentd: $(daemon_o) $(owner_o) $(store_o) $(ledger_o) $(fakes_c) \
		$(patsubst $(TO)/%,$(O)/%,$(filter $(TO)/client/% $(TO)/common/%,$(fakes_o)))
	@mkdir -p $(@D)
	@echo "  LD      tests/$(@:$(TO)/%=%)"
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -MF $(@D)/fakes.d -o $@ $(filter %.o %.c,$^) \
		-Wl,--no-as-needed $(SYSTEMD) $(URING) $(NL) $(STORE) $(INIH)

tests := $(store_tests) $(addprefix $(TO)/,test_client test_queue test_agent_submit \
	test_agent_life test_agent_gate test_agent_durable test_agent_vector test_agent_journal test_agent_conf test_agent_deliver \
	test_agent_owner test_agent_pause test_agent_night test_agent_kill test_policy_values \
	test_ledger test_ledger_aside \
	test_ledger_forged ledger_make layby-agentd bench/layby-agentd laybyctl)

fuzz-bus: $(TO)/layby-agentd
	@$(T)/fuzz-bus --minutes $(or $(MINUTES),10)

check: all $(tests)
	@$(T)/run $(O)

-include $(wildcard $(TO)/*.d $(TO)/*/*.d $(TO)/*/*/*.d)
