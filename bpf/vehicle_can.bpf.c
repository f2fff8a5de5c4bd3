// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vehicle's signals, at tcx ingress and egress of its CAN interface.
 *
 * vehicle_ingress decodes the frames that the signals file names, checks their
 * length and CRC, and hands them to the module together with the packet, from
 * which the module sees where the frame came from. It lets every frame pass.
 * vehicle_egress stops those frames when they are sent from this host: only the
 * bus may say what the vehicle does. vehicle_bind, run once by the boot step
 * before the seal, tells the module which interface is the bus.
 *
 * The programs decide nothing and keep nothing. What a frame that is not
 * monitored costs is a few compares.
 */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>

#include "decode.h"

char LICENSE[] SEC("license") = "GPL";

/* Set before loading, never after: unset, no frame is monitored. */
const volatile struct layby_signals signals;

/* What vmlinux.h has not, as CAN is a module: linux/can.h. */
#define CAN_RTR_FLAG	0x40000000u
#define CAN_HEADER	8
#define CAN_MTU		16
#define CANFD_MTU	72

struct can_header {
	__u32 can_id;
	__u8 length;
	__u8 flags;
	__u8 reserved[2];
};

int bpf_layby_vehicle(struct __sk_buff *skb, const struct layby_vehicle_frame *frame,
		      __u32 frame__sz) __ksym;
void bpf_layby_vehicle_sent(struct __sk_buff *skb) __ksym;
int bpf_layby_vehicle_bind(__u32 ifindex) __ksym;

/* The compiler must not take the zeros of this file for the values. */
static __always_inline const struct layby_signals *table(void)
{
	const struct layby_signals *p = (const struct layby_signals *)&signals;

	asm volatile("" : "+r"(p));
	return p;
}

/* Index of a monitored frame, LAYBY_SIGNALS_FRAMES_MAX of every other one. */
static __always_inline __u32 monitored(struct __sk_buff *skb, struct can_header *header)
{
	const struct can_header *at = (void *)(long)skb->data;

	if ((void *)(at + 1) > (void *)(long)skb->data_end)
		return LAYBY_SIGNALS_FRAMES_MAX;
	*header = *at;
	return layby_decode_find(table(), header->can_id & ~CAN_RTR_FLAG);
}

static __noinline int tell(struct __sk_buff *skb, __u32 index, __u32 id, __u32 length)
{
	struct layby_vehicle_frame frame = {};
	__u8 data[LAYBY_SIGNALS_BYTES_MAX] = {};
	__u32 size = skb->len;

	/* nothing has as many bytes: a remote frame has no data, CAN XL no such length */
	if (id & CAN_RTR_FLAG || (size != CAN_MTU && size != CANFD_MTU) ||
	    length > size - CAN_HEADER || length > sizeof(data) ||
	    (length && bpf_skb_load_bytes(skb, CAN_HEADER, data, length)))
		length = sizeof(data) + 1;
	layby_decode(table(), index, data, length, size == CANFD_MTU, &frame);
	return bpf_layby_vehicle(skb, &frame, sizeof(frame));
}

SEC("tcx/ingress")
int vehicle_ingress(struct __sk_buff *skb)
{
	struct can_header header;
	__u32 index = monitored(skb, &header);

	if (index < LAYBY_SIGNALS_FRAMES_MAX)
		tell(skb, index, header.can_id, header.length);
	return TCX_NEXT;
}

SEC("tcx/egress")
int vehicle_egress(struct __sk_buff *skb)
{
	struct can_header header;

	if (monitored(skb, &header) == LAYBY_SIGNALS_FRAMES_MAX)
		return TCX_NEXT;
	bpf_layby_vehicle_sent(skb);
	return TCX_DROP;
}

SEC("syscall")
int vehicle_bind(struct layby_vehicle_bind *bind)
{
	return bpf_layby_vehicle_bind(bind->ifindex);
}
