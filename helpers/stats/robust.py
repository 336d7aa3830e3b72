"""Location, scale and ratios that one odd account cannot spoil."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["mad_scale", "safe_ratio"]

MAD_TO_SIGMA = 1.482602218505602


def mad_scale(values: ArrayLike, axis: int | None = None) -> NDArray[np.float64]:
    """Median absolute deviation, scaled to the standard deviation of a normal sample.

    Parameters
    ----------
    values : array_like
        NaN is ignored.
    axis : int, optional
        The axis that disappears; all by default.

    Returns
    -------
    ndarray
        In the unit of ``values``; 0 where more than half the values are equal.

    References
    ----------
    Rousseeuw, Croux (1993), *JASA* 88, 1273-1283.
    """
    array = np.asarray(values, float)
    centre = np.nanmedian(array, axis=axis, keepdims=True)
    return np.asarray(MAD_TO_SIGMA * np.nanmedian(np.abs(array - centre), axis=axis))


def safe_ratio(numerator: ArrayLike, denominator: ArrayLike) -> NDArray[np.float64]:
    """Divide; NaN, never infinity, where the denominator is 0 or missing."""
    top, bottom = np.broadcast_arrays(np.asarray(numerator, float), np.asarray(denominator, float))
    usable = np.isfinite(bottom) & (bottom != 0) & np.isfinite(top)
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=usable)
