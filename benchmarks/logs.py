"""Event logs of any size: the made-up company's own streaming mode, written as clean tables.

The company is lived through portion by portion of 100 accounts; each portion goes to disk before
the next is made, so that a log may be larger than memory. Written are the tables that the features
of usage read: accounts, users, events and the catalogue of features. Events are sorted by account
and time inside a portion. The other tables grow with the accounts, not with the events; what they
cost shows in the first table of ``python -m benchmarks``.
"""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpers.artifacts import Run
from helpers.config import load_config
from helpers.contract import TABLES
from helpers.sources.demo.anomalies import plan_anomalies
from helpers.sources.demo.company import Made, make_chunk
from helpers.sources.demo.crm import key
from helpers.sources.demo.life import Life, live
from helpers.sources.demo.product import catalogue_table, events_table, users_table
from helpers.sources.demo.settings import END, Scale

__all__ = ["open_log", "write_log"]

ROOT = Path(__file__).resolve().parents[1]
CLEAN = "01_data_audit"
EVENTS_AN_ACCOUNT = 4_110  # of the company's 15 months, about
_TIME = {"date": "datetime64[us]", "timestamp": "datetime64[us, UTC]"}
_EMPTY = {"id": "string", "text": "string", "number": "float64", "integer": "Int64",
          "boolean": "boolean", **_TIME}  # fmt: skip
ROW_GROUP = 122_880  # as DuckDB writes them


def open_log(folder: Path) -> Run:
    """Return the run whose clean tables :func:`write_log` has written."""
    return Run(ROOT, "bench", folder)


def write_log(folder: Path, n_events: int) -> int:
    """Write a company with about so many events; return how many there are."""
    scale = Scale(accounts=max(50, round(n_events / EVENTS_AN_ACCOUNT)))
    life = live(scale)
    plan = plan_anomalies(life)
    run = open_log(folder)
    target = run.target(CLEAN, "events")
    users: list[pd.DataFrame] = []
    rows = 0
    writer: pq.ParquetWriter | None = None
    for number in range(scale.n_chunks):
        made = make_chunk(life, plan, number)
        table = _events(life, made)
        writer = writer or pq.ParquetWriter(target, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=ROW_GROUP)
        users.append(_users(life, made))
        rows += len(table)
    if writer is not None:
        writer.close()
    _write_small(run, life, pd.concat(users, ignore_index=True))
    return rows


def _events(life: Life, made: Made) -> pa.Table:
    """Events of one portion under the names and types of the contract, sorted."""
    raw = events_table(life, made.chunk, made.people, made.events)
    table = pa.table(
        {
            "account_id": raw["org_id"],
            "event": raw["event_name"],
            "occurred_at": raw["event_time"],
            "user_id": raw["user_id"],
            "event_id": raw["event_uuid"].cast(pa.string()),
            "feature": raw["area"],
            "session_id": raw["session_id"].cast(pa.string()),
            "duration_s": pc.divide(raw["duration_ms"].cast(pa.float64()), 1000.0),
            "value": raw["amount"],
        }
    )
    return table.sort_by([("account_id", "ascending"), ("occurred_at", "ascending")])


def _users(life: Life, made: Made) -> pd.DataFrame:
    raw = pd.DataFrame(users_table(life, made.chunk, made.people))
    removed = pd.to_numeric(raw["deactivated_ms"], errors="coerce")
    return pd.DataFrame(
        {
            "user_id": raw["user_id"],
            "account_id": raw["org_id"],
            "role": raw["role"],
            "department": raw["department"],
            "created_at": _moment(raw["created_ms"]),
            "deactivated_at": _moment(removed),
            "is_admin": (raw["admin"] == "Y").astype("boolean"),
            "is_champion": (raw["champion"] == "Y").astype("boolean"),
        }
    )


def _moment(milliseconds: pd.Series) -> pd.Series:
    return pd.to_datetime(milliseconds, unit="ms", utc=True).astype("datetime64[us, UTC]")


def _write_small(run: Run, life: Life, users: pd.DataFrame) -> None:
    """Write accounts, users and catalogue, and the settings of the run."""
    start = pd.Timestamp(life.scale.start, tz="UTC") + pd.Timedelta(hours=8)
    signed_up = start + pd.to_timedelta(life.signup_day, unit="D")
    accounts = pd.DataFrame(
        {
            "account_id": [key(int(number)) for number in life.ids],
            "signed_up_at": signed_up.astype("datetime64[us, UTC]"),
        }
    )
    for column in TABLES["accounts"].columns:
        if column.name not in accounts:
            accounts[column.name] = pd.Series(None, accounts.index, _EMPTY[column.kind])
    catalogue = pd.DataFrame(catalogue_table()).replace("", pd.NA)
    for flag in ("core", "premium"):
        catalogue[flag] = (catalogue[flag] == "true").astype("boolean")
    text = ["event", "feature", "kind", "milestone"]
    run.write(CLEAN, "accounts", accounts.sort_values("account_id", ignore_index=True))
    run.write(CLEAN, "users", users.sort_values(["account_id", "created_at"], ignore_index=True))
    run.write(CLEAN, "feature_catalogue", catalogue.astype(dict.fromkeys(text, "string")))
    config = load_config(ROOT / "config" / "demo.yaml")
    run.save_config(config.with_as_of(END))
