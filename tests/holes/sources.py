# SPDX-License-Identifier: LGPL-2.1-or-later
"""The names that the sources and the built modules give away, as docs/safety/holes.yaml
writes them.

Asks the tools that know: the preprocessor and the compiler for ioctls, the module's own
types (BTF) for commands, fields, kfuncs and operations, the netlink specification and the
D-Bus description as what they are. Must not read C by itself.
"""
import glob
import json
import os
import re
import subprocess
import tempfile
import xml.etree.ElementTree as tree

import yaml

MODULES = ("layby", "layby_vnpu")
# Structs of which each field reaches userspace
FIELDS = ("layby_report", "layby_accel_info", "layby_partition_info", "layby_party_info")
# Structs of which each member is a call across a border
CALLS = {"layby_hw_ops": "hw", "layby_governor": "struct_ops"}


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          **options).stdout


# --- Ioctls ------------------------------------------------------------------

def macros(top, header):
    """Those that make an ioctl's number, as the preprocessor has them."""
    lines = run("gcc", "-E", "-dM", f"-I{top}/include/uapi", "-I/usr/include/drm", "-x", "c",
                "-", input=f"#include <{header}>\n").splitlines()
    found = (re.match(r"#define (\w+) (?:_IO|DRM_IO)[RW]* ?\(", line) for line in lines)
    return {match[1] for match in found if match}


def ioctl_name(macro):
    return "ioctl:" + macro.removeprefix("DRM_IOCTL_")


def ioctl_numbers(top):
    """Name by number, of the DRM core's and ours"""
    names = sorted(macros(top, "drm/layby_accel.h"))
    rows = "".join(f'printf("%lu {name}\\n", (unsigned long){name});\n' for name in names)
    with tempfile.TemporaryDirectory() as folder:
        run("gcc", f"-I{top}/include/uapi", "-I/usr/include/drm", "-x", "c", "-", "-o",
            f"{folder}/numbers", input="#include <stdio.h>\n#include <sys/ioctl.h>\n"
            f"#include <drm/layby_accel.h>\nint main(void)\n{{\n{rows}return 0;\n}}\n")
        lines = run(f"{folder}/numbers").splitlines()
    return {int(number): ioctl_name(name) for number, name in map(str.split, lines)}


def our_ioctls(top):
    return {ioctl_name(name)
            for name in macros(top, "drm/layby_accel.h") - macros(top, "drm/drm.h")}


# --- The module's own types --------------------------------------------------

class Types:
    """Those of layby.ko, with the kernel's below them"""

    def __init__(self, modules):
        base, = glob.glob("/lib/modules/*-amd64/build/vmlinux")
        self.list = json.loads(run("bpftool", "-j", "btf", "dump", "file",
                                   f"{modules}/layby.ko", "-B", base))["types"]
        self.by_id = {one["id"]: one for one in self.list}

    def find(self, kind, name):
        return next(one for one in self.list
                    if one["kind"] == kind and one["name"] == name)

    def values(self, name):
        return {one["name"]: one["val"] for one in self.find("ENUM", name)["values"]}

    def members(self, name):
        return [one["name"] for one in self.find("STRUCT", name)["members"]]

    def kfuncs(self):
        return [self.by_id[one["type_id"]]["name"] for one in self.list
                if one["kind"] == "DECL_TAG" and one["name"] == "bpf_kfunc"]

    def names(self):
        names = {f"uring:{name}" for name in self.values("layby_cmd")}
        names |= {f"query:{name}" for name in self.values("layby_query_topic")}
        for struct in FIELDS:
            names |= {f"field:{struct}.{member}" for member in self.members(struct)
                      if member != "pad"}
        for struct, kind in CALLS.items():
            names |= {f"{kind}:{member}" for member in self.members(struct)}
        return names | {f"kfunc:{name}" for name in self.kfuncs()}

    def netlink_commands(self):
        """Name by number"""
        return {value: "netlink:" + name.removeprefix("LAYBY_NL_").lower().replace("_", "-")
                for name, value in self.values("layby_nl_cmd").items()
                if not name.endswith("_NL_MAX")}


def tracepoints(module):
    return {"trace:" + line.split()[-1].removeprefix("__tracepoint_")
            for line in run("nm", "--defined-only", module).splitlines()
            if line.split()[-1].startswith("__tracepoint_")}


def parameters(module):
    name = os.path.basename(module).removesuffix(".ko")
    return {f"parameter:{name}.{line.split(':')[0]}"
            for line in run("modinfo", "-p", module).splitlines()}


# --- Netlink and D-Bus -------------------------------------------------------

def netlink(top):
    with open(f"{top}/include/uapi/linux/layby_netlink.yaml", encoding="utf-8") as file:
        spec = yaml.safe_load(file)
    names = {f"netlink:group/{group['name']}" for group in spec["mcast-groups"]["list"]}
    for operation in spec["operations"]["list"]:
        name = operation["name"]
        names.add(f"netlink:{name}")
        for how in ("do", "dump"):
            reply = operation.get(how, {}).get("reply", {})
            names |= {f"netlink:{name}/{attribute}" for attribute in reply.get("attributes", [])}
    return names


def dbus_members(text):
    """The names of a description, one an interface's member"""
    return {f"dbus:{interface.get('name')}.{member.get('name')}"
            for interface in tree.fromstring(text).iter("interface")
            for member in interface
            if member.tag in ("method", "property", "signal")}


def dbus(top):
    with open(f"{top}/agent/data/org.layby.Agent1.xml", "rb") as file:
        return dbus_members(file.read())


def names(top, agent_top, modules):
    """All of them: TOP has include/, AGENT_TOP has agent/, MODULES has the .ko files"""
    found = our_ioctls(top) | Types(modules).names() | netlink(top) | dbus(agent_top)
    for name in MODULES:
        found |= tracepoints(f"{modules}/{name}.ko") | parameters(f"{modules}/{name}.ko")
    return found
