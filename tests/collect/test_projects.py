"""Which environments a repository holds: every shape of configuration, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect.projects import find_projects, settings_for
from gate.errors import UsageError
from gate.facts.history import Project
from gate.settings import Settings

ENV = "from alembic import context\n\ncontext.run_migrations()\n"
FLASK = "from alembic import context\nfrom flask import current_app\n\ncontext.run_migrations()\n"
REVISION = "revision = 'a'\ndown_revision = None\n"


def ini(location: str, more: str = "") -> str:
    return f"[alembic]\nscript_location = {location}\n{more}"


def repository(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def found(folder: Path, files: dict[str, str], **settings: object) -> list[Project]:
    return list(find_projects(Settings(repo=str(repository(folder, files)), **settings)))  # type: ignore[arg-type]


def test_the_usual_project(tmp_path: Path) -> None:
    """alembic.ini at the root: name, folders and URL are read from it."""
    files = {
        "alembic.ini": ini("alembic", "sqlalchemy.url = sqlite:///a.db\nprepend_sys_path = .\n"),
        "alembic/env.py": ENV,
        "alembic/versions/a.py": REVISION,
    }
    assert found(tmp_path, files) == [
        Project(
            name="alembic",
            kind="ini",
            config="alembic.ini",
            script_location="alembic",
            version_locations=("alembic/versions",),
            directory=".",
            prepend_sys_path=(".",),
            url="sqlite:///a.db",
        )
    ]


def test_a_config_in_a_sub_folder_is_started_from_there(tmp_path: Path) -> None:
    """A relative script location says where the process starts."""
    files = {
        "backend/alembic.ini": ini("app/alembic"),
        "backend/app/__init__.py": "",
        "backend/app/alembic/env.py": ENV,
    }
    (one,) = found(tmp_path, files)
    assert (one.name, one.directory, one.script_location) == ("backend", "backend", "backend/app/alembic")


def test_here_separators_and_several_version_locations(tmp_path: Path) -> None:
    """%(here)s, path_separator and a location that is not there."""
    more = "version_locations = %(here)s/m/versions;%(here)s/more;%(here)s/gone\npath_separator = ;\n"
    files = {
        "alembic.ini": ini("%(here)s/m", more),
        "m/env.py": ENV,
        "m/versions/a.py": REVISION,
        "more/b.py": REVISION,
    }
    (one,) = found(tmp_path, files)
    assert one.version_locations == ("m/versions", "more")
    assert one.notes == ("version location gone does not exist",)


@pytest.mark.parametrize(
    ("separator", "text"),
    [
        ("", "m/versions more"),
        ("", "m/versions, more"),
        ("version_path_separator = :\n", "m/versions:more"),
        ("path_separator = space\n", "m/versions more"),
        ("path_separator = newline\n", "\n    m/versions\n    more"),
    ],
)
def test_every_way_to_separate_locations(tmp_path: Path, separator: str, text: str) -> None:
    """Alembic's separators and its legacy splitting."""
    files = {
        "alembic.ini": ini("m", f"version_locations = {text}\n{separator}"),
        "m/versions/a.py": REVISION,
        "more/b.py": REVISION,
    }
    (one,) = found(tmp_path, files)
    assert one.version_locations == ("m/versions", "more")


def test_pyproject_with_an_ini_for_url_and_logging(tmp_path: Path) -> None:
    """The usual pair is one project, and the URL comes from the ini."""
    files = {
        "pyproject.toml": '[tool.alembic]\nscript_location = "%(here)s/m"\nrecursive_version_locations = true\n',
        "alembic.ini": "[alembic]\nsqlalchemy.url = sqlite:///a.db\n",
        "m/env.py": ENV,
    }
    (one,) = found(tmp_path, files)
    assert (one.kind, one.config, one.url, one.recursive) == ("pyproject", "pyproject.toml", "sqlite:///a.db", True)


def test_two_sections_are_two_projects_and_one_can_be_picked(tmp_path: Path) -> None:
    """Each section with scripts is a project, named by its section."""
    text = "[core]\nscript_location = %(here)s/core\n[tenant]\nscript_location = %(here)s/tenant\n"
    files = {"db/alembic.ini": text, "db/core/env.py": ENV, "db/tenant/env.py": ENV}
    assert [one.name for one in found(tmp_path, files)] == ["core", "tenant"]
    assert [one.name for one in found(tmp_path, files, project="tenant")] == ["tenant"]
    with pytest.raises(UsageError, match="there is no project 'other'") as error:
        found(tmp_path, files, project="other")
    assert error.value.advice == "Found: core, tenant."


def test_sections_of_several_databases_are_one_project(tmp_path: Path) -> None:
    """The multi-database template's engine sections hold no scripts."""
    files = {
        "alembic.ini": ini("m", "databases = a, b\n[a]\nsqlalchemy.url = sqlite://\n[b]\nsqlalchemy.url = sqlite://\n"),
        "m/env.py": ENV,
    }
    assert [one.section for one in found(tmp_path, files)] == ["alembic"]


def test_a_test_section_and_a_second_file_for_the_same_scripts_are_no_projects(tmp_path: Path) -> None:
    """[test] and production.ini name the same scripts with another URL."""
    files = {
        "alembic.ini": "[test]\nscript_location = m\n" + ini("m"),
        "production.ini": ini("m"),
        "m/env.py": ENV,
        "m/versions/a.py": REVISION,
    }
    assert [(one.config, one.section) for one in found(tmp_path, files)] == [("alembic.ini", "alembic")]


def test_flask_migrate(tmp_path: Path) -> None:
    """migrations/alembic.ini without script_location; the factory is found in the code."""
    files = {
        "migrations/alembic.ini": "[alembic]\n",
        "migrations/env.py": FLASK,
        "shop/__init__.py": "from flask import Flask\n\ndef create_app():\n    return Flask(__name__)\n",
    }
    (one,) = found(tmp_path, files)
    assert (one.kind, one.directory, one.script_location, one.entry) == ("flask", ".", "migrations", "shop:create_app")


@pytest.mark.parametrize("place", [".flaskenv", "Dockerfile", "docker-compose.yml"])
def test_flask_app_is_taken_from_whoever_says_it(tmp_path: Path, place: str) -> None:
    """FLASK_APP in files that start the application outranks the code."""
    said = {
        ".flaskenv": "FLASK_APP=serve.py\n",
        "Dockerfile": "FROM x\nENV FLASK_APP=serve.py\n",
        "docker-compose.yml": "services:\n  web:\n    environment:\n      FLASK_APP: serve.py\n",
    }[place]
    files = {"migrations/alembic.ini": "[alembic]\n", "migrations/env.py": FLASK, "serve.py": "", place: said}
    assert found(tmp_path, files)[0].entry == "serve.py"


def test_an_ini_that_is_a_template(tmp_path: Path) -> None:
    """{alembic_dir} is filled at run time: the scripts beside it are taken, and the report says so."""
    files = {"hub/__init__.py": "", "hub/alembic.ini": ini("{alembic_dir}"), "hub/alembic/env.py": ENV}
    (one,) = found(tmp_path, files)
    assert (one.script_location, one.directory) == ("hub/alembic", ".")
    assert one.notes == ("script_location is filled by a program ({alembic_dir}); taken to be hub/alembic",)


def test_a_config_made_in_code(tmp_path: Path) -> None:
    """No config file: the env.py is found, and every version folder that holds revisions."""
    base = "nova/db/migration"
    files = {
        "nova/__init__.py": "",
        "nova/db/__init__.py": "",
        f"{base}/env.py": ENV,
        f"{base}/versions/a/expand/a.py": REVISION,
        f"{base}/versions/a/contract/b.py": REVISION,
    }
    (one,) = found(tmp_path, files)
    assert (one.kind, one.config, one.directory) == ("script-location", None, ".")
    assert one.version_locations == (f"{base}/versions/a/contract", f"{base}/versions/a/expand")


def test_ten_projects_and_their_names(tmp_path: Path) -> None:
    """A monorepo: one project each, named by folder."""
    files = {f"services/s{number}/alembic.ini": ini("migrations") for number in range(10)}
    files |= {f"services/s{number}/migrations/env.py": ENV for number in range(10)}
    assert [one.name for one in found(tmp_path, files)] == [f"services/s{number}" for number in range(10)]


def test_entries_of_the_settings(tmp_path: Path) -> None:
    """projects: names, other folders, and settings of their own above the file's."""
    files = {"a/alembic.ini": ini("m"), "a/m/env.py": ENV, "b/alembic.ini": ini("m"), "b/m/env.py": ENV}
    entries = ({"name": "one", "config": "a/alembic.ini", "env": {"X": "1"}}, {"name": "two", "working-directory": "b"})
    settings = Settings(repo=str(repository(tmp_path, files)), projects=entries, env={"Y": "2"})
    projects = find_projects(settings)
    assert [(one.name, one.directory) for one in projects] == [("one", "a"), ("two", "b")]
    assert settings_for(settings, projects[0]).env == {"X": "1", "Y": "2"}


def test_an_unknown_key_of_an_entry_names_the_nearest(tmp_path: Path) -> None:
    """A typing error is no silent default."""
    with pytest.raises(UsageError, match="unknown key confg") as error:
        found(tmp_path, {"a/alembic.ini": ini("m")}, projects=({"name": "one", "confg": "a/alembic.ini"},))
    assert error.value.advice == "Did you mean config?"


@pytest.mark.parametrize(
    ("files", "settings", "sentence"),
    [
        ({"README.md": ""}, {}, "no Alembic environment found"),
        (
            {"tests/alembic.ini": ini("m"), "tests/m/env.py": ENV},
            {},
            "the only Alembic environments are those of tests",
        ),
        ({"README.md": ""}, {"config": "x.ini"}, "there is no file x.ini"),
        ({"x.ini": "[other]\n"}, {"config": "x.ini"}, "holds no Alembic environment"),
        ({"x.ini": ini("m")}, {"config": "x.ini", "section": "core"}, "has no section 'core'"),
        ({"pyproject.toml": "[project]\n"}, {"config": "pyproject.toml"}, r"has no \[tool.alembic\] table"),
        ({"README.md": ""}, {"script_location": "m"}, "there is no folder m"),
        ({"README.md": ""}, {"working_directory": "x"}, "there is no such folder"),
        ({"alembic.ini": "script_location\n[alembic\n"}, {}, "cannot be read"),
        ({"README.md": ""}, {"factory": "a:b"}, "no script folder"),
    ],
)
def test_nothing_to_judge_is_a_sentence(
    tmp_path: Path, files: dict[str, str], settings: dict[str, str], sentence: str
) -> None:
    """Nothing found is never a pass: a usage error with an advice."""
    with pytest.raises(UsageError, match=sentence) as error:
        found(tmp_path, files, **settings)
    assert error.value.advice


def test_environments_of_other_people_are_not_looked_at(tmp_path: Path) -> None:
    """Dependencies, virtual environments and a link that loops."""
    files = {
        "alembic.ini": ini("m"),
        "m/env.py": ENV,
        "node_modules/x/alembic.ini": ini("m"),
        "my-env/pyvenv.cfg": "",
        "my-env/alembic.ini": ini("m"),
        ".hidden/alembic.ini": ini("m"),
    }
    repository(tmp_path, files)
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert [one.config for one in found(tmp_path, {})] == ["alembic.ini"]


def test_a_file_that_is_not_utf_8_is_read_all_the_same(tmp_path: Path) -> None:
    """A Latin-1 comment does not hide the project."""
    repository(tmp_path, {"m/env.py": ENV})
    (tmp_path / "alembic.ini").write_bytes(b"# \xe9\n" + ini("m").encode())
    assert [one.config for one in found(tmp_path, {})] == ["alembic.ini"]


@pytest.mark.parametrize(
    ("env", "notes"),
    [(ENV, ("alembic.ini has no script_location; taken to be migrations",)), (FLASK, ())],
    ids=["Alembic itself refuses", "Flask-Migrate never writes one"],
)
def test_a_missing_script_location_is_an_assumption(tmp_path: Path, env: str, notes: tuple[str, ...]) -> None:
    """``alembic -c`` stops without one unless a program sets it, so the report says what was taken."""
    files = {"alembic.ini": "[alembic]\n", "migrations/env.py": env, "migrations/versions/a.py": REVISION}
    (one,) = found(tmp_path, files)
    assert (one.script_location, one.notes) == ("migrations", notes)
