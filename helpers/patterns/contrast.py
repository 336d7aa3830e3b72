"""How the outcome rate of those who show a pattern compares with that of all and of the others.

Two comparisons that are often mixed up are computed and named apart: ``lift`` is against the
*overall* rate, ``relative_risk`` against those *without* the pattern. With a lift of 3.2 and
10 % exposed the relative risk is 4.2, with 30 % exposed it is 56.

Rows of one account are not independent (its users, its quarters), so next to Fisher's exact
test there is a test that takes whole accounts as units, the larger p-value of the two counts,
and intervals are widened by the design effect. These are observed rates: an association,
which says nothing of what would happen if somebody changed the behaviour.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from helpers.errors import ParameterError
from helpers.stats import fisher_exact_greater, safe_ratio, wilson

__all__ = ["Exposure", "contrast", "exposures", "fisher_two_sided", "holds_twice"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Exposure:
    """Which units show which pattern: one list of unit numbers per pattern.

    Parameters
    ----------
    rows : ndarray of int64
        Unit numbers, pattern after pattern.
    starts : ndarray of int64, (n_patterns + 1,)
        Where each pattern's numbers start in ``rows``.
    """

    def __init__(self, rows: Ints, starts: Ints) -> None:
        self.rows, self.starts = rows, starts

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, index: int) -> Ints:
        return self.rows[self.starts[index] : self.starts[index + 1]]

    @property
    def pattern(self) -> Ints:
        """Pattern number of each entry of ``rows``."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def only(self, units: NDArray[np.bool_]) -> "Exposure":
        """Keep the units marked; the others are as if they had never been seen."""
        keep = units[self.rows]
        counts = np.bincount(self.pattern[keep], minlength=len(self))
        renumbered = (np.cumsum(units) - 1)[self.rows[keep]]
        return Exposure(renumbered, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))

    def take(self, patterns: Sequence[int]) -> "Exposure":
        """Keep some patterns, in the order given."""
        return exposures([self[int(p)] for p in patterns])


def exposures(lists: Sequence[ArrayLike]) -> Exposure:
    """Make an :class:`Exposure` from one list of unit numbers per pattern."""
    arrays = [np.asarray(entry, np.int64) for entry in lists]
    starts = np.cumsum([0, *(len(entry) for entry in arrays)]).astype(np.int64)
    return Exposure(np.concatenate([np.empty(0, np.int64), *arrays]), starts)


def fisher_two_sided(both: Ints, exposed: Ints, hits: ArrayLike, n: ArrayLike) -> Floats:
    """Fisher's exact test in both directions: twice the smaller one-sided p-value, at most 1.

    Parameters
    ----------
    both, exposed, hits, n : array_like of int
        Exposed and hit; exposed; hit; all.
    """
    misses = np.asarray(n) - np.asarray(hits)
    more = fisher_exact_greater(both, exposed, hits, n)
    fewer = fisher_exact_greater(exposed - both, exposed, misses, n)
    return np.minimum(1.0, 2 * np.minimum(more, fewer))


def contrast(
    exposure: Exposure, outcome: ArrayLike, clusters: ArrayLike, *, min_units: int = 10
) -> pd.DataFrame:
    """Compare the outcome rate with and without each pattern.

    Parameters
    ----------
    exposure : Exposure
        Units that show each pattern.
    outcome : array_like of bool, (n_units,)
        What became of each unit; never missing.
    clusters : array_like, (n_units,)
        Account of each unit.
    min_units : int
        Fewer units with, or without, the pattern: not tested (p-value missing). The limit
        does not look at the outcome, so it does not bend the p-values of the others.

    Returns
    -------
    DataFrame, (n_patterns, 12)
        ``n_units``, ``n_hits``, ``n_accounts``, ``support`` (share of units),
        ``outcome_rate`` with 95 % bounds ``low`` and ``high``, ``base_rate``, ``rate_without``,
        ``lift`` (outcome_rate / base_rate), ``relative_risk`` (outcome_rate / rate_without;
        missing when nobody without the pattern had the outcome), ``p_value`` (two-sided).

    Raises
    ------
    ParameterError
        If outcome and clusters differ in length.

    References
    ----------
    Design effect and effective sample size: Kish (1965), *Survey Sampling*, ch. 5;
    linearised variance of a difference of ratios over clusters: Wolter (2007), ch. 6.
    """
    hit = np.asarray(outcome, bool).astype(float)
    _, account = np.unique(np.asarray(clusters), return_inverse=True)
    if len(hit) != len(account):
        raise ParameterError(
            f"contrast: expected one account per unit, got {len(account)} for {len(hit)} units."
        )
    n, n_hits = len(hit), int(hit.sum())
    with_n = np.diff(exposure.starts)
    with_hits = np.bincount(exposure.pattern, hit[exposure.rows], minlength=len(exposure))
    sums = _ClusterSums(exposure, hit, account)
    rate, without = safe_ratio(with_hits, with_n), safe_ratio(n_hits - with_hits, n - with_n)
    deff = sums.design_effect(rate, with_n)
    low, high = wilson(with_hits / deff, with_n / deff)
    enough = (with_n >= min_units) & (n - with_n >= min_units)
    exact = fisher_two_sided(with_hits.astype(np.int64), with_n, n_hits, n)
    p_value = np.where(enough, np.fmax(exact, sums.p_value(rate, without, with_n)), np.nan)
    base = np.full(len(exposure), n_hits / n if n else np.nan)
    return pd.DataFrame(
        {
            "n_units": with_n,
            "n_hits": with_hits.astype(np.int64),
            "n_accounts": sums.n_accounts,
            "support": safe_ratio(with_n, n),
            "outcome_rate": rate,
            "low": low,
            "high": high,
            "base_rate": base,
            "rate_without": without,
            "lift": safe_ratio(rate, base),
            "relative_risk": safe_ratio(rate, without),
            "p_value": p_value,
        }
    )


def holds_twice(
    exposure: Exposure,
    outcome: ArrayLike,
    clusters: ArrayLike,
    newest: NDArray[np.bool_] | None,
    *,
    min_units: int = 10,
) -> "pd.Series[bool]":
    """Look whether a difference found among the earlier units is there again among the newest.

    Parameters
    ----------
    exposure, outcome, clusters
        As in :func:`contrast`.
    newest : ndarray of bool, (n_units,), optional
        The units held out; with ``None``, or all or no units, nothing can be said.
    min_units : int
        Fewer units with the pattern in either part: nothing can be said.

    Returns
    -------
    Series of boolean, (n_patterns,)
        True if the rates with and without differ in both parts, in the same direction, each with
        p < 0.05. False if the earlier part found a difference which the newest reverses, or does
        not show although it had an 80 % chance to. Missing if it cannot be said.
    """
    unknown = pd.Series([pd.NA] * len(exposure), dtype="boolean")
    if newest is None or newest.all() or not newest.any():
        return unknown
    hit, cluster = np.asarray(outcome, bool), np.asarray(clusters)
    earlier, later = (
        contrast(exposure.only(part), hit[part], cluster[part], min_units=1)
        for part in (~newest, newest)
    )
    alike = (earlier["lift"] > 1) == (later["lift"] > 1)
    found = (earlier["p_value"] < 0.05) & (earlier["n_units"] >= min_units)
    again = found & alike & (later["p_value"] < 0.05)
    could = _power(earlier, later, int((newest).sum())) >= 0.8
    known = found & (later["n_units"] >= min_units) & (again | could | ~alike)
    return again.astype("boolean").where(known)


def _power(earlier: pd.DataFrame, later: pd.DataFrame, n: int) -> NDArray[np.float64]:
    """Chance that the later part shows, at p < 0.05, the difference the earlier part found."""
    from scipy.stats import norm

    rates = earlier["outcome_rate"].to_numpy(float), earlier["rate_without"].to_numpy(float)
    with_n = later["n_units"].to_numpy(float)
    counts = with_n, n - with_n
    variance = sum(
        safe_ratio(rate * (1 - rate), many) for rate, many in zip(rates, counts, strict=True)
    )
    score = safe_ratio(np.abs(rates[0] - rates[1]), np.sqrt(variance))
    return np.asarray(norm.cdf(score - 1.96), float)


class _ClusterSums:
    """Units and hits of each (pattern, account) pair, and what variances need of the rest."""

    def __init__(self, exposure: Exposure, hit: Floats, account: Ints) -> None:
        n_accounts = int(account.max(initial=-1)) + 1
        self.n_patterns, self.clusters = len(exposure), n_accounts
        key = exposure.pattern * max(n_accounts, 1) + account[exposure.rows]
        pairs, inverse = np.unique(key, return_inverse=True)
        self.pattern, self.account = np.divmod(pairs, max(n_accounts, 1))
        self.units = np.bincount(inverse, minlength=len(pairs)).astype(float)
        self.hits = np.bincount(inverse, hit[exposure.rows], minlength=len(pairs))
        self.all_units = np.bincount(account, minlength=n_accounts).astype(float)
        self.all_hits = np.bincount(account, hit, minlength=n_accounts)
        self.n_accounts = self._sum(np.ones(len(pairs))).astype(np.int64)

    def _sum(self, values: Floats) -> Floats:
        return np.asarray(np.bincount(self.pattern, values, minlength=self.n_patterns), float)

    def _correction(self, n: ArrayLike) -> Floats:
        size = np.asarray(n, float)
        return np.asarray(safe_ratio(size, size - 1))

    def design_effect(self, rate: Floats, with_n: Ints) -> Floats:
        """Variance of the rate over accounts relative to independent units, at least 1."""
        residual = self.hits - rate[self.pattern] * self.units
        between = self._sum(residual**2) * self._correction(self.n_accounts)
        binomial = rate * (1 - rate) * with_n * self._correction(with_n)
        return np.fmax(1.0, safe_ratio(between, binomial))

    def p_value(self, rate: Floats, without: Floats, with_n: Ints) -> Floats:
        """Two-sided t test of the difference of rates with whole accounts as units."""
        from scipy.stats import t

        n_without = self.all_units.sum() - with_n
        inside = (self.hits - rate[self.pattern] * self.units) / with_n[self.pattern]
        rest_n = self.all_units[self.account] - self.units
        rest_hits = self.all_hits[self.account] - self.hits
        with np.errstate(divide="ignore", invalid="ignore"):
            outside = (rest_hits - without[self.pattern] * rest_n) / n_without[self.pattern]
            alone = self._never_exposed(without) / n_without**2
            between = self._sum((inside - outside) ** 2) + alone
            variance = between * self._correction(self.clusters)
            score = np.abs(rate - without) / np.sqrt(variance)
        return np.asarray(2 * t.sf(score, max(self.clusters - 1, 1)))

    def _never_exposed(self, without: Floats) -> Floats:
        """Sum of squared residuals over the accounts that never show the pattern."""
        hits, units = np.asarray(self.all_hits, float), self.all_units
        terms = [
            total - self._sum(part[self.account])
            for total, part in (
                ((hits**2).sum(), hits**2),
                ((hits * units).sum(), hits * units),
                ((units**2).sum(), units**2),
            )
        ]
        return np.maximum(terms[0] - 2 * without * terms[1] + without**2 * terms[2], 0.0)
