"""What an account asks support for, how it is served, and in which tone."""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from collections.abc import Mapping

from helpers.features.feature import (
    Feature,
    before,
    count_change,
    exact_sum,
    flag,
    ratio,
    within,
)
from helpers.features.population import Context
from helpers.features.relations import Relation
from helpers.features.visible import visible

__all__ = ["FEATURES", "RELATIONS"]


def _ticket(_context: Context) -> str:
    """Visible tickets with the tone of their text, -1 to 1."""
    return f"""
        SELECT v.*, s.sentiment FROM ({visible("tickets")}) AS v
        LEFT JOIN ticket_sentiment s ON s.text = v.text
        """


RELATIONS: Mapping[str, Relation] = {"ticket": _ticket}

_HOURS = "CAST(closed_us - opened_us AS DOUBLE) / 3600000000"
_IS_OPEN = "closed_age IS NULL"

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="tickets__n_{w}d",
        meaning="support tickets opened in the last {w} days",
        unit="tickets",
        over="ticket",
        sql=within("1"),
        needs=("tickets",),
        fill="0",
        seed="F-10",
    ),
    Feature(
        name="has_tickets_90d",
        meaning="1 if a ticket was opened in the last 90 days: none may mean content, or gone",
        unit="0 or 1",
        over="ticket",
        sql=flag("age_days <= 90"),
        window=90,
        needs=("tickets",),
        fill="0",
        seed="D-11",
    ),
    Feature(
        name="tickets__change_30d",
        meaning="change of tickets, last 30 days against the 30 before, as a share",
        unit="share",
        over="ticket",
        sql=count_change(within("1", 30), before("1", 31, 60)),
        window=30,
        needs=("tickets",),
        fill="0",
        min_days=60,
        note="an earlier count of 0 is taken as 1",
        seed="F-10",
    ),
    Feature(
        name="tickets_open__n",
        meaning="tickets open at the as-of date",
        unit="tickets",
        over="ticket",
        sql=f"SUM(CASE WHEN {_IS_OPEN} THEN 1 ELSE 0 END)",
        needs=("tickets", "tickets.closed_at"),
        fill="0",
        seed="F-10",
    ),
    Feature(
        name="tickets_escalated__n_90d",
        meaning="tickets of the last 90 days that were escalated (as recorded in the extract)",
        unit="tickets",
        over="ticket",
        sql="SUM(CASE WHEN age_days <= 90 AND escalated THEN 1 ELSE 0 END)",
        window=90,
        needs=("tickets.escalated",),
        fill="0",
        seed="F-10",
    ),
    Feature(
        name="tickets_escalated_open__n",
        meaning="escalated tickets open at the as-of date",
        unit="tickets",
        over="ticket",
        sql=f"SUM(CASE WHEN {_IS_OPEN} AND escalated THEN 1 ELSE 0 END)",
        needs=("tickets.escalated", "tickets.closed_at"),
        fill="0",
        seed="F-10",
    ),
    Feature(
        name="resolution_hours__median_90d",
        meaning="median hours from opening to closing, tickets closed in the last 90 days",
        unit="hours",
        over="ticket",
        sql="PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CASE WHEN closed_age <= 90 THEN "
        f"{_HOURS} END)",
        window=90,
        needs=("tickets.closed_at",),
        seed="F-10",
    ),
    Feature(
        name="csat__mean_90d",
        meaning="mean rating of tickets closed in the last 90 days",
        unit="rating 1 to 5",
        over="ticket",
        sql=f"{exact_sum('csat', 'closed_age <= 90')} / NULLIF(COUNT(CASE WHEN closed_age <= 90 "
        "THEN csat END), 0)",
        window=90,
        needs=("tickets.csat",),
        seed="F-10",
    ),
    Feature(
        name="ticket_sentiment__mean_90d",
        meaning="mean tone of ticket texts of the last 90 days, -1 (bad) to 1 (good), by a small "
        "English word list with negation; texts without any of its words do not count",
        unit="-1 to 1",
        over="ticket",
        sql=f"{exact_sum('sentiment', 'age_days <= 90')} / NULLIF(COUNT(CASE WHEN age_days <= 90 "
        "THEN sentiment END), 0)",
        window=90,
        needs=("tickets.text",),
        seed="F-10",
    ),
    Feature(
        name="tickets_per_user_90d",
        meaning="tickets of the last 90 days per person active in them",
        unit="tickets per person",
        over="joined",
        sql=ratio("tickets_90d", "users_90d"),
        window=90,
        needs=("tickets", "events.user_id"),
        seed="F-10",
    ),
    Feature(
        name="tickets_90d",
        meaning="tickets of the last 90 days",
        unit="tickets",
        over="ticket",
        sql=within("1", 90),
        needs=("tickets",),
        fill="0",
        hidden=True,
    ),
    Feature(
        name="users_90d",
        meaning="people active in the last 90 days",
        unit="people",
        over="user",
        sql=within("1", 90, age="last_age"),
        needs=("events.user_id",),
        fill="0",
        hidden=True,
    ),
)
