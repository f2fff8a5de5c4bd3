# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tracepoints told, in the words of the model (../model/reclaim.pml).

An event is (whose, what): the GATE OPENS, CLOSES, lets guests IN, gives tiles BACK, has a
fault LATCHED or CLEARED; a slot, GUEST or DRIVING, comes into a state. A run is the life of
one accelerator, from its slots' start to their end, which is where the model begins too.

The model has one driving slot, which stands for all: one that is fenced keeps its tiles for
good, one in recovery keeps guests waiting, whatever the others do. It has one guest slot.
"""
import yaml

SPEC = "include/uapi/linux/layby_netlink.yaml"


class Unexpected(Exception):
    """The trace has what no run should have"""


def open_reason():
    """The number of the reason that is none"""
    with open(SPEC, encoding="utf-8") as file:
        reasons = next(one for one in yaml.safe_load(file)["definitions"]
                       if one["name"] == "gate-reason")
    names = [one if isinstance(one, str) else one["name"] for one in reasons["entries"]]
    return str(reasons["value-start"] + names.index("open"))


def records(path):
    """Each line of the trace: the tracepoint's name and its fields"""
    with open(path, encoding="ascii") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("#") or not line.strip():
                continue
            name, colon, fields = line.strip().partition(": ")
            if not colon or not name.startswith("layby_"):
                raise Unexpected(f"{path}:{number}: «{line.strip()}»")
            yield name, dict(field.split("=", 1) for field in fields.split())


def together(states):
    """Of all driving slots"""
    for one in "FENCED", "RECOVERING":
        if one in states:
            return one
    return "RUNNING"


class Run:
    """The life of one accelerator"""

    def __init__(self):
        self.slots = {}
        self.events = []

    def add(self, whose, what):
        self.events.append((whose, what))

    def starts(self, slot, owner, state):
        if state != ("CLOSED" if owner == "GUEST" else "RUNNING"):
            raise Unexpected(f"slot {slot} of {owner} starts {state}")
        self.slots[slot] = owner, state
        if [one for one, _ in self.slots.values()].count("GUEST") > 1:
            raise Unexpected("two guest slots, and the model has one")

    def driving(self):
        return together([state for owner, state in self.slots.values() if owner == "DRIVING"])

    def becomes(self, slot, owner, state):
        before = self.driving()
        self.slots[slot] = owner, state
        if owner == "GUEST":
            self.add(owner, state)
        elif self.driving() != before:
            self.add(owner, self.driving())


def gate_events(name, fields, reason_open):
    """What the record NAME says of the gate"""
    if name == "layby_guests_in":
        return ["IN"]
    if name == "layby_handed_back":
        return ["BACK"]
    if name == "layby_fault":
        return ["LATCHED" if fields["latched"] == "1" else "CLEARED"]
    if fields["reason"] == reason_open:
        return ["OPENS"]
    return ["CLOSES"] if fields["was"] == reason_open else []


def slot_record(runs, run, fields):
    """Return: the run that goes on, if one does"""
    slot, owner = fields["slot"], fields["class"].upper()
    state, was = fields["state"].upper(), fields["was"].upper()
    if was == "GONE":
        run = run or Run()
        run.starts(slot, owner, state)
    elif state == "GONE":
        if run:
            runs.append(run.events)
        return None
    elif run:
        run.becomes(slot, owner, state)
    return run


def runs_of(path):
    """The events of each run that has any"""
    runs, run, reason_open = [], None, open_reason()
    for name, fields in records(path):
        if name == "layby_slot_state":
            run = slot_record(runs, run, fields)
            continue
        for what in gate_events(name, fields, reason_open):
            if not run:
                raise Unexpected(f"{what} with no accelerator")
            run.add("GATE", what)
    if run:
        runs.append(run.events)
    return [events for events in runs if events]
