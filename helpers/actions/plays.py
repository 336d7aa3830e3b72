"""The plays there are: what is done, to which end, by whom, how soon.

One written table. A play is chosen by the rules of :mod:`helpers.actions.rules` and
:mod:`helpers.actions.from_alerts`; what it is called and how urgent it is stands here only.
"""

from dataclasses import asdict, dataclass

import pandas as pd

__all__ = ["GROWTH", "PLAYS", "UNCOUNTED", "Play", "plays_table", "urgency_of"]

GROWTH = ("expansion", "advocacy")
"""Objectives that are held back while an account is at risk."""
URGENCY = ((1, 1.0), (3, 0.9), (7, 0.75), (14, 0.5), (30, 0.3))
"""Due within so many days: so urgent."""
LEAST_URGENT = 0.15
UNCOUNTED = ("advocacy", "next_step")
"""Plays beside which no money stands: a favour, and a step whose worth nobody has measured."""


@dataclass(frozen=True, kw_only=True)
class Play:
    """One play.

    Parameters
    ----------
    action : str
        What to do, as it appears in a task list.
    objective : str
        retention, security, onboarding, education, expansion or advocacy.
    due_days : int
        Days after the date of the run.
    channel, owner : str
        How, and by whom.
    first_step : str
        Where to begin.
    routine : bool
        For everybody, when there is nothing more pressing.
    """

    action: str
    objective: str
    due_days: int
    channel: str
    owner: str
    first_step: str
    routine: bool = False


def _p(
    action: str, objective: str, due_days: int, channel: str, owner: str, first_step: str
) -> Play:
    return Play(
        action=action,
        objective=objective,
        due_days=due_days,
        channel=channel,
        owner=owner,
        first_step=first_step,
    )


_CALL, _CSM = "call", "named CSM"

PLAYS: dict[str, Play] = {
    "settle_escalation": _p(
        "Settle the open escalation with support, then call the sponsor",
        "retention",
        2,
        _CALL,
        "named CSM with support lead",
        "Ask support for the state of the ticket and a date to promise.",
    ),
    "rescue": _p(
        "Call the sponsor and agree on a recovery plan",
        "retention",
        3,
        _CALL,
        _CSM,
        "Read the reasons beside the score and the last tickets before the call.",
    ),
    "entered_at_risk": _p(
        "Call: the account has just moved into a segment at risk",
        "retention",
        3,
        _CALL,
        _CSM,
        "Find out what changed in the last month: people, projects, tickets.",
    ),
    "new_champion": _p(
        "Find the successor of the champion who left and offer a fresh start",
        "retention",
        7,
        _CALL,
        _CSM,
        "Ask the administrator who looks after the product now.",
    ),
    "clear_payment": _p(
        "Clear up the overdue invoice together with the customer's finance team",
        "retention",
        7,
        "e-mail",
        "named CSM with finance",
        "Check whether the invoice reached the right person.",
    ),
    "high_touch": _p(
        "Review the account in person: its health score is low",
        "retention",
        7,
        _CALL,
        _CSM,
        "Look at the weakest parts of the health score first.",
    ),
    "renewal_review": _p(
        "Prepare the renewal: review value and open points with the sponsor",
        "retention",
        14,
        "business review",
        _CSM,
        "List what was promised since the last renewal.",
    ),
    "engage": _p(
        "Reach out with one concrete improvement for how they use the product",
        "retention",
        14,
        "e-mail, call on request",
        "pooled CSM",
        "Pick the reason beside the score that help can change.",
    ),
    "reactivate": _p(
        "Find out why the account has gone silent",
        "retention",
        7,
        _CALL,
        _CSM,
        "Check logins and single sign-on before you ask.",
    ),
    "setup": _p(
        "Send a personal e-mail that helps with the next step of the set-up",
        "onboarding",
        3,
        "e-mail, in-app",
        "onboarding specialist",
        "Look which step is missing and send the short guide for it.",
    ),
    "first_core": _p(
        "Book a session on the core features they do not use yet",
        "onboarding",
        7,
        "onboarding call",
        "onboarding specialist",
        "Ask which task they bought the product for.",
    ),
    "trial_value": _p(
        "Help the trial reach its first result before it ends",
        "expansion",
        7,
        _CALL,
        "account manager",
        "Ask who decides, and what they must have seen by then.",
    ),
    "expansion_ready": _p(
        "Hold a business review with the account team, and send case studies: ready to expand",
        "expansion",
        14,
        "business review",
        "account manager",
        "Choose two case studies of the same industry and size, and show what is on the agenda.",
    ),
    "propose_plan": _p(
        "Propose a business review about the plan that fits their growth",
        "expansion",
        14,
        "business review",
        "account manager",
        "Put the numbers beside the score on the first page, then what is on the agenda.",
    ),
    "widen_use": _p(
        "Show the next core feature that serves what they already do",
        "education",
        14,
        "e-mail, webinar",
        "pooled CSM",
        "Compare their features with those of similar accounts.",
    ),
    "next_step": _p(
        "Offer the step that alike accounts took next",
        "education",
        30,
        "e-mail",
        "pooled CSM",
        "Show it in the account's own work; leave every second such account out, to learn its "
        "worth.",
    ),
    "advocacy": _p(
        "Ask for a reference or a review",
        "advocacy",
        30,
        "personal contact",
        "named CSM with marketing",
        "Thank them for something specific before you ask.",
    ),
    "segment_touch": Play(
        action="Next touch of the segment's playbook",
        objective="education",
        due_days=30,
        channel="as in the playbook",
        owner="pooled CSM",
        first_step="See the personas of the segmentation notebook.",
        routine=True,
    ),
    "value_summary": Play(
        action="Send a short summary of what they achieved, with one question",
        objective="education",
        due_days=30,
        channel="e-mail",
        owner="pooled CSM",
        first_step="Take three numbers from the account's last 90 days.",
        routine=True,
    ),
    "keep_contact": Play(
        action="Confirm contacts: sponsor, administrator, daily users",
        objective="education",
        due_days=30,
        channel="e-mail",
        owner="pooled CSM",
        first_step="Compare the list in the CRM with who is active.",
        routine=True,
    ),
}
"""Plays of this room; alerts bring their own, written beside each kind of anomaly."""


def urgency_of(due_days: float) -> float:
    """Return the weight of a due date: 1 within a day, falling to 0.15."""
    return next((weight for days, weight in URGENCY if due_days <= days), LEAST_URGENT)


def plays_table() -> pd.DataFrame:
    """Return all plays: play, action, objective, due_days, channel, owner, first_step, routine."""
    return pd.DataFrame([{"play": name, **asdict(play)} for name, play in PLAYS.items()])
