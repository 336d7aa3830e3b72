"""Kinds that show in how much an account uses the product, and when."""

import numpy as np
from numpy.typing import NDArray

from helpers.anomalies.detectors import SMALLEST_P, calibrate
from helpers.anomalies.kinds.found import Found, Measure, nothing, signal_measure, strongest
from helpers.anomalies.scene import SHARE_DAYS, Scene
from helpers.anomalies.surprise import Surprise
from helpers.anomalies.windows import totals, window_sums
from helpers.stats import safe_ratio

__all__ = [
    "collaboration_stopped",
    "gradual_decline",
    "pattern_break",
    "sudden_drop",
    "unexpected_spike",
    "unusual_mix",
    "usage_drop",
]

Array = NDArray[np.float64]

SUDDEN_DROP = 0.90
"""A sudden drop is a fall of usage by 90 % or more, in whole percent."""
SUDDEN_DAYS = 14
"""Within so many days: a fall over a longer window is not sudden."""
USAGE_DROP = 0.35
"""A smaller fall counts from 35 % on, if it is no chance; its severity is tiered."""
MIN_P = 0.01
VOLUME = ("events", "logins", "active_users", "core_events")
DECLINE_PER_WEEK = 0.02
"""Slope from which a decline counts; accounts in decline typically lose 5 % a week."""
SPIKE_RATIO, SPIKE_MIN = 10.0, 30.0
OFF_HOURS_POINTS, SAME_VOLUME = 0.25, (0.4, 2.5)
ACTIVE_DAYS, OF_ACTIVE = 182, 0.3
"""A day of three times what the account does on days when it is there, at least, is a spike."""
MIN_VOLUME, SHARE_WEEKS, PRIOR_WEEKS, PRIOR_SPANS = 15, 12, 6.0, 60.0
"""Events of a window from which its share off hours says something; weeks that tell the usual."""
STILL_NORMAL = 0.6


def sudden_drop(scene: Scene) -> Found:
    """Look for usage that falls by 90 % or more, over a week or two."""
    candidates = []
    for days, surprise in scene.windows.items():
        for name in ("events", "logins", "active_users") if days <= SUDDEN_DAYS else ():
            if surprise.has(name):
                measure = signal_measure(surprise, name, "low")
                candidates.append((measure, (_whole(measure.size) >= SUDDEN_DROP) & _sure(measure)))
    return strongest("sudden_drop", candidates)


def _whole(change: Array) -> Array:
    """Share lost, rounded half up to whole percent: 89.5 % counts as 90 %."""
    return np.floor(-100 * change + 0.5) / 100


def _sure(measure: Measure) -> NDArray[np.bool_]:
    return np.asarray((measure.p <= MIN_P) & (measure.expected >= 3))


def usage_drop(scene: Scene) -> Found:
    """Look for usage that falls by 35 % or more, over any window, and is no sudden drop."""
    candidates = []
    for days, surprise in scene.windows.items():
        for name in VOLUME:
            if surprise.has(name):
                measure = signal_measure(surprise, name, "low")
                fall = _whole(measure.size)
                sudden = (fall >= SUDDEN_DROP) & (days <= SUDDEN_DAYS)
                candidates.append((measure, (fall >= USAGE_DROP) & ~sudden & _sure(measure)))
    return strongest("usage_drop", candidates, by_length=True)


def gradual_decline(scene: Scene) -> Found:
    """Look for usage that falls week after week: a trend test, since levels show it too late."""
    candidates = []
    for name, trend in scene.trends.items():
        level = signal_measure(scene.week, name, "low")
        change = np.expm1(trend.weeks * np.log1p(np.clip(trend.slope, -0.99, 1.0)))
        measure = Measure(**{**vars(level), "p": trend.p, "size": change, "low": trend.weeks})
        candidates.append((measure, (trend.slope <= -DECLINE_PER_WEEK) & (trend.p <= MIN_P)))
    if not candidates:
        return nothing("gradual_decline", scene.shape)
    return strongest("gradual_decline", candidates)


def collaboration_stopped(scene: Scene) -> Found:
    """Find teams that stop commenting and sharing while the rest of their use goes on."""
    if not scene.week.has("collaboration"):
        return nothing("collaboration_stopped", scene.shape)
    rest = _still_normal(scene)
    candidates = []
    for surprise in scene.windows.values():
        measure = signal_measure(surprise, "collaboration", "low")
        stopped = (measure.size <= -0.8) & (measure.expected >= 5) & (measure.p <= MIN_P)
        candidates.append((measure, stopped & rest))
    return strongest("collaboration_stopped", candidates)


def _still_normal(scene: Scene) -> NDArray[np.bool_]:
    """Tell where usage as a whole is at least 60 % of what is expected."""
    ratio = scene.week.ratio("events")
    return np.asarray(np.where(np.isfinite(ratio), ratio, 0.0) >= STILL_NORMAL)


def pattern_break(scene: Scene) -> Found:
    """Find the same volume at other times: nights and weekends instead of working days."""
    if not scene.week.has("off_hours"):
        return nothing("pattern_break", scene.shape)
    several = _on_several_days(scene)
    candidates = []
    for days, surprise in scene.windows.items():
        if days in SHARE_DAYS and surprise.has("off_hours"):
            measure, moved = _moved(scene, surprise)
            candidates.append((measure, moved & several))
    return strongest("pattern_break", candidates, by_length=True)


def _moved(scene: Scene, surprise: Surprise) -> tuple[Measure, NDArray[np.bool_]]:
    """Compare the share off hours with the usual one, and tell where it is another."""
    off = signal_measure(surprise, "off_hours", "high")
    total = signal_measure(surprise, "events", "low")
    now = safe_ratio(off.observed, total.observed)
    usual = np.minimum(safe_ratio(off.expected, total.expected), 1.0)
    ratio = safe_ratio(total.observed, total.expected)
    low, high = SAME_VOLUME
    same = (ratio >= low) & (ratio <= high) & (total.observed >= MIN_VOLUME)
    p = _share_p(scene, now, usual, off.window_days)
    moved = (now - usual >= OFF_HOURS_POINTS) & (p <= MIN_P)
    moved &= surprise.plan.lost == 0  # a week without its Monday tells no rhythm
    share = Measure(
        metric="off_hours",
        window_days=off.window_days,
        p=p,
        size=now - usual,
        observed=now,
        expected=usual,
        low=np.full(scene.shape, np.nan),
        high=np.full(scene.shape, np.nan),
    )
    return share, same & moved


def _share_p(scene: Scene, now: Array, usual: Array, window_days: int) -> Array:
    """P(as large a share off hours in the window), whatever the volume; shares of weeks vary.

    A share's variance is binomial, widened by how much more the twelve weeks before differ
    (intra-week correlation, drawn to that of all accounts), and its tail that of a beta
    distribution: small accounts come in few visits, so their weeks are all night or none.

    References
    ----------
    Beta-binomial moments: Kleinman (1973), *JASA* 68, 46-54.
    """
    from scipy.special import betainc, ndtri, stdtr

    total, off = (
        totals(scene.activity.signals.of(name), scene.ends, window_days + 7 * SHARE_WEEKS)
        for name in ("events", "off_hours")
    )
    back = [scene.ends - window_days - 7 * week for week in range(SHARE_WEEKS)]
    n, night = (np.stack([counts.over(at, 7) for at in back]) for counts in (total, off))
    weeks, events = (n > 0).sum(axis=0), n.sum(axis=0)
    told = scene.usable & (weeks >= 4) & (events >= MIN_VOLUME * weeks)
    own, pooled = _intra_week(n, night, told)
    known = np.where(told, weeks, 0)
    rho = (known * own + PRIOR_WEEKS * pooled) / (known + PRIOR_WEEKS)
    span = max(window_days // 7, 1)
    rho = rho * _span_ratio(n, night, told, pooled, span)
    seen, level = total.over(scene.ends, window_days), np.clip(usual, 0.02, 0.98)
    asked = scene.usable & (seen >= MIN_VOLUME) & (weeks >= 4) & np.isfinite(usual)
    parts = rho * (1 + span / np.maximum(weeks, 1))
    parts = parts + (1 - rho) * (1 / np.maximum(seen, 1.0) + 1 / np.maximum(events, 1.0))
    width = 1 / np.clip(parts, 1e-6, 0.95) - 1
    reached = np.clip(now - 0.5 / np.maximum(seen, 1.0), 0.0, 1.0)  # as many as were seen, or more
    tail = betainc((1 - level) * width, level * width, 1 - np.where(asked, reached, 1.0))
    score = ndtri(np.clip(tail, SMALLEST_P, 1 - SMALLEST_P))
    p = stdtr(np.maximum(weeks + PRIOR_WEEKS - 1, 1), score)  # the variance is estimated, too
    p = np.where(asked, np.maximum(p, SMALLEST_P), np.nan)
    return calibrate(p, asked)


def _intra_week(n: Array, night: Array, told: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Share of a share's variance that lies between weeks: of each account, and of all of them."""
    share = safe_ratio(night.sum(axis=0), n.sum(axis=0))
    noise = share * (1 - share)
    top = ((night - share * n) ** 2 - noise * n).sum(axis=0)
    bottom = (noise * n * (n - 1)).sum(axis=0)
    told = told & (bottom > 0)
    own = np.where(told, np.clip(safe_ratio(top, bottom), 0.0, 1.0), 0.0)
    return own, own.sum(axis=0) / np.maximum(told.sum(axis=0), 1)


def _span_ratio(
    n: Array, night: Array, told: NDArray[np.bool_], pooled: Array, span: int
) -> Array | float:
    """How much of it is left between spans of so many weeks: 1 over their number, up to 1.

    Of all accounts together, drawn to 1 with the weight of ``PRIOR_SPANS``.
    """
    if span == 1:
        return 1.0
    n_spans = len(n) // span
    shape = (n_spans, span, *n.shape[1:])
    wide, dark = (each[: n_spans * span].reshape(shape).sum(axis=1) for each in (n, night))
    _, left = _intra_week(wide, dark, told)
    ratio = np.where(pooled > 0, np.clip(safe_ratio(left, pooled), 1 / span, 1.0), 1.0)
    weight = n_spans * told.sum(axis=0)
    return np.asarray((weight * ratio + PRIOR_SPANS) / (weight + PRIOR_SPANS))


def _on_several_days(scene: Scene) -> NDArray[np.bool_]:
    """Tell where most work is off hours on three days of seven, or four of fourteen.

    One busy weekend is no new rhythm.
    """
    events, off = (scene.activity.signals.of(name) for name in ("events", "off_hours"))
    mostly = totals((events >= 3) & (off >= 0.5 * events), scene.ends, 14)
    return np.asarray((mostly.over(scene.ends, 7) >= 3) | (mostly.over(scene.ends, 14) >= 4))


def unexpected_spike(scene: Scene) -> Found:
    """Find days with ten times the usual activity, and three times that of an active day."""
    from scipy.special import betainc

    daily = scene.daily
    index = daily.names.index("events")
    seen, expected = daily.observed[index], daily.expected[index]
    reference = np.maximum(expected, _trailing_mean(expected))
    reference = np.maximum(reference, OF_ACTIVE * _active_day(scene, seen.shape[1]))
    ratio = np.where(reference > 0, safe_ratio(seen, reference), 0.0)
    size = 1 / np.maximum(daily.spread[index], 1e-6)
    success = reference / (reference + size)
    p_day = np.where(seen > 0, betainc(np.maximum(seen, 1e-9), size, success), 1.0)
    spikes = (ratio >= SPIKE_RATIO) & (seen >= SPIKE_MIN)
    best = _best_day(scene, ratio, spikes)
    pick = np.take_along_axis
    measure = Measure(
        metric="events",
        window_days=1,
        p=np.minimum(7 * np.maximum(pick(p_day, best, axis=1), 1e-12), 1.0),
        size=pick(ratio, best, axis=1),
        observed=pick(seen, best, axis=1),
        expected=pick(reference, best, axis=1),
        low=np.full(scene.shape, np.nan),
        high=np.full(scene.shape, np.nan),
    )
    return strongest("unexpected_spike", [(measure, pick(spikes, best, axis=1) & scene.usable)])


def _trailing_mean(daily: Array, days: int = 7) -> Array:
    """Mean of each day and the six before; of fewer at the beginning."""
    total = np.zeros(daily.shape)
    for back in range(min(days, daily.shape[1])):
        total[:, back:] += daily[:, : daily.shape[1] - back]
    return np.asarray(total / np.minimum(np.arange(daily.shape[1]) + 1, days))


def _active_day(scene: Scene, n_days: int) -> Array:
    """Mean count of the days with any, of the half year before each of the last days.

    A shop that orders once a month does thirty times its usual day whenever it orders.
    """
    events, at = scene.activity.signals.of("events"), scene.daily.first_day + np.arange(n_days)
    total, days = (window_sums(each, at, ACTIVE_DAYS) for each in (events, events > 0))
    return np.where(days > 0, safe_ratio(total, days), 0.0)


def _best_day(scene: Scene, ratio: Array, spikes: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the position, among the daily ones, of the most striking day of each week."""
    last = scene.ends - 1 - scene.daily.first_day
    best = np.clip(np.broadcast_to(last, scene.shape), 0, None).copy()
    score = np.where(spikes, ratio, 0.0)
    for back in range(1, 7):
        day = np.clip(np.broadcast_to(last - back, scene.shape), 0, None)
        better = np.take_along_axis(score, day, axis=1) > np.take_along_axis(score, best, axis=1)
        best = np.where(better, day, best)
    return best


def unusual_mix(scene: Scene) -> Found:
    """Find several signals off together where no named pattern fits: the joint detectors."""
    p = scene.votes.combined
    size = np.nanmax(np.where(np.isfinite(scene.week.z), np.abs(scene.week.z), 0.0), axis=0)
    blank = np.full(scene.shape, np.nan)
    count = scene.backing.sum(axis=0).astype(float)
    measure = Measure(
        metric="several",
        window_days=7,
        p=p,
        size=size,
        observed=count,
        expected=np.zeros(scene.shape),
        low=blank,
        high=blank,
    )
    return strongest("unusual_mix", [(measure, (count >= 2) & (p <= MIN_P))])
