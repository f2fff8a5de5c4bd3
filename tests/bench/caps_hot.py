# SPDX-License-Identifier: LGPL-2.1-or-later
"""The driver comes back to a device that guests have made as hot as they may: what became
of driving, and how hot it truly was. And how soon levels rose, in all runs.
"""
import json
import os

import caps_run

DRIVING = 0
HOLD_NS = 1_000_000_000
# Of what the data sheet says of all tiles, less its deviation: driving that is less busy
# than that shows nothing
FULL_MW, DEVIATION = 8 * 1500, 0.2


def read_json(folder, name):
    with open(f"{folder}/{name}", encoding="ascii") as file:
        return json.load(file)


def points(folder):
    """(ticks, driving's uJ, guest's uJ, mC)"""
    for ticks, _, *energy, mc in (map(int, line) for line in caps_run.lines(folder, "truth")):
        yield ticks, energy[DRIVING], energy[caps_run.GUEST], mc


def hottest(part):
    return max((mc for *_, mc in part), default=None)


def split(folder):
    """While the guest's tiles were used, and from their last use on"""
    read = list(points(folder))
    last = max(i for i in range(1, len(read)) if read[i][2] > read[i - 1][2])
    return read[:last + 1], read[last:]


def driving_mw(part):
    """In the second half, in which it has long begun"""
    half = part[len(part) // 2:]
    (begin, energy, *_), (end, all_of_it, *_) = half[0], half[-1]
    return (all_of_it - energy) * 1000 / (end - begin)


def judge(folder):
    guest, driving = split(folder)
    trip_mc, sensor_mc = map(int, caps_run.lines(folder, "trip")[0])
    power = read_json(folder, "power.json")
    mw = driving_mw(driving)
    lowered = power["slots"][DRIVING]["lowered"]
    return {"seed": read_json(folder, "specimen.json")["seed"], "trip_mc": trip_mc,
            "sensor_mc": sensor_mc,
            "guest_mc": hottest(guest), "driving_mc": hottest(driving),
            "over_mc": hottest(guest) - trip_mc, "driving_mw": mw,
            "throttled": int(lowered > 0),
            "full": lowered > 0 or mw > FULL_MW * (1 - DEVIATION)}


def all_of(store, prefix):
    return sorted((judge(f"{store}/{name}") for name in os.listdir(store)
                   if name.startswith(prefix) and not name.endswith(".new")),
                  key=lambda one: one["seed"])


def early_rises(folders):
    """Of all runs' traces, each of which begins with its machine's"""
    found = set()
    for folder in folders:
        last_ns, was = None, None
        for ns, _, level in caps_run.events(folder):
            if was is not None and level > was and ns - last_ns < HOLD_NS:
                found.add((os.path.dirname(folder), ns))
            if level != was:
                last_ns, was = ns, level
    return len(found)
