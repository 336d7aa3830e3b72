"""Other ways to find faults in the same series: rolling z, STL, isolation forest, PyOD's ECOD.

Each gets every signal, every feature, the busiest person's events and night work net of volume,
and returns, for each of some usual settings and both directions, a score of every account at
every day under review. A score at an end uses days before that end only.

References
----------
Cleveland, Cleveland, McRae, Terpenning (1990), *J. Official Statistics* 6, 3-73 (STL); Liu, Ting,
Zhou (2008), *ICDM* (isolation forest); Li, Zhao, Hu, Botta, Ionescu, Chen (2022), *IEEE TKDE*
(ECOD).
"""

import importlib.util
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.signals import Activity
from helpers.anomalies.windows import cumulative, sums

__all__ = ["PEERS", "Series", "missing_peers", "series_of"]

Array = NDArray[np.float64]
Scores = dict[tuple[str, str], Array]
"""(direction, setting) to a score of each account and end."""

DIRECTIONS = ("worse", "more")
FORECAST_DAYS, TRAIN_WEEKS, FAR = 182, 16, 10.0


@dataclass(frozen=True, kw_only=True)
class Series:
    """Daily series of the accounts watched.

    Parameters
    ----------
    values : ndarray, (n_series, n_accounts, n_days)
        The signals first.
    n_signals : int
    is_feature : ndarray of bool, (n_series,)
    worse, more : ndarray, (n_series,)
        -1 where a fall counts in that direction, 1 where a rise does, 0 where neither.
    ends : ndarray of int, (n_ends,)
        Days after the last one that each score may use: the days under review.
    seed : int
    """

    values: Array
    n_signals: int
    is_feature: NDArray[np.bool_]
    worse: Array
    more: Array
    ends: NDArray[np.intp]
    seed: int

    def sign(self, direction: str) -> Array:
        """Signs to multiply with, so that large is odd."""
        return self.worse if direction == "worse" else self.more

    @property
    def start(self) -> int:
        """First day under review."""
        return int(self.ends[0]) - 1


def series_of(
    activity: Activity, accounts: NDArray[np.intp], *, review_days: int, seed: int
) -> Series:
    """Lay out all that the peers look at."""
    n_days = len(activity.days)
    start = n_days - review_days
    names = activity.signals.names
    rows, worse, more = [], [], []
    for name, counts in zip(names, activity.signals.counts, strict=True):
        values = counts[accounts].astype(float)
        if name == "off_hours":  # what is more of it than the volume gives
            events = activity.signals.of("events")[accounts]
            past = slice(max(start - 84, 0), start)
            share = values[:, past].sum(axis=1) / np.maximum(events[:, past].sum(axis=1), 1)
            values = values - share[:, None] * events
        risk = {"down": -1.0, "up": 1.0, "": float(name == "off_hours")}[activity.signal(name).risk]
        rows.append(values)
        worse.append(risk)
        more.append(1.0 if risk < 0 else 0.0)
    n_features = len(activity.features.names)
    for counts in activity.features.counts:
        rows.append(counts[accounts].astype(float))
        worse.append(-1.0)
        more.append(1.0)
    if len(activity.users):
        rows.append(_busiest(activity, accounts, start))
        worse.append(-1.0)
        more.append(0.0)
    return Series(
        values=np.stack(rows),
        n_signals=len(names),
        is_feature=np.isin(np.arange(len(rows)), len(names) + np.arange(n_features)),
        worse=np.array(worse),
        more=np.array(more),
        ends=np.arange(start + 1, n_days + 1),
        seed=seed,
    )


def _busiest(activity: Activity, accounts: NDArray[np.intp], start: int) -> Array:
    """Events of the person who did most in the eight weeks before the review."""
    done = activity.user_days[:, max(start - 56, 0) : start].sum(axis=1)
    owner = activity.users["account"].to_numpy(np.intp)
    rows = np.zeros((len(accounts), len(activity.days)))
    for number, account in enumerate(accounts):
        mine = np.flatnonzero(owner == account)
        if len(mine):
            rows[number] = activity.user_days[mine[np.argmax(done[mine])]]
    return rows


def rolling_z(values: Array, ends: NDArray[np.intp], *, window: int, baseline: int) -> Array:
    """Sum of the window against sums of all such windows of the baseline before it.

    Returns
    -------
    ndarray, (n_series, n_accounts, n_ends)
        In standard deviations, which are one event at least.
    """
    total = cumulative(values)
    seen = sums(total, ends, window)
    mean, square = np.zeros(seen.shape), np.zeros(seen.shape)
    n = baseline - window + 1
    for back in range(n):
        past = sums(total, ends - window - back, window)
        mean += past / n
        square += past**2 / n
    return (seen - mean) / np.maximum(np.sqrt(np.maximum(square - mean**2, 0.0)), 1.0)


def _largest(z: Array, series: Series, setting: str, out: Scores) -> None:
    """Note, in both directions, the score of events, of signals, and of signals and features."""
    for direction in DIRECTIONS:
        sign = series.sign(direction)[:, None, None]
        signed = np.where(sign != 0, z * sign, -np.inf)
        few = signed[: series.n_signals].max(axis=0)
        parts = {"events": signed[0], "signals": few, "signals and features": signed.max(axis=0)}
        for name, score in parts.items():
            out[direction, f"{setting}, {name}"] = score


def by_rolling_z(series: Series) -> Scores:
    """Largest rolling z: windows of a day to four weeks, baselines of four and twelve weeks."""
    out: Scores = {}
    for window, baseline in ((1, 28), (1, 84), (7, 28), (7, 84), (14, 84), (28, 84)):
        z = rolling_z(series.values, series.ends, window=window, baseline=baseline)
        _largest(z, series, f"{window} of {baseline} days", out)
    return out


def by_stl(series: Series) -> Scores:
    """Residual of STL (period 7) in robust standard deviations: of a day, and of a week's mean.

    Of the signals and the busiest person; features only add false alarms to it. Fitted to the
    half year before the review and carried on, with a trend as smooth as usual (15 days) and one
    of 12 weeks; fitted to the days under review too, it follows the fault.
    """
    out: Scores = {}
    for smooth in (15, 85):
        z = np.zeros((2, len(series.values), series.values.shape[1], len(series.ends)))
        watched = np.flatnonzero(~series.is_feature)
        for index, account in itertools.product(watched, range(z.shape[2])):
            values = series.values[index, account, series.start - FORECAST_DAYS :]
            z[:, index, account] = _stl(values.tobytes(), len(series.ends), smooth)
        for what, values in zip(("day", "week"), z, strict=True):
            _largest(values, series, f"trend of {smooth} days, {what}", out)
    return out


@lru_cache(maxsize=20_000)
def _stl(raw: bytes, n_review: int, smooth: int) -> Array:
    """Scores of each day under review, and of the mean of the seven days up to it.

    Kept, since the accounts without a fault are the same in each draw.
    """
    from statsmodels.tsa.seasonal import STL

    values = np.frombuffer(raw, float)
    if not values.any():
        return np.zeros((2, n_review))
    fit = STL(values[:-n_review], period=7, trend=smooth).fit()
    left = fit.resid
    now = values[-n_review:] - fit.trend[-1] - np.resize(fit.seasonal[-7:], n_review)
    wide = 1.4826 * float(np.median(np.abs(left - np.median(left))))
    scale = max(wide, float(left.std()) / 2, 1.0)  # sparse series: the median deviation is 0
    week = np.convolve(np.concatenate([left[-6:], now]), np.ones(7) / 7, mode="valid")
    return np.stack([now, week * np.sqrt(7)]) / scale


def _rows(series: Series, direction: str, ends: NDArray[np.intp], *, window: int) -> Array:
    """One row an account and end: how far each series is off in the direction asked for.

    Given both directions, these two find hardly anything that was put in.
    """
    sign = series.sign(direction)
    used = sign != 0
    z = rolling_z(series.values[used], ends, window=window, baseline=84)
    z = np.clip(z * sign[used][:, None, None], 0.0, FAR)
    return z.reshape(len(z), -1).T


def _joint(series: Series, score: Callable[[Array, Array, int], Array]) -> Scores:
    """Fit to the weeks before the review, score its days."""
    past = series.start - 7 * np.arange(TRAIN_WEEKS)[::-1]
    shape = (series.values.shape[1], len(series.ends))
    out: Scores = {}
    for direction in DIRECTIONS:
        for window in (7, 14):
            train = _rows(series, direction, past, window=window)
            now = _rows(series, direction, series.ends, window=window)
            out[direction, f"{window} days"] = score(train, now, series.seed).reshape(shape)
    return out


def by_forest(series: Series) -> Scores:
    """Isolation forest on the z of all series, fitted to the weeks before the review."""
    from sklearn.ensemble import IsolationForest

    def score(train: Array, now: Array, seed: int) -> Array:
        forest = IsolationForest(n_estimators=100, random_state=seed, n_jobs=1).fit(train)
        return np.asarray(-forest.score_samples(now))

    return _joint(series, score)


def by_ecod(series: Series) -> Scores:
    """PyOD's ECOD on the same rows."""
    from pyod.models.ecod import ECOD

    def score(train: Array, now: Array, _seed: int) -> Array:
        return np.asarray(ECOD().fit(train).decision_function(now))

    return _joint(series, score)


PEERS: dict[str, Callable[[Series], Scores]] = {
    "rolling z": by_rolling_z,
    "STL residual": by_stl,
    "isolation forest": by_forest,
    "ECOD (PyOD)": by_ecod,
}


def missing_peers() -> dict[str, str]:
    """Name the peers that cannot take part, and what to install."""
    if importlib.util.find_spec("pyod") is None:
        return {"ECOD (PyOD)": "pip install pyod"}
    return {}
