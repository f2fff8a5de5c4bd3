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
# The same with what is installed, in a machine with systemd, without `park`: there
# the agent takes the lease and carries consent.
#
#   scene_boot                  the bus, the unit layby-setup, and the car, which is silent
#   owner_gives USER TOKEN.BIN  over the system bus, as a member of layby-owner does
#   owner_withdraws USER
#   gate_becomes REASON         waits for that; fails if it takes too long
#
# park_governor names another governor than the minimal one, before the boot.
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

park_configure() {
	mkdir -p /etc/layby
	install -m 644 $park_build/park/signals.bin /etc/layby/signals.bin
	printf '[Setup]\nCanInterface=can0\nSignals=/etc/layby/signals.bin\nGovernor=%s\n' \
		"${park_governor:-minimal}" >/etc/layby/setup.conf
}

park_setup() {
	park_configure
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
	$park_build/agent/layby-setup
}

# Read and write, so that opening waits for nobody
park_pipes() {
	mkfifo "/run/$1.in" "/run/$1.out"
	exec {park_pipe_in}<>"/run/$1.in" {park_pipe_out}<>"/run/$1.out"
}

park_car() {
	park_pipes car
	car_in=$park_pipe_in car_out=$park_pipe_out
	$park_build/vehicle/car --netns car --period 50 can0 $park_build/park/signals.bin \
		</run/car.in >/run/car.out &
}

park_boot() {
	/layby/tests/vehicle/bus up || return 1
	park_setup || return 1
	park_car
	park_pipes park
	park_in=$park_pipe_in park_out=$park_pipe_out
	$park_build/park/park $park_build/park/token.bin $park_build/park/token.p7s \
		</run/park.in >/run/park.out &
	car park && car charging yes && car charge 80
}

scene_boot() {
	/layby/tests/vehicle/bus up || return 1
	park_configure || return 1
	park_car
	systemctl start layby-setup.service
}

# A file as the words that busctl takes for an array of bytes
owner_bytes() {
	stat -c %s "$1"
	od -An -v -tu1 "$1"
}

owner_calls() {
	local user=$1
	shift
	setpriv --reuid="$user" --regid="$user" --init-groups \
		busctl --system call org.layby.Agent1 /org/layby/Agent1 org.layby.Agent1 "$@"
}

# shellcheck disable=SC2046 # the bytes are words
owner_gives() {
	owner_calls "$1" GiveConsent ayay $(owner_bytes "$2") $(owner_bytes "${2%.bin}.p7s")
}

owner_withdraws() { owner_calls "$1" WithdrawConsent; }

gate_is() { laybyctl gate --json | grep -q "\"reason\":\"$1\""; }

gate_becomes() {
	local tries=$((200 * ${LAYBY_TIME_FACTOR:-1}))
	until gate_is "$1"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { laybyctl gate; return 1; }
		sleep 0.1
	done
}
