"""Features that say the same twice: which to keep, which to drop, and why."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import ParameterError

__all__ = ["drop_correlated"]

MIN_ROWS = 10
EMPTY, CONSTANT, CORRELATED = "empty", "constant", "correlated"


def drop_correlated(
    features: pd.DataFrame, *, threshold: float, columns: Sequence[str] | None = None
) -> tuple[list[str], pd.DataFrame]:
    """Keep one of every pair of features whose rank correlation exceeds a threshold.

    Parameters
    ----------
    features : DataFrame
        One row an observation. Only numeric columns are looked at.
    threshold : float
        Largest absolute Spearman correlation that two kept features may have, in (0, 1].
    columns : sequence of str, optional
        Candidates in order of preference: an earlier one is kept before a later one. Default:
        all numeric columns from left to right.

    Returns
    -------
    kept : list of str
        In the order given.
    dropped : DataFrame
        feature, kept_instead, correlation, n_rows (both known), reason (``correlated``,
        ``constant`` or ``empty``), threshold; in the order given.

    Raises
    ------
    ParameterError
        If ``threshold`` is outside (0, 1] or a column is not a numeric column of ``features``.

    Notes
    -----
    Ranks are taken once a column over its known values; a pair is compared on the rows where both
    are known, at least 10. Correlations are rounded to 6 decimals before they are compared, since
    their last bits depend on the number of threads.

    References
    ----------
    C. Spearman (1904), *Am. J. Psychology* 15, 72-101. Ranks, because counts of use are so skewed
    that one large account would decide a product-moment correlation.
    """
    if not 0 < threshold <= 1:
        raise ParameterError(f"threshold must lie in (0, 1], got {threshold}.")
    numeric = list(features.select_dtypes("number").columns)
    names = numeric if columns is None else list(columns)
    unknown = [name for name in names if name not in numeric]
    if unknown:
        raise ParameterError(f"not numeric columns of the features: {unknown}.")
    values = features[names].to_numpy(dtype=float, na_value=np.nan)
    reasons = _useless(values)
    correlation, n_rows = _rank_correlation(values)
    kept: list[int] = []
    dropped: list[tuple[str, str | None, float, int, str]] = []
    for index, name in enumerate(names):
        if reasons[index] is not None:
            known = int(n_rows[index, index])
            dropped.append((name, None, float("nan"), known, str(reasons[index])))
            continue
        twin = _nearest(correlation[index, kept], threshold)
        if twin is None:
            kept.append(index)
            continue
        other = kept[twin]
        pair = (float(correlation[index, other]), int(n_rows[index, other]))
        dropped.append((name, names[other], *pair, CORRELATED))
    frame = pd.DataFrame(
        dropped, columns=["feature", "kept_instead", "correlation", "n_rows", "reason"]
    )
    text = dict.fromkeys(["feature", "kept_instead", "reason"], "string")
    frame = frame.astype({**text, "correlation": "float64", "n_rows": "int64"})
    return [names[index] for index in kept], frame.assign(threshold=float(threshold))


def _nearest(correlations: NDArray[np.float64], threshold: float) -> int | None:
    """Return the position of the strongest correlation above the threshold, if there is one."""
    strength = np.nan_to_num(np.abs(correlations), nan=0.0)
    if not len(strength) or strength.max() <= threshold:
        return None
    return int(strength.argmax())


def _useless(values: NDArray[np.float64]) -> list[str | None]:
    known = np.isfinite(values)
    low = np.where(known, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, values, -np.inf).max(axis=0, initial=-np.inf)
    return [
        EMPTY if not known[:, i].any() else CONSTANT if low[i] == high[i] else None
        for i in range(values.shape[1])
    ]


def _rank_correlation(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pearson correlation of ranks on the rows where both are known, for all pairs at once."""
    ranks = pd.DataFrame(values).rank(pct=True).to_numpy(dtype=float)
    known = np.isfinite(ranks).astype(float)
    x = np.where(known > 0, ranks - 0.5, 0.0)
    n = known.T @ known
    safe = np.where(n > 0, n, 1.0)
    mean = (x.T @ known) / safe  # mean of row feature where column feature is known
    square = ((x * x).T @ known) / safe
    spread = np.sqrt(np.maximum(square - mean**2, 0.0))
    product = (x.T @ x) / safe - mean * mean.T
    scale = spread * spread.T
    usable = (n >= MIN_ROWS) & (scale > 1e-12)
    correlation = np.divide(product, scale, out=np.full(n.shape, np.nan), where=usable)
    return np.round(correlation, 6), n
