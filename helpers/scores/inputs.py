"""What the churn model may look at: a written list, with the words for each value.

A list and not "every column": what is not on it cannot leak into the model (a status, an owner,
a cancellation date), and each entry says how its value reads in a sentence. Features whose source
a company lacks drop out by themselves. Requirement P-01 names six kinds of input and P-03 seven
leading indicators; ``indicator`` says which entry answers which. How long ago an account signed up
is not on the list: nobody can act on it, and the signal gate asks what the model knows beyond it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.scores.readings import column_for, reading

__all__ = [
    "CHURN_INPUTS",
    "INDICATORS",
    "Input",
    "an_input",
    "in_words",
    "indicator_table",
    "resolve",
]

INDICATORS = {
    "declining logins": "logins__change_30d",
    "decreased feature usage": "features_used__change_30d",
    "error increase": "errors__change_30d",
    "ticket volume and sentiment": "ticket_sentiment__mean_90d",
    "removal of team members": "users_removed__n_30d",
    "pricing-page visits": "pricing_page__n_30d",
    "competitor-comparison searches": "competitor_search__n_90d",
}
"""The seven leading indicators and the feature that each is read from first."""

SMALLEST_RATIO = 0.05


def in_words(phrase: str, value: float) -> str:
    """Fill a value into a phrase, with a minus sign that is not a hyphen."""
    return re.sub(r"(?<!\w)-(?=\d)", "\u2212", phrase.format(x=value))


@dataclass(frozen=True, kw_only=True)
class Input:
    """One feature that a model may use.

    Parameters
    ----------
    name : str
        Feature, with the preferred window.
    theme : str
        Inputs of one theme are explained together: one line to a person, not three.
    transform : str
        ``log`` (counts), ``signed`` (changes and amounts of either sign), ``ratio`` (shares of an
        earlier level: half as much counts alike wherever it began) or ``none``.
    phrase : str
        The value in words, a format of ``{x}``; ``{x:+.0%}`` for a change.
    indicator : str
        Which leading indicator it belongs to, if any.
    absent : str
        The words for 0, if they are others.
    """

    name: str
    theme: str
    transform: str
    phrase: str
    indicator: str = ""
    absent: str = ""

    @property
    def seasonal(self) -> bool:
        """A trend: when every account is quiet, none of them stands out."""
        return self.theme.startswith("trend")

    def apply(self, values: pd.Series) -> pd.Series:
        """Return the transformed values; missing stays missing."""
        if self.transform == "log":
            return np.log1p(values.clip(lower=0.0))
        if self.transform == "signed":
            return np.arcsinh(values)
        if self.transform == "ratio":
            return np.log(values.clip(lower=SMALLEST_RATIO))
        return values

    def words(self, value: float) -> str:
        """Return the value as a person reads it; says so when it is not known."""
        if np.isnan(value):
            return f"{self.theme} not known"
        if self.absent and value == 0:
            return self.absent
        return in_words(self.phrase, value)


def an_input(name: str, theme: str, transform: str, phrase: str, indicator: str = "") -> Input:
    """Write an :class:`Input` in one line of a list."""
    return Input(name=name, theme=theme, transform=transform, phrase=phrase, indicator=indicator)


_i = an_input


_LOGINS, _USE, _ERRORS, _SUPPORT, _TEAM, _PRICE, _RIVAL = tuple(INDICATORS)

CHURN_INPUTS = (
    _i("days_since_last_login", "last login", "log", "last login {x:,.0f} days ago", _LOGINS),
    _i("days_since_last_event", "last use", "log", "last use {x:,.0f} days ago"),
    _i("longest_gap_days_90d", "last use", "log", "longest pause {x:,.0f} days in 90 days"),
    _i("logins__change_30d", "trend of logins", "signed", "logins {x:+.0%} in 30 days", _LOGINS),
    _i("logins_per_week_90d", "logins", "log", "logins a week: {x:,.1f}", _LOGINS),
    _i("events__change_30d", "trend of use", "signed", "use {x:+.0%} in 30 days"),
    _i("events__slope_90d", "trend of use", "none", "use {x:+.1%} a week over 12 weeks"),
    _i("events__share_of_peak", "trend of use", "ratio", "use at {x:.0%} of its best month"),
    _i("stickiness_30d", "regular use", "none", "people active on {x:.0%} of days"),
    _i("active_weeks__share_90d", "regular use", "none", "active in {x:.0%} of weeks"),
    _i("session_minutes__mean_90d", "sessions", "log", "sessions of {x:,.0f} minutes"),
    _i("adoption__share_90d", "breadth of use", "none", "{x:.0%} of features in use", _USE),
    _i(
        "core_adoption__share_90d",
        "breadth of use",
        "none",
        "{x:.0%} of core features in use",
        _USE,
    ),
    _i(
        "features_used__change_30d",
        "trend of adoption",
        "signed",
        "features in use {x:+.0%} in 30 days",
        _USE,
    ),
    _i(
        "features_abandoned__n_30d",
        "trend of adoption",
        "log",
        "features abandoned in 30 days: {x:,.0f}",
        _USE,
    ),
    _i("errors__change_30d", "errors", "signed", "errors {x:+.0%} in 30 days", _ERRORS),
    _i("error_rate__30d", "errors", "log", "{x:,.1f} errors per 100 events", _ERRORS),
    _i("tickets__n_30d", "tickets", "log", "tickets in 30 days: {x:,.0f}", _SUPPORT),
    _i("tickets__n_90d", "tickets", "log", "tickets in 90 days: {x:,.0f}", _SUPPORT),
    _i(
        "tickets_escalated_open__n",
        "escalations",
        "log",
        "escalated tickets open: {x:,.0f}",
        _SUPPORT,
    ),
    _i(
        "tickets_escalated__n_90d",
        "escalations",
        "log",
        "tickets escalated in 90 days: {x:,.0f}",
        _SUPPORT,
    ),
    _i("csat__mean_90d", "support ratings", "none", "support rated {x:.1f} of 5", _SUPPORT),
    _i(
        "ticket_sentiment__mean_90d",
        "tone of tickets",
        "none",
        "tone of tickets {x:+.2f} (−1 to +1)",
        _SUPPORT,
    ),
    _i("active_users__n_30d", "team activity", "log", "people active in 30 days: {x:,.0f}"),
    _i(
        "active_users__change_30d",
        "team activity",
        "signed",
        "active people {x:+.0%} in 30 days",
        _TEAM,
    ),
    _i(
        "users_removed__n_30d",
        "people removed",
        "log",
        "people removed in 30 days: {x:,.0f}",
        _TEAM,
    ),
    _i("power_user_days_since", "key people", "log", "busiest person last seen {x:,.0f} days ago"),
    _i("admin_days_since_active", "key people", "log", "admin last seen {x:,.0f} days ago"),
    _i("champion_left_90d", "champion", "none", "champions who left in 90 days: {x:.0f}"),
    _i(
        "pricing_page__n_30d",
        "pricing page",
        "log",
        "pricing-page visits in 30 days: {x:,.0f}",
        _PRICE,
    ),
    _i(
        "competitor_search__n_90d",
        "competitor search",
        "log",
        "competitor searches in 90 days: {x:,.0f}",
        _RIVAL,
    ),
    _i("exports__n_30d", "exports", "log", "exports in 30 days: {x:,.0f}"),
    _i("nps_last", "NPS", "none", "NPS answer {x:.0f} of 10"),
    _i("overdue__n", "payment", "log", "invoices overdue: {x:,.0f}"),
    _i("late_invoices__share_365d", "payment", "none", "{x:.0%} of invoices paid late"),
    _i("days_late__mean_365d", "payment", "log", "paid {x:,.0f} days late on average"),
    _i("message_open__rate_90d", "messages", "none", "{x:.0%} of messages opened"),
    _i("seats__share", "seats", "none", "{x:.0%} of seats in use"),
    _i("is_trial", "contract", "none", "on trial: {x:.0f}"),
    _i("invoices__n_365d", "purchases", "log", "invoices in a year: {x:,.0f}"),
    _i("invites__n_30d", "invitations", "log", "invitations in 30 days: {x:,.0f}"),
)


def resolve(
    inputs: Iterable[Input], features: pd.DataFrame, *, allowed: Iterable[str] | None = None
) -> tuple[tuple[Input, ...], pd.DataFrame]:
    """Return the inputs that the feature table can serve, and their values.

    Parameters
    ----------
    inputs : iterable of Input
        In order; the first of two that fall on the same column stays.
    features : DataFrame
        Feature table of 02.
    allowed : iterable of str, optional
        Columns that may be used (the dictionary's predictive ones); default: all.

    Returns
    -------
    inputs : tuple of Input
        Those with a column that is not missing everywhere.
    values : DataFrame
        One column an input, named as the input, indexed as ``features``.
    """
    usable = list(map(str, features.columns)) if allowed is None else list(allowed)
    chosen: dict[Input, pd.Series] = {}
    taken: set[str] = set()
    for item in inputs:
        found = column_for(item.name, usable)
        if found is None or found not in features.columns or found in taken:
            continue
        if features[found].notna().any():
            taken.add(found)
            chosen[item] = reading(features, found)
    values = {item.name: value for item, value in chosen.items()}
    return tuple(chosen), pd.DataFrame(values, index=features.index)


def indicator_table(used: Iterable[Input]) -> pd.DataFrame:
    """Return the seven leading indicators and the inputs that stand for each in this run.

    ``available`` is false where no source of the company tells of it.
    """
    used = list(used)
    rows = []
    for indicator in INDICATORS:
        names = [item.name for item in used if item.indicator == indicator]
        rows.append(
            {
                "indicator": indicator,
                "available": bool(names),
                "inputs": ", ".join(names) or "not available: no source tells of it",
            }
        )
    return pd.DataFrame(rows)
