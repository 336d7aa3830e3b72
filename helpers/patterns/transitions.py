"""From step to step: where each step leads next, and who has got how far after how many steps.

A *transition* goes from one token of a sequence to the one right after it; after the last one
stands :data:`END`. Of first order it depends on one token, of second order on two. Second order
is kept only where enough sequences show it and where it says more: among all that stand at the
same step, those that came from this one go on differently (whole accounts as units, all tried
counted).

References
----------
Anderson, Goodman (1957), *Ann. Math. Statist.* 28, 89-110: inference about Markov chains, and
whether one is of first or second order.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.patterns.contrast import fisher_two_sided
from helpers.patterns.frames import cells
from helpers.stats import benjamini_hochberg, safe_ratio, wilson

__all__ = ["END", "step_matrix", "transitions"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
END = "(end)"
TRANSITION_COLUMNS = (
    "source",
    "order",
    "before",
    "after",
    "n_from",
    "n",
    "n_accounts",
    "share",
    "low",
    "high",
    "base_rate",
    "lift",
    "p_value",
    "q_value",
    "adds",
)


def transitions(
    tokens: pd.DataFrame, accounts: pd.Series, *, source: str, min_units: int = 30
) -> pd.DataFrame:
    """Count where each step leads, in first and, with enough support, second order.

    Parameters
    ----------
    tokens : DataFrame
        ``unit``, ``token``; all tokens of a unit together, oldest first, repeats folded.
    accounts : Series
        Account of each unit, by unit.
    source : str
        What the sequences are ("sessions"); kept in the table.
    min_units : int
        Steps (or pairs of steps) that were taken less often lead nowhere here.

    Returns
    -------
    DataFrame
        ``source``, ``order``, ``before`` (list of one or two tokens), ``after``, ``n_from`` (times
        the former occurred), ``n`` (times the latter came next), ``n_accounts`` (with the
        former), ``share`` (of ``n_from``; over all ``after`` it sums to 1) with 95 % bounds
        ``low`` and ``high`` widened for accounts, ``base_rate`` (first order: over all steps;
        second: over all that came to the same step), ``lift``, ``p_value``, ``q_value`` (over
        this order), ``adds`` (first order: always; second: q < 0.05). Most frequent first.
    """
    steps = _Steps(tokens, accounts)
    parts = [_first(steps, min_units), _second(steps, min_units)]
    for order, part in enumerate(parts, start=1):
        part["order"] = order
        part["q_value"] = benjamini_hochberg(part["p_value"]) if len(part) else []
        part["adds"] = (part["q_value"] < 0.05) | (order == 1)
    told = _joined(parts)
    told["after"] = pd.array([steps.names[x] for x in told["token"]], dtype="string")
    told["source"] = pd.array([source] * len(told), dtype="string")
    by = ["order", "n_from", "before", "n", "after"]
    told = told.sort_values(by, ascending=[True, False, True, False, True], kind="stable")
    told["before"] = cells((list(items) for items in told["before"]), told.index)
    return told[list(TRANSITION_COLUMNS)].reset_index(drop=True)


class _Steps:
    """One entry a token: it, the one before it, the one after it, its account, as numbers."""

    def __init__(self, tokens: pd.DataFrame, accounts: pd.Series) -> None:
        codes, names = pd.factorize(tokens["token"].astype("string"), sort=True)
        unit = pd.factorize(tokens["unit"])[0]
        same = unit[1:] == unit[:-1]
        self.names = [*(str(name) for name in names), END]
        self.two = codes.astype(np.int64)
        self.one, self.after = (np.full(len(codes), len(names), np.int64) for _ in range(2))
        self.one[1:][same], self.after[:-1][same] = codes[:-1][same], codes[1:][same]
        self.account = pd.factorize(tokens["unit"].map(accounts))[0].astype(np.int64)


def _first(steps: _Steps, min_units: int) -> pd.DataFrame:
    found = _compared(steps.two, steps.after, steps.account, min_units)
    return found.assign(before=cells((steps.names[c],) for c in found["context"]))


def _second(steps: _Steps, min_units: int) -> pd.DataFrame:
    """Among all that stand at one step: does it matter where they came from?"""
    parts = []
    for two in range(len(steps.names) - 1):
        here = np.flatnonzero(steps.two == two)
        found = _compared(steps.one[here], steps.after[here], steps.account[here], min_units)
        found = found[(found["context"] < len(steps.names) - 1) & (found["n"] >= min_units)]
        named = cells(((steps.names[c], steps.names[two]) for c in found["context"]), found.index)
        parts.append(found.assign(before=named))
    return _joined(parts)


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    full = [part for part in parts if len(part)]
    return pd.concat(full or parts[:1], ignore_index=True) if parts else pd.DataFrame()


def _compared(context: Ints, after: Ints, account: Ints, min_units: int) -> pd.DataFrame:
    """Compare how often each token follows each context with how often it follows all.

    Sums over accounts are taken of products of counts, never of a table of accounts by contexts
    by tokens; what they are for is said in :class:`_Sums`.
    """
    sums = _Sums(context, after, account)
    c, x = np.nonzero((sums.pair > 0) & (sums.context[:, None] >= min_units))
    n, n_from, n_after = sums.pair[c, x], sums.context[c], sums.token[x]
    share, base = n / np.maximum(n_from, 1), n_after / max(sums.n, 1)
    deff = sums.design_effect(c, x, share)
    low, high = wilson(n / deff, n_from / deff)
    exact = fisher_two_sided(n, n_from, n_after, np.full(len(c), sums.n))
    return pd.DataFrame(
        {
            "context": c,
            "token": x,
            "n_from": n_from,
            "n": n,
            "n_accounts": sums.n_accounts[c],
            "share": share,
            "low": low,
            "high": high,
            "base_rate": base,
            "lift": share / base,
            "p_value": np.fmax(exact, sums.p_value(c, x)),
        }
    )


class _Sums:
    """Counts of contexts and tokens, and sums over accounts of the products of their counts.

    Of an account, ``h`` is how often the token followed the context, ``u`` how often it had the
    context, ``v`` how often the token came, ``w`` how many steps it took.
    """

    def __init__(self, context: Ints, after: Ints, account: Ints) -> None:
        numbers = np.unique(account, return_inverse=True)[1]
        self.n = len(context)
        n_a = int(numbers.max(initial=-1)) + 1
        n_c, n_x = int(context.max(initial=-1)) + 1, int(after.max(initial=-1)) + 1
        self.clusters = n_a
        u = _by_account(numbers, context, (n_a, n_c))
        v = _by_account(numbers, after, (n_a, n_x))
        w = np.bincount(numbers, minlength=n_a).astype(float)
        key, h = np.unique((numbers * n_c + context) * n_x + after, return_counts=True)
        rest, x = np.divmod(key, max(n_x, 1))
        a, c = np.divmod(rest, max(n_c, 1))
        shape, place = (n_c, n_x), c * n_x + x

        def total(values: NDArray[Any]) -> Floats:
            sums = np.bincount(place, values.astype(float), minlength=n_c * n_x)
            return np.asarray(sums.reshape(shape), float)

        self.pair, self.context, self.token = total(h).astype(np.int64), *_counts(u, v)
        self.n_accounts = (u > 0).sum(axis=0)
        self.hh, self.hu, self.hv, self.hw = (
            total(h * other) for other in (h, u[a, c], v[a, x], w[a])
        )
        self.uu, self.vv, self.ww = (u**2).sum(axis=0), (v**2).sum(axis=0), float((w**2).sum())
        self.uv, self.uw, self.vw = u.T @ v, u.T @ w, v.T @ w

    def design_effect(self, c: Ints, x: Ints, share: Floats) -> Floats:
        """Variance of a share over accounts relative to independent steps, at least 1."""
        m, n = self.n_accounts[c], self.context[c]
        between = self.hh[c, x] - 2 * share * self.hu[c, x] + share**2 * self.uu[c]
        between = between * safe_ratio(m, m - 1)
        binomial = share * (1 - share) * n * safe_ratio(n, n - 1)
        return np.fmax(1.0, safe_ratio(between, binomial))

    def p_value(self, c: Ints, x: Ints) -> Floats:
        """Score test of independence of context and token, whole accounts as units."""
        from scipy.stats import t

        s, q = self.context[c] / max(self.n, 1), self.token[x] / max(self.n, 1)
        squares = self.hh[c, x] + s**2 * self.vv[x] + q**2 * self.uu[c] + (s * q) ** 2 * self.ww
        mixed = q * self.hu[c, x] + s * self.hv[c, x] + s * q * (s * self.vw[x] + q * self.uw[c])
        spread = squares - 2 * mixed + 2 * s * q * (self.hw[c, x] + self.uv[c, x])
        away = np.abs(self.pair[c, x] - s * self.token[x])
        score = safe_ratio(away, np.sqrt(np.maximum(spread, 0.0)))
        p = 2 * t.sf(np.nan_to_num(score), max(self.clusters - 1, 1))
        return np.where(spread > 1e-9, p, 1.0)


def _by_account(account: Ints, codes: Ints, shape: tuple[int, int]) -> Floats:
    counts = np.bincount(account * shape[1] + codes, minlength=shape[0] * shape[1])
    return counts.reshape(shape).astype(float)


def _counts(u: Floats, v: Floats) -> tuple[Ints, Ints]:
    return u.sum(axis=0).astype(np.int64), v.sum(axis=0).astype(np.int64)


def step_matrix(
    tokens: pd.DataFrame, units: pd.Series, *, source: str, n_steps: int = 10
) -> pd.DataFrame:
    """Count which token stands at each step, over all units.

    Parameters
    ----------
    tokens : DataFrame
        ``unit``, ``token``; in order.
    units : Series
        Every unit; one that has ended by a step counts as :data:`END` there.
    source : str
        What the sequences are.
    n_steps : int
        Steps looked at, from the first.

    Returns
    -------
    DataFrame
        ``source``, ``step_no``, ``step``, ``n_units``, ``share`` (of all units; over the steps of
        one ``step_no`` it sums to 1), ``low``, ``high``.
    """
    place = tokens.groupby("unit", sort=False).cumcount() + 1
    kept = tokens.assign(step_no=place)
    kept = kept[(place <= n_steps) & tokens["unit"].isin(units)]
    counts = kept.groupby(["step_no", "token"]).size().rename("n_units").reset_index()
    n = len(units)
    left = n - counts.groupby("step_no")["n_units"].sum().reindex(
        range(1, n_steps + 1), fill_value=0
    )
    ended = pd.DataFrame({"step_no": left.index, "token": END, "n_units": left.to_numpy()})
    table = pd.concat([counts, ended[ended["n_units"] > 0]], ignore_index=True)
    low, high = wilson(table["n_units"], np.full(len(table), n))
    table = table.assign(source=source, share=table["n_units"] / max(n, 1), low=low, high=high)
    table = table.rename(columns={"token": "step"}).astype({"step": "string", "source": "string"})
    by = ["step_no", "n_units", "step"]
    ordered = table.sort_values(by, ascending=[True, False, True])
    columns = ["source", "step_no", "step", "n_units", "share", "low", "high"]
    return ordered[columns].reset_index(drop=True)
