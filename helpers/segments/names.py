"""Give each cluster a name that says what it is: by the written rules, unique, explained."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.segments.levels import Yardstick, levels_of
from helpers.segments.vocabulary import FAMILY_NAMES, NAME_RULES, NameRule

__all__ = [
    "MARGIN",
    "count_names",
    "families_near",
    "name_accounts",
    "name_clusters",
    "name_profile",
]

MARGIN = 0.07
"""How far from the bounds of its direction a cluster must be before it is surely beyond them."""


def name_profile(profile: Mapping[str, float], yardstick: Yardstick | None = None) -> str:
    """Name one profile, e.g. ``{"days_per_week": 4, "adoption": 0.85, "nps": 72}``.

    Units as in :func:`helpers.segments.levels.readings_of`.
    """
    levels = levels_of(profile, yardstick).iloc[0]
    return _holding(levels)[0].name


def name_accounts(readings: pd.DataFrame, yardstick: Yardstick) -> pd.Series:
    """Name single accounts by rule alone: each gets the plain name of its family.

    The finer names describe groups; for one account they would rest on a few events.
    """
    families = _first_rules(readings, yardstick).map(lambda rule: FAMILY_NAMES[rule.family])
    return families.astype("str").rename("segment")


def count_names(readings: pd.DataFrame, yardstick: Yardstick) -> int:
    """Count the different names that clusters earn before they are told apart."""
    return int(_first_rules(readings, yardstick).map(lambda rule: rule.name).nunique())


def families_near(readings: pd.DataFrame, yardstick: Yardstick) -> dict[int, set[str]]:
    """Return the families that each cluster would have a little to either side of its direction.

    Its change of use is moved by :data:`MARGIN` both ways, and its share of accounts in decline
    with it: two quarters that differ by less do not differ in kind.
    """
    families: dict[int, set[str]] = {int(str(cluster)): set() for cluster in readings.index}
    for step in (-MARGIN, 0.0, MARGIN):
        moved = readings.assign(
            change=readings["change"] + step, declining_share=readings["declining_share"] - step
        )
        for cluster, rule in _first_rules(moved, yardstick).items():
            families[int(str(cluster))].add(rule.family)
    return families


def _first_rules(readings: pd.DataFrame, yardstick: Yardstick) -> pd.Series:
    """Return the first rule that holds for each row; each combination of levels is tried once."""
    levels = levels_of(readings, yardstick)
    keys = pd.MultiIndex.from_frame(levels)
    distinct = levels.drop_duplicates()
    rules = [_holding(row)[0] for _, row in distinct.iterrows()]
    found = pd.Series(rules, index=pd.MultiIndex.from_frame(distinct), dtype="object")
    return pd.Series(found.reindex(keys).to_numpy(), index=levels.index, dtype="object")


def name_clusters(
    readings: pd.DataFrame, centres: pd.DataFrame, yardstick: Yardstick
) -> pd.DataFrame:
    """Name clusters; no two have the same name.

    Parameters
    ----------
    readings : DataFrame, (n_clusters, n_readings)
        From :func:`helpers.segments.levels.readings_of`, indexed by cluster.
    centres : DataFrame, (n_clusters, n_dimensions)
        Their centres; a name that must be told apart from another is qualified by the
        dimension in which the two differ most.
    yardstick : Yardstick
        The company's scale.

    Returns
    -------
    DataFrame, (n_clusters, 4 + n_aspects)
        Indexed by cluster: ``segment``, ``family``, ``rule`` (the conditions that held),
        ``because`` (the numbers behind them), and the level of each aspect.
    """
    levels = levels_of(readings, yardstick)
    holding = {int(str(cluster)): _holding(row) for cluster, row in levels.iterrows()}
    taken: dict[str, int] = {}
    rules: dict[int, NameRule] = {}
    names: dict[int, str] = {}
    for cluster in _largest_first(readings):
        first = holding[cluster][0]
        variants = [rule for rule in holding[cluster] if rule.family == first.family]
        free = [rule for rule in variants if rule.name not in taken]
        rules[cluster] = free[0] if free else first
        names[cluster] = free[0].name if free else _qualified(first.name, cluster, taken, centres)
        taken[names[cluster]] = cluster
    numbers = {int(str(cluster)): row for cluster, row in readings.iterrows()}
    table = pd.DataFrame(
        {
            "segment": pd.Series(names),
            "family": pd.Series({c: rule.family for c, rule in rules.items()}),
            "rule": pd.Series({c: _conditions(rule) for c, rule in rules.items()}),
            "because": pd.Series({c: _numbers(numbers[c], rule) for c, rule in rules.items()}),
        }
    ).reindex(readings.index)
    return table.join(levels)


def _holding(levels: pd.Series) -> list[NameRule]:
    return [
        rule
        for rule in NAME_RULES
        if all(levels[aspect] in allowed for aspect, allowed in rule.levels.items())
    ]


def _largest_first(readings: pd.DataFrame) -> list[int]:
    sizes = zip(-readings["n_accounts"], readings.index, strict=True)
    return [int(cluster) for _, cluster in sorted(sizes)]


def _qualified(name: str, cluster: int, taken: dict[str, int], centres: pd.DataFrame) -> str:
    """Tell a second cluster of a name apart by where it differs most from the first."""
    gaps = centres.loc[cluster].to_numpy(float) - centres.loc[taken[name]].to_numpy(float)
    for position in np.argsort(-np.abs(gaps), kind="stable"):
        side = "high" if gaps[position] > 0 else "low"
        qualified = f"{name} ({side} {centres.columns[position]})"
        if qualified not in taken:
            return qualified
    return f"{name} (cluster {cluster})"


def _conditions(rule: NameRule) -> str:
    parts = [f"{aspect}: {' or '.join(allowed)}" for aspect, allowed in rule.levels.items()]
    return "; ".join(parts) or "none of the other rules holds"


_TEXTS: dict[str, tuple[tuple[str, str], ...]] = {
    "stage": (("age_days", "{:.0f} days since sign-up"),),
    "direction": (
        ("change", "use {:+.0%} in 30 days"),
        ("declining_share", "{:.0%} of accounts in decline"),
    ),
    "use": (("days_per_week", "active {:.1f} days a week per person"),),
    "breadth": (("adoption", "{:.0%} of features in use"),),
    "support": (("tickets", "{:.2f} tickets per person a month"),),
    "mood": (("nps", "NPS {:+.0f}"),),
    "limits": (("limit_share", "{:.0%} of the nearest limit in use"),),
}
"""Aspect to the readings that stand behind its level."""
_PLAIN = ("use", "direction", "breadth")


def _numbers(reading: pd.Series, rule: NameRule) -> str:
    """Say the numbers behind the aspects that the rule asks for."""
    wanted = [part for aspect in rule.levels or _PLAIN for part in _TEXTS[aspect]]
    known = [(name, text) for name, text in wanted if pd.notna(reading.get(name))]
    return "; ".join(text.format(reading[name]) for name, text in known)
