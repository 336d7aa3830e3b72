"""How an account answers: messages, surveys, and the people on both sides."""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from collections.abc import Mapping

from helpers.features.feature import Feature, exact_sum, flag, ratio, within
from helpers.features.population import Context
from helpers.features.relations import Relation, of_table
from helpers.features.visible import visible

__all__ = ["MESSAGES", "RELATIONS", "RELATIONSHIP", "SURVEYS"]

_REACTED = "COALESCE(opened_age, clicked_age, replied_age) IS NOT NULL"


def _favourite(column: str, condition: str) -> Relation:
    """Return the relation whose ``place`` 1 is the value with most reactions in 365 days."""

    def query(_context: Context) -> str:
        return f"""
            SELECT account_no, cutoff, {column}, ROW_NUMBER() OVER (
                PARTITION BY account_no, cutoff ORDER BY COUNT(*) DESC, {column}
            ) AS place
            FROM ({visible("messages")}) AS v
            WHERE age_days <= 365 AND {column} IS NOT NULL AND {condition}
            GROUP BY account_no, cutoff, {column}
            """

    return query


def _last_survey(_context: Context) -> str:
    """Visible answers; ``place`` 1 is the latest of its kind."""
    return f"""
        SELECT v.*, ROW_NUMBER() OVER (
            PARTITION BY account_no, cutoff, kind ORDER BY answered_us DESC, score
        ) AS place
        FROM ({visible("surveys")}) AS v
        """


RELATIONS: Mapping[str, Relation] = {
    "message": of_table("messages"),
    "channel": _favourite("channel", _REACTED),
    "topic": _favourite("topic", _REACTED),
    "hour": _favourite("opened_hour", "opened_age IS NOT NULL"),
    "survey": _last_survey,
    "touchpoint": of_table("touchpoints"),
    "person": of_table("users"),
}


def _rate(name: str, moment: str, what: str) -> Feature:
    answered = f"SUM(CASE WHEN age_days <= 90 AND {moment}_age IS NOT NULL THEN 1 ELSE 0 END)"
    return Feature(
        name=f"message_{name}__rate_90d",
        meaning=f"share of the messages of the last 90 days that were {what}",
        unit="share",
        over="message",
        sql=ratio(answered, within("1", 90)),
        window=90,
        needs=("messages", f"messages.{moment}_at"),
        seed="F-16",
    )


def _preferred(name: str, over: str, column: str, what: str, *, text: bool = True) -> Feature:
    return Feature(
        name=name,
        meaning=f"{what} with most reactions in the last 365 days",
        unit="text" if text else "hour, 0 to 23",
        over=over,
        sql=f"MAX(CASE WHEN place = 1 THEN {column} END)",
        window=365,
        needs=("messages.opened_at|messages.clicked_at|messages.replied_at",),
        kind="text" if text else "number",
        behavioural=False,
        seed="F-16",
    )


MESSAGES: tuple[Feature, ...] = (
    Feature(
        name="messages__n_90d",
        meaning="messages sent to the account in the last 90 days",
        unit="messages",
        over="message",
        sql=within("1", 90),
        window=90,
        needs=("messages",),
        fill="0",
        behavioural=False,
        seed="F-16",
    ),
    _rate("open", "opened", "opened"),
    _rate("click", "clicked", "followed by a click"),
    _rate("reply", "replied", "answered (responsiveness to outreach)"),
    Feature(
        name="unsubscribes__n_365d",
        meaning="times somebody opted out of messages in the last 365 days",
        unit="times",
        over="message",
        sql="SUM(CASE WHEN unsubscribed_age <= 365 THEN 1 ELSE 0 END)",
        window=365,
        needs=("messages.unsubscribed_at",),
        fill="0",
        seed="F-16",
    ),
    _preferred("preferred_channel", "channel", "channel", "channel"),
    _preferred("preferred_topic", "topic", "topic", "topic"),
    _preferred("preferred_hour", "hour", "opened_hour", "hour of the day", text=False),
)

_CSAT = "kind = 'csat' AND age_days <= 180"

SURVEYS: tuple[Feature, ...] = (
    Feature(
        name="nps_last",
        meaning="latest answer to the NPS question; the lower one if two came at the same moment",
        unit="0 to 10",
        over="survey",
        sql="MAX(CASE WHEN kind = 'nps' AND place = 1 THEN score END)",
        needs=("surveys",),
        seed="F-17",
    ),
    Feature(
        name="nps_age_days",
        meaning="days since the latest NPS answer",
        unit="days",
        over="survey",
        sql="MIN(CASE WHEN kind = 'nps' THEN age_days END)",
        needs=("surveys",),
        behavioural=False,
        seed="F-17",
    ),
    Feature(
        name="csat_survey__mean_180d",
        meaning="mean of the CSAT survey answers of the last 180 days",
        unit="rating",
        over="survey",
        sql=f"{exact_sum('score', _CSAT)} / NULLIF(SUM(CASE WHEN {_CSAT} THEN 1 ELSE 0 END), 0)",
        window=180,
        needs=("surveys",),
        seed="F-17",
    ),
)


def _contacts(name: str, meaning: str, kind: str, days: int) -> Feature:
    chosen = f" AND kind = '{kind}'" if kind else ""
    return Feature(
        name=name,
        meaning=f"{meaning} in the last {days} days",
        unit="contacts",
        over="touchpoint",
        sql=f"SUM(CASE WHEN age_days <= {days}{chosen} THEN 1 ELSE 0 END)",
        window=days,
        needs=("touchpoints",),
        fill="0",
        seed="F-17",
    )


RELATIONSHIP: tuple[Feature, ...] = (
    _contacts("touchpoints__n_90d", "contacts of any kind with customer success", "", 90),
    Feature(
        name="days_since_last_touchpoint",
        meaning="days since the last contact with customer success",
        unit="days",
        over="touchpoint",
        sql="MIN(age_days)",
        needs=("touchpoints",),
        seed="F-17",
    ),
    Feature(
        name="days_since_business_review",
        meaning="days since the last business review",
        unit="days",
        over="touchpoint",
        sql="MIN(CASE WHEN kind = 'business_review' THEN age_days END)",
        needs=("touchpoints",),
        seed="F-17",
    ),
    _contacts("trainings__n_180d", "trainings", "training", 180),
    Feature(
        name="stakeholders__n_365d",
        meaning="different people on the customer's side met in the last 365 days",
        unit="people",
        over="touchpoint",
        sql="COUNT(DISTINCT CASE WHEN age_days <= 365 THEN stakeholder END)",
        window=365,
        needs=("touchpoints.stakeholder",),
        fill="0",
        seed="F-17",
    ),
    Feature(
        name="champion_tenure_days",
        meaning="days since the longest-serving champion who is still there was added",
        unit="days",
        over="person",
        sql="MAX(CASE WHEN is_champion AND deactivated_age IS NULL THEN age_days END)",
        needs=("users.is_champion",),
        seed="F-17",
    ),
    Feature(
        name="champion_left_90d",
        meaning="1 if a champion was removed in the last 90 days",
        unit="0 or 1",
        over="person",
        sql=flag("is_champion AND deactivated_age <= 90"),
        window=90,
        needs=("users.is_champion",),
        fill="0",
        seed="F-17",
    ),
    Feature(
        name="users__n",
        meaning="people in the account: added and not removed",
        unit="people",
        over="person",
        sql="SUM(CASE WHEN deactivated_age IS NULL THEN 1 ELSE 0 END)",
        needs=("users.created_at",),
        fill="0",
        seed="F-17",
    ),
    Feature(
        name="users_added__n_30d",
        meaning="people added in the last 30 days",
        unit="people",
        over="person",
        sql=within("1", 30),
        window=30,
        needs=("users.created_at",),
        fill="0",
        seed="F-19",
    ),
    Feature(
        name="users_removed__n_30d",
        meaning="people removed in the last 30 days",
        unit="people",
        over="person",
        sql="SUM(CASE WHEN deactivated_age <= 30 THEN 1 ELSE 0 END)",
        window=30,
        needs=("users.created_at", "users.deactivated_at"),
        fill="0",
        seed="F-17",
    ),
    Feature(
        name="departments__n",
        meaning="departments with at least one person in the account",
        unit="departments",
        over="person",
        sql="COUNT(DISTINCT CASE WHEN deactivated_age IS NULL THEN department END)",
        needs=("users.created_at", "users.department"),
        fill="0",
        seed="F-12",
    ),
)
