"""The reason for an alert in numbers, as a customer-success manager would say it."""

import math

import numpy as np
import pandas as pd

from helpers.anomalies.kinds.catalogue import kind_of

__all__ = ["describe"]

_PER = {1: "on one day", 7: "in 7 days", 14: "in 14 days", 21: "in 21 days", 28: "in 28 days"}
_TRIAGE = {
    "growth": "looks like growth",
    "legitimate": "looks like work, a one-off",
    "abuse": "exports, calls and the like: abuse cannot be ruled out",
}


def describe(row: pd.Series) -> dict[str, str]:
    """Put an alert's numbers into words.

    Parameters
    ----------
    row : Series
        ``kind``, ``metric``, ``window_days``, ``observed``, ``expected``, ``low``, ``high``,
        ``size``, ``detail``, ``triage``, ``families``.

    Returns
    -------
    dict
        ``historical`` (what is usual), ``recent`` (what was seen) and ``evidence`` (both, with
        the change and the range to expect).
    """
    kind = kind_of(str(row["kind"])).name
    writer = _WRITERS.get(kind, _count)
    told = writer(row)
    notes = [str(row["detail"])] if row.get("detail") else []
    if row.get("triage"):
        notes.append(_TRIAGE[str(row["triage"])])
    if notes:
        told["evidence"] += "; " + "; ".join(notes)
    return told


def number(value: float) -> str:
    """Write a count with thousands separators; one decimal below 10 if it has any."""
    if not math.isfinite(value):
        return "unknown"
    if abs(value) >= 10 or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:.1f}"


def percent(change: float) -> str:
    """Write a relative change with its sign."""
    return f"{100 * change:+.0f} %".replace("-", "\N{MINUS SIGN}")


def _metric(name: str) -> str:
    kind, _, rest = name.partition(":")
    words = rest if kind in ("feature", "action") and rest else name
    return words.replace("_", " ")


def _count(row: pd.Series) -> dict[str, str]:
    """Counts in a window against what is expected there."""
    what, window = _metric(str(row["metric"])), _PER.get(int(row["window_days"]), "")
    usual, seen = number(row["expected"]), number(row["observed"])
    change = row["observed"] / row["expected"] - 1 if row["expected"] > 0 else np.nan
    text = f"{what} {usual} \N{RIGHTWARDS ARROW} {seen} {window}"
    if math.isfinite(change):
        text += f", {percent(change)}"
    if math.isfinite(row["low"]) and math.isfinite(row["high"]):
        text += f", expected {number(round(row['low']))}-{number(round(row['high']))}"
    return {
        "historical": f"{what}: {usual} {window}",
        "recent": f"{what}: {seen} {window}",
        "evidence": text,
    }


def _decline(row: pd.Series) -> dict[str, str]:
    what, weeks = _metric(str(row["metric"])), int(row["low"])
    weekly = (1 + row["size"]) ** (1 / weeks) - 1
    now = number(row["observed"])
    return {
        "historical": f"{what}: {number(row['observed'] / (1 + row['size']))} a week before",
        "recent": f"{what}: {now} in 7 days, {percent(weekly)} a week for {weeks} weeks",
        "evidence": f"{what} {percent(weekly)} a week for {weeks} weeks, {percent(row['size'])} "
        f"in all; {now} in the last 7 days",
    }


def _people(row: pd.Series) -> dict[str, str]:
    window = _PER[int(row["window_days"])]
    usual, seen = number(row["expected"]), number(row["observed"])
    return {
        "historical": f"about {usual} of the regular users come {window}",
        "recent": f"{seen} came {window}",
        "evidence": f"regular users active {usual} \N{RIGHTWARDS ARROW} {seen} {window}, "
        f"{percent(row['size'])}",
    }


def _absent(row: pd.Series) -> dict[str, str]:
    weeks = row["window_days"] / 7
    usual = number(row["expected"] / weeks)
    who = {"admin_absence": "administrators", "power_user_silent": "the most active person"}
    name = who[str(row["kind"])]
    span = f"{int(row['window_days'])} days"
    return {
        "historical": f"{name}: active on {usual} days a week",
        "recent": f"{name}: not once in {span}",
        "evidence": f"{name}: {usual} active days a week \N{RIGHTWARDS ARROW} none in {span}",
    }


def _hours(row: pd.Series) -> dict[str, str]:
    usual, seen = (f"{100 * row[name]:.0f} %" for name in ("expected", "observed"))
    return {
        "historical": f"{usual} of the events at night or on weekends",
        "recent": f"{seen} of them",
        "evidence": f"events at night and on weekends {usual} \N{RIGHTWARDS ARROW} {seen} "
        "in 7 days, at about the same volume",
    }


def _spike(row: pd.Series) -> dict[str, str]:
    usual, seen = number(row["expected"]), number(row["observed"])
    return {
        "historical": f"events: {usual} on such a day",
        "recent": f"events: {seen} on the highest day",
        "evidence": f"events {usual} \N{RIGHTWARDS ARROW} {seen} on the highest day, "
        f"{row['size']:.0f} times the usual",
    }


def _mix(row: pd.Series) -> dict[str, str]:
    count = int(row["observed"])
    return {
        "historical": "signals within their usual range",
        "recent": f"{count} signals off at once",
        "evidence": f"{count} signals are off at once; the joint detectors rank the week as odd",
    }


def _limit(row: pd.Series) -> dict[str, str]:
    what = _metric(str(row["metric"]))
    share = f"{100 * row['size']:.0f} %"
    return {
        "historical": f"{what}: {number(row['expected'])} paid for",
        "recent": f"{what}: {number(row['observed'])} in use",
        "evidence": f"{what} {number(row['observed'])} of {number(row['expected'])}: {share}",
    }


def _spread(row: pd.Series) -> dict[str, str]:
    return {
        "historical": f"{number(row['expected'])} departments active before",
        "recent": f"{number(row['observed'])} now",
        "evidence": f"departments active {number(row['expected'])} \N{RIGHTWARDS ARROW} "
        f"{number(row['observed'])} in 28 days",
    }


def _profile(row: pd.Series) -> dict[str, str]:
    return {
        "historical": "below the profile of a higher plan",
        "recent": f"{number(row['observed'])} integrations, 3 or more departments",
        "evidence": f"{number(row['observed'])} integrations and 3 or more departments at work",
    }


def _trial(row: pd.Series) -> dict[str, str]:
    return {
        "historical": "on trial",
        "recent": f"{number(row['observed'])} uses of premium features in 7 days",
        "evidence": f"{number(row['observed'])} uses of premium features in 7 days, on trial",
    }


def _above(row: pd.Series) -> dict[str, str]:
    usual, seen = number(row["expected"]), number(row["observed"])
    return {
        "historical": f"typical power users: {usual} events a person and day",
        "recent": f"{seen} events a person and day",
        "evidence": f"{seen} events a person and day against {usual} of typical power users",
    }


_WRITERS = {
    "gradual_decline": _decline,
    "user_attrition": _people,
    "admin_absence": _absent,
    "power_user_silent": _absent,
    "pattern_break": _hours,
    "unexpected_spike": _spike,
    "unusual_mix": _mix,
    "api_over_limit": _limit,
    "near_seat_limit": _limit,
    "near_storage_limit": _limit,
    "new_departments": _spread,
    "five_integrations_three_departments": _profile,
    "premium_in_trial": _trial,
    "above_typical_power_user": _above,
}
