from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.segments.forecast import PRIOR_ACCOUNTS, forecast_moves
from helpers.segments.review import merge_candidates, review_sheet

DATES = pd.date_range("2025-10-01", periods=8, freq="30D")


def made(planted, *, informative, n=300, seed=0):
    """Eight dates; accounts near the border to At Risk go there, or nobody knows who does."""
    _, segmentation = planted
    rng = np.random.default_rng(seed)
    certainty = rng.uniform(0, 1, n)
    rows = []
    state = np.array(["Casual Users"] * n, dtype=object)
    for date in DATES:
        near = certainty < 0.35
        rows.append(
            pd.DataFrame(
                {
                    "account_id": [f"a{i}" for i in range(n)],
                    "as_of": date,
                    "segment": state,
                    "certainty": certainty,
                    "neighbour": np.where(state == "At Risk", "Casual Users", "At Risk"),
                }
            )
        )
        chance = np.where(near, 0.25, 0.01) if informative else np.full(n, 0.08)
        flips = rng.random(n) < chance
        other = np.where(state == "At Risk", "Casual Users", "At Risk")
        state = np.where(flips, other, state)
        certainty = np.where(flips, rng.uniform(0, 1, n), certainty)
        certainty = np.clip(certainty + rng.normal(0, 0.02, n), 0, 1)
    table = pd.concat(rows, ignore_index=True)
    return replace(segmentation, assignments=table, as_of=DATES[-1])


def test_a_position_that_tells_beats_staying_and_the_segment_alone(planted):  # O-07
    told = forecast_moves(made(planted, informative=True), seed=1)
    losses = told.back_test.set_index("forecast")["log_loss"]
    assert losses["position"] < losses["segment"] <= losses["stays as often as usual"] + 0.02
    assert told.helps
    assert "beats" in told.verdict
    accounts = told.accounts.set_index("account_id")
    casual = accounts["segment"] == "Casual Users"
    near = (
        told.accounts["account_id"]
        .isin(made(planted, informative=True).newest.query("certainty < 0.35").index)
        .to_numpy()
    )
    assert (
        accounts.loc[casual & near, "p_risk"].min() > accounts.loc[casual & ~near, "p_risk"].max()
    )


def test_moves_by_chance_are_forecast_by_nothing(planted):
    told = forecast_moves(made(planted, informative=False), seed=1)
    row = told.back_test.set_index("forecast").loc["position"]
    assert row["low"] <= 0.01
    assert abs(row["gain"]) < 0.03


def test_chances_add_up_and_shrink(planted):
    told = forecast_moves(made(planted, informative=True), seed=1)
    assert told.transitions.groupby("segment_from")["share"].sum().tolist() == pytest.approx(
        [1, 1], abs=1e-5
    )
    row = told.transitions.set_index(["segment_from", "segment_to"])
    seen = row.loc[("Casual Users", "At Risk"), "n_seen"]
    total = row.loc["Casual Users", "n_seen"].sum()
    raw = seen / total
    assert row.loc[("Casual Users", "At Risk"), "share"] == pytest.approx(
        raw, abs=PRIOR_ACCOUNTS / total
    )
    assert (told.accounts["p_stays"] + told.accounts["p_moves"] <= 1 + 1e-6).all()
    assert told.accounts.loc[told.accounts["segment"] == "At Risk", "p_risk"].isna().all()


def test_a_single_date_forecasts_nothing(planted):
    _, segmentation = planted
    told = forecast_moves(segmentation, seed=1)
    assert told.accounts.empty
    assert told.verdict.startswith("No forecast of moves: fewer than 20")
    assert not told.helps


def people(*names):
    return pd.DataFrame({"segment": names, "traits": [["more logins"]] * len(names)})


def test_segments_with_one_playbook_are_flagged_for_merging():  # G-16
    table = people("At Risk", "At Risk (low satisfaction)", "Power Users")
    pairs = merge_candidates(table)
    assert pairs[["first", "second"]].to_numpy().tolist() == [
        ["At Risk", "At Risk (low satisfaction)"]
    ]
    assert merge_candidates(people("At Risk", "Power Users")).empty


def test_the_review_records_what_people_answered(planted):  # G-16
    _, segmentation = planted
    table = people("Power Users", "At Risk", "At Risk (low satisfaction)")
    feedback = pd.DataFrame(
        {
            "as_of": pd.to_datetime(["2026-04-01", "2026-05-01", "2026-05-01"]),
            "item": ["segment:power users:Intuitive", "segment: Power Users :intuitive", "alert"],
            "verdict": ["false_positive", "confirmed", "confirmed"],
            "note": ["Ada", "Grace", None],
        }
    )
    sheet = review_sheet(table, segmentation, feedback)
    assert len(sheet) == 9
    answered = sheet[sheet["answer"] != "open"]
    assert answered[["segment", "question", "answer", "reviewed_by", "reviewed_on"]].to_numpy(
    ).tolist() == [["Power Users", "intuitive", "yes", "Grace", "2026-05-01"]]  # fmt: skip
    merging = sheet[(sheet["segment"] == "At Risk") & (sheet["question"] == "distinct")]
    assert merging["measured"].iloc[0].startswith("same playbook as At Risk (low satisfaction)")
    assert (review_sheet(table, segmentation, None)["answer"] == "open").all()
