"""The two first journeys worth telling, set against each other, in numbers and in a sentence."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.patterns.divergence import (
    WHOLE,
    best_and_worst,
    divergence,
    journey_ratio,
    setup_contrast,
    surest,
)
from helpers.patterns.journeys import Journeys
from helpers.patterns.paths import first_steps, path_of
from helpers.patterns.wording import with_interval

__all__ = ["JourneyComparison", "compare_journeys"]

_BOTH = (
    "{success_rate:.0%} of the {success_n:,} {units} on the surest first journey were active "
    "weeks later, and {failure_rate:.0%} of the {failure_n:,} on the one that fails most; the "
    "paths part at step {parting_step}, {parting_words}."
)
_ONE = (
    "{{{side}_rate:.0%}} of the {{{side}_n:,}} {{units}} whose first days hold {{{side}_path}} "
    "were active weeks later, {{base_rate:.0%}} of all."
)
_NO_OTHER = " No first journey lies as clearly {other} that."
_SMALL = (
    "{n_paths} first journeys differ from the others with certainty, but none by a tenth of the "
    "{base_rate:.0%} of all {units} that were active weeks later."
)
_NONE = "No two first journeys can be told apart by what came weeks later."


@dataclass(frozen=True, kw_only=True)
class JourneyComparison:
    """The two paths worth telling, and what is known of them.

    Parameters
    ----------
    paths : dict of str to list of str
        ``success`` and ``failure``; a key is missing where no path is certain.
    steps : DataFrame
        From :func:`divergence`.
    ratios : DataFrame
        From :func:`journey_ratio`.
    setup : DataFrame
        From :func:`setup_contrast`.
    measures : dict of str to float or str
        Rates, counts and the step of parting, for the finding; of one path if there are no two
        to set against each other, and only the number of paths if none differs by much.
    """

    paths: dict[str, list[str]]
    steps: pd.DataFrame
    ratios: pd.DataFrame
    setup: pd.DataFrame
    measures: dict[str, float | str]

    @property
    def headline(self) -> str:
        """The sentence over ``measures`` for the finding."""
        if "parting_step" in self.measures:
            return _BOTH
        for side, other in (("success", "below"), ("failure", "above")):
            if f"{side}_rate" in self.measures:
                alone = self.measures["n_sides"] == 1
                return _ONE.format(side=side) + _NO_OTHER.format(other=other) * alone
        return _SMALL if self.measures.get("n_paths") else _NONE

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """What is written, by name."""
        return {"divergence": self.steps, "journey_ratios": self.ratios, "setup": self.setup}

    @property
    def setup_shown(self) -> pd.DataFrame:
        """The comparison of set-up steps for a reader."""
        columns = ["steps_done", "n_units", "outcome_rate", "interval"]
        return with_interval(self.setup)[columns]


def compare_journeys(
    sequences: pd.DataFrame, journeys: Journeys, *, single: tuple[str, ...] = ()
) -> JourneyComparison:
    """Find the surest success and failure, and say where and by how much they differ.

    ``sequences`` come from :func:`helpers.patterns.sequence_search.mine_sequences`; ``single``
    names the steps to estimate alone.
    """
    paths = best_and_worst(sequences, journeys)
    steps = divergence(journeys, paths)
    ratios = journey_ratio(journeys, paths, single=single)
    whole = ratios[ratios["comparison"] == WHOLE]
    measures = _of_both(whole.iloc[0], steps) if len(whole) else _of_one(sequences, journeys)
    return JourneyComparison(
        paths=paths, steps=steps, ratios=ratios, setup=setup_contrast(journeys), measures=measures
    )


def _of_both(row: "pd.Series[Any]", steps: pd.DataFrame) -> dict[str, float | str]:
    parting = steps[steps["diverges"] & (steps["path"] == "success")].iloc[0]
    return {
        "success_rate": float(row["rate_first"]),
        "success_n": int(row["n_first"]),
        "failure_rate": float(row["rate_second"]),
        "failure_n": int(row["n_second"]),
        "journey_ratio": float(row["ratio"]),
        "parting_step": int(parting["step_no"]),
        "parting_name": str(parting["step"]),
        "parting_words": str(parting["step"]).replace("_", " "),
    }


def _of_one(sequences: pd.DataFrame, journeys: Journeys) -> dict[str, float | str]:
    """Say what is certain where there are no two journeys to set against each other.

    The surest journey counts however few took it: a page that shows it must not deny it.
    """
    told = sequences[sequences["reported"] & (sequences["outcome"] == "activated")]
    found: dict[str, float | str] = {"n_paths": len(told)}
    sides = surest(told, min_share=0.0)
    if len(told):
        found |= {"base_rate": float(told["base_rate"].iloc[0]), "n_sides": len(sides)}
    for side, row in list(sides.items())[:1]:
        path = path_of(row["pattern"], first_steps(journeys))
        found[f"{side}_rate"] = float(row["outcome_rate"])
        found[f"{side}_n"] = int(row["n_units"])
        found[f"{side}_path"] = ", then ".join(path).replace("_", " ")
    return found
