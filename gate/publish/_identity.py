"""Who we are on GitHub, and whether a comment is ours.

A marker alone proves nothing: anybody can quote it. The token of a workflow writes as the GitHub Actions app and may
not ask ``GET /user`` (403); a personal token may, and writes as a person (requirement 18).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gate.github.client import ApiError, Client
from gate.github.event import dig
from gate.publish._marker import Marker

ACTIONS = "github-actions"
INSTALLATION_PREFIX = "ghs_"


@dataclass
class Identity:
    """Answers lazily: a thread without our marker costs no request."""

    client: Client
    _user: int | None = None
    _asked: bool = False
    _app: str | None = None

    def wrote(self, comment: Any, marker: Marker) -> bool:
        """Whether the author of ``comment`` (as the API describes it) is the holder of our token."""
        author = dig(comment, int, "user", "id")
        user = self.user()
        if user is not None:
            return author == user
        slug = dig(comment, str, "performed_via_github_app", "slug")
        return (
            dig(comment, str, "user", "type") == "Bot"
            and slug is not None
            and slug == (self._app or marker.app or ACTIONS)
        )

    def user(self) -> int | None:
        """The id of the person (or bot) behind a personal token; None for the token of an app."""
        if not self._asked:
            self._asked = True
            self._user = None if self.client.token.startswith(INSTALLATION_PREFIX) else self._ask()
        return self._user

    def _ask(self) -> int | None:
        try:
            return dig(self.client.get("user"), int, "id")
        except ApiError as error:
            if error.status in (401, 403, 404) and not error.limited:
                return None
            raise

    def learn(self, posted: Any) -> str | None:
        """The slug of the app that our own posting shows us to be, when it is another one than GitHub Actions."""
        self._asked = True
        self._user = dig(posted, int, "user", "id") if dig(posted, str, "user", "type") == "User" else self._user
        slug = dig(posted, str, "performed_via_github_app", "slug")
        self._app = slug if dig(posted, str, "user", "type") == "Bot" else None
        return None if self._app == ACTIONS else self._app
