"""What must hold between the rows of one table, and between tables: each rule as one condition.

A rule counts rows that were read without fault and yet cannot be true together. Such rows are
kept, since nobody can tell which of the two values is the wrong one; the issue says how many.
"""

from dataclasses import dataclass

__all__ = ["RULES", "Rule"]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of integrity.

    Parameters
    ----------
    table, column : str
        What is judged; ``t`` in the SQL. Skipped where the column is missing throughout.
    rule : str
        What is wrong with the rows counted.
    broken : str
        SQL condition over ``t`` and ``a`` (the row's account).
    severity : str
        ``error`` (a result would be wrong), ``warning`` or ``note``.
    also : tuple of str
        Further ``table.column`` that must be there.
    remedy : str
        What to do.
    join : str
        SQL join that ``broken`` needs beside ``t`` and ``a``; must not multiply rows.
    """

    table: str
    column: str
    rule: str
    broken: str
    severity: str = "warning"
    also: tuple[str, ...] = ()
    remedy: str
    join: str = ""


def _before_sign_up(table: str, column: str) -> Rule:
    return Rule(
        table=table,
        column=column,
        rule="dated before the account signed up",
        broken=f"CAST(t.{column} AS DATE) < CAST(a.signed_up_at AS DATE)",
        remedy="Check which of the two dates the source system really means.",
    )


def _ends_before_it_begins(table: str, column: str, start: str) -> Rule:
    return Rule(
        table=table,
        column=column,
        rule=f"earlier than {start}",
        broken=f"t.{column} < t.{start}",
        remedy="Check the mapping of the two columns and their time zones.",
    )


_CHURNED = "SELECT 1 FROM outcomes o WHERE o.account_id = t.account_id AND o.outcome = 'churned'"

RULES: tuple[Rule, ...] = (
    _before_sign_up("events", "occurred_at"),
    _before_sign_up("tickets", "opened_at"),
    _before_sign_up("subscriptions", "started_on"),
    _before_sign_up("invoices", "issued_on"),
    _before_sign_up("outcomes", "occurred_at"),
    _before_sign_up("surveys", "answered_at"),
    _before_sign_up("interventions", "assigned_at"),
    _ends_before_it_begins("tickets", "closed_at", "opened_at"),
    _ends_before_it_begins("subscriptions", "ended_on", "started_on"),
    _ends_before_it_begins("invoices", "paid_on", "issued_on"),
    _ends_before_it_begins("users", "deactivated_at", "created_at"),
    _ends_before_it_begins("messages", "opened_at", "sent_at"),
    _ends_before_it_begins("messages", "replied_at", "sent_at"),
    _ends_before_it_begins("interventions", "completed_at", "assigned_at"),
    _ends_before_it_begins("calendar", "ends_on", "starts_on"),
    Rule(
        table="accounts",
        column="signed_up_at",
        rule="one sign-up date for all accounts",
        broken=("(SELECT COUNT(DISTINCT signed_up_at) = 1 AND COUNT(*) >= 10 FROM accounts)"),
        severity="note",
        remedy="If the date is made up, read nothing into ages and stages of life.",
    ),
    Rule(
        table="accounts",
        column="claimed_churned",
        rule="flagged as churned, but no churn is recorded",
        broken=f"t.claimed_churned AND NOT EXISTS ({_CHURNED})",
        severity="error",
        also=("outcomes.outcome",),
        remedy="Decide which of the two is the label; the outcomes table is what is used.",
    ),
    Rule(
        table="accounts",
        column="claimed_churned",
        rule="not flagged as churned, but a churn is recorded",
        broken=f"NOT t.claimed_churned AND EXISTS ({_CHURNED})",
        severity="error",
        also=("outcomes.outcome",),
        remedy="Decide which of the two is the label; the outcomes table is what is used.",
    ),
    Rule(
        table="outcomes",
        column="outcome",
        rule="churned, yet a subscription that began earlier runs on",
        broken=(
            "t.outcome = 'churned' AND EXISTS (SELECT 1 FROM subscriptions s"
            " WHERE s.account_id = t.account_id AND s.started_on <= t.occurred_at"
            " AND COALESCE(s.ended_on, DATE '9999-12-31')"
            " > CAST(t.occurred_at AS DATE) + INTERVAL 45 DAY)"
        ),
        also=("subscriptions.started_on",),
        remedy="Check whether the outcome means the account or one of its subscriptions.",
    ),
    Rule(
        table="outcomes",
        column="outcome",
        rule="churned twice without a return in between",
        broken=(
            "t.outcome = 'churned' AND EXISTS (SELECT 1 FROM outcomes o"
            " WHERE o.account_id = t.account_id AND o.outcome = 'churned'"
            " AND o.occurred_at < t.occurred_at AND NOT EXISTS (SELECT 1 FROM outcomes b"
            " WHERE b.account_id = t.account_id AND b.outcome <> 'churned'"
            " AND b.occurred_at > o.occurred_at AND b.occurred_at <= t.occurred_at))"
        ),
        remedy="Record the return, or remove the second entry.",
    ),
    Rule(
        table="events",
        column="occurred_at",
        rule="use after the account churned for the last time",
        broken="t.occurred_at > gone.last_churn + INTERVAL 31 DAY",
        join=(
            "LEFT JOIN (SELECT account_id, MAX(occurred_at) AS last_churn FROM outcomes"
            " WHERE outcome = 'churned' GROUP BY account_id) gone"
            " ON gone.account_id = t.account_id"
        ),
        also=("outcomes.outcome",),
        remedy="Check the date of the churn, or whether the account came back.",
    ),
    Rule(
        table="events",
        column="user_id",
        rule="a user that the users table does not have",
        broken="t.user_id IS NOT NULL AND known.user_id IS NULL",
        join="LEFT JOIN (SELECT DISTINCT user_id FROM users) known ON known.user_id = t.user_id",
        also=("users.user_id",),
        remedy="Compare how the two systems write user ids.",
    ),
    Rule(
        table="events",
        column="loaded_at",
        rule="came in more than a day after it happened",
        broken="t.loaded_at > t.occurred_at + INTERVAL 1 DAY",
        severity="note",
        remedy="A restatement: an earlier run did not have these rows, so its numbers differ.",
    ),
    Rule(
        table="surveys",
        column="score",
        rule="an NPS outside 0 to 10",
        broken="t.kind = 'nps' AND (t.score < 0 OR t.score > 10)",
        remedy="Rescale the score in the mapping (`sql:`).",
    ),
    Rule(
        table="tickets",
        column="csat",
        rule="a rating outside 1 to 5",
        broken="t.csat < 1 OR t.csat > 5",
        remedy="Rescale the rating in the mapping (`sql:`).",
    ),
)
