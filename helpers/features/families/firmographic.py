"""What an account is, apart from what it does: for profiles and cohorts, not for clustering."""

from helpers.features.feature import Feature

__all__ = ["FEATURES"]


def _text(name: str, meaning: str, sql: str, need: str, note: str, *, predictive: bool) -> Feature:
    return Feature(
        name=name,
        meaning=meaning,
        unit="text",
        over="joined",
        sql=sql,
        needs=(need,),
        kind="text",
        behavioural=False,
        predictive=predictive,
        note=note,
        seed="Z-02",
    )


_STATIC = "as extracted, for every as-of date"

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="age_days",
        meaning="days since the account signed up",
        unit="days",
        over="spine",
        sql="age_days",
        behavioural=False,
        seed="Z-02",
    ),
    Feature(
        name="employees",
        meaning="people employed",
        unit="people",
        over="joined",
        sql="employees",
        needs=("accounts.employees",),
        behavioural=False,
        note=_STATIC,
        seed="Z-02",
    ),
    _text(
        "industry", "line of business", "industry", "accounts.industry", _STATIC, predictive=True
    ),
    _text("region", "where it is", "region", "accounts.region", _STATIC, predictive=True),
    Feature(
        name="plan_in_force",
        meaning="plan of the latest term",
        unit="text",
        over="term",
        sql="MAX(CASE WHEN place = 1 THEN plan END)",
        needs=("subscriptions.plan",),
        kind="text",
        hidden=True,
    ),
    _text(
        "plan",
        "plan in force at the as-of date, or the last one held",
        "COALESCE(plan_in_force, CASE WHEN is_newest THEN account_plan END)",
        "subscriptions.plan|accounts.plan",
        "without subscriptions: the accounts table's, for the run's own as-of date only",
        predictive=True,
    ),
    _text(
        "csm",
        "who looks after the account; never a predictor",
        "csm",
        "accounts.csm",
        _STATIC,
        predictive=False,
    ),
    Feature(
        name="is_live",
        meaning="a customer at the as-of date: the last outcome before it, if any, is not "
        "`churned`; without outcomes: an event within churn_after_silent_days, if configured",
        unit="true or false",
        over="spine",
        sql="is_live",
        kind="boolean",
        behavioural=False,
        predictive=False,
        seed="D-16",
    ),
    Feature(
        name="is_short_history",
        meaning="observed for less than the longest window: a short baseline, read with care",
        unit="true or false",
        over="spine",
        sql="observed_days < {longest}",
        kind="boolean",
        behavioural=False,
        predictive=False,
        seed="Z-10",
    ),
)
