"""A tiny made-up company, already clean: the tables that a data audit would hand on.

``write_run(tmp_path)`` gives a :class:`helpers.artifacts.Run` in which every contract table
lies under ``01_data_audit``. Account ``acc-01`` is steady, ``acc-02`` grows, and so on in the
order of ``KINDS``; with more accounts the kinds repeat. Same arguments, same tables.
"""

import functools
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers.artifacts import Run
from helpers.config import CompanyConfig
from helpers.contract import TABLES
from tests.company_events import EVENTS, USERS, ZONE, catalogue, local_time, make_events
from tests.company_side import side_tables

__all__ = ["AS_OF", "EVENTS", "KINDS", "ZONE", "clean", "make_config", "make_tables", "write_run"]

AS_OF = pd.Timestamp("2026-07-01")
KINDS = (
    "steady",  # the same amount of use every week
    "growing",
    "declining",  # loses 7 % a week in the last 20 weeks
    "low",  # the same small amount of use every week
    "new",  # signed up 40 days before AS_OF
    "silent",  # never an event
    "churned",  # left 70 days before AS_OF
    "returned",  # left and came back
    "opted_out",
    "trial",  # signed up 20 days before AS_OF, unpaid
    "weekend",  # uses the product on Saturdays and Sundays, and at night
    "power",  # many users, all features
)

_ROLES = {
    "signup": ["signed_up"],
    "login": ["login"],
    "invite": ["user_invited"],
    "error": ["error_shown"],
    "pricing_page": ["pricing_page_viewed"],
    "competitor_search": ["competitor_comparison_searched"],
    "export": ["export_run"],
    "integration": ["integration_used"],
    "upload": ["file_uploaded"],
    "help": ["help_article_viewed"],
    "learning": ["webinar_attended"],
    "community": ["community_posted"],
    "collaboration": ["comment_added", "user_invited"],
    "setup": ["email_verified", "profile_completed", "project_created"],
    "limit_hit": ["limit_reached"],
    "security": ["login_failed"],
}


def make_config(**analysis: Any) -> CompanyConfig:
    """Return the configuration of the tiny company; keywords replace settings of `analysis`."""
    return CompanyConfig.model_validate(
        {
            "version": 1,
            "company": {"name": "Tiny & Sons", "currency": "EUR", "time_zone": ZONE},
            "sources": {name: {"files": f"{name}.csv"} for name in TABLES},
            "roles": _ROLES,
            "analysis": {"as_of": AS_OF.date().isoformat(), **analysis},
        }
    )


def make_tables(
    *, n_accounts: int = 12, weeks: int = 40, seed: int = 11, as_of: pd.Timestamp = AS_OF
) -> dict[str, pd.DataFrame]:
    """Return every contract table of the company, typed and sorted as after the data audit."""
    made = _make_tables(n_accounts, weeks, seed, as_of)
    return {name: frame.copy() for name, frame in made.items()}


@functools.lru_cache(maxsize=8)
def _make_tables(
    n_accounts: int, weeks: int, seed: int, as_of: pd.Timestamp
) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    accounts = _accounts(n_accounts, weeks, as_of, rng)
    users = _users(accounts, as_of, rng)
    outcomes = _outcomes(accounts, as_of)
    tables = {
        "accounts": accounts.drop(columns=["archetype"]),
        "users": users,
        "events": make_events(accounts, users, as_of, rng),
        "outcomes": outcomes,
        "feature_catalogue": catalogue(),
        **side_tables(accounts, users, as_of, rng),
    }
    return {name: clean(name, tables[name]) for name in TABLES if name in tables}


def write_run(
    folder: Path,
    tables: Mapping[str, pd.DataFrame] | None = None,
    *,
    without: Collection[str] = (),
    config: CompanyConfig | None = None,
) -> Run:
    """Write the tables as those of `01_data_audit` and return the run to work in.

    ``without`` names contract tables that the company does not have: no file, not an empty one.
    """
    tables = make_tables() if tables is None else tables
    run = Run(folder, "tiny", folder / "stage")
    kept = {name: tables[name] for name in TABLES if name in tables and name not in without}
    for name, frame in kept.items():
        run.write("01_data_audit", name, clean(name, frame))
    counts = [len(frame) for frame in kept.values()]
    run.write(
        "01_data_audit",
        "reconciliation",
        pd.DataFrame(
            {
                "table": list(kept),
                "rows_in": counts,
                "rows_kept": counts,
                "rows_quarantined": 0,
                "rows_duplicate": 0,
            }
        ),
    )
    issue_columns = ["table", "column", "rule", "n_rows", "share", "example", "severity"]
    run.write("01_data_audit", "issues", pd.DataFrame(columns=issue_columns))
    run.save_config(make_config() if config is None else config)
    return run


_DTYPES = {
    "id": "string",
    "text": "string",
    "timestamp": "datetime64[us, UTC]",
    "date": "datetime64[us]",
    "number": "float64",
    "integer": "Int64",
    "boolean": "boolean",
}


def clean(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Give a frame all contract columns, in order and typed, sorted by account and time."""
    contract = TABLES[table]
    columns = {}
    for column in contract.columns:
        values = frame.get(column.name, pd.Series(None, index=frame.index, dtype="object"))
        if column.kind == "timestamp":
            values = pd.to_datetime(values, utc=True)
        columns[column.name] = values.astype(_DTYPES[column.kind])
    typed = pd.DataFrame(columns)
    by = [name for name in ("account_id", contract.when, *contract.key) if name in typed.columns]
    return typed.sort_values(list(dict.fromkeys(by)), kind="stable").reset_index(drop=True)


def _accounts(n: int, weeks: int, as_of: pd.Timestamp, rng: np.random.Generator) -> pd.DataFrame:
    kinds = [KINDS[index % len(KINDS)] for index in range(n)]
    age = {"new": 40, "trial": 20}
    signed = [
        as_of - pd.Timedelta(days=age.get(kind, 7 * weeks - 3 - 2 * (index % 9)))
        for index, kind in enumerate(kinds)
    ]
    size = rng.integers(10, 900, n)
    return pd.DataFrame(
        {
            "account_id": [f"acc-{index + 1:02d}" for index in range(n)],
            "archetype": kinds,
            "signed_up_at": local_time(signed, 9 * 3600 + rng.integers(0, 3600, n)),
            "name": [f"{kind.replace('_', ' ').title()} & Co {i}" for i, kind in enumerate(kinds)],
            "industry": [("Retail", "Software", "Health")[index % 3] for index in range(n)],
            "region": [("EMEA", "Americas")[index % 2] for index in range(n)],
            "employees": size,
            "plan": ["Enterprise" if k == "power" else "Pro" for k in kinds],
            "csm": [("Ana", "Ben")[index % 2] for index in range(n)],
            "mrr": [0.0 if k == "trial" else 100.0 + 10 * i for i, k in enumerate(kinds)],
            "renewal_on": [as_of + pd.Timedelta(days=15 + 20 * index % 330) for index in range(n)],
            "seats": [USERS.get(k, 3) + 3 for k in kinds],
            "storage_gb_limit": [200.0 if k == "power" else 50.0 for k in kinds],
            "api_calls_limit": [10_000.0] * n,
            "opted_out": [k == "opted_out" for k in kinds],
        }
    )


def _users(accounts: pd.DataFrame, as_of: pd.Timestamp, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for account in accounts.itertuples():
        for index in range(USERS.get(account.archetype, 3)):
            joined = account.signed_up_at + pd.Timedelta(days=int(9 * index), minutes=index)
            left = account.archetype == "declining" and index in (0, 4)
            rows.append(
                {
                    "user_id": f"{account.account_id}-u{index + 1}",
                    "account_id": account.account_id,
                    "role": ("owner", "member", "member", "guest")[index % 4],
                    "department": ("Sales", "Finance", "Support")[index % 3],
                    "created_at": joined,
                    "deactivated_at": as_of.tz_localize(ZONE) - pd.Timedelta(days=20 + index)
                    if left
                    else None,
                    "is_admin": index == 1,
                    "is_champion": index == 0,
                }
            )
    users = pd.DataFrame(rows)
    return users[users["created_at"] < as_of.tz_localize(ZONE)]


def _outcomes(accounts: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    rows = []
    for account in accounts.itertuples():
        told = {
            "churned": [(70, "churned", "price")],
            "returned": [(150, "churned", "no budget"), (100, "renewed", "came back")],
            "growing": [(45, "upgraded", "annual plan")],
            "power": [(120, "renewed", None), (30, "upgraded", "more seats")],
            "low": [(200, "downgraded", None)],
        }.get(account.archetype, [])
        for days, outcome, reason in told:
            when = as_of - pd.Timedelta(days=days)
            rows.append((account.account_id, outcome, local_time([when], [12 * 3600])[0], reason))
    frame = pd.DataFrame(rows, columns=["account_id", "outcome", "occurred_at", "reason"])
    change = {"churned": -120.0, "upgraded": 60.0, "downgraded": -30.0, "renewed": 0.0}
    return frame.assign(mrr_change=frame["outcome"].map(change).astype(float))
