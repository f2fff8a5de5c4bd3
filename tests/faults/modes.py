# SPDX-License-Identifier: LGPL-2.1-or-later
"""The list of failure modes, docs/safety/failure-modes.yaml: its rules.

What each field means stands in the list's head. Must not know what was injected, nor how
often it was detected.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../holes"))
import holes  # noqa: E402

CLASSES = ("timing-and-execution", "memory", "exchange-of-information")
ALWAYS = {"id", "what", "part", "class", "effect", "measure"}
MEASURED = {"kept-by", "reaction"}
SHOWN = {"injected-by", "shown-by"}
FIELDS = ALWAYS | MEASURED | SHOWN | {"left"}


def load(top):
    return holes.load(f"{top}/docs/safety/failure-modes.yaml")


def check_fields(mode):
    none = mode.get("measure") == "none"
    for field in sorted((ALWAYS | ({"left"} if none else MEASURED)) - mode.keys()):
        yield f"{field} is missing"
    for field in sorted(mode.keys() - FIELDS):
        yield f"{field} is not known, there are {', '.join(sorted(FIELDS))}"
    if mode.get("class") not in CLASSES:
        yield f"class is «{mode.get('class')}», it must be one of {', '.join(CLASSES)}"
    if none and (MEASURED | SHOWN) & mode.keys():
        yield "nothing detects it, so it has no reaction and nothing that shows one"
    if not none and not any(mode.get(field) for field in SHOWN):
        yield "neither injected-by nor shown-by: what shows that the measure works?"


def check_ids(modes):
    seen = set()
    for mode in modes:
        name = str(mode.get("id"))
        if not re.fullmatch(r"FM-\d\d", name) or name in seen:
            yield f"{name}: an id is FM- and two digits, and nobody else's"
        seen.add(name)


def problems(modes, suites, top):
    """What is wrong with it, a line each. SUITES: the folder of each one's sources"""
    found = list(check_ids(modes))
    for mode in modes:
        found += [f"{mode.get('id')}: {line}" for line in (
            *check_fields(mode), *holes.check_kept(mode, top),
            *holes.check_shown(mode, suites, top))]
    return found


def mismatches(modes, cases):
    """Between what modes say they are injected by and CASES, (mode, name) of each one there
    is. A mode may be measured by an injection that is another mode's in the first place."""
    names = [name for _, name in cases]
    listed = {mode.get("id"): mode.get("injected-by", []) for mode in modes}
    for name in sorted(set(sum(listed.values(), [])) - set(names)):
        yield f"injected-by names {name}, which tests/faults does not have"
    for mode, name in cases:
        if name not in listed.get(mode, []):
            yield f"{name} is said to inject {mode}, which does not name it"
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{name} is there twice"
