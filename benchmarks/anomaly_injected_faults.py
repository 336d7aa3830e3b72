"""Faults of known kind, size and day, put into the series of real accounts.

What is taken away is taken from single events, so that everything counted from them stays in
keeping: events, people, features, visits, nights. Who keeps an event is drawn without
replacement (hypergeometric), given how many are left on that day.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.signals import Activity, Cube

__all__ = ["KINDS", "SIZES", "Fault", "inject"]

HABIT_DAYS = 56

SIZES: dict[str, tuple[float, ...]] = {
    "fewer visits": (0.40, 0.65, 0.95),
    "less per visit": (0.40, 0.65, 0.95),
    "slow decline": (0.05, 0.10, 0.20),
    "people stay away": (0.25, 0.50, 0.75),
    "feature abandoned": (1.0, 3.0, 10.0),
    "nights instead of days": (0.30, 0.60, 0.90),
    "spike": (5.0, 10.0, 20.0),
}
"""Share of visits lost, of events lost within visits, lost a week; share of the regular people
gone; least weekly use of a feature that is dropped (at most the next one); share of daytime work
moved to the night; times a usual day on which the account was there, on one day."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault of one account.

    Parameters
    ----------
    account : int
        Position.
    kind : str
        One of ``KINDS``.
    size : float
        See ``SIZES``.
    day : int
        Position of the first day that it touches.
    target : tuple of int
        Positions of the features or users that it takes away.
    """

    account: int
    kind: str
    size: float
    day: int
    target: tuple[int, ...] = ()


class Sheet:
    """The series of one account from a day on, in single numbers that can be changed."""

    def __init__(self, activity: Activity, fault: Fault) -> None:
        """Copy what the account did from the fault's first day on."""
        self.activity, self.fault = activity, fault
        self.since = slice(fault.day, len(activity.days))
        self.who = np.flatnonzero(activity.users["account"].to_numpy() == fault.account)
        self.signals = _whole(activity.signals.counts[:, fault.account, self.since])
        self.features = _whole(activity.features.counts[:, fault.account, self.since])
        self.people = _whole(activity.user_days[self.who, self.since])
        rows = activity.actions
        self.rows = np.flatnonzero(
            (rows["account"].to_numpy() == fault.account) & (rows["day"].to_numpy() >= fault.day)
        )
        self.actions = rows.iloc[self.rows].reset_index(drop=True)
        self.names = activity.signals.names
        self.complete = bool((self.features.sum(axis=0) == self.of("events")).all())

    def of(self, name: str) -> NDArray[np.int64]:
        """One signal, changeable in place."""
        return self.signals[self.names.index(name)]


def _whole(counts: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.rint(counts).astype(np.int64)


def _fewer_visits(sheet: Sheet, rng: np.random.Generator) -> None:
    """Drop whole visits: a person's day, an order, or the day where neither is told apart."""
    size = sheet.fault.size
    _drop_visits(sheet, np.full(sheet.signals.shape[1], 1 - size), rng)


def _slow_decline(sheet: Sheet, rng: np.random.Generator) -> None:
    weeks = np.arange(sheet.signals.shape[1]) / 7
    _drop_visits(sheet, (1 - sheet.fault.size) ** weeks, rng)


def _drop_visits(sheet: Sheet, keep: NDArray[np.float64], rng: np.random.Generator) -> None:
    if len(sheet.people):
        sheet.people *= rng.random(sheet.people.shape) < keep
        _settle(sheet, sheet.people.sum(axis=0), rng)
        return
    events = sheet.of("events").copy()
    visits = sheet.of("sessions") if "sessions" in sheet.names else (events > 0).astype(np.int64)
    left = rng.binomial(visits, keep)
    kept = np.rint(events * left / np.maximum(visits, 1)).astype(np.int64)
    _settle(sheet, np.minimum(np.maximum(kept, left), events), rng, visits=left)


def _less_per_visit(sheet: Sheet, rng: np.random.Generator) -> None:
    keep = 1 - sheet.fault.size
    if len(sheet.people):
        sheet.people[:] = rng.binomial(sheet.people, keep)
        _settle(sheet, sheet.people.sum(axis=0), rng)
    else:
        _settle(sheet, rng.binomial(sheet.of("events"), keep), rng)


def _people_stay_away(sheet: Sheet, rng: np.random.Generator) -> None:
    sheet.people[np.isin(sheet.who, sheet.fault.target)] = 0
    _settle(sheet, sheet.people.sum(axis=0), rng)


def _feature_abandoned(sheet: Sheet, rng: np.random.Generator) -> None:
    gone = sheet.features[list(sheet.fault.target)].sum(axis=0)
    sheet.features[list(sheet.fault.target)] = 0
    events = sheet.of("events") - gone
    for day in np.flatnonzero(gone):
        if len(sheet.people):
            people = sheet.people[:, day]
            sheet.people[:, day] = rng.multivariate_hypergeometric(people, int(events[day]))
    _settle(sheet, events, rng, features_done=True)


def _nights(sheet: Sheet, rng: np.random.Generator) -> None:
    night, n = (sheet.actions[name].to_numpy(np.int64) for name in ("n_night", "n"))
    sheet.actions["n_night"] = night + rng.binomial(n - night, sheet.fault.size)
    _off_hours(sheet)


def _spike(sheet: Sheet, rng: np.random.Generator) -> None:
    """Let one day be so many times a usual day on which the account was there."""
    activity, fault = sheet.activity, sheet.fault
    past = slice(max(fault.day - HABIT_DAYS, 0), fault.day)
    events = activity.signals.of("events")[fault.account, past]
    extra = int(rng.poisson((fault.size - 1) * events.sum() / max((events > 0).sum(), 1)))
    sheet.features[:, 0] += _more(
        activity.features.counts[:, fault.account, past], events, extra, rng
    )
    if len(sheet.people):
        sheet.people[:, 0] += _more(activity.user_days[sheet.who, past], events, extra, rng)
    sheet.of("events")[0] += extra
    _more_actions(sheet, extra, rng)
    _derived(sheet, rng, before=sheet.of("events"))
    if "sessions" in sheet.names:
        sheet.of("sessions")[0] += 1
    if "features_used" in sheet.names and not sheet.complete:
        used = activity.signals.of("features_used")[fault.account, past].sum()
        rate = min(float(used) / max(float(events.sum()), 1.0), 1.0)
        sheet.of("features_used")[0] += rng.binomial(extra, rate)


def _more(
    past: NDArray[np.float32], events: NDArray[np.float32], extra: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Share what comes on top among rows (features, people) as before; the rest is elsewhere."""
    share = past.sum(axis=1).astype(float) / max(float(events.sum()), 1.0)
    rest = max(1.0 - share.sum(), 0.0)
    drawn = rng.multinomial(extra, np.r_[share, rest] / max(share.sum() + rest, 1e-9))
    return np.asarray(drawn[:-1])


def _more_actions(sheet: Sheet, extra: int, rng: np.random.Generator) -> None:
    """Add rows of the spike's day, by what the account did in the eight weeks before."""
    activity, fault = sheet.activity, sheet.fault
    rows = activity.actions
    mine = rows["account"].eq(fault.account)
    mine &= rows["day"].between(fault.day - HABIT_DAYS, fault.day - 1)
    usual = rows[mine].groupby("event", sort=True)[["n", "n_night"]].sum()
    n = rng.multinomial(extra, usual["n"] / usual["n"].sum())
    night = rng.binomial(n, (usual["n_night"] / usual["n"]).clip(0, 1))
    new = pd.DataFrame({"account": fault.account, "day": fault.day, "event": usual.index,
                        "n": n, "n_night": night})  # fmt: skip
    both = pd.concat([sheet.actions, new[new["n"] > 0]], ignore_index=True)
    keys = ["account", "event", "day"]
    sheet.actions = both.groupby(keys, as_index=False, sort=True)[["n", "n_night"]].sum()


def _settle(
    sheet: Sheet,
    events: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    visits: NDArray[np.int64] | None = None,
    features_done: bool = False,
) -> None:
    """Bring everything that is counted from events in keeping with how many are left."""
    before = sheet.of("events").copy()
    for day in np.flatnonzero(events < before) if not features_done else ():
        parts = sheet.features[:, day]
        rest = before[day] - parts.sum()  # of features that are not held
        drawn = rng.multivariate_hypergeometric(np.r_[parts, max(rest, 0)], int(events[day]))
        sheet.features[:, day] = drawn[:-1]
    sheet.of("events")[:] = events
    _fewer_actions(sheet, rng)
    _derived(sheet, rng, before=before)
    if "sessions" in sheet.names:
        if visits is None:
            share = np.where(before > 0, events / np.maximum(before, 1), 0.0)
            some = np.minimum(events, 1)
            visits = np.maximum(rng.binomial(sheet.of("sessions"), share), some)
        sheet.of("sessions")[:] = visits


def _fewer_actions(sheet: Sheet, rng: np.random.Generator) -> None:
    rows, names = sheet.actions, sheet.activity.features.names
    by_name = sheet.complete and rows["event"].isin(names).all()
    left = rows["n"].to_numpy(np.int64).copy()
    day = rows["day"].to_numpy(np.intp) - sheet.fault.day
    if by_name and len(rows):
        left = sheet.features[[names.index(name) for name in rows["event"]], day]
    else:
        for each in np.unique(day):
            mine = day == each
            events = min(int(sheet.of("events")[each]), int(left[mine].sum()))
            left[mine] = rng.multivariate_hypergeometric(left[mine], events)
    night, n = (rows[name].to_numpy(np.int64) for name in ("n_night", "n"))
    sheet.actions = rows.assign(n=left, n_night=rng.hypergeometric(night, n - night, left))
    _off_hours(sheet)


def _off_hours(sheet: Sheet) -> None:
    """Count nights and weekends anew."""
    if "off_hours" in sheet.names:
        day = sheet.actions["day"].to_numpy(np.intp) - sheet.fault.day
        night = np.zeros(sheet.signals.shape[1], np.int64)
        np.add.at(night, day, sheet.actions["n_night"].to_numpy(np.int64))
        weekend = sheet.activity.days[sheet.since].day_of_week.to_numpy() >= 5
        sheet.of("off_hours")[:] = np.where(weekend, sheet.of("events"), night)


def _derived(sheet: Sheet, rng: np.random.Generator, *, before: NDArray[np.int64]) -> None:
    """Count people and features anew, and the events of each role."""
    _off_hours(sheet)
    if "active_users" in sheet.names:
        sheet.of("active_users")[:] = (sheet.people > 0).sum(axis=0)
    if "features_used" in sheet.names:
        used = sheet.of("features_used")
        if sheet.complete:
            used[:] = (sheet.features > 0).sum(axis=0)
        elif (sheet.of("events") < before).any():
            used[:] = rng.hypergeometric(used, np.maximum(before - used, 0), sheet.of("events"))
    known = sheet.activity.features.names
    for signal in sheet.activity.catalogue:
        events = sheet.activity.roles.get(signal.role, ()) if signal.role else ()
        if signal.name in sheet.names and events and set(events) <= set(known):
            rows = sheet.features[[known.index(name) for name in events]]
            sheet.of(signal.name)[:] = rows.sum(axis=0)


KINDS: dict[str, Callable[[Sheet, np.random.Generator], None]] = {
    "fewer visits": _fewer_visits,
    "less per visit": _less_per_visit,
    "slow decline": _slow_decline,
    "people stay away": _people_stay_away,
    "feature abandoned": _feature_abandoned,
    "nights instead of days": _nights,
    "spike": _spike,
}


def inject(activity: Activity, faults: list[Fault], *, seed: int) -> Activity:
    """Return a copy with the faults put in; nothing else is touched.

    Parameters
    ----------
    activity : Activity
    faults : list of Fault
        At most one an account.
    seed : int
        Of everything that is drawn.

    Returns
    -------
    Activity
    """
    signals, features = activity.signals.counts.copy(), activity.features.counts.copy()
    user_days = activity.user_days.copy()
    gone, changed = [], []
    for fault in faults:
        sheet = Sheet(activity, fault)
        KINDS[fault.kind](sheet, np.random.default_rng([seed, fault.account]))
        signals[:, fault.account, sheet.since] = sheet.signals
        features[:, fault.account, sheet.since] = sheet.features
        user_days[sheet.who, sheet.since] = sheet.people
        gone.append(sheet.rows)
        changed.append(sheet.actions[sheet.actions["n"] > 0])
    kept = activity.actions.drop(
        index=activity.actions.index[np.concatenate([[], *gone]).astype(int)]
    )
    return replace(
        activity,
        signals=Cube(names=activity.signals.names, counts=signals),
        features=Cube(names=activity.features.names, counts=features),
        user_days=user_days,
        actions=pd.concat([kept, *changed]).sort_values(
            ["account", "event", "day"], ignore_index=True
        ),
    )
