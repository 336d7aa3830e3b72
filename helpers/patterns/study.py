"""All pattern questions asked of one run, with what is written, told and shown of the answers."""

from dataclasses import dataclass, replace

import pandas as pd

from helpers.artifacts import Run
from helpers.patterns.agenda import advanced_features
from helpers.patterns.comparison import JourneyComparison, compare_journeys
from helpers.patterns.material import Material, read_material
from helpers.patterns.next_steps import NextSteps, find_next_steps
from helpers.patterns.on_spark import searching
from helpers.patterns.personal import Personal, personalise
from helpers.patterns.rhythm import CompanyRhythm, Trends, find_rhythm, find_trends
from helpers.patterns.rule_search import RuleSearch, mine_rules
from helpers.patterns.sequence_search import mine_sequences
from helpers.patterns.shifts import Shifts, find_shifts
from helpers.patterns.wording import (
    CAVEATS,
    room_for,
    shown_journeys,
    shown_shifts,
    shown_signals,
)

__all__ = ["Study", "study_patterns"]


@dataclass(frozen=True, kw_only=True)
class Study:
    """The answers; each part has its own tables, measures and caveats.

    Parameters
    ----------
    material : Material
        What was read.
    sequences : DataFrame
        From :func:`helpers.patterns.sequence_search.mine_sequences`.
    journeys, shifts, rules, steps, rhythm, trends, personal
        The other parts, by what they answer.
    advanced : DataFrame
        From :func:`helpers.patterns.agenda.advanced_features`.
    """

    material: Material
    sequences: pd.DataFrame
    journeys: JourneyComparison
    shifts: Shifts
    rules: RuleSearch
    steps: NextSteps
    rhythm: CompanyRhythm
    trends: Trends
    personal: Personal
    advanced: pd.DataFrame

    @property
    def told(self) -> pd.DataFrame:
        """The sequences that are reported."""
        return self.sequences[self.sequences["reported"]]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """What is written, by name."""
        named = {"sequences": self.sequences, "advanced_features": self.advanced}
        for part in (
            self.journeys,
            self.shifts,
            self.rules,
            self.steps,
            self.rhythm,
            self.trends,
            self.personal,
        ):
            named |= part.tables
        return named

    @property
    def shown(self) -> dict[str, pd.DataFrame]:
        """The patterns for a reader, twelve at most in all: paths, signals, turns and steps."""
        every = {
            "paths": shown_journeys(self.sequences),
            "signals": shown_signals(self.sequences),
            "turns": shown_shifts(self.shifts.table, as_of=self.material.as_of),
            "steps": self.steps.shown,
        }
        rows = room_for(**{name: len(table) for name, table in every.items()})
        return {name: table.head(rows[name]) for name, table in every.items()}

    @property
    def left_out(self) -> int:
        """Reported patterns for which there was no room."""
        reported = (self.sequences, self.shifts.table, self.steps.table)
        told = sum(int(table["reported"].sum()) for table in reported)
        return told - sum(len(table) for table in self.shown.values())

    @property
    def headline(self) -> str:
        """The sentences over ``values`` for the finding."""
        return (
            f"{self.journeys.headline}{self.steps.headline}{self.shifts.headline} "
            f"{self.trends.headline}"
        )

    @property
    def values(self) -> dict[str, float | str]:
        """Every number of the headline, and how much was searched."""
        found: dict[str, float | str] = {}
        for part in (self.journeys, self.shifts, self.rules, self.steps, self.rhythm, self.trends):
            found |= part.measures
        return {
            **found,
            **self.personal.measures,
            "units": f"{self.material.journeys.unit_kind}s",
            "n_patterns": len(self.sequences),
            "n_told": len(self.told),
        }

    @property
    def caveats(self) -> tuple[str, ...]:
        """What a reader must know."""
        return (*CAVEATS, *self.rhythm.caveats, *self.trends.caveats, *self.personal.caveats)

    @property
    def missing(self) -> tuple[str, ...]:
        """What could not be computed, and why."""
        why = self.steps.why_not
        return (
            *self.material.missing,
            *([f"next steps: not computed, because {why}"] if why else []),
        )


def study_patterns(
    run: Run,
    *,
    journey_days: int,
    activation_days: list[int],
    basket_days: int,
    min_support: float,
    min_rule_support: float,
    max_length: int,
    max_q: float,
    single: tuple[str, ...] = (),
) -> Study:
    """Read a run once and ask all pattern questions of it.

    Sequences and itemsets are searched on Spark where that is the configuration's engine.

    Parameters
    ----------
    run : Run
        With the tables of 01 and 02, and the stages of 03 for next steps.
    journey_days, activation_days, basket_days
        As in :func:`helpers.patterns.material.read_material`.
    min_support, max_length, max_q
        As in :func:`helpers.patterns.sequence_search.mine_sequences`.
    min_rule_support : float
        As ``min_support`` in :func:`helpers.patterns.rule_search.mine_rules`.
    single : tuple of str
        Steps to estimate alone, beside the whole journeys.
    """
    material = read_material(
        run, journey_days=journey_days, activation_days=activation_days, basket_days=basket_days
    )
    with searching(run.config().engine) as session:
        there = replace(material, spark=session)
        sequences = mine_sequences(
            there, min_support=min_support, max_length=max_length, max_q=max_q
        )
        rules = mine_rules(there, min_support=min_rule_support, max_q=max_q)
    steps = find_next_steps(material, max_q=max_q)
    rhythm = find_rhythm(material)
    return Study(
        material=material,
        sequences=sequences,
        journeys=compare_journeys(sequences, material.journeys, single=single),
        shifts=find_shifts(material.visits, as_of=material.as_of, max_q=max_q),
        rules=rules,
        steps=steps,
        rhythm=rhythm,
        trends=find_trends(material, rhythm),
        personal=personalise(material, steps),
        advanced=advanced_features(material.live_feature_days, material.marked),
    )
