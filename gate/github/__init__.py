"""GitHub from the side that may hold the token: its HTTP API, its events, its git, its workflow commands.

Only ``gate.prepare`` and ``gate.publish`` import this package (and ``gate.action`` what needs no token).
"""
