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
        self._rows = None

    def read(self):
        """The next request, or None at the end."""
        self.settle()
        return self._hear()

    def write(self, message):
        """One message; a forked child of the project is not us and may not speak."""
        if os.getpid() == self._owner:
            self.settle()
            self._say(message)

    def ask(self, message):
        """Send an event that wants a reply and give that reply."""
        if os.getpid() != self._owner:
            raise Closed()
        self.write(message)
        return self._replied()

    def post(self, message, rows):
        """Send an event whose reply may wait until the next word on this channel, or until somebody settles it.

        The other side works on it meanwhile; ``rows`` answers the queries that it has before it replies.
        """
        if os.getpid() == self._owner:
            self.write(message)
            self._rows = rows

    def settle(self):
        """Wait for the reply that is owed, if any."""
        if self._rows is None or os.getpid() != self._owner:
            return
        rows, self._rows = self._rows, None
        reply = self._replied()
        while reply.get("query"):
            self._say({"event": "rows", "rows": rows(reply["query"])})
            reply = self._replied()

    def _say(self, message):
        self._out.write(json.dumps(message, default=_plain) + "\n")
        self._out.flush()

    def _hear(self):
        line = self._in.readline()
        return json.loads(line) if line else None

    def _replied(self):
        reply = self._hear()
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
