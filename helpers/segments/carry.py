"""The run before: do today's clusters go on from its segments, and what has emerged since?

The accounts of each earlier segment are placed on today's map as they were then; the middle of
each is a centre in today's dimensions. Earlier centres and today's are paired one to one by
least distance. A pair that lies close together, closer than half way to any other centre, is the
same segment and keeps its name, as long as the cluster is still of the same family, or lies too
near the bound to another one to be surely beyond it: a name must not outlive what it says, nor
change for a point more or less. Only an alarm is not kept alive that way.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.segments.agreement import adjusted_rand, match_clusters
from helpers.segments.levels import readings_of
from helpers.segments.migration import earlier_date
from helpers.segments.model import place_accounts, segment_accounts
from helpers.segments.names import MARGIN, families_near
from helpers.segments.prepare import dimension_scores
from helpers.segments.segmentation import CHURNED, Segmentation, is_young, live_at
from helpers.segments.selection import Rule
from helpers.segments.vocabulary import family_of

__all__ = ["Continuity", "carry_names", "compare_with_quarter_before", "usual_number"]

MAX_DAYS_APART = 45
"""A snapshot further from the date of the run before does not show its accounts as they were."""
MIN_ACCOUNTS = 5
ALARM = "at risk"
"""A name of this family is not kept by being near: it has to be true today."""
COLUMNS = (
    "segment",
    "segment_before",
    "status",
    "n_accounts",
    "n_before",
    "distance",
    "limit",
    "overlap",
    "reason",
)


@dataclass(frozen=True, kw_only=True)
class Continuity:
    """How today's segments go on from those of the run before.

    Parameters
    ----------
    table : DataFrame
        One row a segment of today or of the run before: ``segment`` and ``segment_before``,
        ``status`` (``goes on``, ``renamed``, ``emerging``, ``gone``), ``n_accounts`` now and
        ``n_before``, ``distance`` of the two centres and the ``limit`` within which they count
        as the same, ``overlap`` (Jaccard: the same accounts at the same date), ``reason``.
    agreement : float
        Adjusted Rand index of the accounts of one date as both runs call them: 1 if only
        accounts have moved and no label has.
    note : str
        Why nothing was carried; empty if something was.
    """

    table: pd.DataFrame
    agreement: float
    note: str

    @property
    def emerging(self) -> pd.DataFrame:
        """Segments that no earlier segment leads to."""
        return self.table[self.table["status"] == "emerging"].reset_index(drop=True)


def usual_number(before: pd.DataFrame | None) -> int | None:
    """Return the number of segments of the run before; None without one or without clusters."""
    if before is None:
        return None
    newest = before[before["as_of"] == before["as_of"].max()]
    number = newest["cluster"].dropna().nunique()
    return int(number) or None


def carry_names(
    features: pd.DataFrame, segmentation: Segmentation, before: pd.DataFrame | None
) -> tuple[Segmentation, Continuity]:
    """Give clusters the names that they had in the run before, where they are the same.

    Parameters
    ----------
    features : DataFrame
        Feature table of 02 of today's run.
    segmentation : Segmentation
        Today's.
    before : DataFrame or None
        ``assignments`` of the run before.

    Returns
    -------
    Segmentation
        With carried names; as given, where there is nothing to carry.
    Continuity
        What goes on, what emerged, what is gone.
    """
    then, note = _accounts_then(features, segmentation, before)
    if note:
        return segmentation, Continuity(
            table=pd.DataFrame(columns=list(COLUMNS)), agreement=float("nan"), note=note
        )
    old = _centres_then(then, segmentation)
    names = dict(enumerate(old.index))
    numbered = old.reset_index(drop=True)
    pairing = match_clusters(numbered, segmentation.centres) if len(old) else {}
    near = _families_near(features, segmentation)
    rows = [
        _judged(row, segmentation, numbered, names, pairing, then, near)
        for _, row in segmentation.naming.iterrows()
    ]
    renamed = _rename(segmentation, rows)
    table = _with_gone(rows, then)
    agreement = adjusted_rand(then["segment"], then["placed"])
    return renamed, Continuity(table=table, agreement=round(agreement, 4), note="")


def compare_with_quarter_before(
    features: pd.DataFrame, dictionary: pd.DataFrame, segmentation: Segmentation, *, seed: int
) -> Continuity:
    """Say what has emerged in a quarter where there is no earlier run to go on from.

    The accounts of a quarter ago are clustered by themselves, into as many segments as today,
    and today's are held against them; no name is carried.
    """
    date = earlier_date(segmentation.assignments["as_of"], segmentation.as_of)
    before = None
    if date is not None and not segmentation.reason:
        k = len(segmentation.naming)
        quick = Rule(n_draws=1, n_chance=1, n_gap=1, min_stability=0.0, min_jaccard=0.0)
        known = features[features["as_of"] == date]
        then = segment_accounts(known, dictionary, k_min=k, k_max=k, seed=seed, rule=quick)
        before = then.assignments
    carried, continuity = carry_names(features, segmentation, before)
    own = dict(zip(carried.naming["segment"], segmentation.naming["segment"], strict=True))
    table = continuity.table
    return replace(continuity, table=table.assign(segment=table["segment"].replace(own)))


def _accounts_then(
    features: pd.DataFrame, segmentation: Segmentation, before: pd.DataFrame | None
) -> tuple[pd.DataFrame, str]:
    """One row an account of the run before: its segment then, its scores and place on our map."""
    nothing = pd.DataFrame()
    if before is None:
        return nothing, "there is no run before this one"
    if segmentation.preparation is None or segmentation.centres.empty:
        return nothing, "segments follow the written rules, whose names never change"
    date = pd.Timestamp(before["as_of"].max())
    dates = pd.Series(features["as_of"].unique())
    gaps = (dates - date).abs()
    if gaps.min() > pd.Timedelta(days=MAX_DAYS_APART):
        return nothing, f"no snapshot lies within {MAX_DAYS_APART} days of {date:%Y-%m-%d}"
    rows = live_at(features, pd.Timestamp(dates.iloc[int(gaps.argmin())])).set_index("account_id")
    old = before[(before["as_of"] == date) & (before["segment"] != CHURNED)]
    if old["cluster"].isna().all():
        return nothing, "the run before found no clusters"
    known = old.set_index("account_id")["segment"]
    rows = rows[rows.index.isin(known.index)]
    if len(rows) < MIN_ACCOUNTS:
        return nothing, f"fewer than {MIN_ACCOUNTS} accounts are known from the run before"
    placed = place_accounts(
        rows, segmentation.preparation, segmentation.centres, segmentation.young_cluster
    )["cluster"]
    scores = dimension_scores(rows, segmentation.preparation)
    young = is_young(rows) & (segmentation.young_cluster is not None)
    return scores.assign(segment=known.reindex(rows.index), placed=placed, young=young), ""


def _centres_then(then: pd.DataFrame, segmentation: Segmentation) -> pd.DataFrame:
    """Middle of each earlier segment on today's map; young accounts have their own rule."""
    settled = then[~then["young"]]
    grouped = settled.groupby("segment")[list(segmentation.centres.columns)]
    return grouped.mean()[grouped.size() >= MIN_ACCOUNTS]


def _judged(
    row: pd.Series,
    segmentation: Segmentation,
    old: pd.DataFrame,
    names: dict[int, str],
    pairing: dict[int, int],
    then: pd.DataFrame,
    near: dict[int, set[str]],
) -> dict[str, object]:
    """Say of one cluster of today which earlier segment it goes on from, if any."""
    cluster, segment = int(row["cluster"]), str(row["segment"])
    mine = then["placed"] == cluster
    told: dict[str, object] = {
        "cluster": cluster,
        "segment": segment,
        "segment_before": "",
        "status": "emerging",
        "n_accounts": int((segmentation.newest["cluster"] == cluster).sum()),
        "n_before": 0,
        "distance": float("nan"),
        "limit": float("nan"),
        "overlap": 0.0,
        "reason": "no segment of the run before is left for it",
    }
    if cluster == segmentation.young_cluster:
        named = then.loc[mine, "segment"].mode()
        earlier = str(named.iloc[0]) if len(named) else segment
        return (
            told
            | _pair(earlier, then, mine)
            | {
                "status": "goes on" if earlier == segment else "renamed",
                "reason": "new accounts, by rule",
            }
        )
    if cluster not in pairing:
        return told
    earlier = names[pairing[cluster]]
    distance, limit = _distances(cluster, pairing[cluster], segmentation.centres, old)
    told |= _pair(earlier, then, mine) | {"distance": distance, "limit": limit}
    if distance > limit and earlier == segment:
        return told | {
            "status": "goes on",
            "reason": "has moved far, but the rule calls it the same",
        }
    if distance > limit:
        return told | {"reason": f"the nearest one, {earlier}, lies too far away"}
    if family_of(earlier) in near[cluster] - {row["family"], ALARM}:
        reason = f"the nearest, and no further than {MARGIN:.0%} from what {earlier} says"
        return told | {"status": "goes on", "segment": earlier, "reason": reason}
    if family_of(earlier) != row["family"]:
        return told | {"status": "renamed", "reason": f"no longer what {earlier} says"}
    return told | {"status": "goes on", "segment": earlier, "reason": "the nearest, and near"}


def _families_near(features: pd.DataFrame, segmentation: Segmentation) -> dict[int, set[str]]:
    live = live_at(features, segmentation.as_of).set_index("account_id")
    clusters = segmentation.newest["cluster"].reindex(live.index)
    return families_near(readings_of(live, clusters), segmentation.yardstick)


def _pair(earlier: str, then: pd.DataFrame, mine: pd.Series) -> dict[str, object]:
    theirs = then["segment"] == earlier
    either = int((mine | theirs).sum())
    return {
        "segment_before": earlier,
        "n_before": int(theirs.sum()),
        "overlap": round(int((mine & theirs).sum()) / either, 4) if either else 0.0,
    }


def _distances(
    cluster: int, earlier: int, centres: pd.DataFrame, old: pd.DataFrame
) -> tuple[float, float]:
    """Distance of a pair, and half the distance from today's centre to any other of today."""
    mine = centres.loc[cluster].to_numpy(float)
    distance = float(np.linalg.norm(old.loc[earlier].to_numpy(float) - mine))
    others = centres.drop(index=cluster).to_numpy(float)
    limit = float(np.linalg.norm(others - mine, axis=1).min()) / 2 if len(others) else np.inf
    return round(distance, 4), round(limit, 4)


def _rename(segmentation: Segmentation, rows: list[dict[str, object]]) -> Segmentation:
    """Put carried names into the segmentation; none, where two clusters would share one."""
    rules = {int(c): str(name) for c, name in zip(*_columns(segmentation), strict=True)}
    names = {int(str(row["cluster"])): str(row["segment"]) for row in rows}
    if len(set(names.values())) < len(names):
        names = rules
        for row in rows:
            row["segment"] = rules[int(str(row["cluster"]))]
    swap = {rules[cluster]: name for cluster, name in names.items()}
    table, naming = segmentation.assignments.copy(), segmentation.naming.copy()
    for column in ("segment", "neighbour"):
        table[column] = table[column].map(lambda name: swap.get(name, name))
    by_rule = naming["segment"]
    naming["segment"] = by_rule.map(swap)
    carried = naming["segment"] != by_rule
    told = naming["rule"] + " (by today's numbers alone: " + by_rule + "; the name is kept)"
    naming["rule"] = told.where(carried, naming["rule"])
    return replace(segmentation, assignments=table, naming=naming)


def _columns(segmentation: Segmentation) -> tuple[pd.Series, pd.Series]:
    return segmentation.naming["cluster"], segmentation.naming["segment"]


def _with_gone(rows: list[dict[str, object]], then: pd.DataFrame) -> pd.DataFrame:
    led = {row["segment_before"] for row in rows if row["status"] != "emerging"}
    gone = [
        {
            "segment": "",
            "segment_before": name,
            "status": "gone",
            "n_accounts": 0,
            "n_before": int(count),
            "reason": "none of today's segments goes on from it",
        }
        for name, count in then["segment"].value_counts().items()
        if name not in led
    ]
    table = pd.DataFrame([*rows, *gone]).reindex(columns=list(COLUMNS))
    return table.sort_values("status", key=lambda s: s.map(_ORDER), kind="stable").reset_index(
        drop=True
    )


_ORDER = {"emerging": 0, "gone": 1, "renamed": 2, "goes on": 3}
