"""What the pattern notebook says of the facts that a made-up company was given."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.artifacts import Run

__all__ = ["in_patterns"]

NOTEBOOK = "04_sequence_association_mining"
SUCCESS = (
    "signed_up",
    "email_verified",
    "profile_completed",
    "user_invited",
    "project_created",
    "task_created",
    "returned_next_day",
)
FAILURE = ("signed_up", "email_verified", "features_browsed", "session_ended", "no_return")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ORDINARY_MONTHS = ("January", "February", "March", "April", "May", "June", "September")


def in_patterns(run: Run, truth: Path) -> dict[str, float]:
    """Read journeys, rules, seasons and trends from the tables of the notebook.

    Parameters
    ----------
    run : Run
        With the tables of 04.
    truth : Path
        Folder of the truth; tells which accounts the plateaus and growth episodes belong to.

    Returns
    -------
    dict of key to value
        NaN where the notebook does not have it.
    """
    return {
        **_journeys(run),
        **_rules(run.read(NOTEBOOK, "rules_searched")),
        **_seasons(run.read(NOTEBOOK, "seasonality")),
        **_trends(run.read(NOTEBOOK, "trends"), truth),
    }


def _journeys(run: Run) -> dict[str, float]:
    sequences = run.read(NOTEBOOK, "sequences")
    divergence, setup = run.read(NOTEBOOK, "divergence"), run.read(NOTEBOOK, "setup")
    success, failure = _rate_of(sequences, SUCCESS), _rate_of(sequences, FAILURE)
    parts = divergence[(divergence["path"] == "success") & divergence["diverges"]]
    found = {
        "Q-02.success_rate": success,
        "Q-03.failure_rate": failure,
        "Q-04.ratio": success / failure if failure else float("nan"),
        "Q-05.step": float(parts["step_no"].iloc[0]) if len(parts) else float("nan"),
    }
    finished, rest = setup[setup["finished"]], setup[~setup["finished"]]
    if len(finished) and rest["n_units"].sum():
        rate = float(finished["outcome_rate"].iloc[0])
        others = float((rest["outcome_rate"] * rest["n_units"]).sum() / rest["n_units"].sum())
        found |= {"B-02.finished_rate": rate, "B-02.points": rate - others}
    return found


def _rate_of(sequences: pd.DataFrame, path: Sequence[str]) -> float:
    mine = [list(pattern) == list(path) for pattern in sequences["pattern"]]
    rates = sequences.loc[mine, "outcome_rate"]
    return float(rates.iloc[0]) if len(rates) else float("nan")


def _rules(rules: pd.DataFrame) -> dict[str, float]:
    def value(left: Sequence[str], right: str, column: str) -> float:
        mine = [
            sorted(a) == sorted(left) and list(c) == [right]
            for a, c in zip(rules["antecedents"], rules["consequents"], strict=True)
        ]
        found = rules.loc[mine, column]
        return float(found.iloc[0]) if len(found) else float("nan")

    trouble = ("ticket opened", "uses bulk_import")
    return {
        "A-02.confidence": value(("uses automations",), "uses workload", "confidence"),
        "A-03.lift": value(trouble, "churned next", "lift"),
        "A-03.exposed_share": value(trouble, "churned next", "coverage"),
        "A-04.confidence": value(("invites > 5",), "upgraded to annual plan next", "confidence"),
    }


def _seasons(seasonality: pd.DataFrame) -> dict[str, float]:
    index = seasonality.set_index(["cycle", "position"])["index"]

    def at(cycle: str, *positions: str) -> float:
        values = [index.get((cycle, position), float("nan")) for position in positions]
        return float(sum(values) / len(values))

    ordinary = at("year", *ORDINARY_MONTHS)
    return {
        **{f"T-01.{day.lower()}": at("week", day) for day in WEEKDAYS},
        "T-02.early_month": at("month", "days 1 to 7") / at("month", "days 8 to 20"),
        "T-02.late_month": at("month", "day 21 to the end") / at("month", "days 8 to 20"),
        "T-03.quarter_end": (
            at("quarter", "last two weeks") / at("quarter", "rest of the quarter")
        ),
        "T-03.summer": at("year", "July", "August") / ordinary,
        "T-03.fourth_quarter": at("year", "October", "November", "December") / ordinary,
    }


def _trends(trends: pd.DataFrame, truth: Path) -> dict[str, float]:
    kinds = trends.set_index("account_id")["kind"]
    slopes = trends.set_index("account_id")["slope_per_week"]
    return {
        **{
            # of all that were planted: those named are the ones whose slope came out steep
            key: float(slopes.reindex(_planted(truth, trend)).median())
            for key, trend in (
                ("T-04.change_per_week", "declining"),
                ("T-05.change_per_week", "growing"),
            )
        },
        **{
            key: float((kinds.reindex(_planted(truth, trend)) == kind).sum())
            for key, trend, kind in (
                ("T-04.accounts", "declining", "gradual_decline"),
                ("T-05.accounts", "growing", "steady_growth"),
                ("T-06.accounts", "plateau", "plateau"),
            )
        },
    }


def _planted(truth: Path, trend: str) -> list[str]:
    """Return the accounts whose trend at the end of the data is the one named, and visible."""
    listed = pd.read_csv(truth / "accounts.csv", dtype="str")
    mine = (listed["trend"] == trend) & (listed.get("trend_visible", "True") == "True")
    return list(listed.loc[mine, "account_id"])
