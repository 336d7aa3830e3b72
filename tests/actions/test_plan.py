import pandas as pd
import pytest

from helpers.actions.plan import plan_actions
from helpers.errors import MissingTableError
from helpers.scores.health import health_scores
from helpers.scores.opportunity import expansion_scores
from helpers.scores.predictions import predict, score_history
from tests.scores.made import make_tables
from tests.scores.run_of import write_run
from tests.scores.test_predictions import study_of


def scores_of(features, labels):
    study = study_of(features, labels)
    predictions, _ = predict(study, n_refits=5)
    expansion = expansion_scores(features).assign(upgrade_probability=float("nan"))
    return predictions, health_scores(features), expansion, score_history(study)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    features, labels = make_tables(300)
    run = write_run(tmp_path_factory.mktemp("run"), features, labels)
    scores = scores_of(features, labels)
    return run, scores, plan_actions(run, *scores)


def test_a_run_becomes_a_plan(made):
    _, (predictions, *_), plan = made

    assert len(plan.actions) <= 2 * 5 * 4 + 2
    assert plan.actions.groupby(["csm", "week"]).size().max() <= 5 + 2  # critical ones on top
    assert set(plan.plans["account_id"]) == set(predictions["account_id"])
    assert plan.plans.groupby("account_id").size().eq(3).all()
    assert plan.actions["pattern"].notna().all()
    assert plan.actions["impact_note"].str.contains("EUR|no money").all()
    alerted = plan.actions[plan.actions["play"].str.startswith("alert: ")]
    assert {"alert: sudden_drop", "alert: suspicious_activity"} <= set(alerted["play"])


def test_a_high_score_leads_to_a_rescue_and_its_pattern(made):
    _, (predictions, *_), plan = made

    rescued = plan.actions[plan.actions["play"] == "rescue"]
    high = predictions.loc[predictions["churn_band"] == "high", "account_id"]
    assert len(rescued) > 0
    assert set(rescued["account_id"]) <= set(high)
    assert rescued["pattern"].str.contains("with a high churn score").all()


def test_accounts_that_opted_out_after_all_get_nothing(made):
    run, scores, plan = made
    someone = plan.actions["account_id"].iloc[0]
    accounts = run.read("01_data_audit", "accounts")
    marked = accounts.assign(opted_out=(accounts["account_id"] == someone).astype("boolean"))
    run.write("01_data_audit", "accounts", marked)

    again = plan_actions(run, *scores)
    run.write("01_data_audit", "accounts", accounts)

    assert someone not in set(again.actions["account_id"])
    assert someone not in set(again.plans["account_id"])


def test_a_missing_notebook_is_named(tmp_path, made):
    _, scores, _ = made
    features, labels = make_tables(40, n_dates=3)
    run = write_run(tmp_path, features, labels)
    run.path("05_anomaly_review", "alerts").unlink()

    with pytest.raises(MissingTableError, match=r"Run notebooks/05_anomaly_review\.ipynb first"):
        plan_actions(run, *scores)


def test_personas_may_be_absent(tmp_path, made):
    _, scores, _ = made
    features, labels = make_tables(300)
    run = write_run(tmp_path, features, labels)
    run.path("03_segmentation", "personas").unlink()
    for name in ("selection", "profiles", "migration"):
        columns = {
            "selection": ["n_clusters", "inertia", "silhouette", "stability", "chosen"],
            "profiles": [
                *("segment", "n_accounts", "mrr", "metric", "mean", "overall_mean", "effect")
            ],
            "migration": ["segment_from", "segment_to", "n_accounts", "expected", "noise_floor"],
        }[name]
        run.write("03_segmentation", name, pd.DataFrame(columns=columns))

    plan = plan_actions(run, *scores)

    assert len(plan.actions) > 0
    assert plan.plans["action"].str.startswith("Next touch").any()
