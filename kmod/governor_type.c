// SPDX-License-Identifier: GPL-2.0-only
/*
 * The struct_ops type layby_governor: what the verifier lets a governor's programs
 * do, and what attaching asks for.
 *
 * Owns no state but where the one writable type is in the module's BTF. Must never
 * let a program write anything but the three fields of the verdict (ISO-7), or
 * let one be attached after the seal.
 *
 * An attached governor, and one that is only loaded, holds a reference on the
 * module through its map: the module cannot be unloaded under it.
 */
#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/ctype.h>
#include <linux/filter.h>
#include <linux/module.h>
#include <linux/printk.h>

#include "governor.h"
#include "keeper.h"

/* Set by the kernel's call of .init: register_bpf_struct_ops() may do nothing. */
static bool layby_type_known;

/* struct layby_governor_verdict; the same for every program. */
static const struct btf_type *layby_verdict_type;

static int layby_type_init(struct btf *btf)
{
	layby_type_known = true;
	return 0;
}

static const struct btf_type *layby_btf_pointee(const struct btf *btf, u32 id)
{
	const struct btf_type *type = btf_type_by_id(btf, id);

	if (!type || !btf_type_is_ptr(type))
		return NULL;
	return btf_type_by_id(btf, type->type);
}

/*
 * What sample()'s second parameter points to. By way of the prototype, because
 * 6.12 exports no search by name and a module's own type ids are moved when its
 * BTF is loaded.
 */
static const struct btf_type *
layby_btf_verdict(const struct btf *btf, const struct btf_type *governor)
{
	const struct btf_member *member = btf_type_member(governor);
	const struct btf_type *proto;

	/* The first member, see below. */
	proto = layby_btf_pointee(btf, member->type);
	if (!proto || !btf_type_is_func_proto(proto) || btf_type_vlen(proto) != 2)
		return NULL;
	return layby_btf_pointee(btf, btf_params(proto)[1].type);
}

static_assert(offsetof(struct layby_governor, sample) == 0);

/*
 * For each program that is loaded. The kernel gives every struct_ops some functions of
 * its own (iterators, reads of any memory, switching preemption off), whatever
 * layby_type_helper() says; a program that calls any has a table of them.
 */
static int layby_type_check_member(const struct btf_type *type,
				   const struct btf_member *member,
				   const struct bpf_prog *prog)
{
	const struct btf_type *verdict;

	if (prog->sleepable)
		return -EINVAL;
	if (prog->aux->kfunc_tab) {
		pr_warn("layby: governor refused: its programs may call no kernel function\n");
		return -EACCES;
	}
	verdict = layby_btf_verdict(prog->aux->attach_btf, type);
	if (!verdict || verdict->size != sizeof(struct layby_governor_verdict))
		return -EINVAL;
	WRITE_ONCE(layby_verdict_type, verdict);
	return 0;
}

struct layby_field {
	int start;
	int end;
};

static const struct layby_field layby_writable[] = {
	{ offsetof(struct layby_governor_verdict, cap_mw),
	  offsetofend(struct layby_governor_verdict, cap_mw) },
	{ offsetof(struct layby_governor_verdict, level),
	  offsetofend(struct layby_governor_verdict, level) },
	{ offsetof(struct layby_governor_verdict, open),
	  offsetofend(struct layby_governor_verdict, open) },
};

static bool layby_verdict_writable(int off, int size)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(layby_writable); i++)
		if (off >= layby_writable[i].start && off + size <= layby_writable[i].end)
			return true;
	return false;
}

static int layby_type_write(struct bpf_verifier_log *log,
			    const struct bpf_reg_state *reg, int off, int size)
{
	const struct btf_type *type = btf_type_by_id(reg->btf, reg->btf_id);

	if (type == READ_ONCE(layby_verdict_type) && layby_verdict_writable(off, size))
		return NOT_INIT;
	bpf_log(log, "layby: a governor may write cap_mw, level and open of its verdict\n");
	return -EACCES;
}

/* No loop helper, no timer, no tail call, no look at other memory. */
static const struct bpf_func_proto *
layby_type_helper(enum bpf_func_id id, const struct bpf_prog *prog)
{
	switch (id) {
	case BPF_FUNC_map_lookup_elem:
	case BPF_FUNC_map_update_elem:
	case BPF_FUNC_ktime_get_ns:
		return bpf_base_func_proto(id, prog);
	default:
		return NULL;
	}
}

static bool layby_type_read(int off, int size, enum bpf_access_type type,
			    const struct bpf_prog *prog,
			    struct bpf_insn_access_aux *info)
{
	return bpf_tracing_btf_ctx_access(off, size, type, prog, info);
}

static const struct bpf_verifier_ops layby_verifier_ops = {
	.get_func_proto = layby_type_helper,
	.is_valid_access = layby_type_read,
	.btf_struct_access = layby_type_write,
};

static bool layby_governor_name_ok(const char *name)
{
	u32 i;

	for (i = 0; i < LAYBY_GOVERNOR_NAME && name[i]; i++)
		if (!isascii(name[i]) || (!isalnum(name[i]) && name[i] != '_' && name[i] != '.'))
			return false;
	return i && i < LAYBY_GOVERNOR_NAME;
}

static int layby_type_init_member(const struct btf_type *type,
				  const struct btf_member *member,
				  void *kdata, const void *udata)
{
	const struct layby_governor *from = udata;
	struct layby_governor *to = kdata;

	switch (__btf_member_bit_offset(type, member) / 8) {
	case offsetof(struct layby_governor, flags):
		if (!from->flags)
			return 1;
		pr_warn("layby: governor refused: flags is %#llx, must be 0\n", from->flags);
		return -EINVAL;
	case offsetof(struct layby_governor, name):
		if (layby_governor_name_ok(from->name)) {
			strscpy(to->name, from->name);
			return 1;
		}
		pr_warn("layby: governor refused: its name must be 1 to %d letters, digits, '_' or '.'\n",
			LAYBY_GOVERNOR_NAME - 1);
		return -EINVAL;
	default:
		return 0;
	}
}

static int layby_type_validate(void *kdata)
{
	const struct layby_governor *ops = kdata;

	if (ops->sample)
		return 0;
	pr_warn("layby: governor %s refused: it has no sample(), which is required\n", ops->name);
	return -EINVAL;
}

/* By a link only: who holds it holds the governor. */
static int layby_type_reg(void *kdata, struct bpf_link *link)
{
	if (!link)
		return -EOPNOTSUPP;
	if (layby_keeper_sealed())
		return -EPERM;
	return layby_governor_attach(kdata);
}

static void layby_type_unreg(void *kdata, struct bpf_link *link)
{
	layby_governor_detach(kdata);
}

/* Never called: the verifier reads prototypes off them. */
static s32 layby_sample_stub(const struct layby_governor_sample *sample,
			     struct layby_governor_verdict *verdict)
{
	return -EOPNOTSUPP;
}

static s32 layby_admit_stub(const struct layby_admission *job)
{
	return -EOPNOTSUPP;
}

static struct layby_governor layby_stubs = {
	.sample = layby_sample_stub,
	.admit = layby_admit_stub,
};

/* No .update: a governor goes, which closes the gate, before another comes. */
static struct bpf_struct_ops layby_type = {
	.verifier_ops = &layby_verifier_ops,
	.init = layby_type_init,
	.check_member = layby_type_check_member,
	.init_member = layby_type_init_member,
	.validate = layby_type_validate,
	.reg = layby_type_reg,
	.unreg = layby_type_unreg,
	.cfi_stubs = &layby_stubs,
	.owner = THIS_MODULE,
	.name = "layby_governor",
};

int layby_governor_type_register(void)
{
	int ret = register_bpf_struct_ops(&layby_type, layby_governor);

	if (ret || layby_type_known)
		return ret;
	pr_err("layby: the module has no BTF, so no governor could ever open the gate: build it where the kernel's vmlinux is, for a kernel with CONFIG_DEBUG_INFO_BTF_MODULES and CONFIG_BPF_JIT\n");
	return -EOPNOTSUPP;
}
