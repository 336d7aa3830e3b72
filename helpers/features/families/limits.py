"""How near an account is to what its plan allows, and milestones, and news from outside."""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from collections.abc import Mapping

from helpers.features.feature import Feature, exact_sum, flag, ratio
from helpers.features.population import Context
from helpers.features.relations import Relation, of_table
from helpers.features.visible import visible

__all__ = ["EXTERNAL", "LIMITS", "MILESTONES", "RELATIONS"]

STALE_DAYS = 90
"""A meter reading older than this is no longer taken for the present level."""


def _level(_context: Context) -> str:
    """Meters: the last reading, and the last one that is at least 30 days older than the cutoff."""
    return f"""
        SELECT account_no, cutoff, metric,
               MAX(CASE WHEN place = 1 THEN value END) AS value,
               MAX(CASE WHEN place_before = 1 AND age_days > 30 THEN value END) AS value_before
        FROM (
            SELECT v.*, ROW_NUMBER() OVER (
                       PARTITION BY account_no, cutoff, metric ORDER BY age_days, value
                   ) AS place,
                   ROW_NUMBER() OVER (
                       PARTITION BY account_no, cutoff, metric
                       ORDER BY CASE WHEN age_days > 30 THEN 0 ELSE 1 END, age_days, value
                   ) AS place_before
            FROM ({visible("usage_levels")}) AS v WHERE age_days <= {STALE_DAYS}
        ) AS ranked
        GROUP BY account_no, cutoff, metric
        """


RELATIONS: Mapping[str, Relation] = {"level": _level, "signal": of_table("external_signals")}

_EXTRACT = (
    "the account's own limit is known for the run's own as-of date only; before, the limit of the "
    "plan then in force, where all accounts on that plan have the same"
)


def _metric(name: str, metric: str, column: str = "value") -> Feature:
    return Feature(
        name=name,
        meaning=f"last reading of {metric}",
        unit="level",
        over="level",
        sql=f"MAX(CASE WHEN metric = '{metric}' THEN {column} END)",
        needs=("usage_levels",),
        hidden=True,
    )


def _share(name: str, meaning: str, sql: str, limit: str, note: str) -> Feature:
    return Feature(
        name=name,
        meaning=f"{meaning}: last reading of at most {STALE_DAYS} days ago over the limit",
        unit="share",
        over="joined",
        sql=sql,
        needs=("usage_levels", limit),
        note=note,
        seed="F-19",
    )


def _plan_limit(column: str, limit: str) -> Feature:
    return Feature(
        name=column,
        meaning="limit of the plan in force",
        unit="limit",
        over="term",
        sql=f"MAX(CASE WHEN place = 1 THEN {column} END)",
        needs=("subscriptions.plan", limit),
        hidden=True,
    )


_SEATS_THEN = "(started_age > 90 AND (ended_age IS NULL OR ended_age <= 90))"

LIMITS: tuple[Feature, ...] = (
    _metric("level_seats", "seats"),
    _metric("level_storage", "storage_gb"),
    _metric("level_storage_before", "storage_gb", "value_before"),
    _metric("level_api", "api_calls"),
    _plan_limit("plan_storage", "accounts.storage_gb_limit"),
    _plan_limit("plan_api", "accounts.api_calls_limit"),
    Feature(
        name="paid_seats",
        meaning="seats paid for in the terms in force",
        unit="seats",
        over="term",
        sql="SUM(CASE WHEN in_force = 1 THEN seats END)",
        needs=("subscriptions.seats",),
        hidden=True,
    ),
    Feature(
        name="seats_known",
        meaning="1 where the company has subscriptions with seats",
        unit="0 or 1",
        over="term",
        sql="1",
        needs=("subscriptions.seats",),
        fill="1",
        hidden=True,
    ),
    _share(
        "seats__share",
        "seats in use over seats paid for",
        ratio(
            "level_seats",
            "CASE WHEN seats_known = 1 THEN paid_seats WHEN is_newest THEN account_seats END",
        ),
        "subscriptions.seats|accounts.seats",
        "without subscriptions: seats of the accounts table, for the run's own as-of date only",
    ),
    _share(
        "storage__share",
        "storage in use over storage allowed",
        ratio("level_storage", "CASE WHEN is_newest THEN storage_gb_limit ELSE plan_storage END"),
        "accounts.storage_gb_limit",
        _EXTRACT,
    ),
    _share(
        "api__share",
        "API calls of a month over calls allowed",
        ratio("level_api", "CASE WHEN is_newest THEN api_calls_limit ELSE plan_api END"),
        "accounts.api_calls_limit",
        _EXTRACT,
    ),
    Feature(
        name="integrations__n",
        meaning="integrations connected at the last reading",
        unit="integrations",
        over="level",
        sql="MAX(CASE WHEN metric = 'integrations' THEN value END)",
        needs=("usage_levels",),
        seed="F-19",
    ),
    Feature(
        name="storage__change_30d",
        meaning="change of storage in use against the reading 30 days earlier, as a share",
        unit="share",
        over="joined",
        sql=ratio("level_storage", "level_storage_before") + " - 1",
        window=30,
        needs=("usage_levels",),
        min_days=31,
        seed="F-19",
    ),
    Feature(
        name="seats__change_90d",
        meaning="change of seats paid for against 90 days earlier, as a share (expansion velocity)",
        unit="share",
        over="term",
        sql=ratio(
            "SUM(CASE WHEN in_force = 1 THEN seats END)",
            f"SUM(CASE WHEN {_SEATS_THEN} THEN seats END)",
        )
        + " - 1",
        window=90,
        needs=("subscriptions.seats",),
        min_days=91,
        seed="F-19",
    ),
)

MILESTONES: tuple[Feature, ...] = (
    Feature(
        name="invited_within_30d",
        meaning="1 if a colleague was invited in the account's first 30 days",
        unit="0 or 1",
        over="day",
        sql=f"CASE WHEN {flag('invite_after_days < 30')}"
        " = 1 THEN 1 WHEN MIN(account_age) >= 30 THEN 0 END",
        needs=("role:invite",),
        fill="CASE WHEN age_days >= 30 THEN 0 END",
        whole_life=True,
        note="empty in the first 30 days until it happens",
        seed="F-20",
    ),
    Feature(
        name="core3_weekly",
        meaning="1 if three or more core features were used in each of the last 4 whole weeks",
        unit="0 or 1",
        over="feature",
        sql="CASE WHEN SUM(CASE WHEN core = 1 AND weeks_now = 4 THEN 1 ELSE 0 END) >= 3 THEN 1 "
        "ELSE 0 END",
        window=28,
        needs=("events", "feature_catalogue.core"),
        fill="0",
        min_days=28,
        seed="F-20",
    ),
    Feature(
        name="used_learning",
        meaning="1 if anybody has taken a lesson or read the help so far",
        unit="0 or 1",
        over="day",
        sql=flag("n_learning > 0 OR n_help > 0"),
        needs=("role:learning|role:help",),
        fill="0",
        seed="F-20",
    ),
)


def _signal(name: str, meaning: str, unit: str, sql: str, days: int, fill: str | None) -> Feature:
    return Feature(
        name=f"{name}_{days}d",
        meaning=f"{meaning} in the last {days} days",
        unit=unit,
        over="signal",
        sql=sql,
        window=days,
        needs=("external_signals",),
        fill=fill,
        behavioural=False,
        seed="D-18",
    )


def _recent(kind: str, days: int) -> str:
    return f"kind = '{kind}' AND age_days <= {days}"


EXTERNAL: tuple[Feature, ...] = (
    _signal(
        "funding",
        "1 if a funding round was announced",
        "0 or 1",
        flag(_recent("funding", 180)),
        180,
        "0",
    ),
    _signal(
        "headcount_growth",
        "largest growth of headcount reported",
        "as reported",
        f"MAX(CASE WHEN {_recent('headcount_growth', 180)} THEN value END)",
        180,
        None,
    ),
    _signal(
        "job_postings",
        "job postings seen",
        "postings",
        f"COALESCE({exact_sum('COALESCE(value, 1)', _recent('job_postings', 90))}, 0)",
        90,
        "0",
    ),
)
