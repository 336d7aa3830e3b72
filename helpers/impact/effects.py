"""What a play did to leaving: by lot, by weighing, and as it looks to the naked eye.

Three answers to one question, from the most to the least to be believed:

``by lot``   a coin decided who got the play: nothing but chance can tell the groups apart
``weighed``  ordinary practice, against account-weeks that looked as sick and got no call
``naive``    ordinary practice against everybody who was there on those days and got nothing
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.impact.balance import balance
from helpers.impact.follow_up import follow_ups
from helpers.impact.rates import (
    e_value,
    events_needed,
    rate_ratio,
    risk_difference,
    smallest_ratio,
    survival,
)
from helpers.impact.weeks import account_weeks
from helpers.impact.weighing import (
    Weighed,
    placebo,
    rate_of,
    ratio_of_rates,
    unweighed,
    weigh,
)
from helpers.impact.words import words

__all__ = ["COMPARISONS", "MIN_ASSIGNED", "Effects", "measure_effects"]

COMPARISONS = ("by lot", "weighed", "naive")
MIN_ASSIGNED = 10
"""Accounts a group must have before it is compared with another."""
MIN_DEPARTURES = 5
"""Departures of others, equally weighted, that a weighed rate must rest on."""
COLUMNS = (
    "play", "comparison", "n_with", "n_without", "left_with", "left_without", "weeks_with",
    "weeks_without", "risk_with", "risk_without", "risk_change", "risk_low", "risk_high",
    "rate_ratio", "low", "high", "p_value", "effective_n", "e_value", "e_value_bound",
    "events_to_show", "smallest_ratio",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What each play did.

    Parameters
    ----------
    table : DataFrame
        One row a play and comparison (``by lot, weighed, naive``): accounts, departures and weeks
        followed of both groups; ``risk_with, risk_without`` (share leaving within the follow-up:
        Kaplan-Meier by lot, else from the rate) and, by lot, ``risk_change`` with its 95 %
        interval; ``rate_ratio`` with 95 %
        interval and, by lot, its p-value; ``effective_n``, how many equal others the
        weights are worth; ``e_value`` of the weighed ratio and of the bound of its
        interval nearer to 1; ``events_to_show``, departures needed to show this ratio, and
        ``smallest_ratio``, what so many departures can show (80 % power).
    balance : DataFrame
        ``play, confounder, weighed_by, before, after`` (standardised differences).
    placebo : DataFrame
        ``play, draws, median, low, high, share_as_far``: ratios among accounts of which none got
        the play; ``share_as_far`` of them lie as far below 1 as the weighed ratio.
    follow_ups : DataFrame
        The assignments behind it all.
    notes : tuple of str
        What could not be compared, and why.
    """

    table: pd.DataFrame
    balance: pd.DataFrame
    placebo: pd.DataFrame
    follow_ups: pd.DataFrame
    notes: tuple[str, ...] = field(default=())


def measure_effects(
    interventions: pd.DataFrame | None,
    left: pd.DataFrame,
    accounts: pd.Series,
    features: pd.DataFrame,
    activity: pd.DataFrame,
    weekly_flags: pd.DataFrame | None,
    *,
    as_of: pd.Timestamp,
    time_zone: str,
    follow_days: int = 84,
    n_draws: int = 500,
    seed: int = 0,
) -> Effects:
    """Compare those who got each play with those who did not, in the three ways.

    Parameters
    ----------
    interventions, weekly_flags : DataFrame or None
        Of 01 and 05; None where there are none.
    left : DataFrame
        ``account_id, churned_at``: :func:`helpers.features.departures.departures`.
    accounts : Series
        Ids that may be looked at: not those that opted out.
    features, activity : DataFrame
        Of 02: ``features`` and ``activity_week``.
    as_of : Timestamp
        Of the run: what lies on it or later is not known.
    time_zone : str
        Of the company.
    follow_days : int
        How long the play can be expected to matter.
    n_draws, seed : int
        Of the weighed interval and the placebo.

    Returns
    -------
    Effects
        Tables without rows where no play has been recorded.
    """
    follow = follow_ups(
        interventions, left, accounts, as_of=as_of, follow_days=follow_days,
        time_zone=time_zone,
    )  # fmt: skip
    rows: list[dict[str, object]] = []
    balances: list[pd.DataFrame] = []
    placebos: list[dict[str, object]] = []
    notes: list[str] = []
    for play, given in follow.groupby("play", sort=True):
        name = str(play)
        rows += _by_lot(given, name, follow_days, notes)
        usual = given[given["arm"] == ""].reset_index(drop=True)
        if len(usual) < MIN_ASSIGNED:
            notes.append(
                f"{words(name)}: {len(usual)} assignments outside an experiment, too few to weigh"
            )
            continue
        weeks = account_weeks(given, features, activity, weekly_flags, left, as_of=as_of)
        weighed = weigh(weeks, follow_days=follow_days)
        if weighed.rows["treated"].sum() < MIN_ASSIGNED:
            notes.append(
                f"{words(name)}: too few assignments lie after the first snapshot of features"
            )
            continue
        plain = unweighed(weeks, follow_days=follow_days)
        rows.append(_observed(plain, name, "naive", follow_days, n_draws, seed))
        if not _comparable(weighed, name, notes):
            continue
        rows.append(_observed(weighed, name, "weighed", follow_days, n_draws, seed))
        balances.append(balance(weeks, weighed).assign(play=name))
        placebos.append(_placebo(weighed, name, n_draws, seed))
    return Effects(
        table=_framed(rows),
        balance=_stacked(balances, ["play", "confounder", "weighed_by", "before", "after"]),
        placebo=pd.DataFrame(
            placebos, columns=["play", "draws", "median", "low", "high", "share_as_far"]
        ),
        follow_ups=follow,
        notes=tuple(notes),
    )


def _comparable(weighed: Weighed, play: str, notes: list[str]) -> bool:
    """Tell whether enough accounts as sick went without a call, and enough of them left.

    Where nearly everybody as sick was called, weights pile up on a few others, and their rate of
    leaving is that of these few.
    """
    if weighed.effective < MIN_ASSIGNED:
        notes.append(
            f"{words(play)}: hardly anybody as sick went without it (the others are worth "
            f"{weighed.effective:.0f} accounts), so ordinary practice cannot tell"
        )
        return False
    if weighed.departures < MIN_DEPARTURES:
        notes.append(
            f"{words(play)}: of those as sick that went without it too few left (worth "
            f"{weighed.departures:.0f} accounts), so ordinary practice cannot tell"
        )
        return False
    return True


def _by_lot(
    given: pd.DataFrame, play: str, follow_days: int, notes: list[str]
) -> list[dict[str, object]]:
    """Compare the arms of an experiment; nothing where one of them is too small."""
    with_, without = (given[given["arm"] == arm] for arm in ("treated", "control"))
    if min(len(with_), len(without)) < MIN_ASSIGNED:
        sizes = f"{len(with_)} treated and {len(without)} control"
        notes.append(f"{words(play)}: {sizes} assignments by lot, too few to compare")
        return []
    row = _counts(with_, without, play, follow_days)
    events = int(with_["left"].sum()), int(without["left"].sum())
    time = float(with_["days"].sum()) / 7, float(without["days"].sum()) / 7
    ratio, low, high, p_value = rate_ratio(events, time)
    share = len(with_) / (len(with_) + len(without))
    row |= {"rate_ratio": ratio, "low": low, "high": high, "p_value": p_value}
    if 0 < ratio < np.inf and ratio != 1:
        row["events_to_show"] = events_needed(ratio, share_treated=share)
    row["smallest_ratio"] = smallest_ratio(sum(events), share_treated=share)
    return [row]


def _counts(
    with_: pd.DataFrame, without: pd.DataFrame, play: str, follow_days: int
) -> dict[str, object]:
    row: dict[str, object] = {"play": play, "comparison": "by lot"}
    risks = []
    for name, group in (("with", with_), ("without", without)):
        risk, error = survival(group["days"], group["left"], at=follow_days)
        risks.append((risk, error, len(group)))
        row |= {
            f"n_{name}": int(group["account_id"].nunique()),
            f"left_{name}": int(group.loc[group["left"], "account_id"].nunique()),
            f"weeks_{name}": float(group["days"].sum()) / 7,
            f"risk_{name}": risk,
        }
    gap, low, high = risk_difference(*risks)
    return row | {"risk_change": gap, "risk_low": low, "risk_high": high}


def _observed(
    used: Weighed, play: str, comparison: str, follow_days: int, n_draws: int, seed: int
) -> dict[str, object]:
    """Compare ordinary practice with what it is weighed against, or with everybody."""
    row: dict[str, object] = {"play": play, "comparison": comparison}
    for name, chosen in (("with", True), ("without", False)):
        group = used.rows[used.rows["treated"].astype(bool) == chosen]
        time = float((group["weight"] * group["days"]).sum())
        gone = float((group["weight"] * group["left"]).sum())
        row |= {
            f"n_{name}": int(group["account_id"].nunique()),
            f"left_{name}": int(group.loc[group["seen_left"] > 0, "account_id"].nunique()),
            f"weeks_{name}": float(group["seen_days"].sum()) / 7,
            f"risk_{name}": 1 - float(np.exp(-gone / time * follow_days)) if time else np.nan,
        }
    ratio, low, high = ratio_of_rates(used, n_draws=n_draws, seed=seed)
    row |= {"rate_ratio": ratio, "low": low, "high": high}
    if comparison == "weighed":
        nearer = high if ratio < 1 else low
        crosses = (nearer - 1) * (ratio - 1) <= 0
        row["effective_n"] = used.effective
        row["e_value"] = e_value(ratio)
        row["e_value_bound"] = 1.0 if crosses else e_value(nearer)
    return row


def _placebo(weighed: Weighed, play: str, n_draws: int, seed: int) -> dict[str, object]:
    """Summarise the placebos, and how many of them lie as far below 1 as the play itself."""
    ratios = placebo(weighed, n_draws=n_draws, seed=seed)
    usable = ratios[np.isfinite(ratios)]
    if not len(usable):
        return {"play": play, "draws": 0}
    low, median, high = np.percentile(usable, [2.5, 50, 97.5])
    below = float(np.mean(usable <= rate_of(weighed)))
    return {
        "play": play, "draws": len(usable), "median": median, "low": low, "high": high,
        "share_as_far": below,
    }  # fmt: skip


def _framed(rows: list[dict[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = [name for name in COLUMNS if name not in ("play", "comparison")]
    # A rate over none is no number to hand on; the bound that is known stays.
    table[numbers] = table[numbers].astype("float64").round(6).replace([np.inf, -np.inf], np.nan)
    order = {name: place for place, name in enumerate(COMPARISONS)}
    return table.sort_values(
        ["play", "comparison"], key=lambda c: c.map(order) if c.name == "comparison" else c,
        ignore_index=True,
    )  # fmt: skip


def _stacked(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True)[columns]
