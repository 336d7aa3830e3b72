"""Companies of a few rows, written out in a test, and what is computed from them."""

import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.config import CompanyConfig
from helpers.engine import open_engine, stage
from helpers.features import build_features, build_labels
from tests.company import AS_OF, ZONE, make_config, write_run

__all__ = ["at", "day", "events_on", "features_of", "labels_of", "one", "with_config"]


def at(days_before: float, hour: float = 12.0) -> pd.Timestamp:
    """Return an hour of the day (Berlin) so many days before the tiny company's as-of date."""
    wall = AS_OF - pd.Timedelta(days=days_before) + pd.Timedelta(hours=hour)
    return wall.tz_localize(ZONE).tz_convert("UTC")


def day(days_before: int) -> pd.Timestamp:
    """Return a date so many days before the as-of date."""
    return AS_OF - pd.Timedelta(days=days_before)


def events_on(
    account: str, ages: Sequence[int], event: str = "task_created", **columns: Any
) -> pd.DataFrame:
    """Return one event at noon on each of the days, counted back from the as-of date."""
    rows = {"account_id": account, "event": event, "occurred_at": [at(age) for age in ages]}
    return pd.DataFrame({**rows, **columns})


def with_config(roles: Mapping[str, Any] | None = None, **analysis: Any) -> CompanyConfig:
    """Return the tiny company's configuration with other roles."""
    config = make_config(**analysis)
    if roles is None:
        return config
    return config.model_copy(update={"roles": config.roles.model_copy(update=dict(roles))})


def features_of(
    tables: Mapping[str, pd.DataFrame],
    dates: Sequence[pd.Timestamp] = (AS_OF,),
    *,
    config: CompanyConfig | None = None,
    without: Collection[str] = (),
    windows_days: Sequence[int] = (30, 60, 90),
    threads: int | None = None,
) -> pd.DataFrame:
    """Write the tables into a run of their own and build the features."""
    config = make_config() if config is None else config
    with tempfile.TemporaryDirectory() as folder:
        run = write_run(Path(folder), tables, without=without, config=config)
        with open_engine(run, threads=threads) as engine:
            history = stage(engine, config)
            return build_features(
                engine, dates, config=config, history=history, windows_days=windows_days
            )


def labels_of(
    tables: Mapping[str, pd.DataFrame],
    dates: Sequence[pd.Timestamp],
    *,
    config: CompanyConfig | None = None,
    without: Collection[str] = (),
    horizon_days: int = 90,
    lead_days: int = 0,
) -> pd.DataFrame:
    """Write the tables into a run of their own and build the labels."""
    config = make_config() if config is None else config
    with tempfile.TemporaryDirectory() as folder:
        run = write_run(Path(folder), tables, without=without, config=config)
        with open_engine(run) as engine:
            history = stage(engine, config)
            return build_labels(
                engine,
                dates,
                config=config,
                history=history,
                horizon_days=horizon_days,
                lead_days=lead_days,
            )


def one(features: pd.DataFrame, account: str = "a", as_of: pd.Timestamp = AS_OF) -> pd.Series:
    """Return the row of one account."""
    rows = features[(features["account_id"] == account) & (features["as_of"] == as_of)]
    assert len(rows) == 1, f"{len(rows)} rows of {account} at {as_of}"
    return rows.iloc[0]
