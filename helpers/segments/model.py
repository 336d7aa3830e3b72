"""From features to segments: fit on the newest date, assign every date with the same map.

Earlier dates are put on the newest date's scale and given its nearest centre, so that a name
means the same in every quarter and a move between names is a move of the account. Where there
are too few accounts, or no structure, one family of segments by rule alone takes the place of
clusters, and ``reason`` says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import ParameterError
from helpers.segments.agreement import ward_agreement
from helpers.segments.cluster import assign, fit_clusters, one_thread
from helpers.segments.levels import Yardstick, readings_of, yardstick_of
from helpers.segments.lifecycle import (
    ENGAGEMENT_LEVELS,
    LIFECYCLE_STAGES,
    engagement_level,
    lifecycle_stage,
)
from helpers.segments.names import count_names, name_accounts, name_clusters
from helpers.segments.prepare import Preparation, dimension_scores, fit_preparation
from helpers.segments.rfm import RFM_SEGMENTS, rfm_scores, rfm_segment
from helpers.segments.selection import Rule, choose, evaluate

__all__ = ["CHURNED", "Segmentation", "live_at", "segment_accounts"]

CHURNED = "Churned"
FEW_ACCOUNTS = 30


@dataclass(frozen=True, kw_only=True)
class Segmentation:
    """Segments of one run.

    Parameters
    ----------
    as_of : Timestamp
        The newest date, on which scale, centres and names were learnt.
    assignments : DataFrame
        One row an account and date: ``cluster`` (null where there are none, and for accounts
        no longer live), ``segment``, ``certainty``, ``rfm_segment`` with its three scores,
        ``lifecycle_stage``, ``engagement_level``.
    selection : DataFrame
        One row a number of clusters, with ``chosen`` and ``reason``.
    naming : DataFrame
        One row a cluster: ``cluster``, ``segment``, ``family``, ``rule``, ``because``, levels.
    preparation : Preparation or None
        Scales and what was left out; None with too few accounts.
    centres : DataFrame
        Cluster centres in the dimensions; empty without clusters.
    scores : DataFrame
        Dimension scores of the live accounts at ``as_of``, indexed by account.
    agreement : float
        Adjusted Rand index with a Ward hierarchy; NaN without clusters.
    reason : str
        Why there are no clusters; empty if there are.
    warnings : tuple of str
        What a reader must know before using the segments.
    missing : tuple of str
        Dimensions that could not be compared, and which table they would need.
    """

    as_of: pd.Timestamp
    assignments: pd.DataFrame
    selection: pd.DataFrame
    naming: pd.DataFrame
    preparation: Preparation | None
    yardstick: Yardstick
    centres: pd.DataFrame
    scores: pd.DataFrame
    agreement: float
    reason: str
    warnings: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def ingredients(self) -> pd.DataFrame:
        """Every feature behind the dimensions, with the reason where it is left out."""
        return pd.DataFrame() if self.preparation is None else self.preparation.ingredients

    @property
    def correlated(self) -> pd.DataFrame:
        """Features dropped because another one says the same."""
        return pd.DataFrame() if self.preparation is None else self.preparation.correlated

    def cross(self, column: str) -> pd.DataFrame:
        """Count the accounts of the newest date by segment and another label.

        Parameters
        ----------
        column : str
            ``lifecycle_stage``, ``engagement_level`` or ``rfm_segment``.

        Returns
        -------
        DataFrame, (n_segments, 1 + n_labels)
            ``segment``, then one column a label, in the order in which both are defined.
        """
        newest = self.assignments[self.assignments["as_of"] == self.as_of]
        counts = pd.crosstab(newest["segment"], newest[column])
        known = dict.fromkeys((*LIFECYCLE_STAGES, *ENGAGEMENT_LEVELS, *RFM_SEGMENTS))
        columns = [label for label in known if label in counts.columns]
        return counts.reindex(index=self.order(counts.index), columns=columns).reset_index()

    def order(self, names: Iterable[str]) -> list[str]:
        """Sort segment names: clusters by activity, others by the alphabet, churned last."""
        clusters = [*self.naming["segment"]]
        others = sorted(set(names) - {*clusters, CHURNED})
        return [name for name in (*clusters, *others, CHURNED) if name in set(names)]

    @property
    def measures(self) -> dict[str, float]:
        """Number of clusters and how good they are; NaN without clusters."""
        chosen = self.selection[self.selection["chosen"]]
        columns = ["n_clusters", "silhouette", "stability", "jaccard_min"]
        values = dict.fromkeys(columns, float("nan"))
        for _, row in chosen.iterrows():
            values = {name: float(row[name]) for name in columns}
        return values | {"agreement_with_ward": self.agreement}


def live_at(features: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return the rows of live accounts at one date, sorted by account."""
    rows = features[(features["as_of"] == as_of) & features["is_live"].fillna(True).astype(bool)]
    return rows.sort_values("account_id", ignore_index=True)


def segment_accounts(
    features: pd.DataFrame,
    dictionary: pd.DataFrame,
    *,
    k_min: int = 4,
    k_max: int = 8,
    seed: int = 0,
    max_correlation: float = 0.95,
    min_accounts: int = FEW_ACCOUNTS,
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
        Numbers of clusters to try, both included.
    seed : int
        Of every random draw.
    max_correlation : float
        See :func:`helpers.segments.prepare.fit_preparation`.
    min_accounts : int
        Fewer live accounts are not clustered.
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
    rule = rule or Rule()
    as_of = pd.Timestamp(features["as_of"].max())
    live = live_at(features, as_of)
    numbers, yardstick = range(k_min, k_max + 1), yardstick_of(live)
    prepared, scores, selection, reason = _search(
        live, dictionary, numbers, yardstick, seed, max_correlation, min_accounts, rule
    )
    centres, naming, agreement = scores.iloc[:0], _no_names(), float("nan")
    if not reason:
        k = int(selection.loc[selection["chosen"], "n_clusters"].iloc[0])
        with one_thread():
            centres = fit_clusters(scores, k, seed=seed).centres
            clusters = assign(scores, centres)["cluster"]
            agreement = ward_agreement(scores, clusters, seed=seed)
        readings = readings_of(live.set_index("account_id"), clusters)
        naming = name_clusters(readings, centres, yardstick).reset_index()
    return Segmentation(
        as_of=as_of,
        assignments=_assignments(features, prepared, centres, naming, yardstick),
        selection=selection,
        naming=naming,
        preparation=prepared,
        yardstick=yardstick,
        centres=centres,
        scores=scores,
        agreement=agreement,
        reason=reason,
        warnings=_warnings(selection, reason),
        missing=_missing(live, prepared, dictionary),
    )


def _search(
    live: pd.DataFrame,
    dictionary: pd.DataFrame,
    numbers: Sequence[int],
    yardstick: Yardstick,
    seed: int,
    max_correlation: float,
    min_accounts: int,
    rule: Rule,
) -> tuple[Preparation | None, pd.DataFrame, pd.DataFrame, str]:
    """Prepare the scores and try every number of clusters; say why if none will do."""
    nothing = pd.DataFrame(index=pd.Index([], name="account_id"))
    if len(live) < min_accounts:
        reason = f"needs at least {min_accounts} live accounts, there are {len(live)}"
        return None, nothing, _empty_selection(numbers, reason), reason
    prepared = fit_preparation(live, dictionary, max_correlation=max_correlation)
    if not prepared.names:
        reason = "no feature of behaviour varies between accounts"
        return prepared, nothing, _empty_selection(numbers, reason), reason
    named = live.set_index("account_id")
    scores = dimension_scores(named, prepared)
    measured = evaluate(
        scores,
        numbers,
        seed=seed,
        rule=rule,
        count_names=lambda clusters, _: count_names(readings_of(named, clusters), yardstick),
    )
    selection = choose(measured, len(live), rule=rule)
    reason = "" if selection["chosen"].any() else "no structure found: every number of clusters"
    if reason:
        reason += f" is refused ({'; '.join(dict.fromkeys(selection['reason']))})"
    return prepared, scores, selection, reason


def _empty_selection(numbers: Sequence[int], reason: str) -> pd.DataFrame:
    table = evaluate(pd.DataFrame({"none": []}), numbers, seed=0)
    return table.assign(reason=reason, near_tie=False, chosen=False)


def _no_names() -> pd.DataFrame:
    return pd.DataFrame(columns=["cluster", "segment", "family", "rule", "because"])


def _warnings(selection: pd.DataFrame, reason: str) -> tuple[str, ...]:
    if reason:
        return (f"No clusters: {reason}. Segments follow the written rules alone.",)
    chosen = selection[selection["chosen"]].iloc[0]
    k, notes = int(chosen["n_clusters"]), []
    if k <= 3:
        notes.append(f"{k} segments are too coarse to act on differently.")
    if k > 7:
        notes.append(f"{k} segments: more than seven overwhelm a team; consider a smaller k_max.")
    if chosen["near_tie"]:
        tied = selection.loc[selection["near_tie"] & ~selection["chosen"], "n_clusters"]
        others = " and ".join(str(int(other)) for other in tied)
        notes.append(f"A near tie: {others} clusters separate accounts about as well as {k}.")
    return tuple(notes)


def _missing(
    features: pd.DataFrame, prepared: Preparation | None, dictionary: pd.DataFrame
) -> tuple[str, ...]:
    """Name each dimension without any feature, and the tables it would be made of."""
    if prepared is None or "sources" not in dictionary:
        return ()
    sources = dictionary.set_index("feature")["sources"]
    told = features.reindex(columns=sources.index[sources == "events"]).notna().any(axis=None)
    always = {"accounts", "events"} if told else {"accounts"}
    notes = []
    for name in prepared.dimensions.loc[~prepared.dimensions["used"], "dimension"]:
        wanted = [item.feature for item in prepared.learnt if item.dimension == name]
        named = sources.reindex(wanted).dropna().str.split(", ")
        tables = sorted({table for row in named for table in row if table not in always})
        text = " or ".join(f"`{table}`" for table in tables)
        because = f"there is no {text} table" if tables else "no feature of it varies"
        notes.append(f"{name} of accounts: not compared, because {because}")
    return tuple(notes)


def _assignments(
    features: pd.DataFrame,
    prepared: Preparation | None,
    centres: pd.DataFrame,
    naming: pd.DataFrame,
    yardstick: Yardstick,
) -> pd.DataFrame:
    rows = features.sort_values(["as_of", "account_id"], ignore_index=True)
    live = rows["is_live"].fillna(True).astype(bool)
    table = rows[["account_id", "as_of"]].copy()
    if len(centres) and prepared is not None:
        near = assign(dimension_scores(rows, prepared), centres)
        names = naming.set_index("cluster")["segment"]
        segments = near["cluster"].map(names)
    else:
        near = pd.DataFrame({"cluster": pd.NA, "certainty": np.nan}, index=rows.index)
        segments = _rule_segments(rows, yardstick)
    table["cluster"] = near["cluster"].where(live).astype("Int64")
    table["segment"] = segments.where(live, CHURNED).astype("str")
    table["certainty"] = near["certainty"].where(live)
    scores = rfm_scores(rows)
    table = table.join(scores).assign(rfm_segment=rfm_segment(scores))
    table["lifecycle_stage"] = lifecycle_stage(rows)
    table["engagement_level"] = engagement_level(rows)
    return table


def _rule_segments(rows: pd.DataFrame, yardstick: Yardstick) -> pd.Series:
    """Name each account and date by rule alone."""
    if rows.empty:
        return pd.Series([], index=rows.index, dtype="str")
    single = pd.Series(np.arange(len(rows)), index=rows.index)
    names = name_accounts(readings_of(rows, single), yardstick)
    return pd.Series(names.to_numpy(), index=rows.index, dtype="str")
