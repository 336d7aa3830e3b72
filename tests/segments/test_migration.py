import itertools

import numpy as np
import pandas as pd
import pytest

from helpers.segments import composition, follow_segments, segment_accounts
from helpers.segments.migration import EXPECTED, earlier_date, move_kind
from helpers.segments.selection import Rule
from helpers.segments.vocabulary import NAME_RULES
from tests.segments.frames import AS_OF, make_dictionary, make_features

BEFORE = AS_OF - pd.Timedelta(days=90)
BEHAVIOUR = [
    name
    for name in make_features(20).columns
    if name not in ("account_id", "as_of", "mrr", "employees", "plan", "industry")
]


@pytest.fixture(scope="module")
def moved():
    """Ten casual accounts turn into accounts at risk, five power users leave, the rest stays."""
    now = make_features(240, seed=5).sort_values("account_id", kind="stable")
    then = now.assign(as_of=BEFORE)
    casual = np.flatnonzero(now.index == "casual")[:10]
    risky = np.flatnonzero(now.index == "at risk")[:10]
    power = np.flatnonzero(now.index == "power")[:5]
    now = now.reset_index(drop=True)
    for column in BEHAVIOUR:
        values = now[column].to_numpy().copy()
        values[casual] = now[column].to_numpy()[risky]
        now[column] = values
    now.loc[power, "is_live"] = False
    features = pd.concat([then, now], ignore_index=True)
    segmentation = segment_accounts(
        features, make_dictionary(features), seed=1, k_max=4, rule=Rule(n_draws=4, n_chance=2)
    )
    return features, segmentation, follow_segments(features, segmentation, seed=1, n_refits=6)


def test_planted_moves_are_found(moved):  # O-02
    _, _, movement = moved
    table = movement.migration.set_index(["segment_from", "segment_to"])
    assert table.loc[("Casual Users", "At Risk"), "n_accounts"] == pytest.approx(10, abs=2)
    assert table.loc[("Power Users", "Churned"), "n_accounts"] == 5
    assert table.loc[("Power Users", "Churned"), "kind"] == "lost unseen"
    assert not table.loc[("Power Users", "Churned"), "expected"]
    assert bool(table.loc[("Power Users", "Churned"), "above_noise"])
    assert table["n_accounts"].sum() == 240
    assert table.groupby("segment_from")["share"].sum().tolist() == pytest.approx([1] * 4, abs=1e-5)


def test_movers_list_the_unexpected_first_and_the_dearest_first(moved):  # O-03, O-04
    _, _, movement = moved
    movers = movement.movers
    assert not movers["expected"].iloc[0]
    assert movers["expected"].is_monotonic_increasing
    slipped = movers[movers["kind"] == "into risk"]
    assert slipped["mrr"].is_monotonic_decreasing
    assert len(movers) == round(movement.moved * 240)


def test_nothing_moves_when_nobody_does_anything(moved):  # O-05
    features, _, _ = moved
    then = features[features["as_of"] == BEFORE]
    still = pd.concat([then, then.assign(as_of=AS_OF)])
    segmentation = segment_accounts(
        still, make_dictionary(still), seed=1, k_max=4, rule=Rule(n_draws=4, n_chance=2)
    )
    movement = follow_segments(still, segmentation, seed=1, n_refits=6)
    assert movement.moved == 0
    assert movement.movers.empty
    assert 0 <= movement.noise < 0.2
    floors = movement.migration.groupby("segment_from")["noise_floor"].sum()
    assert (floors > 0.5).all()  # staying is the commonest outcome of a refit, too
    assert not movement.excessive


def test_excessive_movement_is_flagged(moved):  # O-05
    features, _, _ = moved
    then = features[features["as_of"] == BEFORE].sort_values("account_id")
    swapped = then[["account_id", "mrr"]].join(then[BEHAVIOUR].iloc[::-1].reset_index(drop=True))
    swapped = pd.concat([then, swapped.assign(as_of=AS_OF)])
    segmentation = segment_accounts(
        swapped, make_dictionary(swapped), seed=1, k_max=4, rule=Rule(n_draws=3, n_chance=1)
    )
    movement = follow_segments(swapped, segmentation, seed=1, n_refits=3)
    assert movement.moved > 0.5
    assert movement.excessive
    pairs = movement.migration
    stayed = pairs[(pairs["segment_from"] != "New Users") & (pairs["segment_to"] != "Churned")]
    same = stayed.loc[stayed["segment_from"] == stayed["segment_to"], "n_accounts"].sum()
    assert movement.restless == pytest.approx(1 - same / stayed["n_accounts"].sum())
    assert "of the accounts that stayed customers are in another segment" in movement.warnings[0]


def test_a_single_date_has_no_moves():
    features = make_features(60)
    segmentation = segment_accounts(
        features, make_dictionary(features), seed=1, k_max=4, rule=Rule(n_draws=2, n_chance=1)
    )
    movement = follow_segments(features, segmentation, seed=1)
    assert movement.before is None
    assert movement.migration.empty
    assert movement.movers.empty
    assert np.isnan(movement.moved)
    assert {"segment_from", "segment_to", "n_accounts", "expected", "noise_floor"} <= set(
        movement.migration.columns
    )


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("Onboarding", "Champions", "onboarded"),
        ("New Users", "At Risk", "fails to start"),
        ("New Users", "Onboarding", "sideways"),
        ("Casual Users", "Casual Users", "stays"),
        ("Casual Users", "Power Users", "upwards"),
        ("Power Users", "Casual Users", "slips"),
        ("Power Users", "At Risk (low satisfaction)", "into risk"),
        ("Power Users", "Scaling Champions", "sideways"),
        ("At Risk", "Casual Users", "recovers"),
        ("At Risk", "Churned", "lost from risk"),
        ("Casual Users", "Churned", "lost unseen"),
        ("Casual Users", "New Users", "starts again"),
        ("Struggling Adopters", "At Risk", "into risk"),
        ("At Risk", "Silent Strugglers", "recovers"),
    ],
)
def test_kinds_of_moves(before, after, kind):  # O-03
    assert move_kind(before, after) == kind


def test_every_pair_of_names_is_some_kind_of_move():
    names = [rule.name for rule in NAME_RULES]
    kinds = {move_kind(a, b) for a, b in itertools.product(names, [*names, "Churned"])}
    assert kinds == EXPECTED | {
        "slips", "into risk", "fails to start", "lost unseen", "starts again",
    }  # fmt: skip


def test_the_earlier_date_is_the_nearest_to_a_quarter():
    dates = pd.Series(pd.to_datetime(["2026-07-01", "2026-06-01", "2026-04-02", "2026-03-03"]))
    assert earlier_date(dates, AS_OF) == pd.Timestamp("2026-04-02")
    tie = pd.Series(pd.to_datetime(["2026-07-01", "2026-03-31", "2026-04-02"]))
    assert earlier_date(tie, AS_OF) == pd.Timestamp("2026-03-31")
    assert earlier_date(dates.iloc[:1], AS_OF) is None


def test_composition_counts_every_segment_at_every_date(moved):  # O-02
    _, segmentation, _ = moved
    table = composition(segmentation)
    assert len(table) == 2 * 4
    assert table.groupby("as_of")["share"].sum().tolist() == pytest.approx([1, 1])
    assert (table["low"] <= table["share"]).all()
    assert (table["share"] <= table["high"]).all()
    assert "Churned" not in set(table["segment"])
    now = table[table["as_of"] == AS_OF].set_index("segment")["n_live"]
    assert now.unique().tolist() == [235]
