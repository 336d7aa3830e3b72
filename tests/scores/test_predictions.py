import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from helpers.artifacts import Run
from helpers.errors import GateError
from helpers.scores.health import health_scores
from helpers.scores.predictions import check_probabilities, predict, score_history
from helpers.scores.scale import churn_band
from helpers.scores.study import churn_study
from tests.company import make_config
from tests.scores.made import AS_OF, make_tables
from tests.scores.run_of import make_dictionary


def study_of(features, labels, **options):
    return churn_study(
        features,
        labels,
        make_dictionary(features),
        health_scores(features),
        config=make_config(),
        challenger=False,
        n_draws=100,
        **options,
    )


@pytest.fixture(scope="module")
def tables():
    return make_tables(320)


@pytest.fixture(scope="module")
def study(tables):
    return study_of(*tables)


@pytest.fixture(scope="module")
def found(study):
    return predict(study, n_refits=30)


def test_one_row_a_live_account_with_score_band_and_reasons(tables, study, found):  # P-01, P-04
    features, _ = tables
    predictions, _ = found

    live = features[(features["as_of"] == AS_OF) & features["is_live"]]
    assert study.signal.passed
    assert sorted(predictions["account_id"]) == sorted(live["account_id"])
    assert predictions["as_of"].eq(AS_OF).all()
    assert predictions["churn_probability"].is_monotonic_decreasing
    assert predictions["churn_score"].between(0, 100).all()
    assert predictions["churn_band"].equals(churn_band(predictions["churn_score"]))
    assert predictions["direction"].str.contains("higher = more likely to churn").all()  # Z-05
    assert predictions["drivers"].map(len).le(3).all()
    assert predictions["drivers"].map(len).gt(0).mean() > 0.8


def test_every_probability_has_an_interval(found):  # P-12
    predictions, _ = found
    p = predictions

    assert (p["probability_low"] <= p["churn_probability"]).all()
    assert (p["churn_probability"] <= p["probability_high"]).all()
    assert (p["probability_low"] < p["probability_high"]).all()
    width = p["probability_high"] - p["probability_low"]
    assert width.median() < 0.3


def test_drivers_are_the_largest_contributions_with_their_direction(found):
    predictions, contributions = found
    first = predictions.iloc[0]
    mine = contributions[contributions["account_id"] == first["account_id"]]

    assert first["drivers"] == mine["driver"].head(3).tolist()
    assert mine["contribution"].abs().is_monotonic_decreasing
    for row in contributions.itertuples():
        assert row.driver.endswith("(raises)" if row.contribution > 0 else "(lowers)")
    assert contributions["account_id"].iloc[0] == first["account_id"]


def test_order_of_rows_and_names_of_accounts_change_no_probability(tables, found):
    features, _ = tables
    names = sorted(features["account_id"].unique())
    other = {name: f"x{len(names) - place:05d}" for place, name in enumerate(names)}
    renamed = [
        table.assign(account_id=table["account_id"].map(other)).sample(frac=1, random_state=8)
        for table in tables
    ]

    again, _ = predict(study_of(*renamed), n_refits=5)

    before = found[0].set_index(found[0]["account_id"].map(other))["churn_probability"]
    after = again.set_index("account_id")["churn_probability"]
    assert after.loc[before.index].to_numpy() == pytest.approx(before.to_numpy(), abs=2e-6)


def test_the_scores_of_today_do_not_know_tomorrow(tables, found):
    """Outcomes whose window is still open are not used, whatever they may be."""
    features, labels = tables
    open_window = labels["censored"]
    changed = labels.assign(churned_on=labels["churned_on"].mask(open_window, AS_OF))

    again, _ = predict(study_of(features, changed), n_refits=5)

    pd.testing.assert_series_equal(again["churn_probability"], found[0]["churn_probability"])


def test_without_signal_nothing_is_predicted_and_the_reason_stands_beside(tables):
    features, labels = tables
    quiet = labels.assign(churned=labels["churned"].where(labels["churned"].isna(), False))

    predictions, contributions = predict(study_of(features, quiet))

    assert len(predictions) == (features["is_live"] & (features["as_of"] == AS_OF)).sum()
    assert predictions[["churn_probability", "churn_score", "churn_band"]].isna().all().all()
    assert predictions["drivers"].map(len).eq(0).all()
    assert (
        predictions["reason"].eq("one class only: no account churned in the labelled history").all()
    )
    assert contributions.empty


def test_drivers_are_lists_of_text_on_disk_even_if_all_are_empty(tmp_path, tables):
    features, labels = tables
    quiet = labels.assign(churned=labels["churned"].where(labels["churned"].isna(), False))
    run = Run(tmp_path, "t", tmp_path)
    for predictions, _ in (predict(study_of(features, quiet)),):
        run.write("06_churn_model", "predictions", predictions)
        field = pq.read_schema(run.path("06_churn_model", "predictions")).field("drivers")
        assert str(field.type) in ("list<element: string>", "list<item: string>")


def test_earlier_dates_are_scored_as_on_the_day(study):
    history = score_history(study)

    assert history["as_of"].max() < AS_OF
    assert history["churn_band"].equals(churn_band(history["churn_score"]))
    known = history["churned"].notna()
    rates = history[known].groupby("churn_band")["churned"].mean().astype(float)
    assert rates["high"] > rates["medium"] > rates["low"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([0.1, np.nan], "1 missing and 0 outside of 2"),
        ([0.1, 1.2, -0.1], "0 missing and 2 outside of 3"),
        ([0.2] * 10, "all 10 accounts got 0.200"),
    ],
)
def test_fault_E21_probabilities_that_are_none_stop_the_run(values, words):
    with pytest.raises(GateError, match=words.replace(".", r"\.")):
        check_probabilities(np.array(values))


def test_fault_E21_a_small_company_may_have_equal_accounts():
    check_probabilities(np.array([0.2] * 9))
    check_probabilities(np.array([0.1, 0.2]))
