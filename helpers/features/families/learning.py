"""Learning the product, working together in it, and what people look for."""

from helpers.features.feature import Feature, within

__all__ = ["FEATURES", "INTENT"]


def _role(role: str, name: str, meaning: str, seed: str, days: int | None = None) -> Feature:
    span = "{w}" if days is None else str(days)
    return Feature(
        name=f"{name}__n_{span}d",
        meaning=f"{meaning} in the last {span} days",
        unit="events",
        over="day",
        sql=within(f"n_{role}", span),
        window=days,
        needs=(f"role:{role}",),
        fill="0",
        seed=seed,
    )


FEATURES: tuple[Feature, ...] = (
    _role("help", "help", "help articles and documentation read", "F-11"),
    _role("learning", "learning", "courses, webinars and other lessons", "F-11", 90),
    _role("community", "community", "contributions to the community", "F-11", 90),
    Feature(
        name="days_to_first_core",
        meaning="days from sign-up to the first use of a core feature",
        unit="days",
        over="day",
        sql="MIN(core_after_days)",
        needs=("events", "feature_catalogue.core"),
        whole_life=True,
        note="empty until it happens",
        seed="F-13",
    ),
    Feature(
        name="days_to_setup_done",
        meaning="days from sign-up until the last step of the set-up was done by somebody",
        unit="days",
        over="setup",
        sql="CASE WHEN COUNT(*) = MAX(n_steps) THEN MAX(account_age) - MIN(first_age) END",
        needs=("role:setup",),
        whole_life=True,
        note="empty until it happens",
        seed="F-13",
    ),
    Feature(
        name="setup__share",
        meaning="steps of the set-up that somebody has done, of all steps configured",
        unit="share",
        over="setup",
        sql="CAST(COUNT(*) AS DOUBLE) / MAX(n_steps)",
        needs=("role:setup",),
        fill="0",
        whole_life=True,
        seed="F-13",
    ),
    _role("collaboration", "collaboration", "comments, shares, mentions and the like", "F-12"),
    Feature(
        name="departments_active__n_30d",
        meaning="departments with an active person in the last 30 days",
        unit="departments",
        over="user",
        sql="COUNT(DISTINCT CASE WHEN last_age <= 30 THEN department END)",
        window=30,
        needs=("events.user_id", "users.department"),
        fill="0",
        seed="F-12",
    ),
    Feature(
        name="secondary_users__n_30d",
        meaning="people active in the last 30 days other than the main user (most events so far)",
        unit="people",
        over="user",
        sql="SUM(CASE WHEN place > 1 AND last_age <= 30 THEN 1 ELSE 0 END)",
        window=30,
        needs=("events.user_id",),
        fill="0",
        seed="F-18",
    ),
    Feature(
        name="power_user_days_since",
        meaning="days since the person with most events so far was last active",
        unit="days",
        over="user",
        sql="MIN(CASE WHEN place = 1 THEN last_age END)",
        needs=("events.user_id",),
        seed="F-18",
    ),
    Feature(
        name="admin_days_since_active",
        meaning="days since any administrator of the account was last active",
        unit="days",
        over="user",
        sql="MIN(CASE WHEN is_admin THEN last_age END)",
        needs=("events.user_id", "users.is_admin"),
        seed="F-17",
    ),
)

INTENT: tuple[Feature, ...] = (
    _role("pricing_page", "pricing_page", "visits to the pricing page", "F-19"),
    _role("competitor_search", "competitor_search", "searches for a competitor", "F-19", 90),
    _role("export", "exports", "exports of data", "F-19", 30),
    _role("limit_hit", "limit_hits", "refusals for a limit of the plan", "F-19", 30),
    _role("invite", "invites", "colleagues invited", "F-19", 30),
    _role("integration", "integrations_used", "uses of an integration", "F-19", 30),
    _role("upload", "uploads", "uploads of data", "F-19", 30),
    _role("security", "security_events", "failed logins, new keys and the like", "F-19", 30),
)
