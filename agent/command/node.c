// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * info and run: straight to a node, by liblayby.
 */
#include "command.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static void close_nodep(struct layby_node **node)
{
	layby_node_close(*node);
}

static int open_node(const char *partition, struct layby_node **ret_node)
{
	char what[64];
	int r = layby_node_open(partition, ret_node);

	snprintf(what, sizeof(what), "partition %s", partition);
	if (r == -EINVAL)
		return fail(
			EXIT_USAGE,
			"%s: must be \"driving\", \"guest\" or the path of a node",
			what);
	return r < 0 ? fail_errno(r, what) : EXIT_OK;
}

/* --- info ----------------------------------------------------------------- */

struct infos {
	struct layby_accel_info accel;
	struct layby_partition_info partition;
	struct layby_party_info party;
};

static int query(struct layby_node *node, struct infos *infos)
{
	int r;

	r = layby_node_query_accel(node, &infos->accel);
	if (r < 0)
		return r;
	r = layby_node_query_partition(node, &infos->partition);
	if (r < 0)
		return r;
	infos->accel.name[sizeof(infos->accel.name) - 1] = '\0';
	return layby_node_query_party(node, &infos->party);
}

#define UNSIGNED SD_JSON_BUILD_PAIR_UNSIGNED

static int infos_build(const struct infos *infos, sd_json_variant **ret_object)
{
	const struct layby_accel_info *accel = &infos->accel;
	const struct layby_partition_info *partition = &infos->partition;
	const struct layby_party_info *party = &infos->party;

	return sd_json_buildo(
		ret_object,
		SD_JSON_BUILD_PAIR_STRING("class",
					  layby_class_name(partition->partition_class)),
		UNSIGNED("id", partition->id),
		SD_JSON_BUILD_PAIR_STRING("accelerator", accel->name),
		UNSIGNED("tiles", partition->tiles),
		UNSIGNED("accel_tiles", accel->tiles),
		UNSIGNED("levels", accel->levels),
		UNSIGNED("window_bytes", partition->window_bytes),
		UNSIGNED("window_free_bytes", partition->window_free_bytes),
		UNSIGNED("memory_bytes", accel->memory_bytes),
		UNSIGNED("longest_run_max_us",
			 partition->longest_run_max_ns / NSEC_PER_USEC),
		UNSIGNED("queue_depth", partition->queue_depth),
		SD_JSON_BUILD_PAIR_BOOLEAN("faulted", partition->faulted),
		UNSIGNED("ticks_hz", accel->ticks_hz),
		UNSIGNED("abort_bound_ns", accel->abort_bound_ns),
		UNSIGNED("reset_bound_ns", accel->reset_bound_ns),
		UNSIGNED("tags", party->tags),
		UNSIGNED("jobs_max", party->jobs_max),
		UNSIGNED("buffers_max", party->buffers_max));
}

static int info_append(const char *name, sd_json_variant **list)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *object = NULL;
	_cleanup_(close_nodep) struct layby_node *node = NULL;
	struct infos infos;
	int r;

	r = open_node(name, &node);
	if (r != EXIT_OK)
		return r;
	r = query(node, &infos);
	if (r >= 0)
		r = infos_build(&infos, &object);
	if (r >= 0)
		r = sd_json_variant_append_array(list, object);
	return r < 0 ? fail_errno(r, name) : EXIT_OK;
}

static int info_print(const struct options *options, sd_json_variant *list)
{
	size_t i;

	if (options->json)
		return print_json(options, list);
	for (i = 0; i < sd_json_variant_elements(list); i++) {
		if (i)
			putchar('\n');
		print_fields(options, partition_fields,
			     sd_json_variant_by_index(list, i));
	}
	return EXIT_OK;
}

/* Without an argument both; then one that can be opened is enough. */
int verb_info(const struct options *options, const char *argument)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *list = NULL;
	int r, other = EXIT_OK;

	r = info_append(argument ?: "driving", &list);
	if (!argument) {
		other = info_append("guest", &list);
		r = r == EXIT_OK ? EXIT_OK : other;
	}
	return r == EXIT_OK ? info_print(options, list) : r;
}

/* --- run ------------------------------------------------------------------ */

/* One job on its node; everything goes with the node's descriptor. */
struct task {
	struct layby_node *node;
	struct layby_queue *queue;
	struct layby_buffer *buffers[1 + LAYBY_MAX_INPUTS + LAYBY_MAX_OUTPUTS];
	uint32_t buffer_count;
	struct layby_range program;
	struct layby_range inputs[LAYBY_MAX_INPUTS];
	struct layby_range outputs[LAYBY_MAX_OUTPUTS];
	void *output_data[LAYBY_MAX_OUTPUTS];
	struct layby_job *job;
	struct layby_completion last;
	bool guest;
	/* how often memory could not be reached */
	uint32_t faults;
	uint64_t ticks_hz;
	uint64_t runs, energy_uj, queue_ticks, run_ticks, tile_ticks;
	uint64_t wait_us, input_bytes, output_bytes;
	uint64_t wall_us, wall_us_min, wall_us_max;
};

static void task_fini(struct task *task)
{
	uint32_t i;

	layby_queue_destroy(task->queue);
	for (i = 0; i < task->buffer_count; i++)
		layby_buffer_destroy(task->buffers[i]);
	layby_node_close(task->node);
}

static int task_add_buffer(struct task *task, uint64_t size, const char *what,
			   struct layby_range *ret_range, void **ret_data)
{
	struct layby_buffer *buffer;
	int r;

	r = layby_buffer_create(task->node, size, 0, &buffer);
	if (r >= 0) {
		task->buffers[task->buffer_count++] = buffer;
		r = layby_buffer_map(buffer, ret_data);
	}
	if (r == -ENOSPC)
		return fail(
			EXIT_JOB_FAILED,
			"%s: %llu bytes do not fit what is free of the partition's window",
			what, (unsigned long long)size);
	if (r < 0)
		return fail_errno(r, what);
	*ret_range = layby_buffer_range(buffer, 0, size);
	return EXIT_OK;
}

static int read_into(int fd, char *data, uint64_t size)
{
	uint64_t done = 0;
	ssize_t n;

	while (done < size) {
		n = pread(fd, data + done, size - done, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		done += (uint64_t)n;
	}
	return 0;
}

static int write_from(int fd, const char *data, uint64_t size)
{
	uint64_t done = 0;
	ssize_t n;

	while (done < size) {
		n = pwrite(fd, data + done, size - done, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (uint64_t)n;
	}
	return 0;
}

/* Of these waits: it opens soon after the gate, or it is gone for good. */
#define FAULTS_MAX 1000
#define FAULT_PAUSE_US 5000

/*
 * While the gate is closed guest memory cannot be reached: system calls say so
 * with EFAULT where our own access would end us. 1: it is open, try again.
 */
static int task_wait_for_memory(struct task *task, int r)
{
	if (r != -EFAULT || !task->guest || task->faults == FAULTS_MAX)
		return r;
	task->faults++;
	usleep(FAULT_PAUSE_US);
	r = gate_wait();
	return r == EXIT_OK ? 1 : -ECANCELED;
}

static int task_load(struct task *task, const char *path,
		     struct layby_range *ret_range)
{
	_cleanup_close_ int fd = -1;
	uint64_t size;
	void *data;
	int r;

	fd = file_open_input(path, &size);
	if (fd < 0)
		return EXIT_USAGE;
	r = task_add_buffer(task, size, path, ret_range, &data);
	if (r != EXIT_OK)
		return r;
	do
		r = task_wait_for_memory(task, read_into(fd, data, size));
	while (r > 0);
	return r < 0 ? fail(EXIT_USAGE, "%s: %s", path, strerror(-r)) : EXIT_OK;
}

static int task_load_all(struct task *task, const struct options *options)
{
	uint32_t i;
	int r;

	r = task_load(task, options->program, &task->program);
	for (i = 0; r == EXIT_OK && i < options->input_count; i++)
		r = task_load(task, options->inputs[i], &task->inputs[i]);
	for (i = 0; r == EXIT_OK && i < options->size_count; i++)
		r = task_add_buffer(task, options->output_sizes[i], "output",
				    &task->outputs[i], &task->output_data[i]);
	return r;
}

static int task_prepare(struct task *task, const struct options *options)
{
	struct layby_job_spec spec = {
		.program = task->program,
		.inputs = task->inputs,
		.outputs = task->outputs,
		.input_count = options->input_count,
		.output_count = options->size_count,
		.longest_run_ns = options->longest_ms * 1000000,
		.flags = options->interactive ? LAYBY_JOB_INTERACTIVE : 0,
	};
	struct layby_partition_info info;
	int r;

	r = layby_node_query_partition(task->node, &info);
	if (r < 0)
		return fail_errno(r, "query");
	if (spec.longest_run_ns > info.longest_run_max_ns)
		return fail(
			EXIT_USAGE,
			"--longest-ms: this partition takes at most %llu ms",
			(unsigned long long)info.longest_run_max_ns / 1000000);
	r = layby_job_prepare(task->node, &spec, &task->job);
	return r < 0 ? fail_errno(r, "preparing the job") : EXIT_OK;
}

static int task_query(struct task *task)
{
	struct layby_partition_info info;
	struct layby_accel_info accel;
	int r;

	r = layby_node_query_partition(task->node, &info);
	if (r >= 0)
		r = layby_node_query_accel(task->node, &accel);
	if (r < 0)
		return fail_errno(r, "query");
	task->guest = info.partition_class == LAYBY_CLASS_GUEST;
	task->ticks_hz = accel.ticks_hz;
	return EXIT_OK;
}

static int task_init(struct task *task, const struct options *options)
{
	int r;

	r = open_node(options->partition, &task->node);
	if (r == EXIT_OK)
		r = task_query(task);
	if (r != EXIT_OK)
		return r;
	r = layby_queue_create(task->node, 1, LAYBY_QUEUE_SINGLE_ISSUER,
			       &task->queue);
	if (r < 0)
		return fail_errno(r, "io_uring");
	r = task_load_all(task, options);
	return r == EXIT_OK ? task_prepare(task, options) : r;
}

static void task_count(struct task *task, uint64_t wall_us)
{
	const struct layby_completion *last = &task->last;

	if (last->has_report) {
		task->energy_uj += last->report.energy_uj;
		task->queue_ticks += last->report.queue_ticks;
		task->run_ticks += last->report.run_ticks;
		task->tile_ticks += last->report.tile_ticks;
		task->wait_us += last->report.wait_ns / 1000;
		task->input_bytes += last->report.input_bytes;
		task->output_bytes += last->report.output_bytes;
	}
	if (!task->runs || wall_us < task->wall_us_min)
		task->wall_us_min = wall_us;
	if (wall_us > task->wall_us_max)
		task->wall_us_max = wall_us;
	task->wall_us += wall_us;
	task->runs++;
}

/* The gate was closed, or it was taken back: the run does not count. */
static bool task_is_put_off(const struct task *task)
{
	const struct layby_completion *last = &task->last;

	return last->result == -ESHUTDOWN ||
	       layby_taken_back(last);
}

static int task_run_once(struct task *task)
{
	uint64_t start = now_us(CLOCK_MONOTONIC);
	int r;

	r = layby_queue_add(task->queue, task->job, task->runs);
	if (r < 0)
		return r;
	do
		r = layby_queue_wait(task->queue, LAYBY_WAIT_FOREVER,
				     &task->last);
	while (r == -EINTR);
	if (r < 0)
		return r;
	if (!task_is_put_off(task))
		task_count(task, now_us(CLOCK_MONOTONIC) - start);
	return 0;
}

static int task_run(struct task *task, const struct options *options)
{
	int r;

	while (task->runs < options->repeat && !task->last.result) {
		r = task_run_once(task);
		if (r < 0)
			return fail_errno(r, "submitting the job");
		if (!task_is_put_off(task))
			continue;
		r = gate_wait();
		if (r != EXIT_OK)
			return r;
		task->last.result = 0;
	}
	return EXIT_OK;
}

static const char *task_reason(const struct task *task)
{
	return task->last.has_report ?
		       layby_reason_name(task->last.report.reason) :
		       "not run";
}

static int task_print(const struct task *task, const struct options *options)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *object = NULL;
	int result = task->last.result;
	int r;

	r = sd_json_buildo(
		&object,
		SD_JSON_BUILD_PAIR_STRING("state",
					  result ? "failed" : "finished"),
		SD_JSON_BUILD_PAIR_INTEGER("result", result),
		SD_JSON_BUILD_PAIR_STRING("reason", task_reason(task)),
		SD_JSON_BUILD_PAIR_STRING("message",
					  result ? strerror(-result) : ""),
		UNSIGNED("runs", task->runs),
		UNSIGNED("level", task->last.report.level),
		UNSIGNED("energy_uj", task->energy_uj),
		UNSIGNED("queue_us",
			 ticks_to_us(task->queue_ticks, task->ticks_hz)),
		UNSIGNED("run_us",
			 ticks_to_us(task->run_ticks, task->ticks_hz)),
		UNSIGNED("tile_us",
			 ticks_to_us(task->tile_ticks, task->ticks_hz)),
		UNSIGNED("wait_us", task->wait_us),
		UNSIGNED("input_bytes", task->input_bytes),
		UNSIGNED("output_bytes", task->output_bytes),
		UNSIGNED("wall_us", task->wall_us),
		UNSIGNED("wall_us_min", task->wall_us_min),
		UNSIGNED("wall_us_max", task->wall_us_max));
	if (r < 0)
		return fail_errno(r, "printing");
	return print_object(options, job_fields, object);
}

/* By way of a memfd, so that the file sees one writing, without pauses. */
static int task_write_output(struct task *task, const char *path,
			     const void *data, uint64_t size)
{
	_cleanup_close_ int fd = memfd_create("layby-output", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return fail_errno(-errno, path);
	do
		r = task_wait_for_memory(task, write_from(fd, data, size));
	while (r > 0);
	return r < 0 ? fail_errno(r, path) : file_write_fd(path, fd);
}

static int task_write(struct task *task, const struct options *options)
{
	uint32_t i;
	int r = EXIT_OK;

	for (i = 0; r == EXIT_OK && i < options->output_count; i++)
		r = task_write_output(task, options->outputs[i],
				      task->output_data[i],
				      options->output_sizes[i]);
	return r;
}

int verb_run(const struct options *options, const char *argument)
{
	_cleanup_(task_fini) struct task task = {};
	int r;

	r = task_init(&task, options);
	if (r == EXIT_OK)
		r = task_run(&task, options);
	if (r == EXIT_OK && !task.last.result)
		r = task_write(&task, options);
	if (r == EXIT_OK)
		r = task_print(&task, options);
	return r == EXIT_OK && task.last.result ? EXIT_JOB_FAILED : r;
}
