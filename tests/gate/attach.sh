# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# attach.sh - sourced inside a VM with layby.ko loaded, at the top of the checkout:
# `attach` brings up the bus and attaches the vehicle's programs and the minimal
# governor, and does not seal; `attach_vehicle` leaves the governor to others. They
# last as long as the shell.
attach_vehicle() {
	local answer
	grep -q ' /sys/fs/bpf ' /proc/mounts || mount -t bpf bpf /sys/fs/bpf
	bash tests/vehicle/bus up || return 1
	mkfifo /run/attach.in /run/attach.out
	exec {attached}<>/run/attach.in {answers}<>/run/attach.out
	build/vehicle/attach can0 build/park/signals.bin </run/attach.in >/run/attach.out &
	read -r -t $((20 * ${LAYBY_TIME_FACTOR:-1})) answer <&"$answers"
	[ "$answer" = attached ] || { echo "attach: $answer"; return 1; }
}

attach() {
	attach_vehicle || return 1
	build/setup/attach build/agent/bpf/governor_minimal.bpf.o /sys/fs/bpf/governor
}
