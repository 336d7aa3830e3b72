"""Who moved between segments, which moves were to be expected, and how much is only noise."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.segments.agreement import match_clusters
from helpers.segments.cluster import assign, canonical_order, fit_clusters, one_thread
from helpers.segments.model import FEW_ACCOUNTS
from helpers.segments.prepare import dimension_scores
from helpers.segments.segmentation import CHURNED, Segmentation, is_young, live_at
from helpers.segments.vocabulary import family_of
from helpers.stats import wilson

__all__ = ["EXPECTED", "Movement", "composition", "earlier_date", "follow_segments", "move_kind"]

QUARTER_DAYS = 91
N_REFITS = 20
EXCESSIVE = 0.5
"""More than half of those that could have stayed are elsewhere: names do not hold long enough."""

EXPECTED = frozenset(
    {"stays", "sideways", "onboarded", "upwards", "recovers", "lost from risk"},
)
"""Kinds of moves that need no explanation."""
_STANDING = {"growing": 3, "engaged": 3, "regular": 2, "struggling": 1, "at risk": 0}
_TROUBLE = ("at risk", "struggling")


@dataclass(frozen=True, kw_only=True)
class Movement:
    """What happened between two dates a quarter apart.

    Parameters
    ----------
    before : Timestamp or None
        The earlier date; None if there is only one, then the tables are empty.
    migration : DataFrame
        One row a pair of segments; see :func:`follow_segments`.
    movers : DataFrame
        One row an account that is in another segment: ``account_id``, ``segment_from``,
        ``segment_to``, ``kind``, ``expected``, ``mrr``, ``csm``, ``certainty`` of the segment
        now; unexpected moves first, then the largest revenue, then the clearest move first.
    moved, noise, unexpected : float
        Shares of the accounts that were live before: in another segment now (churned
        included), renamed by a refit alone, and moved in a way that was not to be expected.
        NaN if the tables are empty.
    restless : float
        Share in another segment now among those that could have stayed: live at both dates and
        not new at the earlier one, since being new ends by itself.
    excessive : bool
        More than half are restless, of enough accounts to tell: the segments do not hold long
        enough to act on.
    """

    before: pd.Timestamp | None
    migration: pd.DataFrame
    movers: pd.DataFrame
    moved: float
    noise: float
    unexpected: float
    restless: float
    excessive: bool

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the moves must know first."""
        if self.before is None:
            return ("There is only one date: who moved cannot be said yet.",)
        if not self.excessive:
            return ()
        text = f"{self.restless:.0%} of the accounts that stayed customers are in another segment "
        text += "than a quarter ago: a segment says what an account did lately, not what it is. "
        return (f"{text}Look for features that jump.",)


def earlier_date(dates: pd.Series, as_of: pd.Timestamp) -> pd.Timestamp | None:
    """Return the date nearest to one quarter before ``as_of``; None if there is no earlier one.

    Of two equally near dates the older one is taken.
    """
    earlier = sorted({pd.Timestamp(date) for date in dates if date < as_of})
    if not earlier:
        return None
    wanted = as_of - pd.Timedelta(days=QUARTER_DAYS)
    return min(earlier, key=lambda date: (abs((date - wanted).days), date))


def move_kind(segment_from: str, segment_to: str) -> str:
    """Say what kind of move it is.

    Returns
    -------
    str
        ``stays``, ``sideways`` (same standing), ``onboarded``, ``upwards``, ``recovers``,
        ``lost from risk``: to be expected. ``slips`` (a lower standing), ``into risk``,
        ``fails to start`` (from new into trouble), ``lost unseen`` (churned without having
        been in a segment at risk) and ``starts again``: not to be expected, look at the
        product and the market.
    """
    if segment_from == segment_to:
        return "stays"
    before, after = family_of(segment_from), family_of(segment_to)
    if segment_to == CHURNED:
        return "lost from risk" if before in _TROUBLE else "lost unseen"
    if before == after:
        return "sideways"
    if after == "new":
        return "starts again"
    if before == "new":
        return "fails to start" if after in _TROUBLE else "onboarded"
    if after == "at risk":
        return "into risk"
    gain = _STANDING[after] - _STANDING[before]
    if gain <= 0:
        return "slips" if gain else "sideways"
    return "recovers" if before in _TROUBLE else "upwards"


def follow_segments(
    features: pd.DataFrame, segmentation: Segmentation, *, seed: int, n_refits: int = N_REFITS
) -> Movement:
    """Follow the accounts that were live a quarter ago to the segment they are in now.

    Parameters
    ----------
    features : DataFrame
        Feature table of 02.
    segmentation : Segmentation
        From :func:`helpers.segments.model.segment_accounts`.
    seed : int
        Of the refits.
    n_refits : int
        Resamples on which the clusters are fitted again.

    Returns
    -------
    Movement
        Its ``migration`` has ``as_of_from``, ``as_of_to``, ``segment_from``, ``segment_to``,
        ``n_accounts``, ``share`` of the accounts of ``segment_from`` with its 95 % interval
        ``low`` to ``high``, ``kind`` (:func:`move_kind`), ``expected``, ``noise_floor``: the
        share that a refit on resampled accounts calls ``segment_to`` on the same date, i.e.
        without any account doing anything; ``above_noise``: the interval lies above it.
    """
    before = earlier_date(segmentation.assignments["as_of"], segmentation.as_of)
    moves = _moves(segmentation, before)
    pairs = moves.groupby(["segment_from", "segment_to"]).size()
    noise = _refit_noise(features, segmentation, before, seed, n_refits)
    table = _migration(pairs, noise).assign(as_of_from=before, as_of_to=segmentation.as_of)
    names = segmentation.order({*table["segment_from"], *table["segment_to"]})
    table = table.sort_values(
        ["segment_from", "segment_to"], key=lambda column: column.map(names.index)
    )
    changed = moves["segment_from"] != moves["segment_to"]
    moved = _share(changed)
    rest = moves[(moves["segment_to"] != CHURNED) & (moves["segment_from"].map(family_of) != "new")]
    restless = _share(rest["segment_from"] != rest["segment_to"])
    return Movement(
        before=before,
        migration=table[_COLUMNS].reset_index(drop=True),
        movers=_movers(moves[changed], features, segmentation),
        moved=moved,
        noise=_renamed(pairs, noise),
        unexpected=_share(~_kinds(moves).isin(EXPECTED)),
        restless=restless,
        excessive=len(rest) >= FEW_ACCOUNTS and restless > EXCESSIVE,
    )


_COLUMNS = [
    "as_of_from",
    "as_of_to",
    "segment_from",
    "segment_to",
    "n_accounts",
    "share",
    "low",
    "high",
    "kind",
    "expected",
    "noise_floor",
    "above_noise",
]


_MOVER_COLUMNS = [
    "account_id",
    "segment_from",
    "segment_to",
    "kind",
    "expected",
    "mrr",
    "csm",
    "certainty",
]


def composition(segmentation: Segmentation) -> pd.DataFrame:
    """Count the live accounts of each segment at each date.

    Returns
    -------
    DataFrame, (n_dates x n_segments, 7)
        ``as_of``, ``segment``, ``n_accounts``, ``n_live``, ``share`` with its 95 % interval
        ``low`` to ``high``. A segment without accounts at a date has a row with 0.
    """
    live = segmentation.assignments[segmentation.assignments["segment"] != CHURNED]
    counts = live.groupby(["as_of", "segment"]).size()
    every = pd.MultiIndex.from_product(
        [sorted(live["as_of"].unique()), segmentation.order(live["segment"].unique())],
        names=["as_of", "segment"],
    )
    table = counts.reindex(every, fill_value=0).rename("n_accounts").reset_index()
    table["n_live"] = table.groupby("as_of")["n_accounts"].transform("sum")
    table["share"] = table["n_accounts"] / table["n_live"]
    table["low"], table["high"] = wilson(table["n_accounts"], table["n_live"])
    return table


def _moves(segmentation: Segmentation, before: pd.Timestamp | None) -> pd.DataFrame:
    """One row an account live at ``before``: segment then and now."""
    table = segmentation.assignments
    then = table[(table["as_of"] == before) & (table["segment"] != CHURNED)]
    now = table[table["as_of"] == segmentation.as_of].set_index("account_id")["segment"]
    moves = then[["account_id", "segment"]].rename(columns={"segment": "segment_from"})
    moves["segment_to"] = moves["account_id"].map(now)
    return moves.dropna(subset="segment_to").sort_values("account_id", ignore_index=True)


def _share(flags: pd.Series) -> float:
    return float(flags.astype(bool).mean()) if len(flags) else float("nan")


def _kinds(moves: pd.DataFrame) -> pd.Series:
    both = zip(moves["segment_from"], moves["segment_to"], strict=True)
    return pd.Series([move_kind(a, b) for a, b in both], index=moves.index, dtype="str")


def _migration(pairs: pd.Series, noise: pd.Series) -> pd.DataFrame:
    table = pairs.rename("n_accounts").reset_index()
    starts = table.groupby("segment_from")["n_accounts"].transform("sum")
    table["share"] = table["n_accounts"] / starts
    table["low"], table["high"] = wilson(table["n_accounts"], starts)
    table["kind"] = _kinds(table)
    table["expected"] = table["kind"].isin(EXPECTED)
    keys = pd.MultiIndex.from_frame(table[["segment_from", "segment_to"]])
    table["noise_floor"] = noise.reindex(keys).fillna(0.0).to_numpy(float)
    table["above_noise"] = table["low"] > table["noise_floor"]
    return table.round({"share": 6, "low": 6, "high": 6, "noise_floor": 6})


def _movers(
    moves: pd.DataFrame, features: pd.DataFrame, segmentation: Segmentation
) -> pd.DataFrame:
    now = segmentation.assignments[segmentation.assignments["as_of"] == segmentation.as_of]
    money = features[features["as_of"] == segmentation.as_of].reindex(
        columns=["account_id", "mrr", "csm"]
    )
    table = moves.merge(now[["account_id", "certainty"]], on="account_id", how="left")
    table = table.merge(money, on="account_id", how="left")
    table["kind"] = _kinds(table)
    table["expected"] = table["kind"].isin(EXPECTED)
    ranked = table.sort_values(
        ["expected", "mrr", "certainty", "account_id"],
        ascending=[True, False, False, True],
        ignore_index=True,
    )
    return ranked[_MOVER_COLUMNS]


def _refit_noise(
    features: pd.DataFrame,
    segmentation: Segmentation,
    date: pd.Timestamp | None,
    seed: int,
    n_refits: int,
) -> pd.Series:
    """Share of the accounts of each segment that a refit calls otherwise, by (from, to)."""
    counts = pd.Series(dtype=float, index=pd.MultiIndex.from_arrays([[], []], names=["from", "to"]))
    if date is None or segmentation.preparation is None or segmentation.centres.empty:
        return counts
    names = segmentation.naming.set_index("cluster")["segment"]
    live, young = live_at(features, date), segmentation.young_cluster
    apart = is_young(live) if young is not None else pd.Series(False, index=live.index)
    scores = dimension_scores(live[~apart], segmentation.preparation)
    reference = assign(scores, segmentation.centres)["cluster"].map(names).rename("from")
    ordered = segmentation.clustered.iloc[canonical_order(segmentation.clustered)]
    rng = np.random.default_rng([seed, 7])
    with one_thread():
        for _ in range(n_refits):
            draw = ordered.iloc[rng.integers(0, len(ordered), len(ordered))]
            again = fit_clusters(draw, len(segmentation.centres), seed=seed, n_starts=3).centres
            pairing = match_clusters(segmentation.centres, again)
            called = assign(scores, again)["cluster"].map(pairing).map(names).rename("to")
            counts = counts.add(called.groupby([reference, called]).size(), fill_value=0.0)
    if young is not None:  # by rule: no refit calls them otherwise
        counts.loc[(names[young], names[young])] = 1.0
    return counts / counts.groupby(level="from").transform("sum")


def _renamed(pairs: pd.Series, noise: pd.Series) -> float:
    """Share of the accounts that refitting alone renames."""
    if pairs.empty:
        return float("nan")
    starts = pairs.groupby(level="segment_from").sum()
    same = noise[noise.index.get_level_values(0) == noise.index.get_level_values(1)]
    kept = same.droplevel(1).reindex(starts.index).fillna(1.0)
    return float(((1 - kept) * starts).sum() / starts.sum())
