"""Holds requests and answers against GitHub's own OpenAPI description (npm ``@octokit/openapi``)."""

from __future__ import annotations

import re
import urllib.parse
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.github.fake_api import Seen
from tests.github.npm import member

VERSION = "23.0.2"


class OpenApi:
    """The description. ``problems`` collects what did not fit."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = member("@octokit/openapi", VERSION, "generated/api.github.com.json")
        resource = Resource(contents=_anchored(self.document), specification=DRAFT202012)
        self.registry: Registry[Any] = Registry().with_resource("urn:api", resource)
        self.problems: list[str] = []
        self.checked = 0

    def check(self, seen: Seen, status: int, answer: Any) -> None:
        """One exchange: path, method, query, body; and a good answer's own shape."""
        operation = self.operation(seen)
        if operation is None:
            self.problems.append(f"{seen.method} /{seen.path}: no such operation")
            return
        self.checked += 1
        self.query(seen, operation)
        if "requestBody" in operation and seen.method != "GET":
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            self.hold(f"{seen.method} /{seen.path} body", schema, seen.body)
        documented = operation["responses"].get(str(status))
        if documented is None:
            if status < 400:
                self.problems.append(f"{seen.method} /{seen.path}: {status} is not documented")
        elif status < 300 and answer is not None and seen.path.endswith("comments") and "/issues/" in seen.path:
            schema = self.resolved(documented)["content"]["application/json"]["schema"]
            self.hold(f"{seen.method} /{seen.path} answer", schema, answer)

    def operation(self, seen: Seen) -> dict[str, Any] | None:
        for template, methods in self.document["paths"].items():
            pattern = re.sub(
                r"\\\{(path|basehead|ref)\\\}",
                ".+",
                re.sub(r"\\\{(?!path|basehead|ref)\w+\\\}", "[^/]+", re.escape(template)),
            )
            if seen.method.lower() in methods and re.fullmatch(pattern, "/" + urllib.parse.unquote(seen.path)):
                return dict(methods[seen.method.lower()])
        return None

    def query(self, seen: Seen, operation: dict[str, Any]) -> None:
        known = {
            one["name"]: one for one in map(self.resolved, operation.get("parameters", [])) if one["in"] == "query"
        }
        for name, text in seen.query.items():
            if name not in known:
                self.problems.append(f"{seen.method} /{seen.path}: no query parameter {name}")
                continue
            schema = known[name]["schema"]
            value: Any = int(text) if schema.get("type") == "integer" and text.isdigit() else text
            self.hold(f"{seen.method} /{seen.path}?{name}", schema, value)

    def resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in value:
            found: Any = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            value = found
        return value

    def hold(self, what: str, schema: dict[str, Any], value: Any) -> None:
        validator = Draft202012Validator(_anchored(schema), registry=self.registry)
        self.problems += [
            f"{what}: {error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)
        ][:3]


def _anchored(value: Any) -> Any:
    """References of the description, and OpenAPI's own ``nullable`` in JSON Schema's words."""
    if isinstance(value, dict):
        plain = {key: _anchored(item) for key, item in value.items()}
        if isinstance(plain.get("$ref"), str) and plain["$ref"].startswith("#"):
            plain["$ref"] = "urn:api" + plain["$ref"]
        return {"anyOf": [plain, {"type": "null"}]} if plain.get("nullable") is True and "type" in plain else plain
    return [_anchored(item) for item in value] if isinstance(value, list) else value
