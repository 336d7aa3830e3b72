"""An Apache Spark cluster: the workers read the clean parquet files themselves.

For events that fit no single machine. The folder of the run has to be one that all workers see
under the same path; frames go to the cluster and results come back as arrow tables. Only SQL is
sent, so that the workers need no Python.
"""

import contextlib
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pandas as pd

from helpers.engine.arrow_engine import ArrowEngine, plain
from helpers.engine.dialect import SPARK
from helpers.errors import MachineError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SparkEngine"]

_STARTED = {
    "spark.app.name": "playbook",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
_SESSION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # an overflow is an error, not a wrong number
    "spark.sql.caseSensitive": "false",
}


class SparkEngine(ArrowEngine):
    """A session of a Spark application, which is shared if this process has one already.

    Parameters
    ----------
    master : str
        Such as ``"spark://host:7077"``, ``"yarn"`` or ``"local[2]"``.
    options : mapping, optional
        Settings of Spark by their names, e.g. ``{"spark.executor.memory": "4g"}``; they count
        where the application is started here.

    Raises
    ------
    MachineError
        If the application cannot be started.

    Notes
    -----
    Each table is computed once and kept by the executors, in memory or on their disks. An
    executor that is lost takes its parts with it and the run has to be repeated.
    """

    dialect = SPARK

    def __init__(self, master: str, options: Mapping[str, str] | None = None) -> None:
        super().__init__()
        with _quiet():
            self._spark, self._started = _open(master, dict(options or {}))
        for name, value in _SESSION.items():
            self._spark.conf.set(name, value)

    @property
    def session(self) -> Any:
        """The Spark session, for what is more than SQL."""
        return self._spark

    def close(self) -> None:
        """Forget the tables; end the application if it was started here."""
        for name in self.names:
            self.drop(name)
        if self._started:
            self._spark.stop()

    def _view(self, name: str, path: Path) -> None:
        self._spark.read.parquet(f"file://{path}").createOrReplaceTempView(name)

    def _insert(self, name: str, frame: pd.DataFrame) -> None:
        import pyarrow as pa

        rows = pa.Table.from_pandas(frame, preserve_index=False)
        with _quiet():
            self._spark.createDataFrame(rows).createOrReplaceTempView(name)

    def _table(self, name: str, sql: str) -> None:
        self._spark.sql(sql).localCheckpoint(eager=True).createOrReplaceTempView(name)

    def _derive(self, name: str, sql: str) -> None:
        self._spark.sql(sql).createOrReplaceTempView(name)

    def _drop(self, name: str) -> None:
        self._spark.catalog.dropTempView(name)

    def _value(self, sql: str) -> int | float | str | None:
        row = self._spark.sql(sql).first()
        return plain(None if row is None else row[0])

    def _arrow(self, sql: str) -> "pa.Table":
        """Return the rows of a query; decimals, which DuckDB would make doubles, as doubles."""
        import pyarrow as pa

        with _quiet():
            rows: pa.Table = self._spark.sql(sql).toArrow()
        plain = [
            field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field
            for field in rows.schema
        ]
        return rows.cast(pa.schema(plain))


def _open(master: str, options: dict[str, str]) -> tuple[Any, bool]:
    """Return a session of its own, and whether the application was started for it."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    if running is not None:
        return running.newSession(), False
    with tempfile.TemporaryFile() as said:
        try:
            return _start(master, {**_STARTED, **options}, said), True
        except (Py4JError, PySparkException, RuntimeError, OSError) as error:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            java = os.environ.get("JAVA_HOME", "not set")
            raise MachineError(
                f"Spark cannot be started with master {master!r}: {_first_line(error)} "
                f"{' '.join(lines[-1:])} Is the master up, and is Java 17 or 21 on the PATH or in "
                f"JAVA_HOME ({java})?"
            ) from None


def _start(master: str, settings: dict[str, str], said: IO[bytes]) -> Any:
    """Start the application; what its process says goes to a file, not into a notebook."""
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    conf = SparkConf().setMaster(master)
    for name, value in settings.items():
        conf = conf.set(name, value)
    if SparkContext._gateway is None:
        gateway = launch_gateway(conf, {"stdout": said, "stderr": said})
        SparkContext._ensure_initialized(gateway=gateway, conf=conf)
    return SparkSession.builder.config(conf=conf).getOrCreate().newSession()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let pyspark's remark on pandas pass: no frame of pandas goes through its hands here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        yield


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
