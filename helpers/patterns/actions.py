"""What to do about a rule: a written table, by what stands on its right and on its left.

A rule without an entry here is not reported: nobody could act on it. The texts say what to do
and never that doing it changes the outcome, which no pattern in past data can show.
"""

from dataclasses import dataclass

import pandas as pd

__all__ = ["ACTIONS", "Action", "action_for", "with_actions"]


@dataclass(frozen=True, kw_only=True)
class Action:
    """What to do when these words occur in a rule.

    Parameters
    ----------
    right : str
        Beginning of the consequent.
    left : tuple of str
        Beginnings, each of which some antecedent must have.
    text : str
        May name ``{feature}`` (used on the left) and ``{other}`` (used on the right).
    """

    right: str
    left: tuple[str, ...]
    text: str


ACTIONS: tuple[Action, ...] = (
    Action(
        right="churned",
        left=("ticket", "uses "),
        text="Call within two working days when a ticket comes from an account that uses "
        "{feature}, and take what is hard about {feature} to product.",
    ),
    Action(
        right="churned",
        left=("champion left",),
        text="Ask for the successor within a week, meet them, and win a second sponsor.",
    ),
    Action(
        right="churned",
        left=("admin left",),
        text="Find out who administers the account now and offer them a hand-over session.",
    ),
    Action(
        right="churned",
        left=("competitor searched",),
        text="Ask what is being compared, and review the value received before the renewal talk.",
    ),
    Action(
        right="churned",
        left=("ticket escalated",),
        text="Have a named engineer close the escalation; the CSM calls on the day it is closed.",
    ),
    Action(
        right="churned",
        left=("payment late",),
        text="Let billing and the CSM call together; ask what changed before asking for money.",
    ),
    Action(
        right="churned",
        left=("nps detractor",),
        text="Call the person who answered within a week and agree on one thing to mend.",
    ),
    Action(
        right="churned",
        left=("stopped using",),
        text="Ask what replaced {feature}; show the way back if the need is still there.",
    ),
    Action(
        right="churned",
        left=("error burst",),
        text="Let support look into the errors first, then call with what was found.",
    ),
    Action(
        right="churned",
        left=("ticket opened",),
        text="Look at every open ticket of such an account within two working days.",
    ),
    Action(
        right="churned",
        left=("user removed",),
        text="Ask whether the team shrinks or changes tools, and review seats before the renewal.",
    ),
    Action(
        right="churned",
        left=("limit reached",),
        text="Check whether the plan fits the use before the limit becomes a reason to leave.",
    ),
    Action(
        right="churned",
        left=("pricing page viewed",),
        text="Ask which need the present plan does not meet.",
    ),
    Action(
        right="churned",
        left=("plan downgraded",),
        text="Ask what was given up with the larger plan, and plan the next three months together.",
    ),
    Action(
        right="churned",
        left=("uses ",),
        text="Ask those who use {feature} what is hard about it, and take it to product.",
    ),
    Action(
        right="upgraded",
        left=("invites >",),
        text="Encourage inviting the team, and offer the annual plan in the weeks after a burst "
        "of invitations.",
    ),
    Action(
        right="upgraded",
        left=("colleague invited",),
        text="Welcome new colleagues and talk about seats while the team grows.",
    ),
    Action(
        right="upgraded",
        left=("limit reached",),
        text="Show the plan that fits the use, on the occasion of the limit.",
    ),
    Action(
        right="upgraded",
        left=("pricing page viewed",),
        text="Answer the question about prices in the same week.",
    ),
    Action(
        right="upgraded",
        left=("contact business review",),
        text="Put growth on the agenda of the business review.",
    ),
    Action(
        right="upgraded",
        left=("news ",),
        text="Ask about plans for growth while the news is fresh.",
    ),
    Action(
        right="upgraded",
        left=("first use of",),
        text="Follow up the first use of {feature} and mention the plan that includes more of it.",
    ),
    Action(
        right="upgraded",
        left=("nps promoter",),
        text="Ask for a reference, and about further teams that could use the product.",
    ),
    Action(
        right="upgraded",
        left=("uses ",),
        text="Mention the higher plan to accounts that use {feature}.",
    ),
    Action(
        right="uses ",
        left=("uses ",),
        text="Recommend {other} to accounts that use {feature} without it, and consider offering "
        "both together.",
    ),
)


def with_actions(rules: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each rule its action.

    Parameters
    ----------
    rules : DataFrame
        ``antecedents``, ``consequents`` (tuples of str).

    Returns
    -------
    reported, without : DataFrame
        Rules with ``action``; and the rules for which nobody has written one.
    """
    texts = pd.Series(
        [
            action_for(b, a[0])
            for b, a in zip(rules["antecedents"], rules["consequents"], strict=True)
        ],
        index=rules.index,
        dtype="string",
    )
    reported = rules.assign(action=texts)[texts.notna()].reset_index(drop=True)
    return reported, rules[texts.isna()].reset_index(drop=True)


def action_for(antecedents: tuple[str, ...], consequent: str) -> str | None:
    """Return the text written for what stands on the left and on the right; ``None`` if none is."""
    for action in ACTIONS:
        matched = [_first(antecedents, beginning) for beginning in action.left]
        if consequent.startswith(action.right) and all(matched):
            return action.text.format(
                feature=_feature(matched[-1] or ""), other=consequent.removeprefix("uses ")
            )
    return None


def _first(antecedents: tuple[str, ...], beginning: str) -> str | None:
    return next((item for item in antecedents if item.startswith(beginning)), None)


def _feature(item: str) -> str:
    for beginning in ("uses ", "stopped using ", "first use of "):
        if item.startswith(beginning):
            return item.removeprefix(beginning)
    return item
