"""What data without clusters would show: the yardstick for silhouettes and for inertia."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.segments.cluster import assign, fit_clusters
from helpers.segments.stability import N_STARTS_RESAMPLED
from helpers.segments.widths import silhouette

__all__ = ["chance_silhouette", "gap_statistic"]


def chance_silhouette(sample: pd.DataFrame, k: int, *, seed: int, n_clouds: int) -> float:
    """Highest silhouette in normal clouds with the same correlations: no clusters in them.

    References
    ----------
    Liu, Hayes, Nobel, Marron (2008), *JASA* 103, 1281-1293 (SigClust): one Gaussian as null.
    """
    rng = np.random.default_rng([seed, k, 1])
    covariance = np.cov(sample.to_numpy(float), rowvar=False).reshape(sample.shape[1], -1)
    powers, directions = np.linalg.eigh(covariance)
    root = (directions * np.sqrt(powers.clip(min=0))) @ directions.T
    found = []
    for _ in range(n_clouds):
        cloud = rng.standard_normal(sample.shape) @ root
        found.append(_silhouette_of(pd.DataFrame(cloud, columns=sample.columns), k, seed))
    return float(np.max(found))


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
