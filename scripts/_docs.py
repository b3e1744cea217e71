"""Writes the files that come from the modules: pages of docs/, the settings' schema. ``--check`` only compares."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gate.catalogue import PAGES  # noqa: E402  # the checkout, not an installed copy, is documented


def main(arguments: list[str]) -> int:
    stale = [name for name, page in PAGES.items() if _held(name) != page()]
    if "--check" in arguments:
        for name in stale:
            print(f"{name} is out of date: run scripts/docs", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).write_text(PAGES[name](), encoding="utf-8")
        print(f"wrote {name}")
    return 0


def _held(name: str) -> str:
    path = ROOT / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
