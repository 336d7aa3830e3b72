"""An autoencoder over the signals of an account-week: what it cannot say again is odd.

It has to squeeze all signals through a few numbers, and so learns which of them move together. A
week in which they do not is told badly. A small one of scikit-learn, fitted by L-BFGS: no deep
learning, and the same result for the same seed.

References
----------
Hawkins, He, Williams, Baxter (2002), *DaWaK*, 170-180: replicator networks for outliers.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn.neural_network import MLPRegressor

__all__ = ["code_errors", "fit_autoencoder"]

Array = NDArray[np.float64]

REACH = 4.0
"""z beyond it count as so large: a few huge ones would otherwise be all that is learnt."""
STEPS, PENALTY = 150, 0.1


def fit_autoencoder(z: Array, *, seed: int) -> "MLPRegressor":
    """Fit a network that repeats its input through a third as many numbers.

    Parameters
    ----------
    z : ndarray, (n_rows, n_signals)
        No NaN.
    seed : int

    Returns
    -------
    MLPRegressor
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    seen = np.clip(z, -REACH, REACH)
    network = MLPRegressor(
        hidden_layer_sizes=(max(z.shape[1] // 3, 1),),
        activation="tanh",
        solver="lbfgs",
        alpha=PENALTY,
        max_iter=STEPS,
        random_state=seed,
    )
    with warnings.catch_warnings():  # stopping early is meant: it must not learn odd weeks by heart
        warnings.simplefilter("ignore", ConvergenceWarning)
        return network.fit(seen, seen if z.shape[1] > 1 else seen.ravel())


def code_errors(network: "MLPRegressor", z: Array) -> Array:
    """Return the mean squared error with which each row is repeated: (n_rows,)."""
    if not len(z):
        return np.zeros(0)
    seen = np.clip(z, -REACH, REACH)
    told = network.predict(seen).reshape(seen.shape)
    return np.asarray(((told - z) ** 2).mean(axis=1))
