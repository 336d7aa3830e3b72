"""Where use is heading: a falling account and a small steady one differ here only."""

from helpers.features.feature import Feature, before, change, count_change, exact_sum, ratio, within

__all__ = ["FEATURES"]

_COMPARED = "last 30 days against the 30 before (-0.38: a fall of 38%)"
_FROM_NOTHING = "empty when there was nothing in the 30 days before; 0 when nothing in both"


def _slope(value: str) -> str:
    """Return SQL: least-squares slope of ln(1 + value) over 12 weekly values, zeros too."""
    centred = f"(5.5 - week) * LN(1 + CAST({value} AS DOUBLE))"
    return f"{exact_sum(centred, 'week < 12', digits=9)} / 143"


def _changed(name: str, what: str, over: str, now: str, then: str, need: str, seed: str) -> Feature:
    return Feature(
        name=name,
        meaning=f"change of {what}, {_COMPARED}",
        unit="share",
        over=over,
        sql=change(now, then),
        window=30,
        lookback=60,
        needs=(need,),
        fill="0",
        min_days=60,
        note=_FROM_NOTHING,
        seed=seed,
    )


_SEEN_NOW = "SUM(CASE WHEN last_age <= 30 THEN 1 ELSE 0 END)"
_SEEN_BEFORE = "SUM(CASE WHEN days_before > 0 THEN 1 ELSE 0 END)"
_OTHERS_NOW = "SUM(CASE WHEN place > 1 AND last_age <= 30 THEN 1 ELSE 0 END)"
_OTHERS_BEFORE = "SUM(CASE WHEN place > 1 AND days_before > 0 THEN 1 ELSE 0 END)"

FEATURES: tuple[Feature, ...] = (
    _changed(
        "events__change_30d",
        "events",
        "day",
        within("n_events", 30),
        before("n_events", 31, 60),
        "events",
        "F-06",
    ),
    _changed(
        "logins__change_30d",
        "logins",
        "day",
        within("n_login", 30),
        before("n_login", 31, 60),
        "role:login",
        "F-06",
    ),
    _changed(
        "wau__change_30d",
        "weekly active people, mean of the 4 whole weeks of each stretch",
        "user",
        "SUM(weeks_now)",
        "SUM(weeks_before)",
        "events.user_id",
        "F-09",
    ),
    _changed(
        "active_users__change_30d",
        "people active",
        "user",
        _SEEN_NOW,
        _SEEN_BEFORE,
        "events.user_id",
        "F-06",
    ),
    _changed(
        "secondary_users__change_30d",
        "active people other than the main user (the one with most events so far)",
        "user",
        _OTHERS_NOW,
        _OTHERS_BEFORE,
        "events.user_id",
        "F-18",
    ),
    _changed(
        "features_used__change_30d",
        "the number of features used",
        "feature",
        _SEEN_NOW,
        _SEEN_BEFORE,
        "events",
        "F-06",
    ),
    Feature(
        name="errors__change_30d",
        meaning=f"change of errors, {_COMPARED}",
        unit="share",
        over="day",
        sql=count_change(within("n_error", 30), before("n_error", 31, 60)),
        window=30,
        lookback=60,
        needs=("role:error",),
        fill="0",
        min_days=60,
        note="an earlier count of 0 is taken as 1",
        seed="F-06",
    ),
    Feature(
        name="events__slope_90d",
        meaning="slope of the logarithm of weekly events over the last 12 whole weeks; -0.05 is a "
        "fall of about 5% a week",
        unit="log events per week, per week",
        over="week",
        sql=_slope("n_events"),
        window=90,
        lookback=84,
        needs=("events",),
        fill="0",
        min_days=84,
        seed="F-06",
    ),
    Feature(
        name="wau__slope_90d",
        meaning="slope of the logarithm of weekly active people over the last 12 whole weeks",
        unit="log people, per week",
        over="user_week",
        sql=_slope("wau"),
        window=90,
        lookback=84,
        needs=("events.user_id",),
        fill="0",
        min_days=84,
        seed="F-06",
    ),
    Feature(
        name="events__share_of_peak",
        meaning="events of the last 28 days over the best 28 days so far; 1 is at the peak",
        unit="share",
        over="day",
        sql=ratio(within("n_events", 28), "MAX(best_28d)"),
        needs=("events",),
        min_days=56,
        note="empty for accounts without any event so far",
        seed="F-06",
    ),
    Feature(
        name="adoption__change_30d",
        meaning="share of the available features used in 90 days, minus the same 30 days earlier",
        unit="points of share",
        over="feature",
        sql="CAST(SUM(CASE WHEN last_age <= 90 THEN 1 ELSE 0 END) - SUM(CASE WHEN days_earlier > 0 "
        "THEN 1 ELSE 0 END) AS DOUBLE) / NULLIF(MAX(n_features), 0)",
        window=30,
        lookback=120,
        needs=("events",),
        fill="0",
        min_days=30,
        seed="F-08",
    ),
)
