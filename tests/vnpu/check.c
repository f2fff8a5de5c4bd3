// SPDX-License-Identifier: LGPL-2.1-or-later
/* Good jobs: the device does what its manual says. */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client.h"

#define N 256

static void fill_input(struct client *client, uint32_t slot)
{
	float *x = (void *)(client->memory + CLIENT_WINDOW(slot) + CLIENT_INPUT);

	for (int i = 0; i < N; i++)
		x[i] = 0.5f * i;
}

static void assert_sum(struct client *client, uint32_t slot)
{
	const float *y = (void *)(client->memory + CLIENT_WINDOW(slot) +
				  CLIENT_OUTPUT);

	for (int i = 0; i < N; i++)
		assert_true(y[i] == 1.5f * i);
}

static int setup(void **state)
{
	static struct client client;

	client_start(&client, NULL);
	*state = &client;
	return 0;
}

static int teardown(void **state)
{
	client_stop(*state);
	return 0;
}

static void test_good_job(void **state)
{
	struct client *client = *state;
	struct layby_vnpu_completion completion;
	struct layby_vnpu_descriptor job;

	client_enable(client, 0);
	job = client_job(client, 0, "add", 4 * N, 4 * N);
	fill_input(client, 0);
	assert_int_equal(client_run(client, 0, &job, 3, &completion),
			 LAYBY_VNPU_STATUS_OK);
	assert_sum(client, 0);
	/* 8000 operations, two tiles, 4 a tile and tick, 20 of overhead */
	assert_int_equal(le64toh(completion.end_ticks) -
			 le64toh(completion.start_ticks), 1020);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good_job, setup, teardown),
	};

	return cmocka_run_group_tests_name("vnpu: good jobs", tests, NULL, NULL);
}
