"""A flat map of the accounts: the two directions in which they differ most."""

import numpy as np
import pandas as pd

from helpers.segments.profiles import newest_segments
from helpers.segments.segmentation import Segmentation

__all__ = ["account_map"]

DIGITS = 4


def account_map(segmentation: Segmentation) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Project the dimension scores of the newest date onto two principal components.

    Parameters
    ----------
    segmentation : Segmentation
        The segments.

    Returns
    -------
    accounts : DataFrame, (n_accounts, 4)
        ``account_id``, ``segment``, ``x``, ``y`` (standard deviations of a dimension).
    axes : DataFrame, (n_dimensions, 3)
        ``dimension`` and its weight on ``x`` and ``y``; ``attrs["explained"]`` holds the
        share of variance of both. The largest weight of an axis is positive, so that the
        picture does not turn over between runs. Both are empty with fewer than three accounts
        or a single dimension.
    """
    scores = segmentation.scores
    accounts = pd.DataFrame(columns=["account_id", "segment", "x", "y"])
    axes = pd.DataFrame(columns=["dimension", "x", "y"])
    if scores.shape[0] < 3 or scores.shape[1] < 2:
        return accounts, axes
    centred = scores.to_numpy(float) - scores.to_numpy(float).mean(axis=0)
    powers, directions = np.linalg.eigh(np.cov(centred, rowvar=False))
    top = directions[:, [-1, -2]]
    top = top * np.sign(top[np.abs(top).argmax(axis=0), [0, 1]])
    places = (centred @ top).round(DIGITS) + 0.0
    accounts = pd.DataFrame(
        {
            "account_id": scores.index,
            "segment": newest_segments(segmentation).reindex(scores.index).to_numpy(),
            "x": places[:, 0],
            "y": places[:, 1],
        }
    )
    axes = pd.DataFrame(
        {"dimension": scores.columns, "x": top[:, 0].round(DIGITS), "y": top[:, 1].round(DIGITS)}
    )
    axes.attrs["explained"] = round(float(powers[-2:].sum() / powers.sum()), DIGITS)
    return accounts, axes
