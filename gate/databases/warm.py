"""``python -m gate.databases.warm``: initialises the data directories once, when the action's image is built."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from gate.databases.base import open_server
from gate.errors import GateError


def main(cache_dir: Path, kinds: tuple[str, ...] = ("postgresql", "mariadb")) -> int:
    """Start and stop each kind of server; what it initialised stays in the cache."""
    for kind in kinds:
        with tempfile.TemporaryDirectory() as workdir:
            Path(workdir).chmod(0o711)
            try:
                with open_server(kind, None, None, cache_dir=cache_dir, workdir=Path(workdir), progress=_say) as server:
                    _say(f"{kind} {server.server.version_text} is ready")
            except GateError as error:
                _say(f"{kind}: {error}")
                return error.exit_code
    return 0


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    import os

    sys.exit(main(Path(os.environ["ALEMBIC_GATE_CACHE"])))
