# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# checks.sh - sourced: one command, its exit status and what it said, as a line of
# TAP; the caller prints "1..$number" and exits with $status. bash only.

status=0
number=0

# check NAME EXPECTED-STATUS WORDS COMMAND...: WORDS are in stdout or stderr
check() {
	local name=$1 expected=$2 words=$3 got
	shift 3
	number=$((number + 1))
	mv -f out.txt before.txt 2>/dev/null
	"$@" >out.txt 2>err.txt </dev/null
	got=$?
	if [ $got = "$expected" ] && { [ -z "$words" ] || grep -qF -- "$words" out.txt err.txt; }; then
		echo "ok $number - $name"
		return
	fi
	echo "not ok $number - $name"
	echo "# status $got, expected $expected with \"$words\""
	sed 's/^/# /' out.txt err.txt
	status=1
}

# json NAME EXPECTED-STATUS PYTHON-EXPRESSION-ON-d COMMAND...
json() {
	local name=$1 expected=$2 expression=$3 got
	shift 3
	number=$((number + 1))
	"$@" >out.txt 2>err.txt </dev/null
	got=$?
	if [ $got = "$expected" ] && python3 -c "
import json, sys
d = json.load(open('out.txt'))
sys.exit(not ($expression))" 2>>err.txt; then
		echo "ok $number - $name"
		return
	fi
	echo "not ok $number - $name"
	echo "# status $got, expected $expected with $expression"
	sed 's/^/# /' out.txt err.txt
	status=1
}
