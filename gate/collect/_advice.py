"""A project failure's text as one clear sentence and an advice: which line to add where.

Every row stands for a failure seen in real projects. The project's text is untrusted: it is quoted, cut, and escaped
where it is printed. Rows are tried in order; the first that fits speaks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Say = Callable[[re.Match[str]], tuple[str, str]]
LONGEST = 400  # characters of project text that are quoted

SERVICES = {
    "6379": "Redis",
    "5672": "RabbitMQ",
    "11211": "Memcached",
    "9200": "Elasticsearch",
    "27017": "MongoDB",
    "9092": "Kafka",
    "5432": "PostgreSQL",
    "3306": "MySQL",
    "4222": "NATS",
    "8500": "Consul",
    "8123": "ClickHouse",
}
PACKAGES = {
    "MySQLdb": "mysqlclient",
    "yaml": "PyYAML",
    "dotenv": "python-dotenv",
    "PIL": "Pillow",
    "jose": "python-jose",
    "flask_migrate": "Flask-Migrate",
    "flask_sqlalchemy": "Flask-SQLAlchemy",
    "psycopg2": "psycopg2-binary",
    "sqlalchemy_utils": "SQLAlchemy-Utils",
    "geoalchemy2": "GeoAlchemy2",
    "pgvector": "pgvector",
    "jwt": "PyJWT",
    "alembic_utils": "alembic-utils",
    "mysql": "mysql-connector-python",
    "environ": "environ-config or django-environ",
    "pkg_resources": "setuptools<81",
}
_INSTALL = (
    "Install the project whole: name its interpreter with --python PATH, or say how with `install:` in "
    ".alembic-gate.yml."
)


@dataclass(frozen=True)
class Row:
    """A pattern over kind, text and output (joined by lines) and what is said of a match."""

    pattern: str
    say: Say


def explain(kind: str, text: str, output: str) -> tuple[str, str]:
    """What went wrong, and what to do. ``output`` is the tail of the output and the traceback."""
    whole = f"{kind}: {text}\n{output}"
    for row in ROWS:
        match = re.search(row.pattern, whole, re.IGNORECASE | re.MULTILINE)
        if match:
            return row.say(match)
    advice = "Run `alembic current` in the same environment to see the same error."
    return f"the project's own code failed: {kind}: {_cut(text)}", advice


def missing_variable(kind: str, text: str) -> tuple[str, str] | None:
    """A variable that a revision itself asks for: which, and the line that sets it. None for every other failure.

    By capital letters only: a missing key of a dictionary is the revision's own mistake.
    """
    rows = (row for row in ROWS if row.say is _variable)
    matches = (re.search(row.pattern, f"{kind}: {text}", re.MULTILINE) for row in rows)
    return next((_variable(match) for match in matches if match), None)


def _cut(text: str) -> str:
    first = " ".join(text.split())
    return first if len(first) <= LONGEST else first[: LONGEST - 1] + "…"


def _env(name: str, value: str = "...") -> str:
    return f"Add to .alembic-gate.yml: `env: {{{name}: {value}}}`"


def value_for(name: str) -> str:
    """A value that passes validation: a template where the name is one of the database's, else a placeholder."""
    upper = name.upper()
    for mark, template in (
        ("DATABASE_URL", "{url}"),
        ("DATABASE_URI", "{url}"),
        ("DB_URL", "{url}"),
        ("DSN", "{url}"),
        ("DB_URI", "{url}"),
        ("HOST", "{host}"),
        ("PORT", "{port}"),
        ("PASSWD", "{password}"),
        ("PASSWORD", "{password}"),
        ("USER", "{user}"),
        ("POSTGRES_DB", "{database}"),
        ("DB_NAME", "{database}"),
        ("DBNAME", "{database}"),
        ("DATABASE", "{database}"),
        ("SERVER", "{host}"),
    ):
        related = any(word in upper for word in ("DB", "DATABASE", "POSTGRES", "PG", "MYSQL", "MARIA", "SQL"))
        if mark in upper and (related or mark == "DSN"):
            return f"'{template}'"
    return "http://localhost" if upper.endswith(("_URL", "_URI")) else "unused-in-the-gate"


def _validation(found: re.Match[str]) -> tuple[str, str]:
    """Pydantic's settings: every missing field at once, each with a line to paste."""
    names = re.findall(
        r"^([A-Za-z_][\w.]*)[ \t]*\n[ \t]+(?:Field required|field required|Input should|Value error)",
        found[0],
        re.MULTILINE,
    )
    names = list(dict.fromkeys(name.split(".")[0] for name in names))
    if not names:
        said = found[0].partition("Traceback (most recent call last)")[0]
        return f"the project's settings are not valid: {_cut(said)}", _env("NAME")
    lines = ", ".join(f"{name}: {value_for(name)}" for name in names)
    return (
        f"the project's settings want {len(names)} value{'s' if len(names) > 1 else ''}: {', '.join(names)}",
        f"Add to .alembic-gate.yml: `env: {{{lines}}}` (templates in braces are filled with the scratch "
        f"database's parts).",
    )


def _variable(found: re.Match[str]) -> tuple[str, str]:
    name = found["name"]
    return f"the project wants the variable {name}", _env(name, value_for(name))


def _module(found: re.Match[str]) -> tuple[str, str]:
    name = found["name"]
    package = PACKAGES.get(name.split(".")[0], name.split(".")[0].replace("_", "-"))
    what = f"the module {name} is not in the project's environment"
    return (
        what,
        f"If it is a library: add {package} to the dependencies. If it is the project's own: `pythonpath: "
        f"[folder]`. {_INSTALL}",
    )


def _refused(found: re.Match[str]) -> tuple[str, str]:
    parts = {name: text or "" for name, text in found.groupdict().items()}
    port = parts["port"] or parts.get("port2", "")
    service = SERVICES.get(port, "a service") if port else "a service"
    if "redis" in found[0].lower():
        service = "Redis"
    place = f"{parts['host'] or parts.get('host2') or 'localhost'}:{port}" if port else "its address"
    return (
        f"the project needs {service} when it is imported, and {place} refused the connection",
        f"Start {service} beside the gate (in a workflow: `services:`; inside a container its host is the "
        f"service's name, "
        "not localhost) and name it with `env:`; or let env.py import the models without the application.",
    )


def _says(what: str, advice: str) -> Say:
    return lambda _: (what, advice)


def _quotes(what: str, advice: str) -> Say:
    return lambda found: (what.format(**{name: _cut(text or "") for name, text in found.groupdict().items()}), advice)


BOOTSTRAP = (
    "If the first tables are made outside of the revisions, say how: `bootstrap: base-ref`, a command, or a .sql file."
)

ROWS: Sequence[Row] = (
    Row(r"validation errors? for \w+(?:.*\n?)*", _validation),
    Row(r"redis\.exceptions\.\w*ConnectionError: .*?connecting to (?P<host>[\w.-]+):(?P<port>\d+)", _refused),
    Row(
        r"redis\.exceptions\.\w*(?:Connection|Timeout)Error",
        _says(
            "the project needs Redis when it is imported, and it does not answer",
            "Start Redis beside the gate (in a workflow: `services:`) and name it with `env:`.",
        ),
    ),
    Row(
        r"(?:Connection ?refused|connect call failed|Can't connect to|Error 111|could not connect|getaddrinfo failed"
        r"|Name or service not known|nodename nor servname)[^\n]*?(?:\('(?P<host>[\w.:-]+)', (?P<port>\d+)\)"
        r"|(?P<host2>[\w.-]+):(?P<port2>\d{2,5}))",
        _refused,
    ),
    Row(
        r"EOFError: EOF when reading|click\.exceptions\.Abort|\bAbort: |termios\.error|Aborted!",
        lambda found: (
            "the project asks a question on the terminal" + _prompt(found.string),
            "Answer it by a variable or a flag of the project (`env:`), or give an entry that does not ask: "
            "`factory:`.",
        ),
    ),
    Row(
        r"requires that the Python 'greenlet' library is installed|the greenlet library is required",
        _says(
            "SQLAlchemy's asyncio needs greenlet, which is not installed",
            "Add sqlalchemy[asyncio] to the project's dependencies: SQLAlchemy 2.1 no longer brings greenlet.",
        ),
    ),
    Row(
        r"asyncio\.run\(\) cannot be called from a running event loop|This event loop is already running",
        _says(
            "env.py calls asyncio.run inside a loop that already runs",
            "Something imported by env.py starts an event loop; start it only in the application's entry.",
        ),
    ),
    Row(
        r"NoReferencedTableError: .*?could not find table '(?P<name>[^']+)'",
        _quotes(
            "the models refer to table {name}, which no imported module defines",
            "Import that module in env.py, or name it in the settings: `import: [package.models]`.",
        ),
    ),
    Row(
        (
            r"Can't load plugin: sqlalchemy\.dialects:(?P<name>[\w.]+)|No module named '?(?P<other>MySQLdb|psycopg2"
            r"|psycopg|asyncpg|pymysql|aiomysql|asyncmy|aiosqlite|mariadb|pg8000)\b"
        ),
        lambda found: (
            f"the database driver {found['other'] or found['name']} is not in the project's environment",
            f"Add {PACKAGES.get(found['other'] or '', found['other'] or found['name'])} to the project's "
            f"dependencies. {_INSTALL}",
        ),
    ),
    Row(
        (
            r"Could not locate a Flask application|Failed to find Flask application|has no (?:app or application"
            r"|Flask-Migrate extension)"
        ),
        _says(
            "the Flask application was not found",
            "Name it: `flask: package.module:create_app` (or FLASK_APP under `env:`).",
        ),
    ),
    Row(
        r"^.*(?:set up an application context with app\.app_context|Working outside of application context)",
        _says("env.py wants a Flask application context", "Name the application: `flask: package.module:create_app`."),
    ),
    Row(r"(?:ModuleNotFoundError|ImportError): No module named '?(?P<name>[\w.]+)", _module),
    Row(
        (
            r"(?:ImportError|ModuleNotFoundError): cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)' "
            r"\(unknown location\)"
        ),
        _quotes(
            "{name} cannot be imported from {module}: a folder of that name hides the package",
            "Name the folder that holds the package: `pythonpath: [folder]`, or `working-directory`.",
        ),
    ),
    Row(
        r"ImportError: (?P<text>(?:cannot import name|lib[\w.+-]+: cannot open shared object)[^\n]*)",
        _quotes("an import fails: {text}", f"The installed versions do not fit the project. {_INSTALL}"),
    ),
    Row(
        r"No 'script_location' key found|Path doesn't exist: '?(?P<path>[^\n'.]*)",
        _quotes(
            "the Alembic config names no script folder that exists: {path}",
            "Name it: --script-location DIR, or how the Config is made: `factory: module:callable`.",
        ),
    ),
    Row(
        r"TypeError: 'NoneType' object is not iterable(?:.|\n)*fileConfig|fileConfig(?:.|\n)*TypeError: 'NoneType'"
        r"|KeyError: 'formatters'|RuntimeError: None is an invalid file",
        _says(
            "env.py configures logging from an ini file that has no logging sections",
            "Name the project's ini with --config, or guard it: if config.config_file_name is not None: "
            "fileConfig(...).",
        ),
    ),
    Row(
        r"invalid interpolation syntax in (?P<text>[^\n]*)",
        _quotes(
            "a value with % was put into the Alembic config: {text}",
            "Double it: config.set_main_option('sqlalchemy.url', url.replace('%', '%%')).",
        ),
    ),
    Row(
        r"KeyError: '(?:sqlalchemy\.)?url'|Could not parse SQLAlchemy URL|Expected string or URL object, got None"
        r"|Neither SQLALCHEMY_DATABASE_URI nor|Either 'SQLALCHEMY_DATABASE_URI' or",
        _says(
            "the project was given no database URL",
            "Name its variable with a template: `env: {DATABASE_URL: '{url}'}`, or in parts: {driver} {host} {port} "
            "{user} {password} {database}.",
        ),
    ),
    Row(r"in __getitem__(?:.*\n)+?.*KeyError: '(?P<name>[A-Z][A-Z0-9_]{2,})'", _variable),
    Row(
        (
            r"(?:KeyError: '|Environment variable |UndefinedValueError: |ImproperlyConfigured: Set the "
            r"|EnvError: Environment variable |"
            r"EnvironmentVariableError: "
            r"|Missing (?:required )?environment variable:? ?)\"?'?(?P<name>[A-Z][A-Z0-9_]{2,})\b"
        ),
        _variable,
    ),
    Row(
        (
            r"(?:\b(?P<name>[A-Z][A-Z0-9]*_[A-Z0-9_]+)\b[^\n]{0,40}(?:must be set|is required|not set"
            r"|is not defined|missing|environment variable))"
        ),
        _variable,
    ),
    Row(
        r"extension \"?(?P<name>[\w-]+)\"? is not available",
        _quotes(
            "the scratch server has no extension {name}",
            "Give a server that has it: --database-url, for instance a service container.",
        ),
    ),
    Row(
        r"schema \"(?P<name>\w+)\" does not exist",
        _quotes("the schema {name} is not there", "Make it first: `init-sql: CREATE SCHEMA ...` in .alembic-gate.yml."),
    ),
    Row(
        r"(?:no such table:? |relation \"|NoSuchTableError: |Table ')(?P<name>[\w.]+)",
        _quotes("the table {name} is not there when the project starts or the first revision runs", BOOTSTRAP),
    ),
    Row(
        (
            r"syntax error at or near \"(?P<name>[^\"]*)\""
            r"|You have an error in your SQL syntax[^\n]*near '(?P<other>[^'\n]*)"
        ),
        _quotes(
            "the server does not understand the SQL near {name}{other}",
            "Is it written for another kind of database? Name the right one: --database KIND[:VERSION].",
        ),
    ),
    Row(
        r"alembic-gate: (?P<text>[^\n]+)|Refused: (?P<other>[^\n]+)",
        _quotes(
            "a connection was refused: {text}{other}",
            "Only the scratch databases may be opened; connect through SQLAlchemy's engine.",
        ),
    ),
    Row(
        r"Can't locate revision identified by '(?P<name>[^']+)'",
        _quotes(
            "a revision is named that no file has: {name}", "Restore its file; after a squash, stamp to the new base."
        ),
    ),
    Row(
        r"(?:PermissionError|Read-only file system)[^\n]*?'(?P<name>[^'\n]+)'",
        _quotes(
            "the project may not write {name}",
            "Point it into the private copy with `env:`, or make the folder with `files:`.",
        ),
    ),
    Row(
        r"FileNotFoundError: [^\n]*?'(?P<name>[^'\n]+)'",
        _quotes(
            "the project wants the file {name}",
            "Write it for the gate: `files:` in .alembic-gate.yml, path and content.",
        ),
    ),
    Row(
        r"^SystemExit: ?(?P<text>[^\n]*)",
        _quotes(
            "the project ended the process itself: exit {text}",
            "See its last output below; set what it asks for with `env:`.",
        ),
    ),
    Row(
        r"SyntaxError: (?P<text>[^\n]*)",
        _quotes(
            "the project's code is not valid in this Python: {text}",
            "Name the Python that it is written for: python-version or --python.",
        ),
    ),
)


def _prompt(output: str) -> str:
    """The last line that reads like a question."""
    lines = [line.strip() for line in output.splitlines() if line.strip().endswith(("?", ":", "]", "]:"))]
    asked = [line for line in lines if not line.startswith(("File ", "Traceback", "EOFError", "click."))]
    return f": {_cut(asked[-1])}" if asked else ""
