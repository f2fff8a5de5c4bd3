# SPDX-License-Identifier: LGPL-2.1-or-later
"""machine - a test's machine and its virtual accelerator, seen from the host

What tests/vm/run --host gives: QEMU's monitor (QMP) and the accelerator's side
entrance (varlink). Must never take a silence for an answer: what does not come in
time is an error.
"""
import base64
import json
import os
import select
import socket
import time

PATIENCE_S = 60


class Failed(Exception):
    """Says what did not come"""


def eventually(what, is_so, seconds=PATIENCE_S):
    """What is_so() gave when it was true at last"""
    end = time.monotonic() + seconds
    while True:
        found = is_so()
        if found:
            return found
        if time.monotonic() > end:
            raise Failed(f"waited {seconds} s in vain until {what}")
        time.sleep(0.02)


def connect(path):
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(PATIENCE_S)
    # QEMU may not have come so far
    eventually(f"there is {path}", lambda: os.path.exists(path))
    line.connect(path)
    return line


class Line:
    """JSON objects, each with the same end"""

    def __init__(self, path, end):
        self.line = connect(path)
        self.end = end
        self.held = b""

    def send(self, message):
        self.line.sendall(json.dumps(message).encode() + self.end)

    def receive(self):
        while self.end not in self.held:
            part = self.line.recv(65536)
            if not part:
                raise EOFError
            self.held += part
        message, self.held = self.held.split(self.end, 1)
        return json.loads(message)


class Monitor(Line):
    """QEMU's"""

    def __init__(self):
        super().__init__(os.environ["LAYBY_QMP"], b"\n")
        self.receive()
        self.run("qmp_capabilities")

    def run(self, command):
        self.send({"execute": command})
        while True:
            answer = self.receive()
            if "error" in answer:
                raise Failed(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def has_ended(self):
        """The machine; its events are of no interest"""
        try:
            while self.held or select.select([self.line], [], [], 0)[0]:
                self.receive()
        except (EOFError, ConnectionError):
            return True
        return False


class Device(Line):
    """The virtual accelerator's side entrance"""

    def __init__(self):
        super().__init__(os.environ["LAYBY_VNPU_CONTROL"], b"\0")

    def call(self, method, **parameters):
        self.send({"method": "org.layby.VNPU1." + method, "parameters": parameters})
        answer = self.receive()
        if "error" in answer:
            raise Failed(f"{method}: {answer}")
        return answer["parameters"]

    def slot(self, index):
        return self.call("Status")["slots"][index]

    def expiries(self):
        return self.call("Status")["expiries"]

    def byte(self, address):
        return base64.b64decode(self.call("ReadMemory", address=address, length=1)["data"])

    def output(self, index):
        """Where the slot's last job may write"""
        return next(reach["address"] for reach in self.call("Reached", slot=index)["ranges"]
                    if reach["write"])

    def flip(self, index, address):
        """What stands there then: whoever writes the same as before is seen"""
        self.call("FlipByte", slot=index, offset=address - self.slot(index)["windowBase"])
        return self.byte(address)
