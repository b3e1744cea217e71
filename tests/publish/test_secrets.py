"""Requirement 10: passwords of databases are masked and removed."""

from __future__ import annotations

from gate.publish._secrets import hide, mask_commands, of_settings, passwords, spellings
from gate.settings import Settings


def test_req_10_every_spelling_of_a_password() -> None:
    found = of_settings(Settings(target_url="postgresql://app:p%40ss%2Fw0rd%21@db:5432/shop"))
    assert {"p%40ss%2Fw0rd%21", "p@ss/w0rd!"} <= set(found)


def test_req_10_passwords_hide_in_urls_of_all_shapes() -> None:
    assert passwords("postgresql+psycopg://u:canary-1@h/d") == ["canary-1"]
    assert passwords("mysql://u:at@sign@h/d") == ["at@sign"]
    assert passwords("postgresql://h/d?user=u&password=canary%202") == ["canary 2"]
    assert passwords("sqlite:///file.db") == []
    assert passwords("postgresql://u@h/d") == []
    assert passwords("//[::1") == []


def test_req_10_secrets_of_the_project_environment() -> None:
    found = of_settings(
        Settings(
            env={"DATABASE_PASSWORD": "hunter2hunter2", "URL": "redis://:canary3@h", "PASS_URL": "{url}", "MODE": "x"}
        )
    )
    assert set(found) == {"hunter2hunter2", "canary3"}


def test_req_10_masks_are_one_line_each() -> None:
    assert mask_commands(spellings(["line one\nline%two"])) == (
        "::add-mask::line%2520one%250Aline%2525two\n::add-mask::line+one%250Aline%2525two\n"
        "::add-mask::line one\n::add-mask::line%25two\n"
    )


def test_req_10_removed_from_every_text() -> None:
    raw = {"a": ["x hunter2hunter2 y", {"b": "hunter2hunter2"}], "n": 5}
    assert hide(raw, ("hunter2hunter2",)) == {"a": ["x *** y", {"b": "***"}], "n": 5}


def test_a_weak_password_is_hidden_as_a_word_only() -> None:
    """The service container's ``postgres`` must not garble ``postgresql``, nor a password ``pass`` the verdict."""
    assert hide("postgresql://postgres:postgres@db", ("postgres",)) == "postgresql://***:***@db"
    assert hide({"verdict": "pass", "message": "it did pass"}, ("pass",)) == {
        "verdict": "pass",
        "message": "it did ***",
    }


def test_nothing_secret_changes_nothing() -> None:
    raw = {"a": 1}
    assert hide(raw, ()) is raw
