"""Kinds that may be somebody else at work: bursts of failed logins, exports by night."""

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.detectors import SMALLEST_P
from helpers.anomalies.kinds.found import Found, Measure, nothing, signal_measure, strongest
from helpers.anomalies.scene import Scene
from helpers.anomalies.signals import spread
from helpers.anomalies.windows import totals

__all__ = ["night_actions", "suspicious_activity", "triage"]

Array = NDArray[np.float64]

MIN_SECURITY, MIN_NIGHT = 10.0, 5.0
SAFE_P = 0.001
WORK_SHARE, LASTING = 0.5, 1.3


def night_actions(scene: Scene, role: str) -> NDArray[np.float32]:
    """Count the events of a role between 22 and 6 o'clock: (n_accounts, n_days)."""
    actions = scene.activity.actions
    names = scene.activity.roles.get(role, ())
    mine = actions[actions["event"].isin(names)]
    return spread(mine.assign(n=mine["n_night"]), scene.activity.alive.shape)


def suspicious_activity(scene: Scene) -> Found:
    """Find many failed logins or new keys within a week; worse with exports by night.

    ``detail`` says "with exports by night" where both signs are there.
    """
    if not scene.week.has("security"):
        return nothing("suspicious_activity", scene.shape)
    burst = signal_measure(scene.week, "security", "high")
    exports = totals(night_actions(scene, "export"), scene.ends, 7 + 84)
    night = exports.over(scene.ends, 7)
    usual = exports.over(scene.ends - 7, 84) / 12
    both = (night >= MIN_NIGHT) & (night >= 5 * np.maximum(usual, 0.5))
    few = burst.observed < MIN_SECURITY
    rose = ~few & (burst.observed >= 5 * np.maximum(burst.expected, 0.5)) & (burst.p <= SAFE_P)
    p = np.where(both & rose, np.maximum(burst.p * 0.1, SMALLEST_P), burst.p)
    sized = Measure(**{**vars(burst), "p": p, "size": burst.observed})
    detail = np.where(both, "with exports by night", "").astype(object)
    return strongest("suspicious_activity", [(sized, rose)], detail=detail)


def triage(scene: Scene, account: int, end: int) -> str:
    """Tell what a spike most looks like: ``growth``, ``legitimate`` or ``abuse``.

    Growth: use was already above its baseline for four weeks and more people are active.
    Legitimate: at least half of what came on top is work in core features. Abuse: neither;
    exports, API calls and the like make up most of it, so somebody should look.

    Parameters
    ----------
    scene : Scene
    account, end : int
        Positions of the account and among the ends.
    """
    people, use = (_long_ratio(scene, name, account, end) for name in ("active_users", "events"))
    day = int(scene.ends[end])
    before = scene.activity.signals.of("events")[account, max(day - 28, 0) : day - 7].sum()
    level = scene.week.of("events", "level")[account, end]
    if people >= LASTING and use >= LASTING and before >= LASTING * 3 * level:
        return "growth"
    if not scene.week.has("core_events"):
        return "legitimate"
    extra = _extra(scene, "events", account, end)
    work = _extra(scene, "core_events", account, end)
    return "legitimate" if work >= WORK_SHARE * extra else "abuse"


def _long_ratio(scene: Scene, name: str, account: int, end: int) -> float:
    """Return observed over expected in the longest window; 0 where not measured."""
    if not scene.longest.has(name):
        return 0.0
    expected = float(scene.longest.of(name, "expected")[account, end])
    seen = float(scene.longest.of(name, "observed")[account, end])
    return seen / expected if expected else 0.0


def _extra(scene: Scene, name: str, account: int, end: int) -> float:
    seen = scene.week.of(name, "observed")[account, end]
    return float(seen - scene.week.of(name, "expected")[account, end])
