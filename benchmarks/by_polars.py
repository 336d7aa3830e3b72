"""The same features in Polars: one lazy query a date, streamed from the file."""

from typing import TYPE_CHECKING

import pandas as pd

from benchmarks.by_pandas import COLUMNS, WINDOWS
from helpers.artifacts import Run

if TYPE_CHECKING:
    import polars as pl

__all__ = ["polars_features"]


def polars_features(run: Run, dates: list[pd.Timestamp]) -> pd.DataFrame:
    """Return what :func:`benchmarks.by_pandas.pandas_features` returns."""
    import polars as pl

    config = run.config()
    catalogue = pl.read_parquet(run.path("01_data_audit", "feature_catalogue"))
    by_event = dict(catalogue.select("event", "feature").iter_rows())
    local = pl.col("occurred_at").dt.convert_time_zone(config.company.time_zone)
    mapped = pl.col("event").replace_strict(by_event, default=None, return_dtype=pl.String)
    events = (
        pl.scan_parquet(run.path("01_data_audit", "events"))
        .select(COLUMNS)
        .with_columns(
            day=local.dt.date(),
            night=(local.dt.hour() < 6) | (local.dt.hour() >= 22),
            weekend=local.dt.weekday() >= 6,
            feature=pl.coalesce("feature", mapped),
            login=pl.col("event").is_in(config.roles.login),
            error=pl.col("event").is_in(config.roles.error),
        )
    )
    return pd.concat([_at(events, date) for date in dates], ignore_index=True)


def _at(events: "pl.LazyFrame", as_of: pd.Timestamp) -> pd.DataFrame:
    import polars as pl

    age = (pl.lit(as_of.date()) - pl.col("day")).dt.total_days().alias("age")
    past = events.filter(pl.col("day") < as_of.date()).with_columns(age)
    by_account = past.group_by("account_id").agg(_aggregates())
    by_feature = (
        past.filter(pl.col("feature").is_not_null())
        .group_by("account_id", "feature")
        .agg(first=pl.col("age").max(), last=pl.col("age").min())
        .group_by("account_id")
        .agg(
            features_explored__n=pl.len(),
            new_features__n_30d=(pl.col("first") <= 30).sum(),
            **{f"features_used__n_{w}d": (pl.col("last") <= w).sum() for w in WINDOWS},
        )
    )
    counts, features = pl.collect_all([by_account, by_feature], engine="streaming")
    found = counts.join(features, on="account_id", how="left").with_columns(
        pl.col(name).fill_null(0) for name in features.columns if name != "account_id"
    )
    now = pl.col("events__n_30d").cast(pl.Float64)
    before = pl.col("events__n_60d").cast(pl.Float64) - now
    change = pl.when((now == 0) & (before == 0)).then(0.0).when(before > 0).then(now / before - 1)
    frame: pd.DataFrame = found.with_columns(events__change_30d=change).to_pandas()
    return frame.assign(as_of=as_of)


def _aggregates() -> "list[pl.Expr]":
    import polars as pl

    found: list[pl.Expr] = []
    visit = pl.struct("session_id", "day")
    for w in WINDOWS:
        recent = pl.col("age") <= w
        found += [
            recent.sum().alias(f"events__n_{w}d"),
            (recent & pl.col("login")).sum().alias(f"logins__n_{w}d"),
            (recent & pl.col("error")).sum().alias(f"errors__n_{w}d"),
            pl.col("day").filter(recent).n_unique().alias(f"active_days__n_{w}d"),
            pl.col("user_id")
            .filter(recent & pl.col("user_id").is_not_null())
            .n_unique()
            .alias(f"active_users__n_{w}d"),
            visit.filter(recent & pl.col("session_id").is_not_null())
            .n_unique()
            .alias(f"sessions__n_{w}d"),
            (pl.col("duration_s").filter(recent).sum() / 3600).alias(f"hours__sum_{w}d"),
        ]
    recent = pl.col("age") <= WINDOWS[-1]
    return [
        *found,
        pl.col("age").min().alias("days_since_last_event"),
        pl.col("age").filter(pl.col("login")).min().alias("days_since_last_login"),
        pl.col("weekend").filter(recent).mean().alias("weekend_share_90d"),
        pl.col("night").filter(recent).mean().alias("night_share_90d"),
    ]
