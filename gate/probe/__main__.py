"""Start: take the two descriptors, forget where we came from, then answer requests until there are none."""

import faulthandler
import os
import signal
import sys


def tell_where_on_signal():
    """The other side asks where we are when our time is over; this answers from inside a blocking call too."""
    if hasattr(faulthandler, "register"):  # not on Windows
        faulthandler.register(signal.SIGUSR2, file=os.fdopen(os.dup(2), "w"))


def warm():
    """What every request needs, loaded while the server starts; what is missing is told when the project is loaded."""
    try:
        import sqlalchemy.engine  # noqa: F401  # loaded for whoever imports it next
    except Exception:
        pass


def main():
    """Everything of ours is imported before the project's folders come onto sys.path."""
    from alembic_gate_probe import channel, hardening, session

    requests, answers = int(sys.argv[1]), int(sys.argv[2])
    ours = sys.path[0]
    hardening.apply()
    tell_where_on_signal()
    talk = channel.Channel(requests, answers)
    worker = session.Session(talk)
    if sys.path and sys.path[0] == ours:
        del sys.path[0]
    sys.argv[:] = ["alembic"]
    warm()
    worker.serve()
    talk.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads and atexit hooks of the project do not get to hold us


if __name__ == "__main__":
    main()
