"""What the impact tables say in words, and what a kept customer is worth against the hours."""

from typing import Any

import numpy as np
import pandas as pd

from helpers.impact.effects import Effects
from helpers.impact.verdicts import ALL
from helpers.impact.words import words

__all__ = [
    "caveats",
    "effects_view",
    "facts",
    "gaps",
    "headline",
    "power_view",
    "readable",
    "returns",
    "said",
]

NO_PLAYS = (
    "No play has been recorded often enough to say whether it keeps customers; "
    "{n_judged} alerts have been judged."
)
BY_LOT = (
    "{play}: accounts given it by lot left {ratio:.2f} times as often as those without "
    "({low:.2f} to {high:.2f}): {verdict}."
)
NOT_BY_LOT = (
    "{play}: accounts given it left {ratio:.2f} times as often as others that looked as sick "
    "({low:.2f} to {high:.2f}): {verdict}."
)
RARE = "too few departures to tell"


def verdict(row: pd.Series) -> str:
    """Say in a few words what an interval shows."""
    low, high = float(row["low"]), float(row["high"])
    if not (np.isfinite(low) and np.isfinite(row["rate_ratio"])):
        return RARE
    if high < 1:
        return "it keeps customers"
    if low > 1:
        return "they leave more often with it"
    return "no effect is shown either way"


def _best(table: pd.DataFrame) -> pd.Series | None:
    """Return the row to be believed most: by lot before weighed, never the naive one."""
    for comparison in ("by lot", "weighed"):
        rows = table[(table["comparison"] == comparison) & np.isfinite(table["rate_ratio"])]
        if len(rows):
            return rows.sort_values(["n_with", "play"], ascending=[False, True]).iloc[0]
    return None


def said(table: pd.DataFrame) -> str:
    """Return the title of the picture of effects: what the best comparison shows."""
    best = _best(table)
    if best is None:
        return "No comparison can be made"
    return f"{words(best['play'])}, {best['comparison']}: {verdict(best)}"


def headline(effects: Effects) -> str:
    """Return the template of the headline."""
    best = _best(effects.table)
    if best is None:
        return NO_PLAYS
    return BY_LOT if best["comparison"] == "by lot" else NOT_BY_LOT


def facts(effects: Effects, verdicts: pd.DataFrame, contacts: pd.DataFrame) -> dict[str, Any]:
    """Return the numbers of the headline and others worth keeping.

    Parameters
    ----------
    effects : Effects
    verdicts : DataFrame
        From :func:`helpers.impact.verdicts.verdicts`.
    contacts : DataFrame
        From :func:`helpers.impact.response.contact_after_alerts`.
    """
    values: dict[str, Any] = {"n_judged": 0, "n_confirmed": 0}
    every = verdicts[(verdicts["family"] == "alert") & (verdicts["item"] == ALL)]
    if len(every):
        row = every.iloc[0]
        values |= {"n_judged": int(row["judged"]), "n_confirmed": int(row["confirmed"])}
        values["precision"] = round(float(row["precision"]), 4)
    values["n_warnings"] = len(contacts)
    values["n_contacted"] = int(contacts["contacted_on"].notna().sum())
    best = _best(effects.table)
    if best is None:
        return values
    return values | {
        "play": words(best["play"]),
        "comparison": best["comparison"],
        "ratio": round(float(best["rate_ratio"]), 4),
        "low": round(float(best["low"]), 4),
        "high": round(float(best["high"]), 4),
        "verdict": verdict(best),
        "n_with": int(best["n_with"]),
        "n_without": int(best["n_without"]),
    }


def caveats(effects: Effects) -> tuple[str, ...]:
    """Say what a reader must know before acting on the effects."""
    notes = []
    best = _best(effects.table)
    if best is not None and best["comparison"] == "by lot":
        n = best["left_with"] + best["left_without"]
        notes.append(
            f"With {n:.0f} departures only a ratio below {best['smallest_ratio']:.2f} would show "
            "four times in five; no effect shown is not the same as no effect."
        )
    weighed = effects.table[effects.table["comparison"] == "weighed"]
    if len(weighed):
        notes.append(
            "Weighed figures rest on what is in the data: a reason to call that was seen on the "
            "phone only is not undone."
        )
    naive = effects.table[effects.table["comparison"] == "naive"]
    if len(naive) and float(naive["rate_ratio"].iloc[0]) > 1:
        notes.append(
            "Accounts that were helped left more often than the rest because the sickest are "
            "helped: the naive figure says nothing of the play."
        )
    return (*notes, *effects.notes)


def gaps(interventions: pd.DataFrame | None, feedback: pd.DataFrame | None) -> tuple[str, ...]:
    """Say which results are missing for want of a source."""
    told = []
    if interventions is None:
        told.append("effects of plays: not computed, because there is no `interventions` table")
    if feedback is None:
        told.append("precision of alerts: not computed, because there is no `feedback` table")
    return tuple(told)


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose plays and items are words instead of the data's own names."""
    named = [name for name in ("play", "item") if name in table.columns]
    return table.assign(**{name: table[name].map(words) for name in named})


def power_view(effects: Effects) -> pd.DataFrame:
    """Return what the experiments could have shown, one row a play given by lot."""
    table = effects.table[effects.table["comparison"] == "by lot"]
    columns = ["play", "n_with", "n_without", "left_with", "left_without", "rate_ratio",
               "events_to_show", "smallest_ratio"]  # fmt: skip
    return readable(table[columns])


def effects_view(effects: Effects) -> pd.DataFrame:
    """Return the table of effects as people read it, one row a comparison."""
    table = effects.table
    interval = [
        f"{low:.2f} to {high:.2f}" if np.isfinite(low) else "–"
        for low, high in zip(table["low"], table["high"], strict=True)
    ]
    return pd.DataFrame(
        {
            "play": [words(play) for play in table["play"]],
            "comparison": table["comparison"],
            "with it": _of(table, "with"),
            "without it": _of(table, "without"),
            "risk_with": table["risk_with"],
            "risk_without": table["risk_without"],
            "rate_ratio": table["rate_ratio"],
            "interval": interval,
            "verdict": [verdict(row) if row["comparison"] != "naive" else "not an effect"
                        for _, row in table.iterrows()],
        }
    )  # fmt: skip


def _of(table: pd.DataFrame, name: str) -> list[str]:
    return [
        f"{left:.0f} of {n:.0f} left"
        for left, n in zip(table[f"left_{name}"], table[f"n_{name}"], strict=True)
    ]


def returns(effects: Effects, features: pd.DataFrame, *, cost_per_hour: float) -> pd.DataFrame:
    """Set what plays given by lot kept against the hours they took.

    Parameters
    ----------
    effects : Effects
    features : DataFrame
        Of 02: gives the monthly revenue of accounts at the newest snapshot that has it.
    cost_per_hour : float
        What an hour of the team costs, in the company's currency.

    Returns
    -------
    DataFrame
        ``play, n_with, kept, kept_low, kept_high`` (accounts kept by it: number given it times the
        fall of the risk), ``revenue_year, revenue_low, revenue_high`` (their monthly revenue times
        12), ``hours``, ``cost``, ``roi, roi_low, roi_high`` ((revenue - cost) / cost; null without
        recorded hours). Plays that were never given by lot are left out: what they keep is not
        known.
    """
    paid = features.dropna(subset=["mrr"]).sort_values("as_of").groupby("account_id")["mrr"].last()
    rows = []
    for _, row in effects.table[effects.table["comparison"] == "by lot"].iterrows():
        given = effects.follow_ups
        given = given[(given["play"] == row["play"]) & (given["arm"] == "treated")]
        mrr = float(given["account_id"].map(paid).mean())
        hours = float(given["hours"].sum())
        cost = hours * cost_per_hour
        # A fall of the risk is a gain: the bounds change places.
        falls = [-float(row[name]) for name in ("risk_change", "risk_high", "risk_low")]
        kept = [row["n_with"] * fall for fall in falls]
        revenue = [number * mrr * 12 for number in kept]
        back = [(money - cost) / cost if cost else float("nan") for money in revenue]
        rows.append(
            {
                "play": row["play"], "n_with": int(row["n_with"]),
                **dict(zip(("kept", "kept_low", "kept_high"), kept, strict=True)),
                **dict(zip(("revenue_year", "revenue_low", "revenue_high"), revenue, strict=True)),
                "hours": hours, "cost": cost,
                **dict(zip(("roi", "roi_low", "roi_high"), back, strict=True)),
            }
        )  # fmt: skip
    columns = ["play", "n_with", "kept", "kept_low", "kept_high", "revenue_year", "revenue_low",
               "revenue_high", "hours", "cost", "roi", "roi_low", "roi_high"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
