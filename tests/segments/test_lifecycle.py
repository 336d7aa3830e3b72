import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.segments.lifecycle import (
    ENGAGEMENT_LEVELS,
    LIFECYCLE_STAGES,
    decline_votes,
    engagement_level,
    lifecycle_stage,
    season_adjusted_change,
)

AS_OF = pd.Timestamp("2026-07-01")


def account(**given_features):
    """One live, steady, established account of weekly use; keywords replace its features."""
    usual = {
        "account_id": "a",
        "as_of": AS_OF,
        "is_live": True,
        "age_days": 200.0,
        "days_since_last_event": 2.0,
        "stickiness_30d": 0.2,
        "active_days__n_30d": 8.0,
        "features_used__n_30d": 4.0,
        "core_features_used__n_30d": 3.0,
        "premium_features_used__n_30d": 0.0,
        "adoption__share_90d": 0.4,
        "events__change_30d": 0.0,
        "events__slope_90d": 0.0,
        "events__share_of_peak": 0.9,
    }
    return pd.DataFrame([usual | given_features])


def stage(**given_features):
    return lifecycle_stage(account(**given_features)).iloc[0]


def level(**given_features):
    return engagement_level(account(**given_features)).iloc[0]


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (0, "Onboarding"),
        (29, "Onboarding"),
        (30, "Adopting"),
        (89, "Adopting"),
        (90, "Established"),
        (5000, "Established"),
    ],
)
def test_stages_of_age_are_half_open(age, expected):  # G-14, Z-06
    assert stage(age_days=age) == expected


@pytest.mark.parametrize(
    ("silent", "expected"),
    [(59, "Established"), (60, "Dormant"), (90, "Dormant"), (90.5, "Churned"), (91, "Churned")],
)
def test_silence_is_dormant_from_60_to_90_days_and_churned_after(silent, expected):  # Z-07
    assert stage(days_since_last_event=silent) == expected


DECLINE = {"events__change_30d": -0.5, "events__slope_90d": -0.1, "events__share_of_peak": 0.3}
DEEP = {"stickiness_30d": 0.8, "premium_features_used__n_30d": 2.0}


def test_precedence_from_churned_to_the_stage_of_age():  # Z-06
    everything = {**DECLINE, **DEEP, "age_days": 10.0}
    assert stage(**everything, is_live=False) == "Churned"
    assert stage(**everything, days_since_last_event=70) == "Dormant"
    assert stage(**everything) == "At Risk"
    assert stage(**DEEP, age_days=10.0) == "Power User"
    assert stage(age_days=10.0) == "Onboarding"


def test_a_power_user_uses_advanced_features():
    assert stage(**DEEP) == "Power User"
    assert stage(stickiness_30d=0.8) == "Established"
    unknown = {"stickiness_30d": 0.8, "premium_features_used__n_30d": np.nan}
    assert stage(**unknown, adoption__share_90d=0.60) == "Power User"
    assert stage(**unknown, adoption__share_90d=0.59) == "Established"


def test_one_view_of_a_decline_is_not_a_decline():
    views = pd.concat([account(**{name: value}) for name, value in DECLINE.items()])
    assert decline_votes(views).tolist() == [1, 1, 1]
    assert decline_votes(account(**DECLINE)).tolist() == [3]
    short = account(events__change_30d=np.nan, events__slope_90d=np.nan)
    assert decline_votes(short).tolist() == [0]


def test_a_decline_of_five_percent_a_week_puts_an_account_at_risk():  # G-14, T-04
    falling = 0.95
    change, slope = falling ** (30 / 7) - 1, np.log(falling)
    assert stage(events__change_30d=change, events__slope_90d=slope) == "At Risk"
    assert stage(events__change_30d=-0.10, events__slope_90d=-0.02) == "Established"


def test_when_everybody_is_quiet_nobody_declines():
    season = pd.concat([account(events__change_30d=-0.3) for _ in range(30)], ignore_index=True)
    season.loc[0, "events__change_30d"] = -0.8
    adjusted = season_adjusted_change(season)
    assert adjusted.iloc[1:].abs().max() < 1e-12
    assert adjusted.iloc[0] == pytest.approx(0.2 / 0.7 - 1)
    few = season.iloc[:10].reset_index(drop=True)  # too few to know what is usual
    assert season_adjusted_change(few).iloc[1] == pytest.approx(-0.3)


@pytest.mark.parametrize(
    ("days_per_week", "expected"),
    [
        (2.24, "Highly Engaged"),
        (2.23, "Moderately Engaged"),
        (0.48, "Moderately Engaged"),
        (0.47, "Lightly Engaged"),
        (0.1, "Lightly Engaged"),
    ],
)
def test_engagement_follows_the_days_of_a_typical_person(days_per_week, expected):  # G-15
    assert level(stickiness_30d=days_per_week / 7) == expected


def test_engagement_asks_for_features_too():  # G-15
    assert level(stickiness_30d=0.8, features_used__n_30d=1.0) == "Moderately Engaged"
    assert level(core_features_used__n_30d=0.0) == "Lightly Engaged"
    unknown = {"features_used__n_30d": np.nan, "core_features_used__n_30d": np.nan}
    assert level(stickiness_30d=0.8, **unknown) == "Highly Engaged"


def test_engagement_of_the_silent():  # G-15, Z-07
    nothing = {"active_days__n_30d": 0.0, "stickiness_30d": np.nan}
    assert level(**nothing, days_since_last_event=45.0) == "Barely Engaged"
    assert level(**nothing, days_since_last_event=59.0) == "Barely Engaged"
    assert level(**nothing, days_since_last_event=60.0) == "Disengaged"
    never = {**nothing, "days_since_last_event": np.nan}
    assert level(**never, age_days=20.0) == "Barely Engaged"
    assert stage(**never, age_days=20.0) == "Onboarding"
    assert stage(**never, age_days=75.0) == "Dormant"


def test_an_account_of_occasional_users_is_not_a_daily_one():
    many = account(stickiness_30d=1 / 7, active_days__n_30d=30.0)
    assert engagement_level(many).iloc[0] == "Moderately Engaged"
    assert engagement_level(many.assign(stickiness_30d=np.nan)).iloc[0] == "Highly Engaged"


maybe = st.one_of(st.none(), st.floats(-1, 400, allow_nan=False))


@settings(max_examples=40)
@given(
    st.fixed_dictionaries(
        {
            name: maybe
            for name in account().columns
            if name not in ("account_id", "as_of", "is_live")
        }
    ),
    st.sampled_from([True, False, None]),
)
def test_stage_and_level_are_total(features, live):  # G-13 in spirit: exactly one, always
    row = account(**{k: np.nan if v is None else v for k, v in features.items()}, is_live=live)
    assert lifecycle_stage(row).iloc[0] in LIFECYCLE_STAGES
    assert engagement_level(row).iloc[0] in ENGAGEMENT_LEVELS
