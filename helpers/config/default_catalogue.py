"""The catalogues of a company that has not written its own: what nearly every product can track."""

from helpers.config.catalogue import Catalogue, Metric, Pattern

__all__ = ["DEFAULT"]


def _metric(kind: str, feature: str, meaning: str, *sources: str) -> Metric:
    return Metric.model_validate(
        {"kind": kind, "feature": feature, "meaning": meaning, "sources": list(sources)}
    )


def _pattern(
    kind: str, meaning: str, decision: str, sources: str, metrics: tuple[str, ...] = ()
) -> Pattern:
    return Pattern.model_validate(
        {
            "type": kind,
            "meaning": meaning,
            "decision": decision,
            "sources": sources.split(),
            "metrics": list(metrics),
        }
    )


_METRICS = {
    "logins per week": _metric(
        "frequency", "logins_per_week_90d", "logins a week, mean of 90 days", "role:login"
    ),
    "active days": _metric(
        "frequency", "active_days__n_30d", "days of the last 30 with any use", "events"
    ),
    "stickiness": _metric(
        "frequency", "stickiness_30d", "daily over monthly active people", "events.user_id"
    ),
    "weekly active people": _metric(
        "breadth", "wau__mean_30d", "people active in a week, mean of 4 weeks", "events.user_id"
    ),
    "people besides the main user": _metric(
        "breadth", "secondary_users__n_30d", "active people other than the one with most events",
        "events.user_id",
    ),
    "departments active": _metric(
        "breadth", "departments_active__n_30d", "departments with an active person",
        "events.user_id", "users.department",
    ),
    "share of features used": _metric(
        "depth", "adoption__share_90d", "features used over features there are", "events.feature"
        "|feature_catalogue.feature",
    ),
    "core features used": _metric(
        "depth", "core_features_used__n_30d", "core features used", "events",
        "feature_catalogue.core",
    ),
    "premium features used": _metric(
        "depth", "premium_features_used__n_30d", "features of a higher tier used", "events",
        "feature_catalogue.premium",
    ),
    "integrations at work": _metric(
        "depth", "integrations_used__n_30d", "uses of an integration", "role:integration"
    ),
    "time per visit": _metric(
        "depth", "session_minutes__mean_30d", "mean minutes of a visit", "events.session_id"
    ),
    "collaboration": _metric(
        "frequency", "collaboration__n_30d", "comments, shares, mentions", "role:collaboration"
    ),
    "set-up done": _metric(
        "outcome", "setup__share", "share of the steps of the set-up done", "role:setup"
    ),
    "errors per 100 events": _metric(
        "outcome", "error_rate__30d", "work that failed, per 100 events", "role:error"
    ),
    "lessons taken": _metric(
        "outcome", "learning__n_90d", "courses and webinars attended", "role:learning"
    ),
}  # fmt: skip

_ADOPTION, _ENGAGEMENT, _RISK, _EXPANSION = (
    "adoption milestone",
    "engagement signal",
    "risk indicator",
    "expansion readiness",
)
_PATTERNS = {
    "set-up finished": _pattern(
        _ADOPTION, "all steps of the set-up are done", "end onboarding, or send help",
        "role:setup", ("set-up done",),
    ),
    "first colleague invited": _pattern(
        _ADOPTION, "somebody else is brought in within 30 days", "ask the champion for names",
        "role:invite", ("people besides the main user",),
    ),
    "three core features weekly": _pattern(
        _ADOPTION, "three core features in each of four weeks", "count the account as adopted",
        "events feature_catalogue.core", ("core features used",),
    ),
    "first integration": _pattern(
        _ADOPTION, "an integration is at work", "offer the next one", "role:integration",
        ("integrations at work",),
    ),
    "use on most days": _pattern(
        _ENGAGEMENT, "daily over monthly people rises", "ask for a reference",
        "events.user_id", ("stickiness", "active days"),
    ),
    "learning": _pattern(
        _ENGAGEMENT, "courses, help and community are used", "invite to advanced sessions",
        "role:learning|role:community", ("lessons taken",),
    ),
    "logins decline": _pattern(
        _RISK, "fewer logins than a month ago", "call before the renewal", "role:login",
        ("logins per week",),
    ),
    "champion leaves": _pattern(
        _RISK, "who spoke for us is gone", "find the next sponsor",
        "users.is_champion users.deactivated_at",
    ),
    "features are dropped": _pattern(
        _RISK, "a feature used for weeks is not used any more", "train, or mend the feature",
        "events.feature|feature_catalogue.feature", ("share of features used",),
    ),
    "tickets rise": _pattern(
        _RISK, "more tickets than before, or escalated ones", "send a specialist", "tickets",
    ),
    "unhappy answer": _pattern(
        _RISK, "a low NPS, CSAT or a bitter ticket", "call within a week",
        "surveys|tickets.csat|tickets.text",
    ),
    "payment is late": _pattern(
        _RISK, "an invoice is overdue", "ask finance and sponsor",
        "invoices.due_on invoices.paid_on",
    ),
    "near a limit": _pattern(
        _EXPANSION, "seats, storage or calls nearly used up", "offer the next tier",
        "usage_levels",
    ),
    "a new department": _pattern(
        _EXPANSION, "people of another department are active", "offer a wider licence",
        "events.user_id users.department", ("departments active",),
    ),
    "premium interest": _pattern(
        _EXPANSION, "prices looked at, premium features tried", "offer a trial",
        "role:pricing_page|feature_catalogue.premium", ("premium features used",),
    ),
}  # fmt: skip

DEFAULT = Catalogue(metrics=_METRICS, patterns=_PATTERNS)
"""Fifteen metrics and fifteen patterns, without ranges: a company knows its own."""
