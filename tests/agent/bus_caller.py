# SPDX-License-Identifier: LGPL-2.1-or-later
"""
One user who calls whatever there is with whatever there is to call it with, many calls
under way at once, and what must hold of each answer:

  - there is one
  - what the policy does not let through is refused by the bus, and nothing else is said
  - it is not the disk's fault, which has room
  - a job of somebody else's answers as one that never was, and is in no answer
"""
import re

from gi.repository import Gio, GLib

import bus_world
from bus_members import PROPERTIES
from bus_values import JOB_PREFIX, Values, body

ACCESS_DENIED = "org.freedesktop.DBus.Error.AccessDenied"
CANNOT_KEEP = "org.layby.Error.CannotKeep"
# a job that never was
NOBODYS = JOB_PREFIX + "/999999999"
AT_ONCE = 24


class Wrong(Exception):
    """The agent, or the bus, did what it must not."""


def words(reply):
    """Of an error its name and message."""
    return "%s: %s" % (reply.get_error_name(), reply.get_body() and reply.get_body().unpack())


class Call:
    """names: as coverage counts it"""

    def __init__(self, message, names, values):
        self.message = message
        self.names = names
        self.values = values
        self.reply = None

    def error(self):
        return self.reply.get_error_name()

    def __str__(self):
        return "%s %s.%s(%s) with %s" % (
            self.message.get_path(), self.message.get_interface(), self.message.get_member(),
            (self.message.get_body() and self.message.get_body().print_(True) or "")[:600],
            ",".join(self.values.kinds) or "no descriptors")


class Caller:
    """others: the paths of jobs that are not this user's, and must stay as they are"""

    def __init__(self, world, user, random, members, policy, coverage, options, others):
        self.user = user
        self.random = random
        self.members = members
        self.policy = policy
        self.coverage = coverage
        self.options = options
        # root's are all
        self.others = frozenset(() if user == bus_world.ROOT else others)
        self.own = [] if self.others else list(others)
        self.connection = world.connect(user)

    # --- one call

    def path(self, kind):
        if kind != "job" or self.random.random() < 0.05:
            return {"job": NOBODYS}.get(kind, kind)
        # the newest of one's own, or those of others
        mine = self.own[-8:] * 2
        return self.random.choice(mine + sorted(self.others)) if mine or self.others else \
            JOB_PREFIX + "/1"

    def property_arguments(self, method, values, kind):
        """Of Get, Set and GetAll: of what there is."""
        at = self.random.choice((kind, bus_world.AGENT_PATH, "job"))
        p = self.random.choice(self.members.properties[at] or
                               self.members.properties[bus_world.AGENT_PATH])
        interface, name = GLib.Variant("s", p.interface), GLib.Variant("s", p.name)
        if len(method.arguments) == 1:
            return [interface], None
        if len(method.arguments) == 2:
            return [interface, name], p
        inner = p.signature if self.random.random() < 0.6 else values.signature(2)
        return [interface, name, GLib.Variant("v", values.wild(inner))], p

    def arguments(self, method, values, kind):
        """Also returns the property that is asked for, if one is."""
        how = self.random.random()
        if method.interface == PROPERTIES and how < 0.8:
            return self.property_arguments(method, values, kind)
        made = [values.sensible(s) for s in method.arguments]
        if 0.45 <= how < 0.7 and made:
            i = self.random.randrange(len(made))
            made[i] = values.wild(method.arguments[i])
        elif 0.7 <= how < 0.88:
            made = [values.wild(s) for s in method.arguments]
        elif how >= 0.88:
            made = self.of_wrong_number_or_type(made, values)
        return made, None

    def of_wrong_number_or_type(self, made, values):
        how = self.random.randrange(3)
        if how == 0:
            return made[:-1]
        if how == 1:
            return made + [values.wild(values.signature(2))]
        return [values.wild(values.signature(3)) for _ in range(self.random.randrange(9))]

    def message(self, method, kind):
        values = Values(self.random, self.own[-4:] + sorted(self.others), self.options)
        made, of = self.arguments(method, values, kind)
        interface, member = method.interface, method.name
        odd = self.random.random()
        if odd < 0.01:
            interface = None
        elif odd < 0.02:
            interface = self.random.choice(("org.layby.Agent2", bus_world.AGENT, "a.b"))
        elif odd < 0.03:
            member = self.random.choice(("Nothing", member.lower(), member + "s"))
        message = Gio.DBusMessage.new_method_call(bus_world.AGENT, self.path(kind), interface,
                                                  member)
        if odd > 0.98:
            message = Gio.DBusMessage.new_signal(self.path(kind), method.interface, member)
            message.set_destination(bus_world.AGENT)
        elif odd > 0.95:
            message.set_flags(Gio.DBusMessageFlags.NO_REPLY_EXPECTED)
        self.fill(message, made, values)
        names = ["%s.%s" % (interface, member)] + (["%s %s" % (member, of)] if of else [])
        return Call(message, names, values)

    def fill(self, message, made, values):
        """Now and then with descriptors that no value names."""
        if self.random.random() < 0.02:
            while len(values.fds) < self.random.choice((1, 9, 16)):
                values.descriptor("pipe-read")
        if made:
            message.set_body(body(made))
        if values.fds:
            # takes over what it is given
            message.set_unix_fd_list(Gio.UnixFDList.new_from_array(values.fds))
            values.fds = []

    # --- many

    def send(self, call, pending):
        def answered(connection, result):
            try:
                call.reply = connection.send_message_with_reply_finish(result)
            except GLib.Error as error:
                call.reply = error
            pending.discard(call)

        if call.message.get_message_type() != Gio.DBusMessageType.METHOD_CALL or \
                call.message.get_flags() & Gio.DBusMessageFlags.NO_REPLY_EXPECTED:
            self.connection.send_message(call.message, Gio.DBusSendMessageFlags.NONE)
            return
        pending.add(call)
        self.connection.send_message_with_reply(
            call.message, Gio.DBusSendMessageFlags.NONE, bus_world.TIMEOUT_MS, None, answered)

    def make(self):
        kind = self.random.choice(sorted(self.members.methods) + ["job"] * 2 +
                                  [bus_world.AGENT_PATH] * 3)
        methods = self.members.methods[kind] or self.members.methods[bus_world.AGENT_PATH]
        return self.message(self.random.choice(methods), kind)

    def about(self, path, p, verb, *more):
        """A call of Get or Set."""
        message = Gio.DBusMessage.new_method_call(bus_world.AGENT, path, PROPERTIES, verb)
        message.set_body(body([GLib.Variant("s", p.interface), GLib.Variant("s", p.name), *more]))
        return Call(message, ["%s %s" % (verb, p)], Values(self.random))

    def each_property(self):
        """Asked for, and set to something of its type."""
        for kind, properties in self.members.properties.items():
            path = (self.own or sorted(self.others))[0] if kind == "job" else kind
            for p in properties:
                yield self.about(path, p, "Get")
                value = Values(self.random).wild(p.signature)
                yield self.about(path, p, "Set", GLib.Variant("v", value))

    def each_method_of_a_job(self):
        """A dozen times each as it should be called, of one's own that has ended."""
        for method in self.members.methods["job"] if self.own else ():
            for _ in range(12):
                values = Values(self.random, self.own, self.options)
                made = [values.sensible(s) for s in method.arguments]
                message = Gio.DBusMessage.new_method_call(bus_world.AGENT, self.own[0],
                                                          method.interface, method.name)
                self.fill(message, made, values)
                yield Call(message, [str(method)], values)

    def batch(self, calls):
        """Sends them, waits for all answers, judges these."""
        pending = set()
        for call in calls:
            self.send(call, pending)
        while pending:
            GLib.MainContext.default().iteration(True)
        for call in calls:
            if call.reply:
                self.judge(call)

    def run(self, calls):
        sweep = [*self.each_property(), *self.each_method_of_a_job()]
        for i in range(0, len(sweep), AT_ONCE):
            self.batch(sweep[i:i + AT_ONCE])
        while calls > 0:
            count = min(self.random.randint(1, AT_ONCE), calls)
            self.batch([self.make() for _ in range(count)])
            calls -= count

    # --- what must hold

    def judge(self, call):
        if isinstance(call.reply, GLib.Error):
            raise Wrong("%s: %s got no answer: %s" % (self.user.name, call, call.reply.message))
        error = call.error()
        self.coverage.count(call.names, error)
        for kind in call.values.kinds:
            self.coverage.kinds[kind] = self.coverage.kinds.get(kind, 0) + 1
        if error == CANNOT_KEEP:
            raise Wrong("%s: %s: %s" % (self.user.name, call, words(call.reply)))
        self.judge_right(call, error)
        if not error:
            self.judge_answer(call)

    def judge_right(self, call, error):
        m = call.message
        if not self.policy.lets(self.user, m.get_interface(), m.get_member()):
            if error != ACCESS_DENIED:
                raise Wrong("%s may not call %s: %s" % (self.user.name, call, error or "done"))
        elif m.get_path() in self.others:
            self.judge_as_nobodys(call)

    def judge_as_nobodys(self, call):
        """The same asked of a job that never was is answered alike."""
        was = call.message
        m = Gio.DBusMessage.new_method_call(bus_world.AGENT, NOBODYS, was.get_interface(),
                                            was.get_member())
        if was.get_body():
            m.set_body(was.get_body())
        m.set_unix_fd_list(was.get_unix_fd_list())
        twin, _ = self.connection.send_message_with_reply_sync(
            m, Gio.DBusSendMessageFlags.NONE, bus_world.TIMEOUT_MS, None)
        said, expected = words(call.reply), words(twin).replace(NOBODYS, was.get_path())
        if not call.error() or said != expected:
            raise Wrong("%s is told of another's job by %s: %s, and not %s" %
                        (self.user.name, call, said, expected))

    def judge_answer(self, call):
        answer = call.reply.get_body()
        if call.message.get_member().startswith("Submit"):
            self.own += re.findall(JOB_PREFIX + r"/\d+", answer.print_(False))
            return
        if not answer or not self.others or call.message.get_member() == "Ping":
            return
        text = answer.print_(False)
        # an introspection names what is below by its last part
        told = set(re.findall(JOB_PREFIX + r"/\d+", text)) | \
            {JOB_PREFIX + "/" + n for n in re.findall(r'<node name="(?:job/)?(\d+)"', text)}
        told &= self.others
        if told:
            raise Wrong("%s is told of %s by %s" % (self.user.name, sorted(told)[0], call))

    def close(self):
        self.connection.close_sync()
