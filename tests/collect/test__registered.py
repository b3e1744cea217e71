"""The project's metadata without its build."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from gate.collect._registered import register


def test_version_and_entry_points_are_found(tmp_path: Path) -> None:
    """As importlib.metadata reads them."""
    register(
        tmp_path,
        {
            "project": {
                "name": "my-shop",
                "version": "1.2",
                "entry-points": {"shop.plugins": {"a": "shop.a:A"}},
                "scripts": {"shop": "shop:main"},
            }
        },
    )
    (found,) = metadata.distributions(path=[str(tmp_path)])
    assert (found.metadata["Name"], found.version) == ("my-shop", "1.2")
    assert sorted((one.group, one.name) for one in found.entry_points) == [
        ("console_scripts", "shop"),
        ("shop.plugins", "a"),
    ]


def test_what_is_installed_is_left_alone_and_odd_names_too(tmp_path: Path) -> None:
    """No second dist-info, no path out of the folder; a dynamic version is 0.0.0."""
    (tmp_path / "shop-1.dist-info").mkdir()
    register(tmp_path, {"project": {"name": "shop", "version": "2"}})
    register(tmp_path, {"project": {"name": "../evil", "version": "2"}})
    register(tmp_path, {})
    assert [path.name for path in tmp_path.iterdir()] == ["shop-1.dist-info"]
    register(tmp_path, {"tool": {"poetry": {"name": "other", "version": "../../x"}}})
    assert (tmp_path / "other-0.0.0.dist-info").is_dir()
