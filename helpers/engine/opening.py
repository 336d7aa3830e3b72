"""Open the engine that a run's configuration names, on the clean tables of the run."""

import importlib.util
import os
from typing import TypeVar

from helpers.artifacts import Run
from helpers.config.engine import EngineSettings
from helpers.contract import TABLES, required_tables
from helpers.engine.duckdb_engine import DuckDBEngine
from helpers.engine.engine import Engine
from helpers.engine.postgres_engine import PostgresEngine
from helpers.engine.spark_engine import SparkEngine
from helpers.errors import ConfigError

__all__ = ["check_engine", "open_duckdb", "open_engine", "open_remote"]

CLEAN = "01_data_audit"
"""The notebook whose tables are the clean contract tables."""
_LIBRARIES = {"postgres": "psycopg", "spark": "pyspark"}
_Opened = TypeVar("_Opened", bound=Engine)


def open_engine(run: Run, *, memory_limit: str | None = None, threads: int | None = None) -> Engine:
    """Open the configured engine on the clean tables of a run.

    Parameters
    ----------
    run : Run
        Whose ``01_data_audit`` tables become views named as in the contract; a table without a
        source has no view, which is not the same as an empty one. Its configuration says which
        engine.
    memory_limit, threads
        As in :class:`helpers.engine.duckdb_engine.DuckDBEngine`, in place of the configured ones.

    Returns
    -------
    Engine
        To be used as a context manager.

    Raises
    ------
    ConfigError
        If what the engine needs is not installed, or its connection string is not set.
    MachineError
        If the server or the cluster cannot be reached.
    MissingTableError
        If accounts, or events or what does instead, have not been written.
    """
    settings = run.config().engine
    if settings.kind == "duckdb":
        return open_duckdb(run, memory_limit=memory_limit, threads=threads)
    return _with_tables(open_remote(settings), run)


def open_duckdb(
    run: Run, *, memory_limit: str | None = None, threads: int | None = None
) -> DuckDBEngine:
    """Open DuckDB whatever engine is configured: for passes that do not run on the others.

    As :func:`open_engine` otherwise; ``docs/engines.md`` says which passes these are.
    """
    settings = run.config().engine
    engine = DuckDBEngine(
        [run.stage, *run.bases],
        memory_limit=memory_limit or settings.memory_limit,
        threads=threads or settings.threads,
    )
    return _with_tables(engine, run)


def check_engine(settings: EngineSettings) -> None:
    """Say what the configured engine lacks here, before any data are read.

    Raises
    ------
    ConfigError
        If its library is not installed, or the environment variable is not set.
    """
    library = _LIBRARIES.get(settings.kind)
    if library is not None and importlib.util.find_spec(library) is None:
        raise ConfigError(
            f"engine.kind is {settings.kind}, but {library} is not installed. Install it with "
            f"`pip install 'customer-success-playbook[{settings.kind}]'`."
        )
    if settings.kind == "postgres":
        _connection_string(settings)


def open_remote(settings: EngineSettings) -> Engine:
    """Open a PostgreSQL or Spark engine without any table; errors as of :func:`open_engine`."""
    check_engine(settings)
    if settings.kind == "postgres":
        return PostgresEngine(_connection_string(settings))
    return SparkEngine(settings.master or "", settings.options)


def _connection_string(settings: EngineSettings) -> str:
    name = settings.connection_env or ""
    text = os.environ.get(name, "")
    if not text:
        raise ConfigError(
            f"engine.connection_env names the environment variable {name}, which is not set. Set "
            "it to the connection string, e.g. 'host=db user=me dbname=warehouse'."
        )
    return text


def _with_tables(engine: _Opened, run: Run) -> _Opened:
    """Make the run's clean tables readable; close the engine if that fails."""
    try:
        given = [name for name in TABLES if run.has(CLEAN, name)]
        for name in dict.fromkeys([*required_tables(given), *given]):
            engine.view(name, run.path(CLEAN, name))
    except BaseException:
        engine.close()
        raise
    return engine
