"""Two looks behind the measures: who is found, and is it fair?

All are made from judged rows (known outcome, scored as on the day), so each has its table.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.scores.calibration import clustered_share
from helpers.scores.evaluate import Judged
from helpers.stats import benjamini_hochberg

__all__ = ["fairness_table", "gains_table"]

GAINS_COLUMNS = ("model", "share_called", "share_found", "at_capacity")
FAIRNESS_COLUMNS = (
    *("grouping", "group", "n", "n_churned"),
    *("capture", "capture_low", "capture_high"),
    *("false_alarm", "false_alarm_low", "false_alarm_high"),
    *("capture_q", "false_alarm_q", "stands_out", "model"),
)
SIZE_EDGES = (0.0, 50.0, 250.0, np.inf)
SIZE_NAMES = ("below 50 employees", "50 to 249 employees", "250 employees and more")


def gains_table(judged: Judged | None, models: Sequence[str], *, k: int) -> pd.DataFrame:
    """Return which share of those who churned is among the first accounts of each ranking.

    Parameters
    ----------
    judged : Judged
        Rows to look at; each date is ranked by itself and the dates are averaged.
    models : sequence of str
        Rankings to compare; those not judged are left out.
    k : int
        Accounts the team can call; marked in ``at_capacity``.

    Returns
    -------
    DataFrame
        ``model, share_called, share_found, at_capacity``, for 0 to 100 % in steps of 2 % and at
        the capacity. Equal scores count as if drawn by lot, so a random order is the diagonal.
    """
    if judged is None or judged.rows.empty:
        return pd.DataFrame(columns=list(GAINS_COLUMNS))
    per_date = judged.rows.groupby("as_of")["outcome"].size().mean()
    limit = round(float(min(k / per_date, 1.0)), 6)
    shares = np.unique(np.r_[np.round(np.arange(0, 1.0001, 0.02), 6), limit])
    tables = [
        pd.DataFrame(
            {
                "model": model,
                "share_called": shares,
                "share_found": _found(judged, judged.scores[model], shares, limit, k).round(6),
                "at_capacity": shares == limit,
            }
        )
        for model in models
        if model in judged.scores
    ]
    return pd.concat(tables, ignore_index=True)


def _found(
    judged: Judged,
    score: NDArray[np.float64],
    shares: NDArray[np.float64],
    limit: float,
    k: int,
) -> NDArray[np.float64]:
    """Average over dates what is found; at ``limit`` exactly the first ``k`` of each date."""
    dates = judged.rows["as_of"].to_numpy()
    outcome = judged.rows["outcome"].to_numpy(float)
    total, weight = np.zeros(len(shares)), 0.0
    for date in np.unique(dates):
        here = dates == date
        hits = outcome[here].sum()
        if hits:
            order = np.argsort(-score[here], kind="stable")
            ordered, found = score[here][order], np.cumsum(outcome[here][order])
            ends = np.flatnonzero(np.r_[ordered[1:] != ordered[:-1], True])
            x, y = np.r_[0, ends + 1] / here.sum(), np.r_[0, found[ends]]
            called = np.where(shares == limit, min(k / here.sum(), 1.0), shares)
            total, weight = total + np.interp(called, x, y), weight + hits
    return total / weight if weight else np.full(len(shares), np.nan)


def fairness_table(
    judged: Judged | None, model: str, features: pd.DataFrame, *, k: int
) -> pd.DataFrame:
    """Compare how well the first ``k`` of each date serve regions, sizes and plans.

    Parameters
    ----------
    judged : Judged
        Rows to look at.
    model : str
        Whose ranking.
    features : DataFrame
        For ``region``, ``employees`` and ``plan`` at each date.
    k : int
        Accounts named at each date; ties in the order of the rows.

    Returns
    -------
    DataFrame
        ``grouping, group, n, n_churned, capture`` (share of the churned that were named) with
        ``capture_low, capture_high``, ``false_alarm`` (share of the others that were named)
        with ``false_alarm_low, false_alarm_high`` (95 %, whole accounts; see
        :func:`helpers.scores.calibration.clustered_share`); ``capture_q, false_alarm_q``: each
        group against the others of its grouping (Fisher, Benjamini-Hochberg over all groups; an
        account counts at each of its dates, so they are on the anxious side); ``stands_out`` in
        words where one is below 0.05; ``model``.
    """
    if judged is None or judged.rows.empty:
        return pd.DataFrame(columns=list(FAIRNESS_COLUMNS))
    keys = ["account_id", "as_of"]
    wanted = [name for name in ("region", "employees", "plan") if name in features.columns]
    rows = judged.rows.merge(features[[*keys, *wanted]], on=keys, how="left")
    rows["named"] = _named(judged, judged.scores[model], k)
    groupings = {"everybody": pd.Series("everybody", index=rows.index)}
    if "region" in wanted:
        groupings["region"] = rows["region"].astype("object").fillna("not known")
    if "employees" in wanted:
        groupings["size"] = _sizes(rows["employees"])
    if "plan" in wanted:
        groupings["plan"] = rows["plan"].astype("object").fillna("not known")
    tables = [
        _by_group(rows, values.astype(str), grouping) for grouping, values in groupings.items()
    ]
    table = _stands_out(pd.concat(tables, ignore_index=True))
    return table.assign(model=model)[list(FAIRNESS_COLUMNS)]


def _stands_out(table: pd.DataFrame) -> pd.DataFrame:
    """Test each group against the others of its grouping, and say which is served otherwise."""
    grouped = table["grouping"] != "everybody"
    words = pd.Series("", index=table.index)
    for name, hits, of in (
        ("capture", "hits", "n_churned"),
        ("false_alarm", "alarms", "n_stayed"),
    ):
        all_hits = table.groupby("grouping")[hits].transform("sum")
        all_of = table.groupby("grouping")[of].transform("sum")
        p_values = [
            _two_sided(int(a), int(n), int(b), int(m))
            for a, n, b, m in zip(
                table[hits], table[of], all_hits - table[hits], all_of - table[of], strict=True
            )
        ]
        q = pd.Series(np.nan, index=table.index)
        q[grouped] = benjamini_hochberg(np.array(p_values)[grouped.to_numpy()])
        table[f"{name}_q"] = q.round(6)
        more = table[hits] / table[of].where(table[of] > 0) > all_hits / all_of.where(all_of > 0)
        verb = "found" if name == "capture" else "called in vain"
        told = more.map({True: f"{verb} more often", False: f"{verb} less often"})
        words = words.where(~(q < 0.05), words + np.where(words == "", "", "; ") + told)
    return table.assign(stands_out=words).drop(columns=["hits", "alarms", "n_stayed"])


def _two_sided(hits: int, n: int, other_hits: int, other_n: int) -> float:
    from scipy.stats import fisher_exact

    if not n or not other_n:
        return 1.0
    return float(fisher_exact([[hits, n - hits], [other_hits, other_n - other_hits]]).pvalue)


def _named(judged: Judged, score: NDArray[np.float64], k: int) -> NDArray[np.bool_]:
    ranks = pd.Series(-score).groupby(judged.rows["as_of"].to_numpy()).rank(method="first")
    return (ranks <= k).to_numpy()


def _sizes(employees: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(employees, errors="coerce").astype("float64")
    cut = pd.cut(numbers, SIZE_EDGES, right=False, labels=list(SIZE_NAMES))
    return cut.astype("object").fillna("not known")


def _by_group(rows: pd.DataFrame, values: pd.Series, grouping: str) -> pd.DataFrame:
    churned, named = (rows["outcome"] > 0).to_numpy(), rows["named"].to_numpy(bool)
    accounts, groups = rows["account_id"].to_numpy(object), values.to_numpy()
    found = []
    for group in sorted(set(groups)):
        here = groups == group
        row: dict[str, object] = {"grouping": grouping, "group": group, "n": int(here.sum())}
        row |= {"n_churned": int((here & churned).sum())}
        for name, among in (("capture", here & churned), ("false_alarm", here & ~churned)):
            hits = named[among].astype(float)
            low, high = clustered_share(hits, accounts[among])
            row |= {name: round(float(hits.mean()), 6) if len(hits) else np.nan}
            row |= {f"{name}_low": round(low, 6), f"{name}_high": round(high, 6)}
        row |= {
            "hits": int((here & churned & named).sum()),
            "alarms": int((here & ~churned & named).sum()),
            "n_stayed": int((here & ~churned).sum()),
        }
        found.append(row)
    return pd.DataFrame(found)
