# SPDX-License-Identifier: LGPL-2.1-or-later
"""
A connection to the bus that does only what it is told: it does not read answers
unless it is asked to, and can be cut off in the middle of a message.
"""
import os
import socket

from gi.repository import Gio

import bus_world

BUS = "org.freedesktop.DBus"


class RawConnection:
    def __init__(self, world, user):
        self.serial = 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with bus_world.as_user(user):
            self.socket.connect(world.dir + "/bus")
        self.say("\0AUTH EXTERNAL %s\r\n" % str(user.uid).encode().hex(), "OK ")
        self.say("NEGOTIATE_UNIX_FD\r\n", "AGREE_UNIX_FD")
        self.socket.sendall(b"BEGIN\r\n")
        self.call(BUS, "/org/freedesktop/DBus", BUS, "Hello")
        self.reply()

    def say(self, words, expected):
        self.socket.sendall(words.encode())
        said = self.socket.recv(4096).decode()
        assert said.startswith(expected), said

    def blob(self, destination, path, interface, member, body=None, fds=()):
        message = Gio.DBusMessage.new_method_call(destination, path, interface, member)
        if body:
            message.set_body(body)
        if fds:
            message.set_unix_fd_list(Gio.UnixFDList.new_from_array([os.dup(fd) for fd in fds]))
        self.serial += 1
        message.set_serial(self.serial)
        return message.to_blob(Gio.DBusCapabilityFlags.UNIX_FD_PASSING)

    def call(self, *args, fds=(), part=None):
        """part: only so many bytes of it"""
        blob = self.blob(*args, fds=fds)[:part]
        sent = socket.send_fds(self.socket, [blob], fds) if fds else 0
        self.socket.sendall(blob[sent:])

    def agent(self, path, interface, member, body=None, fds=(), part=None):
        self.call(bus_world.AGENT, path, interface, member, body, fds=fds, part=part)

    def receive(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            assert more, "the bus has hung up"
            data += more
        return data

    def answer(self):
        """The next message, without its descriptors."""
        head = self.receive(16)
        size = Gio.DBusMessage.bytes_needed(head)
        return Gio.DBusMessage.new_from_blob(head + self.receive(size - 16),
                                             Gio.DBusCapabilityFlags.UNIX_FD_PASSING)

    def reply(self):
        """The next answer to a call; signals are passed over."""
        while True:
            message = self.answer()
            if message.get_reply_serial():
                return message

    def reply_error(self):
        return self.reply().get_error_name()

    def close(self):
        self.socket.close()
