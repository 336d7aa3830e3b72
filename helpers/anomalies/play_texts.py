"""The written plays for risks and security, read by :mod:`helpers.anomalies.plays`."""

from collections.abc import Sequence

__all__ = ["RISK_PLAYS"]

_CHECK_KNOWN = "Check known factors: holidays, year-end, a planned project on their side."
_CHECK_TICKETS = "Read their support tickets of the last weeks for something unresolved."
_LIST_USERS = "List which users became inactive, and what they used before."
_HELLO = "Hello {account} team,\n\n"
_BYE = "\n\nBest regards\n{csm}"

RISK_PLAYS: dict[str, dict[str, str | Sequence[str]]] = {
    "sudden_drop": {
        "title": "Call the administrator today: is something broken, or has the team stopped?",
        "why": "Use has almost ceased within days; a technical fault and a decision to leave look "
        "alike from outside, and both are best met early.",
        "investigate": (
            _CHECK_KNOWN,
            "Check logins and single sign-on: can they still get in?",
            _CHECK_TICKETS,
            _LIST_USERS,
        ),
        "options": (
            "If it is technical: hand over to support with priority and keep them informed.",
            "If the sponsor left: find the successor and offer a fresh start.",
            "If they are trying another tool: offer a call with product and a clear next step.",
        ),
        "message": _HELLO + "we noticed that things have become quiet lately. Is everything "
        "working for you, and is there anything we can take off your hands this week?" + _BYE,
    },
    "usage_drop": {
        "title": "Find out within the week why use has fallen, starting with tickets and people",
        "why": "A fall of a third or more that several signals share is often the first sign of "
        "a team that is turning away.",
        "investigate": (
            _CHECK_KNOWN,
            _CHECK_TICKETS,
            _LIST_USERS,
            "See which features lost most: one of them, or all alike?",
        ),
        "options": (
            "Offer a short working session on what they used most before.",
            "Resolve the oldest open ticket first and tell them.",
            "Bring the next business review forward.",
        ),
        "message": _HELLO + "I was preparing our next review and would like to hear how "
        "things are going. Has anything changed in how your team works?" + _BYE,
    },
    "user_attrition": {
        "title": "List who stopped coming and reach out with the reason in mind",
        "why": "When people who came every week stay away together, the rest often follows.",
        "investigate": (
            _CHECK_KNOWN,
            _CHECK_TICKETS,
            _LIST_USERS,
            "Ask whether a team was reorganised or moved to another tool.",
        ),
        "options": (
            "Offer training for the people who stayed and those who are new.",
            "Agree with the sponsor on who should use what, and by when.",
            "Send those who left a short note on what is new for their role.",
        ),
        "message": _HELLO + "some colleagues have not been around lately. If roles have changed, "
        "we are glad to help the new people get started. Would a short session help?" + _BYE,
    },
    "admin_absence": {
        "title": "Find out whether the administrator left, and who has taken over",
        "why": "Without an administrator nobody adds people, renews or speaks for the product; "
        "an unnoticed change of sponsor often comes before a loss.",
        "investigate": (
            "Look for an out-of-office note, a bounced mail or a changed profile.",
            "Ask a second contact who looks after the product now.",
            _CHECK_TICKETS,
        ),
        "options": (
            "Book an urgent check-in with the administrator or the successor.",
            "Onboard the successor: half an hour, settings and goals.",
            "Ask for a second administrator as a standing arrangement.",
        ),
        "message": _HELLO + "I wanted to make sure that you have all you need to look after your "
        "workspace. Are you still the right person for me to talk to?" + _BYE,
    },
    "power_user_silent": {
        "title": "Call the person who did most, before the others follow",
        "why": "The most active person carries the habit of the whole team.",
        "investigate": (
            _CHECK_KNOWN,
            "Is it a holiday, an illness, a new role, or have they left?",
            "See who does their work now.",
        ),
        "options": (
            "Reach out in person and ask what would help.",
            "If they left: invite the next most active person to a short training.",
            "Record their set-up so that it outlives them.",
        ),
        "message": _HELLO + "you have built a lot with us and I have not seen you around. Is "
        "there anything that stopped working for you, or has someone else taken over?" + _BYE,
    },
    "feature_abandonment": {
        "title": "Ask what replaced the feature they stopped using",
        "why": "A habit that ends overnight usually has a cause: a fault, or another tool.",
        "investigate": (
            "Try the feature in an account like theirs: does it work?",
            _CHECK_TICKETS,
            "Check whether integrations or permissions changed at the time.",
        ),
        "options": (
            "Pass a fault to product with their example.",
            "Show the shorter way to do the same task.",
            "If another tool took over: offer to connect it.",
        ),
        "message": _HELLO + "we are collecting experiences with {what}. You used it a lot: what "
        "works well, and what would you change?" + _BYE,
    },
    "collaboration_stopped": {
        "title": "Ask how the team works together now",
        "why": "A tool that is used alone is easier to give up.",
        "investigate": (
            _CHECK_KNOWN,
            "See whether a chat or document tool was introduced.",
            _LIST_USERS,
        ),
        "options": (
            "Offer a team session on shared views and notifications.",
            "Connect their chat tool so that comments reach people.",
        ),
        "message": _HELLO + "how is your team sharing work these days? We have a few short "
        "examples of what similar teams do and would be glad to show them." + _BYE,
    },
    "gradual_decline": {
        "title": "Bring the business review forward: use has been falling for weeks",
        "why": "A slow loss is easy to overlook and by the time it shows in a level it is large.",
        "investigate": (
            "Compare the last eight weeks by feature and by person.",
            _CHECK_TICKETS,
            "Check satisfaction scores and open promises of ours.",
        ),
        "options": (
            "Agree on one goal for the quarter and the feature that serves it.",
            "Re-onboard the people who use it least.",
            "Involve the sponsor before the renewal talk.",
        ),
        "message": _HELLO + "let us look together at what you want to reach this quarter and "
        "whether the product still serves it. Would next week suit you?" + _BYE,
    },
    "pattern_break": {
        "title": "Ask what changed: the same work now happens at other times",
        "why": "Nights and weekends mean a new team, an overload, an automation or a stranger.",
        "investigate": (
            "See which people and which addresses the new times come from.",
            "Check for a new integration or script.",
            _CHECK_KNOWN,
        ),
        "options": (
            "If it is a new team elsewhere: offer them their own onboarding.",
            "If it is overload: show automation for the recurring part.",
            "If nobody knows: hand over to security.",
        ),
        "message": _HELLO + "it looks as if your working rhythm has changed. Has a new team "
        "joined, or a busy phase begun? We are glad to help in either case." + _BYE,
    },
    "unexpected_spike": {
        "title": "Find out what the spike is: growth, a one-off, or misuse",
        "why": "Ten times the usual may be a launch worth supporting or an account being emptied.",
        "investigate": (
            "See which actions and which people make up the spike.",
            "Compare with limits: is the plan still the right one?",
            "If exports or API calls dominate: check keys and addresses with security.",
        ),
        "options": (
            "If it is growth: offer help with the roll-out and talk about the plan.",
            "If it is a one-off: offer the bulk tools that fit.",
            "If it is misuse: hand over to security before contacting them.",
        ),
        "message": _HELLO + "you have been very busy with us lately. If you are rolling "
        "something out, we would be glad to support you." + _BYE,
    },
    "outlier_actions": {
        "title": "Check with the account whether the unusual actions are theirs",
        "why": "An account does often what it never did and hardly any like it does.",
        "investigate": (
            "See who did it, from where, and with which key.",
            "Ask whether a project or a migration is under way.",
            "Check whether data left the account.",
        ),
        "options": (
            "If it is a project: offer technical help.",
            "If it prepares a move away: involve the sponsor.",
            "If nobody knows of it: hand over to security.",
        ),
        "message": _HELLO + "we saw that you started with {what}. If you are setting something "
        "up, our technical team can help you get it right the first time." + _BYE,
    },
    "suspicious_activity": {
        "title": "Hand over to security now, and do not write to the suspected user",
        "why": "Bursts of failed logins, worse with exports by night, look like a taken account.",
        "investigate": (
            "Give security the account, the person and the days.",
            "Check whether keys were created and data exported.",
            "Reach the administrator by a second channel.",
        ),
        "options": (
            "Lock sessions and keys together with the administrator.",
            "Turn on two-factor login and review permissions.",
            "Tell the sponsor what was found and what was done.",
        ),
        "message": _HELLO + "as a precaution we would like to review recent sign-ins with your "
        "administrator. Could we speak today?" + _BYE,
    },
    "adoption_stalled": {
        "title": "Restart onboarding with one goal and one feature",
        "why": "Accounts that stop exploring two months in rarely start again by themselves.",
        "investigate": (
            "See which step of the set-up was the last.",
            "Ask what they wanted to reach when they signed up.",
        ),
        "options": (
            "Offer one session on the next useful feature for their goal.",
            "Invite a second person: two explore more than one.",
        ),
        "message": _HELLO + "you have made a start. Shall we pick the one thing that would help "
        "you most next, and set it up together?" + _BYE,
    },
    "unusual_mix": {
        "title": "Look at the account in the weekly review",
        "why": "Several signals are off together although none fits a known pattern.",
        "investigate": (
            "Look at the chart of the signals that are off.",
            _CHECK_KNOWN,
            _CHECK_TICKETS,
        ),
        "options": (
            "Nothing, if it is explained.",
            "A short call, if it goes on for a second week.",
        ),
        "message": _HELLO + "a quick question on how things are going: has anything changed in "
        "how you use us?" + _BYE,
    },
    "systemic_incident": {
        "title": "Tell product and support; give customer success one message for all accounts",
        "why": "Many accounts show the same on the same days: the product is the likely cause.",
        "investigate": (
            "Ask engineering for incidents and releases on these days.",
            "See which feature and which accounts are concerned.",
        ),
        "options": (
            "Publish one message for all accounts concerned.",
            "Call the largest accounts concerned in person.",
            "Check a week later that use has come back.",
        ),
        "message": _HELLO + "on the days in question our service did not work as it should. We "
        "are sorry; here is what happened and what we changed." + _BYE,
    },
}
"""Kind of anomaly to its play."""
