// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The vehicle's program: the signals file into its read-only data, both
 * directions of the CAN interface, and the module told which interface it is.
 */
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <layby/vehicle.h>

#include "../signals/table.h"
#include "root_file.h"
#include "setup.h"
#include "util.h"
#include "vehicle_can.skel.h"

enum setup_status signals_load(const char *path, struct layby_signals *ret_signals)
{
	_cleanup_free_ void *bytes = NULL;
	struct signals_error error;
	struct layby_signals signals = {};
	const char *problem;
	size_t size;

	problem = root_file_load(path, 64 * 1024, &bytes, &size);
	if (problem)
		return fail(SETUP_SIGNALS, "signals %s: %s", path, problem);
	memcpy(&signals, bytes, size < sizeof(signals) ? size : sizeof(signals));
	if (signals_check(&signals, size, &error))
		return fail(SETUP_SIGNALS, "signals %s: %s%s%s: see laybyctl signals", path,
			    error.signal == SIGNALS_NONE ? "" : signals_name(error.signal),
			    error.signal == SIGNALS_NONE ? "" : ": ", error.text);
	*ret_signals = signals;
	return SETUP_OK;
}

static enum setup_status interface_find(const char *name, uint32_t *ret_index)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {};

	strcpy(request.ifr_name, name);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request) < 0)
		return fail(SETUP_INTERFACE, "CAN interface %s: %s", name,
			    errno == ENODEV ? "is not there (yet)" : strerror(errno));
	if (request.ifr_hwaddr.sa_family != ARPHRD_CAN)
		return fail(SETUP_INTERFACE, "interface %s is not a CAN interface", name);
	*ret_index = if_nametoindex(name);
	if (!*ret_index)
		return fail(SETUP_INTERFACE, "CAN interface %s has gone", name);
	return SETUP_OK;
}

/*
 * Ingress before all others, so that nobody rewrites a frame ahead of it; egress
 * behind all others, so that it sees what they have made of a frame.
 */
static enum setup_status vehicle_attach_both(struct setup *setup, const char *interface,
					     uint32_t index)
{
	LIBBPF_OPTS(bpf_tcx_opts, first, .flags = BPF_F_BEFORE);
	LIBBPF_OPTS(bpf_tcx_opts, last, .flags = BPF_F_AFTER);

	setup->ingress = bpf_program__attach_tcx(setup->vehicle->progs.vehicle_ingress,
						 (int)index, &first);
	if (!setup->ingress)
		return fail(SETUP_VEHICLE, "vehicle program: ingress of %s: %s", interface,
			    strerror(errno));
	setup->egress = bpf_program__attach_tcx(setup->vehicle->progs.vehicle_egress,
						(int)index, &last);
	if (!setup->egress)
		return fail(SETUP_VEHICLE, "vehicle program: egress of %s: %s", interface,
			    strerror(errno));
	return SETUP_OK;
}

static enum setup_status vehicle_bind(struct setup *setup, const char *interface,
				      uint32_t index)
{
	struct layby_vehicle_bind bind = { .ifindex = index };
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &bind, .ctx_size_in = sizeof(bind));
	int r;

	r = bpf_prog_test_run_opts(bpf_program__fd(setup->vehicle->progs.vehicle_bind), &run);
	if (r == 0)
		r = (int)run.retval;
	if (r < 0)
		return fail(SETUP_VEHICLE, "%s is not taken for the vehicle's bus: %s",
			    interface, strerror(-r));
	return SETUP_OK;
}

static enum setup_status vehicle_load(struct setup *setup, const struct layby_signals *signals)
{
	int r;

	setup->vehicle = vehicle_can__open();
	if (!setup->vehicle)
		return fail(SETUP_VEHICLE, "vehicle program: %s", strerror(errno));
	/* The skeleton has it as const */
	memcpy((void *)&setup->vehicle->rodata->signals, signals, sizeof(*signals));
	r = vehicle_can__load(setup->vehicle);
	if (r < 0)
		return fail(SETUP_VEHICLE, "vehicle program: refused by the kernel: %s, see above",
			    strerror(-r));
	return SETUP_OK;
}

enum setup_status vehicle_attach(struct setup *setup, const char *interface,
				 const struct layby_signals *signals)
{
	enum setup_status status;
	uint32_t index;

	status = interface_find(interface, &index);
	if (status == SETUP_OK)
		status = vehicle_load(setup, signals);
	if (status == SETUP_OK)
		status = vehicle_attach_both(setup, interface, index);
	if (status == SETUP_OK)
		status = vehicle_bind(setup, interface, index);
	return status;
}

void setup_detach(struct setup *setup)
{
	bpf_link__destroy(setup->ingress);
	bpf_link__destroy(setup->egress);
	bpf_link__destroy(setup->governor_link);
	vehicle_can__destroy(setup->vehicle);
	bpf_object__close(setup->governor);
	*setup = (struct setup){};
}
