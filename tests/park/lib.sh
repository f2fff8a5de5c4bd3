# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# lib.sh - sourced inside a VM with layby.ko loaded: everything that a gate needs to
# open, as a vehicle has it, with the tests' keys, signals and token
#
#   park_boot        the bus, the programs attached, the module sealed; car and park
#                    run from now on. Once a boot: a sealed module stays loaded
#   car WORDS...     a command to tests/vehicle/car, park WORDS... one to tests/park/park;
#                    they fail if it was refused
#   park_open        waits until guest work may run; says why it may not, if so
#
# The policy must name 0x3c0 as the frame that is sent while parked. bash only.

park_build=/layby/build

# park_command WHO WORDS...: one line out, one line back
park_command() {
	local who=$1 answer
	shift
	case $who in
	car) echo "$*" >&"$car_in"; read -r answer <&"$car_out" ;;
	park) echo "$*" >&"$park_in"; read -r answer <&"$park_out" ;;
	esac
	[ "${answer%% *}" = ok ] || {
		echo "park: $who: «$*»: $answer" >&2
		return 1
	}
	[ "$answer" = ok ] || echo "${answer#ok }"
}

car() { park_command car "$@"; }
park() { park_command park "$@"; }
park_open() { park open || { park why; return 1; }; }

park_setup() {
	mkdir -p /etc/layby
	install -m 644 $park_build/park/signals.bin /etc/layby/signals.bin
	printf '[Setup]\nCanInterface=can0\nSignals=/etc/layby/signals.bin\nGovernor=minimal\n' \
		>/etc/layby/setup.conf
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
	$park_build/agent/layby-setup
}

# Read and write, so that opening waits for nobody
park_pipes() {
	mkfifo "/run/$1.in" "/run/$1.out"
	exec {park_pipe_in}<>"/run/$1.in" {park_pipe_out}<>"/run/$1.out"
}

park_boot() {
	/layby/tests/vehicle/bus up || return 1
	park_setup || return 1
	park_pipes car
	car_in=$park_pipe_in car_out=$park_pipe_out
	$park_build/vehicle/car --netns car --period 50 can0 $park_build/park/signals.bin \
		</run/car.in >/run/car.out &
	park_pipes park
	park_in=$park_pipe_in park_out=$park_pipe_out
	$park_build/park/park $park_build/park/token.bin $park_build/park/token.p7s \
		</run/park.in >/run/park.out &
	car park && car charging yes && car charge 80
}
