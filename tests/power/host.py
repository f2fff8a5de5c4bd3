#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""host - the host's part of the tests of a kernel that pauses, crashes or sleeps

usage: host.py           does what the machine asks for, see host.h, until it ends
       host.py crash     waits for the kernel's death, then looks at what the
                         accelerator does, and ends the machine

Runs beside the machine: tests/vm/run --host. What the accelerator did while no
kernel ran is judged here, for nobody in the machine can see it.
"""
import json
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, "tests/vm")
from machine import Device, Failed, Monitor, eventually  # noqa: E402

DRIVING, GUEST = 0, 1
# Jobs of driving's that must end well while guest work is shut
GOES_ON = 3


def path(name):
    return os.path.join(os.environ["LAYBY_OUT"], name)


def must(truth, what):
    if not truth:
        raise Failed(what)


def guest_runs(device):
    """What it writes without a kernel is seen: so that later nothing is can be believed"""
    at = device.output(GUEST)
    flipped = device.flip(GUEST, at)
    eventually("the guest's jobs write their output", lambda: device.byte(at) != flipped)


def watch_shut(device, since):
    """From the last sign of the kernel until driving has gone on for a while"""
    before = device.expiries()
    guest_runs(device)
    eventually("the guest's slot is shut by the watchdog",
               lambda: device.slot(GUEST)["state"] == "expired")
    took = time.monotonic() - since
    at, guest, driving = device.output(GUEST), device.slot(GUEST), device.slot(DRIVING)
    flipped = device.flip(GUEST, at)
    must(device.expiries() == before + 1, "the watchdog expired more than once")
    eventually("driving's jobs go on",
               lambda: device.slot(DRIVING)["ok"] >= driving["ok"] + GOES_ON)
    after = device.slot(GUEST)
    must(device.byte(at) == flipped, "the guest's memory was written after the slot was shut")
    must(after["jobs"] == guest["jobs"] and not after["held"] and after["phase"] == "idle",
         f"the guest's slot was at work after it was shut: {guest}, then {after}")
    must(device.slot(DRIVING)["state"] == "enabled", "driving's slot was shut")
    return took


# --- What the machine asks for ------------------------------------------------


def pause(device):
    """Until the watchdog has shut the guest's slot"""
    return int(watch_shut(device, time.monotonic()) * 1000)


def pause_for(device, milliseconds):
    """Too short for it"""
    before = device.expiries()
    time.sleep(milliseconds / 1000)
    state = device.slot(GUEST)["state"]
    must(state == "enabled" and device.expiries() == before,
         f"after a pause of {milliseconds} ms the guest's slot is {state}")
    return milliseconds


def stopped(monitor, judge, *arguments):
    """The answer: how many milliseconds, or what was wrong"""
    device = Device()
    monitor.run("stop")
    try:
        return {"ms": judge(device, *arguments)}
    except Failed as error:
        print(f"host: {error}", flush=True)
        return {"wrong": str(error)}
    finally:
        monitor.run("cont")


def wake(monitor, ask):
    """Also what has not fallen asleep yet; until it says that it is awake"""
    while os.path.exists(ask) and not monitor.has_ended():
        time.sleep(1)
        monitor.run("system_powerdown")


def answer(monitor, ask, words):
    if words == ["wake"]:
        wake(monitor, ask)
        return
    found = stopped(monitor, pause) if words == ["pause"] else \
        stopped(monitor, pause_for, int(words[1]))
    with open(path("answer"), "w", encoding="ascii") as file:
        json.dump(found, file)
    os.remove(ask)


def serve(monitor):
    ask = path("ask")
    while not monitor.has_ended():
        time.sleep(0.02)
        if os.path.exists(ask):
            with open(ask, encoding="ascii") as file:
                answer(monitor, ask, file.read().split())


# --- A crash --------------------------------------------------------------------


def console():
    with open(path("console"), encoding="utf-8", errors="replace") as file:
        return file.read()


def crash(monitor):
    # It has to boot before
    eventually("the kernel panics", lambda: "end Kernel panic" in console(), 600)
    took = watch_shut(Device(), time.monotonic())
    print(f"the guest's slot was shut {took * 1000:.0f} ms after the end of the panic")
    print("1 passed, 0 failed")
    monitor.run("quit")


def main():
    modes = {(): serve, ("crash",): crash}
    mode = modes.get(tuple(sys.argv[1:]))
    if not mode:
        sys.exit(__doc__)
    try:
        mode(Monitor())
    except Failed as error:
        print(f"host: {error}")
        print("0 passed, 1 failed")
        sys.exit(1)


main()
