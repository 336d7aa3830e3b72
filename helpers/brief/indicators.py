"""The seven leading indicators of one account, beside its own past and its peers (P-03, R-02)."""

import re
from dataclasses import dataclass

import numpy as np

from helpers.brief.subject import Subject
from helpers.scores.inputs import CHURN_INPUTS, INDICATORS, in_words
from helpers.scores.readings import live_rows, reading

__all__ = ["Watch", "watches"]

FALLING_IS_BAD = {
    "logins__change_30d",
    "features_used__change_30d",
    "ticket_sentiment__mean_90d",
}
"""Of the features behind the seven indicators, those where less is worse."""
WATCH_FROM, ACT_FROM = 0.75, 0.90


@dataclass(frozen=True)
class Watch:
    """One indicator: its value in words, and how it stands among the live accounts.

    Parameters
    ----------
    indicator : str
        One of seed S4's seven.
    now, before : str
        ``now`` in words; ``before``, the number 90 days earlier, "" where not known.
    worse_than : float or None
        Share of the other live accounts that are better off (ties count half); None where the
        account's value is not known.
    level : str
        "act", "watch", "calm", or "unknown".
    why_not : str
        Why it is not known; "" where it is.
    """

    indicator: str
    now: str
    before: str
    worse_than: float | None
    level: str
    why_not: str = ""


def watches(subject: Subject) -> list[Watch]:
    """Return the seven indicators, the most worrying first; those not known come last."""
    found = [_watch(subject, name, feature) for name, feature in INDICATORS.items()]
    return sorted(found, key=lambda one: -1.0 if one.worse_than is None else -one.worse_than - 1)


def _watch(subject: Subject, indicator: str, feature: str) -> Watch:
    value = subject.value(feature)
    if value is None:
        return Watch(indicator, "", "", None, "unknown", subject.why_not(feature))
    worse = _worse_than(subject, feature, value)
    level = "act" if worse >= ACT_FROM else "watch" if worse >= WATCH_FROM else "calm"
    earlier = subject.value(feature, at="before")
    before = "" if earlier is None else _number(feature, earlier)
    return Watch(indicator, _words(feature, value), before, worse, level)


def _worse_than(subject: Subject, feature: str, value: float) -> float:
    """Return the mid-rank share of other live accounts that stand better in this feature."""
    table = subject.features
    peers = table[
        (table["as_of"] == subject.as_of)
        & live_rows(table)
        & (table["account_id"] != subject.account_id)
    ]
    others = reading(peers, feature).dropna().to_numpy(float)
    if not len(others):
        return 0.5
    if feature in FALLING_IS_BAD:
        others, value = -others, -value
    return float(np.mean(others < value) + np.mean(others == value) / 2)


def _phrase(feature: str) -> str:
    phrases = {given.name: given.phrase for given in CHURN_INPUTS}
    return phrases.get(feature, "{x:,.3g}")


def _words(feature: str, value: float) -> str:
    return in_words(_phrase(feature), value)


def _number(feature: str, value: float) -> str:
    """Write the value as in the phrase, without the words around it."""
    field = re.search(r"\{x[^}]*\}", _phrase(feature))
    return in_words(field[0] if field else "{x:,.3g}", value)
