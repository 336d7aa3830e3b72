"""What happened to an account that may matter, each with its day: tickets, limits, people, money.

Every signal is dated by the day on which it could be known: a payment is late when its grace
is over, a feature is abandoned when it has not been used for four weeks. The outcomes that are
looked for (churn, upgrade) are never signals, nor is anything that restates them.
"""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from collections.abc import Callable

import pandas as pd

from helpers.engine import Engine, day_to_date
from helpers.patterns.reading import Staged

__all__ = ["RESTATING", "SIGNALS", "read_signals", "restates_outcome"]

ERROR_BURST, ERROR_TIMES, ERROR_DAYS = 5, 3, 28
LATE_DAYS = 7
ABANDONED_DAYS = 28

RESTATING: dict[str, tuple[str, ...]] = {
    "churned": ("churn", "cancel", "terminat", "account_closed"),
    "upgraded": ("upgraded",),
}
"""Outcome to parts of signal names that are the outcome in other words."""
SILENCE = ("stopped_using", "silent")
"""Parts of signal names that restate churn where silence is its definition."""


def restates_outcome(signals: pd.Series, outcome: str, *, silence: bool) -> "pd.Series[bool]":
    """Tell which signals would only say the outcome in other words, and must not explain it."""
    parts = RESTATING[outcome] + (SILENCE if silence and outcome == "churned" else ())
    return signals.astype("string").str.contains("|".join(parts), case=False).fillna(False)


def _tickets(_: Staged) -> str:
    return """
        SELECT account_no, opened_day AS day, 'ticket_opened' AS signal FROM side_tickets
        UNION ALL SELECT account_no, opened_day, 'ticket_escalated' FROM side_tickets
        WHERE escalated
        """


def _events(staged: Staged) -> str:
    """Days with an event of a role that tells of intent, limits or trouble."""
    names = {
        "pricing_page": "pricing_page_viewed",
        "competitor_search": "competitor_searched",
        "limit_hit": "limit_reached",
        "invite": "colleague_invited",
    }
    parts = [
        f"SELECT account_no, day, '{signal}' AS signal FROM account_day WHERE n_{role} > 0"
        for role, signal in names.items()
        if staged.config.roles.events_of(role)
    ]
    nothing = "SELECT account_no, day, '' AS signal FROM account_day WHERE 1 = 0"
    return " UNION ALL ".join([*parts, nothing])


def _error_bursts(_: Staged) -> str:
    """Days with five errors or more, and three times the usual of the 28 days before."""
    return f"""
        SELECT d.account_no, d.day, 'error_burst' AS signal
        FROM account_day d LEFT JOIN account_day b ON b.account_no = d.account_no
            AND b.day < d.day AND b.day >= d.day - {ERROR_DAYS}
        WHERE d.n_error >= {ERROR_BURST} GROUP BY d.account_no, d.day, d.n_error
        HAVING d.n_error * {ERROR_DAYS} > {ERROR_TIMES} * COALESCE(SUM(b.n_error), 0)
        """


def _feature_use(staged: Staged) -> str:
    """First use of a feature after the first month, and four weeks without one used weekly."""
    history, cutoff = staged.history, staged.cutoff
    return f"""
        WITH use AS (
            SELECT f.account_no, f.feature, f.day,
                   LEAD(f.day) OVER (PARTITION BY f.account_no, f.feature ORDER BY f.day) AS next,
                   MIN(f.day) OVER (PARTITION BY f.account_no, f.feature) AS first_day
            FROM account_feature_day f WHERE f.day < {cutoff}
        ), ended AS (
            SELECT u.account_no, u.feature, u.day
            FROM use u JOIN account_feature_day b ON b.account_no = u.account_no
                AND b.feature = u.feature AND b.day <= u.day AND b.day > u.day - {ABANDONED_DAYS}
            WHERE COALESCE(u.next, {cutoff}) - u.day > {ABANDONED_DAYS}
            GROUP BY u.account_no, u.feature, u.day
            HAVING COUNT(DISTINCT CAST(FLOOR((u.day - b.day) / 7.0) AS INTEGER)) = 4
        )
        SELECT account_no, day + {ABANDONED_DAYS} + 1 AS day,
               CONCAT('stopped_using_', feature) AS signal FROM ended
        UNION ALL
        SELECT DISTINCT u.account_no, u.day, CONCAT('first_use_of_', u.feature)
        FROM use u JOIN account a ON a.account_no = u.account_no
        WHERE u.day = u.first_day
            AND u.day > GREATEST(a.signup_day, {history.first_day}) + {ABANDONED_DAYS}
        """


def _people(_: Staged) -> str:
    return """
        SELECT account_no, deactivated_day AS day, CASE WHEN is_champion THEN 'champion_left'
               WHEN is_admin THEN 'admin_left' ELSE 'user_removed' END AS signal
        FROM side_users WHERE deactivated_day IS NOT NULL
        """


def _invoices(_: Staged) -> str:
    return f"""
        SELECT account_no, due_day + {LATE_DAYS} AS day, 'payment_late' AS signal
        FROM side_invoices
        WHERE due_day IS NOT NULL AND COALESCE(paid_day, 2000000) > due_day + {LATE_DAYS}
        """


def _surveys(_: Staged) -> str:
    return """
        SELECT account_no, answered_day AS day, CASE WHEN score <= 6 THEN 'nps_detractor'
               ELSE 'nps_promoter' END AS signal
        FROM side_surveys WHERE kind = 'nps' AND (score <= 6 OR score >= 9)
        """


def _touchpoints(_: Staged) -> str:
    return """SELECT account_no, occurred_day AS day, CONCAT('contact_', kind) AS signal
              FROM side_touchpoints"""


def _outcomes(_: Staged) -> str:
    """Select changes that are not the outcomes looked for."""
    return """SELECT account_no, occurred_day AS day, CONCAT('plan_', outcome) AS signal
              FROM side_outcomes WHERE outcome IN ('downgraded', 'renewed')"""


def _external(_: Staged) -> str:
    return """SELECT account_no, observed_day AS day, CONCAT('news_', kind) AS signal
              FROM side_external_signals"""


SIGNALS: dict[str, tuple[Callable[[Staged], str], ...]] = {
    "events": (_events, _error_bursts, _feature_use),
    "tickets": (_tickets,),
    "users": (_people,),
    "invoices": (_invoices,),
    "surveys": (_surveys,),
    "touchpoints": (_touchpoints,),
    "outcomes": (_outcomes,),
    "external_signals": (_external,),
}
"""Contract table to the queries for its signals (account_no, day, signal)."""


def read_signals(staged: Staged) -> pd.DataFrame:
    """Read every signal before the run's cutoff; tables that are absent give none.

    Returns
    -------
    DataFrame
        ``account_id``, ``day``, ``signal``; one row per account, day and signal; sorted.
    """
    engine: Engine = staged.engine
    parts = [
        f"SELECT account_no, day, signal FROM ({make(staged)}) AS s"
        for table, makers in SIGNALS.items()
        if table == "events" or engine.has(f"side_{table}")
        for make in makers
    ]
    found = engine.frame(
        f"""
        SELECT DISTINCT a.account_id, s.day, s.signal FROM ({" UNION ALL ".join(parts)}) AS s
        JOIN account a ON a.account_no = s.account_no
        WHERE s.day < {staged.cutoff} AND s.day >= a.signup_day
        ORDER BY a.account_id, s.day, s.signal
        """
    )
    found["day"] = day_to_date(found["day"])
    return found.astype({"account_id": "string", "signal": "string"})
