"""The made-up company, written once, and what a test needs to look at it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from helpers.sources.demo import write_company
from helpers.sources.demo.compare import read_planted
from helpers.sources.demo.life import Life, live
from helpers.sources.demo.settings import Scale

SMALL = {"accounts": 130, "months": 7}


@dataclass(frozen=True)
class Written:
    """A company on disk, the life behind it, and its events as a table of DuckDB."""

    folder: Path
    life: Life
    db: duckdb.DuckDBPyConnection

    def frame(self, sql: str) -> pd.DataFrame:
        return self.db.sql(sql).df()

    def csv(self, name: str, **options: object) -> pd.DataFrame:
        return pd.read_csv(self.folder / name, **options)  # type: ignore[call-overload]

    @property
    def planted(self) -> pd.DataFrame:
        return read_planted(self.folder).set_index("key")

    def date(self, day: int) -> str:
        return self.life.scale.date(day).isoformat()


def _open(folder: Path, scale: Scale) -> Written:
    """Clean events as an analyst would see them: one row an id, in local days."""
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    db.execute(
        f"""CREATE TABLE ev AS
        SELECT *, CAST(lt AS DATE) AS d FROM (
            SELECT org_id AS a, user_id AS u, event_name AS e, area AS f, session_id AS s,
                   duration_ms, amount, event_uuid AS id,
                   timezone('Europe/Berlin', event_time) AS lt
            FROM '{folder}/product/events/part-*.parquet'
            WHERE org_id IS NOT NULL AND org_id <> 'BD-99999999' AND event_name <> 'legacy_widget'
            QUALIFY row_number() OVER (PARTITION BY event_uuid ORDER BY event_time DESC) = 1)
        WHERE lt < TIMESTAMP '2026-07-01'"""
    )
    return Written(folder, live(scale), db)


@pytest.fixture(scope="session")
def brightdesk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    """The company as everybody gets it: 600 accounts, 15 months."""
    folder = tmp_path_factory.mktemp("demo") / "brightdesk"
    write_company(folder)
    written = _open(folder, Scale())
    yield written
    written.db.close()


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    """A company that is written in a second."""
    folder = tmp_path_factory.mktemp("demo") / "small"
    write_company(folder, **SMALL)  # type: ignore[arg-type]
    written = _open(folder, Scale(**SMALL))
    yield written
    written.db.close()


@pytest.fixture(scope="session")
def large() -> Life:
    """The life of 20,000 accounts, without their events: for what is true in expectation."""
    return live(Scale(accounts=20_000, seed=11))
