import itertools

import numpy as np
import pandas as pd
import pytest

from helpers.scores.health import COMPONENTS, component_table, health_scores
from tests.scores.made import make_tables

AS_OF = pd.Timestamp("2026-07-01")
BEST = {
    "stickiness_30d": 4 / 7,
    "adoption__share_90d": 0.9,
    "core_adoption__share_90d": 1.0,
    "events__change_30d": 0.5,
    "csat__mean_90d": 5.0,
    "ticket_sentiment__mean_90d": 1.0,
    "tickets_escalated_open__n": 0.0,
    "active_users__n_30d": 9.0,
    "users__n": 10.0,
    "nps_last": 10.0,
    "nps_age_days": 20.0,
}
WORST = {
    "stickiness_30d": 0.0,
    "adoption__share_90d": 0.0,
    "core_adoption__share_90d": 0.0,
    "events__change_30d": -0.9,
    "csat__mean_90d": 1.0,
    "ticket_sentiment__mean_90d": -1.0,
    "tickets_escalated_open__n": 1.0,
    "active_users__n_30d": 0.0,
    "users__n": 10.0,
    "nps_last": 0.0,
    "nps_age_days": 20.0,
}


def one(**changes):
    row = {"account_id": "a", "as_of": AS_OF, "is_live": True} | BEST | changes
    return health_scores(pd.DataFrame([row])).iloc[0]


def test_weights_are_those_of_the_seed():  # P-10
    weights = {part.name: part.weight for part in COMPONENTS}

    assert weights == {
        "usage_frequency": 0.30,
        "feature_adoption": 0.20,
        "engagement_trend": 0.20,
        "support_sentiment": 0.15,
        "team_activity": 0.10,
        "nps": 0.05,
    }
    assert component_table()["weight"].sum() == pytest.approx(1)


def test_ends_of_every_component():  # Z-17
    best, worst = one(), one(**WORST)

    for part in COMPONENTS:
        assert best[part.name] == 100, part.name
        assert worst[part.name] == 0, part.name
    assert (best["health_score"], best["health_band"], best["coverage"]) == (100, "high", 1)
    assert (worst["health_score"], worst["health_band"]) == (0, "low")


def test_by_hand():
    found = one(
        stickiness_30d=1 / 7, nps_last=6.0, csat__mean_90d=3.0, ticket_sentiment__mean_90d=0.0
    )

    assert found["usage_frequency"] == 50
    assert found["nps"] == 40
    assert found["support_sentiment"] == pytest.approx((40 + 55) / 2)
    expected = 0.3 * 50 + 0.2 * 100 + 0.2 * 100 + 0.15 * 47.5 + 0.1 * 100 + 0.05 * 40
    assert found["health_score"] == pytest.approx(np.floor(expected * 10 + 0.5) / 10)


def test_a_missing_survey_hands_its_weight_on_and_coverage_says_so():  # Z-18
    found = one(**WORST | {"nps_last": np.nan})
    assert found["health_score"] == 0
    assert found["coverage"] == pytest.approx(0.95)

    better = one(nps_last=np.nan, stickiness_30d=1 / 7)
    assert better["health_score"] == pytest.approx((0.3 * 50 + 0.65 * 100) / 0.95, abs=0.05)


def test_an_old_survey_answer_is_not_an_answer():
    assert np.isnan(one(nps_age_days=366.0)["nps"])
    assert one(nps_age_days=365.0)["nps"] == 100


def test_an_open_escalation_without_ratings_counts_against_a_neutral_tone():
    found = one(
        csat__mean_90d=np.nan, ticket_sentiment__mean_90d=np.nan, tickets_escalated_open__n=2.0
    )
    assert found["support_sentiment"] == 25


def test_too_little_known_gives_a_reason_instead_of_a_score():
    gone = {name: np.nan for name in BEST if name not in ("nps_last", "nps_age_days")}

    found = one(**gone)

    assert np.isnan(found["health_score"])
    assert pd.isna(found["health_band"])
    assert found["reason"] == "less than half the weight is known"


def test_an_account_that_left_has_no_health():
    found = one(is_live=False)

    assert np.isnan(found["health_score"])
    assert np.isnan(found["usage_frequency"])
    assert found["reason"] == "no longer a customer at this date"


def test_absent_sources_leave_columns_empty_never_out():
    table = health_scores(pd.DataFrame([{"account_id": "a", "as_of": AS_OF, "is_live": True}]))

    assert [part.name for part in COMPONENTS] == list(table.columns[5:11])
    assert table["health_score"].isna().all()
    assert table["coverage"].tolist() == [0]


def test_a_season_that_quiets_everybody_makes_nobody_ill():
    rows = [
        {"account_id": f"a{i}", "as_of": AS_OF, "is_live": True}
        | BEST
        | {"events__change_30d": -0.4}
        for i in range(25)
    ]
    rows[0]["events__change_30d"] = -0.7

    table = health_scores(pd.DataFrame(rows)).set_index("account_id")

    assert table.loc["a1", "engagement_trend"] == 70
    assert table.loc["a0", "engagement_trend"] == 0


def test_order_of_rows_and_later_dates_change_nothing():
    features, _ = make_tables(40, n_dates=4)
    newest = features["as_of"].max()

    whole = health_scores(features)
    shuffled = health_scores(features.sample(frac=1, random_state=1))
    earlier = health_scores(features[features["as_of"] < newest])

    pd.testing.assert_frame_equal(whole, shuffled)
    pd.testing.assert_frame_equal(whole[whole["as_of"] < newest].reset_index(drop=True), earlier)


def test_agrees_with_the_naive_twin():
    features, _ = make_tables(60, n_dates=2)

    table = health_scores(features).set_index(["as_of", "account_id"])

    for row in features.sample(40, random_state=3).itertuples():
        found = table.loc[(row.as_of, row.account_id)]
        expected = naive_health(row, features)
        if expected is None:
            assert np.isnan(found["health_score"])
        else:
            assert found["health_score"] == pytest.approx(expected, abs=0.051)


def naive_health(row, features):
    """The score of one row from the sentences of the component table."""
    if not row.is_live:
        return None
    peers = features[(features["as_of"] == row.as_of) & features["is_live"]]["events__change_30d"]
    usual = peers.median() if len(peers) >= 20 else 0.0
    parts = {
        "usage": (0.30, line(7 * row.stickiness_30d, [(0, 0), (1, 50), (4, 100)])),
        "adoption": (0.20, line(row.adoption__share_90d, [(0, 0), (0.3, 50), (0.8, 100)])),
        "trend": (
            0.20,
            line((1 + row.events__change_30d) / (1 + usual) - 1, [(-0.5, 0), (0, 70), (0.25, 100)]),
        ),
        "team": (
            0.10,
            line(row.active_users__n_30d / row.users__n, [(0, 0), (0.3, 50), (0.8, 100)]),
        ),
        "nps": (0.05, line(row.nps_last, [(0, 0), (6, 40), (8, 70), (10, 100)])),
    }
    known = {name: (w, s) for name, (w, s) in parts.items() if s is not None}
    weight = sum(w for w, _ in known.values())
    return sum(w * s for w, s in known.values()) / weight if weight >= 0.5 else None


def line(value, points):
    if value != value:
        return None
    if value <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if value <= x1:
            return y0 + (y1 - y0) * (value - x0) / (x1 - x0)
    return points[-1][1]
