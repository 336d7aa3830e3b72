"""The written plays for good news, read by :mod:`helpers.anomalies.plays`."""

from collections.abc import Sequence

__all__ = ["GROWTH_PLAYS"]

_HELLO = "Hello {account} team,\n\n"
_BYE = "\n\nBest regards\n{csm}"

GROWTH_PLAYS: dict[str, dict[str, str | Sequence[str]]] = {
    "api_over_limit": {
        "title": "Talk about the plan: API calls are above its limit",
        "why": "Calls above the limit are refused or billed; both surprise a customer.",
        "investigate": (
            "See which integration makes the calls.",
            "Is it lasting, or a one-off such as an import?",
        ),
        "options": (
            "Offer the plan with the higher limit.",
            "Show how to batch calls if it is a one-off.",
        ),
        "message": _HELLO + "your integrations are busier than your plan foresees. Let us look "
        "at what suits you better before it slows you down." + _BYE,
    },
    "near_seat_limit": {
        "title": "Offer seats before the next colleague is refused",
        "why": "Nearly all seats are taken: the team is growing.",
        "investigate": (
            "Are all seats used by active people?",
            "Who was invited lately, and from which department?",
        ),
        "options": (
            "Offer more seats, or the plan that has them.",
            "Free seats of people who left, if they prefer.",
        ),
        "message": _HELLO + "your team has nearly filled its seats. Shall we make room before "
        "someone is turned away?" + _BYE,
    },
    "near_storage_limit": {
        "title": "Offer storage before uploads fail",
        "why": "Storage above 80% fills up faster than budgets are approved.",
        "investigate": (
            "How fast does it grow: when is it full?",
            "What takes the space?",
        ),
        "options": (
            "Offer the next size or plan.",
            "Show how to archive, if they prefer.",
        ),
        "message": _HELLO + "your storage is filling up, a good sign that you build on us. "
        "Shall we look at the options before it gets tight?" + _BYE,
    },
    "five_integrations_three_departments": {
        "title": "Propose a conversation about the higher plan",
        "why": "Five integrations and three departments are what customers of that plan have.",
        "investigate": (
            "Which features of the higher plan would they use at once?",
            "Who decides, and when does the contract renew?",
        ),
        "options": (
            "Show what similar customers gained from the higher plan.",
            "Offer a trial of its features.",
        ),
        "message": _HELLO + "you now connect many tools and teams. I would like to show you "
        "what other customers at this point find useful." + _BYE,
    },
    "premium_in_trial": {
        "title": "Help them get value from the premium features before the trial ends",
        "why": "Use of premium features during a trial is the clearest sign of intent to buy.",
        "investigate": (
            "Which premium features, by whom, for which task?",
            "When does the trial end, and who decides?",
        ),
        "options": (
            "Offer a session on the features they tried.",
            "Prepare a proposal that includes them.",
        ),
        "message": _HELLO + "good to see you trying {what}. Shall I show you two ways to get "
        "more from it before your trial ends?" + _BYE,
    },
    "above_typical_power_user": {
        "title": "Thank them, learn from them, and ask what they need next",
        "why": "They do more than those who already do much: advocates and buyers come from here.",
        "investigate": (
            "What changed: more people, a new use, a deadline?",
            "Which limits will they meet next?",
        ),
        "options": (
            "Invite them to a case study or an advisory group.",
            "Show advanced features of the higher plan.",
        ),
        "message": _HELLO + "your team makes remarkable use of the product. May we learn from "
        "you, and show you what is coming next?" + _BYE,
    },
    "new_departments": {
        "title": "Welcome the new department and offer its own onboarding",
        "why": "Spread beyond the first department makes an account larger and steadier.",
        "investigate": (
            "Who brought them in, and for which task?",
            "Are there enough seats for them?",
        ),
        "options": (
            "Offer the new department a short start of its own.",
            "Talk to the sponsor about a plan for several teams.",
        ),
        "message": _HELLO + "we see new colleagues joining. Shall we offer them a short start "
        "that fits their work?" + _BYE,
    },
    "emerging_champion": {
        "title": "Get to know the person who now leads the account",
        "why": "Champions renew contracts; it is good to know them before they are needed.",
        "investigate": (
            "What is their role, and whom do they help?",
            "Do they answer in the community?",
        ),
        "options": (
            "Thank them and offer early access or a training.",
            "Introduce them to the sponsor's plan.",
        ),
        "message": _HELLO + "one of your colleagues has become a true expert. We would love to "
        "get to know them and hear what they would change." + _BYE,
    },
}
"""Kind of anomaly to its play."""
