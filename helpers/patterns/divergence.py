"""Where the paths of those who became active and of those who did not part, and by how much."""

from typing import Any

import numpy as np
import pandas as pd

from helpers.patterns.contrast import contrast, exposures
from helpers.patterns.journeys import Journeys
from helpers.patterns.mining import ranked
from helpers.patterns.paths import first_steps, holds, path_of, steps_reached
from helpers.stats import safe_ratio, wilson

__all__ = ["WHOLE", "best_and_worst", "divergence", "journey_ratio", "setup_contrast", "surest"]

WHOLE = "success journey / failure journey"
"""Name of the comparison of the two whole journeys."""
MIN_SHARE, MIN_DIFFERENCE = 0.10, 0.10
"""A path that fewer of the units take, or whose rate differs less from all (as a share of the
rate of all), is no headline."""


def best_and_worst(sequences: pd.DataFrame, journeys: Journeys) -> dict[str, list[str]]:
    """Choose the two paths to tell: the surest success and the surest failure.

    Parameters
    ----------
    sequences : DataFrame
        From :func:`helpers.patterns.mining.contrast_patterns`, of these journeys.
    journeys : Journeys
        Whose first occurrences of each token were mined.

    Returns
    -------
    dict of str to list of str
        ``success`` and ``failure``; each everything that all units of its class did, in order.
        A key is missing where no pattern is certain.
    """
    steps = first_steps(journeys)
    return {side: path_of(row["pattern"], steps) for side, row in surest(sequences).items()}


def surest(sequences: pd.DataFrame, *, min_share: float = MIN_SHARE) -> dict[str, "pd.Series[Any]"]:
    """Choose the pattern of each side that enough units show and that differs enough."""
    told = ranked(sequences[sequences["outcome"] == "activated"])
    told = told[told["support"] >= min_share]
    above, below = told[told["lift"] > 1 + MIN_DIFFERENCE], told[told["lift"] < 1 - MIN_DIFFERENCE]
    found = {}
    if len(above):
        found["success"] = above.iloc[int(above["low"].argmax())]
    if len(below):
        found["failure"] = below.iloc[int(below["high"].argmin())]
    return found


def divergence(journeys: Journeys, paths: dict[str, list[str]]) -> pd.DataFrame:
    """Follow a path step by step: which share of each outcome got that far, in order.

    Parameters
    ----------
    journeys : Journeys
        Judged units only are counted.
    paths : dict of str to list of str
        From :func:`best_and_worst`, or any paths by name.

    Returns
    -------
    DataFrame
        ``path``, ``step_no``, ``step``, ``success_share`` and ``failure_share`` (of the units
        that did, or did not, become active), each with ``_low`` and ``_high``, ``gap`` (their
        difference), ``gap_change`` (what this step adds to it) and ``diverges`` (the step that
        adds most, one a path).
    """
    units, steps = journeys.judged, first_steps(journeys)
    active = units["activated"].to_numpy(bool)
    rows = []
    for name, path in paths.items():
        reached = np.array([steps_reached(step, path) for step in steps], dtype=int)
        for number in range(1, len(path) + 1):
            got = reached >= number
            row = {"path": name, "step_no": number, "step": path[number - 1]}
            for group, mask in (("success", active), ("failure", ~active)):
                low, high = wilson((got & mask).sum(), mask.sum())
                share = float(safe_ratio((got & mask).sum(), mask.sum()))
                row |= {
                    f"{group}_share": share,
                    f"{group}_low": float(low),
                    f"{group}_high": float(high),
                }
            rows.append(row)
    frame = pd.DataFrame(rows, columns=_DIVERGENCE)
    frame["gap"] = frame["success_share"] - frame["failure_share"]
    change = frame.groupby("path", sort=False)["gap"].diff().fillna(frame["gap"])
    frame["gap_change"] = change.astype(float)
    frame["diverges"] = False
    for part in frame.groupby("path", sort=False).groups.values():
        frame.loc[frame.loc[part, "gap_change"].abs().idxmax(), "diverges"] = True
    return frame


_DIVERGENCE = [
    "path",
    "step_no",
    "step",
    "success_share",
    "success_low",
    "success_high",
    "failure_share",
    "failure_low",
    "failure_high",
]


def journey_ratio(
    journeys: Journeys, paths: dict[str, list[str]], *, single: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Set the ratio of two whole journeys beside the estimate for one step alone.

    Parameters
    ----------
    journeys : Journeys
        Judged units only are counted.
    paths : dict of str to list of str
        ``success`` and ``failure``.
    single : tuple of str
        Steps to estimate alone: all who took it against all who did not, whatever else they
        did. A step that nobody or everybody took is left out.

    Returns
    -------
    DataFrame
        ``comparison``, ``n_first``, ``rate_first``, ``n_second``, ``rate_second``, ``ratio``,
        ``p_value``, ``differing_steps`` (list), ``reads_as`` (what kind of number it is).
    """
    units, steps = journeys.judged, first_steps(journeys)
    active, accounts = units["activated"].to_numpy(bool), units["account_id"].to_numpy()
    rows = []
    if {"success", "failure"} <= set(paths):
        names = ("success", "failure")
        shown = [np.array([holds(p, paths[name]) for p in steps], bool) for name in names]
        either = np.logical_or(*shown)
    if {"success", "failure"} <= set(paths) and (shown[1] & ~shown[0]).any():
        rows.append(
            _compare(WHOLE, shown, active, accounts, either)
            | {
                "differing_steps": sorted(set(paths["success"]) ^ set(paths["failure"])),
                "reads_as": "ratio of two observed rates; the journeys differ in several steps",
            }
        )
    for token in single:
        took = np.array([token in path for path in steps], bool)
        if took.any() and not took.all():
            rows.append(
                _compare(f"{token} / no {token}", [took, ~took], active, accounts, took | ~took)
                | {
                    "differing_steps": [token],
                    "reads_as": "ratio of two observed rates; one step, whatever else was done",
                }
            )
    return pd.DataFrame(rows, columns=_RATIO)


_RATIO = [
    "comparison",
    "n_first",
    "rate_first",
    "n_second",
    "rate_second",
    "ratio",
    "p_value",
    "differing_steps",
    "reads_as",
]


def setup_contrast(journeys: Journeys) -> pd.DataFrame:
    """Compare activation by how many steps of the set-up were done in the first days.

    Returns
    -------
    DataFrame
        ``steps_done``, ``finished`` (all of them), ``n_units``, ``n_accounts``,
        ``outcome_rate``, ``low``, ``high``, ``base_rate``, ``p_value``; one row a number of
        steps. No rows where no set-up is tracked.
    """
    units = journeys.judged
    done = units["setup_done"].to_numpy(int)
    steps = range(journeys.setup_steps + 1) if journeys.setup_steps else range(0)
    exposed = exposures([np.flatnonzero(done == number) for number in steps])
    found = contrast(exposed, units["activated"], units["account_id"], min_units=1)
    found = found.assign(steps_done=list(steps))
    found["finished"] = found["steps_done"] == journeys.setup_steps
    columns = ["steps_done", "finished", "n_units", "n_accounts", "outcome_rate"]
    return found[[*columns, "low", "high", "base_rate", "p_value"]]


def _compare(
    name: str,
    shown: list[np.ndarray],
    active: np.ndarray,
    accounts: np.ndarray,
    among: np.ndarray,
) -> dict[str, object]:
    """Compare units that show the first with those that show the second; both counts once."""
    first, second = (np.asarray(mask, bool) & among for mask in shown)
    second = second & ~first
    both = first | second
    found = contrast(
        exposures([np.flatnonzero(first[both])]), active[both], accounts[both], min_units=1
    ).iloc[0]
    return {
        "comparison": name,
        "n_first": int(first.sum()),
        "rate_first": found["outcome_rate"],
        "n_second": int(second.sum()),
        "rate_second": found["rate_without"],
        "ratio": found["relative_risk"],
        "p_value": found["p_value"],
    }
