"""What people do, day by day: visits left to chance, and the scripted ones.

Everything is drawn for one chunk of accounts at a time, as flat arrays; times are local seconds
since day 0 until the very end.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.effects import Effects
from helpers.sources.demo.people import People
from helpers.sources.demo.scene import Scene
from helpers.sources.demo.scripted import Script
from helpers.sources.demo.settings import generator
from helpers.sources.demo.taxonomy import EVENTS, FEATURE_OF, FEATURES, MIX, STATES, code
from helpers.sources.demo.visits import DAY_S, Visits, make_visits, working_hour

__all__ = ["Events", "make_events", "trailing"]

_LOGIN, _END = code("login"), code("session_ended")

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Events:
    """Flat arrays over events, ordered by time; ``second`` is local, since day 0 began."""

    person: Ints
    second: Ints
    code: Ints
    visit: Ints
    duration_ms: Ints
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.code)

    @property
    def day(self) -> Ints:
        """Local day of each event."""
        return self.second // DAY_S


def make_events(scene: Scene, scripts: list[Script], api_limits: Ints) -> Events:
    """Draw all events of a chunk, in time order.

    Parameters
    ----------
    scene : Scene
        The chunk.
    scripts : list of Script
        Visits written down in advance; those of anomalies are added to them.
    api_limits : ndarray of int, (n_accounts,)
        API calls a month that each account may make; ordinary use stays below.
    """
    rng = generator(scene.scale.seed, "events", scene.chunk.number)
    visits = make_visits(scene, rng)
    frames = [
        _frame_visits(visits, rng),
        _actions(scene, visits, rng),
        _extras(scene, visits, rng),
        _scripted([*scripts, *scene.effects.scripts], len(visits), rng),
    ]
    events = _assemble(frames, scene)
    return _with_values(events, scene.people, api_limits, scene.scale.n_days, rng)


Frame = tuple[Ints, Ints, Ints, Ints, Ints, NDArray[np.float64]]
"""person, second, code, visit, duration_ms, value."""


def _frame_visits(visits: Visits, rng: np.random.Generator) -> Frame:
    """Begin each visit with a login and end it with a session_ended."""
    n = len(visits)
    number = np.arange(n)
    begin = visits.day * DAY_S + visits.start
    ms = visits.length * 1000 + rng.integers(0, 1000, n)
    return (
        np.tile(visits.person, 2),
        np.concatenate([begin, begin + visits.length]),
        np.repeat([_LOGIN, _END], n),
        np.tile(number, 2),
        np.concatenate([np.full(n, -1), ms]),
        np.full(2 * n, np.nan),
    )


def _actions(scene: Scene, visits: Visits, rng: np.random.Generator) -> Frame:
    """Draw the actions of visits from what the account uses in its state."""
    visit = np.repeat(np.arange(len(visits)), visits.actions)
    table, names = _mix(scene)
    row = visits.account[visit] * len(STATES) + visits.state[visit]
    drawn = row + rng.random(len(visit)) * (1 - 1e-9)
    column = np.searchsorted(table.ravel(), drawn, side="right") - row * table.shape[1]
    chosen = names[np.clip(column, 0, table.shape[1] - 1)]
    day, account = visits.day[visit], visits.account[visit]
    chosen = _in_first_days(chosen, scene.people, visits.person[visit], day)
    keep = _kept(chosen, account, day, scene.effects, rng)
    return _inside(visits, visit[keep], chosen[keep], rng)


def _inside(visits: Visits, visit: Ints, chosen: Ints, rng: np.random.Generator) -> Frame:
    """Put events at some second inside their visits."""
    share = 0.02 + 0.96 * rng.random(len(visit))
    after = (visits.length[visit] * share).astype(np.int64)
    second = visits.day[visit] * DAY_S + visits.start[visit] + after
    nothing = np.full(len(visit), -1)
    return visits.person[visit], second, chosen, visit, nothing, np.full(len(visit), np.nan)


def _mix(scene: Scene) -> tuple[NDArray[np.float64], Ints]:
    """Cumulative shares of actions, (n_accounts * 4, n_names): row r rises from r to r + 1."""
    names = np.array([code(name) for name in MIX])
    weights = np.array(list(MIX.values()))  # (n_names, 4)
    feature = FEATURE_OF[names]
    used = scene.adopts().transpose(1, 0, 2)[:, :, np.maximum(feature, 0)] | (feature < 0)
    shares = np.cumsum(used * weights.T[None], axis=2)
    shares /= shares[:, :, -1:]
    table = shares.reshape(-1, len(names))
    return table + np.arange(len(table))[:, None], names


def _in_first_days(chosen: Ints, people: People, person: Ints, day: Ints) -> Ints:
    """In someone's first week only the scripted journey browses, or begins a project."""
    first = (day - people.joined[person] < 9) & (people.journey[person] >= 0)
    swaps = {"features_browsed": "board_viewed", "project_created": "task_created"}
    for old, new in swaps.items():
        chosen = np.where(first & (chosen == code(old)), code(new), chosen)
    return chosen


def _kept(
    chosen: Ints, account: Ints, day: Ints, effects: Effects, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Drop what a fault of the product keeps from working."""
    keep = np.ones(len(chosen), bool)
    feature = FEATURE_OF[chosen]
    for name, share in (("boards", effects.boards), ("exports", effects.exports)):
        mine = feature == FEATURES.index(name)
        keep[mine] &= rng.random(int(mine.sum())) < share[account[mine], day[mine]]
    return keep


def _extras(scene: Scene, visits: Visits, rng: np.random.Generator) -> Frame:
    """Weekly use of paired features, errors of faults, spikes; inside visits that exist."""
    picks = [_paired(scene, visits, rng)]
    factor = scene.effects.errors[visits.account, visits.day]
    many = rng.poisson(0.015 * visits.actions * (factor - 1))
    visit = np.repeat(np.arange(len(visits)), many)
    picks.append((visit, np.full(len(visit), code("error_shown"))))
    picks += [_spike(visits, spike, rng) for spike in scene.effects.spikes]
    visit, chosen = (np.concatenate([pick[part] for pick in picks]) for part in (0, 1))
    return _inside(visits, visit, chosen, rng)


PAIRED = {"automation_run": "automations", "workload_planned": "workload"}
"""Events of features A and B: used in nearly every week in which the account is active at all."""


def _paired(scene: Scene, visits: Visits, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """In most weeks with a visit: feature A, and with it feature B if the account uses both."""
    order = rng.permutation(len(visits))
    week = scene.scale.week_of(visits.day[order])
    key = visits.account[order] * scene.scale.n_weeks + week
    _, first = np.unique(key, return_index=True)
    visit = order[first]
    visit = visit[rng.random(len(visit)) < 0.9]
    picks, codes = [], []
    for name, feature in PAIRED.items():
        state, account = visits.state[visit], visits.account[visit]
        uses = scene.adopts()[state, account, FEATURES.index(feature)]
        picks.append(visit[uses])
        codes.append(np.full(int(uses.sum()), code(name)))
    return np.concatenate(picks), np.concatenate(codes)


def _spike(
    visits: Visits, spike: tuple[int, int, int, str], rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Ten times the usual: of work if legitimate, of exports and API calls if abuse."""
    account, start, end, detail = spike
    mine = np.flatnonzero((visits.account == account) & (visits.day >= start) & (visits.day < end))
    names = ("export_run", "api_called") if detail == "abuse" else ("task_created", "file_uploaded")
    many = rng.poisson(9.0 * (visits.actions[mine] + 2))
    visit = np.repeat(mine, many)
    codes = np.array([code(name) for name in names])
    return visit, codes[rng.integers(0, 2, len(visit))]


def _scripted(scripts: list[Script], first_visit: int, rng: np.random.Generator) -> Frame:
    """Write scripted visits out: events half a minute to four minutes apart."""
    rows: list[tuple[int, int, int, int, int, float]] = []
    hours = working_hour(rng, len(scripts))
    gaps = rng.integers(30, 241, sum(len(script.codes) for script in scripts)).tolist()
    position = 0
    for number, script in enumerate(scripts):
        hour = script.hour if script.hour is not None else float(hours[number])
        start = second = script.day * DAY_S + int(hour * 3600)
        visit, step = first_visit + number, script.first_step
        for chosen in script.codes:
            value = np.nan if script.value is None else script.value
            if EVENTS[chosen].name == "setup_step_completed":
                value, step = step, step + 1
            rows.append((script.person, second, chosen, visit if script.visit else -1, -1, value))
            second += gaps[position]
            position += 1
        if script.visit:
            rows.append((script.person, second, _END, visit, (second - start) * 1000, np.nan))
    columns = np.array(rows, float).reshape(-1, 6).T
    whole = [column.astype(np.int64) for column in columns[:5]]
    return whole[0], whole[1], whole[2], whole[3], whole[4], columns[5]


def _abandoned(chosen: Ints, account: Ints, day: Ints, effects: Effects) -> NDArray[np.bool_]:
    """Tell which events belong to a feature that the account has abandoned."""
    feature, gone = FEATURE_OF[chosen], np.zeros(len(chosen), bool)
    for number, dropped, start, end in effects.dropped:
        gone |= (account == number) & (feature == dropped) & (day >= start) & (day < end)
    return gone


def _assemble(frames: list[Frame], scene: Scene) -> Events:
    """Join, cut to what the source could deliver, and put in order."""
    person, second, chosen, visit, duration = (
        np.concatenate([frame[place] for frame in frames]) for place in range(5)
    )
    value = np.concatenate([frame[5] for frame in frames])
    day = second // DAY_S
    gone = np.minimum(scene.gone_on(), scene.scale.n_days)
    kept = (day >= 0) & (day < gone[person]) & (day != scene.scale.outage_day)
    kept &= ~_abandoned(chosen, scene.people.account[person], day, scene.effects)
    keep = np.flatnonzero(kept)
    order = keep[np.lexsort([visit[keep], chosen[keep], person[keep], second[keep]])]
    return Events(
        person[order], second[order], chosen[order], visit[order], duration[order], value[order]
    )


def _with_values(
    events: Events, people: People, api_limits: Ints, n_days: int, rng: np.random.Generator
) -> Events:
    """Give uploads a size (MB) and API calls a number, well below the account's limit."""
    plain = np.isnan(events.value)
    upload = plain & (events.code == code("file_uploaded"))
    calls = np.flatnonzero(plain & (events.code == code("api_called")))
    size = np.round(rng.lognormal(0.6, 1.1, len(events)), 1)
    value = np.where(upload, size, events.value)
    account = people.account[events.person[calls]]
    many = rng.poisson(40, len(calls)).astype(float)
    most = trailing(account, events.day[calls], many, len(api_limits), n_days).max(axis=1)
    factor = np.minimum(1.0, 0.7 * api_limits / np.maximum(most, 1.0))
    value[calls] = np.maximum(1, np.floor(many * factor[account]))
    return replace(events, value=value)


def trailing(
    account: Ints, day: Ints, value: NDArray[np.float64], n_accounts: int, n_days: int
) -> NDArray[np.float64]:
    """Sum of values over the 30 days up to each day, (n_accounts, n_days)."""
    cell = account * n_days + day
    daily = np.bincount(cell, value, n_accounts * n_days).reshape(n_accounts, n_days)
    total: NDArray[np.float64] = np.cumsum(daily, axis=1, dtype=np.float64)
    total[:, 30:] -= total[:, :-30].copy()
    return total
