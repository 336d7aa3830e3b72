"""How much an anomaly matters: its size and how many other signals bear it out, in one table.

The rule behind the table: HIGH needs two or three signals of the same account that go wrong
together. The exceptions, single signals that are critical by themselves, are listed.
"""

import numpy as np
import pandas as pd

__all__ = ["LEVELS", "SINGLE_CRITICAL", "lower", "rank_of", "severity_of", "severity_table", "tier"]

LEVELS = ("low", "medium", "high", "critical")

SINGLE_CRITICAL = ("admin_absence",)
"""Kinds that are critical by themselves: without administrators nobody renews or renames."""

TIERS = ((0.90, "extreme"), (0.60, "large"), (0.35, "notable"), (0.0, "minor"))
"""Share of usage lost from which a fall is called so."""

_BY_TIER = {  # one family of signals, two, three and more
    "minor": ("low", "low", "medium"),
    "notable": ("low", "high", "high"),
    "large": ("medium", "high", "high"),
    "extreme": ("medium", "high", "critical"),
}
_BY_KIND = {
    "user_attrition": ("medium", "high", "high"),
    "admin_absence": ("critical", "critical", "critical"),
    "power_user_silent": ("high", "high", "high"),  # visits and minutes of one person: two signals
    "feature_abandonment": ("medium", "medium", "high"),
    "collaboration_stopped": ("medium", "medium", "high"),
    "pattern_break": ("medium", "medium", "high"),
    "outlier_actions": ("medium", "medium", "high"),
    "suspicious_activity": ("medium", "high", "high"),  # critical with exports by night
    "unexpected_spike": ("low", "low", "low"),  # medium if growth, high if abuse
    "adoption_stalled": ("low", "low", "low"),
    "unusual_mix": ("low", "low", "medium"),
    "api_over_limit": ("medium", "medium", "medium"),
    "near_seat_limit": ("medium", "medium", "medium"),
    "near_storage_limit": ("medium", "medium", "medium"),
    "five_integrations_three_departments": ("medium", "medium", "medium"),
    "premium_in_trial": ("medium", "medium", "medium"),
    "above_typical_power_user": ("medium", "medium", "medium"),
    "new_departments": ("medium", "medium", "medium"),
    "emerging_champion": ("medium", "medium", "medium"),
    "systemic_incident": ("high", "high", "high"),
}
_TIERED = ("sudden_drop", "usage_drop", "gradual_decline")
_TRIAGE = {"growth": "medium", "legitimate": "low", "abuse": "high"}


def tier(share_lost: float) -> str:
    """Name the size of a fall; the share is rounded half up to whole percent first."""
    whole = np.floor(100 * share_lost + 0.5) / 100
    return next((name for limit, name in TIERS if whole >= limit), "minor")


def severity_of(
    kind: str, *, size: float = 0.0, families: int = 1, detail: str = "", triage: str = ""
) -> str:
    """Return the severity of one anomaly.

    Parameters
    ----------
    kind : str
    size : float
        Relative change (-0.38 = 38 % less); read for falls only.
    families : int
        Families of signals that go wrong together, this one included.
    detail : str
        ``with exports by night`` makes suspicious activity critical: that is its second sign.
    triage : str
        Of a spike: growth, legitimate or abuse.

    Returns
    -------
    str
        One of ``LEVELS``.

    Raises
    ------
    KeyError
        If the table has no such kind.
    """
    column = min(max(families, 1), 3) - 1
    if kind in _TIERED:
        return _BY_TIER[tier(-size)][column]
    if kind == "suspicious_activity" and detail:
        return "critical"
    if kind == "unexpected_spike" and triage:
        return _TRIAGE[triage]
    return _BY_KIND[kind][column]


def severity_table() -> pd.DataFrame:
    """Return the written table: kind or size, severity with one, two and three families."""
    rows = [(f"fall, {name}", *row) for name, row in _BY_TIER.items()]
    rows += [(kind, *row) for kind, row in _BY_KIND.items()]
    columns = ["anomaly", "one_signal", "two_signals", "three_signals"]
    return pd.DataFrame(rows, columns=columns)


def rank_of(severity: pd.Series) -> pd.Series:
    """Turn severities into 0 (low) to 3 (critical)."""
    return severity.map({name: number for number, name in enumerate(LEVELS)}).astype("int64")


def lower(severity: str, steps: int = 1) -> str:
    """Return a lower severity; low stays low."""
    return LEVELS[max(LEVELS.index(severity) - steps, 0)]
