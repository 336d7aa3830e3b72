"""The sixteen tables that a company can hand in: types, keys, and what was known when."""

from helpers.contract.columns import Column, Kind, Table

__all__ = ["TABLES", "table_names"]


def _account(*, required: bool = True) -> Column:
    return Column(name="account_id", kind="id", meaning="the customer account", required=required)


def _user(meaning: str = "the person, if known") -> Column:
    return Column(name="user_id", kind="id", meaning=meaning, personal=True)


def _c(name: str, kind: Kind, meaning: str, **rest: object) -> Column:
    return Column(name=name, kind=kind, meaning=meaning, **rest)  # type: ignore[arg-type]


_ACCOUNTS = Table(
    name="accounts",
    meaning="one row a customer account (CRM)",
    key=("account_id",),
    required=True,
    columns=(
        _account(),
        _c("signed_up_at", "timestamp", "when the account began", required=True),
        _c("name", "text", "what people call it"),
        _c("industry", "text", "line of business"),
        _c("region", "text", "where it is"),
        _c("employees", "integer", "people employed", minimum=0),
        _c("plan", "text", "plan at the time of the extract"),
        _c("csm", "text", "who looks after it"),
        _c(
            "mrr",
            "number",
            "monthly recurring revenue at the time of the extract",
            minimum=0,
        ),
        _c("renewal_on", "date", "next renewal"),
        _c("seats", "integer", "seats paid for", minimum=0),
        _c("storage_gb_limit", "number", "storage allocated, GB", minimum=0),
        _c("api_calls_limit", "number", "API calls allowed a month", minimum=0),
        _c("opted_out", "boolean", "asked not to be profiled or contacted"),
        _c(
            "claimed_churned",
            "boolean",
            "the CRM's own churn flag: audited, never a feature",
        ),
    ),
)

_EVENTS = Table(
    name="events",
    meaning="product usage",
    key=("event_id",),
    required=True,
    when="occurred_at",
    columns=(
        _account(),
        _c("event", "text", "what happened", required=True),
        _c("occurred_at", "timestamp", "when", required=True),
        _user(),
        _c("event_id", "id", "the source's own key"),
        _c("feature", "text", "the feature used"),
        _c("session_id", "id", "the visit it belongs to"),
        _c("duration_s", "number", "seconds", minimum=0),
        _c("value", "number", "count or amount carried by the event"),
    ),
)

_USERS = Table(
    name="users",
    meaning="people of an account",
    key=("user_id",),
    when="created_at",
    columns=(
        Column(
            name="user_id",
            kind="id",
            meaning="the person",
            required=True,
            personal=True,
        ),
        _account(),
        _c("role", "text", "role in the product"),
        _c("department", "text", "department in the customer's company"),
        _c("created_at", "timestamp", "when the user was added"),
        _c("deactivated_at", "timestamp", "when removed", known_on="deactivated_at"),
        _c("is_admin", "boolean", "administers the account"),
        _c("is_champion", "boolean", "speaks for us inside the account"),
    ),
)

_USAGE_LEVELS = Table(
    name="usage_levels",
    meaning="metered levels: seats, storage_gb, api_calls, integrations",
    key=("account_id", "metric", "measured_on"),
    when="measured_on",
    columns=(
        _account(),
        _c("metric", "text", "what is metered", required=True),
        _c("measured_on", "date", "day of the reading", required=True),
        _c("value", "number", "the level", required=True, minimum=0),
    ),
)

_TICKETS = Table(
    name="tickets",
    meaning="support",
    key=("ticket_id",),
    when="opened_at",
    columns=(
        _c("ticket_id", "id", "the ticket", required=True),
        _account(),
        _c("opened_at", "timestamp", "when opened", required=True),
        _c("closed_at", "timestamp", "when resolved", known_on="closed_at"),
        _user("who opened it"),
        _c("priority", "text", "urgency"),
        _c("escalated", "boolean", "went to a higher tier"),
        _c("feature", "text", "the feature it is about"),
        _c("text", "text", "what the customer wrote", personal=True),
        _c("csat", "number", "rating after closing, 1 to 5", known_on="closed_at"),
    ),
)

_SUBSCRIPTIONS = Table(
    name="subscriptions",
    meaning="contract terms over time",
    when="started_on",
    columns=(
        _account(),
        _c("started_on", "date", "first day of these terms", required=True),
        _c("ended_on", "date", "first day they no longer hold", known_on="ended_on"),
        _c("plan", "text", "plan"),
        _c("seats", "integer", "seats paid for", minimum=0),
        _c("mrr", "number", "monthly recurring revenue", minimum=0),
        _c(
            "discount",
            "number",
            "share of the list price, 0 to 1",
            minimum=0,
            maximum=1,
        ),
        _c("is_trial", "boolean", "unpaid trial"),
    ),
)

_INVOICES = Table(
    name="invoices",
    meaning="billing and payment",
    key=("invoice_id",),
    when="issued_on",
    columns=(
        _c("invoice_id", "id", "the invoice", required=True),
        _account(),
        _c("issued_on", "date", "when issued", required=True),
        _c("due_on", "date", "when due"),
        _c("paid_on", "date", "when paid", known_on="paid_on"),
        _c("amount", "number", "in the configured currency", required=True, minimum=0),
        _c("method", "text", "how it is paid", known_on="paid_on"),
    ),
)

_SURVEYS = Table(
    name="surveys",
    meaning="NPS, CSAT, CES",
    when="answered_at",
    columns=(
        _account(),
        _c("answered_at", "timestamp", "when answered", required=True),
        _c("kind", "text", "which survey", required=True, values=("nps", "csat", "ces")),
        _c("score", "number", "NPS 0-10, CSAT and CES 1-5 or 1-7", required=True),
        _user("who answered"),
        _c("comment", "text", "in the customer's words", personal=True),
    ),
)

_MESSAGES = Table(
    name="messages",
    meaning="e-mail, in-app, SMS, push",
    when="sent_at",
    columns=(
        _account(),
        _c("sent_at", "timestamp", "when sent", required=True),
        _c("channel", "text", "e-mail, in-app, SMS, push", required=True),
        _user("to whom"),
        _c("topic", "text", "what about"),
        _c("opened_at", "timestamp", "when opened", known_on="opened_at"),
        _c("clicked_at", "timestamp", "when a link was followed", known_on="clicked_at"),
        _c("replied_at", "timestamp", "when answered", known_on="replied_at"),
        _c("unsubscribed_at", "timestamp", "when opted out", known_on="unsubscribed_at"),
    ),
)

_TOUCHPOINTS = Table(
    name="touchpoints",
    meaning="calls, reviews, training, community",
    when="occurred_at",
    columns=(
        _account(),
        _c("occurred_at", "timestamp", "when", required=True),
        _c(
            "kind",
            "text",
            "call, business_review, training, community, ...",
            required=True,
        ),
        _c("csm", "text", "who on our side"),
        _c("stakeholder", "text", "who on theirs", personal=True),
        _c("duration_min", "number", "minutes", minimum=0),
        _c("text", "text", "notes", personal=True),
    ),
)

_OUTCOMES = Table(
    name="outcomes",
    meaning="what became of the account",
    when="occurred_at",
    columns=(
        _account(),
        _c(
            "outcome",
            "text",
            "which",
            required=True,
            values=("churned", "upgraded", "downgraded", "renewed"),
        ),
        _c("occurred_at", "timestamp", "when", required=True),
        _c("mrr_change", "number", "change of monthly recurring revenue"),
        _c("reason", "text", "as recorded"),
    ),
)

_INTERVENTIONS = Table(
    name="interventions",
    meaning="what customer success did",
    when="assigned_at",
    columns=(
        _account(),
        _c("play", "text", "which playbook", required=True),
        _c("assigned_at", "timestamp", "when decided", required=True),
        _c("arm", "text", "treated or control", values=("treated", "control")),
        _c("completed_at", "timestamp", "when done", known_on="completed_at"),
        _c("hours", "number", "time spent", minimum=0, known_on="completed_at"),
        _c("csm", "text", "by whom"),
        _c("result", "text", "as recorded", known_on="completed_at"),
    ),
)

_EXTERNAL_SIGNALS = Table(
    name="external_signals",
    meaning="funding, headcount growth, job postings",
    when="observed_on",
    columns=(
        _account(),
        _c("kind", "text", "which signal", required=True),
        _c("observed_on", "date", "when seen", required=True),
        _c("value", "number", "size, in the signal's own unit"),
    ),
)

_CALENDAR = Table(
    name="calendar",
    meaning="known factors: holidays, year-end, planned initiatives",
    columns=(
        _c("starts_on", "date", "first day", required=True),
        _c("ends_on", "date", "last day", required=True),
        _c("reason", "text", "what it is", required=True),
        _account(required=False),
        _c("region", "text", "empty account and region: everyone"),
    ),
)

_FEATURE_CATALOGUE = Table(
    name="feature_catalogue",
    meaning="the event taxonomy",
    key=("event",),
    columns=(
        _c("event", "text", "event name", required=True),
        _c("feature", "text", "the feature it belongs to"),
        _c(
            "kind",
            "text",
            "what it tells",
            values=("depth", "breadth", "frequency", "outcome"),
        ),
        _c("core", "boolean", "part of the core product"),
        _c("premium", "boolean", "part of a higher tier"),
        _c("milestone", "text", "the adoption milestone it marks"),
    ),
)

_FEEDBACK = Table(
    name="feedback",
    meaning="what a CSM sent back on an alert, score or segment",
    when="as_of",
    columns=(
        _account(),
        _c("as_of", "date", "of the run that is judged", required=True),
        _c("item", "text", "which alert, score or segment", required=True),
        _c(
            "verdict",
            "text",
            "was it right",
            required=True,
            values=("confirmed", "false_positive", "missed"),
        ),
        _c("action", "text", "what was done"),
        _c("outcome", "text", "what followed"),
        _c("minutes", "number", "time spent", minimum=0),
        _c("note", "text", "anything else", personal=True),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _ACCOUNTS,
        _EVENTS,
        _USERS,
        _USAGE_LEVELS,
        _TICKETS,
        _SUBSCRIPTIONS,
        _INVOICES,
        _SURVEYS,
        _MESSAGES,
        _TOUCHPOINTS,
        _OUTCOMES,
        _INTERVENTIONS,
        _EXTERNAL_SIGNALS,
        _CALENDAR,
        _FEATURE_CATALOGUE,
        _FEEDBACK,
    )
}


def table_names() -> list[str]:
    """Return the contract's table names, ``accounts`` first."""
    return list(TABLES)
