"""Whose use mirrors that of accounts shortly before they upgraded?

For each live account the most similar account-dates of *other* accounts are looked up, and how many
of those upgraded within the horizon. It is no better a forecast than a model that adds up the same
inputs, and is judged beside it; but it names real accounts, which a manager can look at.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.scores.backtest import Fit, Learner, Scorer
from helpers.scores.calibration import clustered_share
from helpers.scores.design import Design, fit_design
from helpers.scores.panel import Panel

__all__ = ["LOOK_ALIKES", "look_alikes", "neighbour_learner"]

LOOK_ALIKES = "look-alikes"
N_NEIGHBOURS = 25
N_NAMED = 3
PRIOR = 5.0
"""So many account-dates of the usual rate are added, so that no share becomes 0 or 1."""
MAX_ROWS = 20_000
"""Account-dates to look among; of more, the last rows (the newest dates) are taken."""
BLOCK = 500
COLUMNS = (
    *("account_id", "as_of", "n_alike", "n_upgraded", "share", "low", "high", "base_rate"),
    *("alike", "because"),
)


def neighbour_learner(k: int = N_NEIGHBOURS) -> Learner:
    """Return a learner that scores an account by what became of the ``k`` most similar ones.

    Inputs are brought to one spread and count alike; nothing is settled by the outcomes.

    References
    ----------
    Cover, Hart (1967), *IEEE Transactions on Information Theory* 13, 21-27.
    """

    def fit(given: NDArray[np.float64], outcome: NDArray[np.float64]) -> Scorer:
        rows, known = given[-MAX_ROWS:], outcome[-MAX_ROWS:]
        design = fit_design(rows)
        base = (outcome.sum() + 0.5) / (len(outcome) + 1)

        def score(asked: NDArray[np.float64]) -> NDArray[np.float64]:
            found = _nearest(design, rows, asked, min(k, len(rows)))
            share = (known[found].sum(axis=1) + PRIOR * base) / (found.shape[1] + PRIOR)
            return np.asarray(np.round(np.log(share / (1 - share)), 9))

        return score

    def settle(
        given: NDArray[np.float64],  # noqa: ARG001 - nothing is settled by the data
        outcome: NDArray[np.float64],  # noqa: ARG001
        fold: NDArray[np.int64],  # noqa: ARG001
    ) -> Fit:
        return fit

    return settle


def _nearest(
    design: Design, rows: NDArray[np.float64], asked: NDArray[np.float64], k: int
) -> NDArray[np.intp]:
    """Return the positions of the ``k`` nearest rows of each asked one, nearest first."""
    there, here = design.matrix(rows), design.matrix(asked)
    length = (there**2).sum(axis=1)
    found = np.empty((len(here), k), dtype=np.intp)
    for start in range(0, len(here), BLOCK):
        block = here[start : start + BLOCK]
        apart = np.round(length - 2 * block @ there.T, 9)
        if k < apart.shape[1]:
            close = np.sort(np.argpartition(apart, k - 1, axis=1)[:, :k], axis=1)
        else:
            close = np.tile(np.arange(apart.shape[1]), (len(block), 1))
        order = np.argsort(np.take_along_axis(apart, close, axis=1), axis=1, kind="stable")
        found[start : start + BLOCK] = np.take_along_axis(close, order, axis=1)
    return found


def look_alikes(panel: Panel, *, k: int = N_NEIGHBOURS) -> pd.DataFrame:
    """List the live accounts of the newest date whose nearest neighbours upgraded most.

    Parameters
    ----------
    panel : Panel
        Of upgrades.
    k : int
        Account-dates to look at; at most one of each account, and none of the account itself.

    Returns
    -------
    DataFrame
        ``account_id, as_of, n_alike, n_upgraded, share, low, high`` (95 %), ``base_rate`` (the
        share of all account-dates with a known outcome that upgraded), ``alike`` (up to three of
        those that upgraded, nearest first, as ``account on date``), ``because`` (what the account
        has in common with them and not with the average, in words). Only accounts of which more
        than the usual share of neighbours upgraded; largest share first. Empty where no upgrade
        is on record.
    """
    known = panel.known_at(panel.newest) if len(panel.rows) else np.zeros(0, bool)
    if not known.any() or not panel.outcome[known].sum():
        return pd.DataFrame(columns=list(COLUMNS))
    at = np.flatnonzero(known)[-MAX_ROWS:]
    design, base = fit_design(panel.signals[at]), float(panel.outcome[known].mean())
    asked = np.flatnonzero(panel.at(panel.newest))
    wide = min(len(at), k * panel.rows.loc[at, "as_of"].nunique() + k)
    found = at[_nearest(design, panel.signals[at], panel.signals[asked], wide)]
    rows = [
        _row(panel, design, asked[number], _others(panel, asked[number], found[number], k), base)
        for number in range(len(asked))
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table = table[(table["share"] > base) & (table["n_upgraded"] > 0)]
    return table.sort_values(["share", "account_id"], ascending=[False, True], ignore_index=True)


def _others(panel: Panel, row: int, near: NDArray[np.intp], k: int) -> NDArray[np.intp]:
    """Return the nearest date of each of the ``k`` nearest other accounts."""
    accounts = panel.rows["account_id"].to_numpy()
    foreign = near[accounts[near] != accounts[row]]
    _, first = np.unique(accounts[foreign].astype(str), return_index=True)
    return foreign[np.sort(first)][:k]


def _row(
    panel: Panel, design: Design, row: int, near: NDArray[np.intp], base: float
) -> tuple[object, ...]:
    upgraded = panel.outcome[near] > 0
    accounts = panel.rows["account_id"].to_numpy()
    low, high = clustered_share(upgraded.astype(float), accounts[near].astype(object))
    models = near[upgraded]
    dates = panel.rows["as_of"].to_numpy()
    named = [f"{accounts[at]} on {pd.Timestamp(dates[at]):%Y-%m-%d}" for at in models[:N_NAMED]]
    return (
        accounts[row],
        dates[row],
        len(near),
        int(upgraded.sum()),
        round(float(upgraded.mean()), 6) if len(near) else 0.0,
        round(low, 6),
        round(high, 6),
        round(base, 6),
        named,
        _in_common(panel, design, row, models),
    )


def _in_common(panel: Panel, design: Design, row: int, models: NDArray[np.intp]) -> list[str]:
    """Say in which inputs the account and those that upgraded lie on one side of the average."""
    if not len(models):
        return []
    mine = design.matrix(panel.signals[[row]])[0][: len(design.used)]
    theirs = design.matrix(panel.signals[models])[:, : len(design.used)].mean(axis=0)
    shared = np.where(mine * theirs > 0, np.minimum(np.abs(mine), np.abs(theirs)), 0.0)
    told: list[str] = []
    themes: set[str] = set()
    for column in np.argsort(-shared, kind="stable"):
        item = panel.inputs[design.used[column]]
        value = float(panel.recorded[item.name].iloc[row])
        if shared[column] < 0.5 or len(told) == N_NAMED:
            break
        if item.theme not in themes and not np.isnan(value):
            themes.add(item.theme)
            told.append(item.words(value))
    return told
