"""Which feature would this account use next? What accounts that look alike use and it does not.

Accounts look alike by the features they used: two that share rare ones more than two that share
what everybody has. What few neighbours use is drawn towards what all accounts use. The plain
alternative is the feature that most accounts use and this one does not. Both are tried on the
past: at each earlier date, were features taken into use in the days that followed among the first
few recommended? The neighbours' list is used only where it hits more often than the plain one;
else the plain one is, and the page says so.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.patterns.baskets import Baskets
from helpers.patterns.contrast import contrast, exposures
from helpers.patterns.itemsets import incidence
from helpers.stats import safe_ratio, wilson

__all__ = ["N_NEIGHBOURS", "Recommendations", "nearest", "recommend_features"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
N_NEIGHBOURS = 25
AT_ONCE = 1_000
"""Accounts that are compared with all others at once."""
DRAWN = 10
"""Neighbours that the share of all accounts is worth beside the real ones."""
N_SHOWN = 3
"""Features recommended, and the k of the hit rate."""
MEMORY_DAYS = 90
"""A feature used so recently is known, and not recommended."""
COLUMNS = (
    "account_id",
    "place",
    "feature",
    "method",
    "n_neighbours",
    "n_using",
    "support",
    "confidence",
    "low",
    "high",
    "base_rate",
    "lift",
)
CHECK_COLUMNS = ("method", "k", "n", "n_accounts", "hit_rate", "low", "high", "p_value", "used")


@dataclass(frozen=True, kw_only=True)
class Recommendations:
    """What to recommend, and how well that worked before.

    Parameters
    ----------
    table : DataFrame
        ``account_id``, ``place``, ``feature``, ``method`` ("accounts alike" or "popularity"),
        ``n_neighbours``, ``n_using`` (of them), ``support`` (accounts of the newest date that use
        it and look alike, as a share of all), ``confidence`` (share of the neighbours that use
        it) with Wilson bounds ``low`` and ``high``, ``base_rate`` (share of all accounts),
        ``lift`` (confidence over base rate). By account and place.
    check : DataFrame
        One row a method: ``k``, ``n`` (account-dates that took something into use), ``hit_rate``
        (at least one of it among the first ``k``) with bounds widened for accounts, ``p_value``
        (against popularity, whole accounts as units), ``used``.
    """

    table: pd.DataFrame
    check: pd.DataFrame


def recommend_features(together: Baskets) -> Recommendations:
    """Recommend features to the accounts of the newest date, by what held up before.

    Parameters
    ----------
    together : Baskets
        What each account used before each date; dates a basket apart.

    References
    ----------
    Deshpande, Karypis (2004), *ACM TOIS* 22(1), 143-177: top-N recommendation, hit rate.
    Cremonesi, Koren, Turrin (2010), *RecSys*, 39-46: popularity is the baseline to beat.
    """
    dates = _laid_out(together)
    check = _checked(dates)
    if not dates:
        return Recommendations(table=pd.DataFrame(columns=list(COLUMNS)), check=check)
    alike = bool(check.loc[check["method"] == "accounts alike", "used"].any())
    return Recommendations(table=_recommended(dates[-1], alike=alike), check=check)


@dataclass(frozen=True)
class _Date:
    """Accounts of one date: what they use now, and what they have used of late."""

    accounts: NDArray[np.object_]
    features: list[str]
    uses: Bools
    known: Bools
    as_of: pd.Timestamp


def _laid_out(together: Baskets) -> list[_Date]:
    items = together.items[together.items["item"].isin(together.of("use"))]
    table = incidence(items, together.baskets["basket"])
    if table.empty or not len(table.columns):
        return []
    names = [str(name).removeprefix("uses ") for name in table]
    baskets = together.baskets.reset_index(drop=True)
    found: list[_Date] = []
    for as_of in sorted(baskets["as_of"].unique()):
        rows = np.flatnonzero((baskets["as_of"] == as_of).to_numpy(bool))
        accounts = baskets["account_id"].to_numpy(object)[rows]
        uses = table.to_numpy(bool)[rows]
        known = uses.copy()
        for past in found:
            if (as_of - past.as_of).days < MEMORY_DAYS:
                place = pd.Index(past.accounts).get_indexer(pd.Index(accounts))
                known[place >= 0] |= past.uses[place[place >= 0]]
        found.append(_Date(accounts, names, uses, known, as_of))
    return found


def _scores(date: _Date) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Share of each account's neighbours, and of all, that use each feature; and who they are."""
    uses = date.uses.astype(float)
    popular = uses.mean(axis=0) if len(uses) else np.zeros(len(date.features))
    near = nearest(date.uses, N_NEIGHBOURS)
    return uses[near].mean(axis=1) if near.shape[1] else np.zeros_like(uses), popular, near


def nearest(used: Bools, k: int) -> NDArray[np.int64]:
    """Return for each account (a row) the ``k`` that use the most alike, the nearest first.

    Likeness is the cosine of what both use, a feature weighing more the fewer use it. Fewer than
    ``k`` where there are not so many others.
    """
    uses = used.astype(float)
    weight = np.log((1 + len(uses)) / (1 + uses.sum(axis=0)))  # rare ones tell more
    weighted = uses * weight
    length = np.sqrt((weighted**2).sum(axis=1))
    unit = weighted / np.maximum(length, 1e-12)[:, None]
    few = min(k, max(len(uses) - 1, 0))
    near = np.zeros((len(uses), few), np.int64)
    for start in range(0, len(uses), AT_ONCE):  # all pairs of many accounts fit into no memory
        rows = np.arange(start, min(start + AT_ONCE, len(uses)))
        close = np.round(unit[rows] @ unit.T, 12)  # equally alike is a tie, whatever the last bits
        close[rows - start, rows] = -1.0
        near[rows] = np.argsort(-close, axis=1, kind="stable")[:, :few]
    return near


def _drawn(share: Floats, popular: Floats, k: int) -> Floats:
    """Return the neighbours' share, drawn towards that of all; of equals the more popular first."""
    return np.asarray((share * k + DRAWN * popular) / (k + DRAWN) + 1e-6 * popular, float)


def _top(score: Floats, known: Bools, k: int) -> NDArray[np.int64]:
    """Return the best ``k`` of the features that each account does not know yet."""
    hidden = np.where(known, -1.0, score)
    return np.argsort(-hidden, axis=1, kind="stable")[:, :k].astype(np.int64)


def _checked(dates: list[_Date]) -> pd.DataFrame:
    """Try both lists on every earlier date; count the hits of the days that followed."""
    hits: dict[str, list[Bools]] = {"popularity": [], "accounts alike": []}
    accounts: list[NDArray[np.object_]] = [np.empty(0, object)]
    for date, following in pairwise(dates):
        place = pd.Index(following.accounts).get_indexer(pd.Index(date.accounts))
        new = following.uses[np.maximum(place, 0)] & ~date.known & (place >= 0)[:, None]
        took = np.asarray(new.any(axis=1), bool)
        share, popular, near = _scores(date)
        lists = {
            "popularity": np.broadcast_to(popular, share.shape),
            "accounts alike": _drawn(share, popular, near.shape[1]),
        }
        for name, score in lists.items():
            top = _top(score, date.known, N_SHOWN)
            hits[name].append(np.take_along_axis(new, top, axis=1)[took].any(axis=1))
        accounts.append(date.accounts[took])
    return _compared(hits, np.concatenate(accounts))


def _compared(hits: dict[str, list[Bools]], accounts: NDArray[np.object_]) -> pd.DataFrame:
    flags = {name: np.concatenate([np.zeros(0, bool), *parts]) for name, parts in hits.items()}
    rows = []
    for name, hit in flags.items():
        found = contrast(exposures([np.arange(len(hit))]), hit, accounts, min_units=1).iloc[0]
        p = np.nan if name == "popularity" else _better(hit, flags["popularity"], accounts)
        rows.append(
            {
                "method": name,
                "k": N_SHOWN,
                "n": len(hit),
                "n_accounts": int(found["n_accounts"]),
                "hit_rate": found["outcome_rate"],
                "low": found["low"],
                "high": found["high"],
                "p_value": p,
            }
        )
    table = pd.DataFrame(rows)
    more = table["hit_rate"] > table["hit_rate"].iloc[0]
    better = more & (table["p_value"] < 0.05)
    table["used"] = better if better.any() else table["method"] == "popularity"
    return table[list(CHECK_COLUMNS)]


def _better(hit: Bools, other: Bools, accounts: NDArray[np.object_]) -> float:
    """Two-sided p-value that one list hits as often as the other; whole accounts as units."""
    from scipy.stats import t

    codes, names = pd.factorize(accounts)
    gained = (
        np.bincount(codes, hit.astype(float) - other.astype(float)) if len(hit) else np.zeros(1)
    )
    spread = float(np.sqrt((gained**2).sum()))
    if len(names) < 2 or spread == 0:
        return 1.0
    return float(2 * t.sf(abs(gained.sum()) / spread, len(names) - 1))


def _recommended(date: _Date, *, alike: bool) -> pd.DataFrame:
    """Return the first features of each account, with what speaks for them."""
    share, popular, near = _scores(date)
    k, n = near.shape[1], len(date.accounts)
    score = _drawn(share, popular, k) if alike else np.broadcast_to(popular, share.shape)
    top = _top(score, date.known, N_SHOWN)
    rows = np.repeat(np.arange(n), top.shape[1])
    columns = top.ravel()
    using = np.rint(share * k).astype(int)[rows, columns]
    low, high = wilson(using, np.full(len(rows), k))
    table = pd.DataFrame(
        {
            "account_id": pd.array(date.accounts[rows], dtype="string"),
            "place": np.tile(np.arange(1, top.shape[1] + 1), n),
            "feature": pd.array([date.features[c] for c in columns], dtype="string"),
            "method": "accounts alike" if alike else "popularity",
            "n_neighbours": k,
            "n_using": using,
            "support": using / max(n, 1),
            "confidence": share[rows, columns],
            "low": low,
            "high": high,
            "base_rate": popular[columns],
            "lift": safe_ratio(share[rows, columns], popular[columns]),
        }
    )
    kept = table[~date.known[rows, columns] & (table["base_rate"] > 0).to_numpy(bool)]
    ordered = kept.sort_values(["account_id", "place"], kind="stable")
    return ordered[list(COLUMNS)].reset_index(drop=True)
