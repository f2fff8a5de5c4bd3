// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The vehicle's programs in place, for tests. See the header.
 */
#include "programs.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <layby/vehicle.h>

#include "vehicle_can.skel.h"

int programs_load(const struct layby_signals *signals, struct vehicle_can **ret_programs)
{
	struct vehicle_can *programs = vehicle_can__open();
	int r;

	if (!programs)
		return -errno;
	memcpy(&programs->rodata->signals, signals, sizeof(*signals));
	r = vehicle_can__load(programs);
	if (r) {
		vehicle_can__destroy(programs);
		return r;
	}
	*ret_programs = programs;
	return 0;
}

int programs_bind(struct vehicle_can *programs, unsigned int ifindex)
{
	struct layby_vehicle_bind bind = { .ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &bind, .ctx_size_in = sizeof(bind));
	int r;

	r = bpf_prog_test_run_opts(bpf_program__fd(programs->progs.vehicle_bind), &opts);
	return r ? r : (int)opts.retval;
}

static int attach(struct bpf_program *program, unsigned int ifindex, __u32 flags)
{
	LIBBPF_OPTS(bpf_tcx_opts, opts, .flags = flags);

	/* never destroyed: only the process's end detaches it */
	return bpf_program__attach_tcx(program, (int)ifindex, &opts) ? 0 : -errno;
}

int programs_attach_ingress(struct vehicle_can *programs, unsigned int ifindex)
{
	return attach(programs->progs.vehicle_ingress, ifindex, BPF_F_BEFORE);
}

int programs_attach_egress(struct vehicle_can *programs, unsigned int ifindex)
{
	return attach(programs->progs.vehicle_egress, ifindex, BPF_F_AFTER);
}

int programs_start(const char *interface, const struct layby_signals *signals,
		   struct vehicle_can **ret_programs)
{
	unsigned int ifindex = if_nametoindex(interface);
	int r;

	if (!ifindex)
		return -errno;
	r = programs_load(signals, ret_programs);
	if (r)
		return r;
	r = programs_bind(*ret_programs, ifindex);
	if (!r)
		r = programs_attach_egress(*ret_programs, ifindex);
	if (!r)
		r = programs_attach_ingress(*ret_programs, ifindex);
	if (r)
		programs_stop(*ret_programs);
	return r;
}

void programs_stop(struct vehicle_can *programs)
{
	vehicle_can__destroy(programs);
}
