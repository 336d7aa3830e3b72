"""What data without clusters would show: the yardstick for silhouettes and for inertia."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.segments.cluster import assign, fit_clusters
from helpers.segments.stability import N_STARTS_RESAMPLED
from helpers.segments.widths import silhouette

__all__ = ["chance_silhouette", "gap_statistic"]


BEYOND = 4.0
"""Standard deviations above the mean of the clouds."""


def chance_silhouette(sample: pd.DataFrame, k: int, *, seed: int, n_clouds: int) -> float:
    """Silhouette that clouds without clusters do not reach; the clouds are of two kinds.

    Half of the clouds are normal, with the correlations of the data. The others have each
    dimension's own values, dealt out so that dimensions go together as in the data (by rank) and
    in no other way: skewed or lumpy dimensions alone are no structure. Returned
    is the highest, or four standard deviations above the mean of a kind if that is more: clouds
    are few, and several numbers of clusters are tried.

    References
    ----------
    Liu, Hayes, Nobel, Marron (2008), *JASA* 103, 1281-1293 (SigClust): one Gaussian as null.
    Iman, Conover (1982), *Commun. Stat. - Simul. Comput.* 11, 311-334: own values, given ranks.
    """
    rng = np.random.default_rng([seed, k, 1])
    values = sample.to_numpy(float)
    plain = _root(np.cov(values, rowvar=False))
    ranks = sample.rank(method="average").to_numpy(float)
    tied = _root(np.corrcoef(ranks, rowvar=False) if len(sample) > 1 else np.eye(1))
    ordered = np.sort(values, axis=0)
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(n_clouds):
        normal = rng.standard_normal(sample.shape)
        if number % 2 == 0:
            cloud = normal @ plain
        else:
            places = np.argsort(np.argsort(normal @ tied, axis=0, kind="stable"), axis=0)
            cloud = np.take_along_axis(ordered, places, axis=0)
        frame = pd.DataFrame(cloud, columns=sample.columns)
        found[number % 2].append(_silhouette_of(frame, k, seed))
    limits = [
        max(float(np.nanmax(kind)), float(np.nanmean(kind) + BEYOND * np.nanstd(kind)))
        for kind in found
        if np.isfinite(kind).any()
    ]
    return max(limits, default=float("nan"))


def _root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix that gives normal draws this covariance."""
    square = np.atleast_2d(np.nan_to_num(covariance))
    powers, directions = np.linalg.eigh(square)
    return np.asarray((directions * np.sqrt(powers.clip(min=0))) @ directions.T, np.float64)


def _silhouette_of(frame: pd.DataFrame, k: int, seed: int) -> float:
    fitted = fit_clusters(frame, k, seed=seed, n_starts=N_STARTS_RESAMPLED)
    return silhouette(frame, assign(frame, fitted.centres)["cluster"].to_numpy())


def gap_statistic(sample: pd.DataFrame, k: int, *, seed: int, n_boxes: int) -> tuple[float, float]:
    """Return how much tighter ``k`` clusters are than in an even box, in logarithms, and its error.

    Returns
    -------
    tuple
        Gap: mean log inertia in boxes of the same extent along the principal axes, minus that of
        the data; and its standard error, widened by the error of the simulation. NaN where a
        fit leaves nothing unexplained.

    References
    ----------
    Tibshirani, Walther, Hastie (2001), *J. R. Statist. Soc. B* 63, 411-423.
    """
    values = sample.to_numpy(float)
    mine = fit_clusters(sample, k, seed=seed, n_starts=N_STARTS_RESAMPLED).inertia
    rng = np.random.default_rng([seed, k, 2])
    logs = [_log_inertia(_box(values, rng), k, seed) for _ in range(n_boxes)]
    if mine <= 0 or not logs:
        return float("nan"), float("nan")
    error = float(np.std(logs) * np.sqrt(1 + 1 / n_boxes))
    return float(np.mean(logs) - np.log(mine)), error


def _log_inertia(values: NDArray[np.float64], k: int, seed: int) -> float:
    fitted = fit_clusters(pd.DataFrame(values), k, seed=seed, n_starts=N_STARTS_RESAMPLED)
    return float(np.log(fitted.inertia))


def _box(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw as many points evenly from the box around the data, along their principal axes."""
    middle = values.mean(axis=0)
    _, _, axes = np.linalg.svd(values - middle, full_matrices=False)
    turned = (values - middle) @ axes.T
    drawn = rng.uniform(turned.min(axis=0), turned.max(axis=0), turned.shape)
    return np.asarray(drawn @ axes + middle, np.float64)
