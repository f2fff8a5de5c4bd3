# SPDX-License-Identifier: LGPL-2.1-or-later
"""
A private system bus with the policy that ships, a layby-agentd on a fake liblayby
as a user of its own, and connections of any user.

The bus is Debian's own configuration with its own limits; only where it listens and
how it is started is ours. The agent's policy is the file that ships. Its users and
groups are made by make_users(), for this process and its children only. Needs root.
"""
import contextlib
import glob
import os
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
SYSTEM_CONF = "/usr/share/dbus-1/system.conf"
POLICY = TOP + "/agent/data/org.layby.Agent1.conf"
AGENT = "org.layby.Agent1"
AGENT_PATH = "/org/layby/Agent1"
AGENT_UID = 7000
GROUPS = {"layby-agent": AGENT_UID, "layby-submit": 7001, "layby-owner": 7002}
# a loaded host may take its time; a call that is never answered takes this
TIMEOUT_MS = 120000
# what freed memory ASan holds back counts as the agent's; and descriptors are checked here
ASAN = "quarantine_size_mb=16:detect_leaks=1"


@dataclass(frozen=True)
class User:
    name: str
    uid: int
    groups: tuple = ()

    def gids(self):
        return [GROUPS[g] for g in self.groups]


ROOT = User("root", 0)
OUTSIDER = User("outsider", 7101)
SUBMITTER = User("submitter", 7102, ("layby-submit",))
OWNER = User("owner", 7103, ("layby-owner",))
BYSTANDER = User("bystander", 7104, ("layby-submit",))
# for those who come in numbers
CROWD = [User("crowd%d" % i, 7110 + i, ("layby-submit",)) for i in range(5)]
USERS = [OUTSIDER, SUBMITTER, OWNER, BYSTANDER, *CROWD]


def substitute(text, *pairs):
    for pattern, replacement in pairs:
        text, count = re.subn(pattern, replacement, text, flags=re.S)
        assert count, "no %s in it" % pattern
    return text


def bus_configuration(directory):
    return substitute(open(SYSTEM_CONF).read(),
                      (r"<user>.*?</user>|<fork/>|<syslog/>|<pidfile>.*?</pidfile>", ""),
                      (r"<standard_system_servicedirs/>", ""),
                      (r"<include(dir)?\b[^>]*>.*?</include(dir)?>", ""),
                      (r"<listen>.*?</listen>",
                       "<listen>unix:path=%s/bus</listen>" % directory),
                      (r"</busconfig>",
                       "<include>%s</include></busconfig>" % POLICY))


def add_lines(name, *lines):
    """To a file of /etc, as this mount namespace sees it."""
    with tempfile.NamedTemporaryFile("w") as file:
        with open(name) as was:
            file.write(was.read())
        file.write("".join(line + "\n" for line in lines))
        file.flush()
        os.chmod(file.name, 0o644)
        subprocess.run(["mount", "--bind", file.name, name], check=True)


def make_users():
    """Before anything else: threads that there are already do not come along."""
    os.unshare(os.CLONE_NEWNS)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    users = [User("layby-agent", AGENT_UID), *USERS]
    add_lines("/etc/passwd", *("%s:x:%d:%d::/:/bin/false" % (u.name, u.uid, u.uid)
                               for u in users))
    add_lines("/etc/group", *("%s:x:%d:%s" % (
        name, gid, ",".join(u.name for u in users if name in u.groups))
        for name, gid in GROUPS.items()))
    # libsystemd gives up a connection on which it is asked for one that there is not
    if not os.path.getsize("/etc/machine-id"):
        add_lines("/etc/machine-id", "6c61796279" + 22 * "0")


@contextlib.contextmanager
def as_user(user):
    """The bus asks the kernel who connects. Of the whole process."""
    os.setgroups(user.gids())
    os.setegid(user.uid)
    os.seteuid(user.uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups([])


def until(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("gave up on: " + what)


class World:
    def __init__(self, program, options=(), **environment):
        self.program = program
        self.options = options
        self.dir = tempfile.mkdtemp(prefix="layby-bus-")
        self.address = "unix:path=%s/bus" % self.dir
        self.environment = dict(
            os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.address, ASAN_OPTIONS=ASAN,
            FAKE_LAYBY_NODE=self.dir + "/agent/node", FAKE_LAYBY_GATE=self.dir + "/gate",
            STATE_DIRECTORY=self.dir + "/agent", **environment)
        self.bus = self.agent = None

    def __enter__(self):
        os.chmod(self.dir, 0o755)
        os.mkdir(self.dir + "/agent", 0o700)
        os.chown(self.dir + "/agent", AGENT_UID, AGENT_UID)
        self.write("bus.conf", bus_configuration(self.dir))
        self.write("agent/node", "")
        self.gate(True)
        self.log = open(self.dir + "/agent.log", "w")
        self.bus = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "dbus-daemon", "--nofork", "--nopidfile",
             "--nosyslog", "--config-file", self.dir + "/bus.conf"],
            stderr=open(self.dir + "/bus.log", "w"))
        until(lambda: os.path.exists(self.dir + "/bus"), "the bus")
        self.start()
        return self

    def __exit__(self, *failure):
        for process in (self.agent, self.bus):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.dir)

    def write(self, name, text):
        """Whole or not at all: the agent reads some of them at any time."""
        part = "%s/%s.part" % (self.dir, name)
        with open(part, "w") as file:
            file.write(text)
        os.rename(part, "%s/%s" % (self.dir, name))

    def gate(self, is_open):
        self.write("gate", "open\n" if is_open else "driving\n")

    def start(self):
        self.agent = subprocess.Popen(
            ["setpriv", "--reuid=%d" % AGENT_UID, "--regid=%d" % AGENT_UID, "--clear-groups",
             "--pdeathsig", "KILL", self.program, *self.options],
            env=self.environment, stdout=self.log, stderr=self.log)
        root = self.connect(ROOT)
        until(lambda: self.agent.poll() is not None or self.agent_is_there(root), "the agent")
        root.close_sync()
        assert self.agent.poll() is None, "the agent did not start:\n" + self.said()

    def agent_is_there(self, connection):
        return connection.call_sync(
            "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NameHasOwner",
            GLib.Variant("(s)", (AGENT,)), None, 0, TIMEOUT_MS, None).unpack()[0]

    def stop(self):
        """Ends it well: sanitizers have the last word. Returns its status."""
        self.agent.terminate()
        return self.agent.wait(120)

    def said(self):
        with open(self.dir + "/agent.log") as file:
            return file.read()

    def last_words(self):
        """For whoever looks for what went wrong: of the agent, ended, and of the bus."""
        status = self.stop()
        with open(self.dir + "/bus.log") as file:
            bus = [line for line in file.read().splitlines() if "Rejected send" not in line]
        lines = ["agent: " + line for line in self.said().splitlines()[-60:]]
        lines += ["bus: " + line for line in bus[-10:]]
        return "\n".join("# " + line for line in lines + ["agent: ended with %d" % status])

    def connect(self, user):
        with as_user(user):
            return Gio.DBusConnection.new_for_address_sync(
                self.address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
                Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)

    def descriptors(self):
        return len(glob.glob("/proc/%d/fd/*" % self.agent.pid))

    def memory_kib(self, field="VmRSS"):
        with open("/proc/%d/status" % self.agent.pid) as file:
            found = re.search(field + r":\s+(\d+)", file.read())
        assert found, "the agent is gone"
        return int(found.group(1))


# --- calls that are meant to succeed ---------------------------------------


def memfd(data):
    fd = os.memfd_create("bus-test", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, data)
    return fd


def call(connection, path, interface, member, body=None, fds=()):
    """Returns what is answered; fails with GLib.Error."""
    reply, _ = connection.call_with_unix_fd_list_sync(
        AGENT, path, interface, member, body, None, 0, TIMEOUT_MS,
        Gio.UnixFDList.new_from_array(list(fds)) if fds else None, None)
    return reply.unpack()


def submit(connection, program=b"copy 0", data=b"abcdefgh", options=None):
    """One job of one input and an output of 8 bytes; its path."""
    body = GLib.Variant.new_tuple(GLib.Variant("h", 0), GLib.Variant("ah", [1]),
                                  GLib.Variant("at", [8]), GLib.Variant("t", 9000000),
                                  GLib.Variant("a{sv}", options or {}))
    # GLib takes the array's descriptors over
    return call(connection, AGENT_PATH, AGENT, "SubmitJob", body,
                [memfd(program), memfd(data)])[0]


def get(connection, path, interface, name):
    return call(connection, path, "org.freedesktop.DBus.Properties", "Get",
                GLib.Variant("(ss)", (interface, name)))[0]


def wait_end(connection, path):
    until(lambda: get(connection, path, "org.layby.Job1", "State") not in ("queued", "running"),
          "the end of " + path)
    return get(connection, path, "org.layby.Job1", "State")


def output(connection, path, index=0):
    _, fds = connection.call_with_unix_fd_list_sync(
        AGENT, path, "org.layby.Job1", "GetResult", GLib.Variant("(u)", (index,)), None, 0,
        TIMEOUT_MS, None, None)
    fd = fds.steal_fds()[0]
    try:
        return os.pread(fd, 1 << 20, 0)
    finally:
        os.close(fd)


def jobs(connection):
    """path: properties; the oldest 1024"""
    objects = call(connection, AGENT_PATH, "org.freedesktop.DBus.ObjectManager",
                   "GetManagedObjects")[0]
    return {path: interfaces["org.layby.Job1"] for path, interfaces in objects.items()
            if "org.layby.Job1" in interfaces}


def good_job(connection):
    """One from its submission to its release: the agent serves."""
    path = submit(connection)
    state = wait_end(connection, path)
    assert state == "finished", "a good job ended as " + state
    assert output(connection, path) == b"abcdefgh", "a good job's output is wrong"
    call(connection, path, "org.layby.Job1", "Release")
