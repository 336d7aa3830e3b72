"""What tables and columns are usually called in CRM, product, billing and support exports."""

import re
from typing import Any

from helpers.sources.proposal import german

__all__ = ["CONVERSIONS", "ROLE_WORDS", "TABLE_WORDS", "normalise", "synonyms", "tokens"]


_WRITTEN_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
)


def normalise(name: str) -> str:
    """Return a name in lower case with single underscores: ``Customer ID`` is ``customer_id``.

    Umlauts are written out: ``Fälligkeit`` is ``faelligkeit``.
    """
    plain = name.strip().translate(_WRITTEN_OUT)
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", plain)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def tokens(name: str) -> set[str]:
    """Return the words of a name, plurals without their s."""
    return {word[:-1] if word.endswith("s") and len(word) > 3 else word
            for word in normalise(name).split("_") if word}  # fmt: skip


_TABLE_WORDS: dict[str, tuple[str, ...]] = {
    "accounts": ("account", "customer", "company", "companie", "client", "organization",
                 "organisation", "org", "tenant", "workspace", "crm"),
    "events": ("event", "usage", "activity", "activitie", "log", "track", "action", "click",
               "pageview", "transaction", "order", "line", "retail", "product"),
    "users": ("user", "contact", "member", "person", "people", "seat"),
    "usage_levels": ("level", "meter", "metered", "limit", "quota", "consumption"),
    "tickets": ("ticket", "support", "case", "issue", "helpdesk", "zendesk", "conversation"),
    "subscriptions": ("subscription", "contract", "term", "plan", "licence", "license"),
    "invoices": ("invoice", "billing", "payment", "charge", "bill"),
    "surveys": ("survey", "nps", "csat", "ces", "feedback", "response"),
    "messages": ("message", "email", "mail", "campaign", "notification", "push"),
    "touchpoints": ("touchpoint", "call", "meeting", "qbr", "review", "training", "engagement"),
    "outcomes": ("outcome", "churn", "churned", "cancellation", "renewal", "upgrade"),
    "interventions": ("intervention", "play", "playbook", "task"),
    "external_signals": ("signal", "external", "funding", "news", "market", "firmographic"),
    "calendar": ("calendar", "holiday"),
    "feature_catalogue": ("catalogue", "catalog", "taxonomy", "feature"),
    "feedback": ("verdict", "feedback"),
}  # fmt: skip
TABLE_WORDS = {table: (*words, *german.TABLES.get(table, ())) for table, words in
               _TABLE_WORDS.items()}  # fmt: skip
"""Words in a file's name that speak for a table, plurals without their s."""

_ACCOUNT = ("account_id", "customer_id", "client_id", "org_id", "organization_id",
            "organisation_id", "company_id", "tenant_id", "workspace_id", "acct_id", "account",
            "customer", "client", "org", "company", "customer_no", "account_no", "custid",
            "customerid", "accountid", "account_number", "customer_number", "team_id")  # fmt: skip
_USER = ("user_id", "userid", "contact_id", "member_id", "person_id", "user", "visitor_id",
         "requester", "respondent", "recipient", "email")  # fmt: skip
_PLAN = ("plan", "plan_tier", "tier", "plan_name", "package", "edition", "product", "sku")
_MRR = ("mrr", "mrr_amount", "monthly_recurring_revenue", "monthly_revenue", "monthly_fee",
        "monthly_charge", "contract_value")  # fmt: skip
_SEATS = ("seats", "seats_purchased", "licenses", "licences", "n_users", "users", "quantity",
          "seat_count", "license_count")  # fmt: skip
_CSM = ("csm", "owner", "csm_owner", "account_manager", "account_owner", "manager", "rep")
_WHEN = ("occurred_at", "timestamp", "ts", "time", "event_time", "event_date", "datetime",
         "date", "usage_date", "created_at", "created_date", "created", "at", "event_timestamp",
         "invoice_date", "order_date", "transaction_date", "day", "when", "received_at",
         "logged_at", "activity_date")  # fmt: skip

_COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    "accounts": {
        "account_id": (*_ACCOUNT, "id", "name"),
        "signed_up_at": ("signed_up_at", "signup_date", "signup_at", "sign_up_date",
                         "registered_at", "registration_date", "created_at", "created_date",
                         "created", "created_on", "customer_since", "start_date", "first_start",
                         "joined_at", "onboarded_at", "member_since", "first_purchase", "since"),
        "name": ("name", "account_name", "company_name", "customer_name", "organization_name",
                 "company", "display_name"),
        "industry": ("industry", "sector", "vertical", "segment"),
        "region": ("region", "country", "geography", "territory", "location", "state", "geo"),
        "employees": ("employees", "headcount", "company_size", "n_employees", "employee_count"),
        "plan": _PLAN,
        "csm": _CSM,
        "mrr": _MRR,
        "renewal_on": ("renewal_on", "renewal_date", "next_renewal", "renews_on", "renewal"),
        "seats": _SEATS,
        "storage_gb_limit": ("storage_gb_limit", "storage_quota_gb", "storage_limit",
                             "storage_quota"),
        "api_calls_limit": ("api_calls_limit", "api_quota", "api_limit"),
        "opted_out": ("opted_out", "do_not_profile", "do_not_contact", "opt_out"),
        "claimed_churned": ("claimed_churned", "churned", "churn_flag", "is_churned", "churn",
                            "cancelled", "canceled", "has_churned", "status",
                            "account_status", "customer_status"),
    },
    "events": {
        "account_id": _ACCOUNT,
        "event": ("event", "event_name", "event_type", "action", "activity", "activity_type",
                  "name", "type", "feature_name", "event_action", "verb"),
        "occurred_at": _WHEN,
        "user_id": _USER,
        "event_id": ("event_id", "event_uuid", "usage_id", "id", "uuid", "insert_id",
                     "message_id"),
        "feature": ("feature", "feature_name", "area", "module", "component", "screen", "page",
                    "stock_code"),
        "session_id": ("session_id", "session", "visit_id", "session_uuid"),
        "duration_s": ("duration_s", "duration_secs", "duration_seconds",
                       "usage_duration_secs", "seconds", "session_duration_s"),
        "value": ("value", "event_value", "amount", "usage_count", "count", "quantity"),
    },
    "users": {
        "user_id": (*_USER, "id"),
        "account_id": _ACCOUNT,
        "role": ("role", "user_role", "job_title", "title"),
        "department": ("department", "dept", "team", "division"),
        "created_at": ("created_at", "created_date", "created", "signup_date", "joined_at",
                       "invited_at", "registered_at"),
        "deactivated_at": ("deactivated_at", "deactivated", "removed_at", "deleted_at",
                           "disabled_at"),
        "is_admin": ("is_admin", "admin"),
        "is_champion": ("is_champion", "champion"),
    },
    "usage_levels": {
        "account_id": _ACCOUNT,
        "metric": ("metric", "meter", "metric_name", "measure"),
        "measured_on": ("measured_on", "date", "day", "measured_at", "as_of", "snapshot_date"),
        "value": ("value", "level", "amount", "reading", "quantity"),
    },
    "tickets": {
        "ticket_id": ("ticket_id", "case_id", "id", "ticket", "ticket_number", "case_number",
                      "conversation_id"),
        "account_id": _ACCOUNT,
        "opened_at": ("opened_at", "opened", "submitted_at", "created_at", "created_date",
                      "created", "open_date", "submitted"),
        "closed_at": ("closed_at", "closed", "resolved_at", "solved_at", "close_date",
                      "resolved"),
        "user_id": _USER,
        "priority": ("priority", "prio", "urgency", "severity"),
        "escalated": ("escalated", "escalation_flag", "is_escalated", "escalation"),
        "feature": ("feature", "area", "component", "module", "category"),
        "text": ("text", "body", "description", "message", "subject", "content"),
        "csat": ("csat", "satisfaction_score", "satisfaction", "rating", "csat_score"),
    },
    "subscriptions": {
        "account_id": _ACCOUNT,
        "started_on": ("started_on", "start_date", "starts_on", "valid_from", "start",
                       "started_at", "begin_date", "period_start"),
        "ended_on": ("ended_on", "end_date", "ends_on", "valid_to", "end", "ended_at",
                     "cancel_date", "period_end"),
        "plan": _PLAN,
        "seats": _SEATS,
        "mrr": _MRR,
        "discount": ("discount", "discount_share", "discount_rate"),
        "is_trial": ("is_trial", "trial"),
    },
    "invoices": {
        "invoice_id": ("invoice_id", "invoice", "invoice_no", "invoice_number", "id",
                       "payment_id", "charge_id"),
        "account_id": _ACCOUNT,
        "issued_on": ("issued_on", "invoice_date", "issued", "issue_date", "billing_date",
                      "date", "created_at", "billed_on"),
        "due_on": ("due_on", "due_date", "due"),
        "paid_on": ("paid_on", "paid_at", "payment_date", "paid_date", "paid"),
        "amount": ("amount", "total", "amount_due", "invoice_amount", "amount_eur",
                   "amount_usd", "net_amount", "gross_amount"),
        "method": ("method", "payment_method", "payment_type"),
    },
    "surveys": {
        "account_id": _ACCOUNT,
        "answered_at": ("answered_at", "submitted", "submitted_at", "response_date",
                        "responded_at", "date", "created_at", "survey_date"),
        "kind": ("kind", "survey", "survey_type", "type"),
        "score": ("score", "rating", "nps_score", "nps", "csat", "answer", "value"),
        "user_id": _USER,
        "comment": ("comment", "comments", "feedback", "text", "verbatim"),
    },
    "messages": {
        "account_id": _ACCOUNT,
        "sent_at": ("sent_at", "sent", "sent_date", "delivered_at", "send_time"),
        "channel": ("channel", "medium", "message_channel"),
        "user_id": _USER,
        "topic": ("topic", "campaign", "subject", "template", "campaign_name"),
        "opened_at": ("opened_at", "opened", "open_time"),
        "clicked_at": ("clicked_at", "clicked", "click_time"),
        "replied_at": ("replied_at", "replied"),
        "unsubscribed_at": ("unsubscribed_at", "unsubscribed"),
    },
    "touchpoints": {
        "account_id": _ACCOUNT,
        "occurred_at": ("occurred_at", "held_at", "date", "meeting_date", "call_date",
                        "activity_date", "created_at", "last_touchpoint_date"),
        "kind": ("kind", "type", "activity_type", "touchpoint_type", "meeting_type"),
        "csm": _CSM,
        "stakeholder": ("stakeholder", "attendee", "contact"),
        "duration_min": ("duration_min", "minutes", "duration_minutes"),
        "text": ("text", "notes", "note", "summary"),
    },
    "outcomes": {
        "account_id": _ACCOUNT,
        "outcome": ("outcome", "what", "result", "event", "change_type"),
        "occurred_at": ("occurred_at", "churn_date", "churned_at", "cancel_date",
                        "cancelled_at", "canceled_at", "date", "when", "effective_date"),
        "mrr_change": ("mrr_change", "mrr_delta", "change"),
        "reason": ("reason", "reason_code", "churn_reason", "cancel_reason"),
    },
    "interventions": {
        "account_id": _ACCOUNT,
        "play": ("play", "playbook", "play_name"),
        "assigned_at": ("assigned_at", "assigned", "created_at"),
        "arm": ("arm", "group", "variant"),
        "completed_at": ("completed_at", "completed", "done_at"),
        "hours": ("hours", "effort_hours"),
        "csm": _CSM,
        "result": ("result",),
    },
    "external_signals": {
        "account_id": _ACCOUNT,
        "kind": ("kind", "signal", "signal_type", "type"),
        "observed_on": ("observed_on", "seen_on", "date", "observed_at"),
        "value": ("value", "magnitude", "amount"),
    },
    "calendar": {
        "starts_on": ("starts_on", "start_date", "start", "date", "from"),
        "ends_on": ("ends_on", "end_date", "end", "date", "to"),
        "reason": ("reason", "name", "holiday", "description"),
        "account_id": _ACCOUNT,
        "region": ("region", "country"),
    },
    "feature_catalogue": {
        "event": ("event", "event_name"),
        "feature": ("feature", "area", "feature_name"),
        "kind": ("kind",),
        "core": ("core", "is_core"),
        "premium": ("premium", "is_premium"),
        "milestone": ("milestone",),
    },
    "feedback": {
        "account_id": _ACCOUNT,
        "as_of": ("as_of", "run_as_of"),
        "item": ("item", "alert"),
        "verdict": ("verdict",),
        "action": ("action",),
        "outcome": ("outcome",),
        "minutes": ("minutes",),
        "note": ("note", "notes"),
    },
}  # fmt: skip


def synonyms(table: str, column: str) -> tuple[str, ...]:
    """Return what a contract column is called elsewhere, the likeliest first."""
    english = _COLUMNS[table].get(column, (column,))
    return (*english, *german.COLUMNS.get(table, {}).get(column, ()))


CONVERSIONS: tuple[tuple[str, tuple[str, ...], dict[str, Any]], ...] = (
    ("mrr", ("arr", "arr_amount", "annual_recurring_revenue"),
     {"sql": "TRY_CAST({column} AS DOUBLE) / 12"}),
    ("discount", ("discount_pct", "discount_percent", "discount_percentage"),
     {"number": {"divide_by": 100.0}}),
    ("duration_s", ("duration_ms", "duration_millis", "session_duration_ms"),
     {"sql": "TRY_CAST({column} AS DOUBLE) / 1000"}),
    ("duration_s", ("duration_min", "duration_minutes", "session_duration_minutes"),
     {"sql": "TRY_CAST({column} AS DOUBLE) * 60"}),
)  # fmt: skip
"""Contract columns that are often kept in another unit: names, and how to convert."""

_ROLE_WORDS: dict[str, tuple[str, ...]] = {
    "signup": ("signed_up", "signup", "sign_up", "registered"),
    "login": ("login", "logged_in", "log_in", "signin", "sign_in", "session_start"),
    "invite": ("invite", "invited"),
    "error": ("error", "exception", "crash"),
    "pricing_page": ("pricing",),
    "competitor_search": ("competitor",),
    "export": ("export", "exported", "download"),
    "integration": ("integration", "connected"),
    "upload": ("upload", "uploaded", "import", "imported"),
    "help": ("help", "docs", "documentation", "support"),
    "learning": ("webinar", "course", "training", "tutorial", "academy"),
    "community": ("community", "forum"),
    "collaboration": ("comment", "share", "shared", "mention"),
    "setup": ("setup", "onboarding"),
    "limit_hit": ("limit", "quota"),
    "security": ("login_failed", "api_key", "password"),
}
ROLE_WORDS = {role: (*words, *german.ROLES.get(role, ())) for role, words in _ROLE_WORDS.items()}
"""Words in an event's name that speak for a role."""
