"""Visits that come with an oddity: nightly exports, premium features in a trial, a new champion."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.anomalies import Anomaly
from helpers.sources.demo.people import People
from helpers.sources.demo.scripted import Script
from helpers.sources.demo.settings import Scale
from helpers.sources.demo.taxonomy import code

__all__ = ["Target", "extra_visits"]

_LIMITS = ("near_storage_limit", "near_seat_limit", "api_over_limit")
_PREMIUM = ("automation_run", "workload_planned", "timeline_viewed", "automation_run")
_SHARING = ("item_shared", "comment_added", "comment_added", "community_posted", "report_built")


@dataclass(frozen=True)
class Target:
    """An oddity, the account it befalls (in its chunk), and the people there.

    ``mine`` are all people of the account, ``active`` those who used the product well before and
    go on; at least one in each.
    """

    anomaly: Anomaly
    account: int
    people: People
    scale: Scale
    mine: NDArray[np.int64]
    active: NDArray[np.int64]

    @property
    def days(self) -> range:
        """Days of the oddity."""
        return range(self.anomaly.start, self.anomaly.end)

    @property
    def workdays(self) -> list[int]:
        """Its days from Monday to Friday."""
        return [day for day in self.days if self.scale.date(day).weekday() < 5]


def extra_visits(target: Target, api_limit: int, rng: np.random.Generator) -> list[Script]:
    """Return the scripted visits of an oddity; none for kinds that only change usage."""
    someone = int(target.active[int(rng.integers(0, len(target.active)))])
    kind = target.anomaly.kind
    scripts: list[Script] = []
    if kind == "outlier_actions":
        codes = (code("login"), code("api_key_created"), *([code("export_run")] * 12))
        scripts = [Script(someone, day, codes, hour=h) for day in target.days for h in (10.5, 14.5)]
    elif kind == "suspicious_activity":
        scripts = _break_in(target, someone, int(rng.integers(25, 60)))
    elif kind == "premium_in_trial":
        codes = (code("login"), *(code(name) for name in _PREMIUM))
        scripts = [Script(someone, day, codes) for day in target.workdays]
    elif kind == "five_integrations_three_departments":
        mine, people = target.mine, target.people
        added = mine[(people.joined[mine] == target.anomaly.start) & (people.journey[mine] < 0)]
        codes = (code("login"), *([code("integration_used")] * 3))
        days = target.days[::2]
        scripts = [Script(int(added[n % len(added)]), day, codes) for n, day in enumerate(days)]
    elif kind == "emerging_champion":
        scripts = _emerge(target)
    if kind == "api_over_limit":
        scripts += _machine(target, someone, api_limit)
    if kind in _LIMITS:
        codes = (code("login"), code("limit_reached"))
        scripts += [Script(someone, day, codes) for day in target.days[3::4]]
    return scripts


def _break_in(target: Target, someone: int, failures: int) -> list[Script]:
    """Fail to log in many times at night, then export."""
    fails = (code("login_failed"),) * failures
    night = (code("login"), code("api_key_created"), *([code("export_run")] * 15))
    return [
        script
        for day in target.days
        for script in (
            Script(someone, day, fails, hour=3.2, visit=False),
            Script(someone, day, night, hour=4.6),
        )
    ]


def _emerge(target: Target) -> list[Script]:
    """Let the least active ordinary member share, comment and answer every working day."""
    people, active = target.people, target.active
    members = active[(people.rank[active] > 1) & (people.role[active] != 0)]
    pool = members if len(members) else active
    person = int(pool[np.argmin(people.weight[pool])])
    codes = (
        code("login"),
        *(code(name) for name in _SHARING),
        *([code("task_created")] * 6),
    )
    return [Script(person, day, codes) for day in target.workdays]


def _machine(target: Target, someone: int, limit: int) -> list[Script]:
    """Let a machine call every day, so as to pass the monthly limit before the data end."""
    each = round(1.35 * limit / len(target.days) / 4)
    return [
        Script(someone, day, (code("api_called"),), hour=hour, value=each, visit=False)
        for day in target.days
        for hour in (3.0, 9.0, 15.0, 21.0)
    ]
