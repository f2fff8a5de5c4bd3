# SPDX-License-Identifier: LGPL-2.1-or-later
"""What must never happen, made of what did: a recorded run with something else in one place.

A twin is (its name, what is looked for in the runs, what stands there instead). It begins
where the run begins and ends a little behind that place, where it must have shown itself.
"""
GATE, GUEST, DRIVING = "GATE", "GUEST", "DRIVING"
OPENS, CLOSES, IN, BACK = ((GATE, what) for what in ("OPENS", "CLOSES", "IN", "BACK"))
LATCHED, CLEARED = (GATE, "LATCHED"), (GATE, "CLEARED")
RUNS, STOPPED, FENCED = ((GUEST, what) for what in ("RUNNING", "CLOSED", "FENCED"))
LOST, FOUND = (DRIVING, "RECOVERING"), (DRIVING, "RUNNING")

TWINS = (
    ("the gate opens, and again", [OPENS], [OPENS, OPENS]),
    ("tiles are handed back before the gate closes",
     [CLOSES, STOPPED, BACK], [BACK, CLOSES, STOPPED]),
    ("tiles are handed back before the slot is closed", [STOPPED, BACK], [BACK, STOPPED]),
    ("guests are in again, and the tiles never were back",
     [BACK, OPENS, RUNS, IN], [OPENS, RUNS, IN]),
    ("guests are let in while the gate is closed",
     [CLOSES, STOPPED, BACK], [CLOSES, IN, STOPPED, BACK]),
    ("guests are let in before their slot is in service", [RUNS, IN], [IN, RUNS]),
    ("tiles are handed back with a fenced slot", [FENCED, LATCHED], [FENCED, BACK, LATCHED]),
    ("a slot that obeys nothing is not fenced", [FENCED, LATCHED], [LATCHED]),
    ("a fault goes by itself", [CLEARED], []),
    ("a fenced slot latches no fault", [FENCED, LATCHED], [FENCED]),
    ("driving's slot is back before it was lost", [LOST, FOUND], [FOUND, LOST]),
)
BEHIND = 12


def place(events, pattern):
    """Where PATTERN first stands in EVENTS, or None"""
    size = len(pattern)
    return next((at for at in range(len(events) - size + 1)
                 if events[at:at + size] == pattern), None)


def twin(runs, pattern, instead):
    """The events of the twin, or None if no run has the place"""
    for events in runs:
        at = place(events, pattern)
        if at is not None:
            behind = at + len(pattern)
            return events[:at] + instead + events[behind:behind + BEHIND]
    return None


def twins_of(runs):
    """Name and events of each; events are None where no run has the place"""
    return [(name, twin(runs, pattern, instead)) for name, pattern, instead in TWINS]
