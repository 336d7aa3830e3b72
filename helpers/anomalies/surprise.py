"""Each signal of each account at each end: seen, expected, and how surprising in each direction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.baseline import Baseline, learn_baseline
from helpers.anomalies.detectors import (
    MIN_DENSE,
    SMALLEST_P,
    calibrate,
    combine,
    count_tails,
    robust_tails,
)
from helpers.anomalies.signals import Activity, Cube
from helpers.anomalies.windows import Plan, make_plan, weeks_turn
from helpers.stats import safe_ratio

__all__ = [
    "LIFECYCLE_DAYS",
    "SETTLED_DAYS",
    "Surprise",
    "account_age",
    "age_band",
    "age_factor",
    "age_sums",
    "is_young",
    "lifecycle",
    "measure",
    "no_ages",
]

Array = NDArray[np.float64]

LIFECYCLE_DAYS = (35, 49, 63, 77, 91, 105, 126)
"""Ages (days) between which young accounts are compared with others of that age."""
SETTLED_DAYS = 91
"""Accounts older than that tell what is usual."""
PRIOR_ACCOUNTS = 5.0


@dataclass(frozen=True, kw_only=True)
class Surprise:
    """Signals at ends; every array is (n_names, n_accounts, n_ends) unless said.

    Parameters
    ----------
    names : tuple of str
        Signals or features.
    plan : Plan
        Windows they were measured in.
    observed, expected : ndarray
        Counts in the window.
    low, high : ndarray
        95 % range to expect.
    p_low, p_high : ndarray
        One-sided p-values, count test and robust z combined; NaN where not tested.
    count_low, count_high, robust_low, robust_high : ndarray
        The two detectors by themselves.
    level : ndarray
        Own weekly count as usual.
    """

    names: tuple[str, ...]
    plan: Plan
    observed: Array
    expected: Array
    low: Array
    high: Array
    p_low: Array
    p_high: Array
    count_low: Array
    count_high: Array
    robust_low: Array
    robust_high: Array
    level: Array

    def has(self, name: str) -> bool:
        """Tell whether the signal is there."""
        return name in self.names

    def of(self, name: str, what: str) -> Array:
        """Return one array of one signal: (n_accounts, n_ends)."""
        values: Array = getattr(self, what)[self.names.index(name)]
        return values

    def ratio(self, name: str) -> Array:
        """Observed over expected of one signal; NaN where nothing is expected or not there."""
        if not self.has(name):
            return np.full(self.plan.usable.shape, np.nan)
        return safe_ratio(self.of(name, "observed"), self.of(name, "expected"))

    @property
    def z(self) -> Array:
        """Signed normal score of the smaller p-value; NaN where not tested."""
        from scipy.special import ndtri

        below = self.p_low < self.p_high
        score = ndtri(np.clip(np.fmin(self.p_low, self.p_high), SMALLEST_P, 0.5))
        return np.where(np.isfinite(self.p_low), np.where(below, score, -score), np.nan)


def measure(
    activity: Activity,
    cube: Cube,
    *,
    ends: NDArray[np.intp],
    names: tuple[str, ...] | None = None,
    window_days: int = 7,
    baseline_days: int = 90,
    hidden: Mapping[str, NDArray[np.bool_]] | None = None,
    ages: dict[str, Array] | None = None,
) -> Surprise:
    """Measure every signal of a cube at every end.

    Parameters
    ----------
    activity : Activity
        Axes, cohorts and who is alive.
    cube : Cube
        ``activity.signals`` or ``activity.features``.
    ends : ndarray of int, (n_ends,)
        Positions, rising.
    names : tuple of str, optional
        Those of the cube to measure; all by default.
    window_days, baseline_days : int
    hidden : mapping of signal to ndarray of bool, (n_days,), optional
        Days of a company-wide incident: for that signal they count as not observed, so that
        no account is judged by them.
    ages : dict of str to ndarray, optional
        What earlier ends told of each age, see :func:`lifecycle`; brought up to date. Nothing
        came before by default.

    Returns
    -------
    Surprise
    """
    age = account_age(activity, ends)
    weekly = weeks_turn(activity.days, ends)
    first = int(max(ends[0] - window_days - baseline_days, 0)) if len(ends) else 0
    days = slice(first, int(ends[-1]) if len(ends) else 0)
    alive, observed = activity.alive[:, days], activity.observed[days]
    lengths = {"window_days": window_days, "baseline_days": baseline_days}
    plan = make_plan(alive, observed, ends=ends - first, **lengths)
    cohorts = activity.accounts["cohort"].to_numpy(np.intp)
    parts = {}
    for name, counts in zip(cube.names, cube.counts, strict=True):
        if names is not None and name not in names:
            continue
        mine, seen = plan, counts[:, days]
        if hidden and name in hidden and hidden[name][days].any():
            seen = np.where(hidden[name][days], 0, seen)
            mine = make_plan(alive, observed & ~hidden[name][days], ends=ends - first, **lengths)
        base = learn_baseline(seen, mine, cohorts=cohorts, settled=age >= SETTLED_DAYS)
        told = None if ages is None else ages.setdefault(f"{window_days}:{name}", no_ages())
        parts[name] = _tested(lifecycle(base, age, weekly=weekly, told=told), mine)
    stacked = {
        key: np.stack([part.pop(key) for part in parts.values()])
        if parts
        else np.zeros((0, *plan.usable.shape))
        for key in _FIELDS
    }
    return Surprise(names=tuple(parts), plan=replace(plan, ends=ends), **stacked)


_FIELDS = (
    *("observed", "expected", "low", "high", "p_low", "p_high", "count_low", "count_high"),
    *("robust_low", "robust_high", "level"),
)


def account_age(activity: Activity, ends: NDArray[np.intp]) -> Array:
    """Return the days since sign-up at each end: (n_accounts, n_ends)."""
    signed = activity.accounts["signed_up_on"].to_numpy("datetime64[D]")
    first = activity.days[0].to_datetime64().astype("datetime64[D]")
    start = (signed - first).astype(float)
    return ends[None, :] - start[:, None]


def _tested(base: Baseline, plan: Plan) -> dict[str, Array]:
    """Run the detectors of one signal."""
    usable = plan.usable
    dense = usable & (base.level >= MIN_DENSE)
    tails = [*count_tails(base), *robust_tails(base)]
    tails = [calibrate(np.where(usable, p, np.nan), dense) for p in tails]
    count_low, count_high, robust_low, robust_high = tails
    low, high = base.band()
    return {
        "observed": base.observed,
        "expected": base.expected,
        "low": low,
        "high": high,
        "p_low": combine(np.stack([count_low, robust_low])),
        "p_high": combine(np.stack([count_high, robust_high])),
        "count_low": count_low,
        "count_high": count_high,
        "robust_low": robust_low,
        "robust_high": robust_high,
        "level": base.level,
    }


def no_ages() -> Array:
    """Return what is known of ages before the first end: (2, n_bands), nothing."""
    return np.zeros((2, len(LIFECYCLE_DAYS) - 1))


def lifecycle(
    base: Baseline,
    age_days: Array,
    *,
    weekly: NDArray[np.bool_] | None = None,
    told: Array | None = None,
) -> Baseline:
    """Expect of a young account what others did at its age.

    New accounts explore and then settle: a fall that is usual at that age is no anomaly. The
    correction is what all accounts of an age band did against their own baseline, at this end
    and all earlier ones.

    Parameters
    ----------
    base : Baseline
    age_days : ndarray, (n_accounts, n_ends)
        Age at the end of the window.
    weekly : ndarray of bool, (n_ends,), optional
        Ends that the correction is learnt from, so that it does not depend on how many days
        are reviewed; all by default.
    told : ndarray, (2, n_bands), optional
        What each band did and was expected to do at ends before the first; those of these ends
        are added, in place.

    Returns
    -------
    Baseline
        With ``expected`` and the window's factor corrected for accounts younger than the last
        of ``LIFECYCLE_DAYS``.
    """
    band = age_band(age_days)
    did, due = age_sums(base, band)
    if weekly is not None:
        did, due = did * weekly, due * weekly
    before = no_ages() if told is None else told
    start = before[:, :, None]
    all_did = np.cumsum(np.concatenate([start[0], did], axis=1), axis=1)[:, 1:]
    all_due = np.cumsum(np.concatenate([start[1], due], axis=1), axis=1)[:, 1:]
    if told is not None and band.shape[1]:
        told[:] = all_did[:, -1], all_due[:, -1]
    return _corrected(base, age_factor(band, all_did, all_due))


def age_band(age_days: Array) -> NDArray[np.intp]:
    """Give each age its number: 0 too young, 1, 2, … within ``LIFECYCLE_DAYS``, then grown."""
    return np.digitize(age_days, LIFECYCLE_DAYS)


def is_young(band: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell the ages at which accounts are compared with others of that age."""
    return np.asarray((band > 0) & (band < len(LIFECYCLE_DAYS)))


def age_sums(base: Baseline, band: NDArray[np.intp]) -> tuple[Array, Array]:
    """Sum up what accounts of each age did, and what their baselines expected.

    Parameters
    ----------
    base : Baseline
    band : ndarray of int, (n_accounts, n_ends)
        From :func:`age_band`.

    Returns
    -------
    did, due : ndarray, (n_bands, n_ends)
        Every account counts alike, far outliers are cut back.
    """
    did, due = np.zeros((2, len(LIFECYCLE_DAYS) - 1, band.shape[1]))
    young = np.flatnonzero(is_young(band).any(axis=1))
    expected, seen = base.expected[young], base.observed[young]
    sd = np.sqrt(expected + (0.6 * expected) ** 2)
    seen = np.minimum(seen, expected + 4 * sd)
    weight = np.where(expected > 0, safe_ratio(1.0, np.maximum(expected, 1.0)), 0.0)
    for number in range(1, len(LIFECYCLE_DAYS)):
        mine = weight * (band[young] == number)
        did[number - 1], due[number - 1] = (mine * seen).sum(axis=0), (mine * expected).sum(axis=0)
    return did, due


def age_factor(band: NDArray[np.intp], did: Array, due: Array) -> Array:
    """Turn sums by age into each account's correction: (n_accounts, n_ends)."""
    ratio = (did + PRIOR_ACCOUNTS) / (due + PRIOR_ACCOUNTS)
    grown = np.ones((1, ratio.shape[1]))
    by_band = np.concatenate([grown, ratio, grown])
    return np.take_along_axis(by_band, band, axis=0)


def _corrected(base: Baseline, correction: Array) -> Baseline:
    window = base.factors.window * correction
    return replace(
        base,
        expected=base.expected * correction,
        factors=replace(base.factors, window=window),
    )
