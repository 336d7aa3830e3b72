"""Write down what is true of the company, beside its data and never inside it."""

import math
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from helpers.sources.demo.anomalies import Plan
from helpers.sources.demo.crm import API_CALLS
from helpers.sources.demo.events import Events
from helpers.sources.demo.facts_lists import RATE_RATIO
from helpers.sources.demo.hazard import ACAUSAL, BASE, WEIGHTS
from helpers.sources.demo.journeys import ACTIVATION_DAYS
from helpers.sources.demo.life import Life
from helpers.sources.demo.people import Chunk, People
from helpers.sources.demo.planted import planted_facts
from helpers.sources.demo.realised import naive_ratio, rescue_arms, trend_accounts
from helpers.sources.demo.settings import PLANTED
from helpers.sources.demo.tally import Tally
from helpers.sources.demo.terms import Book
from helpers.sources.demo.truth_tables import (
    accounts_truth,
    anomalies_truth,
    incidents_truth,
    journeys_truth,
    weeks_truth,
)
from helpers.sources.demo.writer import CsvFile, ParquetFile, write_json

__all__ = ["Truth"]


class Truth:
    """Gathers what is true while chunks are written, and writes it to a folder of its own."""

    def __init__(self, life: Life, plan: Plan, folder: Path, stack: ExitStack) -> None:
        self.life, self.plan, self.folder = life, plan, folder
        self.tally = Tally(life)
        self._trends = trend_accounts(life, plan.plateau)
        self._accounts = stack.enter_context(CsvFile(folder / "accounts.csv"))
        self._journeys = stack.enter_context(CsvFile(folder / "journeys.csv"))
        self._anomalies = stack.enter_context(CsvFile(folder / "anomalies.csv"))
        self._weeks = stack.enter_context(ParquetFile(folder / "weeks.parquet"))

    @property
    def n_people(self) -> int:
        """People of all accounts so far."""
        return self.tally.n_people

    def add(self, chunk: Chunk, people: People, events: Events, books: list[Book]) -> None:
        """Take in one chunk."""
        self.tally.add(chunk, people, events)
        kinds = [outcome.kind for book in books for outcome in book.outcomes]
        self.tally.upgrades += kinds.count("upgraded")
        self._accounts.add(
            accounts_truth(self.life, chunk, self.plan, self._trends, self.tally.recent)
        )
        self._journeys.add(journeys_truth(self.life, chunk, people))
        self._anomalies.add(anomalies_truth(self.life, chunk, self.plan, people, events, books))
        self._weeks.add(weeks_truth(self.life, chunk))

    def finish(self, dirt: Mapping[str, int]) -> None:
        """Write what is known only at the end."""
        self._anomalies.add(incidents_truth(self.life, self.plan))
        write_json(self.folder / "dirt.json", dict(sorted(dirt.items())))
        write_json(self.folder / "churn_drivers.json", churn_drivers())
        write_json(self.folder / "effects.json", effects(self.life))
        facts = planted_facts(self.life, self.plan, self.tally, dirt)
        write_json(self.folder / "planted.json", facts)


def churn_drivers() -> dict[str, Any]:
    """How churn comes about."""
    return {
        "formula": "weekly hazard = exp(base + sum of weight * driver) + acausal",
        "base": BASE,
        "acausal": ACAUSAL,
        "drivers": [asdict(driver) for driver in WEIGHTS],
        "when_known": "Drivers are what was known when the week began.",
        "protected": _PROTECTED,
    }


_PROTECTED = (
    "An account does not leave in its first two weeks, nor while it expands: 98 days from the "
    "start of a burst of invitations; during steady growth and the four weeks after it."
)
_WHY_RATE = (
    "The weekly hazard of every treated account is multiplied by the hazard ratio. In the control "
    "arm those most at risk leave first, so the rates of churn over 84 days differ by less."
)
_WHY_NAIVE = (
    "Managers call the sickest accounts: among accounts at risk, those under usual practice churn "
    "more than those without any rescue, although it protects. Only the randomised arms (arm "
    "filled in) tell."
)


def effects(life: Life) -> dict[str, Any]:
    """Tell what the at-risk rescue does, and what a naive comparison would say."""
    arms = rescue_arms(life)
    rates = {
        name: {**asdict(arm), "churns_a_week": round(arm.rate, 6)} for name, arm in arms.items()
    }
    return {
        "at_risk_rescue": {
            "hazard_ratio": PLANTED.rescue_hazard_ratio,
            "rate_ratio": RATE_RATIO,
            "rate_ratio_means": _WHY_RATE,
            "log_hazard": round(math.log(PLANTED.rescue_hazard_ratio), 6),
            "lasts_days": 84,
            "arms": rates,
            "naive_ratio": naive_ratio(life),
            "why": _WHY_NAIVE,
        },
        "set_up_wizard": {
            "activated_if_finished": PLANTED.wizard_finished_rate,
            "points_over_not_finished": PLANTED.wizard_points,
            "kind": "association: who finishes was drawn, activation follows the journey",
        },
        "activation_days": list(ACTIVATION_DAYS),
        "api_calls_limits": list(API_CALLS),
    }
