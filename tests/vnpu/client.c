// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * client - stands in for QEMU and the driver in the device's own tests
 *
 * Owns the vnpud that it starts: it ends with the test program at the latest.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "client.h"

#define CLIENT_ARGUMENTS_MAX 32

static uint64_t milliseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void run_device(struct client *client, const char *const *extra)
{
	const char *argv[CLIENT_ARGUMENTS_MAX] = {
		VNPUD, "--socket", client->socket, "--control", client->control,
	};
	size_t n = 5;
	int log = open(LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	for (; extra && *extra && n + 1 < CLIENT_ARGUMENTS_MAX; extra++)
		argv[n++] = *extra;
	if (log >= 0)
		dup2(log, STDERR_FILENO);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execv(VNPUD, (char **)argv);
	perror(VNPUD);
	_exit(127);
}

void client_start(struct client *client, const char *const *extra)
{
	*client = (struct client){ .connection = -1 };
	snprintf(client->socket, sizeof(client->socket), "/tmp/vnpu-%d", getpid());
	snprintf(client->control, sizeof(client->control), "/tmp/vnpu-%d.control",
		 getpid());
	client->device = fork();
	assert_true(client->device >= 0);
	if (!client->device)
		run_device(client, extra);
	for (int i = 0; i < 500 && access(client->socket, F_OK) < 0; i++)
		usleep(10000);
	client_connect(client);
}

void client_stop(struct client *client)
{
	int status;

	client_disconnect(client);
	kill(client->device, SIGTERM);
	assert_int_equal(waitpid(client->device, &status, 0), client->device);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- The ivshmem client ------------------------------------------------------ */

static int64_t receive(struct client *client, int *fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {};
	int64_t number;
	struct iovec part = { &number, sizeof(number) };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;

	*fd = -1;
	assert_int_equal(recvmsg(client->connection, &message, MSG_CMSG_CLOEXEC),
			 sizeof(number));
	header = CMSG_FIRSTHDR(&message);
	if (header)
		memcpy(fd, CMSG_DATA(header), sizeof(*fd));
	return (int64_t)le64toh(number);
}

static void receive_memory(struct client *client)
{
	struct stat stat;
	int fd;

	assert_int_equal(receive(client, &fd), -1);
	assert_true(fd >= 0);
	assert_return_code(fstat(fd, &stat), errno);
	client->bytes = stat.st_size;
	client->memory = mmap(NULL, stat.st_size, PROT_READ | PROT_WRITE,
			      MAP_SHARED, fd, 0);
	assert_ptr_not_equal(client->memory, MAP_FAILED);
	close(fd);
}

void client_connect(struct client *client)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	memcpy(address.sun_path, client->socket, sizeof(client->socket));
	client->connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(connect(client->connection,
				   (struct sockaddr *)&address,
				   sizeof(address)), errno);
	assert_int_equal(receive(client, &fd), 0);
	assert_int_equal(receive(client, &fd), 1);
	receive_memory(client);
	for (uint32_t i = 0; i < LAYBY_VNPU_VECTORS; i++)
		assert_int_equal(receive(client, &client->doorbell[i]),
				 LAYBY_VNPU_PEER);
	for (uint32_t i = 0; i < LAYBY_VNPU_VECTORS; i++)
		assert_int_equal(receive(client, &client->vector[i]), 1);
	memset(client->slots, 0, sizeof(client->slots));
	client->command_tail = 0;
}

void client_disconnect(struct client *client)
{
	if (client->connection < 0)
		return;
	munmap(client->memory, client->bytes);
	for (uint32_t i = 0; i < LAYBY_VNPU_VECTORS; i++) {
		close(client->doorbell[i]);
		close(client->vector[i]);
	}
	close(client->connection);
	client->connection = -1;
}

uint32_t client_read32(struct client *client, uint64_t at)
{
	uint32_t *from = (void *)(client->memory + at);

	return le32toh(__atomic_load_n(from, __ATOMIC_ACQUIRE));
}

uint64_t client_read64(struct client *client, uint64_t at)
{
	uint64_t *from = (void *)(client->memory + at);

	return le64toh(__atomic_load_n(from, __ATOMIC_ACQUIRE));
}

void client_write32(struct client *client, uint64_t at, uint32_t value)
{
	uint32_t *to = (void *)(client->memory + at);

	__atomic_store_n(to, htole32(value), __ATOMIC_RELEASE);
}

void client_write64(struct client *client, uint64_t at, uint64_t value)
{
	uint64_t *to = (void *)(client->memory + at);

	__atomic_store_n(to, htole64(value), __ATOMIC_RELEASE);
}

void client_ring(struct client *client, uint32_t vector)
{
	uint64_t one = 1;

	assert_int_equal(write(client->doorbell[vector], &one, sizeof(one)),
			 sizeof(one));
}

uint64_t client_wait(struct client *client, uint32_t vector, int ms)
{
	struct pollfd poller = { .fd = client->vector[vector], .events = POLLIN };
	uint64_t count;

	if (poll(&poller, 1, ms) <= 0)
		return 0;
	return read(client->vector[vector], &count, sizeof(count)) > 0 ? count : 0;
}

/* --- The driver --------------------------------------------------------------- */

uint32_t client_command(struct client *client, uint32_t opcode, uint32_t slot,
			uint64_t argument)
{
	uint64_t at = LAYBY_VNPU_COMMAND_RING +
		      (client->command_tail % LAYBY_VNPU_COMMANDS) *
		      sizeof(struct layby_vnpu_command);
	struct layby_vnpu_command command = {
		.opcode = htole32(opcode),
		.slot = htole32(slot),
		.argument = htole64(argument),
		.result = htole32(UINT32_MAX),
	};
	uint64_t end = milliseconds() + 2000;

	memcpy(client->memory + at, &command, sizeof(command));
	client_write32(client, LAYBY_VNPU_REG_COMMAND_TAIL, ++client->command_tail);
	client_ring(client, LAYBY_VNPU_VECTOR_MANAGEMENT);
	while (client_read32(client, LAYBY_VNPU_REG_COMMAND_HEAD) !=
	       client->command_tail) {
		if (milliseconds() > end)
			return UINT32_MAX;
		client_wait(client, LAYBY_VNPU_VECTOR_MANAGEMENT, 50);
	}
	return client_read32(client, at + offsetof(struct layby_vnpu_command, result));
}

void client_write_slot(struct client *client, uint32_t slot)
{
	uint64_t base = LAYBY_VNPU_SLOT(slot);

	memset(client->memory + LAYBY_VNPU_SQ(slot), 0, 0x20000);
	client_write64(client, base + LAYBY_VNPU_SLOT_WINDOW_BASE,
		       CLIENT_WINDOW(slot));
	client_write64(client, base + LAYBY_VNPU_SLOT_WINDOW_BYTES,
		       CLIENT_WINDOW_BYTES);
	client_write32(client, base + LAYBY_VNPU_SLOT_TILES, 3u << 2 * slot);
	client_write32(client, base + LAYBY_VNPU_SLOT_ENTRIES, CLIENT_ENTRIES);
	client_write64(client, base + LAYBY_VNPU_SLOT_SQ, LAYBY_VNPU_SQ(slot));
	client_write64(client, base + LAYBY_VNPU_SLOT_CQ, LAYBY_VNPU_CQ(slot));
	client_write32(client, base + LAYBY_VNPU_SLOT_SQ_TAIL, 0);
	client_write32(client, base + LAYBY_VNPU_SLOT_CQ_HEAD, 0);
	client_write32(client, base + LAYBY_VNPU_SLOT_ABORT, 0);
	client_write32(client, base + LAYBY_VNPU_SLOT_STOP, 0);
	client_write32(client, base + LAYBY_VNPU_SLOT_BANDWIDTH, 0);
	client_write32(client, base + LAYBY_VNPU_SLOT_FLAGS, 0);
	client->slots[slot] = (struct client_slot){};
}

void client_enable(struct client *client, uint32_t slot)
{
	client_write_slot(client, slot);
	assert_int_equal(client_command(client, LAYBY_VNPU_OP_SLOT_ENABLE, slot, 0),
			 LAYBY_VNPU_RESULT_OK);
}

uint64_t client_load(struct client *client, uint64_t at, const char *model)
{
	char path[512];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), MODELS "/%s.onnx", model);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("%s: %s (make builds it)", path, strerror(errno));
	n = read(fd, client->memory + at, client->bytes - at);
	assert_true(n > 0);
	close(fd);
	return n;
}

struct layby_vnpu_descriptor client_job(struct client *client, uint32_t slot,
					const char *model, uint64_t input_bytes,
					uint64_t output_bytes)
{
	uint64_t window = CLIENT_WINDOW(slot);
	uint64_t size = client_load(client, window + CLIENT_PROGRAM, model);
	struct layby_vnpu_descriptor descriptor = {
		.input_count = input_bytes ? 1 : 0,
		.output_count = 1,
		.party = htole64(1),
		.program = { htole64(window + CLIENT_PROGRAM), htole64(size) },
		.output[0] = { htole64(window + CLIENT_OUTPUT),
			       htole64(output_bytes) },
	};

	if (input_bytes) {
		descriptor.input[0].address = htole64(window + CLIENT_INPUT);
		descriptor.input[0].length = htole64(input_bytes);
	}
	return descriptor;
}

void client_submit(struct client *client, uint32_t slot,
		   struct layby_vnpu_descriptor *descriptor, uint16_t tag)
{
	struct client_slot *state = &client->slots[slot];
	uint64_t at = LAYBY_VNPU_SQ(slot) +
		      (state->sq_tail % CLIENT_ENTRIES) * sizeof(*descriptor);

	descriptor->tag = htole16(tag);
	descriptor->phase = !(state->sq_tail / CLIENT_ENTRIES & 1);
	memcpy(client->memory + at, descriptor, sizeof(*descriptor));
	client_write32(client, LAYBY_VNPU_SLOT(slot) + LAYBY_VNPU_SLOT_SQ_TAIL,
		       ++state->sq_tail);
	client_ring(client, LAYBY_VNPU_VECTOR_SLOT(slot));
}

void client_abort(struct client *client, uint32_t slot, uint16_t tag)
{
	uint32_t sequence = ++client->slots[slot].abort_sequence;

	client_write32(client, LAYBY_VNPU_SLOT(slot) + LAYBY_VNPU_SLOT_ABORT,
		       sequence << 16 | tag);
	client_ring(client, LAYBY_VNPU_VECTOR_SLOT(slot));
}

bool client_complete(struct client *client, uint32_t slot,
		     struct layby_vnpu_completion *completion, int ms)
{
	struct client_slot *state = &client->slots[slot];
	uint64_t at = LAYBY_VNPU_CQ(slot) +
		      (state->cq_head % CLIENT_ENTRIES) * sizeof(*completion);
	uint32_t phase = !(state->cq_head / CLIENT_ENTRIES & 1);
	uint64_t end = milliseconds() + ms;

	while (client_read32(client, at + offsetof(struct layby_vnpu_completion,
						   phase)) != phase) {
		uint64_t now = milliseconds();

		if (now >= end || !client_wait(client, LAYBY_VNPU_VECTOR_SLOT(slot),
					       end - now))
			return false;
	}
	memcpy(completion, client->memory + at, sizeof(*completion));
	client_write32(client, LAYBY_VNPU_SLOT(slot) + LAYBY_VNPU_SLOT_CQ_HEAD,
		       ++state->cq_head);
	client_ring(client, LAYBY_VNPU_VECTOR_SLOT(slot));
	return true;
}

uint32_t client_run(struct client *client, uint32_t slot,
		    struct layby_vnpu_descriptor *descriptor, uint16_t tag,
		    struct layby_vnpu_completion *completion)
{
	client_submit(client, slot, descriptor, tag);
	assert_true(client_complete(client, slot, completion, 5000));
	assert_int_equal(le16toh(completion->tag), tag);
	return le16toh(completion->status);
}

/* --- The control socket -------------------------------------------------------- */

sd_json_variant *client_control(struct client *client, const char *method,
				sd_json_variant *parameters)
{
	sd_varlink *link;
	sd_json_variant *reply = NULL;
	const char *error = NULL;
	char full[64];

	snprintf(full, sizeof(full), "org.layby.VNPU1.%s", method);
	assert_return_code(sd_varlink_connect_address(&link, client->control),
			   errno);
	assert_return_code(sd_varlink_call(link, full, parameters, &reply, &error),
			   errno);
	if (error)
		fail_msg("%s: %s", full, error);
	sd_json_variant_ref(reply);
	sd_varlink_close_unref(link);
	return reply;
}

void client_fault(struct client *client, const char *method, uint32_t slot)
{
	sd_json_variant *parameters;

	assert_return_code(sd_json_buildo(&parameters,
					  SD_JSON_BUILD_PAIR_UNSIGNED("slot", slot)),
			   errno);
	sd_json_variant_unref(client_control(client, method, parameters));
	sd_json_variant_unref(parameters);
}

/* --- What the test programs share ---------------------------------------------- */

int client_setup(void **state)
{
	static struct client client;

	client_start(&client, NULL);
	*state = &client;
	return 0;
}

int client_teardown(void **state)
{
	client_stop(*state);
	return 0;
}

struct layby_vnpu_descriptor client_add(struct client *client, uint32_t slot)
{
	float *x = (void *)(client->memory + CLIENT_WINDOW(slot) + CLIENT_INPUT);

	for (uint32_t i = 0; i < CLIENT_FLOATS; i++)
		x[i] = 0.5f * i;
	memset(client->memory + CLIENT_WINDOW(slot) + CLIENT_OUTPUT, 0,
	       CLIENT_BYTES);
	return client_job(client, slot, "add", CLIENT_BYTES, CLIENT_BYTES);
}

bool client_added(struct client *client, uint32_t slot)
{
	const float *y = (void *)(client->memory + CLIENT_WINDOW(slot) +
				  CLIENT_OUTPUT);

	for (uint32_t i = 0; i < CLIENT_FLOATS; i++) {
		if (y[i] != 1.5f * i)
			return false;
	}
	return true;
}

uint64_t client_run_ticks(const struct layby_vnpu_completion *completion)
{
	return le64toh(completion->end_ticks) - le64toh(completion->start_ticks);
}

static bool in_phase(struct client *client, uint32_t slot, const char *phase)
{
	sd_json_variant *status = client_control(client, "Status", NULL);
	sd_json_variant *slots = sd_json_variant_by_key(status, "slots");
	sd_json_variant *one = sd_json_variant_by_index(slots, slot);
	sd_json_variant *now = sd_json_variant_by_key(one, "phase");
	bool same = !strcmp(sd_json_variant_string(now), phase);

	sd_json_variant_unref(status);
	return same;
}

void client_wait_phase(struct client *client, uint32_t slot, const char *phase)
{
	uint64_t end = milliseconds() + 5000;

	while (!in_phase(client, slot, phase)) {
		if (milliseconds() > end)
			fail_msg("slot %u is never %s", slot, phase);
		usleep(1000);
	}
}

uint64_t client_status(struct client *client, uint32_t slot, const char *name)
{
	sd_json_variant *status = client_control(client, "Status", NULL);
	sd_json_variant *slots = sd_json_variant_by_key(status, "slots");
	sd_json_variant *one = sd_json_variant_by_index(slots, slot);
	sd_json_variant *value = sd_json_variant_by_key(one, name);
	uint64_t number = sd_json_variant_unsigned(value);

	sd_json_variant_unref(status);
	return number;
}

uint64_t client_last_time(struct client *client, const char *method, uint64_t count)
{
	sd_json_variant *parameters, *reply, *ticks;
	uint64_t last;

	sd_json_buildo(&parameters, SD_JSON_BUILD_PAIR_UNSIGNED("slot", 0));
	reply = client_control(client, method, parameters);
	ticks = sd_json_variant_by_key(reply, "count");
	assert_int_equal(sd_json_variant_unsigned(ticks), count);
	ticks = sd_json_variant_by_key(reply, "ticks");
	assert_int_equal(sd_json_variant_elements(ticks), count);
	last = sd_json_variant_unsigned(sd_json_variant_by_index(ticks, count - 1));
	sd_json_variant_unref(reply);
	sd_json_variant_unref(parameters);
	return last;
}

uint64_t client_modelled_wait(struct client *client,
			      const struct layby_vnpu_completion *completion,
			      uint64_t count)
{
	return le64toh(completion->start_ticks) - le64toh(completion->fetch_ticks) -
	       client_last_time(client, "Delays", count);
}
