"""Kinds that show in which features an account uses, or never used before."""

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.baseline import dispersion
from helpers.anomalies.detectors import SMALLEST_P
from helpers.anomalies.history import with_first_uses
from helpers.anomalies.kinds.found import Found, Measure, nothing, strongest
from helpers.anomalies.kinds.usage import STILL_NORMAL
from helpers.anomalies.presence import seen_share
from helpers.anomalies.scene import Scene
from helpers.anomalies.signals import Cube, spread
from helpers.anomalies.surprise import account_age
from helpers.anomalies.windows import Totals, totals, window_sums
from helpers.stats import safe_ratio

__all__ = ["adoption_stalled", "feature_abandonment", "outlier_actions"]

Array = NDArray[np.float64]

ABANDON_DAYS = (14, 21)
USED_WEEKS, OF_WEEKS = 6, 8
"""A feature belongs to an account's habits if used in six of the eight weeks before."""
BASE_DAYS = 84
N_TIERS = 3
MIN_ACTIONS = 3.0
RARE = 0.05
"""An action is unusual for a peer group if at most so many of it have used it in 12 weeks."""
STALL_AGE, STALL_DAYS = (60, 67), 28


def feature_abandonment(scene: Scene) -> Found:
    """Find a core feature, used every week before, that is not touched any more.

    The rest of the account's use is as usual; by how much that fell, the feature may fall too.
    """
    cube = _core(scene)
    if not cube.names:
        return nothing("feature_abandonment", scene.shape)
    rest = _rest_of_use(scene)
    candidates = []
    reach = max(ABANDON_DAYS) + 7 * OF_WEEKS
    for name, counts in zip(cube.names, cube.counts, strict=True):
        total = totals(counts, scene.ends, reach)
        for window_days in ABANDON_DAYS:
            one, habit = _not_used(scene, total, window_days, rest)
            gone = (one.observed == 0) & habit & (rest >= STILL_NORMAL) & (one.p <= 0.01)
            candidates.append((Measure(**{**vars(one), "metric": f"feature:{name}"}), gone))
    return strongest("feature_abandonment", candidates)


def _not_used(
    scene: Scene, total: Totals, window_days: int, rest: Array
) -> tuple[Measure, NDArray[np.bool_]]:
    """Return the chance of no use at all, given eight weeks before, and if it was a habit."""
    start = scene.ends - window_days
    past = [total.over(start - 7 * week, 7).astype(np.float32) for week in range(OF_WEEKS)]
    weeks = np.stack(past)
    level = weeks.mean(axis=0, dtype=np.float64)
    length = window_days + 7 * OF_WEEKS
    ready = window_sums(scene.activity.alive, scene.ends, length) == length
    spread, _ = dispersion(weeks, np.ones_like(weeks), level, panel=ready)
    seen = seen_share(scene.activity, scene.ends, window_days=window_days)
    expected = level * window_days / 7 * seen * np.clip(rest, 0.0, 1.0)
    extra = spread + 1 / np.maximum(OF_WEEKS * level, 1.0)
    p = np.exp(-np.log1p(extra * expected) / extra)
    reach = 1.96 * np.sqrt(expected + extra * expected**2)
    observed = total.over(scene.ends, window_days)
    none_p = np.where(observed == 0, np.maximum(p, SMALLEST_P), 1.0)
    one = Measure(
        metric="feature",
        window_days=window_days,
        p=np.where(ready & (level > 0), none_p, np.nan),
        size=np.where(expected > 0, observed / np.maximum(expected, 1e-9) - 1, np.nan),
        observed=observed,
        expected=expected,
        low=np.maximum(expected - reach, 0.0),
        high=expected + reach,
    )
    return one, ready & ((weeks > 0).sum(axis=0) >= USED_WEEKS)


def _core(scene: Scene) -> Cube:
    """Return the catalogue's core features; every feature where it names none."""
    cube, core = scene.activity.features, scene.activity.core_features
    kept = [i for i, name in enumerate(cube.names) if name in core or not core]
    return Cube(names=tuple(cube.names[index] for index in kept), counts=cube.counts[kept])


def _rest_of_use(scene: Scene) -> Array:
    """Observed over expected events, the better of the shortest and the longest window."""
    ratios = [surprise.ratio("events") for surprise in (scene.week, scene.longest)]
    return np.asarray(np.max([np.where(np.isfinite(r), r, 0.0) for r in ratios], axis=0))


def outlier_actions(scene: Scene) -> Found:
    """Find accounts that do several times what they never did, and what hardly any peer does."""
    actions = scene.activity.actions
    tier = peer_tiers(scene)
    candidates = []
    for name in sorted(actions["event"].unique()):
        rows = actions[actions["event"] == name]
        done = totals(spread(rows, scene.activity.alive.shape), scene.ends, 7 + BASE_DAYS)
        now, before = done.over(scene.ends, 7), done.over(scene.ends - 7, BASE_DAYS)
        new = scene.usable & (now >= MIN_ACTIONS) & (before == 0)
        if new.any():
            share = _share_of_peers(before > 0, tier, scene.usable)
            one = _action(scene, f"action:{name}", now, share)
            candidates.append((one, new & (share <= RARE)))
    if not candidates:
        kind = "outlier_actions"
        return nothing(kind, scene.shape) if actions.empty else _none_found(kind, scene)
    return strongest("outlier_actions", candidates)


def _action(scene: Scene, metric: str, now: Array, share: Array) -> Measure:
    """Say how often it was done, and which share of peers did it in the 12 weeks before."""
    blank = np.full(scene.shape, np.nan)
    return Measure(
        metric=metric,
        window_days=7,
        p=blank,
        size=now,
        observed=now,
        expected=share,
        low=blank,
        high=blank,
    )


def _none_found(kind: str, scene: Scene) -> Found:
    blank = np.full(scene.shape, np.nan)
    return strongest(kind, [(_action(scene, "action", blank, blank), np.zeros(scene.shape, bool))])


def peer_tiers(scene: Scene) -> NDArray[np.intp]:
    """Sort accounts into thirds by how many features they used in the 12 weeks before each end.

    Returns
    -------
    ndarray of int, (n_accounts, n_ends)
        0 (few) to 2 (many): peers are accounts of the same third.
    """
    breadth = np.zeros(scene.shape)
    for counts in scene.activity.features.counts:
        breadth += window_sums(counts, scene.ends - 7, BASE_DAYS) > 0
    tier = np.zeros(scene.shape, np.intp)
    for end in range(len(scene.ends)):
        there = scene.usable[:, end]
        if there.any():
            cuts = np.quantile(breadth[there, end], np.arange(1, N_TIERS) / N_TIERS)
            tier[:, end] = np.searchsorted(cuts, breadth[:, end], side="left")
    return tier


def _share_of_peers(
    used: NDArray[np.bool_], tier: NDArray[np.intp], usable: NDArray[np.bool_]
) -> Array:
    """Return, for each account, the share of its peers that did it: (n_accounts, n_ends)."""
    share = np.zeros(used.shape)
    for group in range(N_TIERS):
        mine = (tier == group) & usable
        n = np.maximum(mine.sum(axis=0), 1)
        share = np.where(mine, (used & mine).sum(axis=0) / n, share)
    return share


def adoption_stalled(scene: Scene) -> Found:
    """Find accounts with few features in use after two months, and none new for four weeks."""
    features = scene.activity.features
    if not features.names:
        return nothing("adoption_stalled", scene.shape)
    since = with_first_uses(scene.activity).feature_since
    assert since is not None
    known, earlier = np.zeros((2, *scene.shape), np.intp)
    for first in since:
        known += first[:, None] < scene.ends
        earlier += first[:, None] < scene.ends - STALL_DAYS
    age = account_age(scene.activity, scene.ends)
    due = (age >= STALL_AGE[0]) & (age < STALL_AGE[1])
    settled = (age >= STALL_AGE[0]) & scene.activity.alive[:, scene.ends - 1]
    usual = np.zeros(len(scene.ends))
    for end in range(len(scene.ends)):
        peers = known[settled[:, end], end]
        usual[end] = np.median(peers) if len(peers) else 0
    events = scene.activity.signals.of("events")
    active = window_sums(events, scene.ends, STALL_DAYS) > 0
    stalled = due & active & (known == earlier) & (usual > 0) & (known <= 0.5 * usual)
    stalled &= scene.activity.alive[:, scene.ends - 1]
    blank = np.full(scene.shape, np.nan)
    one = Measure(
        metric="features_used",
        window_days=STALL_DAYS,
        p=blank,
        size=safe_ratio(known, np.broadcast_to(usual, scene.shape)) - 1,
        observed=known.astype(float),
        expected=np.broadcast_to(usual, scene.shape).copy(),
        low=blank,
        high=blank,
    )
    return strongest("adoption_stalled", [(one, stalled)])
