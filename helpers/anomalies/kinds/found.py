"""What a kind's rule found: the same arrays for every kind, so that one path leads to alerts."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.detectors import combine
from helpers.anomalies.surprise import Surprise

__all__ = ["Found", "Measure", "nothing", "signal_measure", "strongest", "to_rows"]

Array = NDArray[np.float64]
FIELDS = ("p", "size", "observed", "expected", "low", "high")


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One metric of all accounts at all ends; arrays are (n_accounts, n_ends).

    Parameters
    ----------
    metric, window_days
        What was measured over how long a window.
    p : ndarray
        One-sided p-value in the kind's direction; NaN where not tested or no chance involved.
    size : ndarray
        Relative change (-0.38 = 38 % less), or a ratio where the kind says so.
    observed, expected, low, high : ndarray
        In the window; ``low`` to ``high`` is the 95 % range to expect.
    """

    metric: str
    window_days: int
    p: Array
    size: Array
    observed: Array
    expected: Array
    low: Array
    high: Array


@dataclass(frozen=True, kw_only=True)
class Found:
    """Where one kind's rule holds.

    Parameters
    ----------
    kind : str
    mask : ndarray of bool, (n_accounts, n_ends)
        The rule holds, its sizes included; how sure we must be is decided later.
    p : ndarray, (n_accounts, n_ends)
        p-value of every account asked, found or not; NaN where none was asked. All NaN for
        kinds that state facts (a limit passed).
    measure : mapping of name to ndarray
        ``FIELDS`` without ``p``, and ``metric`` (index into ``metrics``) and ``window_days``.
    metrics : tuple of str
    detail : ndarray of object, optional
        Text for the evidence, (n_accounts, n_ends).
    """

    kind: str
    mask: NDArray[np.bool_]
    p: Array
    measure: dict[str, Array]
    metrics: tuple[str, ...]
    detail: NDArray[np.object_] | None = None
    extra: dict[str, NDArray[np.object_]] = field(default_factory=dict)


def signal_measure(surprise: Surprise, name: str, side: str) -> Measure:
    """Take one signal's windows as a measure; ``side`` is ``low`` or ``high``."""
    observed, expected = surprise.of(name, "observed"), surprise.of(name, "expected")
    known = expected > 0
    change = np.where(known, observed / np.where(known, expected, 1.0) - 1, np.nan)
    return Measure(
        metric=name,
        window_days=surprise.plan.window_days,
        p=surprise.of(name, f"p_{side}"),
        size=change,
        observed=observed,
        expected=expected,
        low=surprise.of(name, "low"),
        high=surprise.of(name, "high"),
    )


def strongest(
    kind: str,
    candidates: list[tuple[Measure, NDArray[np.bool_]]],
    *,
    detail: NDArray[np.object_] | None = None,
    by_length: bool = False,
) -> Found:
    """Keep, for each account and end, the candidate that is least likely by chance.

    Parameters
    ----------
    kind : str
    candidates : list of (Measure, mask)
        At least one; the mask says where that measure's rule holds.
    detail : ndarray of object, optional
    by_length : bool
        A candidate weighs as much as its window is long: of short windows more fit into the
        same time, so one of them is odd by chance more often. Alike by default.

    Returns
    -------
    Found
        Its p-values combine those of all candidates: looking in several places is paid for.
    """
    shape = candidates[0][1].shape
    best = {name: np.full(shape, np.nan) for name in FIELDS}
    metric, window = np.zeros(shape), np.zeros(shape)
    smallest, held = np.full(shape, np.inf), np.zeros(shape, bool)
    for number, (measure, mask) in enumerate(candidates):
        p = np.where(np.isfinite(measure.p), measure.p, 1.0)
        better = mask & (~held | (p < smallest))
        for name in best:
            best[name] = np.where(better, getattr(measure, name), best[name])
        metric = np.where(better, number, metric)
        window = np.where(better, measure.window_days, window)
        smallest, held = np.where(better, p, smallest), held | mask
    weights = [measure.window_days if by_length else 1 for measure, _ in candidates]
    p = combine(np.stack([measure.p for measure, _ in candidates]), weights=weights)
    kept = {name: best[name] for name in FIELDS if name != "p"}
    return Found(
        kind=kind,
        mask=held,
        p=p,
        measure={**kept, "metric": metric, "window_days": window},
        metrics=tuple(measure.metric for measure, _ in candidates),
        detail=detail,
    )


def nothing(kind: str, shape: tuple[int, int]) -> Found:
    """Return a find without finds: the kind was not looked for."""
    empty = {name: np.full(shape, np.nan) for name in (*FIELDS, "metric", "window_days")}
    empty.pop("p")
    return Found(
        kind=kind,
        mask=np.zeros(shape, bool),
        p=np.full(shape, np.nan),
        measure=empty,
        metrics=(),
    )


def to_rows(found: Found, q: Array, *, max_q: float, at: NDArray[np.bool_]) -> pd.DataFrame:
    """List where a kind's rule holds surely enough, one row an account and end.

    Parameters
    ----------
    found : Found
    q : ndarray, (n_accounts, n_ends)
        q-values of ``found.p``; NaN for facts, which need none.
    max_q : float
        Share of false alerts that is tolerated among those raised.
    at : ndarray of bool, (n_ends,)
        Ends to list.

    Returns
    -------
    DataFrame
        ``account``, ``end`` (position among ends), ``kind``, ``p_value``, ``q_value``,
        ``size``, ``observed``, ``expected``, ``low``, ``high``, ``metric``, ``window_days``,
        ``detail``; by account and end.
    """
    sure = np.where(np.isfinite(q), q <= max_q, np.isnan(found.p))
    account, end = np.nonzero(found.mask & sure & at[None, :])
    picked = {name: values[account, end] for name, values in found.measure.items()}
    number = np.where(np.isfinite(picked["metric"]), picked["metric"], 0).astype(int)
    metrics = np.array(found.metrics or ("",), object)
    detail = np.full(len(account), "", object)
    if found.detail is not None:
        detail = found.detail[account, end]
    return pd.DataFrame(
        {
            "account": account,
            "end": end,
            "kind": found.kind,
            "p_value": found.p[account, end],
            "q_value": q[account, end],
            **{name: picked[name] for name in FIELDS if name != "p"},
            "metric": metrics[number],
            "window_days": picked["window_days"],
            "detail": detail,
            **{name: values[account, end] for name, values in found.extra.items()},
        }
    )
