"""One basket per account and date: what it used and what happened in the days before.

The dates are those of the labels. A basket holds what lies in the ``basket_days`` before its
date; what became of the account is looked for from the date on. Dates closer to each other
than the horizon would count the same churn several times, so only dates at least a horizon
apart are used for outcomes, and dates at least a basket apart for what goes together.
"""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from dataclasses import dataclass

import pandas as pd

from helpers.engine import day_number, day_to_date
from helpers.errors import ParameterError
from helpers.patterns.reading import Staged

__all__ = [
    "OUTCOME_ITEMS",
    "Baskets",
    "make_baskets",
    "read_annual_upgrades",
    "read_feature_use",
    "seen_before",
    "signals_in_window",
    "spaced_dates",
]

OUTCOME_ITEMS = ("churned next", "upgraded next", "upgraded to annual plan next")
MANY_INVITES = 5


@dataclass(frozen=True)
class Baskets:
    """Baskets and what they hold.

    Parameters
    ----------
    baskets : DataFrame
        ``basket`` (number), ``account_id``, ``as_of``, ``known`` (the outcome is known: live,
        horizon over); sorted by date and account.
    items : DataFrame
        ``basket``, ``item``; sorted, no repeats. Outcome items are of :data:`OUTCOME_ITEMS`.
    basket_days : int
        Length of the window.
    """

    baskets: pd.DataFrame
    items: pd.DataFrame
    basket_days: int

    def of(self, kind: str) -> list[str]:
        """Return the items of a kind: ``use``, ``signal`` or ``outcome``."""
        names = sorted(self.items["item"].unique())
        if kind == "use":
            return [name for name in names if name.startswith("uses ")]
        if kind == "outcome":
            return [name for name in names if name in OUTCOME_ITEMS]
        return [n for n in names if n not in OUTCOME_ITEMS and not n.startswith("uses ")]


def spaced_dates(dates: pd.Series, *, days: int) -> list[pd.Timestamp]:
    """Choose dates at least ``days`` apart, newest first, as many as there are."""
    if days < 1:
        raise ParameterError(f"spaced_dates: expected days of at least 1, got {days}.")
    chosen: list[pd.Timestamp] = []
    for date in sorted(pd.to_datetime(dates.dropna().unique()), reverse=True):
        if not chosen or (chosen[-1] - date).days >= days:
            chosen.append(pd.Timestamp(date))
    return chosen


def read_feature_use(staged: Staged, dates: list[pd.Timestamp], *, days: int) -> pd.DataFrame:
    """Return which features each account used in the days before each date, and its invites.

    Returns
    -------
    DataFrame
        ``account_id``, ``as_of``, ``item`` ("uses <feature>", "invites > 5"); sorted.
    """
    engine = staged.engine
    numbers = pd.DataFrame({"cutoff": [day_number(date) for date in dates]}, dtype="int32")
    engine.insert("basket_date", numbers)
    inside = f"d.day < c.cutoff AND d.day >= c.cutoff - {days}"
    found = engine.frame(
        f"""
        SELECT a.account_id, c.cutoff, CONCAT('uses ', d.feature) AS item
        FROM account_feature_day d JOIN basket_date c ON {inside}
        JOIN account a ON a.account_no = d.account_no
        GROUP BY a.account_id, c.cutoff, d.feature
        UNION ALL
        SELECT a.account_id, c.cutoff, 'invites > {MANY_INVITES}' AS item
        FROM account_day d JOIN basket_date c ON {inside}
        JOIN account a ON a.account_no = d.account_no
        GROUP BY a.account_id, c.cutoff HAVING SUM(d.n_invite) > {MANY_INVITES}
        ORDER BY account_id, cutoff, item
        """
    )
    found["as_of"] = day_to_date(found.pop("cutoff"))
    return found[["account_id", "as_of", "item"]]


def read_annual_upgrades(staged: Staged) -> pd.DataFrame:
    """Return ``account_id``, ``day`` of the upgrades whose reason names an annual plan."""
    found = pd.DataFrame({"account_id": [], "day": []})
    if staged.engine.has("side_outcomes"):
        found = staged.engine.frame(
            f"""
            SELECT a.account_id, o.occurred_day AS day
            FROM side_outcomes o JOIN account a ON a.account_no = o.account_no
            WHERE o.outcome = 'upgraded' AND LOWER(o.reason) LIKE '%annual%'
                AND o.occurred_day < {staged.cutoff} ORDER BY a.account_id, o.occurred_day
            """
        )
    found["day"] = day_to_date(found["day"])
    return found.astype({"account_id": "string"})


def signals_in_window(
    signals: pd.DataFrame, dates: list[pd.Timestamp], *, days: int
) -> pd.DataFrame:
    """Return the signals in the window before each date, oldest first.

    Parameters
    ----------
    signals : DataFrame
        ``account_id``, ``day``, ``signal``.
    dates : list of Timestamp
        Midnights; a signal of that very day is not seen.

    Returns
    -------
    DataFrame
        ``account_id``, ``as_of``, ``day``, ``signal``; sorted by date, account, day and signal.
    """
    parts = [
        signals[
            (signals["day"] < date) & (signals["day"] >= date - pd.Timedelta(days=days))
        ].assign(as_of=date)
        for date in dates
    ]
    columns = ["account_id", "as_of", "day", "signal"]
    none = signals.head(0).assign(as_of=signals["day"].head(0))
    joined = pd.concat(parts) if parts else none
    by = ["as_of", "account_id", "day", "signal"]
    return joined[columns].sort_values(by, kind="stable").reset_index(drop=True)


def seen_before(labels: pd.DataFrame, activity: pd.DataFrame, *, days: int) -> pd.DataFrame:
    """Keep the labels of accounts that did anything in the days before their date.

    Where churn is inferred from silence, an account that is silent already is half-way there:
    next to it every sign of life would look like a shield against churn.

    Parameters
    ----------
    labels : DataFrame
        ``account_id``, ``as_of``.
    activity : DataFrame
        ``account_id``, ``day`` on which something was done.
    """
    parts = []
    for date in labels["as_of"].unique():
        recent = activity["day"] >= pd.Timestamp(date) - pd.Timedelta(days=days)
        seen = activity.loc[recent & (activity["day"] < date), "account_id"]
        parts.append(labels[(labels["as_of"] == date) & labels["account_id"].isin(set(seen))])
    return pd.concat(parts).sort_index() if parts else labels


def make_baskets(
    labels: pd.DataFrame,
    uses: pd.DataFrame,
    signals: pd.DataFrame,
    *,
    dates: list[pd.Timestamp],
    basket_days: int,
    annual: pd.DataFrame | None = None,
) -> Baskets:
    """Put together what each account did before each date, and what followed.

    Parameters
    ----------
    labels : DataFrame
        ``account_id``, ``as_of``, ``horizon_days``, ``lead_days``, ``churned``, ``upgraded``,
        ``censored`` of live accounts.
    uses : DataFrame
        From :func:`read_feature_use`.
    signals : DataFrame
        From :func:`helpers.patterns.signals.read_signals`.
    dates : list of Timestamp
        Dates of the baskets, out of those in ``labels``.
    basket_days : int
        Length of the window before each date.
    annual : DataFrame, optional
        ``account_id``, ``day`` of upgrades to an annual plan, an outcome item of its own.
    """
    chosen = labels[labels["as_of"].isin(dates)].sort_values(["as_of", "account_id"])
    baskets = chosen.reset_index(drop=True).assign(basket=lambda frame: frame.index)
    seen = signals_in_window(signals, dates, days=basket_days)
    names = seen["signal"].str.replace("_", " ")
    parts = [
        uses[["account_id", "as_of", "item"]],
        seen.assign(item=names)[["account_id", "as_of", "item"]],
        _outcome_items(baskets, annual),
    ]
    keys = ["account_id", "as_of"]
    items = pd.concat(parts).merge(baskets[[*keys, "basket"]], on=keys, how="inner")
    items = items[["basket", "item"]].drop_duplicates().sort_values(["basket", "item"])
    known = ~baskets["censored"].fillna(True).astype(bool)
    return Baskets(
        baskets[["basket", *keys]].assign(known=known), items.reset_index(drop=True), basket_days
    )


def _outcome_items(baskets: pd.DataFrame, annual: pd.DataFrame | None) -> pd.DataFrame:
    keys = ["account_id", "as_of"]
    churned = baskets["churned"].fillna(False).astype(bool)
    upgraded = baskets["upgraded"].fillna(False).astype(bool)
    parts = [
        baskets.loc[churned, keys].assign(item=OUTCOME_ITEMS[0]),
        baskets.loc[upgraded, keys].assign(item=OUTCOME_ITEMS[1]),
    ]
    if annual is not None:
        after = baskets.merge(annual, on="account_id")
        begin = after["as_of"] + pd.to_timedelta(after["lead_days"], unit="D")
        end = after["as_of"] + pd.to_timedelta(after["horizon_days"], unit="D")
        hit = (after["day"] >= begin) & (after["day"] < end)
        hit &= after["upgraded"].fillna(False).astype(bool)
        parts.append(after.loc[hit, keys].assign(item=OUTCOME_ITEMS[2]))
    return pd.concat(parts)
