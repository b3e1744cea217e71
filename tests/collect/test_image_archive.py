"""Built images read from archives and layouts: layers, white-outs, links, limits.

Nothing is started, nothing escapes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from gate.collect import _image_archive
from gate.collect._tar import zstd
from tests.collect.image_cases import PROJECT, REVISIONS, answer

Layer = Mapping[str, str | None]
CONFIG = {"config": {"WorkingDir": "/app", "Env": ["PATH=/usr/bin"], "Cmd": ["alembic", "upgrade", "head"]}}
WHOLE = {f"app/{name}": text for name, text in PROJECT.items()}


def layer(files: Layer) -> bytes:
    """A layer; a name that ends in ``@`` is a link, in ``/`` a folder."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name.rstrip("@/"))
            info.mode = 0o755 if name.endswith("/") else 0o644
            info.type = (
                tarfile.SYMTYPE if name.endswith("@") else tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            )
            info.linkname = text or "" if name.endswith("@") else ""
            raw = (text or "").encode() if info.isreg() else b""
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return out.getvalue()


def saved(path: Path, layers: Sequence[Layer], config: object = CONFIG) -> None:
    """``docker save``."""
    with tarfile.open(path, "w") as archive:
        names = [f"{number}/layer.tar" for number in range(len(layers))]
        parts = {
            "c.json": json.dumps(config).encode(),
            "manifest.json": json.dumps([{"Config": "c.json", "Layers": names}]).encode(),
        }
        for name, raw in {**parts, **{name: layer(one) for name, one in zip(names, layers, strict=True)}}.items():
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))


def layout(path: Path, layers: Sequence[Layer], compress: Callable[[bytes], bytes] = gzip.compress) -> None:
    """An OCI layout with an index of platforms and compressed layers."""
    blobs = path / "blobs/sha256"
    blobs.mkdir(parents=True)

    def blob(raw: bytes) -> dict[str, str]:
        name = hashlib.sha256(raw).hexdigest()
        (blobs / name).write_bytes(raw)
        return {"digest": f"sha256:{name}", "mediaType": "application/octet-stream"}

    manifest = {
        "config": blob(json.dumps(CONFIG).encode()),
        "layers": [blob(compress(layer(one))) for one in layers],
    }
    inner = {"manifests": [{**blob(json.dumps(manifest).encode()), "platform": {"architecture": "amd64"}}]}
    (path / "index.json").write_text(json.dumps({"manifests": [blob(json.dumps(inner).encode())]}))


def judged(root: Path, layers: Sequence[Layer], **said: str) -> tuple[str, str | None, tuple[str, ...]]:
    """Verdict, reason and missing files of a saved image."""
    saved(root / "image.tar", layers)
    found = answer(root, {}, image="image.tar", **said)
    return found.verdict, found.reason, found.missing


def test_whole_image(tmp_path: Path) -> None:
    """Everything at its place."""
    assert judged(tmp_path, [WHOLE]) == ("fine", None, ())


def test_newest_revision_missing(tmp_path: Path) -> None:
    """The silent failure: an older head would be reported as success."""
    rest = {name: text for name, text in WHOLE.items() if "0002" not in name}
    assert judged(tmp_path, [rest]) == ("broken", "never_copied", (REVISIONS[1],))


def test_white_out_and_opaque(tmp_path: Path) -> None:
    """A white-out deletes one file, an opaque folder what lower layers brought."""
    assert judged(tmp_path, [WHOLE, {"app/migrations/versions/.wh.0002_b.py": ""}])[2] == (REVISIONS[1],)
    both = {"app/migrations/versions/new.txt": "x", "app/migrations/versions/.wh..wh..opq": ""}
    assert judged(tmp_path, [WHOLE, both])[2] == REVISIONS


def test_same_revision_with_other_text(tmp_path: Path) -> None:
    """A revision is known by its id; that its text differs is a note."""
    saved(tmp_path / "image.tar", [{**WHOLE, f"app/{REVISIONS[0]}": PROJECT[REVISIONS[0]] + "# older\n"}])
    found = answer(tmp_path, {}, image="image.tar")
    assert (found.verdict, [note.text for note in found.notes]) == (
        "fine",
        [f"/app/{REVISIONS[0]} differs from {REVISIONS[0]}, but is the same revision"],
    )


def test_links_and_traversal(tmp_path: Path) -> None:
    """Links are followed inside the image only; names never lead outside of it."""
    moved = {name.replace("app/migrations", "srv/m"): text for name, text in WHOLE.items()}
    assert judged(tmp_path, [{**moved, "app/migrations@": "../../../srv/m"}]) == ("fine", None, ())
    assert judged(tmp_path, [{**moved, "app/migrations@": "/nowhere"}])[1] == "symlink_outside"
    assert judged(tmp_path, [{f"../../{name}": text for name, text in WHOLE.items()}]) == ("fine", None, ())
    assert judged(tmp_path, [{**moved, "app/migrations@": "migrations"}])[0] == "broken"
    assert not (tmp_path.parent / "app").exists()


def test_layout_and_archive(tmp_path: Path) -> None:
    """An OCI layout as a folder and as an archive."""
    layout(tmp_path / "oci", [WHOLE])
    assert answer(tmp_path, {}, image="oci").verdict == "fine"
    with tarfile.open(tmp_path / "oci.tar", "w") as archive:
        archive.add(tmp_path / "oci", ".")
    assert answer(tmp_path, {}, image="oci.tar").verdict == "fine"


@pytest.mark.parametrize("raw", [b"", b"no archive", b"\x1f\x8b\x08broken", b"{" * 5000])
def test_no_archive(raw: bytes, tmp_path: Path) -> None:
    """What cannot be read is a cannot-tell with what to do."""
    (tmp_path / "x.tar").write_bytes(raw)
    found = answer(tmp_path, {}, image="x.tar")
    assert (found.verdict, bool(found.message), bool(found.settle)) == ("cannot-tell", True, True)


def test_missing_archive(tmp_path: Path) -> None:
    """A path that is not there."""
    assert answer(tmp_path, {}, image="nope.tar").message == "there is no image archive nope.tar"


def test_cause_from_the_dockerfile(tmp_path: Path) -> None:
    """Where the model agrees that a file is missing, its reason and line are told."""
    rest = {name: text for name, text in WHOLE.items() if "0002" not in name}
    saved(tmp_path / "image.tar", [rest])
    files = {"Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\n", ".dockerignore": "x\n**/0002*\n"}
    found = answer(tmp_path, files, image="image.tar")
    assert (found.verdict, found.reason, found.path, found.line, found.level) == (
        "broken",
        "ignored",
        ".dockerignore",
        2,
        "inspection",
    )


def test_user_that_may_not_read(tmp_path: Path) -> None:
    """The image's own user, by the names of its passwd."""
    saved(tmp_path / "image.tar", [WHOLE], {"config": {"WorkingDir": "/app", "User": "app"}})
    assert answer(tmp_path, {}, image="image.tar").verdict == "fine"


def test_zstd(tmp_path: Path) -> None:
    """Layers as ``docker buildx build --output type=oci,compression=zstd`` writes them, and an archive compressed whole."""
    layout(tmp_path / "oci", [WHOLE, {f"app/{REVISIONS[1]}": PROJECT[REVISIONS[1]]}], zstd.compress)
    assert answer(tmp_path, {}, image="oci").verdict == "fine"
    with tarfile.open(tmp_path / "oci.tar", "w") as archive:
        archive.add(tmp_path / "oci", ".")
    (tmp_path / "oci.tar.zst").write_bytes(zstd.compress((tmp_path / "oci.tar").read_bytes()))
    assert answer(tmp_path, {}, image="oci.tar.zst").verdict == "fine"
    layout(tmp_path / "rest", [{name: text for name, text in WHOLE.items() if "0002" not in name}], zstd.compress)
    assert answer(tmp_path, {}, image="rest").missing == (REVISIONS[1],)


@pytest.mark.parametrize("compress", [gzip.compress, zstd.compress])
def test_bombs(compress: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small layer that unpacks to too much, or whose headers would, is a cannot-tell before it is read."""
    monkeypatch.setattr(_image_archive, "MOST_BYTES", 50_000_000)
    layout(tmp_path / "bytes", [{"zeros": "0" * 60_000_000}], compress)
    found = answer(tmp_path, {}, image="bytes")
    assert (found.verdict, found.message) == ("cannot-tell", "the archive is too large to be read")
    layout(tmp_path / "header", [{**WHOLE, "n" * 3_000_000: ""}], compress)
    found = answer(tmp_path, {}, image="header")
    assert (found.verdict, found.message) == ("cannot-tell", "the archive has an extended header that is too large")


def test_broken_zstd(tmp_path: Path) -> None:
    """A layer that stops half-way is a cannot-tell."""
    layout(tmp_path / "oci", [WHOLE], lambda raw: zstd.compress(raw)[:-40])
    found = answer(tmp_path, {}, image="oci")
    assert (found.verdict, found.settle) == (
        "cannot-tell",
        "pass the output of `docker save`, an OCI archive or an OCI layout",
    )
