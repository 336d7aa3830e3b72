from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.segments.dimensions import DIMENSIONS, FIRMOGRAPHICS, Dimension, Ingredient
from helpers.segments.levels import readings_of
from helpers.segments.prepare import dimension_scores, fit_preparation
from helpers.segments.readings import reading, window_of
from tests.segments.frames import make_dictionary, make_features


@pytest.fixture(scope="module")
def table():
    return make_features(120).reset_index(drop=True)


def prepare(features, **options):
    return fit_preparation(features, make_dictionary(features), **options)


@pytest.fixture(scope="module")
def scores(table):
    return dimension_scores(table, prepare(table))


def test_scores_are_centred_clipped_and_complete(table):
    prepared = prepare(table)
    scores = dimension_scores(table, prepared)
    assert list(scores.columns) == prepared.names
    assert scores.notna().all(axis=None)
    assert scores.abs().max(axis=None) <= 3
    assert scores.median().abs().max() < 1e-6


@pytest.mark.parametrize(
    "column",
    [
        "active_users__n_90d",
        "core_features_used__n_30d",
        "days_since_last_login",
        "error_rate__90d",
        "events__share_of_peak",
        "events__slope_90d",
        "help__n_30d",
        "mrr",
        "nps_last",
        "session_minutes__mean_90d",
        "tickets__n_90d",
    ],
)
def test_units_do_not_matter(table, scores, column):  # F-21
    scaled = table.assign(**{column: 1000 * table[column]})
    after = dimension_scores(scaled, prepare(scaled))
    pd.testing.assert_frame_equal(scores, after, atol=1e-6)


def test_row_order_and_names_do_not_matter(table):
    shuffled = table.sample(frac=1, random_state=5)
    before = dimension_scores(table, prepare(table))
    after = dimension_scores(shuffled, prepare(shuffled)).sort_index()
    pd.testing.assert_frame_equal(before, after, atol=1e-8)


def test_fault_E07_a_giant_account_changes_nobody_else(table):
    columns = ["events__n_30d", "events__n_90d", "logins__n_30d", "tickets__n_90d"]
    giant, monster = table.copy(), table.copy()
    giant.loc[0, columns] = 1e6
    monster.loc[0, columns] = 1e7
    before = dimension_scores(giant, prepare(giant)).iloc[1:]
    after = dimension_scores(monster, prepare(monster)).iloc[1:]
    pd.testing.assert_frame_equal(before, after)


def test_only_behaviour_counts(table):  # Z-02
    prepared = prepare(table)
    used = prepared.ingredients.loc[prepared.ingredients["used"], "feature"]
    assert set(used).isdisjoint({"employees", "industry", "plan", "mrr", "age_days"})
    dictionary = make_dictionary(table).assign(behavioural=False)
    nothing = fit_preparation(table, dictionary)
    refused = nothing.ingredients.set_index("feature")["reason"]
    assert refused["features_used__n_30d"] == "not in the dictionary as behaviour"


def test_every_declared_ingredient_is_named_once():
    names = [(item.feature, item.days) for d in DIMENSIONS for item in d.ingredients]
    assert len(names) == len(set(names))


def test_absent_constant_identical_and_correlated_features_are_listed(table):  # F-22, E05
    days = table["days_since_last_login"]
    features = table.assign(
        error_rate__90d=np.nan,
        tickets_escalated__n_90d=4.0,
        days_since_last_event=days,
        csat__mean_90d=table["nps_last"].fillna(5) + 1e-3 * np.arange(len(table)),
        nps_last=table["nps_last"].fillna(5),
    )
    prepared = prepare(features, max_correlation=0.9)
    reasons = prepared.ingredients.set_index("feature")["reason"]
    assert reasons["error_rate__90d"] == "missing for every account: its source is absent"
    assert reasons["tickets_escalated__n_90d"] == "constant"
    assert reasons["days_since_last_event"] == "identical with days_since_last_login"
    assert reasons["csat__mean_90d"].startswith("correlated more than 0.9")
    assert len(prepared.correlated) >= 1


def test_a_family_of_many_variants_weighs_no_more_than_one_feature():
    rng = np.random.default_rng(4)
    base = rng.normal(size=200)
    features = pd.DataFrame({f"use_{i}": base + rng.normal(0, 0.3, 200) for i in range(6)})
    features["trend"] = rng.normal(size=200)
    many = Dimension(
        name="use",
        meaning="use",
        ingredients=tuple(Ingredient(feature=f"use_{i}") for i in range(6)),
    )
    one = Dimension(name="trend", meaning="trend", ingredients=(Ingredient(feature="trend"),))
    prepared = prepare(features, dimensions=(many, one), max_correlation=1.0)
    spread = dimension_scores(features, prepared).std()
    assert spread["use"] == pytest.approx(spread["trend"], rel=0.15)


def test_missing_values_are_neutral_and_counted(table):
    features = table.assign(nps_last=np.nan, csat__mean_90d=np.nan)
    features.loc[:9, "nps_last"] = np.arange(10.0)
    features.loc[:9, "csat__mean_90d"] = 3.0
    prepared = prepare(features)
    mood = prepared.dimensions.set_index("dimension").loc["satisfaction"]
    assert mood["n_missing"] == len(features) - 10
    assert (dimension_scores(features, prepared)["satisfaction"].iloc[10:] == 0).all()


def test_the_scale_of_one_date_serves_another(table):
    prepared = prepare(table)
    later = table.assign(days_since_last_login=table["days_since_last_login"] + 50)
    before, after = (dimension_scores(t, prepared)["activity"] for t in (table, later))
    assert (after <= before).all()
    assert (after < before).mean() > 0.9  # the others were at the end of the scale before


def test_the_nearest_window_is_read():
    columns = pd.Index(["tickets__n_28d", "tickets__n_84d", "tickets__n_x"])
    assert window_of(columns, "tickets__n", 90) == 84
    assert window_of(columns, "tickets__n", 56) == 28  # a tie goes to the shorter one
    assert window_of(columns, "logins__n", 30) is None
    frame = pd.DataFrame({"tickets__n_84d": [14.0, np.inf]})
    assert reading(frame, "tickets__n", days=90, scaled=True).iloc[0] == pytest.approx(15.0)
    assert reading(frame, "tickets__n", days=90).isna().tolist() == [False, True]
    assert reading(frame, "absent").isna().all()


def test_a_meaningful_absence_is_the_worst_and_is_listed():
    table = make_features(60).reset_index(drop=True)
    table.loc[:4, "days_since_last_login"] = np.nan
    prepared = prepare(table)
    means = prepared.ingredients.set_index("feature")["missing_means"]
    assert means["days_since_last_login"] == "never logged in"
    assert means["nps_last"] == "unknown: does not count"
    longest = table["days_since_last_login"].max()
    filled = table.fillna({"days_since_last_login": longest})
    pd.testing.assert_frame_equal(
        dimension_scores(table, prepared), dimension_scores(filled, prepared)
    )


def test_who_the_customer_is_counts_only_where_it_is_asked_for():  # Z-02
    table = make_features(60).reset_index(drop=True)
    switched = prepare(table, dimensions=(*DIMENSIONS, *FIRMOGRAPHICS))
    assert "size" not in prepare(table).names
    assert "size" in switched.names
    used = switched.ingredients.query("dimension == 'size' and used")["feature"]
    assert set(used) == {"employees"}  # revenue says the same here, and there are no seats


def test_a_dimension_of_half_weight_spreads_half_as_far():
    table = make_features(200).reset_index(drop=True)
    half = next(d for d in DIMENSIONS if d.name == "relationship")
    full = replace(half, weight=1.0)
    scores = [dimension_scores(table, prepare(table, dimensions=(d,))) for d in (half, full)]
    assert half.weight == 0.5
    pd.testing.assert_frame_equal(2 * scores[0], scores[1], atol=1e-8)


def test_a_noisier_view_stands_in_only_where_there_is_no_better_one():
    table = make_features(60).reset_index(drop=True)
    reasons = prepare(table).ingredients.set_index("feature")["reason"]
    assert reasons["wau__change_30d"] == "there are better ones"
    poor = table.assign(events__share_of_peak=np.nan, events__slope_90d=np.nan)
    told = prepare(poor).ingredients.query("dimension == 'trend' and used")["feature"]
    assert set(told) == {"events__change_30d", "logins__change_30d", "wau__change_30d"}


def test_silence_is_unknown_where_nothing_was_ever_seen():
    table = make_features(60).reset_index(drop=True)
    known = readings_of(table, table["account_id"])["silent_share"]
    assert known.notna().all()
    blank = table.assign(days_since_last_event=np.nan, days_since_last_login=np.nan)
    assert readings_of(blank, blank["account_id"])["silent_share"].isna().all()
