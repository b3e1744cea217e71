"""JSON lines over two descriptors of our own; stdout and stderr belong to the project."""

import json
import os

LONGEST = 1000000  # characters of one text; longer ones are cut, so that no answer floods the other side


class Closed(Exception):
    """The other side is gone."""


class Channel:
    """Requests come in, events and answers go out. One thread of the project at a time may hold it."""

    def __init__(self, requests, answers):
        os.set_inheritable(requests, False)
        os.set_inheritable(answers, False)
        self._in = os.fdopen(requests, "r", encoding="utf-8")
        self._out = os.fdopen(answers, "w", encoding="utf-8")
        self._owner = os.getpid()

    def read(self):
        """The next request, or None at the end."""
        line = self._in.readline()
        return json.loads(line) if line else None

    def write(self, message):
        """One message; a forked child of the project is not us and may not speak."""
        if os.getpid() != self._owner:
            return
        self._out.write(json.dumps(message, default=_plain) + "\n")
        self._out.flush()

    def ask(self, message):
        """Send an event that wants a reply and give that reply."""
        self.write(message)
        reply = self.read()
        if reply is None:
            raise Closed()
        return reply

    def close(self):
        """Flush and close."""
        try:
            self._out.close()
        except OSError:
            pass


def _plain(value):
    text = str(value)
    return text if len(text) <= LONGEST else text[:LONGEST]
