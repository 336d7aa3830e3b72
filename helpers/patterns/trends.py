"""Which way an account is heading: gradual decline, steady growth, plateau, or nothing certain.

A fall of 5 % a week takes ten weeks to reach -40 %: no limit on the level sees it early, so the
slope itself is tested. Weekly use is fitted as level x season x (1 + slope) ** week, for all
accounts at once and for several windows that end now. How noisy an account is, is learnt from
its own weeks and, since these are few, half-way from the other accounts.

The tolerances (:class:`Limits`):

``gradual_decline``  at least 2.5 % a week down over 6, 8, 12 or 16 weeks: half the 5 % that a
    decline worth the name has, so that what the slope of an account is uncertain by hides none
``steady_growth``    at least 2 % a week up over 8, 12 or 16 weeks: half of 4 %, likewise
``plateau``          12 weeks that change by at most 2 % a week, and for which a fall or rise of
    4 % a week can be excluded (two one-sided tests at 5 %)
``none``             none of these; missing where it cannot be judged: fewer than 6 weeks seen, or
    hardly any use in them

A trend is of all of its weeks. One week like no other, or a jump within the last three, tilts a
line as well; that is for the alerts to tell. So a window counts for a decline or growth only if
p < 0.1 whichever of its weeks is left out, and if no jump explains it clearly better than a
straight course does (:mod:`helpers.patterns.steady`).

A decline or growth must be steep enough and have a one-sided p < 0.05 in its window and p < 0.025
after all windows are counted: of accounts without any trend at most one in twenty is named one or
the other. That is a name for one account. Which declines stand once all accounts are counted is
said by the ``q_value``, and a list to act on takes only those.

How soon a trend is seen depends on how noisy use is. With weekly noise of 8 % more than 95 % of
declines of 5 % and of growths of 4 % a week are found after eight weeks, and of plateaus after
twelve; with 16 % declines after ten and growth after sixteen; with 25 % half of the declines after
eight and hardly a plateau (``python -m benchmarks.patterns trends``).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.patterns.steady import is_jump, without_any_week
from helpers.patterns.weekly import WeeklyGrid
from helpers.stats import benjamini_hochberg, cauchy_combination

__all__ = ["BANDS", "LIMITS", "Limits", "trend_kinds"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Tolerance bands of the kinds; slopes are relative changes a week."""

    decline: float = -0.025
    decline_weeks: tuple[int, ...] = (6, 8, 12, 16)
    growth: float = 0.02
    growth_weeks: tuple[int, ...] = (8, 12, 16)
    plateau: float = 0.02
    plateau_excludes: float = 0.04
    plateau_weeks: int = 12
    window_max_p: float = 0.05
    without_max_p: float = 0.10  # whichever week is left out
    max_p: float = 0.025  # one-sided, all windows counted
    min_use: float = 12.0  # in the window, to be judged
    min_active_share: float = 0.5  # of the window's weeks with any use, to be judged


LIMITS = Limits()
BANDS = {
    "gradual_decline": f"at least {-LIMITS.decline:.1%} a week down over "
    f"{LIMITS.decline_weeks[0]} to {LIMITS.decline_weeks[-1]} weeks",
    "steady_growth": f"at least {LIMITS.growth:.0%} a week up over "
    f"{LIMITS.growth_weeks[0]} to {LIMITS.growth_weeks[-1]} weeks",
    "plateau": f"at most {LIMITS.plateau:.0%} a week either way over {LIMITS.plateau_weeks} "
    f"weeks; {LIMITS.plateau_excludes:.0%} can be excluded",
    "none": "none of these with certainty",
}
"""Kind to its tolerance band, in words."""


@dataclass(frozen=True)
class _Slopes:
    """Per account, on the log scale and per week: slope, its standard error, its freedom."""

    slope: Floats
    error: Floats
    freedom: Floats
    level: Floats
    jump: NDArray[np.bool_]  # a jump within the last weeks explains it better
    least: Floats  # slope over its error, without the week that makes it smallest
    most: Floats  # the same, largest

    def steady(self, direction: int, max_p: float) -> NDArray[np.bool_]:
        """Tell where the trend stands whichever week is left out."""
        from scipy.stats import t

        score = direction * (self.least if direction > 0 else self.most)
        return np.asarray(t.sf(score, self.freedom - 1) < max_p, bool)

    def p_value(self, direction: int) -> Floats:
        """One-sided p-value that the slope goes that way."""
        from scipy.stats import t

        return np.asarray(t.sf(direction * self.slope / self.error, self.freedom), float)

    def bounds(self, level: float) -> tuple[Floats, Floats]:
        """Two-sided confidence bounds as relative change a week."""
        from scipy.stats import t

        reach = t.ppf((1 + level) / 2, self.freedom) * self.error
        ends = (np.clip(self.slope + side * reach, -30, 30) for side in (-1, 1))
        low, high = (np.expm1(end) for end in ends)
        return low, high


def trend_kinds(
    weekly: WeeklyGrid, *, as_of: pd.Timestamp, limits: Limits = LIMITS
) -> pd.DataFrame:
    """Name the trend of every account.

    Parameters
    ----------
    weekly : WeeklyGrid
        From :func:`helpers.patterns.weekly.weekly_grid`.
    as_of : Timestamp
        The day after the last one seen; kept in the table.
    limits : Limits
        Tolerance bands.

    Returns
    -------
    DataFrame, (n_accounts, 11)
        ``account_id``, ``as_of``, ``kind`` (missing when too short), ``slope_per_week``
        (relative change), ``low``, ``high`` (95 %), ``weeks`` (window of the slope),
        ``use_per_week`` (fitted at the end of the window, average season), ``p_value``
        (two-sided, slope against 0), ``q_value`` (over accounts, of being a trend at all),
        ``why_not`` (why there is no kind).
    """
    windows = sorted({*limits.decline_weeks, *limits.growth_weeks, limits.plateau_weeks})
    fits = {w: _slopes(weekly, w, limits) for w in windows if w <= weekly.counts.shape[1]}
    n = len(weekly.accounts)
    found = _Choice(n)
    for direction, weeks, name in (
        (-1, limits.decline_weeks, "gradual_decline"),
        (1, limits.growth_weeks, "steady_growth"),
    ):
        tried = [w for w in weeks if w in fits]
        if tried:
            found.take_trend(name, direction, tried, fits, limits)
    if limits.plateau_weeks in fits:
        found.take_plateau(limits.plateau_weeks, fits[limits.plateau_weeks], limits)
    found.fill(fits)
    table = pd.DataFrame({"account_id": weekly.accounts, "as_of": as_of, **found.columns(fits)})
    seen = (weekly.exposure[:, -windows[0] :] > 0).sum(axis=1)
    why = np.where(seen < windows[0] - 1, "fewer than 6 weeks seen", "hardly any use")
    return table.assign(why_not=pd.Series(why, dtype="string").where(table["kind"].isna()))


def _slopes(weekly: WeeklyGrid, weeks: int, limits: Limits) -> _Slopes:
    """Quasi-Poisson slope of the last weeks; missing where fewer than the window are seen."""
    counts, exposure = weekly.counts[:, -weeks:], weekly.exposure[:, -weeks:]
    seen = exposure > 0
    time = np.arange(weeks) - (weeks - 1.0)  # 0 is the newest week, so the level is today's
    n = seen.sum(axis=1)
    mean = np.where(n > 0, counts.sum(axis=1) / np.maximum(exposure.sum(axis=1), 1e-9), 0.0)
    active = (counts > 0).sum(axis=1)
    known = (n >= max(weeks - 1, 5)) & (counts.sum(axis=1) >= limits.min_use)
    known &= active >= limits.min_active_share * n
    a, b = np.log(np.maximum(mean, 1e-9)), np.zeros(len(mean))
    weight = np.where(seen, exposure, 0.0)
    for _ in range(25):
        fitted = weight * np.exp(np.clip(a[:, None] + b[:, None] * time, -30, 30))
        s0, s1, s2 = (np.sum(fitted * time**k, axis=1) for k in range(3))
        r0, r1 = (np.sum((counts - fitted) * time**k, axis=1) for k in range(2))
        determinant = np.where(s0 * s2 - s1**2 > 1e-12, s0 * s2 - s1**2, np.inf)
        a = a + np.clip((s2 * r0 - s1 * r1) / determinant, -2, 2)
        b = b + np.clip((s0 * r1 - s1 * r0) / determinant, -1, 1)
    scatter = np.sum(np.where(seen, (counts - fitted) ** 2 / np.maximum(fitted, 1e-9), 0.0), axis=1)
    own = np.maximum(n - 2, 1)
    usual = fitted.sum(axis=1) / np.maximum(n, 1)
    noise = scatter / own / np.maximum(usual, 1e-9)  # squared relative noise of a week
    typical = float(np.median(noise[known])) if known.any() else 1.0
    shared = (own * noise + own * typical) / (2 * own)
    dispersion = np.maximum(shared * usual, 1.0)
    error = np.sqrt(dispersion * s0 / determinant)
    keep = known & np.isfinite(error) & (error > 0)
    least, most = without_any_week(counts, fitted, time, seen, b, typical)
    return _Slopes(
        slope=np.where(keep, b, np.nan),
        error=np.where(keep, error, np.nan),
        freedom=np.where(keep, 2.0 * own, np.nan),
        level=np.where(keep, np.exp(np.clip(a, -30, 30)), np.nan),
        jump=keep & is_jump(counts, fitted, weight, dispersion),
        least=least,
        most=most,
    )


class _Choice:
    """Which kind and which window each account gets; the first that fits wins."""

    def __init__(self, n: int) -> None:
        self.kind = np.full(n, None, object)
        self.weeks = np.zeros(n, np.int64)
        self.q_value = np.full(n, np.nan)

    def take_trend(
        self,
        name: str,
        direction: int,
        tried: list[int],
        fits: dict[int, _Slopes],
        limits: Limits,
    ) -> None:
        """Longest window that is steep enough; certainty corrected for windows and accounts."""
        steep = limits.decline if direction < 0 else limits.growth
        p = np.column_stack([fits[w].p_value(direction) for w in tried])
        every = cauchy_combination(p, axis=1)
        for index in reversed(range(len(tried))):
            slope = np.expm1(fits[tried[index]].slope)
            fits_kind = (direction * slope >= abs(steep)) & (p[:, index] < limits.window_max_p)
            fits_kind &= fits[tried[index]].steady(direction, limits.without_max_p)
            # a short window cannot tell a jump from a slope; the longer ones can
            fits_kind &= ~np.logical_or.reduce([fits[w].jump for w in tried[index:]])
            take = fits_kind & (every < limits.max_p) & (self.kind == None)  # noqa: E711
            self.kind[take], self.weeks[take] = name, tried[index]
        self.q_value = np.fmin(self.q_value, benjamini_hochberg(every))

    def take_plateau(self, weeks: int, fit: _Slopes, limits: Limits) -> None:
        """Nearly flat, with both bounds of the slope inside what must be excluded."""
        low, high = fit.bounds(0.90)
        flat = np.abs(np.expm1(fit.slope)) <= limits.plateau
        flat &= (low > -limits.plateau_excludes) & (high < limits.plateau_excludes)
        flat &= self.kind == None  # noqa: E711
        self.kind[flat], self.weeks[flat] = "plateau", weeks

    def fill(self, fits: dict[int, _Slopes]) -> None:
        """Give the others the longest window that can be judged, and the kind "none"."""
        for weeks in sorted(fits, reverse=True):
            judged = np.isfinite(fits[weeks].slope) & (self.weeks == 0)
            self.kind[judged], self.weeks[judged] = "none", weeks

    def columns(self, fits: dict[int, _Slopes]) -> dict[str, object]:
        """Return the columns that depend on the window chosen."""
        n = len(self.kind)
        values = {name: np.full(n, np.nan) for name in ("slope", "low", "high", "p", "level")}
        for weeks, fit in fits.items():
            mine = self.weeks == weeks
            low, high = fit.bounds(0.95)
            both = 2 * np.fmin(fit.p_value(1), fit.p_value(-1))
            for name, source in zip(
                values, (np.expm1(fit.slope), low, high, both, fit.level), strict=True
            ):
                values[name][mine] = source[mine]
        return {
            "kind": pd.array(self.kind, dtype="string"),
            "slope_per_week": values["slope"],
            "low": values["low"],
            "high": values["high"],
            "weeks": pd.Series(self.weeks, dtype="Int64").where(self.weeks > 0),
            "use_per_week": values["level"],
            "p_value": np.minimum(values["p"], 1.0),
            "q_value": self.q_value,
        }
