"""What became of an account: by hand, and what an earlier end of the data may change."""

import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.features.labels import LEFT_EARLY, NOT_OVER, NOT_RECORDED
from tests.company import AS_OF, make_config, make_tables
from tests.features.by_hand import at, day, events_on, labels_of, one
from tests.features.naive import dated

ACCOUNTS = pd.DataFrame({"account_id": ["a", "b", "c"], "signed_up_at": [at(400)] * 3})
EVENTS = pd.concat([events_on(name, range(1, 390, 3)) for name in "abc"])


def with_outcomes(*rows):
    outcomes = pd.DataFrame(rows, columns=["account_id", "outcome", "occurred_at"])
    return {"accounts": ACCOUNTS, "events": EVENTS, "outcomes": outcomes}


def test_labels_look_at_their_window_and_nothing_else():  # D-16
    tables = with_outcomes(
        ("a", "churned", at(100, 0)),  # the first instant of the window of day(100)
        ("b", "churned", at(70, 0)),  # the first instant after a window of 30 days
        ("c", "upgraded", at(71, 23)),
        ("c", "downgraded", at(80)),
    )
    labels = labels_of(tables, [day(100)], horizon_days=30).set_index("account_id")
    assert labels["churned"].tolist() == [True, False, False]
    assert labels["upgraded"].tolist() == [False, False, True]
    assert labels["churned_on"]["a"] == day(100)
    assert labels["upgraded_on"]["c"] == day(71)
    assert labels["churned_on"].isna().tolist() == [False, True, True]
    assert not labels["censored"].any()
    assert labels["horizon_days"].eq(30).all()
    assert str(labels["churned"].dtype) == "boolean"


def test_only_customers_are_labelled_and_returners_are_customers_again():
    tables = with_outcomes(
        ("a", "churned", at(200)),
        ("b", "churned", at(300)),
        ("b", "renewed", at(250)),
    )
    labels = labels_of(tables, [day(100), day(201)])
    assert labels.loc[labels["as_of"] == day(100), "account_id"].tolist() == ["b", "c"]
    assert labels.loc[labels["as_of"] == day(201), "account_id"].tolist() == ["a", "b", "c"]
    assert labels["as_of"].tolist() == [day(100)] * 2 + [day(201)] * 3  # newest first


def test_a_window_that_is_not_over_has_no_label():
    tables = with_outcomes(("a", "churned", at(5)))
    labels = labels_of(tables, [day(90), day(89)])
    over = labels[labels["as_of"] == day(90)]
    open_ = labels[labels["as_of"] == day(89)]
    assert over["churned"].tolist() == [True, False, False]
    assert open_["censored"].all()
    assert open_[["churned", "upgraded", "churned_on"]].isna().all().all()
    assert open_["why_censored"].eq(NOT_OVER).all()


def test_who_left_inside_the_lead_is_censored():
    tables = with_outcomes(("a", "churned", at(95)), ("b", "churned", at(80)))
    labels = labels_of(tables, [day(100)], horizon_days=60, lead_days=14)
    assert one(labels, "a", day(100))["why_censored"] == LEFT_EARLY
    assert pd.isna(one(labels, "a", day(100))["churned"])
    assert one(labels, "b", day(100))["churned"]


def test_fault_E10_cutting_the_data_end_only_censors():
    tables = make_tables(n_accounts=36)
    dates = [AS_OF - pd.Timedelta(days=30 * n) for n in range(1, 7)]
    full = labels_of(tables, dates, horizon_days=60)
    end = AS_OF - pd.Timedelta(days=50)
    cut_tables = {
        **tables,
        "events": tables["events"][dated(tables["events"], "occurred_at") < end],
        "outcomes": tables["outcomes"][dated(tables["outcomes"], "occurred_at") < end],
    }
    config = make_config(as_of=end.date().isoformat())
    earlier = [date for date in dates if date <= end]
    cut = labels_of(cut_tables, earlier, config=config, horizon_days=60)
    both = cut.merge(full, on=["account_id", "as_of"], suffixes=("", "_full"), how="left")
    assert len(both) == len(cut)
    known = ~both["censored"]
    assert 0 < known.sum() < len(both)
    assert both.loc[known, "churned"].equals(both.loc[known, "churned_full"])
    assert both.loc[~known, "churned"].isna().all()
    assert both.loc[~known, "churned_full"].any()  # some were 1: they are now unknown, not 0


def test_without_outcomes_silence_is_churn_if_configured():
    events = pd.concat(
        [
            events_on("a", [200, 161, 101]),  # silent from day 100 on
            events_on("b", [200, 150, 40]),  # comes back inside the window
            events_on("c", [190]),  # silent for 90 days already
        ]
    )
    config = make_config(churn_after_silent_days=60)
    tables = {"accounts": ACCOUNTS, "events": events}
    labels = labels_of(tables, [day(100)], config=config, horizon_days=70)
    assert labels["account_id"].tolist() == ["a", "b"]
    assert labels["churned"].tolist() == [True, False]
    assert labels["churned_on"].tolist()[0] == day(41)  # 60 silent days after day 101
    assert labels["upgraded"].isna().all()
    with pytest.raises(ParameterError, match=r"after 60 silent days.*at least 74"):
        labels_of(tables, [day(100)], config=config, horizon_days=70, lead_days=14)


def test_without_outcomes_nothing_is_known():
    labels = labels_of({"accounts": ACCOUNTS, "events": EVENTS}, [day(100)])
    assert len(labels) == 3
    assert labels["censored"].all()
    assert labels["churned"].isna().all()
    assert labels["why_censored"].eq(NOT_RECORDED).all()


@pytest.mark.parametrize(("horizon", "lead"), [(30, 30), (30, -1), (0, 0)])
def test_a_lead_past_the_horizon_is_refused(horizon, lead):
    with pytest.raises(ParameterError, match=rf"\[0, horizon_days={horizon}\), got {lead}"):
        labels_of(with_outcomes(), [day(100)], horizon_days=horizon, lead_days=lead)


def test_agrees_with_naive_and_does_not_depend_on_row_order():
    tables = make_tables(n_accounts=36)
    dates = [AS_OF - pd.Timedelta(days=days) for days in (60, 100, 155)]
    labels = labels_of(tables, dates, horizon_days=60, lead_days=7)
    shuffled = {**tables, "outcomes": tables["outcomes"].iloc[::-1]}
    assert labels.equals(labels_of(shuffled, dates[::-1], horizon_days=60, lead_days=7))
    outcomes = tables["outcomes"].assign(day=dated(tables["outcomes"], "occurred_at"))
    for row in labels.itertuples():
        mine = outcomes[outcomes["account_id"] == row.account_id].sort_values("occurred_at")
        past = mine.loc[mine["day"] < row.as_of, "outcome"]
        assert not len(past) or past.iloc[-1] != "churned"
        first, last = row.as_of + pd.Timedelta(days=7), row.as_of + pd.Timedelta(days=60)
        churned = mine.loc[mine["outcome"] == "churned", "day"]
        inside = churned[(churned >= first) & (churned < last)]
        early = churned[(churned >= row.as_of) & (churned < first)]
        if not len(early):
            assert row.churned == bool(len(inside))
