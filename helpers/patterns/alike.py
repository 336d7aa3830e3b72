"""Does a difference remain among those who are alike otherwise? One test, over strata.

Who does much does everything, and what is sent at noon is mostly e-mail: two things that go
together may do so only because both follow a third. Here the third is held fixed: within each
stratum the outcome is expected as often with as without, and only what goes beyond counts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.errors import ParameterError

__all__ = ["Alike", "among_alike"]


@dataclass(frozen=True, kw_only=True)
class Alike:
    """What was observed against what is usual for those who are alike.

    Parameters
    ----------
    n : int
        Exposed units.
    n_accounts : int
        Accounts with exposed units.
    n_hits : int
        Exposed units with the outcome.
    expected : float
        Outcomes that as many units of the same strata would have, the exposed included.
    ratio : float
        Observed over expected; near 1 says nothing beyond the strata. Missing where nothing is
        expected.
    p_value : float
        Two-sided, whole accounts as units; 1 where nothing can be compared.
    """

    n: int
    n_accounts: int
    n_hits: int
    expected: float
    ratio: float
    p_value: float


def among_alike(
    exposed: ArrayLike, outcome: ArrayLike, strata: ArrayLike, clusters: ArrayLike
) -> Alike:
    """Compare exposed units with the others of their stratum.

    Parameters
    ----------
    exposed, outcome : array_like of bool, (n_units,)
        Who, and what became of them.
    strata : array_like, (n_units,)
        Units with the same value are alike.
    clusters : array_like, (n_units,)
        Account of each unit.

    Raises
    ------
    ParameterError
        If the lengths differ.

    References
    ----------
    Mantel, Haenszel (1959), *JNCI* 22, 719-748: observed against expected over strata. Score test
    with cluster-robust variance: Rotnitzky, Jewell (1990), *Biometrika* 77, 485-497.
    """
    from scipy.stats import t

    shown, hit = np.asarray(exposed, float), np.asarray(outcome, float)
    numbers = [np.unique(np.asarray(v), return_inverse=True)[1] for v in (strata, clusters)]
    stratum, account = numbers
    if not len(shown) == len(hit) == len(stratum) == len(account):
        raise ParameterError("among_alike: expected four columns of the same length.")
    usual, share = _mean(hit, stratum), _mean(shown, stratum)
    expected = float((shown * usual).sum())
    per_account = np.bincount(account, (shown - share) * (hit - usual)) if len(hit) else np.zeros(1)
    spread = float(np.sqrt((per_account**2).sum()))
    m = len(per_account)
    score = abs(float(per_account.sum())) / spread if spread > 0 else 0.0
    return Alike(
        n=int(shown.sum()),
        n_accounts=len(np.unique(account[shown > 0])),
        n_hits=int((shown * hit).sum()),
        expected=expected,
        ratio=float((shown * hit).sum()) / expected if expected > 0 else float("nan"),
        p_value=2 * float(t.sf(score, m - 1)) if m > 1 and spread > 0 else 1.0,
    )


def _mean(values: NDArray[np.float64], stratum: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean of each unit's stratum."""
    if not len(values):
        return values
    return np.asarray((np.bincount(stratum, values) / np.bincount(stratum))[stratum], float)
