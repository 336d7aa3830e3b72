"""The same past with another future: what a leak probe compares with."""

import numpy as np
import pandas as pd

from helpers.contract import TABLES
from tests.company import ZONE

__all__ = ["other_future"]


def _known(frame: pd.DataFrame, column: str, begins: pd.Timestamp) -> pd.Series:
    if frame[column].dt.tz is None:
        begins = begins.tz_localize(None)
    return frame[column] < begins


def other_future(
    tables: dict[str, pd.DataFrame],
    cutoff: pd.Timestamp,
    seed: int,
    how: str,
    *,
    zone: str = ZONE,
) -> dict[str, pd.DataFrame]:
    """Change everything dated on or after the cutoff: drop it, or replace and multiply it."""
    begins = cutoff.tz_localize(zone)
    rng = np.random.default_rng(seed)
    changed = {}
    for name, frame in tables.items():
        contract = TABLES[name]
        if contract.when is None:
            changed[name] = frame
            continue
        past = frame[_known(frame, contract.when, begins)].copy()
        for column in contract.columns:
            if column.known_on is None:
                continue
            later = ~_known(past, column.known_on, begins)
            if how == "drop":
                past.loc[later, column.name] = pd.NA
            elif column.kind in ("number", "integer"):
                past.loc[later, column.name] = 1.0
            elif column.kind in ("timestamp", "date"):
                moved = past.loc[later, column.name] + pd.Timedelta(days=3)
                past.loc[later, column.name] = moved
        parts = [past]
        if how == "replace" and len(frame):
            future = frame.iloc[rng.integers(0, len(frame), 40)].copy()
            shift = pd.to_timedelta(rng.integers(0, 60, 40), unit="D")
            start = begins.tz_convert("UTC")
            dates = start + shift
            if contract.column(contract.when).kind == "date":
                dates = dates.tz_localize(None).ceil("D")
            future[contract.when] = dates
            for column in contract.columns:
                if column.known_on is not None and column.kind in ("timestamp", "date"):
                    future[column.name] = future[contract.when] + pd.Timedelta(days=1)
            for key in contract.key:
                if key in ("user_id", "ticket_id", "invoice_id", "event_id"):
                    future[key] = [f"new-{name}-{index}" for index in range(40)]
            parts.append(future)
        changed[name] = pd.concat(parts, ignore_index=True)
    return changed
