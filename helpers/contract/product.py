"""Tables about accounts and their use of the product."""

from helpers.contract.columns import Column, Table, account_column, c, user_column

__all__ = [
    "ACCOUNTS",
    "CALENDAR",
    "EVENTS",
    "EXTERNAL_SIGNALS",
    "FEATURE_CATALOGUE",
    "MEASURES",
    "USAGE_LEVELS",
    "USERS",
]

ACCOUNTS = Table(
    name="accounts",
    meaning="one row a customer account (CRM)",
    key=("account_id",),
    required=True,
    columns=(
        account_column(),
        c("signed_up_at", "timestamp", "when the account began", required=True),
        c("name", "text", "what people call it"),
        c("industry", "text", "line of business"),
        c("region", "text", "where it is"),
        c("employees", "integer", "people employed", minimum=0),
        c("plan", "text", "plan at the time of the extract"),
        c("csm", "text", "who looks after it"),
        c(
            "mrr",
            "number",
            "monthly recurring revenue at the time of the extract",
            minimum=0,
        ),
        c("renewal_on", "date", "next renewal"),
        c("seats", "integer", "seats paid for", minimum=0),
        c("storage_gb_limit", "number", "storage allocated, GB", minimum=0),
        c("api_calls_limit", "number", "API calls allowed a month", minimum=0),
        c("opted_out", "boolean", "asked not to be profiled or contacted"),
        c(
            "claimed_churned",
            "boolean",
            "the CRM's own churn flag: audited, never a feature",
        ),
    ),
)

EVENTS = Table(
    name="events",
    meaning="product usage",
    key=("event_id",),
    required=True,
    instead="measures",
    when="occurred_at",
    columns=(
        account_column(),
        c("event", "text", "what happened", required=True),
        c("occurred_at", "timestamp", "when", required=True),
        user_column(),
        c("event_id", "id", "the source's own key"),
        c("feature", "text", "the feature used"),
        c("session_id", "id", "the visit it belongs to"),
        c("duration_s", "number", "seconds", minimum=0),
        c("value", "number", "count or amount carried by the event"),
        c("loaded_at", "timestamp", "when the row came in: a run as of an earlier day skips it"),
    ),
)

USERS = Table(
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
        account_column(),
        c("role", "text", "role in the product"),
        c("department", "text", "department in the customer's company"),
        c("created_at", "timestamp", "when the user was added"),
        c("deactivated_at", "timestamp", "when removed", known_on="deactivated_at"),
        c("is_admin", "boolean", "administers the account"),
        c("is_champion", "boolean", "speaks for us inside the account"),
    ),
)

USAGE_LEVELS = Table(
    name="usage_levels",
    meaning="metered levels: seats, storage_gb, api_calls, integrations",
    key=("account_id", "metric", "measured_on"),
    long=("metric", "value"),
    when="measured_on",
    columns=(
        account_column(),
        c("metric", "text", "what is metered", required=True),
        c("measured_on", "date", "day of the reading", required=True),
        c("value", "number", "the level", required=True, minimum=0),
    ),
)

MEASURES = Table(
    name="measures",
    meaning="features that another system has computed: a snapshot in place of its events",
    key=("account_id", "measure", "measured_on"),
    long=("measure", "value"),
    when="measured_on",
    columns=(
        account_column(),
        c("measure", "text", "the feature of the dictionary that it stands for", required=True),
        c("measured_on", "date", "last day that the value describes", required=True),
        c("value", "number", "in the unit of that feature", required=True),
    ),
)

FEATURE_CATALOGUE = Table(
    name="feature_catalogue",
    meaning="the event taxonomy",
    key=("event",),
    columns=(
        c("event", "text", "event name", required=True),
        c("feature", "text", "the feature it belongs to"),
        c(
            "kind",
            "text",
            "what it tells",
            values=("depth", "breadth", "frequency", "outcome"),
        ),
        c("core", "boolean", "part of the core product"),
        c("premium", "boolean", "part of a higher tier"),
        c("milestone", "text", "the adoption milestone it marks"),
    ),
)

CALENDAR = Table(
    name="calendar",
    meaning="known factors: holidays, year-end, planned initiatives",
    columns=(
        c("starts_on", "date", "first day", required=True),
        c("ends_on", "date", "last day", required=True),
        c("reason", "text", "what it is", required=True),
        account_column(required=False),
        c("region", "text", "empty account and region: everyone"),
    ),
)

EXTERNAL_SIGNALS = Table(
    name="external_signals",
    meaning="funding, headcount growth, job postings",
    when="observed_on",
    columns=(
        account_column(),
        c("kind", "text", "which signal", required=True),
        c("observed_on", "date", "when seen", required=True),
        c("value", "number", "size, in the signal's own unit"),
    ),
)
