"""Next steps of alike accounts as candidates: what 04 found to be taken by those that stood well.

A step is offered, never promised: beside it stands how those that took it stood later and how the
others did. No money is counted, since nobody has left the step out at random.
"""

from collections.abc import Mapping

import pandas as pd

from helpers.actions.plays import PLAYS

__all__ = ["STEP_PATTERN", "candidates_from_steps", "setup_pattern", "step_patterns"]

PLAY, STEP_PATTERN = "next_step", "next_step"
YOUNG = ("Onboarding", "Adopting")
GROWING = "growing"
EVIDENCE = 0.5
"""As a rule of thumb: an association among alike accounts."""
COLUMNS = ("account_id", "play", "chance", "evidence", "reason", "pattern_key", "action")


def candidates_from_steps(
    steps: pd.DataFrame | None,
    accounts: pd.DataFrame | None,
    state: pd.DataFrame,
    *,
    families: Mapping[str, str],
    at_risk: pd.Series,
    base_rate: float,
) -> pd.DataFrame:
    """Offer each young or growing account the first step it has not taken.

    Parameters
    ----------
    steps : DataFrame or None
        ``next_steps`` of 04: ``lifecycle_stage, step, outcome_rate, rate_without, n_accounts,
        reported``.
    accounts : DataFrame or None
        ``next_step_accounts`` of 04: ``account_id, lifecycle_stage, place, step, action``.
    state : DataFrame
        From :func:`helpers.actions.state.account_state`.
    families : mapping of segment to family
        Of 03's naming.
    at_risk : Series
        Account to the reason why it is at risk, "" if it is not: nobody at risk is offered more.
    base_rate : float
        Chance to churn of the average account.

    Returns
    -------
    DataFrame
        ``account_id, play, chance, evidence, reason, pattern_key, action``: one row an account at
        most. None where 04 reports no step.
    """
    if steps is None or accounts is None or steps.empty or accounts.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    rates = ["lifecycle_stage", "step", "outcome_rate", "rate_without", "n_accounts"]
    open_now = accounts[["account_id", "lifecycle_stage", "place", "step"]].merge(
        steps.loc[steps["reported"].astype(bool), rates], on=["lifecycle_stage", "step"]
    )
    stage = open_now["account_id"].map(state["lifecycle_stage"])
    grows = open_now["account_id"].map(state["segment"]).map(dict(families)).eq(GROWING)
    calm = open_now["account_id"].map(at_risk).eq("")
    fits = stage.eq(open_now["lifecycle_stage"]) & (stage.isin(YOUNG) | grows) & calm
    first = open_now[fits].sort_values(["account_id", "place"]).drop_duplicates("account_id")
    loss = state["churn_probability"].astype("float64").fillna(base_rate)
    return pd.DataFrame(
        {
            "account_id": first["account_id"].to_numpy(),
            "play": PLAY,
            "chance": first["account_id"].map(loss).to_numpy(float),
            "evidence": EVIDENCE,
            "reason": [_reason(row) for row in first.to_dict("records")],
            "pattern_key": [f"{STEP_PATTERN}:{_key(row)}" for row in first.to_dict("records")],
            "action": [f"{PLAYS[PLAY].action}: {_plain(step)}" for step in first["step"]],
        },
        columns=list(COLUMNS),
    )


def step_patterns(steps: pd.DataFrame | None) -> dict[tuple[str, str], str]:
    """Return what 04 says of each reported step, as a pattern to stand beside an action."""
    if steps is None or steps.empty:
        return {}
    told = steps[steps["reported"].astype(bool)].to_dict("records")
    return {(STEP_PATTERN, _key(row)): str(row["reads_as"]) for row in told}


def setup_pattern(setup: pd.DataFrame | None) -> dict[tuple[str, str], str]:
    """Return what goes with finishing the set-up, as a pattern to stand beside its play.

    Parameters
    ----------
    setup : DataFrame or None
        ``setup`` of 04: ``steps_done, finished, n_units, outcome_rate, low, high``.

    Returns
    -------
    dict
        Empty where one of the two groups is. The difference is in percentage points, with the
        rates that it is made of: a share may rise by 15 points or by 15 per cent.
    """
    if setup is None or setup.empty:
        return {}
    finished = setup["finished"].astype(bool)
    done, others = setup[finished], setup[~finished]
    n_others = int(others["n_units"].sum())
    if not n_others or not int(done["n_units"].sum()):
        return {}
    row = done.iloc[0]
    rate = float(row["outcome_rate"])
    without = float((others["outcome_rate"] * others["n_units"]).sum() / n_others)
    text = (
        f"of {int(row['n_units']):,} people who finished the set-up, {rate:.0%} were active later "
        f"({row['low']:.0%} to {row['high']:.0%}), of {n_others:,} who did not, {without:.0%}: "
        f"{100 * (rate - without):+.0f} percentage points ({rate:.0%} less {without:.0%}), seen "
        "side by side, no promise"
    )
    return {("setup", "finished"): text.replace(": -", ": \u2212")}


def _key(row: Mapping[object, object]) -> str:
    return f"{row['lifecycle_stage']}: {row['step']}"


def _plain(step: object) -> str:
    return str(step).replace("_", " ")


def _reason(row: Mapping[object, object]) -> str:
    return (
        f"not taken yet: {_plain(row['step'])}; of {int(str(row['n_accounts'])):,} accounts in the "
        f"stage {row['lifecycle_stage']} that took it next, {float(str(row['outcome_rate'])):.0%} "
        f"stood well later, of the others {float(str(row['rate_without'])):.0%}"
    )
