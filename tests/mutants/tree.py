# SPDX-License-Identifier: LGPL-2.1-or-later
"""A copy of the checkout, with or without a defect, and what a test says in it.

Owns build/mutants/NAME/, a copy with a build/ of its own, which is kept, so that only
what a defect changes is built anew. The copy takes the checkout's place for what
runs in it. Must never take a test that did not run for one that failed.
"""
import os
import re
import signal
import subprocess
import time
from typing import NamedTuple

import mutants

# An emulated machine on a host that is busy with others
LIMIT_S = 1800
# Of what a test says of its failure, so many characters are kept
WORDS = 500
# Suites whose command takes the names of test programs
NAMED = ("gate", "isolation-stock", "policy", "uapi-stock", "vehicle")
# The one program of a suite that the named test is in, {0}
NARROW = {
    "unit": 'make -s -C tests/unit "$PWD/build/unit/{0}" && tests/cmocka unit - build/unit/{0}',
    "agent": 'export TESTS="$PWD/tests/agent" PROGRAMS="$PWD/build/agent/tests"; '
             'make -s -C agent "$PROGRAMS/layby-agentd" "$PROGRAMS/{0}" && '
             'tests/cmocka agent - "$PROGRAMS/{0}"',
    "leak-stock": "tests/sdk/build-modules stock && tests/park/build leak && "
                  "tests/leak/machine stock leak-cleared tests/leak/cleared-in-vm",
}
# What suites that come later in tests/check take for granted
BUILT = "tests/sdk/build-modules stock && make -s -C agent && "


def command_for(place, commands):
    """What runs the test at PLACE, and as little else as can be. COMMANDS: of the suites"""
    program = re.fullmatch(r"(test_(\w+))\.c", place.file)
    if program and place.suite in NAMED:
        return f"{commands[place.suite]} {program[2]}"
    if program and place.suite in NARROW:
        return NARROW[place.suite].format(program[1])
    return BUILT + commands[place.suite]


class Verdict(NamedTuple):
    """Whether the test failed, and in words why, or why that is not known"""
    killed: bool
    words: str


def last_lines(output, count=3):
    return " | ".join(line.strip() for line in output.splitlines()[-count:])


def line_of(verdict, test):
    """TAP's; a suite that runs a test more than once may say before its name in which run"""
    return rf"^{verdict} (\d+ - |\w+: )?{re.escape(test)}(?=$| Could not run test: )"


def failure(test, output):
    """What is said of the test's failure, None if it did not fail"""
    head = re.search(line_of("not ok", test), output, re.MULTILINE)
    if not head:
        return None
    behind = re.split(r"^(?:not )?ok |^# not ok ", output[head.end():], flags=re.MULTILINE)[0]
    return re.sub(r"\s+#* *", " ", behind).strip()


def judge(test, output, status):
    """STATUS: of the suite's command, None if it was stopped because its time was up"""
    output = output.replace("\r", "")
    words = failure(test, output)
    if words is not None and "Test setup failed" in words:
        return Verdict(False, f"the test never ran: {words[-WORDS:]}")
    if words is not None:
        return Verdict(True, words[:WORDS])
    if status is None:
        return Verdict(False, f"the suite did not end in {LIMIT_S} s")
    if status == 0 or re.search(line_of("ok", test), output, re.MULTILINE):
        return Verdict(False, "the test passed")
    if re.search(r"^make(\[\d+\])?: \*\*\* ", output, re.MULTILINE):
        return Verdict(False, f"it does not build: {last_lines(output)}")
    if not re.search(r"^(not )?ok ", output, re.MULTILINE) and "FAILED: " in output:
        return Verdict(False, f"the machine did not come up: {last_lines(output)}")
    return Verdict(False, f"the test never ran: {last_lines(output)}")


class Tree:
    """A copy by that name, of the checkout or of another copy. One thread at a time"""

    def __init__(self, name, source=mutants.TOP):
        self.source = source
        self.path = f"{mutants.TOP}/build/mutants/{name}"
        self.log = f"{self.path}.log"

    def fill(self):
        """As the source is. Without times: what was changed back counts as changed."""
        os.makedirs(self.path, exist_ok=True)
        subprocess.run(["rsync", "-rlpc", "--delete", "--exclude=/.git", "--exclude=/build",
                        "--filter=:- .gitignore", f"{self.source}/", f"{self.path}/"], check=True)

    def apply(self, mutant):
        """Without fuzz: the place must be the one that was meant. True: it is done"""
        done = subprocess.run(["busybox", "patch", "-p1", "-i", mutant.path], cwd=self.path,
                              capture_output=True, text=True, check=False)
        return done.returncode == 0

    def run(self, command):
        """What it says, and its exit status, None if its time was up"""
        inside = 'mount --make-rprivate / && mount --bind "$0" /layby && cd /layby && eval "$1"'
        start = time.monotonic()
        with open(self.log, "w", encoding="utf-8") as log:
            log.write(f"{command}\n")
            log.flush()
            process = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                 "bash", "-c", inside, self.path, command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True)
            try:
                status = process.wait(timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                status = None
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read(), status, round(time.monotonic() - start)
