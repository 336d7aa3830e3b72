"""The page a leader reads does not pretend: no scores, no risk known; broken data are named."""

import pandas as pd
import pytest

from helpers.artifacts import Run
from helpers.contract import NOTEBOOKS
from helpers.report import Finding, leader, leader_plots

AS_OF = pd.Timestamp("2025-01-01")
IDS = ["a", "b", "c", "d"]


def published(folder, *, probabilities=(None,) * 4, severity="error", mrr=(10.0, 20.0, 30.0, 40.0)):
    """Write the few tables that the lists are drawn from."""
    run = Run(folder, "r", folder)
    base = pd.DataFrame({"account_id": IDS, "as_of": AS_OF})
    tables = {
        ("01_data_audit", "accounts"): pd.DataFrame(
            {"account_id": IDS, "name": [None, "B", "C", "D"], "csm": [None] * 4}
        ).assign(opted_out=False),
        ("01_data_audit", "issues"): pd.DataFrame(
            {"table": ["events"], "rule": ["dated before its terms"], "share": [0.5385]}
        ).assign(severity=severity),
        ("02_feature_engineering", "features"): base.assign(mrr=mrr),
        ("03_segmentation", "assignments"): base.assign(segment="Calm"),
        ("06_churn_model", "predictions"): base.assign(
            churn_probability=pd.array(probabilities, dtype="Float64"),
            churn_band=["high", "medium", "low", "low"]
            if any(probabilities)
            else pd.Series([None] * 4, dtype="str"),
            drivers=[["fewer logins"]] * 4 if any(probabilities) else [[]] * 4,
            reason="no usable signal: chance does as well",
        ),
        ("06_churn_model", "health"): base.assign(
            health_score=[5.0, 80.0, 9.0, 70.0], health_band=["low", "high", "low", "high"]
        ),
        ("06_churn_model", "expansion"): base.assign(
            opportunity_score=[90.0, 80.0, 70.0, 60.0], reasons=[["use +60%"]] * 4
        ),
    }
    for (notebook, table), frame in tables.items():
        frame.to_parquet(run.target(notebook, table), index=False)
    for name in NOTEBOOKS["07_segment_report"]:
        Finding(stage=name, headline="Done.", caveats=(f"caveat of {name[3:]}",)).save(run)
    return run


def test_without_scores_the_list_goes_by_health_and_says_so(tmp_path):
    run = published(tmp_path)

    listed = leader.risk_list(run, limit=10)

    assert listed["account"].tolist() == ["C", "a"]  # by revenue; a nameless one by its id
    assert set(listed["reasons"]) == {"low health; no churn score"}
    assert leader.listed_for(listed) == "for low health (there is no churn score)"
    told = leader.caveats(run)
    assert told[0].startswith("No churn score is given (no usable signal: chance does as well)")
    assert "dated before its terms (53.9%)" in told[1]
    assert told[2:] == ("caveat of churn_model", "caveat of anomaly_review",
                        "caveat of sequence_association_mining")  # fmt: skip


def test_without_scores_nobody_of_low_health_is_listed_for_growth(tmp_path):
    growing = leader.expansion_list(published(tmp_path), limit=10)

    assert growing["account"].tolist() == ["B", "D"]


def test_with_scores_the_list_goes_by_probability_times_revenue(tmp_path):
    run = published(tmp_path, probabilities=(0.9, 0.5, 0.1, 0.1), severity="warning")

    listed = leader.risk_list(run, limit=10)

    assert listed["account"].tolist() == ["B", "a"]
    assert leader.listed_for(listed) == "at risk"
    assert listed["reasons"].tolist() == ["fewer logins"] * 2
    assert leader.expansion_list(run, limit=10)["account"].tolist() == ["B", "C", "D"]
    assert leader.caveats(run)[0] == "caveat of churn_model"
    assert leader.paying(listed, "EUR") == ", paying 30 EUR a month"
    assert leader.order_of(listed) == "most money first"


def test_where_no_revenue_is_known_the_likeliest_come_first(tmp_path):
    run = published(tmp_path, probabilities=(0.5, 0.9, 0.1, 0.1), mrr=(None,) * 4)

    listed = leader.risk_list(run, limit=10)

    assert listed["account"].tolist() == ["B", "a"]
    assert leader.order_of(listed) == "likeliest to leave first"
    assert leader.paying(listed, "EUR") == ""
    ax = leader_plots.plot_risk_map(leader.live_accounts(run), currency="EUR")
    assert not ax.axison
    assert ax.get_title(loc="left").startswith("No map: no account has both")


@pytest.mark.parametrize(
    ("mrr", "pay"), [((None,) * 4, "pay an unknown sum"), ((1.0,) * 4, "pay 2 EUR a month")]
)
def test_revenue_that_nobody_knows_is_not_nought(tmp_path, mrr, pay):
    run = published(tmp_path, mrr=pd.array(mrr, dtype="Float64"))
    listed = leader.risk_list(run, limit=10)
    load = pd.DataFrame({"csm": ["nobody yet"], "n_urgent": [7], "capacity": [5]})

    decisions = leader.decisions(listed, listed.iloc[:0], load, "EUR")["rests_on"]

    assert decisions[1].endswith(pay)
    assert decisions[0].startswith("no account names its manager; 7 accounts are urgent")
