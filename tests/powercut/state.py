# SPDX-License-Identifier: LGPL-2.1-or-later
"""state - a disk as it may be after a power cut, and what the agent makes of it

The disk is mounted, so that the kernel's own ext4 recovers it, and tests/powercut/check
is run on it. What the agent has lost is a figure; Bad is raised if it cannot be said.
"""
import json
import os
import subprocess
import tempfile

PATIENCE_S = 120
# Of a state; what is said of a good one
FAULTS = ("missing", "lost", "doubled", "wrong", "unneeded", "set_aside")


class Bad(Exception):
    """Says what of a log or a state cannot be"""


def check(image, notes, seed):
    """What tests/powercut/check says of it; both are bytes"""
    with tempfile.TemporaryDirectory(prefix="pc-") as folder:
        os.mkdir(f"{folder}/disk")
        with open(f"{folder}/image", "wb") as file:
            file.write(image)
        with open(f"{folder}/notes", "wb") as file:
            file.write(notes)
        subprocess.run(["mount", "-o", "loop", f"{folder}/image", f"{folder}/disk"], check=True)
        try:
            return judge(f"{folder}/disk/state", f"{folder}/notes", seed)
        finally:
            subprocess.run(["umount", f"{folder}/disk"], check=True)


def judge(state, notes, seed):
    os.makedirs(state, mode=0o700, exist_ok=True)
    done = subprocess.run(["build/powercut/check", state, notes, "0", str(seed)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          timeout=PATIENCE_S)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise Bad(f"a state cannot be judged:\n{done.stdout}")
    return json.loads(lines[-1]) | {"said": [line for line in done.stdout.splitlines()
                                             if line.startswith("#")]}


def is_good(found):
    return found["ledger_ok"] and not any(found[name] for name in FAULTS)


def say(found):
    """In some lines"""
    said = found["said"]
    figures = " ".join(f"{name} {value}" for name, value in found.items() if name != "said")
    return "\n  ".join([figures, *said[:5], f"{len(said)} lines in all"])


def seed_of(folder):
    with open(f"{folder}/seed", encoding="ascii") as file:
        return int(file.read())


def append(path, found):
    with open(path, "a", encoding="ascii") as file:
        file.write(json.dumps(found) + "\n")


def count(path):
    if not os.path.exists(path):
        return 0
    with open(path, encoding="ascii") as file:
        return len(file.readlines())


def total(path):
    """Over all states of the file"""
    with open(path, encoding="ascii") as file:
        states = [json.loads(line) for line in file]
    found = {name: sum(state[name] for state in states) for name in FAULTS}
    return {"states": len(states), "jobs": max(state["answered"] for state in states)} | found | {
        "ledger_broken": sum(not state["ledger_ok"] for state in states),
        "bad": sum(not is_good(state) for state in states), "folder": os.path.dirname(path)}
