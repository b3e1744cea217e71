"""Which database a connection of the project's means."""

from __future__ import annotations

from typing import cast

from gate.errors import CannotDecide
from gate.facts.database_choice import Kind


class OtherDialect(CannotDecide):
    """The guess was wrong: the project opens another kind of database."""

    def __init__(self, kind: str, driver: str) -> None:
        super().__init__(f"the project connects to {kind}", advice=f"Say so: --database {kind}")
        self.kind, self.driver = cast(Kind, kind), driver


def same_file(one: str, other: str) -> bool:
    """Do two paths name one file, one of them relative?"""
    short, long = sorted((one.lstrip("./"), other.lstrip("./")), key=len)
    return bool(short) and ("/" + long).endswith("/" + short)
