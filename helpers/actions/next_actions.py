"""The next best action of each account, three for its next month, and what is held back."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from helpers.actions.agenda import with_agenda
from helpers.actions.from_alerts import candidates_from_alerts, risk_alerts
from helpers.actions.from_steps import candidates_from_steps, step_patterns
from helpers.actions.patterns import Patterns
from helpers.actions.plays import PLAYS
from helpers.actions.ranking import WEEKS_AHEAD, hold_back, schedule, value_of
from helpers.actions.rules import candidates_from_state
from helpers.actions.state import Inputs, account_state
from helpers.actions.telling import held_text, told

__all__ = ["ActionPlan", "load_note", "next_best_actions", "record"]

N_PER_ACCOUNT = 3
ROUTINE_EVIDENCE = 0.1
COLUMNS = (
    "account_id",
    "csm",
    "priority",
    "action",
    "reason",
    "expected_impact",
    "due_on",
    "as_of",
    "name",
    "segment",
    "pattern",
    "state",
    "impact_note",
    "objective",
    "play",
    "channel",
    "owner",
    "first_step",
    "agenda",
    "week",
    "late_days",
    "mrr",
    "chance",
    "urgency",
    "evidence",
    "value",
    "held_back",
)
PLAN_COLUMNS = (
    "account_id",
    "csm",
    "step",
    "action",
    "reason",
    "expected_impact",
    "impact_note",
    "within_days",
    "objective",
    "play",
    "channel",
    "owner",
    "agenda",
)


@dataclass(frozen=True, kw_only=True)
class ActionPlan:
    """Who should do what, for whom, by when.

    Parameters
    ----------
    actions : DataFrame
        The next best action of each account that has one, in the next four weeks, within
        capacity; 1 is the first.
    plans : DataFrame
        Three actions for the next 30 days of every account, the weightiest first.
    waiting : DataFrame
        Actions beyond the capacity of four weeks, as in ``actions`` but without a date.
    held_back : DataFrame
        Growth plays not proposed because the account is at risk.
    """

    actions: pd.DataFrame
    plans: pd.DataFrame
    waiting: pd.DataFrame
    held_back: pd.DataFrame


def next_best_actions(
    given: Inputs,
    *,
    as_of: pd.Timestamp,
    per_week: int,
    base_rate: float,
    upgrade_rate: float,
    uplift: float,
    after_alert: Mapping[str, float] | None = None,
    patterns: Patterns | None = None,
    touches: Mapping[str, str] | None = None,
    currency: str = "",
) -> ActionPlan:
    """Choose, rank and date the next actions.

    Parameters
    ----------
    given : Inputs
        Tables of the run.
    as_of : Timestamp
        Date of the run, from which due dates count.
    per_week : int
        Actions a customer-success manager can take a week.
    base_rate, upgrade_rate : float
        Chance to churn and to upgrade within the horizon of the average account.
    uplift : float
        Monthly revenue that an upgrade typically adds; NaN if not known.
    after_alert : mapping of severity to float, optional
        Share that churned after such warnings before.
    patterns : mapping, optional
        From :func:`helpers.actions.patterns.historical_patterns`.
    touches : mapping of segment to text, optional
        What the segment's playbook does next.
    currency : str
        For the texts.

    Returns
    -------
    ActionPlan
        Money is what is at stake in twelve months: chance x revenue, no promise of an effect.
    """
    state = account_state(given)
    rates = {"base_rate": base_rate, "upgrade_rate": upgrade_rate}
    ruled = _with_play(candidates_from_state(state, **rates))
    alerted = candidates_from_alerts(given.alerts, state, after_alert=after_alert, **rates)
    routine = _routine(state, touches or {})
    worried = _why_at_risk(state, given.alerts)
    stepped = _stepped(given, state, worried, base_rate)
    every = pd.concat([t for t in (ruled, alerted, stepped, routine) if len(t)] or [ruled])
    every["routine"] = every["routine"].eq(True)
    every = every.merge(
        state[["csm", "mrr", "name", "segment"]], left_on="account_id", right_index=True
    )
    kept, held = hold_back(every, worried)
    valued = value_of(kept.assign(uplift=uplift)).sort_values(
        ["account_id", "value", "due_days", "play"],
        ascending=[True, False, True, True],
        ignore_index=True,
    )
    known = {**(patterns or {}), **step_patterns(given.next_steps)}
    valued = told(valued, state, known, currency).assign(as_of=as_of)
    valued = with_agenda(valued, given.advanced_features)
    distinct = valued.drop_duplicates(["account_id", "action"])
    best = distinct[~distinct["routine"]].drop_duplicates("account_id")
    best = best.assign(held_back=held_text(best, held))
    planned, waiting = schedule(best, as_of=as_of, per_week=per_week)
    return ActionPlan(
        actions=planned.reindex(columns=list(COLUMNS)),
        plans=_plans(distinct),
        waiting=waiting.reindex(columns=[c for c in COLUMNS if c not in _DATED]),
        held_back=held.sort_values(["account_id", "play"], ignore_index=True),
    )


def load_note(plan: ActionPlan) -> str:
    """Say how the planned actions fit the team's capacity."""
    late = int((plan.actions["late_days"] > 0).sum())
    return (
        f"{len(plan.actions)} accounts have an action in the next {WEEKS_AHEAD} weeks, {late} of "
        f"them later than the play wants; {len(plan.waiting)} more wait beyond the team's capacity."
    )


def record(actions: pd.DataFrame) -> pd.DataFrame:
    """Return the first action as a record to read: one row a field, ``field`` and ``content``."""
    fields = {
        "account": "name",
        "segment": "segment",
        "historical pattern": "pattern",
        "current state": "state",
        "action": "action",
        "first step": "first_step",
        "agenda": "agenda",
        "reason": "reason",
        "expected impact": "impact_note",
        "by": "csm",
        "held back": "held_back",
    }
    if actions.empty:
        return pd.DataFrame(columns=["field", "content"])
    first = actions.iloc[0]
    found = {field: first[column] for field, column in fields.items()}
    told = {field: _content(value) for field, value in found.items()}
    rows = [(field, content) for field, content in told.items() if content]
    return pd.DataFrame(rows, columns=["field", "content"])


def _content(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return "" if pd.isna(value) else str(value)  # type: ignore[call-overload]


_DATED = ("priority", "due_on", "week", "late_days")


def _with_play(candidates: pd.DataFrame) -> pd.DataFrame:
    """Add what the table of plays says."""
    written = pd.DataFrame([{"play": name, **asdict(play)} for name, play in PLAYS.items()])
    return candidates.merge(written, on="play", how="left", validate="many_to_one")


def _stepped(
    given: Inputs, state: pd.DataFrame, at_risk: pd.Series, base_rate: float
) -> pd.DataFrame:
    """Propose the next step of alike accounts, by name."""
    found = candidates_from_steps(
        given.next_steps,
        given.next_step_accounts,
        state,
        families=given.families,
        at_risk=at_risk,
        base_rate=base_rate,
    )
    named = found.pop("action")
    return _with_play(found).assign(action=named.to_numpy())


def _routine(state: pd.DataFrame, touches: Mapping[str, str]) -> pd.DataFrame:
    """Propose what everybody gets when nothing presses, so that each account has three steps."""
    names = [name for name, play in PLAYS.items() if play.routine]
    rows = pd.DataFrame(
        {
            "account_id": np.repeat(state.index.to_numpy(), len(names)),
            "play": np.tile(np.array(names, dtype=object), len(state)),
            "chance": np.repeat(
                state["churn_probability"].astype("float64").to_numpy(), len(names)
            ),
            "evidence": np.tile(ROUTINE_EVIDENCE / np.arange(1, len(names) + 1), len(state)),
            "reason": "nothing more pressing",
            "pattern_key": "",
        }
    )
    table = _with_play(rows)
    segment = table["account_id"].map(state["segment"])
    touch = "Next touch of the segment: " + segment.map(dict(touches)).astype("object")
    is_touch = table["play"].eq("segment_touch") & touch.notna()
    table["action"] = table["action"].mask(is_touch, touch.astype("object"))
    said = "segment " + segment.astype("object").where(segment.notna(), "not known").astype(str)
    table["reason"] = table["reason"].mask(table["play"].eq("segment_touch"), said)
    return table


def _why_at_risk(state: pd.DataFrame, alerts: pd.DataFrame) -> pd.Series:
    """Return in words why an account is at risk; "" if it is not."""
    severe = state.index.isin(risk_alerts(alerts))
    reasons = pd.DataFrame(
        {
            "churn band high": state["churn_band"].eq("high").fillna(value=False),
            "segment or lifecycle at risk": state["at_risk_segment"].fillna(value=False),
            "health below 40": state["health_band"].eq("low").fillna(value=False),
            "severe alert": severe,
        }
    ).astype(bool)
    texts = [", ".join(reasons.columns[row]) for row in reasons.to_numpy()]
    return pd.Series(texts, index=state.index)


def _plans(distinct: pd.DataFrame) -> pd.DataFrame:
    """Keep three actions an account, numbered from the weightiest."""
    top = distinct.groupby("account_id", sort=True).head(N_PER_ACCOUNT)
    step = top.groupby("account_id").cumcount() + 1
    table = top.assign(step=step, within_days=top["due_days"].clip(upper=30).astype("int64"))
    ordered = table.sort_values(["account_id", "step"], ignore_index=True)
    return ordered.reindex(columns=list(PLAN_COLUMNS))
