"""From features to segments: fit on the newest date, assign every date with the same map.

Earlier dates are put on the newest date's scale and given its nearest centre, so that a name
means the same in every quarter and a move between names is a move of the account. Accounts in
their first 90 days have neither a trend nor a settled way of use: they form a segment by rule,
and the others are clustered. Where there are too few accounts, or no structure, one family of
segments by rule alone takes the place of clusters, and ``reason`` says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import ParameterError
from helpers.segments.agreement import ward_agreement
from helpers.segments.cluster import assign, fit_clusters, one_thread
from helpers.segments.dimensions import DIMENSIONS, FIRMOGRAPHICS, Dimension
from helpers.segments.levels import NEW, Yardstick, readings_of, yardstick_of
from helpers.segments.lifecycle import engagement_level, lifecycle_stage
from helpers.segments.names import count_names, name_accounts, name_clusters
from helpers.segments.prepare import Preparation, dimension_scores, fit_preparation
from helpers.segments.readings import reading
from helpers.segments.rfm import rfm_scores, rfm_segment
from helpers.segments.segmentation import CHURNED, Segmentation, is_young, live_at
from helpers.segments.selection import Rule, choose, evaluate
from helpers.segments.telling import missing_dimensions, warnings_of
from helpers.segments.vocabulary import FAMILY_NAMES

__all__ = [
    "FEW_ACCOUNTS",
    "place_accounts",
    "rule_segments",
    "segment_accounts",
    "sets_apart",
]

FEW_ACCOUNTS = 30


@dataclass(frozen=True, kw_only=True)
class _Search:
    """What was tried, and what came of it."""

    prepared: Preparation | None
    scores: pd.DataFrame
    selection: pd.DataFrame
    reason: str
    apart: bool = False


def segment_accounts(
    features: pd.DataFrame,
    dictionary: pd.DataFrame,
    *,
    k_min: int = 4,
    k_max: int = 8,
    seed: int = 0,
    max_correlation: float = 0.95,
    min_accounts: int = FEW_ACCOUNTS,
    firmographics: bool = False,
    usual: int | None = None,
    rule: Rule | None = None,
) -> Segmentation:
    """Segment the accounts of a company at every date of the feature table.

    Parameters
    ----------
    features : DataFrame
        Feature table of 02: one row an account and ``as_of``.
    dictionary : DataFrame
        Its dictionary.
    k_min, k_max : int
        Numbers of segments to try, both included; new accounts, set apart, are one of them.
    seed : int
        Of every random draw.
    max_correlation : float
        See :func:`helpers.segments.prepare.fit_preparation`.
    min_accounts : int
        Fewer live accounts are not clustered.
    firmographics : bool
        Compare who the customers are (:data:`~helpers.segments.dimensions.FIRMOGRAPHICS`), too.
    usual : int, optional
        Number of segments of the run before: preferred among near ties.
    rule : Rule, optional
        How the number of clusters is chosen.

    Returns
    -------
    Segmentation
        With one segment for every row of ``features``.

    Raises
    ------
    ParameterError
        If ``k_min`` is below 2 or above ``k_max``.
    """
    if not 2 <= k_min <= k_max:
        raise ParameterError(f"expected 2 <= k_min <= k_max, got k_min={k_min}, k_max={k_max}.")
    as_of = pd.Timestamp(features["as_of"].max())
    live = live_at(features, as_of)
    settings = _Settings(
        numbers=range(k_min, k_max + 1),
        seed=seed,
        max_correlation=max_correlation,
        min_accounts=min_accounts,
        dimensions=(*DIMENSIONS, *(FIRMOGRAPHICS if firmographics else ())),
        usual=usual,
        rule=rule or Rule(),
    )
    yardstick, settled = yardstick_of(live), live[~is_young(live)]
    found = _search(live, dictionary, yardstick, settings)
    centres, naming, agreement, young = found.scores.iloc[:0], _no_names(), float("nan"), None
    if not found.reason:
        k = int(found.selection.loc[found.selection["chosen"], "n_clusters"].iloc[0])
        young = k if found.apart else None
        centres, naming, agreement = _settle(live, found, k, yardstick, settings)
    return Segmentation(
        as_of=as_of,
        active_days=float(reading(settled, "active_days__n", days=30, scaled=True).median()),
        assignments=_assignments(features, found.prepared, centres, naming, yardstick, young),
        selection=found.selection,
        naming=naming,
        preparation=found.prepared,
        yardstick=yardstick,
        centres=centres,
        scores=found.scores,
        young_cluster=young,
        agreement=agreement,
        reason=found.reason,
        warnings=warnings_of(found.selection, found.reason),
        missing=missing_dimensions(live, found.prepared, dictionary),
    )


@dataclass(frozen=True, kw_only=True)
class _Settings:
    numbers: Sequence[int]
    seed: int
    max_correlation: float
    min_accounts: int
    dimensions: tuple[Dimension, ...]
    usual: int | None
    rule: Rule


def sets_apart(live: pd.DataFrame, min_accounts: int, rule: Rule | None = None) -> bool:
    """Tell whether there are enough young accounts for a segment, and enough others to cluster."""
    rule = rule or Rule()
    young = int(is_young(live).sum())
    return rule.least(len(live)) <= young and len(live) - young >= min_accounts


def _search(
    live: pd.DataFrame, dictionary: pd.DataFrame, yardstick: Yardstick, given: _Settings
) -> _Search:
    """Prepare the scores and try every number of clusters; say why if none will do."""
    nothing = pd.DataFrame(index=pd.Index([], name="account_id"))
    if len(live) < given.min_accounts:
        reason = f"needs at least {given.min_accounts} live accounts, there are {len(live)}"
        return _refused(None, nothing, given.numbers, reason)
    apart = min(given.numbers) > 2 and sets_apart(live, given.min_accounts, given.rule)
    settled = live[~is_young(live)] if apart else live
    prepared = fit_preparation(
        settled,
        dictionary,
        max_correlation=given.max_correlation,
        dimensions=given.dimensions,
    )
    if not prepared.names:
        return _refused(
            prepared, nothing, given.numbers, "no feature of behaviour varies between accounts"
        )
    named = live.set_index("account_id")
    scores = dimension_scores(named, prepared)
    measured = evaluate(
        scores.loc[settled["account_id"]],
        [k - apart for k in given.numbers],
        seed=given.seed,
        rule=given.rule,
        count_names=lambda clusters, _: count_names(
            readings_of(named.loc[clusters.index], clusters), yardstick
        ),
    )
    measured[["n_clusters", "n_names"]] += int(apart)
    selection = choose(measured, len(settled), rule=given.rule, usual=given.usual)
    reason = "" if selection["chosen"].any() else "no structure found: every number of clusters"
    if reason:
        reason += f" is refused ({'; '.join(dict.fromkeys(selection['reason']))})"
    return _Search(
        prepared=prepared, scores=scores, selection=selection, reason=reason, apart=apart
    )


def _refused(
    prepared: Preparation | None, scores: pd.DataFrame, numbers: Sequence[int], reason: str
) -> _Search:
    return _Search(
        prepared=prepared,
        scores=scores,
        selection=_empty_selection(numbers, reason),
        reason=reason,
    )


def _settle(
    live: pd.DataFrame, found: _Search, k: int, yardstick: Yardstick, given: _Settings
) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Fit the number chosen; return centres, names and the agreement with a hierarchy."""
    young = k if found.apart else None
    named = live.set_index("account_id")
    settled = found.scores[~is_young(named).to_numpy(bool)] if found.apart else found.scores
    with one_thread():
        centres = fit_clusters(settled, k - found.apart, seed=given.seed).centres
        clusters = assign(settled, centres)["cluster"]
        agreement = ward_agreement(settled, clusters, seed=given.seed)
    everybody = clusters.reindex(found.scores.index).fillna(young or 0).astype(int)
    naming = name_clusters(readings_of(named, everybody), centres, yardstick).reset_index()
    by_rule = naming["cluster"] == (young or 0)
    naming.loc[by_rule, "segment"] = FAMILY_NAMES["new"]  # whatever their median age is today
    naming.loc[by_rule, "rule"] = f"in the first {NEW} days"
    overlaps = found.selection.loc[found.selection["chosen"], "jaccards"].iloc[0]
    naming["jaccard"] = naming["cluster"].map(dict(zip(centres.index, overlaps, strict=True)))
    return centres, naming, agreement


def place_accounts(
    rows: pd.DataFrame,
    prepared: Preparation,
    centres: pd.DataFrame,
    young_cluster: int | None,
) -> pd.DataFrame:
    """Give accounts of any date their cluster: the young by rule, others by the nearest centre.

    Returns
    -------
    DataFrame, (n_rows, 3)
        As :func:`helpers.segments.cluster.assign`; of a young account ``certainty`` is 1 and
        ``next_cluster`` the nearest centre: where it is heading.
    """
    near = assign(dimension_scores(rows, prepared), centres)
    if young_cluster is None:
        return near
    young = is_young(rows)
    near["next_cluster"] = near["next_cluster"].mask(young, near["cluster"])
    near["cluster"] = near["cluster"].mask(young, young_cluster)
    near["certainty"] = near["certainty"].mask(young, 1.0)
    return near


def _empty_selection(numbers: Sequence[int], reason: str) -> pd.DataFrame:
    table = evaluate(pd.DataFrame({"none": []}), numbers, seed=0)
    return table.assign(reason=reason, near_tie=False, chosen=False)


def _no_names() -> pd.DataFrame:
    return pd.DataFrame(columns=["cluster", "segment", "family", "rule", "because"])


def _assignments(
    features: pd.DataFrame,
    prepared: Preparation | None,
    centres: pd.DataFrame,
    naming: pd.DataFrame,
    yardstick: Yardstick,
    young_cluster: int | None,
) -> pd.DataFrame:
    rows = features.sort_values(["as_of", "account_id"], ignore_index=True)
    live = rows["is_live"].fillna(True).astype(bool)
    table = rows[["account_id", "as_of"]].copy()
    if len(centres) and prepared is not None:
        near = place_accounts(rows, prepared, centres, young_cluster)
        names = naming.set_index("cluster")["segment"]
        segments, beside = near["cluster"].map(names), near["next_cluster"].map(names)
    else:
        near = pd.DataFrame({"cluster": pd.NA, "certainty": np.nan}, index=rows.index)
        segments = rule_segments(rows, yardstick)
        beside = pd.Series(pd.NA, index=rows.index)
    table["cluster"] = near["cluster"].where(live).astype("Int64")
    table["segment"] = segments.where(live, CHURNED).astype("str")
    table["certainty"] = near["certainty"].where(live)
    table["neighbour"] = beside.where(live).astype("str")
    scores = rfm_scores(rows)
    table = table.join(scores).assign(rfm_segment=rfm_segment(scores))
    table["lifecycle_stage"] = lifecycle_stage(rows)
    table["engagement_level"] = engagement_level(rows)
    return table


def rule_segments(rows: pd.DataFrame, yardstick: Yardstick) -> pd.Series:
    """Name each account and date by rule alone."""
    if rows.empty:
        return pd.Series([], index=rows.index, dtype="str")
    single = pd.Series(np.arange(len(rows)), index=rows.index)
    names = name_accounts(readings_of(rows, single), yardstick)
    return pd.Series(names.to_numpy(), index=rows.index, dtype="str")
