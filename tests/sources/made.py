"""A tiny company on disk: what most tests of the reader start from."""

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.config import CompanyConfig
from helpers.sources import Reading, read_company

ACCOUNTS = "account_id,signed_up_at,name\nA1,2024-01-01,Acme\nA2,2024-01-02,Bolt\n"
EVENTS = (
    "account_id,event,occurred_at\n"
    "A1,login,2024-03-01T08:00:00Z\n"
    "A2,login,2024-03-01T09:00:00Z\n"
    "A1,export,2024-03-02T10:00:00Z\n"
)
AS_OF = dt.date(2024, 3, 3)


def config(
    *, accounts: Any = None, events: Any = None, time_zone: str = "UTC", **rest: Any
) -> CompanyConfig:
    """A configuration; extra keywords are further tables or top-level settings."""
    top = ("ids", "roles", "analysis", "thresholds", "max_quarantine_share", "parameters",
           "freshness", "catalogue")  # fmt: skip
    sources = {
        "accounts": accounts or {"files": "accounts.csv"},
        "events": events or {"files": "events.csv"},
        **{name: value for name, value in rest.items() if name not in top},
    }
    settings = {name: value for name, value in rest.items() if name in top}
    company = {"name": "Test", "currency": "EUR", "time_zone": time_zone}
    return CompanyConfig.model_validate(
        {"version": 1, "company": company, "sources": sources, **settings}
    )


def write(folder: Path, **files: str | bytes) -> Path:
    """Write files named by keyword, ``_`` before the ending standing for a dot."""
    folder.mkdir(parents=True, exist_ok=True)
    content: dict[str, str | bytes] = {"accounts_csv": ACCOUNTS, "events_csv": EVENTS, **files}
    for key, text in content.items():
        name = ".".join(key.rsplit("_", 1))
        data = text if isinstance(text, bytes) else text.encode("utf-8")
        (folder / name).write_bytes(data)
    return folder


def read(folder: Path, company: CompanyConfig | None = None, **rest: Any) -> Reading:
    """Read the company in ``folder``; clean tables go to ``<folder>-out``."""
    rest.setdefault("as_of", AS_OF)
    return read_company(company or config(), folder, out_of(folder), **rest)


def out_of(folder: Path) -> Path:
    """Where :func:`read` writes."""
    return folder.with_name(folder.name + "-out")


def clean(folder: Path, table: str = "events") -> pd.DataFrame:
    """The clean table that :func:`read` wrote."""
    return pd.read_parquet(out_of(folder) / f"{table}.parquet")


def reasons(reading: Reading, table: str = "events") -> dict[str, int]:
    """Quarantine reasons of a table with their counts."""
    mine = reading.quarantine[reading.quarantine["table"] == table]
    return mine["reason"].value_counts().sort_index().to_dict()


def rules(reading: Reading, table: str = "events") -> dict[str, int]:
    """Issues of a table: rule to rows."""
    mine = reading.issues[reading.issues["table"] == table]
    return dict(zip(mine["rule"], mine["n_rows"], strict=True))


def counts(reading: Reading, table: str = "events") -> dict[str, int]:
    """The reconciliation of a table."""
    row = reading.reconciliation.set_index("table").loc[table]
    return {name: int(row[name]) for name in row.index}


LENIENT = {"max_quarantine_share": 1.0, "max_orphan_share": 1.0}
"""Thresholds under which nothing stops the reading."""
