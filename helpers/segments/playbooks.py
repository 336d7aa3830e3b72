"""What to do with each segment: objective, touch, channel, content, owner, measure of success.

One row a name of the vocabulary. Two names with the same row should not be two segments, so a
test compares the rows.
"""

from dataclasses import asdict, dataclass

import pandas as pd

from helpers.segments.vocabulary import NAME_RULES

__all__ = ["PLAYBOOKS", "Playbook", "playbook_of", "playbook_table"]


@dataclass(frozen=True)
class Playbook:
    """How a segment is looked after."""

    objective: str
    touch: str
    channel: str
    content: str
    owner: str
    success_metric: str


PLAYBOOKS: dict[str, Playbook] = {
    "Onboarding": Playbook(
        "onboarding",
        "twice a week until set-up is done",
        "in-app guide, e-mail",
        "set-up checklist, first project together",
        "onboarding specialist",
        "set-up finished within 30 days",
    ),
    "New Users": Playbook(
        "onboarding",
        "weekly",
        "e-mail, onboarding call",
        "next core feature, inviting colleagues",
        "onboarding specialist",
        "three core features used weekly by day 90",
    ),
    "Power Users at Risk of Feature Fatigue": Playbook(
        "retention",
        "within a week, then every two weeks",
        "call with the champion",
        "which work the product still does, simpler set-up",
        "named CSM",
        "use back above 80% of the best month",
    ),
    "Silent Churners": Playbook(
        "retention",
        "within a week, then weekly",
        "call to the sponsor, not e-mail",
        "what changed on their side, value so far",
        "named CSM",
        "a conversation held within 14 days",
    ),
    "At Risk": Playbook(
        "retention",
        "within three days, then weekly",
        "call, support escalation",
        "open tickets first, then a recovery plan; no upsell",
        "named CSM with support lead",
        "decline stopped within 30 days",
    ),
    "Scaling Champions": Playbook(
        "expansion",
        "monthly",
        "call, business review",
        "rollout to further departments",
        "account manager with CSM",
        "departments and seats added",
    ),
    "Expansion Ready": Playbook(
        "expansion",
        "once, within two weeks",
        "business review",
        "case studies, the plan that lifts the limit",
        "account manager",
        "decision on a larger plan",
    ),
    "Growing Accounts with Untapped Potential": Playbook(
        "expansion",
        "every two weeks",
        "webinar, e-mail",
        "features that similar accounts use and they do not",
        "pooled CSM",
        "features in use",
    ),
    "Growing": Playbook(
        "expansion",
        "monthly",
        "e-mail, call on request",
        "next use case, admin training",
        "pooled CSM",
        "weekly active people",
    ),
    "Power Users": Playbook(
        "expansion",
        "monthly",
        "call with the champion",
        "advanced features of the next plan (upsell candidates)",
        "named CSM",
        "upgrades, premium features in use",
    ),
    "Champions": Playbook(
        "advocacy",
        "quarterly",
        "personal contact",
        "reference, review, speaking slot",
        "named CSM with marketing",
        "references given",
    ),
    "Self-Sufficient Power Users": Playbook(
        "advocacy",
        "quarterly strategic review",
        "business review, beta programme",
        "early access to beta features",
        "product manager with CSM",
        "beta features tried, renewal",
    ),
    "Mature Optimizers": Playbook(
        "retention",
        "every six months",
        "business review",
        "what is new since they settled their way of work",
        "pooled CSM",
        "renewal at the same or larger scope",
    ),
    "Struggling Adopters": Playbook(
        "retention",
        "weekly educational touch",
        "office hours, training",
        "the task behind the tickets, step by step",
        "pooled CSM with education",
        "tickets per person, core features in use",
    ),
    "Silent Strugglers": Playbook(
        "retention",
        "every two weeks",
        "e-mail, short call",
        "one small success with a core feature",
        "pooled CSM",
        "active weeks in a row",
    ),
    "Casual Users": Playbook(
        "education",
        "monthly",
        "e-mail, webinar, in-app tip",
        "the one feature that similar accounts add next",
        "digital programme",
        "weekly active people, a further feature adopted",
    ),
}


def playbook_of(segment: str) -> Playbook:
    """Return the playbook of a segment; a qualified name has that of its plain name."""
    return PLAYBOOKS.get(segment.split(" (")[0], PLAYBOOKS["Casual Users"])


def playbook_table() -> pd.DataFrame:
    """Return all playbooks, in the order of the naming rules."""
    rows = [{"segment": rule.name, **asdict(PLAYBOOKS[rule.name])} for rule in NAME_RULES]
    return pd.DataFrame(rows)
