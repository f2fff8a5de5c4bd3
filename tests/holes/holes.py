# SPDX-License-Identifier: LGPL-2.1-or-later
"""The list of holes, docs/safety/holes.yaml: read, judged, held against names found.

Owns the rules that the list must keep; what each field means stands in the list's head.
Must not know where names come from.
"""
import fnmatch
import glob
import json
import os
import re
import subprocess

import yaml

CLASSES = ("hard", "soft", "none")
DIRECTIONS = ("guest-to-driving", "driving-to-guest", "both")
FIELDS = {"id", "what", "names", "direction", "class", "kept-by", "figure", "shown-by", "left"}
# Required of each class, beside what every entry has
PROOF = {"hard": {"kept-by", "shown-by"}, "soft": {"kept-by", "shown-by", "figure"},
         "none": set()}
COMMON = {"id", "what", "names", "direction", "class", "left"}
# Paths may be patterns; a module's sections are as the linker made them
PATHS = ("sysfs", "debugfs", "tracefs", "proc", "dev", "bpf")
BY_THE_LINKER = ("sysfs:/sys/module/*/sections/*", "sysfs:/sys/module/*/notes/*")
# What no tool can find: the hardware and the machine that both classes share
RESOURCES = {"resource:" + name for name in (
    "interrupts", "doorbell-page", "control-area", "firmware-queue", "clock", "rail", "heat",
    "memory-bandwidth", "caches", "cpu-time", "disk")}


class Unique(yaml.SafeLoader):
    """A key that is given twice is an error, not the last one's"""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.YAMLError(f"{node.start_mark}: given twice: {', '.join(twice)}")
        return super().construct_mapping(node, deep)


def load(path):
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Unique)


# --- Is it sound? ------------------------------------------------------------

def says(path, words):
    """Whether the file has these words, whole ones"""
    with open(path, encoding="utf-8", errors="replace") as file:
        return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", file.read()) is not None


def check_fields(hole):
    kind = hole.get("class")
    if kind not in CLASSES:
        yield f"class is «{kind}», it must be one of {', '.join(CLASSES)}"
        return
    if hole.get("direction") not in DIRECTIONS:
        yield f"direction is «{hole.get('direction')}», it must be one of {', '.join(DIRECTIONS)}"
    for field in sorted((COMMON | PROOF[kind]) - hole.keys()):
        yield f"{field} is missing, which every hole of class {kind} has"
    for field in sorted(hole.keys() - FIELDS):
        yield f"{field} is not known, there are {', '.join(sorted(FIELDS))}"
    if kind != "soft" and "figure" in hole:
        yield f"has a figure and is {kind}: only soft holes have one"
    for field in ("kept-by", "shown-by"):
        if not hole.get(field, [""]):
            yield f"{field} is empty: name something or leave it out"


def check_kept(hole, top):
    """FILE or FILE WORDS"""
    for place in hole.get("kept-by", []):
        path, _, words = place.partition(" ")
        if not os.path.isfile(f"{top}/{path}"):
            yield f"kept-by: there is no file {path}"
        elif words and not says(f"{top}/{path}", words):
            yield f"kept-by: {path} has no «{words}»"


def commands(top):
    """The command of each suite of tests/check"""
    lines = subprocess.run([f"{top}/tests/check", "--list"], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    return dict(line.split(maxsplit=1) for line in lines)


def suites(top):
    """The folder where each suite's sources are"""
    folders = {}
    for name, command in commands(top).items():
        folder = re.search(r"\btests/\w+", command)
        folders[name] = folder[0] if folder else "tests/agent"
    return folders


def files_of(path):
    """Itself, or all below it"""
    return [path for path in [path, *glob.glob(f"{path}/**", recursive=True)]
            if os.path.isfile(path)]


def check_shown(hole, suites, top):
    """SUITE: WORDS, or SUITE: FILE WORDS"""
    for place in hole.get("shown-by", []):
        suite, _, words = place.partition(": ")
        if suite not in suites:
            yield f"shown-by: tests/check has no suite {suite}"
            continue
        folder = f"{top}/{suites[suite]}"
        file = re.match(r"[\w-]+\.\w+ ", words)
        if file:
            folder, words = f"{folder}/{file[0].strip()}", words[file.end():]
        if not words or not any(says(path, words) for path in files_of(folder)):
            yield f"shown-by: {suite} has no «{words}» in {folder}"


def check_figure(hole, top):
    """build/bench/NAME.json KEY; the key must be known to what writes that file, too"""
    if "figure" not in hole:
        return
    path, _, key = hole["figure"].partition(" ")
    name = re.fullmatch(r"build/bench/(\w+)\.json", path)
    if not name or not key:
        yield "figure is not «build/bench/NAME.json KEY»"
        return
    writers = [writer for writer in glob.glob(f"{top}/tests/*/*")
               if os.path.isfile(writer) and says(writer, key)]
    if not os.path.isfile(f"{top}/tests/bench/bench-{name[1]}") or not writers:
        yield f"figure: there is no bench that writes {key} into {path}"
    elif os.path.isfile(f"{top}/{path}"):
        with open(f"{top}/{path}", encoding="utf-8") as file:
            if key not in json.load(file):
                yield f"figure: {path} has no {key}"


def check_names(hole):
    for name in hole.get("names", []):
        kind, _, rest = name.partition(":")
        if not re.search(r"[*?\[]", rest) or name in BY_THE_LINKER:
            continue
        if kind not in PATHS:
            yield f"{name}: only paths may be patterns"
        elif re.search(r"[*?\[]", rest.rsplit("/", 1)[-1]):
            yield f"{name}: the last part of a path must not be a pattern, " \
                "it would hide what is added"


def check_ids(holes):
    seen, names = set(), {}
    for hole in holes:
        name = str(hole.get("id"))
        if not re.fullmatch(r"H-\d\d", name) or name in seen:
            yield f"{name}: an id is H- and two digits, and nobody else's"
        seen.add(name)
        for one in hole.get("names", []):
            if one in names:
                yield f"{name}: {one} is listed in {names[one]}, too"
            names[one] = name


def problems(holes, suites, top):
    """What is wrong with it, a line each. SUITES: the folder of each one's sources"""
    found = list(check_ids(holes))
    for hole in holes:
        found += [f"{hole.get('id')}: {line}" for line in (
            *check_fields(hole), *check_kept(hole, top), *check_shown(hole, suites, top),
            *check_figure(hole, top), *check_names(hole))]
    return found


# --- Is it complete? ---------------------------------------------------------

def listed(holes):
    return {name for hole in holes for name in hole["names"]}


def is_pattern(name):
    return "*" in name


def unlisted(holes, found):
    """Names that the list lacks"""
    known = listed(holes)
    patterns = [re.compile(fnmatch.translate(name)) for name in known if is_pattern(name)]
    return sorted(name for name in found - known
                  if not any(pattern.match(name) for pattern in patterns))


def nowhere(holes, found):
    """Names of the list that nothing has"""
    return sorted(name for name in listed(holes) - found
                  if not (is_pattern(name) and fnmatch.filter(found, name)))


def count(holes, missing):
    return {"holes": len(holes), **{kind: sum(hole["class"] == kind for hole in holes)
                                    for kind in CLASSES}, "unlisted": len(missing)}
