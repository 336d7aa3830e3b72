"""Good news: limits that are nearly reached, premium features in a trial, use that spreads.

Most of these state a fact (a level above a threshold), so there is no p-value.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.detectors import SMALLEST_P
from helpers.anomalies.kinds.found import Found, Measure, nothing, strongest
from helpers.anomalies.scene import WEEK, Scene
from helpers.anomalies.surprise import Surprise
from helpers.anomalies.windows import window_sums
from helpers.stats import safe_ratio

__all__ = [
    "above_typical_power_user",
    "api_over_limit",
    "five_integrations_three_departments",
    "latest_level",
    "near_seat_limit",
    "near_storage_limit",
    "premium_in_trial",
]

Array = NDArray[np.float64]

FRESH_DAYS = 35
"""A reading older than that says nothing about today."""
INTEGRATIONS, DEPARTMENTS = 5, 3
TRIAL_USES, TRIAL_DAYS = 3, 2
POWER_SHARE, WAS_POWER, ABOVE, MIN_PEERS = 0.8, 0.75, 1.25, 20
"""Power users are the most intensive fifth; "above" is 25 % more than is typical of them."""
ROSE_P = 0.05
CHI_MEDIAN = 0.455
"""Median of a squared standard normal: turns a median square into a variance."""


def latest_level(scene: Scene, metric: str) -> Array:
    """Return the last reading before each end, at most 35 days old: (n_accounts, n_ends)."""
    out = np.full(scene.shape, np.nan)
    levels = scene.activity.levels
    if levels is None:
        return out
    mine = levels[levels["metric"] == metric]
    filled = np.full(scene.activity.alive.shape, np.nan)
    at_account, at_day = np.asarray(mine["account"], np.intp), np.asarray(mine["day"], np.intp)
    filled[at_account, at_day] = np.asarray(mine["value"], float)
    known = np.isfinite(filled)
    last = np.maximum.accumulate(np.where(known, np.arange(len(scene.activity.days)), -1), axis=1)
    at = last[:, scene.ends - 1]
    fresh = (at >= 0) & (scene.ends[None, :] - at <= FRESH_DAYS)
    value = np.take_along_axis(filled, np.maximum(at, 0), axis=1)
    return np.where(fresh, value, out)


def _fact(
    kind: str, scene: Scene, mask: NDArray[np.bool_], metric: str, seen: Array, limit: Array
) -> Found:
    """State a level against a limit; ``size`` is their ratio."""
    blank = np.full(scene.shape, np.nan)
    there = scene.activity.alive[:, scene.ends - 1]
    one = Measure(
        metric=metric,
        window_days=1,
        p=blank,
        size=safe_ratio(seen, limit),
        observed=seen,
        expected=limit,
        low=blank,
        high=blank,
    )
    return strongest(kind, [(one, mask & there)])


def _share_of_limit(kind: str, scene: Scene, metric: str, limits: Array, above: float) -> Found:
    """Find levels above a share of what the account has paid for: strictly more."""
    seen = latest_level(scene, metric)
    share = safe_ratio(seen, limits)
    passed = np.where(np.isfinite(share), share, 0.0) > above
    return _fact(kind, scene, passed, metric, seen, limits)


def _limit(scene: Scene, column: str) -> Array | None:
    """Return what each account has paid for, at every end; ``None`` if nobody's is known."""
    accounts = scene.activity.accounts
    if column not in accounts or accounts[column].isna().all():
        return None
    paid = np.asarray(accounts[column].astype("Float64").astype(float), np.float64)
    return np.repeat(paid[:, None], len(scene.ends), axis=1)


def near_storage_limit(scene: Scene) -> Found:
    """Find storage above 80 % of the allocation."""
    share = scene.activity.limit_shares["storage_gb"]
    limit = _limit(scene, "storage_gb_limit")
    if limit is None or scene.activity.levels is None:
        return nothing("near_storage_limit", scene.shape)
    return _share_of_limit("near_storage_limit", scene, "storage_gb", limit, share)


def near_seat_limit(scene: Scene) -> Found:
    """Find accounts with more than 90 % of their seats taken."""
    share = scene.activity.limit_shares["seats"]
    limit = _seats(scene)
    if limit is None or scene.activity.levels is None:
        return nothing("near_seat_limit", scene.shape)
    return _share_of_limit("near_seat_limit", scene, "seats", limit, share)


def _seats(scene: Scene) -> Array | None:
    """Return the seats in force at each end, else those of the accounts table."""
    paid = _limit(scene, "seats")
    terms = scene.activity.terms
    if terms is None or terms["seats"].isna().all():
        return paid
    out = np.full(scene.shape, np.nan) if paid is None else paid.copy()
    row: Any
    for row in terms.dropna(subset=["seats"]).sort_values(["from_day", "account"]).itertuples():
        in_force = (scene.ends > row.from_day) & (scene.ends <= row.to_day)
        out[row.account, in_force] = float(row.seats)
    return out


def api_over_limit(scene: Scene) -> Found:
    """Find API calls of a month above what the plan allows."""
    limit = _limit(scene, "api_calls_limit")
    if limit is None or scene.activity.levels is None:
        return nothing("api_over_limit", scene.shape)
    share = scene.activity.limit_shares["api_calls"]
    return _share_of_limit("api_over_limit", scene, "api_calls", limit, share)


def five_integrations_three_departments(scene: Scene) -> Found:
    """Find five integrations and three departments at work: the profile of a higher plan."""
    integrations = latest_level(scene, "integrations")
    departments = active_departments(scene)
    if not np.isfinite(integrations).any() or not departments.any():
        return nothing("five_integrations_three_departments", scene.shape)
    both = (np.where(np.isfinite(integrations), integrations, 0) >= INTEGRATIONS) & (
        departments >= DEPARTMENTS
    )
    needed = np.full(scene.shape, float(INTEGRATIONS))
    kind = "five_integrations_three_departments"
    return _fact(kind, scene, both, "integrations", integrations, needed)


def active_departments(scene: Scene, *, days: int = 28) -> Array:
    """Count departments with somebody active in the last days: (n_accounts, n_ends)."""
    users = scene.activity.users
    out = np.zeros(scene.shape)
    named = users["department"].notna().to_numpy() if len(users) else np.zeros(0, bool)
    if not named.any():
        return out
    keys = users[named].groupby(["account", "department"], sort=True).ngroup().to_numpy()
    first = users[named].assign(key=keys).drop_duplicates("key").sort_values("key")
    active = np.zeros((len(first), len(scene.activity.days)), np.float32)
    np.add.at(active, keys, (scene.activity.user_days[named] > 0).astype(np.float32))
    there = window_sums(active, scene.ends, days) > 0
    np.add.at(out, first["account"].to_numpy(np.intp), there.astype(float))
    return out


def premium_in_trial(scene: Scene) -> Found:
    """Find accounts on trial that use features of a higher plan."""
    premium, terms = scene.activity.premium_features, scene.activity.terms
    cube = scene.activity.features
    kept = [index for index, name in enumerate(cube.names) if name in premium]
    if terms is None or not kept or not terms["is_trial"].any():
        return nothing("premium_in_trial", scene.shape)
    counts = cube.counts[kept].sum(axis=0)
    uses, days = (window_sums(each, scene.ends, 7) for each in (counts, counts > 0))
    trial = np.zeros(scene.shape, bool)
    row: Any
    for row in terms[terms["is_trial"]].itertuples():
        trial[row.account] |= (scene.ends > row.from_day) & (scene.ends <= row.to_day)
    found = trial & (uses >= TRIAL_USES) & (days >= TRIAL_DAYS)
    needed = np.full(scene.shape, float(TRIAL_USES))
    return _fact("premium_in_trial", scene, found, "premium_features", uses, needed)


def above_typical_power_user(scene: Scene) -> Found:
    """Find accounts that work like power users and now do clearly more than those do."""
    candidates = []
    for days, surprise in scene.windows.items():
        if WEEK <= days <= 2 * WEEK and surprise.has("active_users"):
            candidates.append(_above_typical(scene, surprise))
    if not candidates:
        return nothing("above_typical_power_user", scene.shape)
    return strongest("above_typical_power_user", candidates)


def _above_typical(scene: Scene, surprise: Surprise) -> tuple[Measure, NDArray[np.bool_]]:
    """Compare events a person and day with the most intensive fifth of accounts.

    The fewer people came, the more their mean varies by chance. The account's events must have
    risen too, against its own baseline.
    """
    from scipy.special import ndtr

    seen, people = (surprise.of(name, "observed") for name in ("events", "active_users"))
    due, usual_people = (surprise.of(name, "expected") for name in ("events", "active_users"))
    now, usual = safe_ratio(seen, people), safe_ratio(due, usual_people)
    typical, noise = np.full(scene.shape, np.nan), np.full(scene.shape, np.nan)
    for end in range(len(scene.ends)):
        known = np.isfinite(usual[:, end]) & scene.usable[:, end] & (people[:, end] >= 5)
        if known.sum() < MIN_PEERS:
            continue
        cut = np.quantile(usual[known, end], POWER_SHARE)
        peers = known & (usual[:, end] >= cut)
        middle = float(np.median(now[peers, end]))
        off = (now[peers, end] - middle) ** 2 * people[peers, end]
        typical[:, end], noise[:, end] = middle, float(np.median(off)) / CHI_MEDIAN
    spread = np.maximum(np.sqrt(safe_ratio(noise, people)), 0.1 * typical)
    rose = (now >= ABOVE * typical) & (now >= ABOVE * usual) & (people >= 5)
    rose &= surprise.of("events", "p_high") <= ROSE_P
    p = ndtr(-safe_ratio(now - typical, spread))
    above = rose & (usual >= WAS_POWER * typical) & (p <= 0.01)
    blank = np.full(scene.shape, np.nan)
    one = Measure(
        metric="events per active person",
        window_days=surprise.plan.window_days,
        p=np.maximum(p, SMALLEST_P),
        size=safe_ratio(now, typical),
        observed=now,
        expected=typical,
        low=blank,
        high=blank,
    )
    return one, above
