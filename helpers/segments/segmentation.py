"""What segmenting a company gives: who is in which segment at which date, and what it rests on."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from helpers.segments.levels import NEW, Yardstick
from helpers.segments.lifecycle import ENGAGEMENT_LEVELS, LIFECYCLE_STAGES
from helpers.segments.prepare import Preparation
from helpers.segments.readings import reading
from helpers.segments.rfm import RFM_SEGMENTS

__all__ = ["CHURNED", "Segmentation", "is_young", "live_at"]

CHURNED = "Churned"


@dataclass(frozen=True, kw_only=True)
class Segmentation:
    """Segments of one run.

    Parameters
    ----------
    as_of : Timestamp
        The newest date, on which scale, centres and names were learnt.
    active_days : float
        Days in thirty on which the median account is active that is no longer new; NaN if unknown.
    assignments : DataFrame
        One row an account and date: ``cluster`` (null where there are none, and for accounts
        no longer live), ``segment``, ``certainty``, ``neighbour`` (the segment of the second
        nearest centre), ``rfm_segment`` with its three scores, ``lifecycle_stage``,
        ``engagement_level``.
    selection : DataFrame
        One row a number of clusters, with ``chosen`` and ``reason``.
    naming : DataFrame
        One row a cluster: ``cluster``, ``segment``, ``family``, ``rule``, ``because``, levels,
        ``jaccard``: how well the cluster comes back when accounts are resampled.
    preparation : Preparation or None
        Scales and what was left out; None with too few accounts.
    centres : DataFrame
        Cluster centres in the dimensions; empty without clusters.
    scores : DataFrame
        Dimension scores of the live accounts at ``as_of``, indexed by account.
    young_cluster : int or None
        Number of the cluster that accounts in their first 90 days form by rule; None where they
        are compared with the others.
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
    active_days: float
    assignments: pd.DataFrame
    selection: pd.DataFrame
    naming: pd.DataFrame
    preparation: Preparation | None
    yardstick: Yardstick
    centres: pd.DataFrame
    scores: pd.DataFrame
    young_cluster: int | None
    agreement: float
    reason: str
    warnings: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def newest(self) -> pd.DataFrame:
        """Assignments of the newest date, indexed by account."""
        return self.assignments[self.assignments["as_of"] == self.as_of].set_index("account_id")

    @property
    def clustered(self) -> pd.DataFrame:
        """Scores of the accounts that were clustered: live at the newest date and not young."""
        clusters = self.newest["cluster"].reindex(self.scores.index)
        return self.scores[clusters.isin(self.centres.index).to_numpy(bool)]

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
        newest = self.newest
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


def is_young(features: pd.DataFrame) -> pd.Series:
    """Tell which accounts are in their first 90 days; an unknown age is not young."""
    return (reading(features, "age_days") < NEW).rename("is_young")
