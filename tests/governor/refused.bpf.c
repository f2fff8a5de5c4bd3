// SPDX-License-Identifier: GPL-2.0-only
/* Governors that the kernel must refuse, one for each rule; loaded one at a time. */
#include <vmlinux.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <layby/governor.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} programs SEC(".maps");

#define SAMPLE(name, section)								\
	SEC(section)									\
	int BPF_PROG(name, struct layby_governor_sample *now,				\
		     struct layby_governor_verdict *verdict)

#define GOVERNOR(name, ...)								\
	SEC(".struct_ops.link")								\
	struct layby_governor governor_##name = { __VA_ARGS__ }

#define GOVERNOR_OF(sampler)								\
	GOVERNOR(sampler, .sample = (void *)sampler, .name = "refused")

/* --- By the verifier ------------------------------------------------------ */

SAMPLE(write_sample, "struct_ops/sample")
{
	now->temperature_mc = 0;
	return 0;
}
GOVERNOR_OF(write_sample);

SAMPLE(write_pad, "struct_ops/sample")
{
	*(volatile __u8 *)&verdict->pad[0] = 1;
	return 0;
}
GOVERNOR_OF(write_pad);

/* Two fields at once, and with them what may one day lie between them. */
SAMPLE(write_across, "struct_ops/sample")
{
	*(volatile __u64 *)verdict = 0;
	return 0;
}
GOVERNOR_OF(write_across);

SAMPLE(write_behind, "struct_ops/sample")
{
	*((volatile __u8 *)verdict + 64) = 1;
	return 0;
}
GOVERNOR_OF(write_behind);

SAMPLE(helper_random, "struct_ops/sample")
{
	verdict->open = bpf_get_prandom_u32() & 1;
	return 0;
}
GOVERNOR_OF(helper_random);

SAMPLE(helper_print, "struct_ops/sample")
{
	bpf_printk("a governor does not print");
	return 0;
}
GOVERNOR_OF(helper_print);

static long round(__u32 index, void *context)
{
	return 0;
}

SAMPLE(helper_loop, "struct_ops/sample")
{
	bpf_loop(1 << 23, round, NULL, 0);
	return 0;
}
GOVERNOR_OF(helper_loop);

SAMPLE(helper_tail_call, "struct_ops/sample")
{
	bpf_tail_call(ctx, &programs, 0);
	return 0;
}
GOVERNOR_OF(helper_tail_call);

/* What the kernel offers to each struct_ops beside its helpers. */
void bpf_preempt_disable(void)
	__ksym;
void bpf_preempt_enable(void)
	__ksym;
void *bpf_rdonly_cast(const void *pointer, __u32 type) __ksym;

SAMPLE(function_preempt, "struct_ops/sample")
{
	bpf_preempt_disable();
	bpf_preempt_enable();
	return 0;
}
GOVERNOR_OF(function_preempt);

SAMPLE(function_memory, "struct_ops/sample")
{
	__u32 type = bpf_core_type_id_kernel(struct task_struct);
	const struct task_struct *task = bpf_rdonly_cast(ctx, type);

	verdict->level = task->pid;
	return 0;
}
GOVERNOR_OF(function_memory);

SAMPLE(function_loop, "struct_ops/sample")
{
	int round;

	bpf_for(round, 0, 1 << 30)
		verdict->level = round;
	return 0;
}
GOVERNOR_OF(function_loop);

SAMPLE(sleeps, "struct_ops.s/sample")
{
	return 0;
}
GOVERNOR_OF(sleeps);

SEC("struct_ops/admit")
int BPF_PROG(write_job, struct layby_admission *job)
{
	job->party = 1;
	return 0;
}

/* --- When it is attached -------------------------------------------------- */

SAMPLE(harmless, "struct_ops/sample")
{
	return 0;
}

GOVERNOR(write_job, .sample = (void *)harmless, .admit = (void *)write_job, .name = "refused");
GOVERNOR(no_sample, .name = "refused");
GOVERNOR(no_name, .sample = (void *)harmless);
GOVERNOR(bad_name, .sample = (void *)harmless, .name = "not a name");
GOVERNOR(long_name, .sample = (void *)harmless,
	 .name = { [0 ... LAYBY_GOVERNOR_NAME - 1] = 'x' });
GOVERNOR(flags, .sample = (void *)harmless, .flags = 1, .name = "refused");

/* Without a link: the map itself would attach it. */
SEC(".struct_ops")
struct layby_governor governor_no_link = {
	.sample = (void *)harmless,
	.name = "refused",
};
