import numpy as np
import pandas as pd
import pytest

from helpers.features.departures import departures
from helpers.scores.lead_time import (
    flags_at_equal_volume,
    lead_summary,
    lead_time,
    measure_lead_time,
)
from tests.scores.made import AS_OF, make_tables
from tests.scores.run_of import make_outcomes, make_weekly_flags
from tests.scores.test_predictions import study_of


def day(text):
    return pd.Timestamp(text)


D1, D2, D3 = day("2026-03-01"), day("2026-04-01"), day("2026-05-01")


def frame(**columns):
    return pd.DataFrame(columns)


def scores_of(date, **probabilities):
    return frame(
        account_id=list(probabilities), as_of=date, probability=list(probabilities.values())
    )


def test_all_methods_name_equally_many_at_each_date():
    scores = pd.concat(
        [
            scores_of(D1, a=0.9, b=0.5, c=0.2, d=0.1),
            scores_of(D2, a=0.1, b=0.6, c=0.3, d=0.2),
        ]
    )
    health = frame(
        account_id=list("abcd") * 2,
        as_of=[D1] * 4 + [D2] * 4,
        health_score=[80, 39.9, 20, 90, 50, 60, 70, 80],
    )
    weekly = frame(
        account_id=["d", "c", "a", "b", "d"],
        week_end=[D1, D1 - pd.Timedelta(days=29), D1, D1 + pd.Timedelta(days=2), D2],
        p_value=[0.01, 0.001, 0.02, 0.0001, 0.5],
        direction=["risk", "risk", "expansion", "risk", "risk"],
    )

    flags = flags_at_equal_volume(scores, health, weekly, step_days=30, capacity=3)

    first = flags[flags["as_of"] == D1].groupby("method")["account_id"].agg(list)
    assert first["health"] == ["c", "b"]  # two below 40 set the volume
    assert first["model"] == ["a", "b"]
    assert first["anomaly"] == ["c", "d"]  # growth does not count, tomorrow is not known
    second = flags[flags["as_of"] == D2].groupby("method")["account_id"].agg(list)
    assert second["model"] == ["b", "c", "d"]  # nobody below 40: what the team can call
    assert second["health"] == ["a", "b", "c"]
    assert second["anomaly"] == ["b", "d"]  # not more than there are


def test_dates_that_the_model_could_not_score_are_left_out_for_all():
    scores = pd.concat([scores_of(D1, a=np.nan, b=np.nan), scores_of(D2, a=0.1, b=0.2)])
    health = frame(
        account_id=["a", "b"] * 2, as_of=[D1, D1, D2, D2], health_score=[10.0, 20, 30, 90]
    )

    flags = flags_at_equal_volume(scores, health, None, step_days=30, capacity=1)

    assert flags["as_of"].unique().tolist() == [D2]
    assert set(flags["method"]) == {"model", "health"}


def test_without_any_model_the_others_are_still_compared():
    scores = scores_of(D1, a=np.nan, b=np.nan)
    health = frame(account_id=["a", "b"], as_of=D1, health_score=[10.0, 90])

    flags = flags_at_equal_volume(scores, health, None, step_days=30, capacity=1)

    assert flags["method"].tolist() == ["health"]


def test_the_first_flag_within_the_window_counts():
    flags = frame(
        account_id=["a", "a", "a", "b", "c"],
        as_of=[day("2025-12-01"), D1, D2, D2, D3],
        method=["model", "model", "model", "health", "model"],
        rank=1,
    )
    left = frame(
        account_id=["a", "b", "c", "d"],
        churned_at=[day("2026-04-12"), day("2026-04-15"), day("2026-04-20"), day("2026-08-01")],
    )

    table = lead_time(flags, left, window_days=90, newest=day("2026-07-01")).set_index("account_id")

    assert table.loc["a", "first_flag_model"] == D1  # December is about something else
    assert table.loc["a", "weeks_model"] == 6.0
    assert pd.isna(table.loc["a", "first_flag_health"])
    assert table.loc["b", "weeks_health"] == 2.0
    assert pd.isna(table.loc["c", "first_flag_model"])  # named after it had left
    assert "d" not in table.index  # left after the newest date


def test_a_departure_out_of_reach_of_every_date_is_not_counted():
    flags = frame(account_id=["x"], as_of=[D3], method=["model"], rank=1)
    left = frame(account_id=["early", "late"], churned_at=[D1, D3 + pd.Timedelta(days=10)])

    table = lead_time(flags, left, window_days=90, newest=day("2026-07-01"))

    assert table["account_id"].tolist() == ["late"]


def test_summary_by_hand():
    lead = frame(
        account_id=list("abcd"),
        weeks_model=[4.0, 8.0, np.nan, np.nan],
        weeks_anomaly=[np.nan] * 4,
        weeks_health=[2.0, np.nan, np.nan, np.nan],
    )
    flags = frame(
        account_id=["a"] * 6, as_of=[D1, D1, D2, D2, D2, D2], method=["model"] * 3 + ["health"] * 3
    )

    table = lead_summary(lead, flags, n_draws=200).set_index("method")

    model = table.loc["model"]
    assert (model["n_churned"], model["n_flagged"], model["share_flagged"]) == (4, 2, 0.5)
    assert model["share_low"] < 0.5 < model["share_high"]
    assert model["median_weeks"] == 6.0
    assert model["mean_weeks"] == 3.0
    assert model["gain_weeks"] == pytest.approx((2 + 8) / 4)
    assert model["gain_low"] <= model["gain_weeks"] <= model["gain_high"]
    assert table.loc["health", "gain_weeks"] == 0
    assert table.loc["anomaly", "mean_weeks"] == 0
    assert np.isnan(table.loc["anomaly", "median_weeks"])
    assert model["flags_per_date"] == 1.5


def test_departures_come_from_outcomes_in_the_companys_days():
    outcomes = frame(
        account_id=["a", "a", "b", "opted out"],
        outcome=["churned", "renewed", "churned", "churned"],
        occurred_at=pd.to_datetime(
            ["2026-03-01 23:30", "2026-03-05 10:00", "2026-02-01 10:00", "2026-02-02 10:00"],
            utc=True,
        ),
    )
    labels = frame(account_id=["a", "a", "b", "c"])  # none of an account that opted out: E-02

    table = departures(outcomes, labels, time_zone="Europe/Berlin")

    assert table["account_id"].tolist() == ["b", "a"]
    assert table["churned_at"].tolist() == [day("2026-02-01"), day("2026-03-02")]


def test_without_outcomes_the_labels_say_who_left():
    labels = frame(
        account_id=["a", "a", "b"], churned_on=[D2, D2, pd.NaT], churned=[True, True, False]
    )

    table = departures(None, labels, time_zone="UTC")

    assert table.to_numpy().tolist() == [["a", D2]]


@pytest.fixture(scope="module")
def measured():  # P-05
    features, labels = make_tables(320)
    study = study_of(features, labels)
    from helpers.scores.health import health_scores

    leads = measure_lead_time(
        study,
        health_scores(features),
        make_weekly_flags(features, labels),
        make_outcomes(labels),
        labels,
        time_zone="UTC",
        n_draws=50,
    )
    return features, labels, study, leads


def test_contract_columns_and_equal_volume_on_a_whole_company(measured):
    _, _, study, leads = measured
    table = leads.departures

    assert list(table.columns[:5]) == [
        "account_id",
        "churned_at",
        "first_flag_model",
        "first_flag_anomaly",
        "first_flag_health",
    ]
    counts = leads.flags.groupby(["method", "as_of"]).size()
    assert counts["model"].equals(counts["health"])
    assert (table["churned_at"] < AS_OF).all()
    first = pd.to_datetime(table["first_flag_model"])
    assert (first.dropna() <= table.loc[first.notna(), "churned_at"]).all()
    assert study.signal.passed
    summary = leads.summary.set_index("method")
    assert summary.loc["model", "n_flagged"] > summary.loc["health", "n_flagged"]


def test_a_study_without_signal_names_nobody(measured):
    features, labels, _, _ = measured
    quiet = labels.assign(churned=labels["churned"].where(labels["churned"].isna(), False))
    from helpers.scores.health import health_scores

    leads = measure_lead_time(
        study_of(features, quiet),
        health_scores(features),
        None,
        make_outcomes(labels),
        quiet,
        time_zone="UTC",
        n_draws=20,
    )

    assert "model" not in set(leads.flags["method"])
    assert leads.departures["first_flag_model"].isna().all()
    assert leads.departures["first_flag_health"].notna().any()
