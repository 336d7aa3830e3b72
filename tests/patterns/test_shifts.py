import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.artifacts import Run
from helpers.config import load_config
from helpers.patterns.places import lay_out
from helpers.patterns.prefixspan import mine
from helpers.patterns.reading import open_patterns
from helpers.patterns.sequences import encode
from helpers.patterns.shifts import SHIFT_COLUMNS, across_accounts, find_shifts
from helpers.patterns.visits import Visits, read_visits
from helpers.patterns.wording import room_for, shown_shifts
from helpers.sources import read_company
from tests.patterns.made import make_visits

ROOT = Path(__file__).resolve().parents[2]
ECOM = ROOT.parent / "shared" / "data" / "retentioneering_ecom"
AS_OF = pd.Timestamp("2026-07-01")


def with_fault(visits, *, since, until, region=None, share=0.5, seed=1):
    """Put ``pay > error`` at the end of a share of the sessions of a period."""
    rng = np.random.default_rng(seed)
    sessions = visits.sessions
    hit = sessions["day"].between(since, until) & (rng.random(len(sessions)) < share)
    if region is not None:
        hit &= (sessions["region"] == region).fillna(False)
    units = sessions.loc[hit, "unit"].to_numpy()
    more = pd.DataFrame({"unit": np.repeat(units, 2), "token": ["pay", "error"] * len(units)})
    tokens = pd.concat([visits.tokens, more.astype({"token": "string"})])
    return Visits(sessions, tokens.sort_values("unit", kind="stable").reset_index(drop=True))


def told(visits):
    table = find_shifts(visits, as_of=AS_OF).table
    return table[table["reported"]].reset_index(drop=True)


def test_a_fault_of_some_weeks_in_one_group_is_found_where_and_when_it_was():
    since, until = pd.Timestamp("2026-04-08"), pd.Timestamp("2026-05-05")
    found = told(with_fault(make_visits(3_000), since=since, until=until, region="north"))
    first = found.iloc[0]
    assert first["pattern"][-1] == "error"
    assert (first["group"], first["value"]) == ("region", "north")
    assert abs((first["from_on"] - since).days) <= 7
    assert abs((first["until_on"] - until).days) <= 8
    assert first["low"] < 0.5 < first["high"] + 0.1
    assert first["rate"] > 0.35
    assert first["rate_elsewhere"] < 0.01
    assert len(first["also"]) >= 1  # other sequences with the same place stand beside it
    assert (found["q_value"] < 0.05).all()


def test_a_fault_of_everybody_is_told_of_everybody():
    since, until = pd.Timestamp("2026-04-08"), pd.Timestamp("2026-05-05")
    first = told(with_fault(make_visits(3_000), since=since, until=until)).iloc[0]
    assert pd.isna(first["group"])
    assert abs((first["from_on"] - since).days) <= 7


def test_sessions_that_are_alike_everywhere_tell_nothing():
    counts = [len(told(make_visits(1_500, seed=seed))) for seed in range(6)]
    assert sum(n > 0 for n in counts) <= 1


def test_one_busy_account_proves_nothing():
    account = np.repeat(np.arange(50), 20)
    inside = np.arange(1_000) < 60  # all sessions of three accounts
    one = np.arange(20)  # a sequence in every session of one of them, nowhere else
    spread = np.concatenate([np.arange(0, 60, 3), [100]])
    assert across_accounts(one, inside, account) > 0.1
    assert across_accounts(one, inside, np.arange(1_000)) < 1e-4  # were they independent
    many = np.arange(0, 1_000, 20)  # one session of each account
    half = np.isin(account, np.arange(25))
    assert across_accounts(many[:25], half, account) < 1e-4
    assert across_accounts(spread, inside, account) > 1e-6


def test_scores_agree_with_counting_by_hand():
    visits = make_visits(400, weeks=10)
    sessions = visits.sessions
    places = lay_out(sessions, as_of=AS_OF)
    patterns = mine(encode(visits.tokens, sessions["unit"]), min_support=20, max_length=2)
    best, score = places.surest(patterns)
    for number in range(0, len(patterns.items), 4):
        shown = np.isin(np.arange(len(sessions)), patterns.rows_of(number))
        by_hand = []
        for place in range(places.n_places):
            inside = places.inside(place)
            one, other = shown[inside].mean(), shown[~inside].mean()
            spread = shown.mean() * (1 - shown.mean())
            spread *= 1 / inside.sum() + 1 / (~inside).sum()
            by_hand.append((one - other) / np.sqrt(spread))
        assert np.abs(by_hand).argmax() == best[number]
        assert score[number] == pytest.approx(by_hand[best[number]])


@pytest.mark.parametrize("n", [0, 1, 30])
def test_few_sessions_are_answered_not_refused(n):
    found = find_shifts(make_visits(n), as_of=AS_OF)
    assert list(found.table.columns) == list(SHIFT_COLUMNS)
    assert not found.table["reported"].any()
    assert shown_shifts(found.table, as_of=AS_OF).empty


def test_sessions_of_one_step_have_no_sequence():
    visits = make_visits(600)
    firsts = visits.tokens.drop_duplicates("unit")
    found = find_shifts(Visits(visits.sessions, firsts), as_of=AS_OF)
    assert found.table.empty
    assert found.headline == ""
    assert list(found.table.columns) == list(SHIFT_COLUMNS)
    assert found.n_places > 0


def test_a_reader_is_told_when_for_whom_and_what_to_do():
    since, until = pd.Timestamp("2026-04-08"), pd.Timestamp("2026-05-05")
    visits = with_fault(make_visits(3_000), since=since, until=until, region="north")
    found = find_shifts(visits, as_of=AS_OF)
    row = shown_shifts(found.table, as_of=AS_OF).iloc[0]
    headline = found.headline.format(**found.measures)
    assert f"most surely {', then '.join(row['pattern'])}: region north, " in headline
    place = row["where_and_when"].replace("\u00a0", " ")
    assert re.fullmatch(r"region north, \d+ Apr 2026 to \d+ (Apr|May) 2026", place)
    assert "for these accounts then" in row["what_to_do"]
    assert " to " in row["interval"].replace("\u00a0", " ")


def test_twelve_rows_are_shared_out():
    assert room_for(a=20, b=20, c=20) == {"a": 4, "b": 4, "c": 4}
    assert room_for(a=1, b=0, c=30) == {"a": 1, "b": 0, "c": 11}
    assert room_for(a=2, b=3, c=1) == {"a": 2, "b": 3, "c": 1}
    assert sum(room_for(a=5, b=9, c=3).values()) == 12


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """What the notebook finds in the sessions of the shop whose incidents are documented."""
    if not ECOM.is_dir():
        pytest.skip("the data set retentioneering_ecom is not at shared/data")
    folder = tmp_path_factory.mktemp("shop")
    run = Run(folder, "shop", folder / "stage")
    config = load_config(ROOT / "config" / "ecom.yaml")
    out = run.stage / "tables" / "01_data_audit"
    out.mkdir(parents=True)
    reading = read_company(config, ECOM, out)
    as_of = pd.Timestamp(reading.as_of)
    run.save_config(
        config.model_copy(
            update={"analysis": config.analysis.model_copy(update={"as_of": reading.as_of})}
        )
    )
    with open_patterns(run) as staged:
        visits = read_visits(staged)
    table = find_shifts(visits, as_of=as_of).table
    start = pd.Timestamp("2024-01-01")  # its stories count days from here
    for name in ("from_on", "until_on"):
        table[name.replace("_on", "_day")] = (table[name] - start).dt.days
    return table[table["reported"]]


def test_the_checkout_fault_on_mobiles_is_found(shop):
    # documented: mobile, days 99 to 130, back from the checkout to the cart
    steps = shop["pattern"].map(lambda items: "checkout_bug" in items)
    row = shop[steps].iloc[0]
    assert (row["group"], row["value"]) == ("region", "mobile")
    assert abs(row["from_day"] - 99) <= 7
    assert abs(row["until_day"] - 131) <= 7
    assert row["q_value"] < 0.05
    assert row["rate_elsewhere"] < 0.005


def test_the_payment_incident_is_found(shop):
    # documented: days 139 to 159, everybody, errors at the payment, more support chats
    steps = shop["pattern"].map(lambda items: "payment_error" in items)
    row = shop[steps].iloc[0]
    assert pd.isna(row["group"])
    assert abs(row["from_day"] - 139) <= 3
    assert abs(row["until_day"] - 160) <= 3
    assert row["q_value"] < 1e-6
    assert any("support_chat" in steps for steps in [*row["also"], " > ".join(row["pattern"])])


def test_new_buyers_go_other_ways_than_loyal_ones(shop):
    rows = shop[shop["group"] == "tenure"].set_index("value")
    new, loyal = rows.loc["first 30 days"], rows.loc["later than day 90"]
    assert new["rate"] < new["rate_elsewhere"]  # fewer get as far as the cart
    assert loyal["rate"] > loyal["rate_elsewhere"]
    assert {"add_to_cart", "cart"} & {*new["pattern"], *loyal["pattern"]}
