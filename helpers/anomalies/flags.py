"""Every kind's rule, asked of every account at every end: the flags that alerts are made of."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.detectors import combine
from helpers.anomalies.ensemble import q_values
from helpers.anomalies.kinds.catalogue import KINDS, Kind
from helpers.anomalies.kinds.found import Found, to_rows
from helpers.anomalies.kinds.security import triage
from helpers.anomalies.rounding import significant
from helpers.anomalies.scene import Scene, corroboration
from helpers.anomalies.severity import severity_of
from helpers.anomalies.signals import Activity
from helpers.anomalies.windows import weeks_turn

__all__ = ["find_flags", "risk_by_week", "risk_rows", "weekly_flags"]

JOINT_HELPS_UP_TO = 0.05
"""A kind's own p-value must be at least this small before the joint detectors may lower it."""


def find_flags(
    scene: Scene, limits: pd.DataFrame, *, kinds: tuple[Kind, ...] = KINDS
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Ask every kind, correct for the number of accounts asked, and grade what is found.

    Parameters
    ----------
    scene : Scene
    limits : DataFrame
        From :func:`helpers.anomalies.feedback.thresholds`: ``kind``, ``max_q``.
    kinds : tuple of Kind

    Returns
    -------
    flags : DataFrame
        One row a flagged account, end and kind: what :func:`to_rows` lists, and ``day``
        (position of the end), ``direction``, ``families``, ``triage``, ``severity``,
        ``confidence``.
    looked_for : tuple of str
        Kinds for which the data have what they need.
    """
    max_q = limits.set_index("kind")["max_q"]
    families = corroboration(scene)
    everywhere = np.ones(len(scene.ends), bool)
    parts, looked_for = [], []
    for kind in kinds:
        found = kind.find(scene)
        if found.metrics:
            looked_for.append(kind.name)
        q = _q(found, scene, kind)
        limit = float(max_q.get(kind.name, np.nan)) if kind.statistical else 1.0
        rows = to_rows(found, q, max_q=limit, at=everywhere)
        rows["direction"] = kind.direction
        parts.append(rows)
    flags = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    flags["day"] = scene.ends[flags["end"].to_numpy(np.intp)]
    flags["families"] = families[flags["account"], flags["end"]].astype(int)
    flags["triage"] = ""
    return _graded(_triaged(flags, scene), scene), tuple(looked_for)


def _q(found: Found, scene: Scene, kind: Kind) -> NDArray[np.float64]:
    """q-values over accounts at each end; the joint detectors may bear a kind out."""
    if not kind.statistical:
        return np.full(scene.shape, np.nan)
    p = found.p
    if kind.direction == "risk":
        joint = combine(np.stack([p, scene.votes.combined]))
        p = np.where((p <= JOINT_HELPS_UP_TO) & (joint < p), joint, p)
    return q_values(p, scene.activity.alive[:, scene.ends - 1])


def _triaged(flags: pd.DataFrame, scene: Scene) -> pd.DataFrame:
    """Say of each spike what it looks like, and let that decide its direction."""
    spikes = flags.index[flags["kind"] == "unexpected_spike"]
    at = flags.loc[spikes, ["account", "end"]].to_numpy()
    labels = [triage(scene, int(account), int(end)) for account, end in at]
    flags.loc[spikes, "triage"] = labels
    flags.loc[spikes, "direction"] = [
        "security" if label == "abuse" else "expansion" for label in labels
    ]
    return flags


def _graded(flags: pd.DataFrame, scene: Scene) -> pd.DataFrame:
    columns = ["kind", "size", "families", "detail", "triage"]
    severity = [
        severity_of(kind, size=size, families=families, detail=detail, triage=label)
        for kind, size, families, detail, label in flags[columns].itertuples(index=False)
    ]
    flags["severity"] = pd.Series(severity, index=flags.index, dtype=object)
    sure = 1 - flags["q_value"]
    flags["short_baseline"] = (7 * _blocks(scene, flags) < SHORT_DAYS) & flags["q_value"].notna()
    sure = sure.where(~flags["short_baseline"], sure * SHORT_TRUST)
    flags["confidence"] = sure.fillna(1.0).clip(0.0, 1.0)
    return flags


def _blocks(scene: Scene, flags: pd.DataFrame) -> NDArray[np.intp]:
    """Count the baseline weeks that each flag rests on."""
    blocks = scene.week.plan.n_blocks[flags["account"], flags["end"]]
    for days, surprise in scene.windows.items():
        mine = flags["window_days"].to_numpy() == days
        own = surprise.plan.n_blocks[flags["account"], flags["end"]]
        blocks = np.where(mine, own, blocks)
    return blocks


SHORT_DAYS = 60
"""A baseline shorter than that is marked, and trusted less."""
SHORT_TRUST = 0.8


def weekly_flags(activity: Activity, flags: pd.DataFrame) -> pd.DataFrame:
    """List the flags of the weekly history, as they would have been seen at each week's end.

    Returns
    -------
    DataFrame
        ``account_id``, ``week_end`` (the as-of date: the day after the week's last), ``kind``,
        ``direction``, ``p_value`` (null for facts), ``severity``, ``confidence``.
    """
    weekly = flags[weeks_turn(activity.days, flags["day"].to_numpy(np.intp))]
    table = pd.DataFrame(
        {
            "account_id": activity.accounts["account_id"].to_numpy()[weekly["account"]],
            "week_end": _dates(activity, weekly["day"].to_numpy(np.intp)),
            "kind": weekly["kind"].to_numpy(),
            "direction": weekly["direction"].to_numpy(),
            "p_value": significant(weekly["p_value"]),
            "severity": weekly["severity"].to_numpy(),
            "confidence": weekly["confidence"].to_numpy(float).round(4),
        }
    )
    return table.sort_values(["account_id", "week_end", "kind"], ignore_index=True)


def risk_rows(scene: Scene) -> pd.DataFrame:
    """List the ensemble's risk p-value of every account at each week's end, flagged or not.

    Returns
    -------
    DataFrame
        ``account``, ``day`` (position of the end), ``p_value`` (small: worse than normal),
        ``signals`` (families of signals that are off).
    """
    families = corroboration(scene)
    asked = scene.usable & scene.is_weekly[None, :] & np.isfinite(scene.votes.combined)
    account, end = np.nonzero(asked)
    return pd.DataFrame(
        {
            "account": account,
            "day": scene.ends[end],
            "p_value": significant(scene.votes.combined[account, end]),
            "signals": families[account, end].astype(int),
        }
    )


def risk_by_week(activity: Activity, risk: pd.DataFrame) -> pd.DataFrame:
    """Name accounts and weeks of what :func:`risk_rows` lists.

    Returns
    -------
    DataFrame
        ``account_id``, ``week_end``, ``p_value``, ``signals``.
    """
    return pd.DataFrame(
        {
            "account_id": activity.accounts["account_id"].to_numpy()[risk["account"]],
            "week_end": _dates(activity, risk["day"].to_numpy(np.intp)),
            "p_value": risk["p_value"].to_numpy(float),
            "signals": risk["signals"].to_numpy(int),
        }
    ).sort_values(["account_id", "week_end"], ignore_index=True)


def _dates(activity: Activity, position: NDArray[np.intp]) -> pd.DatetimeIndex:
    return activity.days[0] + pd.to_timedelta(position, unit="D")
