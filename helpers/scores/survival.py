"""How long do accounts stay, by segment, and what goes with leaving sooner?

Two views of the same departures. The curves follow everybody who was there on one past day, by the
segment of that day, so that nobody enters a group by having stayed long enough. The hazard ratios
take each account's segment anew at every date and compare accounts on the same day.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Survival", "kaplan_meier", "measure_survival"]

CURVE_COLUMNS = ("segment", "since", "day", "at_risk", "left", "stayed", "low", "high")
HAZARD_COLUMNS = (
    *("term", "against", "n_accounts", "n_left", "hazard_ratio", "low", "high", "p_value"),
)
MIN_ACCOUNTS = 10
"""Smaller segments have no curve."""
MIN_LEFT = 20
"""Fewer departures carry no regression."""
GONE = "Churned"
Z_95 = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class Survival:
    """Curves and hazard ratios, with the day from which accounts are followed.

    Parameters
    ----------
    curves : DataFrame
        ``segment, since`` (the start), ``day`` (from then), ``at_risk, left`` (on that day),
        ``stayed`` (share) with ``low, high`` (95 %); a row at day 0, one for each day somebody
        left, one at the end.
    hazards : DataFrame
        ``term, against, n_accounts, n_left, hazard_ratio, low, high, p_value``; empty with fewer
        than 20 departures, or where no best fit was found.
    since : Timestamp or None
        First day of the curves.
    followed_days : int
        Length of the follow-up.
    reason : str
        Why there is nothing, if so.
    """

    curves: pd.DataFrame
    hazards: pd.DataFrame
    since: pd.Timestamp | None
    followed_days: int
    reason: str = ""


def measure_survival(
    assignments: pd.DataFrame,
    features: pd.DataFrame,
    left: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    follow_days: int = 182,
) -> Survival:
    """Follow accounts from a past day on, and compare how fast segments lose theirs.

    Parameters
    ----------
    assignments : DataFrame
        Of 03: ``account_id, as_of, segment``.
    features : DataFrame
        Of 02, for ``mrr`` and ``age_days``.
    left : DataFrame
        ``account_id, churned_at``: :func:`helpers.features.departures.departures`.
    as_of : Timestamp
        Of the run: nothing is known from then on.
    follow_days : int
        Wanted length of the curves; they begin at the newest date that leaves so much.
    """
    live = assignments[assignments["segment"].notna() & (assignments["segment"] != GONE)]
    dates = sorted(pd.Timestamp(date) for date in live["as_of"].unique())
    past = [date for date in dates if date < as_of]
    if not past:
        return _nothing("there is no earlier date to follow accounts from")
    early = [date for date in past if (as_of - date).days >= follow_days]
    since = early[-1] if early else past[0]
    days = min((as_of - since).days, follow_days)
    start = live.loc[live["as_of"] == since, ["account_id", "segment"]]
    followed = _followed(start, left, since, since + pd.Timedelta(days=days))
    counts = followed["segment"].value_counts()
    tables = [
        kaplan_meier(mine["days"].to_numpy(), mine["left"].to_numpy()).assign(
            segment=name, since=since
        )
        for name, mine in followed.groupby("segment", sort=True)
        if counts[name] >= MIN_ACCOUNTS
    ]
    if not tables:
        return _nothing(f"no segment had {MIN_ACCOUNTS} accounts on {since:%Y-%m-%d}")
    return Survival(
        curves=pd.concat(tables, ignore_index=True)[list(CURVE_COLUMNS)],
        hazards=_hazards(live, features, left, as_of),
        since=since,
        followed_days=days,
    )


def _nothing(reason: str) -> Survival:
    return Survival(
        curves=pd.DataFrame(columns=list(CURVE_COLUMNS)),
        hazards=pd.DataFrame(columns=list(HAZARD_COLUMNS)),
        since=None,
        followed_days=0,
        reason=reason,
    )


def _followed(
    start: pd.DataFrame, left: pd.DataFrame, since: pd.Timestamp, until: pd.Timestamp
) -> pd.DataFrame:
    """Add days followed, and whether the follow-up ended because the account left."""
    later = left[(left["churned_at"] >= since) & (left["churned_at"] < until)]
    first = later.groupby("account_id")["churned_at"].min()
    days_of = first.reindex(start["account_id"].to_numpy()).astype("datetime64[us]")
    gone = pd.Series(days_of.to_numpy(), index=start.index)
    end = gone.fillna(until)
    # who leaves on the first day has been followed for one
    days = (end - since).dt.days + gone.notna().astype(int)
    return start.assign(days=days.astype("int64"), left=gone.notna())


def kaplan_meier(days: NDArray[np.int64], left: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the share that has stayed, day by day.

    Parameters
    ----------
    days : ndarray of int, (n_accounts,)
        Days followed.
    left : ndarray of bool, (n_accounts,)
        Whether the follow-up ended because the account left.

    Returns
    -------
    DataFrame
        ``day, at_risk, left, stayed, low, high``. The interval is 95 %, on the scale of the
        logarithm of minus the logarithm, so that it stays within 0 and 1; while nobody has left
        the lower bound is that of as many tries without a loss (the rule of three, exactly).

    References
    ----------
    Kaplan, Meier (1958), *JASA* 53, 457-481; Greenwood's variance; Kalbfleisch, Prentice (2002),
    *The Statistical Analysis of Failure Time Data*, section 1.4.
    """
    n = len(days)
    kept, spread = 1.0, 0.0
    none_left = 0.05 ** (1 / n) if n else 0.0
    rows = [(0, n, 0, 1.0, none_left, 1.0)]
    for day in np.unique(days[left]):
        at_risk, lost = int((days >= day).sum()), int((left & (days == day)).sum())
        kept *= 1 - lost / at_risk
        if lost < at_risk:
            spread += lost / (at_risk * (at_risk - lost))
        rows.append((int(day), at_risk, lost, kept, *_bounds(kept, spread)))
    if n and int(days.max()) > rows[-1][0]:
        last = int(days.max())
        rows.append((last, int((days >= last).sum()), 0, *rows[-1][3:]))
    names = ["day", "at_risk", "left", "stayed", "low", "high"]
    table = pd.DataFrame(rows, columns=names)
    table[["stayed", "low", "high"]] = table[["stayed", "low", "high"]].round(6)
    return table


def _bounds(kept: float, spread: float) -> tuple[float, float]:
    if not 0 < kept < 1:
        return 0.0, 1.0 if kept else 0.0
    width = np.exp(Z_95 * np.sqrt(spread) / abs(np.log(kept)))
    return float(kept**width), float(kept ** (1 / width))


def _hazards(
    live: pd.DataFrame, features: pd.DataFrame, left: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Fit a proportional-hazards model with the segment of each date.

    References
    ----------
    Cox (1972), *JRSS B* 34, 187-220; spells from date to date as Andersen, Gill (1982), *Annals of
    Statistics* 10, 1100-1120; errors robust to accounts that come with several spells: Lin, Wei
    (1989), *JASA* 84, 1074-1078.
    """
    spells = _spells(live, features, left, as_of)
    if int(spells["left"].sum()) < MIN_LEFT or spells["segment"].nunique() < 2:
        return pd.DataFrame(columns=list(HAZARD_COLUMNS))
    from statsmodels.duration.hazard_regression import PHReg

    sizes = spells["segment"].value_counts()
    usual = str(sizes.index[0])
    lost = spells.groupby("segment")["left"].sum()
    named = [str(name) for name in sizes.index[1:] if lost[name] > 0]
    kept = spells[spells["segment"].isin([usual, *named])]
    columns: list[NDArray[np.float64]] = [
        np.asarray(kept["segment"] == name, dtype=np.float64) for name in named
    ]
    columns += [_scaled(kept["mrr"]), _scaled(kept["age_days"])]
    terms = [*named, "monthly revenue, doubled", "age of the account, doubled"]
    days = kept["start"].to_numpy()
    varies = [_differs(column, days) for column in columns]
    model = PHReg(
        kept["stop"].to_numpy(float),
        np.column_stack([c for c, keep in zip(columns, varies, strict=True) if keep]),
        status=kept["left"].to_numpy(int),
        entry=kept["start"].to_numpy(float),
        ties="efron",
    )
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        fitted = model.fit(groups=pd.factorize(kept["account_id"])[0])
    if any("converge" in str(warning.message) for warning in told):
        return pd.DataFrame(columns=list(HAZARD_COLUMNS))
    used = [term for term, keep in zip(terms, varies, strict=True) if keep]
    people, n_all = kept.groupby("segment")["account_id"].nunique(), kept["account_id"].nunique()
    table = pd.DataFrame(
        {
            "term": used,
            "against": [usual if term in named else "" for term in used],
            "n_accounts": [int(people.get(term, n_all)) for term in used],
            "n_left": [int(lost.get(term, kept["left"].sum())) for term in used],
        }
    )
    return _with_ratios(table, fitted)


def _with_ratios(table: pd.DataFrame, fitted: Any) -> pd.DataFrame:
    """Add hazard ratios with their robust intervals to the terms of a fitted model."""
    table = table.assign(
        hazard_ratio=np.exp(fitted.params),
        low=np.exp(fitted.params - Z_95 * fitted.bse),
        high=np.exp(fitted.params + Z_95 * fitted.bse),
        p_value=fitted.pvalues,
    )
    numbers = ["hazard_ratio", "low", "high", "p_value"]
    table[numbers] = table[numbers].round(6)
    return table


def _differs(column: NDArray[np.float64], day: NDArray[np.int64]) -> bool:
    """Tell whether accounts of one and the same day differ: the regression sees nothing else."""
    spread = pd.Series(column).groupby(day).std(ddof=0)
    return bool(spread.max() > 1e-9)


def _spells(
    live: pd.DataFrame, features: pd.DataFrame, left: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Return one row an account and date: from the date to the next, or to the departure."""
    dates = sorted(pd.Timestamp(date) for date in live["as_of"].unique())
    ends = dict(zip(dates, [*dates[1:], as_of], strict=True))
    keys = ["account_id", "as_of"]
    wanted = [name for name in ("mrr", "age_days") if name in features.columns]
    rows = live[[*keys, "segment"]].merge(features[[*keys, *wanted]], on=keys, how="left")
    for name in ("mrr", "age_days"):
        rows[name] = pd.to_numeric(rows[name], errors="coerce") if name in wanted else np.nan
    tables = []
    for date, mine in rows.groupby("as_of", sort=True):
        day = pd.Timestamp(str(date))
        if ends[day] > day:
            spell = _followed(mine, left, day, ends[day])
            start = (day - dates[0]).days
            tables.append(spell.assign(start=start, stop=start + spell["days"]))
    if not tables:
        return rows.assign(days=0, left=False, start=0, stop=0).iloc[:0]
    return pd.concat(tables, ignore_index=True)


def _scaled(values: pd.Series) -> NDArray[np.float64]:
    """Return the logarithm to base 2 about its median, so that a step is a doubling."""
    numbers = np.log2(np.asarray(values.astype("float64").clip(lower=1.0), dtype=np.float64))
    known = numbers[~np.isnan(numbers)]
    middle = float(np.median(known)) if len(known) else 0.0
    return np.nan_to_num(numbers, nan=middle) - middle
