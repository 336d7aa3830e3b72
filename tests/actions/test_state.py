import numpy as np
import pandas as pd

from helpers.actions.state import account_state
from tests.actions.frames import HIGH, inputs_of, state_of


def test_one_row_a_live_account_with_all_that_is_known():
    state = state_of(b=HIGH, a={})

    assert state.index.tolist() == ["a", "b"]
    assert state.loc["b", "churn_band"] == "high"
    assert state.loc["a", "name"] == "Company a"
    assert not state["at_risk_segment"].any()


def test_former_customers_and_those_who_opted_out_are_not_in_it():
    state = state_of(a={}, gone={"is_live": False}, private={"opted_out": True})

    assert state.index.tolist() == ["a"]


def test_segment_family_and_lifecycle_tell_risk_and_who_has_just_come():
    state = state_of(
        moved={"segment": "At Risk"},
        stays={"segment": "At Risk", "segment_before": "At Risk"},
        dormant={"lifecycle_stage": "Dormant"},
        new={"segment": "At Risk", "segment_before": None},
        calm={},
    )

    assert state["at_risk_segment"].to_dict() == {
        "calm": False,
        "dormant": True,
        "moved": True,
        "new": True,
        "stays": True,
    }
    assert state.index[state["entered_at_risk"]].tolist() == ["moved"]


def test_what_a_table_does_not_know_is_missing():
    given = inputs_of({"a": {}, "b": {}})
    few = account_state(
        type(given)(
            **{
                **vars(given),
                "predictions": given.predictions[given.predictions["account_id"] == "a"],
                "assignments": given.assignments.iloc[:0],
            }
        )
    )

    assert few.index.tolist() == ["a", "b"]
    assert pd.isna(few.loc["b", "churn_band"])
    assert pd.isna(few.loc["a", "segment"])


def test_revenue_falls_back_on_the_accounts_table():
    given = inputs_of({"a": {"mrr": 70.0}})
    features = given.features.assign(mrr=np.nan, csm=None)
    state = account_state(type(given)(**{**vars(given), "features": features}))

    assert state.loc["a", "mrr"] == 70.0
    assert state.loc["a", "csm"] == "Ana"


def test_an_account_without_a_name_goes_by_its_id():
    given = inputs_of({"a": {}, "b": {}})
    given.accounts["name"] = given.accounts["name"].mask(given.accounts["account_id"] == "b")

    assert account_state(given)["name"].tolist() == ["Company a", "b"]
