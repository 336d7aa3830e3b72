"""Ends judged one block after the other, from the oldest to the newest.

A block sees nothing after its last end and no more history than its verdicts rest on; what
earlier ends taught is carried along. So memory does not grow with the history, and a run that
knows what an earlier one found judges the new days only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.changes import watch
from helpers.anomalies.feedback import MAX_TOLERATED
from helpers.anomalies.flags import find_flags, risk_rows
from helpers.anomalies.history import clip, with_first_uses
from helpers.anomalies.kinds.catalogue import KINDS
from helpers.anomalies.scene import Carried, Scene, days_needed, make_ends, make_scene
from helpers.anomalies.signals import Activity

__all__ = ["Judged", "Lengths", "judge"]

BLOCK_CELLS = 160_000
"""Accounts times ends that are judged at once; a cell takes some 4 KB."""
_LOOSE = pd.DataFrame({"kind": [kind.name for kind in KINDS], "max_q": MAX_TOLERATED})


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """How far the judgement looks, in days; who votes; the seed of what draws lots."""

    review_days: int = 28
    baseline_days: int = 90
    windows_days: tuple[int, ...] = (7, 14, 28)
    seed: int = 0
    autoencoder: bool = False


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What all ends up to a day said.

    Parameters
    ----------
    flags : DataFrame
        What :func:`helpers.anomalies.flags.find_flags` gives at the loosest threshold that
        verdicts can set, with ``backing`` (signals that bear it out) and, for risks of the days
        under review, ``watched``, see :func:`helpers.anomalies.changes.watch`.
    risk : DataFrame
        ``account``, ``day``, ``p_value``, ``signals``: the ensemble at each week's end.
    looked_for : tuple of str
        Kinds for which the data had what they need.
    typical : dict of str to float
        Usual count a week of each signal, at the newest end.
    carried : Carried
    n_days : int
        Days that were there.
    """

    flags: pd.DataFrame
    risk: pd.DataFrame
    looked_for: tuple[str, ...] = ()
    typical: dict[str, float] = field(default_factory=dict)
    carried: Carried = field(default_factory=Carried)
    n_days: int = 0


def judge(
    activity: Activity,
    lengths: Lengths,
    hidden: Mapping[str, NDArray[np.bool_]],
    *,
    known: Judged | None = None,
) -> Judged:
    """Judge every end that is not known yet.

    Parameters
    ----------
    activity : Activity
    lengths : Lengths
    hidden : mapping of name to ndarray of bool, (n_days,)
        Days of company-wide incidents.
    known : Judged, optional
        What was found on fewer days of the same activity; it is brought up to date.

    Returns
    -------
    Judged
        The same as without ``known``, but for what only it knows (more days under review).
    """
    activity = with_first_uses(activity)
    ends = make_ends(activity.days, review_days=lengths.review_days)
    known = known or Judged(flags=pd.DataFrame(), risk=pd.DataFrame())
    todo = np.flatnonzero(ends[0] > known.n_days)
    width = max(BLOCK_CELLS // max(len(activity.accounts), 1), 1)
    blocks = [todo[start : start + width] for start in range(0, len(todo), width)]
    carried = known.carried
    carried.reference.autoencoder = lengths.autoencoder
    found = [
        _block(activity, (ends[0][at], ends[1][at], ends[2][at]), lengths, hidden, carried)
        for at in (blocks if blocks or known.n_days else [todo])  # without any, the columns
    ]
    flags = _joined([known.flags, *(block.flags for block in found)])
    names = {*known.looked_for, *(name for block in found for name in block.looked_for)}
    return Judged(
        flags=flags[_still_told(activity, flags, lengths)].reset_index(drop=True),
        risk=_joined([known.risk, *(block.risk for block in found)]),
        looked_for=tuple(kind.name for kind in KINDS if kind.name in names),
        typical=found[-1].typical if found else known.typical,
        carried=carried,
        n_days=len(activity.days),
    )


def _still_told(activity: Activity, flags: pd.DataFrame, lengths: Lengths) -> NDArray[np.bool_]:
    """Leave out days that would not be judged today."""
    ends, _, _ = make_ends(activity.days, review_days=lengths.review_days)
    return np.isin(flags["day"].to_numpy(np.intp), ends)


def _block(
    activity: Activity,
    ends: tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.bool_]],
    lengths: Lengths,
    hidden: Mapping[str, NDArray[np.bool_]],
    carried: Carried,
) -> Judged:
    """Judge some ends on the days that they need; positions of days are those of the whole."""
    at, weekly, review = ends
    last = int(at[-1]) if len(at) else len(activity.days)
    needed = days_needed(baseline_days=lengths.baseline_days, windows_days=lengths.windows_days)
    first = max(int(at[0]) - needed, 0) if len(at) else 0
    scene = make_scene(
        clip(activity, first, last),
        (at - first, weekly, review),
        baseline_days=lengths.baseline_days,
        windows_days=lengths.windows_days,
        hidden={name: mask[first:last] for name, mask in hidden.items()},
        seed=lengths.seed,
        carried=carried,
    )
    flags, looked_for = find_flags(scene, _LOOSE)
    risk = risk_rows(scene)
    return Judged(
        flags=_borne_out(flags, scene).assign(day=flags["day"] + first),
        risk=risk.assign(day=risk["day"] + first),
        looked_for=looked_for,
        typical=_typical(scene),
    )


def _borne_out(flags: pd.DataFrame, scene: Scene) -> pd.DataFrame:
    """Add which signals bear each flag out, and to new risks what every signal did."""
    account, end = (flags[name].to_numpy(np.intp) for name in ("account", "end"))
    names = np.array(scene.week.names, object)
    backing = scene.backing[:, account, end].T
    told = (flags["direction"] == "risk").to_numpy() & scene.is_review[end]
    watched = np.full(len(flags), None, object)
    seen = watch(scene, account[told], end[told])
    for row, values in zip(np.flatnonzero(told), seen, strict=True):
        watched[row] = values.ravel()
    return flags.assign(
        backing=pd.Series(
            [names[row].tolist() for row in backing], index=flags.index, dtype=object
        ),
        watched=pd.Series(watched, index=flags.index, dtype=object),
    ).drop(columns=["end"])


def _typical(scene: Scene) -> dict[str, float]:
    """Median usual count a week of each signal, at the newest end."""
    if not len(scene.ends):
        return {}
    there = scene.week.plan.usable[:, -1]
    return {
        name: float(np.median(scene.week.of(name, "level")[there, -1]))
        for name in scene.week.names
        if there.any()
    }


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Put rows together; empty ones only give the columns if there are no others."""
    filled = [part for part in parts if len(part)] or parts[-1:]
    return pd.concat(filled, ignore_index=True)
