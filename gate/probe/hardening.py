"""Gives up what project code must not have, before any of it runs."""

import ctypes
import os
import resource
import signal

PR_SET_PDEATHSIG = 1  # prctl(2)
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38


def apply():
    """No new privileges, death with the parent, no core dumps, bounded memory (where the system knows these)."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (OSError, AttributeError):
        pass  # not Linux: the parent still ends us by our process group
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    bound = os.environ.pop("ALEMBIC_GATE_MEMORY", "")
    if bound.isdigit():
        _limit(resource.RLIMIT_AS, int(bound))


def _limit(what, most):
    _, hard = resource.getrlimit(what)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(what, (most, hard))
