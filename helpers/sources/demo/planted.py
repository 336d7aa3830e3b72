"""The list of planted facts: what a notebook should find, and how far it may miss.

``planted`` is the parameter, ``realised`` what it came to in this sample by the simulation's own
state. ``tolerance`` is two and a half standard errors of an estimate from a sample of this size
or, for lists of accounts, how many may go unseen.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from helpers.sources.demo.anomalies import Plan
from helpers.sources.demo.facts_lists import (
    anomaly_facts,
    churn_facts,
    count_facts,
    trend_facts,
)
from helpers.sources.demo.facts_rates import (
    journey_facts,
    rule_facts,
    season_facts,
    share_facts,
)
from helpers.sources.demo.life import Life
from helpers.sources.demo.tally import Tally

__all__ = ["planted_facts"]


def planted_facts(
    life: Life, plan: Plan, tally: Tally, dirt: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Return every planted fact as a record, in a fixed order."""
    facts = [
        *share_facts(life),
        *rule_facts(life, tally),
        *journey_facts(tally),
        *season_facts(life, tally),
        *trend_facts(life, plan, tally.recent),
        *anomaly_facts(plan),
        *churn_facts(life, plan),
        *count_facts(life, tally, dirt),
    ]
    return [_rounded(asdict(fact)) for fact in facts]


def _rounded(record: dict[str, Any]) -> dict[str, Any]:
    return {
        key: round(float(value), 6) if isinstance(value, float | np.floating) else value
        for key, value in record.items()
    }
