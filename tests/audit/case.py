# SPDX-License-Identifier: LGPL-2.1-or-later
"""The safety case, docs/safety: read, and held against its own rules and the sources.

Owns what a right entry is and which references must lead where; the rules of holes are
tests/holes/holes.py's. Must not know of results.
"""
import glob
import os
import re
import sys

TOP = os.path.relpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
sys.path.insert(0, f"{TOP}/tests/holes")
import holes  # noqa: E402

ASIL = ("QM", "A", "B", "C", "D")
PARTS = ("module", "bpf", "agent", "device", "integrator")
INVARIANTS = {f"ISO-{n}" for n in range(1, 13)}
# Any id, wherever it stands in a text
ID = re.compile(r"\b(?:LBY-SR|AOU|FM|DF|NC|SG|HZ|TL|IT|ISO|H)-\d+\b")
FIGURE = re.compile(r"(build/bench/\w+\.json) (\w+) (at most|at least) ([\d.]+)")

# Field: whether every entry has it, and its type
REQUIREMENT = {"id": (True, str), "shall": (True, str), "goal": (True, list),
               "iso": (True, list), "asil": (True, str), "allocated": (True, list),
               "kept-by": (False, list), "proofs": (False, list), "shown-by": (False, list),
               "figures": (False, list), "missing": (False, str)}
# List of case.yaml: form of its ids, fields of an entry
LISTS = {
    "item": (r"IT-\d", {"id": (True, str), "what": (True, str)}),
    "hazards": (r"HZ-\d", {"id": (True, str), "what": (True, str)}),
    "goals": (r"SG-\d", {"id": (True, str), "what": (True, str), "asil": (True, str),
                         "hazards": (True, list)}),
    "interference": (None, {"class": (True, str), "faults": (True, list)}),
    "dependent": (r"DF-\d\d", {"id": (True, str), "what": (True, str), "answer": (True, str),
                               "by": (True, list)}),
    "assumptions": (r"AOU-\d\d", {"id": (True, str), "what": (True, str), "for": (True, list)}),
    "tools": (r"TL-\d", {"id": (True, str), "what": (True, str), "for": (True, str),
                         "trusted": (True, str)}),
    "claims-not-made": (r"NC-\d\d", {"id": (True, str), "what": (True, str)}),
}


class Case:
    """All of docs/safety below TOP"""

    def __init__(self, top):
        folder = f"{top}/docs/safety"
        self.top = top
        self.requirements = holes.load(f"{folder}/requirements.yaml")
        self.lists = holes.load(f"{folder}/case.yaml")
        self.holes = holes.load(f"{folder}/holes.yaml")
        self.modes = holes.load(f"{folder}/failure-modes.yaml")
        with open(f"{folder}/README.md", encoding="utf-8") as file:
            self.text = file.read()

    def ids(self):
        """Every id that there is, those given twice as often"""
        entries = [*self.requirements, *self.holes, *self.modes]
        entries += sum((self.lists.get(name, []) for name in LISTS), [])
        return sorted(INVARIANTS) + [entry["id"] for entry in entries if "id" in entry]

    def proofs(self):
        folders = {os.path.dirname(path) for path in glob.glob(f"{self.top}/tests/proofs/*/proof")}
        return {os.path.basename(folder) for folder in folders} | {"model"}

    # --- Rules ------------------------------------------------------------------

    def problems(self):
        """What is wrong with it, a line each"""
        found = [*self.twice(), *self.lists_wrong(), *self.unreached(), *self.nowhere()]
        known = holes.suites(self.top)
        for entry in self.requirements:
            found += [f"{entry.get('id')}: {line}" for line in (
                *fields_wrong(entry, REQUIREMENT), *requirement_wrong(entry),
                *self.places_wrong(entry, known))]
        return found

    def twice(self):
        ids = self.ids()
        for name in sorted({one for one in ids if ids.count(one) > 1}):
            yield f"{name}: given twice"
        for entry in self.requirements:
            if not re.fullmatch(r"LBY-SR-\d\d", str(entry.get("id"))):
                yield f"{entry.get('id')}: an id of a requirement is LBY-SR- and two digits"

    def lists_wrong(self):
        for name in sorted(self.lists.keys() ^ LISTS.keys()):
            yield f"case.yaml: there are the lists {', '.join(LISTS)}; wrong is {name}"
        for name in self.lists.keys() & LISTS.keys():
            form, fields = LISTS[name]
            for entry in self.lists[name]:
                label = entry.get("id") or entry.get("class")
                if form and not re.fullmatch(form, str(entry.get("id"))):
                    yield f"{label}: an id of {name} is like {form}"
                yield from (f"{label}: {line}" for line in fields_wrong(entry, fields))

    def places_wrong(self, entry, known):
        """Code, tests, proofs and figures that it names must be there"""
        yield from holes.check_kept(entry, self.top)
        yield from holes.check_shown(entry, known, self.top)
        for name in entry.get("proofs", []):
            if name not in self.proofs():
                yield f"proofs: there is no {name} in tests/proofs"
        for line in entry.get("figures", []):
            figure = FIGURE.fullmatch(line)
            if not figure:
                yield f"figures: «{line}» is not «build/bench/NAME.json KEY at most NUMBER»"
            else:
                yield from holes.check_figure({"figure": f"{figure[1]} {figure[2]}"}, self.top)

    def unreached(self):
        """A hazard without a goal, a goal or an invariant without a requirement"""
        goals = self.lists.get("goals", [])
        lack = {entry["id"] for entry in self.lists.get("hazards", [])}
        lack -= set(sum((goal.get("hazards", []) for goal in goals), []))
        yield from (f"{name}: no goal is about it" for name in sorted(lack))
        for field, wanted in (("goal", {goal["id"] for goal in goals}), ("iso", INVARIANTS)):
            lack = wanted - set(sum((one.get(field, []) for one in self.requirements), []))
            yield from (f"{name}: no requirement is about it" for name in sorted(lack))

    def nowhere(self):
        """References to what there is not, in any text"""
        known = set(self.ids())
        texts = {entry.get("id", "?"): str(entry) for entry in self.requirements + self.modes}
        texts |= {f"case.yaml, {name}": str(entries) for name, entries in self.lists.items()}
        texts["README.md"] = self.text
        for name, text in texts.items():
            for one in sorted(set(ID.findall(text)) - known):
                yield f"{name}: there is no {one}"


def fields_wrong(entry, fields):
    for name in sorted(entry.keys() - fields.keys()):
        yield f"{name} is not known, there are {', '.join(fields)}"
    for name, (needed, kind) in fields.items():
        if needed and name not in entry:
            yield f"{name} is missing"
        elif name in entry and (not isinstance(entry[name], kind) or not entry[name]):
            yield f"{name} must be a {'text' if kind is str else 'list'}, and not empty"


def requirement_wrong(entry):
    words = re.findall(r"\bshall\b", str(entry.get("shall")))
    if len(words) != 1:
        yield f"has {len(words)} «shall», it must be one"
    if entry.get("asil") not in ASIL:
        yield f"asil is «{entry.get('asil')}», it must be one of {', '.join(ASIL)}"
    for part in set(entry.get("allocated", [])) - set(PARTS):
        yield f"allocated to «{part}», there are {', '.join(PARTS)}"
    for field in ("kept-by", "shown-by"):
        if field not in entry and "missing" not in entry:
            yield f"has no {field}: name it, or say what is missing"
