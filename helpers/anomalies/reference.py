"""What account-weeks of the past year looked like: how odd is one more among them?

Only whole weeks that ended earlier take part. The reference is renewed every 13 weeks, at fixed
dates, so that it depends neither on the length of the history nor on the day of a run.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.autoencoder import code_errors, fit_autoencoder
from helpers.anomalies.detectors import fit_forest, forest_tail, rank_tail

if TYPE_CHECKING:
    from sklearn.ensemble import IsolationForest
    from sklearn.neural_network import MLPRegressor

__all__ = ["REFIT_WEEKS", "Reference"]

Array = NDArray[np.float64]
Single = NDArray[np.float32]

MIN_REFERENCE = 200
"""Account-weeks that must lie behind before a rank among them is a p-value."""
REFIT_WEEKS, KEEP_WEEKS = 13, 52
WEEK_SIZES, WEEK_ROWS = 4_000, 400
"""Account-weeks of a week that are kept at most, evenly spread over the accounts: their sizes,
and their whole rows for the forest."""
FOREST_ROWS = 4_000
"""Account-weeks that the forest's own scores are ranked among, at most."""


@dataclass(kw_only=True)
class Reference:
    """Account-weeks behind us; grows week by week.

    Parameters
    ----------
    sizes : list of ndarray of float32
        Root mean square of z of the account-weeks of each of the last ``KEEP_WEEKS`` weeks.
    rows : list of ndarray of float32, (n_kept, n_signals)
        z of some of them.
    fitted_sizes, fitted_rows : ndarray
        Those of all weeks at the last renewal, by which account-weeks are judged.
    autoencoder : bool
        Let one judge, too.
    """

    sizes: list[Single] = field(default_factory=list)
    rows: list[Single] = field(default_factory=list)
    fitted_sizes: Single = field(default_factory=lambda: np.zeros(0, np.float32))
    fitted_rows: Single = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    autoencoder: bool = False
    _forest: "IsolationForest | None" = None
    _coder: "MLPRegressor | None" = None

    @property
    def ready(self) -> bool:
        """Enough lies behind to judge by."""
        return len(self.fitted_sizes) >= MIN_REFERENCE

    def add(self, sizes: Array, rows: Array) -> None:
        """Take one more week: (n_accounts,) and (n_accounts, n_signals)."""
        self.sizes = [*self.sizes, _spread(sizes, WEEK_SIZES)][-KEEP_WEEKS:]
        self.rows = [*self.rows, _spread(rows, WEEK_ROWS)][-KEEP_WEEKS:]

    def fit(self) -> None:
        """Judge by all weeks so far from now on, unless they are too few."""
        if sum(len(week) for week in self.sizes) >= MIN_REFERENCE:
            self.fitted_sizes = np.sort(np.concatenate(self.sizes))
            self.fitted_rows = np.concatenate(self.rows)
            self._forest = self._coder = None

    def rank(self, sizes: Array, rows: Array, *, seed: int) -> tuple[Array, Array, Array]:
        """Return p-values of the size, the isolation and the code of account-weeks: (n,) each.

        Parameters
        ----------
        sizes : ndarray, (n,)
        rows : ndarray, (n, n_signals)
        seed : int
            Of the forest and the autoencoder.
        """
        fitted = self.fitted_rows.astype(float)
        if self._forest is None:
            self._forest = fit_forest(fitted, seed=seed)
        p = rank_tail(sizes, self.fitted_sizes.astype(float))
        shown = fitted[:: -(-len(fitted) // FOREST_ROWS)]
        return p, forest_tail(self._forest, rows, shown), self._coded(rows, shown, seed)

    def _coded(self, rows: Array, shown: Array, seed: int) -> Array:
        """Rank the autoencoder's errors among those of account-weeks that it has not seen."""
        if not self.autoencoder:
            return np.full(len(rows), np.nan)
        if self._coder is None:
            self._coder = fit_autoencoder(shown[::2], seed=seed)
        errors, unseen = code_errors(self._coder, rows), code_errors(self._coder, shown[1::2])
        return rank_tail(errors, unseen)


def _spread(values: Array, most: int) -> Single:
    """Keep at most so many rows, evenly spread."""
    return values[:: max(-(-len(values) // most), 1)].astype(np.float32)
