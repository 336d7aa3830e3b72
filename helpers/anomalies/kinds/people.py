"""Kinds that show in who uses the product: people who fall silent, people who stand out."""

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.detectors import SMALLEST_P
from helpers.anomalies.history import clip, with_first_uses
from helpers.anomalies.kinds.found import Found, Measure, nothing, strongest
from helpers.anomalies.presence import BASE_WEEKS, find_presence, seen_share
from helpers.anomalies.scene import Scene
from helpers.anomalies.signals import Activity
from helpers.anomalies.windows import totals, window_sums
from helpers.stats import safe_ratio

__all__ = [
    "admin_absence",
    "emerging_champion",
    "new_departments",
    "power_user_silent",
    "silent_users",
    "user_attrition",
]

Array = NDArray[np.float64]

ATTRITION = 0.40
"""Fall of weekly active regular users from which attrition is flagged."""
MIN_REGULARS, MIN_SILENT = 4, 3
ADMIN_DAYS, POWER_DAYS = (14, 21), (7, 14)
"""An administrator is missed after two weeks or three, a power user after one or two."""
DAILY = 2.5
"""Active days a week from which somebody counts as there daily (weekends off, some slack)."""
STILL_ACTIVE = 0.3
CHAMPION_RATIO, CHAMPION_DAYS = 2.5, 8


def _by_account(scene: Scene, values: Array) -> Array:
    """Sum over the users of each account: (n_users, n_ends) to (n_accounts, n_ends)."""
    out = np.zeros(scene.shape)
    np.add.at(out, scene.activity.users["account"].to_numpy(np.intp), values)
    return out


def _history(scene: Scene, window_days: int) -> NDArray[np.bool_]:
    """Tell where the account was there for the whole base and window."""
    length = window_days + 7 * BASE_WEEKS
    return np.asarray(window_sums(scene.activity.alive, scene.ends, length) == length)


def silent_users(activity: Activity, *, window_days: int) -> NDArray[np.intp]:
    """Return positions of regular users without a single event in the last days."""
    needed = window_days + 7 * BASE_WEEKS
    n_days = len(activity.days)
    recent = clip(activity, max(n_days - needed, 0), n_days)
    if not recent.observed[-window_days:].any():
        return np.zeros(0, np.intp)  # nobody could be seen
    users = find_presence(recent, np.array([len(recent.days)]), window_days=window_days)
    return np.flatnonzero((users.regular & (users.now == 0))[:, 0])


def user_attrition(scene: Scene) -> Found:
    """Find accounts where many of those who came every week stay away at once."""
    from scipy.special import betainc

    if scene.activity.users.empty:
        return nothing("user_attrition", scene.shape)
    candidates = []
    for window_days in (7, 14):
        users = scene.presence[window_days]
        regular = users.regular
        absent_week = (BASE_WEEKS + 1 - users.weeks) / (BASE_WEEKS + 2)
        absent = absent_week if window_days == 7 else np.maximum(absent_week**2, 0.02)
        seen = seen_share(scene.activity, scene.ends, window_days=window_days)
        absent = 1 - (1 - absent) * seen
        n = _by_account(scene, regular.astype(float))
        silent = _by_account(scene, (regular & (users.now == 0)).astype(float))
        usual = _by_account(scene, np.where(regular, absent, 0.0))
        ready = (n >= MIN_REGULARS) & _history(scene, window_days) & (seen > 0)
        everybody = safe_ratio(
            np.where(ready, silent, 0.0).sum(axis=0) + 5,
            np.where(ready, usual, 0.0).sum(axis=0) + 5,
        )
        everybody = np.maximum(everybody, 1.0)
        share = np.clip(safe_ratio(usual, n) * everybody, 0.01, 0.95)
        safe = np.where(np.isfinite(share), share, 0.5)
        away = _by_account(scene, np.where(regular, 1 - users.weeks / BASE_WEEKS, 0.0) * everybody)
        expected = np.maximum(n - (away if window_days == 7 else away**2 / np.maximum(n, 1)), 0.0)
        tail = betainc(np.maximum(silent, 1), np.maximum(n - silent + 1, 1), safe)
        p = np.where(silent > 0, tail, 1.0)  # binomial: as many silent as that, or more
        size = safe_ratio(n - silent, expected) - 1
        measure = Measure(
            metric="active_users",
            window_days=window_days,
            p=np.where(ready, np.maximum(p, SMALLEST_P), np.nan),
            size=size,
            observed=n - silent,
            expected=expected,
            low=np.full(scene.shape, np.nan),
            high=np.full(scene.shape, np.nan),
        )
        whole = np.floor(-100 * size + 0.5) / 100  # whole percent, half up
        falls = ready & (whole >= ATTRITION) & (silent >= MIN_SILENT) & (p <= 0.01)
        candidates.append((measure, falls))
    return strongest("user_attrition", candidates)


def _absence(
    scene: Scene, active_days: Array, before: Array, window_days: int, asked: NDArray[np.bool_]
) -> Measure:
    """Test "no active day in the window" for somebody with so many active days before.

    Only where it is asked: somebody who was not there daily cannot be missed, and is no test to
    pay for. The test is negative binomial with a dispersion of 0.05, about what regular people
    show; what the whole company did in the window, and days lost by the source, are taken out.
    """
    company = np.ones(len(scene.ends))
    if scene.week.has("active_users"):
        index = scene.week.names.index("active_users")
        ratio = scene.week.observed[index].sum(axis=0) + 20
        company = ratio / (scene.week.expected[index].sum(axis=0) + 20)
    weekly = before / BASE_WEEKS
    seen = seen_share(scene.activity, scene.ends, window_days=window_days)
    expected = weekly * window_days / 7 * seen * np.minimum(company, 1.0)
    spread = 0.05
    none_p = (1 + spread * expected) ** (-1 / spread)
    p = np.where(active_days == 0, none_p, 1.0)  # who came is not absent
    blank = np.full(scene.shape, np.nan)
    return Measure(
        metric="active_days",
        window_days=window_days,
        p=np.where(asked & (before > 0), np.maximum(p, SMALLEST_P), np.nan),
        size=np.where(expected > 0, safe_ratio(active_days, expected) - 1, np.nan),
        observed=active_days,
        expected=expected,
        low=blank,
        high=blank,
    )


def _account_goes_on(scene: Scene) -> NDArray[np.bool_]:
    ratio = scene.week.ratio("events")
    return np.asarray(np.where(np.isfinite(ratio), ratio, 0.0) >= STILL_ACTIVE)


def admin_absence(scene: Scene) -> Found:
    """Find administrators who came daily and have not for two weeks, while others work on."""
    users = scene.activity.users
    admins = users["is_admin"].to_numpy(bool) if len(users) else np.zeros(0, bool)
    if not admins.any():
        return nothing("admin_absence", scene.shape)
    there = np.zeros(scene.activity.alive.shape, np.float32)
    np.maximum.at(
        there,
        users["account"].to_numpy(np.intp)[admins],
        (scene.activity.user_days[admins] > 0).astype(np.float32),
    )
    came = totals(there, scene.ends, max(ADMIN_DAYS) + 7 * BASE_WEEKS)
    candidates = []
    for window_days in ADMIN_DAYS:
        now = came.over(scene.ends, window_days)
        before = came.over(scene.ends - window_days, 7 * BASE_WEEKS)
        asked = (before >= DAILY * BASE_WEEKS) & _history(scene, window_days)
        asked &= _account_goes_on(scene)
        measure = _absence(scene, now, before, window_days, asked)
        candidates.append((measure, asked & (now == 0)))
    return strongest("admin_absence", candidates)


def power_user_silent(scene: Scene) -> Found:
    """Find most active persons, there daily before, who have not come for a week or two."""
    users = scene.activity.users
    if users.empty:
        return nothing("power_user_silent", scene.shape)
    candidates = []
    volume = totals(scene.activity.user_days, scene.ends, max(POWER_DAYS) + 7 * BASE_WEEKS)
    for window_days in POWER_DAYS:
        regular = scene.presence[window_days]
        done = volume.over(scene.ends - window_days, 7 * BASE_WEEKS)
        top = _top_user(scene, done)
        mine = np.maximum(top, 0)
        now = np.take_along_axis(regular.now, mine, axis=0)
        before = np.take_along_axis(regular.days, mine, axis=0)
        asked = (top >= 0) & (before >= DAILY * BASE_WEEKS) & _history(scene, window_days)
        measure = _absence(scene, now, np.where(top >= 0, before, 0.0), window_days, asked)
        candidates.append((measure, asked & (now == 0)))
    return strongest("power_user_silent", candidates)


def _top_user(scene: Scene, done: Array) -> NDArray[np.intp]:
    """Return the position of each account's user with most events; -1 where there is none."""
    account = scene.activity.users["account"].to_numpy(np.intp)
    starts = np.flatnonzero(np.r_[True, np.diff(account) > 0])
    best = np.zeros(scene.shape)
    best[account[starts]] = np.maximum.reduceat(done, starts, axis=0)
    is_best = (done == best[account]) & (done > 0)
    position = np.where(is_best, np.arange(len(account))[:, None], len(account))
    top = np.full(scene.shape, len(account))
    top[account[starts]] = np.minimum.reduceat(position, starts, axis=0)
    return np.where(top < len(account), top, -1)


def emerging_champion(scene: Scene) -> Found:
    """Find people who did little before, now work nearly every day and lead the account."""
    users = scene.activity.users
    if users.empty:
        return nothing("emerging_champion", scene.shape)
    window_days = 14
    volume, active = (
        totals(values, scene.ends, window_days + 7 * BASE_WEEKS)
        for values in (scene.activity.user_days, scene.activity.user_days > 0)
    )
    start = scene.ends - window_days
    now, days_now = (each.over(scene.ends, window_days) for each in (volume, active))
    before = volume.over(start, 7 * BASE_WEEKS) * window_days / (7 * BASE_WEEKS)
    known = active.over(start, 7 * BASE_WEEKS) > 0
    lead = _top_user(scene, now)
    top = np.maximum(lead, 0)
    not_yet = ~users["is_champion"].to_numpy(bool)[top]
    seen, usual, days = (
        np.take_along_axis(values, top, axis=0) for values in (now, before, days_now)
    )
    rose = not_yet & (seen >= CHAMPION_RATIO * np.maximum(usual, 3.0)) & (days >= CHAMPION_DAYS)
    rose &= (lead >= 0) & np.take_along_axis(known, top, axis=0) & _history(scene, window_days)
    n_people = np.maximum(_by_account(scene, (before > 0).astype(float)), 1.0)
    blank = np.full(scene.shape, np.nan)
    measure = Measure(
        metric="events",
        window_days=window_days,
        p=np.where(lead >= 0, _rise_p(seen, usual, n_people), np.nan),
        size=safe_ratio(seen, np.maximum(usual, 1.0)),
        observed=seen,
        expected=usual,
        low=blank,
        high=blank,
    )
    return strongest("emerging_champion", [(measure, rose)])


def _rise_p(seen: Array, usual: Array, tries: Array) -> Array:
    """Return the tail of a rise of one person among several (dispersion 0.3)."""
    from scipy.special import betainc

    size = 1 / (0.3 + 1 / (4 * usual + 1))
    mean = usual + 0.25
    p = betainc(np.maximum(seen, 1e-9), size, mean / (mean + size))
    return np.minimum(np.maximum(np.where(seen > 0, p, 1.0), SMALLEST_P) * tries, 1.0)


def new_departments(scene: Scene) -> Found:
    """Find departments that never used the product before and have begun to."""
    users = scene.activity.users
    named = users["department"].notna().to_numpy() if len(users) else np.zeros(0, bool)
    if not named.any():
        return nothing("new_departments", scene.shape)
    window_days = 28
    keys = users[named].groupby(["account", "department"], sort=True).ngroup().to_numpy()
    first = users[named].assign(key=keys).drop_duplicates("key").sort_values("key")
    active = np.zeros((len(first), len(scene.activity.days)), np.float32)
    np.add.at(active, keys, (scene.activity.user_days[named] > 0).astype(np.float32))
    now = window_sums(active, scene.ends, window_days)
    since = with_first_uses(scene.activity).user_since
    assert since is not None
    began = np.full(len(first), np.iinfo(np.intp).max)
    np.minimum.at(began, keys, since[named])
    known = began[:, None] < scene.ends - window_days
    fresh = (now >= 3) & ~known
    account = first["account"].to_numpy(np.intp)
    counts = {}
    for name, values in (("new", fresh), ("known", known)):
        counts[name] = np.zeros(scene.shape)
        np.add.at(counts[name], account, values.astype(float))
    blank = np.full(scene.shape, np.nan)
    measure = Measure(
        metric="departments",
        window_days=window_days,
        p=blank,
        size=counts["new"],
        observed=counts["new"] + counts["known"],
        expected=counts["known"],
        low=blank,
        high=blank,
    )
    spread = (counts["new"] >= 1) & (counts["known"] >= 1) & _history(scene, window_days)
    return strongest("new_departments", [(measure, spread)])
