"""What makes an account leave: the drivers, their weights, and the weekly hazard.

The hazard of week w is ``exp(base + sum of weight * driver) + acausal``; an account leaves in
that week with probability ``1 - exp(-hazard)``. Every driver is known when the week begins, so
a feature built from the past can recover it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.settings import PLANTED

__all__ = ["ACAUSAL", "BASE", "WEIGHTS", "Driver", "weekly_hazard"]


@dataclass(frozen=True)
class Driver:
    """One reason to leave: its weight on the log hazard, and how it shows in the data."""

    name: str
    weight: float
    meaning: str


WEIGHTS: tuple[Driver, ...] = (
    Driver("decline", 1.85, "log of peak usage over usage now, at most 2"),
    Driver("champion_left", 1.30, "the champion was deactivated in the last 90 days"),
    Driver("escalated_open", 1.00, "an escalated ticket is open"),
    Driver(
        "ticket_and_bulk_import",
        3.58,
        "a ticket and a bulk import within 30 days of each other, in the last 72 days",
    ),
    Driver("detractor", 0.90, "the last NPS answer, at most 182 days old, was 6 or less"),
    Driver("narrow", 0.50, "uses at most 4 features"),
    Driver("overdue", 0.80, "an invoice is overdue"),
    Driver("incident", 1.20, "a usage anomaly of its own in the last 70 days"),
    Driver(
        "rescued",
        float(np.log(PLANTED.rescue_hazard_ratio)),
        "the at-risk rescue began in the last 84 days: protects",
    ),
)

BASE = -8.74
"""Log hazard a week of an account without any driver."""

ACAUSAL = 0.0004
"""Hazard a week that nothing in the data explains."""


def weekly_hazard(drivers: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the hazard of one week for each account."""
    log_hazard = np.full(len(next(iter(drivers.values()))), BASE)
    for driver in WEIGHTS:
        log_hazard += driver.weight * drivers[driver.name]
    return np.exp(log_hazard) + ACAUSAL
