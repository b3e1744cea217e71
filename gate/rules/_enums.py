"""What a change of an enumerated type's column leaves out."""

from __future__ import annotations

from gate.rules._columns import TypeEdit
from gate.sql import _types


def values_removed(edit: TypeEdit) -> tuple[str, ...]:
    """The labels of the column's enumerated type that its new type lacks; empty when either is no enumerated type.

    What is no enumerated type any more takes the labels as text: how long it may be, narrowing-column-type knows.
    """
    if edit.before is None:
        return ()
    labels = _types.members(edit.before.type)
    if labels:  # MySQL and MariaDB write the labels into the column's type
        left = _types.members(edit.type)
        return tuple(label for label in labels if label not in left) if left else ()
    old = edit.statement.before.enums.get(edit.before.type.removeprefix("public."))
    new = edit.statement.before.enums.get(edit.type.removeprefix("public."))
    if old is None or new is None:
        return ()
    return tuple(label for label in old.values if label not in new.values)
