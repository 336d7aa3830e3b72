"""How good a ranking or a probability is, for many re-weighted samples at once.

A sample is a row of weights: ones for the data as they are, counts of draws for a bootstrap, and
shuffled outcomes for a permutation. The order of the scores is the same in all of them, so it is
sorted once. Equal scores stay together: their order says nothing.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "PROBABILITY_METRICS",
    "RANKING_METRICS",
    "calibration_errors",
    "chance",
    "equal_groups",
    "rank",
    "ranking",
    "roc_auc",
]

Array = NDArray[np.float64]

RANKING_METRICS = (
    "roc_auc",
    "average_precision",
    "precision_at_k",
    "capture_at_k",
    "lift_at_k",
)
PROBABILITY_METRICS = ("brier", "log_loss")


def rank(outcome: ArrayLike, score: ArrayLike, *, k: int = 1) -> dict[str, float]:
    """Return the ranking measures of one sample; see :func:`ranking`."""
    positives = np.asarray(outcome, float)[None, :]
    measured = ranking(np.asarray(score, float), positives, np.ones_like(positives), k=k)
    return {name: float(values[0]) for name, values in measured.items()}


def roc_auc(outcome: ArrayLike, score: ArrayLike) -> float:
    """Probability that a positive ranks above a negative; ties count half, NaN with one class."""
    return rank(outcome, score)["roc_auc"]


def ranking(score: Array, positives: Array, total: Array, *, k: int) -> dict[str, Array]:
    """Measure how well a ranking finds the positives.

    Parameters
    ----------
    score : ndarray, (n_rows,)
        Higher should mean positive.
    positives, total : ndarray, (n_samples, n_rows)
        Weight of the positive in each row, and of the row.
    k : int
        How many can be looked at. A tie at the cut counts as if drawn by lot.

    Returns
    -------
    dict of str to ndarray, (n_samples,)
        ``roc_auc`` (0.5 tells nothing), ``average_precision`` (the base rate tells nothing),
        ``precision_at_k``, ``capture_at_k`` (share of the positives among the first k) and
        ``lift_at_k`` (precision as a multiple of the base rate). NaN where there is one class.
    """
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.r_[score[order][1:] != score[order][:-1], True])
    hits = np.cumsum(positives[:, order], axis=1)[:, ends]
    seen = np.cumsum(total[:, order], axis=1)[:, ends]
    new_hits, new_seen = np.diff(hits, axis=1, prepend=0), np.diff(seen, axis=1, prepend=0)
    all_hits, everybody = hits[:, -1], seen[:, -1]
    misses, new_misses = seen - hits, new_seen - new_hits
    others = everybody - all_hits
    with np.errstate(invalid="ignore", divide="ignore"):
        below = others[:, None] - misses + new_misses / 2
        one_class = np.where((all_hits > 0) & (others > 0), 1.0, np.nan)
        auc = (new_hits * below).sum(axis=1) / (all_hits * others) * one_class
        precision = np.where(seen > 0, hits / seen, 0.0)
        average = (precision * new_hits).sum(axis=1) / all_hits * one_class
        part = np.clip((k - (seen - new_seen)) / new_seen, 0.0, 1.0)
        found = (new_hits * np.where(new_seen > 0, part, 0.0)).sum(axis=1)
        at_k = found / np.minimum(k, everybody)
        capture = found / all_hits
        lift = at_k / (all_hits / everybody)
    measured = (auc, average, at_k, capture, lift)
    return dict(zip(RANKING_METRICS, measured, strict=True))


def chance(probability: Array, positives: Array, total: Array) -> dict[str, Array]:
    """Measure how well probabilities fit: ``brier`` and ``log_loss`` (nats); smaller is better.

    Parameters
    ----------
    probability : ndarray, (n_rows,)
    positives, total : ndarray, (n_samples, n_rows)
        As in :func:`ranking`.
    """
    p = np.clip(probability, 1e-6, 1 - 1e-6)
    negatives = total - positives
    weight = total.sum(axis=1)
    square = positives @ (1 - probability) ** 2 + negatives @ probability**2
    surprise = -(positives @ np.log(p) + negatives @ np.log(1 - p))
    return {"brier": square / weight, "log_loss": surprise / weight}


MIN_GROUP = 15


def equal_groups(probability: Array, n_groups: int) -> NDArray[np.int64]:
    """Return the group of each row: groups of about equal size, by probability.

    Fewer groups where they would hold less than 15 rows; rows with the same probability are
    never split.
    """
    n_groups = max(1, min(n_groups, len(probability) // MIN_GROUP))
    order = np.argsort(probability, kind="stable")
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.arange(len(order)) * n_groups // max(len(order), 1)
    ordered, placed = probability[order], group[order]
    first = np.r_[True, ordered[1:] != ordered[:-1]] if len(order) else np.empty(0, bool)
    starts = placed[first]
    group[order] = starts[np.cumsum(first) - 1] if len(order) else group
    return group


def calibration_errors(
    probability: Array, positives: Array, total: Array, *, n_groups: int = 8
) -> Array:
    """Return the expected calibration error of each sample; 0 is perfect.

    Rows are put into groups of equal size by probability; the error is the average over groups,
    weighted by rows, of the distance between the mean probability and the share of positives.

    Parameters
    ----------
    probability : ndarray, (n_rows,)
    positives, total : ndarray, (n_samples, n_rows)
        As in :func:`ranking`.
    n_groups : int
        At most; see :func:`equal_groups`.

    References
    ----------
    Naeini, Cooper, Hauskrecht (2015), *AAAI*, with groups of equal size. It is biased upwards in
    small samples: Bröcker (2012), *Climate Dynamics* 39, 655-667.
    """
    groups = equal_groups(probability, n_groups)
    member = (groups[:, None] == np.unique(groups)[None, :]).astype(float)
    gaps = np.abs(positives @ member - total @ (member * probability[:, None]))
    return np.asarray(gaps.sum(axis=1) / total.sum(axis=1))
