"""What customer-success managers sent back on alerts, and how it moves the thresholds."""

import numpy as np
import pandas as pd

from helpers.anomalies.kinds.catalogue import KINDS

__all__ = ["PREFIX", "thresholds"]

PREFIX = "alert:"
"""A verdict on an alert names its kind so: ``alert:sudden_drop``."""
PRIOR = 4.0
"""Verdicts that count as half right, half wrong before any is there."""
LOWEST, HIGHEST = 0.25, 2.0
"""The tolerated share of false alerts of a kind is never moved beyond these multiples."""
MAX_TOLERATED = 0.2


def thresholds(
    feedback: pd.DataFrame | None, *, as_of: pd.Timestamp, sensitivity: float
) -> pd.DataFrame:
    """Set, per kind, the share of false alerts that is tolerated, from past verdicts.

    The rule: multiply the notebook's ``sensitivity`` by
    ``(confirmed + missed + 2) / (false_positive + 2)``, kept between 0.25 and 2, and never
    beyond 0.2. False alerts make a kind stricter, confirmed and missed ones more sensitive;
    few verdicts move it little. Kinds that state facts have no such threshold.

    Parameters
    ----------
    feedback : DataFrame or None
        The contract's table; verdicts on runs of ``as_of`` or later are not known yet.
    as_of : Timestamp
    sensitivity : float
        Tolerated share of false alerts, 0 to 0.2.

    Returns
    -------
    DataFrame
        By kind, in catalogue order: ``kind``, ``confirmed``, ``missed``, ``false_positive``,
        ``precision`` (confirmed of those judged; null without verdicts), ``multiplier``,
        ``max_q`` (null for facts).
    """
    counts = _verdicts(feedback, as_of)
    rows = []
    for kind in KINDS:
        told = {name: int(counts.get((kind.name, name), 0)) for name in _VERDICTS}
        right, wrong = told["confirmed"] + told["missed"], told["false_positive"]
        multiplier = float(np.clip((right + PRIOR / 2) / (wrong + PRIOR / 2), LOWEST, HIGHEST))
        judged = told["confirmed"] + wrong
        limit = min(sensitivity * multiplier, MAX_TOLERATED) if kind.statistical else np.nan
        rows.append(
            {
                "kind": kind.name,
                **told,
                "precision": told["confirmed"] / judged if judged else np.nan,
                "multiplier": multiplier if kind.statistical else np.nan,
                "max_q": limit,
            }
        )
    return pd.DataFrame(rows)


_VERDICTS = ("confirmed", "missed", "false_positive")


def _verdicts(feedback: pd.DataFrame | None, as_of: pd.Timestamp) -> dict[tuple[str, str], int]:
    if feedback is None or feedback.empty:
        return {}
    past = feedback[feedback["as_of"] < as_of]
    mine = past[past["item"].str.startswith(PREFIX).fillna(False).astype(bool)]
    kinds = mine["item"].str.removeprefix(PREFIX)
    counted = mine.assign(kind=kinds).groupby(["kind", "verdict"]).size().reset_index(name="n")
    return {
        (str(kind), str(verdict)): int(n) for kind, verdict, n in counted.itertuples(index=False)
    }
