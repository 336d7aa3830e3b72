"""Certainty over several searches at once, when some of them find much and others nothing.

Putting all searches into one correction lets the many true findings of one search lower the bar
for another: where activation depends on hundreds of paths, chance findings about churn would
pass. So each search (a *family*: one outcome) is corrected by itself, and counts only if it is
among the searches that have something to tell at all.

References
----------
Benjamini, Bogomolov (2014), *J. R. Statist. Soc. B* 76, 297-318: selective inference on multiple
families of hypotheses. Simes (1986), *Biometrika* 73, 751-754: the p-value of a family.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.stats import benjamini_hochberg

__all__ = ["q_by_family"]


def q_by_family(p_values: ArrayLike, family: ArrayLike) -> NDArray[np.float64]:
    """Turn p-values of several searches into q-values.

    Parameters
    ----------
    p_values : array_like, (n_tests,)
        *All* tests made; NaN stays NaN and counts as no test.
    family : array_like, (n_tests,)
        The search each belongs to. A search without any test does not count.

    Returns
    -------
    ndarray, (n_tests,)
        The smallest level at which the test's family is selected (Benjamini-Hochberg over the
        Simes p-values of the families) and the test rejected within it (Benjamini-Hochberg at
        the level times the share of families selected). With one family: its usual q-values.
    """
    p = np.asarray(p_values, float)
    names, member = np.unique(np.asarray(family).astype(str), return_inverse=True)
    within = np.full(len(p), np.nan)
    simes = np.full(len(names), np.nan)
    for number in range(len(names)):
        mine = member == number
        within[mine] = benjamini_hochberg(p[mine])
        if not np.isnan(p[mine]).all():
            simes[number] = np.nanmin(within[mine])
    level = benjamini_hochberg(simes)
    entered = np.sort(level[~np.isnan(level)])
    q = np.full(len(p), np.nan)
    for selected, bar in enumerate(entered, start=1):
        share = within * len(entered) / selected
        q = np.fmin(q, np.maximum(np.maximum(bar, level[member]), share))
    return np.minimum(q, 1.0)
