import pandas as pd

from helpers.patterns.reading import open_patterns
from helpers.patterns.visits import read_visits, with_tenure
from tests.patterns.small import accounts, events, small_run


def visits_of(folder, rows, sessions, *, names=("a",), as_of="2026-07-01", **columns):
    tables = {
        "accounts": accounts(*names, **columns),
        "events": rows.assign(session_id=sessions),
    }
    with open_patterns(small_run(folder, tables, as_of=as_of)) as staged:
        return read_visits(staged)


ROWS = events(
    ("a", "u1", "login", "2026-02-01 10:00"),
    ("a", "u1", "search", "2026-02-01 10:01"),
    ("a", "u1", "search", "2026-02-01 10:02"),
    ("a", "u1", "login", "2026-02-01 10:03"),
    ("a", "u2", "login", "2026-02-01 10:02"),
    ("a", "u1", "pay", "2026-06-30 23:59"),
    ("a", "u1", "pay", "2026-07-01 00:00"),
    ("a", "u1", "help", "2026-06-01 12:00"),
)
SESSIONS = ["s1", "s1", "s1", "s1", "s2", "s3", "s4", None]


def test_steps_are_in_order_and_repeats_are_folded(tmp_path):
    found = visits_of(tmp_path, ROWS, SESSIONS, region="north", industry="shop", plan=None)
    steps = found.tokens.groupby("unit")["token"].agg(list)
    assert steps.tolist() == [["login", "search", "login"], ["login"], ["pay"]]
    assert found.sessions["day"].dt.strftime("%m-%d").tolist() == ["02-01", "02-01", "06-30"]
    assert found.sessions["region"].tolist() == ["north"] * 3
    assert found.sessions["plan"].isna().all()


def test_the_cutoff_and_events_without_a_session_are_out(tmp_path):
    found = visits_of(tmp_path, ROWS, SESSIONS)
    assert "help" not in set(found.tokens["token"])
    assert len(found.sessions) == 3  # the one of July is the future
    assert found.tokens["unit"].isin(found.sessions["unit"]).all()


def test_events_that_name_no_session_give_no_visits(tmp_path):
    found = visits_of(tmp_path, ROWS, [None] * len(ROWS))
    assert found.sessions.empty
    assert found.tokens.empty
    assert list(found.sessions.columns)[:3] == ["unit", "account_id", "day"]


def test_many_sessions_are_thinned_evenly(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.patterns.visits.MAX_SESSIONS", 2)
    rows = events(*[("a", "u1", "login", f"2026-02-0{day} 10:00") for day in range(1, 7)])
    found = visits_of(tmp_path, rows, [f"s{n}" for n in range(6)])
    assert found.sessions["day"].dt.day.tolist() == [1, 4]


def test_how_long_an_account_was_a_customer_has_three_names():
    ages = pd.DataFrame({"age": [-1, 0, 29, 30, 89, 90], "industry": None, "region": None})
    found = with_tenure(ages.assign(plan=None))["tenure"].tolist()
    assert found == [*["first 30 days"] * 3, *["day 31 to 90"] * 2, "later than day 90"]
