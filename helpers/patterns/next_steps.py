"""What did accounts of each lifecycle stage do next that stood well later? A ranked list.

An *account-date* is an account in a lifecycle stage on a date. Its *next steps* are what it did in
the days up to the following date and had not done in the days before: a feature taken into use, a
colleague invited, a training or a review with its CSM. The outcome lies later still: on the
first date at least a horizon after the first one, is the account in a stage that is well
(:data:`WELL`)? An account that has left is not.

A step is compared with accounts of the same stage that had not taken it either and did not: first
with all of them, then with those that used as many other features in the same days, for who comes
to life takes every step. The larger p-value of the two counts; each stage is a family of tests
(:mod:`helpers.patterns.families`). This is what was observed side by side, not what a step is
worth: that only a test with some accounts left out can show.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from helpers.patterns.advice import advise_on_steps
from helpers.patterns.alike import among_alike
from helpers.patterns.contrast import contrast, exposures, holds_twice
from helpers.patterns.families import q_by_family
from helpers.patterns.itemsets import incidence
from helpers.patterns.material import Material
from helpers.patterns.transitions import step_matrix, transitions
from helpers.patterns.wording import say_steps, with_interval

__all__ = ["STEP_COLUMNS", "WELL", "NextSteps", "find_next_steps"]

WELL = ("Adopting", "Established", "Power User")
"""Stages of an account that is well; the others are at risk, dormant, gone, or still beginning."""
STEPS = ("uses ", "colleague invited", "contact ")
"""Beginnings of the items that somebody can be asked to do."""
STEP_COLUMNS = (
    "lifecycle_stage",
    "place",
    "step",
    "n_units",
    "n_hits",
    "n_accounts",
    "coverage",
    "outcome_rate",
    "low",
    "high",
    "base_rate",
    "rate_without",
    "lift",
    "relative_risk",
    "alike_lift",
    "p_value",
    "q_value",
    "replicated",
    "reported",
    "n_now",
    "action",
    "reads_as",
)
_SHOWN = (
    "lifecycle_stage",
    "step",
    "n_units",
    "outcome_rate",
    "interval",
    "rate_without",
    "alike_lift",
    "q_value",
    "n_now",
    "what_to_do",
)


@dataclass(frozen=True, kw_only=True)
class NextSteps:
    """The steps by stage, who could take them now, and how steps follow each other.

    Parameters
    ----------
    table : DataFrame
        Every step tried, with the columns ``STEP_COLUMNS``: by stage, the surest first
        (``place``); ``reported`` marks those that stand.
    accounts : DataFrame
        ``account_id``, ``lifecycle_stage``, ``place``, ``step``, ``action``: reported steps that
        an account of the stage has not taken; by account and place.
    transitions, matrix : DataFrame
        From :mod:`helpers.patterns.transitions`, of first days and of sessions.
    why_not : str
        Why there are no steps; empty if there could be some.
    """

    table: pd.DataFrame
    accounts: pd.DataFrame
    transitions: pd.DataFrame
    matrix: pd.DataFrame
    why_not: str

    @property
    def shown(self) -> pd.DataFrame:
        """The reported steps for a reader."""
        mine = with_interval(self.table[self.table["reported"]])
        return mine.assign(what_to_do=mine["action"])[list(_SHOWN)].reset_index(drop=True)

    @property
    def headline(self) -> str:
        """The sentence over ``measures`` for the finding; empty if no step stands."""
        if not self.measures["n_next_steps"]:
            return ""
        return (
            " Of {step_stage} accounts that came to '{step_name}' next, {step_rate:.0%} stood well "
            "{step_days} days on, against {step_without:.0%} of the others."
        )

    @property
    def measures(self) -> dict[str, float | str]:
        """How many steps were tried and stand, and the surest of them."""
        told = self.table[self.table["reported"]]
        found: dict[str, float | str] = {
            "n_next_steps": len(told),
            "n_steps_tried": int(self.table["p_value"].notna().sum()),
        }
        if len(told):
            assured = (told["low"] - told["rate_without"]).to_numpy(float)
            first = told.iloc[int(assured.argmax())]
            found |= {
                "step_stage": str(first["lifecycle_stage"]),
                "step_name": str(first["step"]),
                "step_rate": float(first["outcome_rate"]),
                "step_without": float(first["rate_without"]),
                "step_days": int(self.table.attrs["days"]),
            }
        return found

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """What is written, by name."""
        return {
            "next_steps": self.table,
            "next_step_accounts": self.accounts,
            "transitions": self.transitions,
            "step_matrix": self.matrix,
        }


def find_next_steps(material: Material, *, min_units: int = 20, max_q: float = 0.05) -> NextSteps:
    """Rank the next steps of each lifecycle stage, and lay out how steps follow each other.

    Parameters
    ----------
    material : Material
        From :func:`helpers.patterns.material.read_material`; ``stages`` come from 03.
    min_units : int
        Fewer account-dates with, or without, a step: not tested.
    max_q : float
        Largest q-value reported; every step of every stage counts.
    """
    pairs, table = _account_dates(material)
    parts = [
        _judged(rows, table, stage, min_units)
        for stage, rows in pairs.groupby("lifecycle_stage", sort=True)
    ]
    steps = (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(STEP_COLUMNS))
    )
    steps["q_value"] = q_by_family(steps["p_value"].astype(float), steps["lifecycle_stage"])
    steps = _ranked(steps, max_q)
    steps, accounts = _open_now(steps, material, table)
    days = material.horizon_days
    steps = steps.assign(action=advise_on_steps(steps), reads_as=say_steps(steps, days=days))
    accounts = accounts.merge(steps[["lifecycle_stage", "step", "action"]], how="left")
    ordered = steps[list(STEP_COLUMNS)].reset_index(drop=True)
    ordered.attrs["days"] = days
    flows, matrix = _flows(material)
    return NextSteps(
        table=ordered,
        accounts=accounts,
        transitions=flows,
        matrix=matrix,
        why_not="" if len(pairs) else _why_not(material),
    )


def _why_not(material: Material) -> str:
    if material.stages is None or material.stages.empty:
        return "no lifecycle stage is known (03 has not run)"
    return "no account has a stage, a following date and a known outcome"


def _account_dates(material: Material) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Account-dates with a known outcome (their baskets before and after), and all baskets."""
    held = material.together
    table = incidence(held.items, held.baskets["basket"]).set_axis(
        held.baskets["basket"].to_numpy()
    )
    columns = ["account_id", "lifecycle_stage", "as_of", "before", "after", "well"]
    if material.stages is None or held.baskets.empty:
        return pd.DataFrame(columns=columns), table
    keys = ["account_id", "as_of"]
    staged = held.baskets[["basket", *keys]].merge(material.stages, on=keys)
    dates = sorted(staged["as_of"].unique())
    parts = []
    for now, then in pairwise(dates):
        far = now + pd.Timedelta(days=material.horizon_days)
        later = next((date for date in dates if date >= far and date > then), None)
        if later is None or (then - now).days > 2 * held.basket_days:
            continue
        mine = staged[staged["as_of"] == now].rename(columns={"basket": "before"})
        follows = staged.loc[staged["as_of"] == then, ["account_id", "basket"]]
        mine = mine.merge(follows.rename(columns={"basket": "after"}), on="account_id")
        well = staged.loc[(staged["as_of"] == later) & staged["lifecycle_stage"].isin(WELL)]
        parts.append(mine.assign(well=mine["account_id"].isin(well["account_id"])))
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return found[columns], table


def _candidates(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in table if str(name).startswith(STEPS)]


def _judged(rows: pd.DataFrame, table: pd.DataFrame, stage: object, min_units: int) -> pd.DataFrame:
    """Test every step of one stage among the account-dates that had not taken it before."""
    before, after = (table.loc[rows[side]].reset_index(drop=True) for side in ("before", "after"))
    uses = [name for name in table if str(name).startswith("uses ")]
    breadth = after[uses].sum(axis=1).to_numpy(int)
    newest = (rows["as_of"] == rows["as_of"].max()).to_numpy(bool)
    well, accounts = rows["well"].to_numpy(bool), rows["account_id"].to_numpy()
    parts = []
    for step in _candidates(table):
        without = ~before[step].to_numpy(bool)
        took = after[step].to_numpy(bool)[without]
        shown, hit, account = exposures([np.flatnonzero(took)]), well[without], accounts[without]
        found = contrast(shown, hit, account, min_units=min_units)
        others = breadth[without] - (took if step in uses else 0)
        alike = among_alike(took, hit, np.minimum(others, 8), account)
        held = newest[without] if found["p_value"].notna().all() else None
        again = holds_twice(shown, hit, account, held, min_units=min_units // 2)
        parts.append(
            found.assign(
                step=step,
                alike_lift=alike.ratio,
                p_value=found["p_value"].clip(lower=alike.p_value),
                replicated=again,
            )
        )
    judged = (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(STEP_COLUMNS))
    )
    judged = judged[judged["n_units"] > 0].rename(columns={"support": "coverage"})
    return judged.assign(lifecycle_stage=str(stage))


def _ranked(steps: pd.DataFrame, max_q: float) -> pd.DataFrame:
    """Order the steps of each stage; mark those that stand."""
    refuted = (steps["replicated"] == False).fillna(False).astype(bool)  # noqa: E712
    more = (steps["lift"].astype(float) > 1) & (steps["alike_lift"].astype(float) > 1)
    sure = (steps["q_value"].astype(float) < max_q).fillna(False) & more & ~refuted
    assured = (steps["low"] - steps["rate_without"]).astype(float)
    ordered = steps.assign(reported=sure.astype(bool), assured=assured)
    by = ["lifecycle_stage", "reported", "assured", "step"]
    ordered = ordered.sort_values(by, ascending=[True, False, False, True], kind="stable")
    place = ordered.groupby("lifecycle_stage", sort=False).cumcount() + 1
    return ordered.assign(place=place).reset_index(drop=True)


def _open_now(
    steps: pd.DataFrame, material: Material, table: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find the accounts of each stage that have not taken its steps on the newest date."""
    baskets = material.together.baskets
    columns = ["account_id", "lifecycle_stage", "place", "step"]
    if steps.empty or material.stages is None:
        return steps.assign(n_now=pd.Series(dtype="int64")), pd.DataFrame(columns=columns)
    newest = baskets[baskets["as_of"] == baskets["as_of"].max()]
    here = newest.merge(material.stages, on=["account_id", "as_of"])
    has = table.loc[here["basket"]].reset_index(drop=True)
    counts, parts = [], [pd.DataFrame(columns=columns)]
    for row in steps.to_dict("records"):
        mine = (here["lifecycle_stage"] == row["lifecycle_stage"]).to_numpy(bool)
        mine = mine & ~has[str(row["step"])].to_numpy(bool)
        counts.append(int(mine.sum()))
        if row["reported"]:
            named = here.loc[mine, ["account_id", "lifecycle_stage"]]
            parts.append(named.assign(place=row["place"], step=row["step"]))
    accounts = pd.concat([part for part in parts if len(part)] or parts[:1])
    accounts = accounts.sort_values(["account_id", "place"])[columns].reset_index(drop=True)
    return steps.assign(n_now=counts), accounts


def _flows(material: Material) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Transitions and steps of first days and of sessions."""
    journeys, visits = material.journeys, material.visits
    sources = (
        ("first days", journeys.tokens, journeys.units),
        ("sessions", visits.tokens, visits.sessions),
    )
    flows, matrices = [], []
    for source, tokens, units in sources:
        accounts = units.set_index("unit")["account_id"]
        flows.append(transitions(tokens, accounts, source=source))
        matrices.append(step_matrix(tokens, units["unit"], source=source))
    return pd.concat(flows, ignore_index=True), pd.concat(matrices, ignore_index=True)
