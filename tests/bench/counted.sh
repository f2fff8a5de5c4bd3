# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# counted.sh - sourced by benches that count instructions with a gate that opens, inside
# the SDK tree, at the top of the checkout, after tests/park/build:
#
#   counted_scene TOKEN   signs TOKEN.bin, and has in the array bring the options of
#                         tests/vm/run that bring it and all else that the gate needs
#
# A machine under --icount has neither laybyctl nor keys, and its year is 2025.
counted_scene() {
	local path
	build/agent/laybyctl consent sign --key build/keys/owner.key \
		--certificate build/keys/owner.crt --from 2024-12-31 --until 2025-12-30 \
		--energy-total 1000kWh -o "$1.bin" >/dev/null
	bring=()
	for path in "$1".{bin,p7s} build/park/{park,signals.bin} \
		build/vehicle/{car,attach} build/setup/attach build/agent/bpf/governor_minimal.bpf.o \
		tests/vehicle/bus tests/gate/attach.sh /usr/sbin/ip; do
		bring+=(--bring "$path")
	done
}
