import datetime as dt

import numpy as np
import pytest

from helpers.errors import ConfigError
from helpers.sources.demo.settings import Scale, avoiding_outage, generator


def test_data_end_with_june_and_begin_with_a_month() -> None:
    assert Scale().start == dt.date(2025, 4, 1)
    assert Scale(months=6).start == dt.date(2026, 1, 1)
    assert Scale(months=60).start == dt.date(2021, 7, 1)
    assert Scale().date(Scale().n_days) == dt.date(2026, 7, 1)


@pytest.mark.parametrize("months", [6, 7, 15, 24])
def test_the_last_week_is_whole_and_every_day_has_a_week(months: int) -> None:
    scale = Scale(months=months)
    days = np.arange(scale.n_days)
    week = scale.week_of(days)
    assert (week[-7:] == scale.n_weeks - 1).all()
    assert week[0] == 0
    assert (np.diff(week) >= 0).all()
    assert all(
        scale.first_day(int(w)) <= d < scale.first_day(int(w)) + 7 for d, w in enumerate(week)
    )


def test_outage_is_a_wednesday_and_is_avoided() -> None:
    scale = Scale()
    assert scale.date(scale.outage_day).weekday() == 2
    moved = avoiding_outage(np.array([scale.outage_day, scale.outage_day + 1]), scale)
    assert moved.tolist() == [scale.outage_day - 1, scale.outage_day + 1]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"accounts": 49}, "accounts between 50 and 1,000,000, got 49"),
        ({"months": 5}, "months between 6 and 60, got 5"),
        ({"months": 61}, "months between 6 and 60, got 61"),
        ({"seed": -1}, "seed between 0"),
        ({"accounts": 600.0}, "a whole number for accounts, got 600.0"),
        ({"accounts": True}, "a whole number for accounts, got True"),
    ],
)
def test_silly_sizes_are_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Scale(**given)  # type: ignore[arg-type]


def test_streams_and_chunks_are_independent() -> None:
    drawn = [
        generator(seed, stream, chunk).random()
        for seed in (1, 2)
        for stream in ("events", "people")
        for chunk in (0, 1)
    ]
    assert len(set(drawn)) == len(drawn)
    assert generator(1, "events", 3).random() == generator(1, "events", 3).random()
