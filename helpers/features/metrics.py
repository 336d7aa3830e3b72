"""The metric catalogue in numbers: what each customer segment's usual range is, and what is stated.

A metric is read from its feature, or counted from its events over the last four weeks. Ranges are
of live accounts at one date, from the tenth to the ninetieth percentile of each segment.
"""

# SQL is assembled here from names of this package; event names are compared as values of a table.
# ruff: noqa: S608

import re

import numpy as np
import pandas as pd

from helpers.config import CompanyConfig, near_miss
from helpers.config.catalogue import Metric
from helpers.engine import Engine, day_number
from helpers.errors import ParameterError

__all__ = ["MIN_ACCOUNTS", "check_metrics", "count_metrics", "metric_ranges"]

WEEKS = 4
MIN_ACCOUNTS = 10
"""A percentile of fewer accounts is that of one of them."""
ONLY_GROWS = ("features_explored__n", "lifetime_value", "tenure_days", "age_days", "users__n")
_WINDOW = re.compile(r"(.+_)(\d+)d")


def check_metrics(config: CompanyConfig, dictionary: pd.DataFrame) -> None:
    """Refuse metrics that no feature measures, and vanity metrics.

    Raises
    ------
    ParameterError
        Listing each metric whose feature is unknown, says who the customer is and not what it
        does, or can only grow.
    """
    behavioural = dictionary.set_index("feature")["behavioural"].astype(bool)
    problems = []
    for name, metric in config.catalogue.metrics.items():
        if metric.feature is None:
            continue
        column = _column(metric.feature, pd.Index(behavioural.index))
        at = f"catalogue.metrics.{name}.feature: {metric.feature!r}"
        if column is None:
            hint = near_miss(metric.feature, behavioural.index.tolist())
            problems.append(f"{at} is not in the dictionary.{hint}")
        elif not behavioural[column] or column in ONLY_GROWS:
            problems.append(
                f"{at} is a vanity metric: it says who the customer is, or can only grow. Name "
                "what is done: depth, breadth, frequency or outcome."
            )
    if problems:
        raise ParameterError("\n".join(problems))


def count_metrics(engine: Engine, as_of: pd.Timestamp, config: CompanyConfig) -> pd.DataFrame:
    """Count the metrics that are defined by events.

    Parameters
    ----------
    engine : Engine
        Staged.
    as_of : Timestamp
        The four weeks before it are counted, the day itself excluded.
    config : CompanyConfig
        With the catalogue.

    Returns
    -------
    DataFrame
        Indexed by account_id, one column a metric: events a week, or the share of the events
        that ``per`` names; missing where there was none of these. Accounts without any event of
        the four weeks are not in it.
    """
    metrics = {n: m for n, m in config.catalogue.metrics.items() if m.events}
    rows = [
        {"metric": name, "event": event, "part": part}
        for name, metric in metrics.items()
        for part, events in (("top", metric.events), ("bottom", metric.per))
        for event in dict.fromkeys(events)
    ]
    columns = ["metric", "event", "part"]
    engine.insert("metric_event", pd.DataFrame(rows, columns=columns).astype("string"))
    end = day_number(as_of)
    counts = engine.frame(
        f"""
        SELECT a.account_id, m.metric, m.part, CAST(SUM(d.n_events) AS BIGINT) AS n
        FROM account_event_day d JOIN metric_event m ON m.event = d.event
        JOIN account a ON a.account_no = d.account_no
        WHERE d.day >= {end - 7 * WEEKS} AND d.day < {end}
        GROUP BY a.account_id, m.metric, m.part ORDER BY a.account_id, m.metric, m.part
        """
    )
    index = pd.Index(sorted(counts["account_id"].unique()), name="account_id")
    wide = counts.pivot_table(index="account_id", columns=["metric", "part"], values="n")
    wide = wide.reindex(index)
    found = {name: _of_events(wide, name, metric) for name, metric in metrics.items()}
    return pd.DataFrame(found, index=index, dtype=float)


def _of_events(wide: pd.DataFrame, name: str, metric: Metric) -> pd.Series:
    def part(which: str) -> pd.Series:
        if (name, which) not in wide.columns:
            return pd.Series(0.0, index=wide.index)
        return wide[(name, which)].fillna(0).astype(float)

    if not metric.per:
        return part("top") / WEEKS
    bottom = part("bottom")
    return part("top") / bottom.where(bottom > 0)


def metric_ranges(
    features: pd.DataFrame, counted: pd.DataFrame, config: CompanyConfig
) -> pd.DataFrame:
    """Compare each metric's range in each customer segment with what is stated of it.

    Parameters
    ----------
    features : DataFrame
        From :func:`helpers.features.build_features`; the newest date is read.
    counted : DataFrame
        From :func:`count_metrics` at that date; live accounts without a row did nothing.
    config : CompanyConfig
        With the catalogue: its metrics, and the column that says the segment.

    Returns
    -------
    DataFrame
        ``metric``, ``kind``, ``customer_segment``, ``n_accounts`` (with a value), ``median``,
        ``low``, ``high`` (10th and 90th percentile; missing below ten accounts), ``stated_low``,
        ``stated_high``, ``outside`` (share of accounts outside the stated range; missing where
        none is stated); metrics in their order, segments by name.
    """
    newest = features[features["as_of"] == features["as_of"].max()]
    live = newest[newest["is_live"].fillna(True).astype(bool)].set_index("account_id")
    groups = live[config.catalogue.segment_by].astype("string").fillna("not known")
    rows = []
    for name, metric in config.catalogue.metrics.items():
        values = _values(name, metric, live, counted)
        for group, part in values.groupby(groups.to_numpy(), sort=True):
            rows.append({"metric": name, "kind": metric.kind, **_range(str(group), part, metric)})
    columns = ["metric", "kind", "customer_segment", "n_accounts", "median", "low", "high",
               "stated_low", "stated_high", "outside"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _values(
    name: str, metric: Metric, live: pd.DataFrame, counted: pd.DataFrame
) -> "pd.Series[float]":
    if metric.feature is not None:
        column = _column(metric.feature, live.columns)
        if column is None:
            return pd.Series(np.nan, index=live.index)
        return live[column].astype(float)
    values = counted[name].reindex(live.index)
    return values if metric.per or counted.empty else values.fillna(0.0)


def _column(feature: str, columns: pd.Index) -> str | None:
    """Return the column of a feature; of a windowed one that is not there, the nearest window."""
    if feature in columns:
        return feature
    wanted = _WINDOW.fullmatch(feature)
    if wanted is None:
        return None
    stem, days = wanted.group(1), int(wanted.group(2))
    found = [_WINDOW.fullmatch(str(name)) for name in columns]
    windows = [int(m.group(2)) for m in found if m and m.group(1) == stem]
    return f"{stem}{min(windows, key=lambda w: (abs(w - days), w))}d" if windows else None


def _range(group: str, values: "pd.Series[float]", metric: Metric) -> dict[str, object]:
    known = values.dropna()
    enough = len(known) >= MIN_ACCOUNTS
    low, high = known.quantile([0.1, 0.9]) if enough else (np.nan, np.nan)
    stated = metric.typical.get(group)
    outside = np.nan
    if stated is not None and len(known):
        outside = float((~known.between(*stated)).mean())
    return {
        "customer_segment": group,
        "n_accounts": len(known),
        "median": float(known.median()) if len(known) else np.nan,
        "low": float(low),
        "high": float(high),
        "stated_low": stated[0] if stated else np.nan,
        "stated_high": stated[1] if stated else np.nan,
        "outside": outside,
    }
