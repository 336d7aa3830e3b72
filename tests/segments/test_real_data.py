"""A wholesaler's orders, quarter after quarter: what its segments can and cannot say."""

from pathlib import Path

import pandas as pd
import pytest

from helpers.segments import describe_segments, follow_segments, study
from helpers.segments.selection import Rule
from tests.segments.frames import make_dictionary, make_features

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "online_retail_ii" / "online_retail_II.csv.xz"
QUICK = Rule(n_draws=3, n_chance=1, n_gap=1)
QUARTERS = pd.DatetimeIndex(["2010-12-01", "2011-03-01", "2011-06-01", "2011-09-01"])


def features_of(orders, as_of):
    """What a tenth of the customers did up to a date: the few measures that orders give."""
    past = orders[orders["day"] < as_of]
    known = past.groupby("Customer ID")["day"].agg(["min", "max"])
    table = pd.DataFrame({"account_id": known.index.astype(int).astype(str), "as_of": as_of})
    table["age_days"] = (as_of - known["min"]).dt.days.to_numpy(float)
    table["days_since_last_event"] = (as_of - known["max"]).dt.days.to_numpy(float)
    counts = {}
    for days in (30, 60, 90):
        window = past[past["day"] >= as_of - pd.Timedelta(days=days)].groupby("Customer ID")
        counts[days] = window.size().reindex(known.index, fill_value=0).to_numpy(float)
        active = window["day"].nunique().reindex(known.index, fill_value=0)
        table[f"active_days__n_{days}d"] = active.to_numpy(float)
    before = pd.Series(counts[60] - counts[30])
    table["events__n_30d"] = counts[30]
    table["events__change_30d"] = counts[30] / before.where(before > 0) - 1
    return table.assign(is_live=counts[90] > 0, is_short_history=table["age_days"] < 90)


@pytest.fixture(scope="module")
def quarters():
    """Each quarter's features (with those before), study and moves, in line with the last one."""
    if not DATA.is_file():
        pytest.skip("the data set online_retail_ii is not at shared/data")
    orders = pd.read_csv(DATA, usecols=["InvoiceDate", "Customer ID"]).dropna()
    orders = orders[orders["Customer ID"] % 10 == 0]
    when = pd.to_datetime(orders["InvoiceDate"], format="%m/%d/%Y %H:%M")
    orders = orders.assign(day=when.dt.normalize())
    parts = [features_of(orders, date) for date in QUARTERS]
    found, before = [], None
    for number in range(len(parts)):
        features = pd.concat(parts[: number + 1], ignore_index=True)
        segments, continuity = study.segment_in_line(
            features, make_dictionary(features), before, seed=1, k_max=5, rule=QUICK
        )
        moves = follow_segments(features, segments, seed=1, n_refits=2)
        found.append((features, segments, continuity, moves))
        before = segments.assignments
    return found


def test_half_of_a_wholesalers_customers_stay_away_for_a_month_and_the_page_says_so(quarters):
    for features, segments, continuity, _ in quarters:
        assert segments.active_days <= 1
        _, people = describe_segments(features, segments)
        others, ahead = (
            study.compare_algorithms(segments, seed=1),
            study.forecast_moves(segments, seed=1),
        )
        notes = study.cautions(people, segments, continuity, others, ahead)
        assert "a segment at risk holds those that merely stayed away" in notes[0]


def test_every_quarter_goes_on_from_the_one_before(quarters):  # O-01, O-02
    for number, (features, segments, continuity, moves) in enumerate(quarters):
        newest = segments.newest
        live = features[(features["as_of"] == segments.as_of) & features["is_live"]]
        assert set(newest.index[newest["segment"] != "Churned"]) == set(live["account_id"])
        assert segments.naming["segment"].is_unique
        if number:
            assert (
                continuity.note == "" or "rules" in continuity.note or "clusters" in continuity.note
            )
            assert moves.before == QUARTERS[number - 1]
            assert 0 < moves.restless < 1
            assert moves.migration["n_accounts"].sum() > 100


def test_a_product_of_every_day_needs_no_such_word():
    features = make_features(60)
    segments, continuity = study.segment_in_line(
        features, make_dictionary(features), None, seed=1, k_max=4, rule=QUICK
    )
    _, people = describe_segments(features, segments)
    others, ahead = (
        study.compare_algorithms(segments, seed=1),
        study.forecast_moves(segments, seed=1),
    )
    notes = study.cautions(people, segments, continuity, others, ahead)
    assert segments.active_days >= 2
    assert not any("stayed away" in note for note in notes)
