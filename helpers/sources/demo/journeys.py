"""The first days of everyone who signs up: what they do, one step after the other.

success   signed_up, email_verified, profile_completed, user_invited, project_created,
          task_created, and a login on the next day
failure   signed_up, email_verified, features_browsed, session_ended, and then nothing for a week
mixed     three others; none of them holds the whole of the success journey, or browses
"""

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.people import People
from helpers.sources.demo.scripted import Script
from helpers.sources.demo.settings import Scale
from helpers.sources.demo.taxonomy import code

__all__ = ["ACTIVATION_DAYS", "eligible", "journey_scripts"]

ACTIVATION_DAYS = (28, 56)

_FIRST = ("signed_up", "email_verified")
_SUCCESS = (*_FIRST, "profile_completed", "user_invited", "project_created", "task_created")
_FAILURE = (*_FIRST, "features_browsed")
_MIXED = (
    (*_FIRST, "profile_completed", "project_created", "task_created"),
    (*_FIRST, "board_viewed", "help_article_viewed"),
    (*_FIRST, "profile_completed", "user_invited", "comment_added"),
)
_CORE = ("task_created", "task_completed")


def journey_scripts(
    people: People, churn_day: NDArray[np.int64], scale: Scale, rng: np.random.Generator
) -> list[Script]:
    """Return the scripted sessions of first days, and the core use that makes "activated"."""
    signs_up = np.flatnonzero(people.journey >= 0)
    variant = rng.choice(3, len(people), p=(0.4, 0.35, 0.25))
    core = rng.integers(0, len(_CORE), len(people))
    when = rng.integers(ACTIVATION_DAYS[0] + 2, ACTIVATION_DAYS[1] - 2, len(people))
    scripts: list[Script] = []
    for person in signs_up.tolist():
        day, steps = int(people.joined[person]), int(people.wizard[person])
        journey, kind = int(people.journey[person]), int(variant[person])
        scripts += _first_days(person, day, journey, kind, steps, scale.outage_day)
        back = day + int(when[person])
        back -= back == scale.outage_day
        if people.activated[person] and back < min(scale.n_days, churn_day[person]):
            name = _CORE[core[person]]
            scripts.append(Script(person, back, (code("login"), code(name))))
    return scripts


def _first_days(
    person: int, day: int, journey: int, variant: int, steps: int, outage_day: int
) -> list[Script]:
    names = (_SUCCESS, _FAILURE, _MIXED[variant])[journey]
    step = code("setup_step_completed")
    codes = [code(name) for name in names]
    first_steps = min(steps, 2)
    position = 3 if len(names) > 4 else 2
    codes[position:position] = [step] * first_steps
    scripts = [Script(person, day, tuple(codes), first_step=1)]
    if journey == 0:
        scripts.append(Script(person, day + 1, (code("login"), code("board_viewed"))))
    if steps > 2:
        later = (code("login"), *([step] * (steps - 2)), code("board_viewed"))
        scripts.append(Script(person, day + 2 + (day + 2 == outage_day), later, first_step=3))
    return scripts


def eligible(people: People, churn_day: NDArray[np.int64], scale: Scale) -> NDArray[np.bool_]:
    """Who can be judged: signed up in the data, 56 days before its end, account still there."""
    end = people.joined + ACTIVATION_DAYS[1]
    return (people.journey >= 0) & (end <= scale.n_days) & (end <= churn_day)
