#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a machine with the module, the accelerator and the agent shows that it did not
show without them. Runs in it, as root.

usage: running.py before FILE
       running.py nodes FILE       with the modules, while nobody holds the lease
       running.py after BEFORE NODES FILE

FILE is JSON: "names" as docs/safety/holes.yaml writes them, and the "ioctls" and
"netlink" commands by number, which whoever has the headers can name. Every path that is
new counts, and every one below the accelerator's own device. Must not change what it
looks at.
"""
import errno
import fcntl
import glob
import json
import os
import re
import struct
import subprocess
import sys

from sources import dbus_members

ROOTS = ("/sys", "/proc", "/dev")
# Processes have lists of their own, and other programs come and go; tracefs is looked at
# where it belongs
SKIPPED = {"/sys/fs/cgroup", "/sys/kernel/debug/tracing", "/proc/self", "/proc/thread-self",
           "/dev/pts", "/dev/shm", "/dev/mqueue", "/dev/hugepages"}
KINDS = (("/sys/kernel/debug", "debugfs"), ("/sys/kernel/tracing", "tracefs"),
         ("/sys/fs/bpf", "bpf"), ("/sys", "sysfs"), ("/proc", "proc"), ("/dev", "dev"))
DRIVER = "/sys/bus/pci/drivers/layby_vnpu"
SERVICE = "org.layby.Agent1"
SIZES, NUMBERS, DIRECTIONS = range(0, 129, 4), range(256), range(4)
NOT_THERE = (errno.EOPNOTSUPP, errno.ENOTTY)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


# --- Files -------------------------------------------------------------------

def walk(folder):
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.path in SKIPPED or re.fullmatch(r"/proc/\d+", entry.path):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from walk(entry.path)
        elif folder.startswith("/dev") or not entry.is_symlink():
            yield entry.path


def paths():
    return [path for root in ROOTS for path in walk(root)]


def device():
    """The accelerator's folder, or nothing"""
    links = glob.glob(f"{DRIVER}/0000:*")
    return os.path.realpath(links[0]) if links else None


def number_off(part):
    return re.sub(r"^((?:accel|hwmon|\d+:|layby\.driving\.|layby\.guest\.)?)\d+$", r"\1N", part)


def path_name(path, accelerator):
    if accelerator and path.startswith(accelerator + "/"):
        path = "/sys/ACCELERATOR" + path.removeprefix(accelerator)
    kind, root = next((kind, root) for root, kind in KINDS if path.startswith(root + "/"))
    if kind not in ("dev", "proc", "sysfs"):
        path = path.removeprefix(root)
    return f"{kind}:" + "/".join(map(number_off, path.split("/")))


# --- Lines of others' files --------------------------------------------------

def interrupts():
    with open("/proc/interrupts", encoding="ascii") as file:
        lines = file.read().splitlines()[1:]
    return [f"interrupt:{line.split()[-1]}" for line in lines if re.match(r" *\d+:", line)]


def threads():
    """Of the kernel; workers that all share come and go"""
    names = set()
    for folder in glob.glob("/proc/[0-9]*"):
        try:
            with open(f"{folder}/cmdline", "rb") as file:
                if file.read():
                    continue
            with open(f"{folder}/comm", encoding="utf-8") as file:
                names.add(re.sub(r"\d+$", "N", file.read().strip()))
        except OSError:
            continue
    return [f"thread:{name}" for name in names if not name.startswith("kworker")]


def fdinfo(fd):
    with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as file:
        return {line.split(":")[0] for line in file}


# --- Nodes -------------------------------------------------------------------

def answers(fd, request):
    """Whether the file has such a call; without an argument none has an effect"""
    try:
        fcntl.ioctl(fd, request, 0)
    except OSError as error:
        return error.errno not in NOT_THERE
    return True


def ioctls(fd):
    requests = (direction << 30 | size << 16 | ord(base) << 8 | number
                for base in "dL" for number in NUMBERS
                for direction in DIRECTIONS for size in SIZES)
    return [request for request in requests if answers(fd, request)]


def take_lease(node):
    """struct layby_lease: flags, descriptor"""
    request = 3 << 30 | 8 << 16 | ord("d") << 8 | 0x45
    return struct.unpack("Ii", fcntl.ioctl(node, request, bytes(8)))[1]


def nodes():
    driving, guest = (os.open(f"/dev/layby/{name}", os.O_RDWR) for name in ("driving", "guest"))
    lease, ordinary = take_lease(guest), os.open("/dev/null", os.O_RDONLY)
    found = {"ioctls": set(), "names": set()}
    for fd in (driving, guest, lease):
        found["ioctls"] |= set(ioctls(fd))
        found["names"] |= {f"fdinfo:{key}" for key in fdinfo(fd) - fdinfo(ordinary)}
    return {key: sorted(value) for key, value in found.items()}


# --- Netlink and D-Bus -------------------------------------------------------

def netlink():
    text = run("genl", "ctrl", "get", "name", "layby")
    commands, _, groups = text.partition("multicast groups:")
    return {"netlink": [int(number, 16) for number in re.findall(r"#\d+: +ID-(0x\w+)", commands)],
            "names": [f"netlink:group/{name}" for name in re.findall(r"name: *(\S+)", groups)]}


def dbus():
    found = set()
    for path in run("busctl", "--system", "--list", "tree", SERVICE).split():
        found |= dbus_members(run("busctl", "--system", "introspect", "--xml-interface",
                                  SERVICE, path))
    return found


# --- All of it ---------------------------------------------------------------

def before():
    return {"paths": paths(), "interrupts": interrupts(), "threads": threads()}


def new_paths(known):
    accelerator = device()
    return {path_name(path, accelerator) for path in paths()
            if path not in known or accelerator and path.startswith(accelerator + "/")}


def after(known, probed):
    of_netlink = netlink()
    names = new_paths(set(known["paths"])) | dbus() | set(of_netlink["names"])
    names |= set(interrupts()) - set(known["interrupts"])
    names |= set(threads()) - set(known["threads"])
    names |= {f"trace:{os.path.basename(folder.rstrip('/'))}"
              for folder in glob.glob("/sys/kernel/tracing/events/layby/*/")}
    return {"names": sorted(names | set(probed["names"])), "ioctls": probed["ioctls"],
            "netlink": of_netlink["netlink"]}


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main():
    match sys.argv[1:]:
        case ["before", out]:
            found = before()
        case ["nodes", out]:
            found = nodes()
        case ["after", known, probed, out]:
            found = after(read(known), read(probed))
        case _:
            sys.exit("usage: running.py before FILE | nodes FILE | after BEFORE NODES FILE")
    with open(out, "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
