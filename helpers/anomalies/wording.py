"""The reason for an alert in numbers, as a customer-success manager would say it."""

import math

import pandas as pd

from helpers.anomalies.kinds.catalogue import kind_of
from helpers.anomalies.texts import metric_words, number, percent, span

__all__ = ["describe"]

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
        ``size``, ``detail``, ``triage``, ``note``.

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
    if row.get("note"):
        notes.append(str(row["note"]))
    if notes:
        told["evidence"] += "; " + "; ".join(notes)
    return told


def _count(row: pd.Series) -> dict[str, str]:
    """Tell a weekly rate against what is expected."""
    what, days = metric_words(str(row["metric"])), float(row["window_days"])
    weeks = days / 7 if days >= 7 else 1.0
    usual, seen = number(row["expected"] / weeks), number(row["observed"] / weeks)
    text = f"{what} {usual} \N{RIGHTWARDS ARROW} {seen} {span(days)}"
    if row["expected"] > 0:
        text += f", {percent(row['observed'] / row['expected'] - 1)}"
    if math.isfinite(row["low"]) and math.isfinite(row["high"]):
        low, high = round(row["low"] / weeks), round(row["high"] / weeks)
        between = f"{number(low)} to {number(high)}" if low else f"at most {number(high)}"
        text += f", expected {between}"
    return {
        "historical": f"{what}: {usual} a week",
        "recent": f"{what}: {seen} {span(days)}",
        "evidence": text,
    }


def _decline(row: pd.Series) -> dict[str, str]:
    what, weeks = metric_words(str(row["metric"])), int(row["low"])
    weekly = (1 + row["size"]) ** (1 / weeks) - 1
    now = number(row["observed"])
    return {
        "historical": f"{what}: {number(row['observed'] / (1 + row['size']))} a week before",
        "recent": f"{what}: {now} in 7 days, {percent(weekly)} a week for {weeks} weeks",
        "evidence": f"{what} {percent(weekly)} a week for {weeks} weeks, {percent(row['size'])} "
        f"in all; {now} in the last 7 days",
    }


def _people(row: pd.Series) -> dict[str, str]:
    window = f"in {int(row['window_days'])} days"
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
    usual, seen = (f"{100 * row[name]:.0f}%" for name in ("expected", "observed"))
    return {
        "historical": f"{usual} of the events at night or on weekends",
        "recent": f"{seen} of them",
        "evidence": f"events at night and on weekends {usual} \N{RIGHTWARDS ARROW} {seen} "
        f"in {int(row['window_days'])} days, at about the same volume",
    }


def _adoption(row: pd.Series) -> dict[str, str]:
    known, usual = number(row["observed"]), number(row["expected"])
    recent = f"{known} features, no new one in {int(row['window_days'])} days"
    return {
        "historical": f"features in use two months after sign-up: usually {usual}",
        "recent": recent,
        "evidence": f"{recent}; {usual} are usual two months after sign-up",
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


def _action(row: pd.Series) -> dict[str, str]:
    what, times = metric_words(str(row["metric"])), number(row["observed"])
    peers = f"{100 * row['expected']:.0f}% of its peers did it in 12 weeks"
    return {
        "historical": f"{what}: not once in 12 weeks; {peers}",
        "recent": f"{what}: {times} times in 7 days",
        "evidence": f"{what} {times} times in 7 days, not once in 12 weeks before; {peers}",
    }


def _limit(row: pd.Series) -> dict[str, str]:
    what = metric_words(str(row["metric"]))
    share = f"{100 * row['size']:.0f}%"
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
    "adoption_stalled": _adoption,
    "pattern_break": _hours,
    "unexpected_spike": _spike,
    "unusual_mix": _mix,
    "outlier_actions": _action,
    "api_over_limit": _limit,
    "near_seat_limit": _limit,
    "near_storage_limit": _limit,
    "new_departments": _spread,
    "five_integrations_three_departments": _profile,
    "premium_in_trial": _trial,
    "above_typical_power_user": _above,
}
