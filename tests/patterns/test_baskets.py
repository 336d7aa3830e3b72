import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.patterns.baskets import (
    make_baskets,
    read_annual_upgrades,
    read_feature_use,
    seen_before,
    signals_in_window,
    spaced_dates,
)
from helpers.patterns.reading import open_patterns
from tests.patterns.small import accounts, at, events, small_run

DATES = pd.to_datetime(["2026-04-01", "2026-01-01"])


def day(text):
    return pd.Timestamp(text)


def test_dates_are_chosen_newest_first_and_never_closer_than_asked():
    every_month = pd.Series(pd.date_range("2025-10-01", "2026-04-01", freq="30D"))
    chosen = spaced_dates(every_month, days=90)
    assert [f"{date:%Y-%m-%d}" for date in chosen] == ["2026-03-30", "2025-12-30", "2025-10-01"]
    assert spaced_dates(every_month, days=30)[1] == day("2026-02-28")
    assert spaced_dates(pd.Series(dtype="datetime64[ns]"), days=90) == []
    with pytest.raises(ParameterError, match="days of at least 1, got 0"):
        spaced_dates(every_month, days=0)


def test_window_includes_its_start_and_excludes_its_date():
    signals = pd.DataFrame(
        {
            "account_id": "a",
            "day": pd.to_datetime(["2026-03-01", "2026-03-02", "2026-03-31", "2026-04-01"]),
            "signal": ["too_early", "first", "last", "too_late"],
        }
    )
    seen = signals_in_window(signals, [day("2026-04-01")], days=30)
    assert seen["signal"].tolist() == ["first", "last"]


def labels():
    return pd.DataFrame(
        {
            "account_id": ["a", "b", "a", "b"],
            "as_of": [DATES[1], DATES[1], DATES[0], DATES[0]],
            "horizon_days": 90,
            "lead_days": 14,
            "churned": pd.array([True, False, None, False], dtype="boolean"),
            "upgraded": pd.array([False, True, None, True], dtype="boolean"),
            "censored": [False, False, True, False],
        }
    )


def test_baskets_hold_what_was_before_and_the_outcome_after():
    uses = pd.DataFrame({"account_id": ["a"], "as_of": [DATES[1]], "item": ["uses tasks"]})
    signals = pd.DataFrame(
        {
            "account_id": ["a", "a", "b"],
            "day": pd.to_datetime(["2025-12-20", "2025-12-21", "2026-04-01"]),
            "signal": ["ticket_opened", "ticket_opened", "ticket_opened"],
        }
    )
    annual = pd.DataFrame(
        {"account_id": ["b", "b"], "day": pd.to_datetime(["2026-01-14", "2026-04-15"])}
    )
    held = make_baskets(labels(), uses, signals, dates=list(DATES), basket_days=30, annual=annual)
    found = held.items.groupby("basket")["item"].agg(list).to_dict()
    assert held.baskets["account_id"].tolist() == ["a", "b", "a", "b"]
    assert held.baskets["known"].tolist() == [True, True, False, True]
    assert found == {
        0: ["churned next", "ticket opened", "uses tasks"],
        1: ["upgraded next"],  # the annual upgrade of 14 January lies inside the lead
        3: ["upgraded next", "upgraded to annual plan next"],
    }
    assert held.of("use") == ["uses tasks"]
    assert held.of("signal") == ["ticket opened"]
    assert held.of("outcome") == [
        "churned next",
        "upgraded next",
        "upgraded to annual plan next",
    ]


def test_feature_use_and_invitations_are_counted_in_the_window(tmp_path):
    def invites(name, n):
        return [(name, "u", "user_invited", f"2026-03-10 10:{m:02d}") for m in range(n)]

    rows = events(
        ("a", "u", "task_created", "2026-03-02 00:00"),
        ("a", "u", "report_built", "2026-03-01 23:59"),  # the day before the window
        ("b", "u", "report_built", "2026-04-01 00:00"),  # the date itself
        *invites("a", 6),
        *invites("b", 5),
    )
    run = small_run(tmp_path, {"accounts": accounts("a", "b"), "events": rows})
    with open_patterns(run) as staged:
        found = read_feature_use(staged, [day("2026-04-01")], days=30)
        assert read_annual_upgrades(staged).empty
    assert list(zip(found["account_id"], found["item"], strict=True)) == [
        ("a", "invites > 5"),
        ("a", "uses tasks"),
    ]


def test_annual_upgrades_are_known_by_their_reason(tmp_path):
    outcomes = pd.DataFrame(
        {
            "account_id": ["a", "a", "b"],
            "outcome": ["upgraded", "upgraded", "renewed"],
            "occurred_at": [at(f"2026-03-0{d} 10:00") for d in (1, 2, 3)],
            "reason": ["Annual plan", "more seats", "annual plan"],
        }
    )
    rows = events(("a", "u", "login", "2026-03-01 10:00"))
    tables = {"accounts": accounts("a", "b"), "events": rows, "outcomes": outcomes}
    with open_patterns(small_run(tmp_path, tables)) as staged:
        found = read_annual_upgrades(staged)
    assert found["day"].tolist() == [day("2026-03-01")]


def test_no_labels_give_no_baskets():
    nothing = labels().head(0)
    uses = pd.DataFrame({"account_id": [], "as_of": pd.to_datetime([]), "item": []})
    signals = pd.DataFrame({"account_id": [], "day": pd.to_datetime([]), "signal": []})
    held = make_baskets(
        nothing, uses, signals.astype({"signal": "string"}), dates=[], basket_days=30
    )
    assert held.baskets.empty
    assert held.items.empty


def test_accounts_that_are_silent_already_are_not_watched_for_silence():
    dates = pd.to_datetime(["2026-05-01", "2026-05-01", "2026-06-01", "2026-06-01"])
    labels = pd.DataFrame({"account_id": ["a", "b", "a", "b"], "as_of": dates})
    days = pd.to_datetime(["2026-04-01", "2026-05-02", "2026-06-01"])
    activity = pd.DataFrame({"account_id": ["a", "a", "b"], "day": days})
    kept = seen_before(labels, activity, days=30)
    assert kept["account_id"].tolist() == ["a", "a"]  # thirty days before, to the day before
    assert kept["as_of"].dt.month.tolist() == [5, 6]
    assert list(seen_before(labels.head(0), activity, days=30).columns) == ["account_id", "as_of"]
