"""Every kind of anomaly: what it means, which way it points, who looks for it, who goes first."""

from collections.abc import Callable
from dataclasses import dataclass

from helpers.anomalies.kinds import features, limits, people, security, usage
from helpers.anomalies.kinds.found import Found
from helpers.anomalies.scene import Scene

__all__ = ["KINDS", "SYSTEMIC", "Kind", "kind_of"]

SYSTEMIC = "systemic_incident"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind.

    Parameters
    ----------
    name, title : str
    direction : str
        ``risk``, ``expansion`` or ``security``.
    rule : str
        When it is raised, in words with its numbers.
    statistical : bool
        A p-value decides; else the rule states a fact.
    dip : bool
        A known absence (holiday, planned initiative) can explain it.
    needs : str
        What the data must have for it, told where they do not.
    find : callable
        From a scene to where the rule holds.
    """

    name: str
    title: str
    direction: str
    rule: str
    find: Callable[[Scene], Found]
    needs: str = "events"
    statistical: bool = True
    dip: bool = False


def _risk(
    name: str, title: str, rule: str, find: Callable[[Scene], Found], needs: str = "events"
) -> Kind:
    return Kind(
        name=name, title=title, direction="risk", rule=rule, find=find, needs=needs, dip=True
    )


def _fact(name: str, title: str, rule: str, find: Callable[[Scene], Found], needs: str) -> Kind:
    return Kind(
        name=name,
        title=title,
        direction="expansion",
        rule=rule,
        find=find,
        needs=needs,
        statistical=False,
    )


KINDS: tuple[Kind, ...] = (
    Kind(
        name="suspicious_activity",
        title="Suspicious activity",
        direction="security",
        rule="10 or more failed logins or new keys in a week, five times what is usual",
        find=security.suspicious_activity,
        needs="events of the role `security`",
    ),
    Kind(
        name="outlier_actions",
        title="Outlier actions",
        direction="security",
        rule="3 or more times in a week what it did not do in 12 weeks, nor more than 5% of peers",
        find=features.outlier_actions,
        needs="event names",
        statistical=False,
    ),
    _risk(
        "sudden_drop",
        "Sudden drop",
        "usage falls by 90% or more within a week or two",
        usage.sudden_drop,
    ),
    _risk(
        "user_attrition",
        "User attrition",
        "40% or more of the people who came every week stay away for a week or two",
        people.user_attrition,
        "events that name users",
    ),
    _risk(
        "admin_absence",
        "Administrator absent",
        "administrators who came daily have not come for 14 days, while others work on",
        people.admin_absence,
        "a `users` table that marks administrators",
    ),
    _risk(
        "power_user_silent",
        "Power user silent",
        "the most active person, there daily before, has not come for 7 days",
        people.power_user_silent,
        "events that name users",
    ),
    _risk(
        "feature_abandonment",
        "Feature abandoned",
        "a core feature used every week falls to nothing for 14 days, the rest is as usual",
        features.feature_abandonment,
        "events that name features",
    ),
    _risk(
        "collaboration_stopped",
        "Team stopped collaborating",
        "comments and shares fall by 80% or more, the rest is as usual",
        usage.collaboration_stopped,
        "events of the role `collaboration`",
    ),
    Kind(
        name="unexpected_spike",
        title="Unexpected spike",
        direction="expansion",
        rule="ten times a usual day and three times a usual active day; triage says what it is",
        find=usage.unexpected_spike,
    ),
    Kind(
        name="pattern_break",
        title="Pattern break",
        direction="risk",
        rule="the same volume over one or two weeks, but 25 points more of it at night and on "
        "weekends",
        find=usage.pattern_break,
    ),
    _risk(
        "usage_drop",
        "Usage drop",
        "usage falls by 35% or more over one, two or four weeks, short of a sudden drop",
        usage.usage_drop,
    ),
    _risk(
        "gradual_decline",
        "Gradual decline",
        "usage falls by 2% a week or faster, for 8, 13 or 26 weeks",
        usage.gradual_decline,
    ),
    Kind(
        name="adoption_stalled",
        title="Adoption stalled",
        direction="risk",
        rule="60 days after sign-up half the usual features, none new for 28 days",
        find=features.adoption_stalled,
        needs="events that name features",
        statistical=False,
    ),
    Kind(
        name="unusual_mix",
        title="Unusual mix of signals",
        direction="risk",
        rule="several signals are off together although no other kind fits",
        find=usage.unusual_mix,
        dip=True,
    ),
    _fact(
        "api_over_limit",
        "API over its limit",
        "API calls of a month above what the plan allows",
        limits.api_over_limit,
        "`usage_levels` of api_calls and accounts.api_calls_limit",
    ),
    _fact(
        "near_seat_limit",
        "Seats nearly used up",
        "more than 90% of the seats are taken",
        limits.near_seat_limit,
        "`usage_levels` of seats and seats paid for",
    ),
    _fact(
        "near_storage_limit",
        "Storage nearly used up",
        "storage above 80% of the allocation",
        limits.near_storage_limit,
        "`usage_levels` of storage_gb and accounts.storage_gb_limit",
    ),
    _fact(
        "five_integrations_three_departments",
        "Profile of a higher plan",
        "5 or more integrations and 3 or more departments at work",
        limits.five_integrations_three_departments,
        "`usage_levels` of integrations and users with a department",
    ),
    _fact(
        "premium_in_trial",
        "Premium features in a trial",
        "3 or more uses of premium features on 2 or more days of a week, on trial",
        limits.premium_in_trial,
        "`subscriptions` with trials and a catalogue that marks premium features",
    ),
    Kind(
        name="above_typical_power_user",
        title="Above a typical power user",
        direction="expansion",
        rule="works like a power user, and now does 25% more a person than those do",
        find=limits.above_typical_power_user,
        needs="events that name users, of 20 accounts or more",
    ),
    _fact(
        "new_departments",
        "New departments",
        "people of a department that never used the product have begun to",
        people.new_departments,
        "a `users` table with departments",
    ),
    Kind(
        name="emerging_champion",
        title="Emerging champion",
        direction="expansion",
        rule="somebody does 2.5 times what they did, on 8 of 14 days, and leads the account",
        find=people.emerging_champion,
        needs="events that name users",
    ),
)
"""In order of precedence: where several kinds fit one episode, the first one names it."""


def kind_of(name: str) -> Kind:
    """Return a kind by name; ``KeyError`` if there is none."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise KeyError(f"no kind {name!r}; there are {[kind.name for kind in KINDS]}")
