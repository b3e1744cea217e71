"""HCL as bake files use it: blocks with lines, and expressions evaluated with bake's common functions.

Syntax: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md ; functions:
https://docs.docker.com/build/bake/stdlib/ . ``python-hcl2`` parses but keeps neither lines nor an expression tree, so
both are read here in one linear pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gate.docker.errors import BuildError, UnknownError
from gate.docker.hcl_collections import For, splat
from gate.docker.hcl_functions import FUNCTIONS, shown, whole
from gate.docker.hcl_tokens import LARGEST, Token, tokens

DEEPEST = 60
MOST_ROWS = 20_000


Expression = Callable[["Scope"], Any]


@dataclass(frozen=True)
class Function:
    """A function of the user. ``rest`` names the list of the arguments beyond ``parameters``."""

    parameters: tuple[str, ...]
    result: Expression
    rest: str = ""

    def values(self, arguments: list[Any]) -> dict[str, Any]:
        """The names that its result is evaluated with."""
        more = {self.rest: arguments[len(self.parameters) :]} if self.rest else {}
        return {**dict(zip(self.parameters, arguments, strict=False)), **more}


@dataclass
class Scope:
    """What names mean: variables (evaluated when asked for) and the user's functions."""

    values: dict[str, Any] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    depth: int = 0
    rows: list[int] = field(default_factory=lambda: [MOST_ROWS])

    def inner(self, values: Mapping[str, Any]) -> Scope:
        """A scope with more names, one level deeper."""
        if self.depth > DEEPEST:
            raise UnknownError("the bake file's expressions go too deep")
        return Scope({**self.values, **values}, self.functions, self.depth + 1, self.rows)

    def row(self, values: Mapping[str, Any]) -> Scope:
        """The scope of one row of a ``for``; all rows of a file are bounded together."""
        self.rows[0] -= 1
        if self.rows[0] < 0:
            raise UnknownError("the bake file's `for` expressions give too many values")
        return self.inner(values)


@dataclass
class Block:
    """A body: attributes with their lines, and blocks by type with their labels."""

    attributes: dict[str, tuple[Expression, int]] = field(default_factory=dict)
    blocks: list[tuple[str, tuple[str, ...], Block, int]] = field(default_factory=list)


def parse(text: str, path: str) -> Block:
    """The top body of an HCL text. Raises ``BuildError`` with the line of what cannot be read."""
    if len(text) > LARGEST:
        raise BuildError("the file is too large", path, 1)
    return _Parser(tokens(text, path, 1), path).body("end")


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[Token], path: str, depth: int = 0) -> None:
        self.tokens, self.path, self.position, self.depth = tokens, path, 0, depth

    def peek(self, skip: bool = False) -> Token:
        while skip and self.tokens[self.position].kind == "newline":
            self.position += 1
        return self.tokens[self.position]

    def take(self, value: str | None = None, skip: bool = False) -> Token:
        token = self.peek(skip)
        if value is not None and token.value != value:
            raise BuildError(f"expected {value!r}, found {str(token.value)[:40]!r}", self.path, token.line)
        self.position += token.kind != "end"
        return token

    def body(self, end: str) -> Block:
        self._deeper()
        block = Block()
        while True:
            token = self.peek(skip=True)
            if token.kind == "end" or token.value == end:
                break
            self._item(block)
        self.depth -= 1
        return block

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise BuildError("the file is nested too deeply", self.path, self.peek().line)

    def _item(self, block: Block) -> None:
        name = self.take()
        if name.kind not in ("name", "string"):
            raise BuildError(f"unexpected {str(name.value)[:40]!r}", self.path, name.line)
        if self.peek().value == "=":
            self.take()
            block.attributes[_label(name)] = (self.expression(), name.line)
            return
        labels: list[str] = []
        while self.peek().kind in ("name", "string"):
            labels.append(_label(self.take()))
        self.take("{")
        block.blocks.append((_label(name), tuple(labels), self.body("}"), name.line))
        self.take("}")

    def expression(self, skip: bool = False) -> Expression:
        self._deeper()
        test = self._binary(0, skip)
        if self.peek(skip).value == "?":
            self.take()
            then = self.expression(True)
            self.take(":", True)
            other = self.expression(True)
            self.depth -= 1
            return lambda scope: then(scope) if test(scope) else other(scope)
        self.depth -= 1
        return test

    _LEVELS = (("||",), ("&&",), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%"))

    def _binary(self, level: int, skip: bool) -> Expression:
        if level == len(self._LEVELS):
            return self._unary(skip)
        left = self._binary(level + 1, skip)
        while self.peek(skip).kind == "op" and self.peek(skip).value in self._LEVELS[level]:
            operator = self.take().value
            left = _operation(operator, left, self._binary(level + 1, skip))
        return left

    def _unary(self, skip: bool) -> Expression:
        self._deeper()
        value = self._signed(skip)
        self.depth -= 1
        return value

    def _signed(self, skip: bool) -> Expression:
        if self.peek(skip).value == "!":
            self.take()
            inner = self._unary(skip)
            return lambda scope: not inner(scope)
        if self.peek(skip).value == "-" and self.peek().kind == "op":
            self.take()
            number = self._unary(skip)
            return lambda scope: -number(scope)
        return self._trailers(self._primary(skip), skip)

    def _trailers(self, value: Expression, skip: bool) -> Expression:
        while self.peek(skip).kind == "op" and self.peek(skip).value in (".", "["):
            opened = self.take().value
            if self.peek().value == "*":
                self.take()
                self.take("]") if opened == "[" else None
                start = self.position
                self._trailers(_constant(None), skip)
                return splat(value, self._again(start, skip))
            if opened == ".":
                value = _index(value, _constant(self.take().value))
            else:
                value = _index(value, self.expression(True))
                self.take("]", True)
        return value

    def _again(self, start: int, skip: bool) -> Callable[[Expression], Expression]:
        """The trailers from a position on, put behind any value."""
        tokens = [*self.tokens[start : self.position], Token("end", "", self.peek().line)]
        return lambda value: _Parser(tokens, self.path, self.depth)._trailers(value, skip)

    def _primary(self, skip: bool) -> Expression:
        token = self.take(skip=skip)
        if token.kind == "string":
            return self._string(token)
        if token.kind == "number":
            return _constant(whole(float(token.value)) if set(token.value) & set(".eE") else int(token.value))
        if token.kind == "name":
            return self._named(token)
        if token.value == "(":
            inner = self.expression(True)
            self.take(")", True)
            return inner
        if token.value == "[":
            return self._list()
        if token.value == "{":
            return self._object()
        raise BuildError(f"unexpected {str(token.value)[:40]!r}", self.path, token.line)

    def _string(self, token: Token) -> Expression:
        parts: list[Expression] = []
        for part in token.value:
            parts.append(
                _constant(part) if isinstance(part, str) else _Parser(part, self.path, self.depth).expression(True)
            )
        filled = [part for part, raw in zip(parts, token.value, strict=True) if raw != ""]
        if len(filled) == 1 and not any(isinstance(raw, str) and raw for raw in token.value):
            return filled[0]
        return lambda scope: "".join(shown(part(scope)) for part in parts)

    def _named(self, token: Token) -> Expression:
        name = token.value
        if name in ("true", "false", "null"):
            return _constant({"true": True, "false": False, "null": None}[name])
        if self.peek().value == "(" and self.peek().kind == "op":
            self.take()
            arguments: list[Expression] = []
            while self.peek(True).value != ")":
                arguments.append(self.expression(True))
                if self.peek(True).value in (",", "..."):
                    self.take()
            self.take(")", True)
            return lambda scope: call(name, [one(scope) for one in arguments], scope, self.path, token.line)
        return lambda scope: _variable(scope, name, self.path, token.line)

    def _list(self) -> Expression:
        if self.peek(True).value == "for":
            return self._for("]")
        items: list[Expression] = []
        while self.peek(True).value != "]":
            items.append(self.expression(True))
            if self.peek(True).value == ",":
                self.take()
        self.take("]", True)
        return lambda scope: [one(scope) for one in items]

    def _object(self) -> Expression:
        if self.peek(True).value == "for":
            return self._for("}")
        pairs: list[tuple[Expression, Expression]] = []
        while self.peek(True).value != "}":
            token = self.peek(True)
            bare = token.kind == "name" and self.tokens[self.position + 1].value in ("=", ":")
            key = _constant(self.take().value) if bare else self.expression()
            self.take()
            pairs.append((key, self.expression()))
            if self.peek(True).value == ",":
                self.take()
        self.take("}", True)
        return lambda scope: {shown(key(scope)): value(scope) for key, value in pairs}

    def _for(self, end: str) -> Expression:
        """``for NAMES in OVER : [KEY =>] VALUE [...] [if CONDITION]`` up to the closing bracket."""
        self.take()
        names = [str(self.take().value)]
        if self.peek(True).value == ",":
            self.take()
            names.append(str(self.take(skip=True).value))
        self.take("in", True)
        over = self.expression(True)
        self.take(":", True)
        value, key, condition = self.expression(True), None, None
        if end == "}":
            self.take("=>", True)
            key, value = value, self.expression(True)
        grouped = self.peek(True).value == "..." and self.take() is not None
        if self.peek(True).value == "if":
            self.take()
            condition = self.expression(True)
        self.take(end, True)
        return For(tuple(names), over, key, value, condition, grouped)


def _label(token: Token) -> str:
    return (
        token.value if isinstance(token.value, str) else "".join(part for part in token.value if isinstance(part, str))
    )


def _constant(value: Any) -> Expression:
    return lambda scope: value


def _index(value: Expression, key: Expression) -> Expression:
    def get(scope: Scope) -> Any:
        whole, name = value(scope), key(scope)
        try:
            return whole[int(name)] if isinstance(whole, list) else whole[name]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise UnknownError(f"the value {name!r} of an expression in the bake file") from error

    return get


def _operation(operator: str, left: Expression, right: Expression) -> Expression:
    def run(scope: Scope) -> Any:
        one = left(scope)
        if operator in ("&&", "||"):
            return bool(one) and bool(right(scope)) if operator == "&&" else bool(one) or bool(right(scope))
        two = right(scope)
        if operator in ("==", "!="):
            return (shown(one) == shown(two) and (one is None) == (two is None)) == (operator == "==")
        try:
            return (
                _ARITHMETIC[operator](float(one), float(two))
                if operator in ("<", ">", "<=", ">=")
                else whole(_ARITHMETIC[operator](float(one), float(two)))
            )
        except (TypeError, ValueError, ZeroDivisionError) as error:
            raise UnknownError(f"`{operator}` in the bake file") from error

    return run


_ARITHMETIC: dict[str, Callable[[float, float], Any]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": lambda a, b: a % b,
}


def _variable(scope: Scope, name: str, path: str, line: int) -> Any:
    if name not in scope.values:
        raise UnknownError(
            f"the bake file's `{name}`", path, line, f"give it with --build-arg {name}=… or write a default"
        )
    value = scope.values[name]
    return value(scope.inner({})) if callable(value) else value


def call(name: str, arguments: list[Any], scope: Scope, path: str, line: int) -> Any:
    """A function of the user or one of bake's standard library."""
    if name in scope.functions:
        own = scope.functions[name]
        return own.result(scope.inner(own.values(arguments)))
    function = FUNCTIONS.get(name)
    try:
        if function is not None:
            return function(*arguments)
    except (TypeError, ValueError, AttributeError, IndexError, KeyError):
        pass
    raise UnknownError(
        f"`{name}()` in the bake file", path, line, "install docker buildx, so that `bake --print` can be asked"
    )
