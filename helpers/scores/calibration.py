"""Do probabilities mean what they say: of those given 20 %, does one in five leave?

An account stands at several dates, so its rows are no independent tries. Every interval here
treats whole accounts as the units that chance draws.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.scores.evaluate import Judged, draw_accounts
from helpers.scores.metrics import calibration_errors, equal_groups
from helpers.stats import wilson

__all__ = ["calibration_summary", "calibration_table", "clustered_share"]

COLUMNS = ("bin", "n", "n_positive", "predicted", "observed", "low", "high")
SUMMARY_COLUMNS = (
    *("model", "split", "n", "n_positive", "predicted", "observed", "error", "low", "high"),
    *("by_chance", "by_chance_high"),
)


def calibration_table(judged: Judged | None, model: str, *, n_bins: int = 8) -> pd.DataFrame:
    """Compare predicted with observed shares in groups of equal size.

    Parameters
    ----------
    judged : Judged
        Rows to look at.
    model : str
        Which model.
    n_bins : int
        Groups at most; fewer where they would hold less than 15 rows. Rows with the same
        probability are never split.

    Returns
    -------
    DataFrame
        ``bin, n, n_positive, predicted, observed, low, high`` (95 %, see
        :func:`clustered_share`); lowest first.
    """
    if judged is None or judged.rows.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    probability = judged.probabilities[model]
    rows = pd.DataFrame(
        {
            "p": probability,
            "hit": judged.rows["outcome"].to_numpy(float),
            "bin": equal_groups(probability, n_bins),
        }
    )
    table = rows.groupby("bin", as_index=False).agg(
        n=("hit", "size"), n_positive=("hit", "sum"), predicted=("p", "mean")
    )
    accounts = judged.rows["account_id"].to_numpy()
    hits = rows["hit"].to_numpy(float)
    spread = [
        clustered_share(hits[here], accounts[here])
        for here in (rows["bin"].to_numpy() == number for number in table["bin"])
    ]
    table["bin"] = np.arange(1, len(table) + 1)
    table["observed"] = table["n_positive"] / table["n"]
    table["low"], table["high"] = zip(*spread, strict=True)
    return table.astype({"n_positive": "int64"}).round(6)


def clustered_share(
    hits: NDArray[np.float64], accounts: NDArray[np.object_]
) -> tuple[float, float]:
    """Return the 95 % interval of a share whose rows belong to accounts.

    Parameters
    ----------
    hits : ndarray, (n_rows,)
        0 or 1.
    accounts : ndarray, (n_rows,)
        Whose row it is.

    Returns
    -------
    low, high : float
        Wilson's interval for as many independent rows as these are worth: the variance over whole
        accounts decides. It is what drawing accounts with replacement comes to, and it does not
        collapse where nobody left: then an account counts as one row.

    References
    ----------
    Korn, Graubard (1998), *Survey Methodology* 24, 193-201 (effective sample size); Wilson's
    interval in place of theirs.
    """
    n = len(hits)
    if not n:
        return 0.0, 1.0
    codes, names = pd.factorize(accounts)
    share, clusters = float(hits.mean()), len(names)
    worth = float(clusters)
    if 0 < share < 1 and clusters > 1:
        totals = np.bincount(codes, weights=hits - share)
        variance = float(totals @ totals) / n**2 * clusters / (clusters - 1)
        worth = share * (1 - share) / variance if variance > 0 else float(n)
    worth = min(worth, float(n))
    low, high = wilson([share * worth], [worth])
    return float(low[0]), float(high[0])


def calibration_summary(
    judged: Judged | None, *, n_draws: int = 500, seed: int = 0
) -> pd.DataFrame:
    """Say how far probabilities lie from what happened, and how far chance alone puts them.

    Parameters
    ----------
    judged : Judged
        Rows to look at; every model among them is summed up.
    n_draws, seed : int
        Of the intervals.

    Returns
    -------
    DataFrame
        ``model, split, n, n_positive, predicted, observed`` (means), ``error`` (see
        :func:`helpers.scores.metrics.calibration_errors`) with ``low, high`` (95 %, accounts
        drawn), and what perfect probabilities would show among as many accounts: ``by_chance``
        on average, ``by_chance_high`` in 19 of 20 draws. An error is never below 0, so it
        is to be read beside these two: at or below ``by_chance_high`` nothing is shown.

    Notes
    -----
    For ``by_chance`` each account draws one number for all of its dates, so that its outcomes
    hang together as much as they can: the margin is on the careful side.
    """
    if judged is None or judged.rows.empty:
        return pd.DataFrame(columns=list(SUMMARY_COLUMNS))
    outcome = judged.rows["outcome"].to_numpy(float)
    accounts = judged.rows["account_id"]
    drawn = draw_accounts(accounts, n_draws=n_draws, seed=seed)
    codes, names = pd.factorize(accounts)
    lots = np.random.default_rng(seed + 1).random((n_draws, len(names)))[:, codes]
    ones = np.ones((1, len(outcome)))
    rows = []
    for model, probability in judged.probabilities.items():
        error = float(calibration_errors(probability, ones * outcome, ones)[0])
        low, high = _middle(calibration_errors(probability, drawn * outcome, drawn))
        made = (lots < probability).astype(float)
        null = calibration_errors(probability, made, np.ones_like(made))
        rows.append(
            {
                "model": model,
                "split": judged.split,
                "n": len(outcome),
                "n_positive": int(outcome.sum()),
                "predicted": float(np.mean(probability)),
                "observed": float(outcome.mean()),
                "error": error,
                "low": low,
                "high": high,
                "by_chance": float(np.mean(null)),
                "by_chance_high": float(np.quantile(null, 0.95)),
            }
        )
    table = pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))
    numbers = table.select_dtypes("float").columns
    table[numbers] = table[numbers].round(6)
    return table


def _middle(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)
