# SPDX-License-Identifier: LGPL-2.1-or-later
# The agent's tests on the host; included by agent/Makefile.
#
# client and queue: liblayby with the kernel wrapped away at link time.
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
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(SANITIZE) -c -o $@ $<

$(TO)/%.o: $(T)/%.c
	@mkdir -p $(@D)
	@echo "  CC      tests/$*.o"
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(SANITIZE) -c -o $@ $<

# The wrapped calls are those of our own objects only.
$(TO)/test_client $(TO)/test_queue: $(TO)/%: $(TO)/%.o $(kernel_o) $(test_client_o)
	@echo "  LD      tests/$(notdir $@)"
	@$(CC) $(CFLAGS) $(SANITIZE) $(WRAP) -o $@ $^ $(URING) $(CMOCKA)

check: all $(TO)/test_client $(TO)/test_queue
	@$(T)/run $(O)

-include $(wildcard $(TO)/*.d $(TO)/*/*.d)
