"""A first message to the customer for each play: a draft that a person reads, changes and sends.

Friendly, without alarm, and without telling customers that they are being scored: what the
CSM knows is the reason to write, never the text. Plays of alerts bring their own message.
"""

import re
from collections.abc import Mapping

from helpers.actions.plays import PLAYS

__all__ = ["DRAFTS", "WHAT", "filled"]

_BEGINNING = re.compile(r"(?<=\n\n)[a-z]")
_FIELD = re.compile(r"\{(account|csm|what)\}")
_NOBODY = "your customer-success team"
WHAT = "the new features"

_BODIES: dict[str, str] = {
    "settle_escalation": "I have looked into your open ticket and want to settle it with you. "
    "May I call you tomorrow with what our support lead has found and a date for the solution?",
    "rescue": "I would like to hear how things are going and what you want to reach in the next "
    "three months. Do you have half an hour this week? I will bring two or three suggestions.",
    "entered_at_risk": "I am preparing our next review. Has anything changed in your team or your "
    "projects in the last weeks that we should take into account?",
    "new_champion": "I would like to introduce myself to whoever looks after the product on your "
    "side now, and offer a fresh start: half an hour on what your team needs most. Who is that?",
    "clear_payment": "a short administrative question: did our last invoice reach the right "
    "person? If something is unclear, I will gladly sort it out with our finance team.",
    "high_touch": "I would like to take time for you: what works well, what is in your way, and "
    "what should we do about it first? Which day next week suits you?",
    "renewal_review": "your renewal comes up soon. I suggest that we look together at what you "
    "have reached, what is still open, and what the next year should bring. When does it suit you?",
    "engage": "I have one idea for how your team could save time with what it already uses. "
    "Shall I send you a two-minute guide, or would you rather talk for fifteen minutes?",
    "reactivate": "it has been quiet, so I would like to ask: can everybody still log in, and is "
    "there anything that stands in your way? I am glad to help today.",
    "setup": "here is a short guide for the next step of your set-up. If you like, we do it "
    "together: it takes fifteen minutes.",
    "first_core": "which task did you buy the product for? I would like to show your team the two "
    "features that serve it best, in half an hour.",
    "trial_value": "what should you have seen before your trial ends, and who decides? I will make "
    "sure that you get there.",
    "expansion_ready": "your team has come far. I have put together how two companies like yours "
    "went on from here, and what teams like yours do with {what}. May I show you?",
    "propose_plan": "your team has grown with the product. Let us look at whether your plan still "
    "fits, and at what teams like yours do with {what}: I bring the numbers, you decide. When do "
    "you have half an hour?",
    "widen_use": "there is a feature that fits what your team does every week. I have attached a "
    "short example; tell me whether it helps.",
    "next_step": "one suggestion for what your team could try next: others at your point found it "
    "useful. Shall I show it to you in fifteen minutes, in your own project?",
    "advocacy": "thank you for your feedback. Would you tell others about your experience, in a "
    "short review or a conversation with one of our prospects?",
    "segment_touch": "a short note on what is new and may be of use to you. Is there anything you "
    "would like to see?",
    "value_summary": "here is in three numbers what your team achieved in the last months. One "
    "question: what should be better by the next time?",
    "keep_contact": "a short question to keep our records right: who are the people we should "
    "talk to about the contract, the administration and the daily work?",
}

DRAFTS: dict[str, str] = {
    name: f"Hello {{account}} team,\n\n{body}\n\nBest regards\n{{csm}}"
    for name, body in _BODIES.items()
}
"""Play to message; ``{account}`` and ``{csm}`` are filled in."""

if set(DRAFTS) != set(PLAYS):  # a play without a first message would leave its reader alone
    raise KeyError(f"plays and drafts differ: {sorted(set(DRAFTS) ^ set(PLAYS))}")


def filled(message: str, *, account: str, csm: str | None, what: str = WHAT) -> str:
    """Return a message with its fields filled in; braces in a name stay as they are.

    Parameters
    ----------
    message : str
        With ``{account}``, ``{csm}`` and, in some, ``{what}``.
    account : str
        As the customer calls itself.
    csm : str or None
        Who signs; None: the team.
    what : str
        What the message is about.
    """
    values: Mapping[str, str] = {"account": account, "csm": csm or _NOBODY, "what": what}
    begun = _BEGINNING.sub(lambda found: found[0].upper(), message)
    return _FIELD.sub(lambda found: values[found[1]], begun)
