"""Do accounts still look like those the model learnt from?

A model that was right last quarter may be asked about other customers today. Each input is
compared between the newest date that has taught it anything and the newest date of all. How far
apart two samples of one and the same kind lie depends on how many accounts there are, so the
limits do too: with few accounts a large number means nothing.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.scores.design import signals
from helpers.scores.inputs import CHURN_INPUTS, Input, resolve
from helpers.scores.readings import live_rows, predictive_columns
from helpers.stats import benjamini_hochberg

__all__ = ["DRIFT_STATES", "drift_table", "population_stability", "stability_limit"]

COLUMNS = (
    *("feature", "meaning", "as_of_before", "as_of_now", "n_before", "n_now"),
    *("missing_before", "missing_now", "median_before", "median_now", "psi", "psi_limit", "ks"),
    *("p_value", "q_value", "state"),
)
DRIFT_STATES = ("drifted", "look", "stable", "too few")
N_BINS = 10
MIN_ACCOUNTS = 50
RULE_OF_THUMB = 0.10
"""Below it nobody acts, however many accounts show it."""
ALPHA = 0.05


def drift_table(
    features: pd.DataFrame,
    labels: pd.DataFrame,
    dictionary: pd.DataFrame,
    *,
    inputs: tuple[Input, ...] = CHURN_INPUTS,
) -> pd.DataFrame:
    """Compare each input between the newest date with a known outcome and the newest date.

    Inputs are compared as the model sees them: a trend relative to what all accounts did at the
    date, so that a holiday is no drift.

    Parameters
    ----------
    features, labels, dictionary : DataFrame
        Of 02.
    inputs : tuple of Input
        What the model may look at.

    Returns
    -------
    DataFrame
        One row an input: its ``meaning``, the two dates, accounts, shares missing and medians on
        each, ``psi`` with its ``psi_limit`` for so many accounts and inputs, ``ks`` (largest
        distance of the two distributions) with ``p_value`` and ``q_value`` over all inputs, and
        ``state``: ``drifted`` (both say so), ``look`` (one does), ``stable``, ``too few`` (below
        50 accounts). Furthest apart first. Empty where no outcome is known yet.

    Notes
    -----
    Most accounts stand on both dates, which makes the two samples more alike than strangers would
    be: both tests are then on the careful side.
    """
    known = labels.loc[labels["churned"].notna(), "as_of"]
    live = features[live_rows(features)]
    newest = live["as_of"].max()
    if known.empty or known.max() == newest:
        return pd.DataFrame(columns=list(COLUMNS))
    before = known.max()
    rows = live[live["as_of"].isin([before, newest])]
    used, values = resolve(inputs, rows, allowed=predictive_columns(features, dictionary))
    then = (rows["as_of"] == before).to_numpy()
    seen = signals(values, used, rows["as_of"])
    found = [
        _compared(item.name, seen[then, at], seen[~then, at], len(used))
        | _medians(values.loc[then, item.name], values.loc[~then, item.name])
        for at, item in enumerate(used)
    ]
    table = pd.DataFrame(found).assign(as_of_before=before, as_of_now=newest)
    meaning = dictionary.set_index("feature")["meaning"]
    table["meaning"] = table["feature"].map(meaning).fillna(table["feature"])
    table["q_value"] = benjamini_hochberg(table["p_value"].fillna(1.0).to_numpy(float))
    table["state"] = [_state(row) for row in table.itertuples()]
    numbers = table.select_dtypes("float").columns
    table[numbers] = table[numbers].round(6)
    table["place"] = table["state"].map({name: at for at, name in enumerate(DRIFT_STATES)})
    table = table.sort_values(
        ["place", "psi", "feature"], ascending=[True, False, True], ignore_index=True
    )
    return table[list(COLUMNS)]


def _medians(before: pd.Series, now: pd.Series) -> dict[str, float]:
    return {"median_before": float(before.median()), "median_now": float(now.median())}


def _compared(
    name: str, first: NDArray[np.float64], second: NDArray[np.float64], n_inputs: int
) -> dict[str, object]:
    from scipy.stats import ks_2samp

    known, today = first[~np.isnan(first)], second[~np.isnan(second)]
    psi, n_bins = population_stability(first, second)
    enough = min(len(known), len(today)) > 0
    distance = ks_2samp(known, today) if enough else None
    return {
        "feature": name,
        "n_before": len(first),
        "n_now": len(second),
        "missing_before": float(np.isnan(first).mean()),
        "missing_now": float(np.isnan(second).mean()),
        "psi": psi,
        "psi_limit": stability_limit(len(first), len(second), n_bins, n_tests=n_inputs),
        "ks": float(distance.statistic) if distance else np.nan,
        "p_value": float(distance.pvalue) if distance else np.nan,
    }


def population_stability(
    before: NDArray[np.float64], now: NDArray[np.float64]
) -> tuple[float, int]:
    """Return the population stability index and the number of bins it rests on.

    Bins are tenths of the earlier sample (fewer where many values are equal), and one for "not
    known"; half an account is added to each, so that an empty bin is not infinitely far.

    References
    ----------
    Siddiqi (2006), *Credit Risk Scorecards*, ch. 6; it is the symmetrised Kullback-Leibler
    divergence: Kullback, Leibler (1951), *Annals of Mathematical Statistics* 22, 79-86.
    """
    known = before[~np.isnan(before)]
    tenths = np.arange(1, N_BINS) / N_BINS
    cuts = np.quantile(known, tenths, method="lower") if len(known) else np.empty(0)
    edges = np.unique(cuts)
    shares = []
    n_bins = len(edges) + 2
    for values in (before, now):
        place = np.where(
            np.isnan(values), n_bins - 1, np.searchsorted(edges, np.nan_to_num(values), "left")
        )
        counts = np.bincount(place.astype(int), minlength=n_bins) + 0.5
        shares.append(counts / counts.sum())
    first, second = shares
    used = int(((first * len(before) > 1) | (second * len(now) > 1)).sum())
    return float(((second - first) * np.log(second / first)).sum()), max(used, 2)


def stability_limit(n_before: int, n_now: int, n_bins: int, *, n_tests: int = 1) -> float:
    """Return the index that two samples of one kind pass in 5 % of cases, over all tests.

    Never below 0.10, the rule of thumb: a difference that many accounts make certain may still
    be too small to matter.

    References
    ----------
    Yurdakul (2018), *Statistical Properties of Population Stability Index*, Western Michigan
    University: the index is about ``1/n + 1/m`` times a chi-squared with one degree of
    freedom less than there are bins. Bonferroni over the tests.
    """
    from scipy.stats import chi2

    if not n_before or not n_now:
        return float("inf")
    quantile = float(chi2.ppf(1 - ALPHA / max(n_tests, 1), n_bins - 1))
    return max(RULE_OF_THUMB, (1 / n_before + 1 / n_now) * quantile)


def _state(row: object) -> str:
    found = vars(row) if hasattr(row, "__dict__") else row._asdict()  # type: ignore[attr-defined]
    if min(found["n_before"], found["n_now"]) < MIN_ACCOUNTS:
        return "too few"
    signs = (found["psi"] > found["psi_limit"]) + (found["q_value"] < ALPHA)
    return ("stable", "look", "drifted")[int(signs)]
