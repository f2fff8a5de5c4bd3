# SPDX-License-Identifier: LGPL-2.1-or-later
"""The mutants, tests/mutants/ISO-n-NAME.patch: read, and held against the rules for them.

A mutant is a deliberate defect in something that keeps the invariant ISO-n. Before the
patch itself it says, a line each:

    Invariant: ISO-2
    Defect: the gate opens without a fresh lease
    Killed by: unit: test_gate.c test_each_alone

Killed by is a place as in docs/safety/holes.yaml; it may stand more than once. Must not
know how a test is run.
"""
import glob
import os
import re
import sys
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, f"{TOP}/tests/holes")
sys.dont_write_bytecode = True

import holes  # noqa: E402

INVARIANTS = [f"ISO-{number}" for number in range(1, 13)]
LEAST = 2
# Invariants that may have fewer, and the issue that builds what they are about
NOT_BUILT = {}


class Place(NamedTuple):
    """Where a test is: SUITE: FILE TEST, or SUITE: TEST"""
    suite: str
    file: str
    test: str

    def __str__(self):
        return f"{self.suite}: {self.file + ' ' if self.file else ''}{self.test}"


class Mutant(NamedTuple):
    """One patch. HEAD: what it says, KEY and VALUE as they stand there; FILES: changed"""
    name: str
    path: str
    head: list
    files: list

    def said(self, key):
        return [value for name, value in self.head if name == key]

    @property
    def invariant(self):
        return "".join(self.said("Invariant"))

    @property
    def defect(self):
        return "".join(self.said("Defect"))

    @property
    def places(self):
        return [place(words) for words in self.said("Killed by")]


def place(words):
    suite, _, rest = words.partition(": ")
    file = re.match(r"([\w-]+\.\w+) ", rest)
    return Place(suite, file[1] if file else "", rest[file.end():] if file else rest)


def read(path):
    with open(path, encoding="utf-8") as file:
        head, _, patch = file.read().partition("\n--- ")
    lines = [line.partition(": ") for line in head.splitlines() if line]
    return Mutant(os.path.basename(path).removesuffix(".patch"), path,
                  [(key, value) for key, _, value in lines],
                  re.findall(r"^\+\+\+ b/(\S+)$", patch, re.MULTILINE))


def load(folder=HERE):
    """All of them, ISO-2 before ISO-10"""
    def order(path):
        return [int(part) if part.isdigit() else part
                for part in re.split(r"(\d+)", os.path.basename(path))]

    return [read(path) for path in sorted(glob.glob(f"{folder}/*.patch"), key=order)]


def check_head(mutant):
    for key, _ in mutant.head:
        if key not in ("Invariant", "Defect", "Killed by"):
            yield f"«{key}» is not known, there are Invariant, Defect and Killed by"
    if mutant.invariant not in INVARIANTS:
        yield f"Invariant is «{mutant.invariant}», it must be one of ISO-1 to ISO-12"
    elif not mutant.name.startswith(mutant.invariant + "-"):
        yield f"it is about {mutant.invariant}, so its name must begin with that"
    if len(mutant.said("Defect")) != 1 or not mutant.defect:
        yield "says not in one line what the defect is"
    if not mutant.places:
        yield "says not what it must be killed by"
    if not mutant.files:
        yield "changes no file"


def check_places(mutant, suites, top):
    for line in holes.check_shown({"shown-by": mutant.said("Killed by")}, suites, top):
        yield "Killed by" + line.removeprefix("shown-by")


def problems(mutants, suites, top=TOP):
    """What is wrong with them, a line each. SUITES: the folder of each one's sources"""
    found = [f"{mutant.name}: {line}" for mutant in mutants
             for line in (*check_head(mutant), *check_places(mutant, suites, top))]
    for invariant in INVARIANTS:
        count = sum(mutant.invariant == invariant for mutant in mutants)
        if count < LEAST and invariant not in NOT_BUILT:
            found.append(f"{invariant} has {count} mutants, it must have {LEAST}")
        elif count >= LEAST and invariant in NOT_BUILT:
            found.append(f"{invariant} has {count} mutants: it is no longer to be excused")
    return found
