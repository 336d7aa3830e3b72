"""Every feature there is, by family, and the dictionary that describes them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from helpers.errors import ParameterError
from helpers.features.families import (
    adoption,
    billing,
    contact,
    firmographic,
    learning,
    limits,
    support,
    trend,
    usage,
)
from helpers.features.feature import Feature, expand
from helpers.features.measures import as_measured
from helpers.features.relations import ACTIVITY, Relation

__all__ = ["FAMILIES", "RELATIONS", "all_features", "dictionary"]

FAMILIES: Mapping[str, tuple[Feature, ...]] = {
    "usage": usage.FEATURES,
    "trend": trend.FEATURES,
    "adoption": adoption.FEATURES,
    "learning": learning.FEATURES,
    "intent": learning.INTENT,
    "support": support.FEATURES,
    "billing": billing.FEATURES,
    "messages": contact.MESSAGES,
    "surveys": contact.SURVEYS,
    "relationship": contact.RELATIONSHIP,
    "limits": limits.LIMITS,
    "milestones": limits.MILESTONES,
    "external": limits.EXTERNAL,
    "firmographic": firmographic.FEATURES,
}
"""Families in the order of the columns."""

RELATIONS: Mapping[str, Relation] = {
    **ACTIVITY,
    **support.RELATIONS,
    **billing.RELATIONS,
    **contact.RELATIONS,
    **limits.RELATIONS,
}
"""What features may aggregate, by name."""


_TEXTS = ("feature", "meaning", "unit", "family", "sources", "needs", "missing", "seed", "kind")


def all_features(windows_days: Sequence[int]) -> list[Feature]:
    """Return every feature, hidden ones included, one a window where the name holds one.

    Parameters
    ----------
    windows_days : sequence of int
        Windows in days, rising.
    """
    windows = tuple(windows_days)
    return [
        replace(feature, family=family, sql=feature.sql.replace("{longest}", str(max(windows))))
        for family, records in FAMILIES.items()
        for record in records
        for feature in expand(record, windows)
    ]


def dictionary(windows_days: Sequence[int], measured: Sequence[str] = ()) -> pd.DataFrame:
    """Describe the feature table, one row a column.

    Parameters
    ----------
    windows_days : sequence of int
        As given to :func:`helpers.features.build_features`.
    measured : sequence of str
        Features that measures tell in this run (:func:`helpers.features.evidence.measured`);
        their source is ``measures``.

    Returns
    -------
    DataFrame
        feature, meaning, unit, window_days (missing: no window), family, sources (tables),
        needs, missing (when the value is empty), seed (requirement), behavioural (may be used
        for clustering), predictive (may enter a model), kind (number, text, boolean).

    Raises
    ------
    ParameterError
        If ``windows_days`` is empty.
    """
    if not windows_days:
        raise ParameterError("expected at least one window in windows_days, got none.")
    shown = [
        as_measured(feature) if feature.name in measured else feature
        for feature in all_features(windows_days)
        if not feature.hidden
    ]
    frame = pd.DataFrame(
        {
            "feature": [f.name for f in shown],
            "meaning": [f.meaning for f in shown],
            "unit": [f.unit for f in shown],
            "window_days": pd.array([f.window for f in shown], dtype="Int64"),
            "family": [f.family for f in shown],
            "sources": [", ".join(f.sources) for f in shown],
            "needs": [", ".join(f.needs) for f in shown],
            "missing": [f.missing for f in shown],
            "seed": [f.seed for f in shown],
            "behavioural": [f.behavioural for f in shown],
            "predictive": [f.predictive for f in shown],
            "kind": [f.kind for f in shown],
        }
    )
    return frame.astype(dict.fromkeys(_TEXTS, "string"))
