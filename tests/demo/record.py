# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads what a run of the demonstration has left behind, see in-vm.

Times are seconds of the machine's monotonic clock.
"""
import csv
import json
import os
import re

HEADER = "include/uapi/linux/layby_netlink.h"
SLOTS = ("driving", "guest")  # as the policy names the partitions


def read_csv(run, *name):
    with open(os.path.join(run, *name), encoding="ascii") as file:
        return [[int(field) for field in row] for row in csv.reader(file)]


def read_json(run, name):
    with open(os.path.join(run, name), encoding="utf-8") as file:
        return json.load(file)


def reasons():
    """Names of enum layby_gate_reason, by number"""
    with open(HEADER, encoding="ascii") as file:
        names = re.findall(r"^\tLAYBY_GATE_(\w+)", file.read(), re.MULTILINE)
    return [None] + [name.lower().replace("_", "-") for name in names]


def trace(run, event):
    """(time, {field: text}) of each event of that name"""
    line_of = re.compile(rf" (\d+\.\d+): layby_{event}: (.*)")
    with open(os.path.join(run, "trace"), encoding="utf-8") as file:
        for match in filter(None, map(line_of.search, file)):
            yield float(match[1]), dict(word.split("=") for word in match[2].split())


def held(run):
    """[(time, guest has its tiles, reason)], one for each of the gate's events"""
    with open(os.path.join(run, "gate"), encoding="utf-8") as file:
        return [((state["since_us"] + state["for_us"]) / 1e6, state["guests_in"], state["reason"])
                for state in map(json.loads, file) if state["event"] == "gate"]


def gate(run):
    """[(time, reason, guest has its tiles)], one for each change. Events tell the latest
    state only, so reasons that passed by are taken from the trace."""
    names, events = reasons(), held(run)
    begin, is_held, reason = events[0]
    changes = [(begin, reason, is_held)]
    marks = [(time, None, is_held) for time, is_held, _ in events]
    marks += [(time, names[int(fields["reason"])], None) for time, fields in trace(run, "gate")]
    for time, reason, is_held in sorted(marks, key=lambda mark: mark[0]):
        _, reason_was, was_held = changes[-1]
        change = (time, reason or reason_was, was_held if is_held is None else is_held)
        if time > begin and change[1:] != changes[-1][1:]:
            changes.append(change)
    return changes


def story(run):
    """[(time, what the car did)]"""
    with open(os.path.join(run, "story"), encoding="utf-8") as file:
        return [(float(time), text) for time, text in
                (line.rstrip("\n").split(" ", 1) for line in file)]


def jobs(run, ticks_hz):
    """[(partition, start, end, taken back)] of jobs that ended; start is None if
    the device had not begun with it"""
    ended = []
    for end, fields in trace(run, "job_end"):
        ran = int(fields["run_ticks"]) / ticks_hz
        ended.append((SLOTS[int(fields["slot"])], end - ran if ran else None, end,
                      fields["result"] != "0"))
    return ended
