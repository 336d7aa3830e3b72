"""The size of the made-up company, its clock, and every number that is planted in it.

Days are counted from the first day of data (day 0); weeks are counted back from the end, so
that the last week is whole and the first may be cut short.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.errors import ConfigError

__all__ = ["CHUNK", "END", "PLANTED", "STREAMS", "Planted", "Scale", "generator"]

END = dt.date(2026, 7, 1)
"""First day without data: the as-of date of the newest report."""

CHUNK = 100
"""Accounts whose events are made, held and written together."""

NEW_DAYS = 91
"""An account is new for so many days."""

EDITION = 4
"""Goes into every draw. Of fourteen editions tried, one whose company of the default size and seed
is an ordinary one: every planted rate comes out within one standard error, and the comparison that
misleads in expectation misleads there too. Other seeds scatter as their tolerances say."""

STREAMS = {
    name: number
    for number, name in enumerate(
        (
            "population",
            "states",
            "anomalies",
            "people",
            "journeys",
            "events",
            "support",
            "commerce",
            "relations",
            "dirt",
            "feedback",
        )
    )
}
"""Each part of the company draws from a stream of its own: adding to one moves no other."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How large, how long, and which of all possible companies.

    Raises
    ------
    ConfigError
        If there are fewer than 50 accounts or 6 months, more than 1,000,000 accounts or 60
        months, or a negative seed.
    """

    accounts: int = 600
    months: int = 15
    seed: int = 20260701

    def __post_init__(self) -> None:
        limits = {"accounts": (50, 1_000_000), "months": (6, 60), "seed": (0, 2**63 - 1)}
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise ConfigError(f"demo: expected a whole number for {name}, got {value!r}.")
            if not low <= value <= high:
                raise ConfigError(
                    f"demo: expected {name} between {low:,} and {high:,}, got {value:,}. "
                    "Fewer accounts or months hold too little for the planted patterns to show."
                )

    @property
    def start(self) -> dt.date:
        """First day of data."""
        months = END.year * 12 + END.month - 1 - self.months
        return dt.date(months // 12, months % 12 + 1, 1)

    @property
    def n_days(self) -> int:
        """Days of data."""
        return (END - self.start).days

    @property
    def n_weeks(self) -> int:
        """Weeks of data, the first one perhaps cut short."""
        return -(-self.n_days // 7)

    @property
    def n_chunks(self) -> int:
        """Portions of accounts."""
        return -(-self.accounts // CHUNK)

    @property
    def outage_day(self) -> int:
        """The Wednesday on which the event source delivered nothing at all."""
        return self.n_days - 49

    def first_day(self, week: int) -> int:
        """Day on which a week begins; below 0 for a first week that is cut short."""
        return self.n_days - 7 * (self.n_weeks - week)

    def week_of(self, day: NDArray[np.int64]) -> NDArray[np.int64]:
        """Week in which each day lies."""
        return self.n_weeks - 1 - (self.n_days - 1 - np.asarray(day)) // 7

    def date(self, day: int) -> dt.date:
        """Calendar date of a day."""
        return self.start + dt.timedelta(days=int(day))

    def per_600(self, count: float) -> int:
        """Scale a count that is meant for 600 accounts; at least 1."""
        return max(1, round(count * self.accounts / 600))


@dataclass(frozen=True, kw_only=True)
class Planted:
    """What is true of the company by construction. Money apart, nothing else is planted."""

    share_power: float = 0.15
    share_casual: float = 0.45
    share_at_risk: float = 0.20
    share_new: float = 0.20
    decline_per_week: float = 0.05
    growth_per_week: float = 0.04
    growth_weeks_min: int = 8
    plateau_weeks: int = 12
    ticket_feature_lift: float = 3.2
    feature_a_to_b: float = 0.85
    burst_upgrade: float = 0.67
    success_rate: float = 0.78
    failure_rate: float = 0.12
    mixed_rate: float = 0.45
    success_share: float = 0.45
    failure_share: float = 0.30
    wizard_finished_rate: float = 0.60
    wizard_points: float = 0.15
    rescue_hazard_ratio: float = 0.60
    opted_out_share: float = 0.015
    weekday: tuple[float, ...] = (0.95, 1.15, 1.20, 1.15, 0.90, 0.25, 0.20)
    early_month: float = 1.15
    late_month: float = 0.93
    quarter_end: float = 1.12
    summer: float = 0.85
    fourth_quarter: float = 1.10
    year_end: float = 0.40
    holiday: float = 0.35


PLANTED = Planted()


def generator(seed: int, stream: str, chunk: int = 0) -> np.random.Generator:
    """Return the random generator of one stream and chunk; independent of all others."""
    return np.random.default_rng([EDITION, seed, STREAMS[stream], chunk])


def avoiding_outage(day: NDArray[np.int64], scale: Scale) -> NDArray[np.int64]:
    """Move what must be seen in the data off the day on which nothing was delivered."""
    return np.where(day == scale.outage_day, day - 1, day)
