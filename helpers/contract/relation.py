"""Tables about the relation with an account: support, billing, talk, outcomes."""

from helpers.contract.columns import Table, account_column, c, user_column

__all__ = [
    "FEEDBACK",
    "INTERVENTIONS",
    "INVOICES",
    "MESSAGES",
    "OUTCOMES",
    "SUBSCRIPTIONS",
    "SURVEYS",
    "TICKETS",
    "TOUCHPOINTS",
]

_CURRENCY = "ISO 4217; a row in another than the company's is quarantined: convert it first"

TICKETS = Table(
    name="tickets",
    meaning="support",
    key=("ticket_id",),
    when="opened_at",
    columns=(
        c("ticket_id", "id", "the ticket", required=True),
        account_column(),
        c("opened_at", "timestamp", "when opened", required=True),
        c("closed_at", "timestamp", "when resolved", known_on="closed_at"),
        user_column("who opened it"),
        c("priority", "text", "urgency"),
        c("escalated", "boolean", "went to a higher tier"),
        c("feature", "text", "the feature it is about"),
        c("text", "text", "what the customer wrote", personal=True),
        c("csat", "number", "rating after closing, 1 to 5", known_on="closed_at"),
    ),
)

SUBSCRIPTIONS = Table(
    name="subscriptions",
    meaning="contract terms over time",
    key=("subscription_id",),
    when="started_on",
    columns=(
        account_column(),
        c("subscription_id", "id", "the source's own key"),
        c("started_on", "date", "first day of these terms", required=True),
        c("ended_on", "date", "first day they no longer hold", known_on="ended_on"),
        c("plan", "text", "plan"),
        c("seats", "integer", "seats paid for", minimum=0),
        c("mrr", "number", "monthly recurring revenue", minimum=0),
        c(
            "discount",
            "number",
            "share of the list price, 0 to 1",
            minimum=0,
            maximum=1,
        ),
        c("is_trial", "boolean", "unpaid trial"),
        c("currency", "text", _CURRENCY),
    ),
)

INVOICES = Table(
    name="invoices",
    meaning="billing and payment",
    key=("invoice_id",),
    when="issued_on",
    columns=(
        c("invoice_id", "id", "the invoice", required=True),
        account_column(),
        c("issued_on", "date", "when issued", required=True),
        c("due_on", "date", "when due"),
        c("paid_on", "date", "when paid", known_on="paid_on"),
        c("amount", "number", "in the configured currency", required=True, minimum=0),
        c("method", "text", "how it is paid", known_on="paid_on"),
        c("currency", "text", _CURRENCY),
    ),
)

SURVEYS = Table(
    name="surveys",
    meaning="NPS, CSAT, CES",
    long=("kind", "score"),
    when="answered_at",
    columns=(
        account_column(),
        c("answered_at", "timestamp", "when answered", required=True),
        c("kind", "text", "which survey", required=True, values=("nps", "csat", "ces")),
        c("score", "number", "NPS 0-10, CSAT and CES 1-5 or 1-7", required=True),
        user_column("who answered"),
        c("comment", "text", "in the customer's words", personal=True),
    ),
)

MESSAGES = Table(
    name="messages",
    meaning="e-mail, in-app, SMS, push",
    when="sent_at",
    columns=(
        account_column(),
        c("sent_at", "timestamp", "when sent", required=True),
        c("channel", "text", "e-mail, in-app, SMS, push", required=True),
        user_column("to whom"),
        c("topic", "text", "what about"),
        c("opened_at", "timestamp", "when opened", known_on="opened_at"),
        c("clicked_at", "timestamp", "when a link was followed", known_on="clicked_at"),
        c("replied_at", "timestamp", "when answered", known_on="replied_at"),
        c("unsubscribed_at", "timestamp", "when opted out", known_on="unsubscribed_at"),
    ),
)

TOUCHPOINTS = Table(
    name="touchpoints",
    meaning="calls, reviews, training, community",
    when="occurred_at",
    columns=(
        account_column(),
        c("occurred_at", "timestamp", "when", required=True),
        c(
            "kind",
            "text",
            "call, business_review, training, community, ...",
            required=True,
        ),
        c("csm", "text", "who on our side"),
        c("stakeholder", "text", "who on theirs", personal=True),
        c("duration_min", "number", "minutes", minimum=0),
        c("text", "text", "notes", personal=True),
    ),
)

OUTCOMES = Table(
    name="outcomes",
    meaning="what became of the account",
    when="occurred_at",
    columns=(
        account_column(),
        c(
            "outcome",
            "text",
            "which",
            required=True,
            values=("churned", "upgraded", "downgraded", "renewed"),
        ),
        c("occurred_at", "timestamp", "when", required=True),
        c("mrr_change", "number", "change of monthly recurring revenue"),
        c("reason", "text", "as recorded"),
    ),
)

INTERVENTIONS = Table(
    name="interventions",
    meaning="what customer success did",
    when="assigned_at",
    columns=(
        account_column(),
        c("play", "text", "which playbook", required=True),
        c("assigned_at", "timestamp", "when decided", required=True),
        c("arm", "text", "treated or control", values=("treated", "control")),
        c("completed_at", "timestamp", "when done", known_on="completed_at"),
        c("hours", "number", "time spent", minimum=0, known_on="completed_at"),
        c("csm", "text", "by whom"),
        c("result", "text", "as recorded", known_on="completed_at"),
    ),
)

FEEDBACK = Table(
    name="feedback",
    meaning="what a CSM sent back on an alert, score or segment",
    when="as_of",
    columns=(
        account_column(),
        c("as_of", "date", "of the run that is judged", required=True),
        c("item", "text", "which alert, score or segment", required=True),
        c(
            "verdict",
            "text",
            "was it right",
            required=True,
            values=("confirmed", "false_positive", "missed"),
        ),
        c("action", "text", "what was done"),
        c("outcome", "text", "what followed"),
        c("minutes", "number", "time spent", minimum=0),
        c("note", "text", "anything else", personal=True),
    ),
)
