"""Makes the project's Alembic ``Config``, the way the project itself is entered."""

import importlib
import importlib.util
import os
import sys


def config_for(project, url):
    """The Config of one project: from its ini, its pyproject.toml, its Flask application, or its own factory."""
    prepare_path(project)
    tell_oslo(url)
    if project["kind"] == "factory":
        return _from_factory(project, url)
    if project["kind"] == "flask":
        return _from_flask(project, url)
    return _from_files(project, url)


def prepare_path(project):
    """What the project asks for comes first; its folder last, as a net for projects that count on the shell's."""
    here = os.getcwd()
    first = [os.path.abspath(one) for one in project.get("pythonpath", ())]
    first += [os.path.abspath(one) for one in project.get("prepend_sys_path", ())]
    if project["kind"] in ("flask", "factory"):
        first.append(here)
    sys.path[:0] = [one for one in first if one not in sys.path]
    if here not in sys.path:
        sys.path.append(here)


def tell_oslo(url):
    """OpenStack's projects take the URL from oslo.config, whose files are not there: give it as the default."""
    if not url or importlib.util.find_spec("oslo_db") is None:
        return
    try:
        from oslo_config import cfg
        from oslo_db import options

        options.set_defaults(cfg.CONF, connection=url)
    except Exception:  # another generation of oslo.db: its own error says what is missing
        pass


def _from_files(project, url):
    from alembic.config import Config

    options = {}
    if project.get("toml"):
        options["toml_file"] = project["toml"]
    config = Config(project.get("ini"), ini_section=project.get("section") or "alembic", **options)
    _options(config, project, url)
    if url and project.get("own_ini"):
        config.set_main_option("url", url.replace("%", "%%"))  # what the project's own code may call it in its Config
    return config


def _from_factory(project, url):
    module, _, name = project["entry"].partition(":")
    config = getattr(importlib.import_module(module), name or "config")
    config = config() if callable(config) else config
    if url and not config.get_main_option("sqlalchemy.url"):
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    _command_options(config)
    return config


def _from_flask(project, url):
    """Flask-Migrate's Config inside an application context that stays open for the rest of the process."""
    application = flask_application(project["entry"] or os.environ.get("FLASK_APP"))
    context = application.app_context()
    context.push()
    migrate = application.extensions.get("migrate")
    if migrate is None:
        raise LookupError("the Flask application has no Flask-Migrate extension: Migrate(app, db) was not called on it")
    directory = project.get("flask_directory") or getattr(migrate, "directory", "migrations")
    migrate = getattr(migrate, "migrate", migrate)
    config = migrate.get_config(directory, x_arg=None) if hasattr(migrate, "get_config") else None
    if config is None:
        raise LookupError("this version of Flask-Migrate gives no Config")
    _command_options(config)
    return config


def flask_application(entry):
    """The application as ``flask --app`` finds it: ``module``, ``file.py``, ``module:name``, ``module:factory('x')``."""
    try:
        from flask.cli import ScriptInfo, load_dotenv
    except ImportError:
        return _older_flask_application(entry or "app")
    os.environ["FLASK_RUN_FROM_CLI"] = "true"  # as ``flask`` does: some applications patch sockets otherwise
    try:
        load_dotenv()
    except Exception:  # a broken .env is the application's to report
        pass
    return ScriptInfo(entry).load_app()


def _older_flask_application(entry):
    """The application behind ``module:name``, for Flask before 0.11; a factory is called without arguments."""
    module, _, name = entry.partition(":")
    found = importlib.import_module(module)
    names = [name] if name else ["app", "application", "create_app", "make_app"]
    for one in names:
        thing = getattr(found, one.rstrip("()"), None)
        if thing is not None:
            return thing if hasattr(thing, "app_context") else thing()
    raise LookupError("%s has no %s" % (module, " or ".join(names)))


def _options(config, project, url):
    if project.get("script_location"):
        config.set_main_option("script_location", project["script_location"].replace("%", "%%"))
    for name, value in (project.get("options") or {}).items():
        config.set_main_option(name, value.replace("%", "%%"))
    if url and not _fits(config, url):
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    _command_options(config)


def _fits(config, url):
    """Does the project's own URL name this kind of database? Then it stays, driver and all: connections are redirected."""
    try:
        own = config.get_main_option("sqlalchemy.url") or ""
    except Exception:  # an interpolation that only the project's start-up code fills
        return False
    return (
        own.split(":")[0].split("+")[0].replace("postgres", "postgresql").replace("postgresqlql", "postgresql")
        == url.split(":")[0].split("+")[0]
    )


def _command_options(config):
    """What env.py files read from the command line's options: ``-x`` arguments and the name of the command."""
    from argparse import Namespace

    if getattr(config, "cmd_opts", None) is None:
        config.cmd_opts = Namespace(
            x=None,
            raiseerr=True,
            quiet=False,
            name=None,
            config=config.config_file_name,
            autogenerate=False,
            sql=False,
            tag=None,
        )
    elif not hasattr(config.cmd_opts, "x"):
        config.cmd_opts.x = None
