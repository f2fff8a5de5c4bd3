#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Judges what gcov counted of the pure files; see the script mcdc.

usage: mcdc.py TREE [RESULT COMMIT]

Reads TREE/build/mcdc/*.json. A line "ok" or "not ok" for each file, with what is lacking
below it. Writes RESULT. Fails if a file lacks anything that is not justified.
"""
import glob
import json
import os
import re
import sys

JUSTIFIED = re.compile(r"/\* mcdc: \S.* \*/$")
KEYS = ("conditions", "covered", "justified", "branches", "branches_covered",
        "branches_justified")


class File:
    """One source file: its sums, and in words what is lacking"""

    def __init__(self, path, tree):
        self.sums = dict.fromkeys(KEYS, 0)
        self.lacking = []
        self.justified, self.needed = {}, set()
        with open(f"{tree}/{path}", encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                if JUSTIFIED.search(text.rstrip()):
                    self.justified[number] = text.strip()
                elif "mcdc:" in text:
                    self.lacking.append(f"line {number}: a justification is "
                                        "/* mcdc: WHY */ at the end of the line")

    def lacks(self, line, kind, words):
        """One more thing that no test shows"""
        if line["line_number"] in self.justified:
            self.needed.add(line["line_number"])
            self.sums[kind] += 1
        else:
            self.lacking.append(
                f"line {line['line_number']}, {line.get('function_name', '?')}(): {words}")

    def add_condition(self, line, decision, number):
        # which way gcc's own true and false do not tell: it turns comparisons round
        missing = sum(number in decision[f"not_covered_{outcome}"]
                      for outcome in ("true", "false"))
        self.sums["conditions"] += 1
        self.sums["covered"] += not missing
        if missing:
            self.lacks(line, "justified", f"no test shows condition {number + 1} of "
                       f"{decision['count'] // 2} decide {('one way', 'either way')[missing - 1]}")

    def add_line(self, line):
        for decision in line["conditions"]:
            for number in range(decision["count"] // 2):
                self.add_condition(line, decision, number)
        for branch in line["branches"]:
            self.sums["branches"] += 1
            self.sums["branches_covered"] += branch["count"] > 0
            if not branch["count"]:
                self.lacks(line, "branches_justified", "no test takes a branch")

    def add_function(self, function):
        if not function["execution_count"]:
            self.lacking.append(f"line {function['start_line']}: no test calls "
                                f"{function['name']}()")

    def judge(self):
        """All that is wrong"""
        return self.lacking + [f"line {number}: justified, but nothing is lacking: {text}"
                               for number, text in self.justified.items()
                               if number not in self.needed]


def read(tree):
    """The files below kmod/ that were measured, by path"""
    files = {}
    for name in sorted(glob.glob(f"{tree}/build/mcdc/*.json")):
        with open(name, encoding="utf-8") as counted:
            for part in json.load(counted)["files"]:
                path = os.path.relpath(part["file"], os.path.abspath(tree))
                if not path.startswith("kmod/"):
                    continue
                file = files.setdefault(path, File(path, tree))
                for line in part["lines"]:
                    file.add_line(line)
                for function in part["functions"]:
                    file.add_function(function)
    return files


def sums_of(files):
    return {key: sum(file.sums[key] for file in files.values()) for key in KEYS}


def show(path, file):
    sums, wrong = file.sums, file.judge()
    print(f"{'not ok' if wrong else 'ok'} {path}: {sums['covered']} of {sums['conditions']} "
          f"conditions covered, {sums['justified']} justified; {sums['branches_covered']} of "
          f"{sums['branches']} branches")
    for words in wrong:
        print(f"not ok {path}, {words}")
    return not wrong


def main(tree, result=None, commit=None):
    files = read(tree)
    good = [show(path, file) for path, file in sorted(files.items())]
    if not sums_of(files)["conditions"]:
        print("not ok there are conditions to judge")
        return 1
    if result:
        with open(result, "w", encoding="utf-8") as file:
            json.dump(sums_of(files) | {"commit": commit, "files": {
                path: file.sums for path, file in sorted(files.items())}}, file, indent=1)
            file.write("\n")
    return 0 if all(good) else 1


if __name__ == "__main__":
    if len(sys.argv) not in (2, 4):
        sys.exit("usage: mcdc.py TREE [RESULT COMMIT]")
    sys.exit(main(*sys.argv[1:]))
