from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.patterns.baskets import Baskets
from helpers.patterns.next_steps import STEP_COLUMNS, find_next_steps
from tests.patterns.made import make_journeys, make_material
from tests.patterns.test_search import CAUSAL

DATES = pd.date_range("2025-09-04", periods=10, freq="30D")


def make_steps(n=240, *, seed=0, worth=0.35):
    """Accounts at risk that come to reports stand well 90 days on more often; tips are for all."""
    rng = np.random.default_rng(seed)
    ids = [f"a{number:03d}" for number in range(n)]
    stages, items, baskets = [], [], []
    uses = {"uses reports": 0.15, "uses boards": 0.5, "contact training": 0.1, "ticket opened": 0.3}
    well_next = np.full((n, len(DATES) + 3), np.nan)
    took = {name: rng.random((n, len(DATES))) < share for name, share in uses.items()}
    kind = rng.choice(["At Risk", "Established"], (n, len(DATES)), p=(0.5, 0.5))
    for d in range(len(DATES)):
        for a in range(n):
            if d >= 3 and not np.isnan(well_next[a, d]):
                kind[a, d] = "Established" if well_next[a, d] else "At Risk"
            new = (
                d + 1 < len(DATES)
                and took["uses reports"][a, d + 1]
                and not took["uses reports"][a, d]
            )
            rate = 0.4 + worth * (new and kind[a, d] == "At Risk")
            well_next[a, d + 3] = rng.random() < rate
            number = d * n + a
            baskets.append((number, ids[a], DATES[d]))
            stages.append((ids[a], DATES[d], kind[a, d]))
            items += [(number, name) for name in uses if took[name][a, d]]
    held = Baskets(
        pd.DataFrame(baskets, columns=["basket", "account_id", "as_of"]).assign(known=True),
        pd.DataFrame(items, columns=["basket", "item"]).sort_values(["basket", "item"]),
        30,
    )
    table = pd.DataFrame(stages, columns=["account_id", "as_of", "lifecycle_stage"])
    material = make_material(journeys=make_journeys(120), stages=table)
    return replace(material, together=held)


@pytest.fixture(scope="module")
def material():
    return make_steps()


@pytest.fixture(scope="module")
def found(material):
    return find_next_steps(material)


def test_the_planted_step_is_the_first_of_its_stage_and_the_only_one(found):
    told = found.table[found.table["reported"]]
    assert list(zip(told["lifecycle_stage"], told["step"], strict=True)) == [
        ("At Risk", "uses reports")
    ]
    row = told.iloc[0]
    assert row["place"] == 1
    assert row["outcome_rate"] - row["rate_without"] == pytest.approx(0.35, abs=0.12)
    assert row["low"] > row["rate_without"]
    assert row["alike_lift"] > 1.3
    assert "in the stage At Risk" in row["reads_as"]
    assert not CAUSAL.search(" ".join([row["reads_as"], row["action"], found.headline]))
    assert found.headline.format(**found.measures).startswith(" Of At Risk accounts that came to")


def test_what_nobody_can_be_led_to_do_is_no_step(found):
    assert set(found.table["step"]) == {"uses reports", "uses boards", "contact training"}


def test_counts_agree_with_a_walk_through_every_account(found, material):
    """The slow version: account by account, date by date."""
    held, stages = (
        material.together,
        material.stages.set_index(["account_id", "as_of"])["lifecycle_stage"],
    )
    place = held.baskets.set_index(["account_id", "as_of"])["basket"]
    has = held.items.groupby("basket")["item"].agg(set).to_dict()
    n = hits = others = 0
    for (account, date), stage in stages.items():
        later = date + pd.Timedelta(days=90)
        if stage != "At Risk" or later > DATES[-1]:
            continue
        before = has.get(place[account, date], set())
        after = has.get(place[account, date + pd.Timedelta(days=30)], set())
        if "uses reports" in before:
            continue
        if "uses reports" in after:
            n += 1
            hits += stages[account, later] == "Established"
        else:
            others += 1
    mine = found.table[
        (found.table["lifecycle_stage"] == "At Risk") & (found.table["step"] == "uses reports")
    ]
    assert (mine["n_units"].iloc[0], mine["n_hits"].iloc[0]) == (n, hits)
    assert mine["coverage"].iloc[0] == pytest.approx(n / (n + others))


def test_who_could_take_the_step_now_is_listed(found, material):
    here = material.stages[material.stages["as_of"] == DATES[-1]]
    at_risk = set(here.loc[here["lifecycle_stage"] == "At Risk", "account_id"])
    newest = material.together.baskets
    newest = newest[newest["as_of"] == DATES[-1]]
    items = material.together.items
    users = items.loc[items["item"] == "uses reports", "basket"]
    has = set(newest.loc[newest["basket"].isin(users), "account_id"])
    assert set(found.accounts["account_id"]) == at_risk - has
    assert found.table.loc[found.table["reported"], "n_now"].tolist() == [len(at_risk - has)]
    assert found.accounts["action"].str.contains("leave every second one out").all()


def test_shuffled_outcomes_tell_nothing():
    told = 0
    for seed in range(3):
        told += find_next_steps(make_steps(150, seed=seed, worth=0.0)).measures["n_next_steps"]
    assert told == 0


def test_the_future_changes_nothing(found, material):
    """An outcome that is not known yet cannot count: the last dates only say who could act now."""
    last = material.stages["as_of"] == DATES[-1]
    table = found.table
    assert table["n_units"].sum() > 0
    changed = material.stages.assign(
        lifecycle_stage=material.stages["lifecycle_stage"].mask(
            last & (material.stages["account_id"] < "a010"), "Dormant"
        )
    )
    other = find_next_steps(replace(material, stages=changed)).table
    early = other[other["lifecycle_stage"] == "At Risk"]
    assert len(early) == 3  # same steps; only accounts whose last stage changed count otherwise
    assert (
        early["n_units"].to_numpy() == table[table["lifecycle_stage"] == "At Risk"]["n_units"]
    ).all()


def test_without_stages_it_says_so(material):
    none = find_next_steps(replace(material, stages=None))
    assert list(none.table.columns) == list(STEP_COLUMNS)
    assert none.table.empty
    assert none.why_not == "no lifecycle stage is known (03 has not run)"
    assert none.headline == ""
    assert len(none.transitions) > 0
    late = material.stages[material.stages["as_of"] == DATES[-1]]
    assert "a known outcome" in find_next_steps(replace(material, stages=late)).why_not
