# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Values for the bus's fuzzer: of any signature, sensible ones and wild ones, and
descriptors of every kind. All chance comes from one random.Random.
"""
import fcntl
import os
import select
import socket

from gi.repository import GLib

BITS = {"y": (8, False), "n": (16, True), "q": (16, False), "i": (32, True), "u": (32, False),
        "x": (64, True), "t": (64, False)}
BASIC = "ybnqiuxtdsogh"
JOB_PREFIX = "/org/layby/Agent1/job"
# 16 bytes each, few, so that some meet
KEYS = [bytes([i]) * 16 for i in range(6)]
STRINGS = ["", " ", "\t\n", "%s%n%99999d", "../../../etc/shadow", "a" * 255, "a" * 256,
           "\u00e4\u4e2d\U0001f697", "\ufeff\u202egnp", "e\u0301" * 50, "\U0010ffff", "\x7f\x01",
           "org.layby.Agent1", "org.layby.Job1", "org.freedesktop.DBus.Properties", "guest",
           "'; DROP TABLE job; --", "State", "true", "0", "-1"]
PATHS = ["/", "/org", "/org/layby", "/org/layby/Agent1", JOB_PREFIX, JOB_PREFIX + "/0",
         JOB_PREFIX + "/01", JOB_PREFIX + "/1/1", JOB_PREFIX + "/18446744073709551615",
         JOB_PREFIX + "/18446744073709551616", JOB_PREFIX + "/_1", "/a" * 400,
         "/org/layby/Agent1/jobs"]
PROGRAMS = [b"copy 0", b"copy 1", b"copy 3", b"fail 8", b"fail 5", b"flaky 1", b"refuse 2",
            b"held 3", b"hang", b"what", b"\0", b"copy 0" + bytes(70000)]
SENSIBLE_PROGRAMS = PROGRAMS[:1] * 10 + PROGRAMS[:9]
NUMBERS = [0, 1, 2, 3, 4, 7, 8, 9, 10, 16, 63, 64, 65, 4095, 4096, 16384, 16385, 1000000, 10000001]


# --- descriptors -----------------------------------------------------------


def memfd(data=b"abcdefgh", size=None):
    fd = os.memfd_create("fuzz", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, data)
    if size is not None:
        os.ftruncate(fd, size)
    return fd


def sealed(data=b"sealed"):
    fd = memfd(data)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK |
                fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return fd


def one_of(pair, index, close_other=False):
    fds = [end if isinstance(end, int) else end.detach() for end in pair]
    if close_other:
        os.close(fds[1 - index])
        return fds[index]
    # the other end goes when this process does: something stays connected to it
    OTHER_ENDS.append(fds[1 - index])
    if len(OTHER_ENDS) > 64:
        os.close(OTHER_ENDS.pop(0))
    return fds[index]


OTHER_ENDS = []


def reopened(flags):
    fd = memfd()
    try:
        return os.open("/proc/self/fd/%d" % fd, flags | os.O_CLOEXEC)
    finally:
        os.close(fd)


def closed_epoll():
    epoll = select.epoll()
    fd = os.dup(epoll.fileno())
    epoll.close()
    return fd


DESCRIPTORS = {
    "memfd": memfd,
    "sealed": sealed,
    "empty": lambda: memfd(b""),
    "page": lambda: memfd(os.urandom(16), 4096),
    "inline-max": lambda: memfd(b"i", 16384),
    "over-inline": lambda: memfd(b"o", 16385),
    "window": lambda: memfd(b"w", 1 << 20),
    "gib": lambda: memfd(b"g", 1 << 30),
    "tib": lambda: memfd(b"t", 1 << 40),
    "pipe-read": lambda: one_of(os.pipe(), 0),
    "pipe-write": lambda: one_of(os.pipe(), 1),
    "pipe-closed": lambda: one_of(os.pipe(), 0, True),
    "socket": lambda: one_of(socket.socketpair(), 0),
    "socket-closed": lambda: one_of(socket.socketpair(), 0, True),
    "directory": lambda: os.open("/tmp", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC),
    "path": lambda: os.open("/dev/null", os.O_PATH | os.O_CLOEXEC),
    "path-file": lambda: reopened(os.O_PATH),
    "null": lambda: os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC),
    "zero": lambda: os.open("/dev/zero", os.O_RDWR | os.O_CLOEXEC),
    "full": lambda: os.open("/dev/full", os.O_RDWR | os.O_CLOEXEC),
    "write-only": lambda: reopened(os.O_WRONLY),
    "direct": lambda: reopened(os.O_RDONLY | os.O_DIRECT),
    "read-only": lambda: reopened(os.O_RDONLY),
    "proc": lambda: os.open("/proc/self/stat", os.O_RDONLY | os.O_CLOEXEC),
    # says 4096 bytes, and has less
    "sysfs": lambda: os.open("/sys/kernel/mm/transparent_hugepage/enabled"
                             if os.path.exists("/sys/kernel/mm") else "/proc/self/stat",
                             os.O_RDONLY | os.O_CLOEXEC),
    "epoll": closed_epoll,
    "eventfd": lambda: os.eventfd(7, os.EFD_CLOEXEC),
    "timerfd": lambda: os.timerfd_create(1),
    "pidfd": lambda: os.pidfd_open(os.getpid()),
    "seqpacket": lambda: one_of(socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET), 0),
}


# --- values ----------------------------------------------------------------


def complete(signature):
    """The first complete type of it, and the rest."""
    if signature[0] == "a":
        first, rest = complete(signature[1:])
        return "a" + first, rest
    if signature[0] in "({":
        depth = 0
        for i, c in enumerate(signature):
            depth += (c in "({") - (c in ")}")
            if not depth:
                return signature[:i + 1], signature[i + 1:]
    return signature[0], signature[1:]


def parts(signature):
    while signature:
        first, signature = complete(signature)
        yield first


class Values:
    """For one message: the descriptors that its values name are in fds, their kinds in kinds."""

    def __init__(self, random, paths=(), options=None):
        self.random = random
        self.paths = list(paths)
        self.options = options or {}
        self.fds = []
        self.kinds = []
        # elements of arrays that may still be made: arrays of arrays grow fast
        self.room = 400

    def close(self):
        for fd in self.fds:
            os.close(fd)
        self.fds = []

    def chance(self, share):
        return self.random.random() < share

    # of a right kind, with which calls get through

    def descriptor(self, kind, *args):
        # the bus takes 16 in a message
        if len(self.fds) < 16:
            self.fds.append(DESCRIPTORS[kind](*args))
            self.kinds.append(kind)
        return GLib.Variant("h", len(self.fds) - 1)

    def sensible_array(self, signature):
        element = signature[1:]
        if element == "y":
            return octets(self.random.choice(KEYS) if self.chance(0.5) else
                          self.random.randbytes(16))
        if element == "{sv}":
            return self.sensible_options()
        count = self.random.randint(1, 3)
        return array(element, [self.sensible(element) for _ in range(count)])

    def sensible_options(self):
        names = self.random.sample(sorted(self.options),
                                   self.random.randint(0, min(3, len(self.options))))
        return GLib.Variant("a{sv}", {
            name: self.sensible_option(self.options[name]) for name in names})

    def sensible_option(self, signature):
        """A time is far ahead."""
        if signature == "t":
            return GLib.Variant("t", self.random.choice((0, 1 << 60)))
        return self.sensible(signature)

    def sensible(self, signature):
        c = signature[0]
        if c == "h":
            data = self.random.choice(SENSIBLE_PROGRAMS) if not self.fds else bytes(500)
            return self.descriptor(self.random.choice(("memfd",) * 3 + ("sealed",)), data)
        if c == "a":
            return self.sensible_array(signature)
        if c in "({":
            return tuple_of(signature, [self.sensible(s) for s in parts(signature[1:-1])])
        if c == "b":
            return GLib.Variant("b", self.chance(0.5))
        if c in BITS:
            return GLib.Variant(c, self.random.choice(
                (0, 0, 1, 8) if c in "uy" else (0, 1, 1, 4, 4, 8, 8)))
        return self.wild(signature)

    # of any kind

    def number(self, c):
        bits, signed = BITS[c]
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        number = self.random.choice((
            low, high, low + 1, high - 1, high // 2 + 1, 1 << self.random.randrange(64),
            (1 << self.random.randrange(64)) - 1, self.random.randint(low, high),
            -self.random.randrange(9), *NUMBERS))
        return GLib.Variant(c, min(max(number, low), high))

    def string(self):
        if self.chance(0.2):
            return "".join(chr(self.random.choice((self.random.randint(1, 127),
                                                   self.random.randint(0x80, 0xd7ff))))
                           for _ in range(self.random.randint(0, 40)))
        if self.chance(0.01):
            return "b" * 70000
        return self.random.choice(STRINGS + sorted(self.options))

    def path(self):
        return self.random.choice(PATHS + self.paths * 3)

    def wild_array(self, signature):
        element = signature[1:]
        many = min(self.random.choice((0, 1, 2, 3, 4, 5, 8, 9, 17, 64, 65)), self.room)
        self.room -= many
        # one to a message: the bus takes 32 MiB
        if element in ("y", "t") and self.room and self.chance(0.05):
            many = self.random.choice((65536, 65537, 1 << 20))
            self.room = 0
        if element == "y":
            return octets(self.random.randbytes(many))
        if element == "t" and many > 65:
            return array("t", [self.number("t")] * many)
        return array(element, [self.wild(element) for _ in range(many)])

    def wild_entry(self, signature):
        """Of the options: names that there are, with any value; the same ones twice."""
        if signature != "{sv}" or not self.options or self.chance(0.3):
            return [self.wild(s) for s in parts(signature[1:-1])]
        name = self.random.choice(sorted(self.options))
        value = self.wild(self.options[name]) if self.chance(0.6) else \
            self.wild(self.signature(2))
        return [GLib.Variant("s", name), GLib.Variant("v", value)]

    def wild_basic(self, c):
        if c in BITS:
            return self.number(c)
        if c == "b":
            return GLib.Variant("b", self.chance(0.5))
        if c == "d":
            return GLib.Variant("d", self.random.choice(
                (0.0, -0.0, 1.5, float("inf"), float("-inf"), float("nan"), 5e-324, 1e308)))
        if c == "s":
            return GLib.Variant("s", self.string())
        if c == "o":
            return GLib.Variant("o", self.path())
        if c == "g":
            return GLib.Variant("g", self.random.choice(("", "s", "a{sv}", "(h)", "a" * 30 + "y")))
        # a descriptor; now and then one that is not in the message, or is twice
        if self.fds and self.chance(0.15):
            return GLib.Variant("h", self.random.choice((0, len(self.fds), 15, -1, 2**31 - 1)))
        return self.descriptor(self.random.choice(sorted(DESCRIPTORS)))

    def wild(self, signature):
        c = signature[0]
        if c == "a":
            return self.wild_array(signature)
        if c == "(":
            return tuple_of(signature, [self.wild(s) for s in parts(signature[1:-1])])
        if c == "{":
            return tuple_of(signature, self.wild_entry(signature))
        if c == "v":
            return GLib.Variant("v", self.wild(self.signature(2)))
        return self.wild_basic(c)

    def signature(self, depth):
        """A random one, of one type."""
        kind = self.random.choice(("basic",) * 4 + ("array", "struct", "dict", "v"))
        if kind == "v" and depth > 0:
            return "v"
        if depth <= 0 or kind in ("basic", "v"):
            return self.random.choice(BASIC)
        if kind == "array":
            return "a" + self.signature(depth - 1)
        if kind == "dict":
            return "a{%s%s}" % (self.random.choice("sutoy"), self.signature(depth - 1))
        return "(%s)" % "".join(self.signature(depth - 1)
                                for _ in range(self.random.randint(1, 3)))


def octets(data):
    """GLib would make a variant of each."""
    return GLib.Variant.new_from_bytes(GLib.VariantType.new("ay"), GLib.Bytes.new(data), True)


def array(element, children):
    return GLib.Variant.new_array(GLib.VariantType.new(element), children)


def tuple_of(signature, children):
    if signature[0] == "{":
        return GLib.Variant.new_dict_entry(*children)
    return GLib.Variant.new_tuple(*children)


def body(children):
    return GLib.Variant.new_tuple(*children)
