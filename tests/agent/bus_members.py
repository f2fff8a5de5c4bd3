# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What there is to be called, as the running agent says it; who may, as the bus's policy
says it; what was, and with what success. No member of the agent's is named here.
"""
import re
import xml.etree.ElementTree as tree
from dataclasses import dataclass

from gi.repository import Gio

import bus_world
from bus_values import JOB_PREFIX

PROPERTIES = "org.freedesktop.DBus.Properties"
XML = bus_world.TOP + "/agent/data/org.layby.Agent1.xml"


@dataclass(frozen=True)
class Method:
    interface: str
    name: str
    arguments: tuple

    def __str__(self):
        return self.interface + "." + self.name


@dataclass(frozen=True)
class Property:
    interface: str
    name: str
    signature: str
    writable: bool

    def __str__(self):
        return self.interface + "." + self.name


def introspect(connection, path):
    text = bus_world.call(connection, path, "org.freedesktop.DBus.Introspectable", "Introspect")[0]
    return Gio.DBusNodeInfo.new_for_xml(text)


def objects(connection, path="/"):
    """All paths that there are from here on, without the jobs."""
    yield path
    for node in introspect(connection, path).nodes:
        below = path.rstrip("/") + "/" + node.path
        if not below.startswith(JOB_PREFIX + "/"):
            yield from objects(connection, below)


class Members:
    """At which path, or at "job", of which one is given."""

    def __init__(self, connection, job):
        self.methods = {}
        self.properties = {}
        for kind, path in [(path, path) for path in objects(connection)] + [("job", job)]:
            found = introspect(connection, path).interfaces
            self.methods[kind] = [
                Method(i.name, m.name, tuple(a.signature for a in m.in_args))
                for i in found for m in i.methods]
            self.properties[kind] = [
                Property(i.name, p.name, p.signature,
                         bool(p.flags & Gio.DBusPropertyInfoFlags.WRITABLE))
                for i in found for p in i.properties]

    def all_methods(self):
        return {m for methods in self.methods.values() for m in methods}

    def all_properties(self):
        return {p for properties in self.properties.values() for p in properties}


def documented_options():
    """name: signature, of the keys of a{sv} that the XML's comments on methods name."""
    with open(XML) as file:
        comments = re.findall(r"<!--((?:(?!-->).)*)-->\s*<method", file.read(), re.S)
    return dict(re.findall(r'"([A-Za-z_]+)" \(([a-z{}()]+)[,)]', "".join(comments)))


class Policy:
    """Which calls of the agent the bus lets through, for a user."""

    def __init__(self):
        self.rules = []
        for policy in tree.parse(bus_world.POLICY).getroot().findall("policy"):
            for rule in policy.findall("allow"):
                if rule.get("send_destination") == bus_world.AGENT:
                    self.rules.append((policy.attrib, rule.get("send_interface"),
                                       rule.get("send_member")))

    @staticmethod
    def concerns(attributes, user):
        return attributes.get("user") == user.name or attributes.get("group") in user.groups or \
            attributes.get("context") in ("default", "mandatory")

    def lets(self, user, interface, member):
        """A rule that names an interface does not let through what names none."""
        return any(self.concerns(attributes, user) and
                   rule_interface in (None, interface) and rule_member in (None, member)
                   for attributes, rule_interface, rule_member in self.rules)


class Coverage:
    """name: [calls, those that succeeded], with those that must be and must have"""

    def __init__(self, members):
        self.counts = {}
        self.errors = {}
        self.kinds = {}
        self.cannot = set()
        for method in members.all_methods():
            self.counts[str(method)] = [0, 0]
        for p in members.all_properties():
            self.counts["Get " + str(p)] = [0, 0]
            self.counts["Set " + str(p)] = [0, 0]
            if not p.writable:
                self.cannot.add("Set " + str(p))
        if not any(p.writable for p in members.all_properties()):
            self.cannot.add(PROPERTIES + ".Set")

    def count(self, names, error):
        for name in names:
            counts = self.counts.get(name, [0, 0])
            counts[0] += 1
            counts[1] += error is None
        error = error or "(none)"
        self.errors[error] = self.errors.get(error, 0) + 1

    def missed(self):
        for name, (calls, ok) in sorted(self.counts.items()):
            if not calls:
                yield name + " was never called"
            elif not ok and name not in self.cannot:
                yield name + " never got through"
