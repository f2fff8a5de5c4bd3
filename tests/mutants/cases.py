# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the rules for mutants and the judge of a test's words must say, case by case."""
import os
import tempfile

import mutants
import tree

HEAD = "Invariant: ISO-2\nDefect: d\nKilled by: suite: test.c test_it\n"
PATCH = "\n--- a/f.c\n+++ b/f.c\n@@ -1 +1 @@\n-old\n+new\n"

# Name of the file, what stands in it, and what must be said of it
FILES = [
    ("ISO-2-a", HEAD + PATCH, ""),
    ("ISO-2-a", "Why: w\n" + HEAD + PATCH, "«Why» is not known"),
    ("ISO-2-a", HEAD.replace("ISO-2", "ISO-13") + PATCH, "must be one of ISO-1 to ISO-12"),
    ("ISO-12-a", HEAD.replace("ISO-2", "ISO-1") + PATCH, "its name must begin with that"),
    ("ISO-2-a", HEAD.replace("Defect: d\n", "") + PATCH, "what the defect is"),
    ("ISO-2-a", "Invariant: ISO-2\nDefect: d\n" + PATCH, "what it must be killed by"),
    ("ISO-2-a", HEAD + "Killed by: other: test_it\n" + PATCH, "no suite other"),
    ("ISO-2-a", HEAD.replace("test_it", "test_i") + PATCH, "has no «test_i»"),
    ("ISO-2-a", HEAD, "changes no file"),
]

# What a suite said, its exit status, whether that kills, and why
OUTPUTS = [
    ("1..1\nnot ok 1 - test_it\n# 1 != 2\n# f.c:1: error: Failure!\n", 1, True, "1 != 2 f.c:1"),
    ("not ok test_it\r\n# status 1\r\n", 1, True, "status 1"),
    ("not ok 1 - test_it Could not run test: 1 != 2\nf.c:1: Test teardown failed\n"
     "not ok 2 - test_other Could not run test: Test setup failed\n", 1, True, "1 != 2 f.c:1"),
    ("not ok 1 - test_it Could not run test: Test setup failed\n", 1, False, "never ran"),
    ("ok in_unit: test_it\nnot ok out_of_unit: test_it\n# 1 != 2\n", 1, True, "1 != 2"),
    ("1..1\nok 1 - test_it\n", 0, False, "the test passed"),
    ("ok 1 - test_it\nnot ok 2 - test_it_too\n", 1, False, "the test passed"),
    ("passes, and shows only what fails\n", 0, False, "the test passed"),
    ("f.c:1: error: no\nmake[1]: *** [Makefile:1: f.o] Error 1\n", 2, False, "does not build"),
    ("vm: x FAILED: the machine ended without a status\n", 125, False, "did not come up"),
    ("not ok 1 - test_other\nx ended after 1 of 2 tests\n", 1, False, "never ran"),
    ("ok 1 - test_other\n", None, False, "did not end in"),
]


def of_rules():
    with tempfile.TemporaryDirectory() as top:
        os.makedirs(f"{top}/tests/suite")
        with open(f"{top}/tests/suite/test.c", "w", encoding="ascii") as file:
            file.write("test_it")
        for name, text, words in FILES:
            path = f"{top}/{name}.patch"
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            lines = [line for line in mutants.problems(
                [mutants.read(path)], {"suite": "tests/suite"}, top) if line.startswith(name)]
            right = len(lines) == 1 and words in lines[0] if words else not lines
            yield f"a mutant: {words or 'right'}", [] if right else lines or ["nothing is said"]


def of_counts():
    one = mutants.Mutant("ISO-1-a", "", [("Invariant", "ISO-1")], [])
    for count, word in ((1, "ISO-1 has 1 mutants"), (2, "")):
        lines = [line for line in mutants.problems([one] * count, {}) if line.startswith("ISO-1 ")]
        yield f"{count} of an invariant", [] if "".join(lines).startswith(word) and \
            bool(lines) == bool(word) else lines or ["nothing is said"]


def of_judge():
    for output, status, killed, words in OUTPUTS:
        verdict = tree.judge("test_it", output, status)
        right = verdict.killed == killed and words in verdict.words
        yield (f"a suite that says {output.splitlines()[0]}: {words}",
               [] if right else [str(verdict)])


def every():
    yield from of_rules()
    yield from of_counts()
    yield from of_judge()
