import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.patterns.journeys import add_return_tokens, read_journeys
from helpers.patterns.reading import open_patterns
from tests.company import make_tables, write_run
from tests.patterns.small import accounts, at, events, small_run


def read(run, **options):
    with open_patterns(run) as staged:
        return read_journeys(staged.engine, staged.config, staged.history, **options)


def paths(journeys):
    grouped = journeys.tokens.groupby("unit", sort=True)["token"].agg(list)
    return {int(unit): path for unit, path in grouped.items()}


EVENTS = events(
    ("a", "u1", "signed_up", "2026-03-01 10:00"),
    ("a", "u1", "login", "2026-03-01 10:05"),
    ("a", "u1", "login", "2026-03-01 10:06"),  # folded
    ("a", "u1", "task_created", "2026-03-01 23:59"),
    ("a", "u1", "task_created", "2026-03-02 00:01"),  # the next day, folded after the return
    ("a", "u1", "login", "2026-03-07 23:59"),  # last day of the journey
    ("a", "u1", "report_built", "2026-03-08 00:00"),  # the eighth day: not in it
    ("a", "u1", "task_created", "2026-03-29 12:00"),  # day 28: counts
    ("a", "u2", "login", "2026-03-01 08:00"),  # before the sign-up: not in the journey
    ("a", "u2", "signed_up", "2026-03-01 09:00"),
    ("a", "u2", "task_created", "2026-03-28 12:00"),  # day 27: too early
    ("a", "u2", "task_created", "2026-04-26 12:00"),  # day 56: too late
    ("a", "u2", "report_built", "2026-04-10 12:00"),  # not core
    ("b", "u3", "signed_up", "2026-05-07 10:00"),  # day 56 is 2 July: too recent
    ("b", "u4", "signed_up", "2026-03-01 10:00"),  # its account leaves on day 55
)


def run_of(folder):
    outcomes = pd.DataFrame(
        {"account_id": ["b"], "outcome": ["churned"], "occurred_at": [at("2026-04-25 10:00")]}
    )
    return small_run(
        folder, {"accounts": accounts("a", "b"), "events": EVENTS, "outcomes": outcomes}
    )


def test_journeys_by_hand(tmp_path):
    journeys = read(run_of(tmp_path))
    assert journeys.unit_kind == "user"
    assert paths(journeys) == {
        1: ["signed_up", "login", "task_created", "returned_next_day", "task_created", "login"],
        2: ["signed_up", "no_return"],
        3: ["signed_up", "no_return"],
        4: ["signed_up", "no_return"],
    }
    assert journeys.units["follow_up"].tolist() == [
        "complete",
        "complete",
        "too recent",
        "account left",
    ]
    assert journeys.units["activated"].tolist()[:2] == [True, False]
    assert journeys.units["activated"].isna().tolist() == [False, False, True, True]
    assert journeys.judged["activated"].tolist() == [True, False]
    assert journeys.units["started_on"].iloc[0] == pd.Timestamp("2026-03-01")
    assert journeys.definition.startswith("a core feature of the catalogue used between day 28")


def test_later_events_change_no_journey_and_no_known_outcome(tmp_path):
    late = events(
        ("a", "u1", "task_created", "2026-06-20 10:00"),
        ("a", "u2", "task_created", "2026-06-21 10:00"),
    )
    before = read(run_of(tmp_path / "one"))
    tables = {
        "accounts": accounts("a", "b"),
        "events": pd.concat([EVENTS, late]),
        "outcomes": pd.DataFrame(
            {"account_id": ["b"], "outcome": ["churned"], "occurred_at": [at("2026-04-25 10:00")]}
        ),
    }
    after = read(small_run(tmp_path / "two", tables))
    assert paths(before) == paths(after)
    pd.testing.assert_frame_equal(before.units, after.units)


def test_an_earlier_cutoff_judges_fewer_and_changes_none(tmp_path):
    tables = {"accounts": accounts("a", "b"), "events": EVENTS}
    now = read(small_run(tmp_path / "now", tables)).judged
    then = read(small_run(tmp_path / "then", tables, as_of="2026-04-25")).judged
    assert now["unit"].tolist() == [1, 2, 4]
    assert then["unit"].tolist() == []
    exact = read(small_run(tmp_path / "exact", tables, as_of="2026-04-26")).judged
    assert exact["unit"].tolist() == [1, 2, 3]  # day 56 itself is not needed; u4 is the third now


def test_a_journey_that_reaches_into_the_outcome_is_refused(tmp_path):
    run = run_of(tmp_path)
    with pytest.raises(ParameterError, match="would restate the outcome"):
        read(run, journey_days=29)
    with pytest.raises(ParameterError, match=r"activation_days \(56, 28\)"):
        read(run, activation_days=[56, 28])


def test_without_users_an_account_is_the_unit(tmp_path):
    rows = EVENTS.assign(user_id=None)
    journeys = read(small_run(tmp_path, {"accounts": accounts("a", "b"), "events": rows}))
    assert journeys.unit_kind == "account"
    assert journeys.units["account_id"].tolist() == ["a", "b"]
    assert paths(journeys)[2][0] == "signed_up"


def test_without_a_sign_up_event_early_first_events_are_not_trusted(tmp_path):
    rows = events(
        ("a", "old", "login", "2026-01-01 10:00"),  # the log begins here: seen before, perhaps
        ("a", "old", "login", "2026-02-01 10:00"),
        ("a", "new", "login", "2026-02-20 10:00"),
        ("a", "new", "task_created", "2026-02-21 10:00"),
    )
    journeys = read(small_run(tmp_path, {"accounts": accounts("a"), "events": rows}))
    assert len(journeys.units) == 1
    assert paths(journeys)[1] == ["login", "returned_next_day", "task_created"]


def test_steps_of_the_setup_are_counted_once_each(tmp_path):
    rows = events(
        ("a", "u1", "signed_up", "2026-03-01 10:00"),
        ("a", "u1", "email_verified", "2026-03-01 10:01"),
        ("a", "u1", "email_verified", "2026-03-01 10:02"),
        ("a", "u1", "profile_completed", "2026-03-02 10:02"),
        ("a", "u1", "project_created", "2026-03-09 10:02"),  # after the first week
    )
    journeys = read(small_run(tmp_path, {"accounts": accounts("a"), "events": rows}))
    assert journeys.setup_steps == 3  # the configuration names three
    assert journeys.units["setup_done"].tolist() == [2]


def test_return_tokens_need_the_very_next_day():
    tokens = pd.DataFrame(
        {
            "unit": [1, 1, 2, 2, 3],
            "token": ["s", "x", "s", "x", "s"],
            "day_no": [0, 1, 0, 2, 0],
        }
    )
    found = add_return_tokens(tokens).groupby("unit")["token"].agg(list).to_dict()
    assert found == {1: ["s", "returned_next_day", "x"], 2: ["s", "x"], 3: ["s", "no_return"]}


def test_order_of_rows_and_names_of_accounts_do_not_matter(tmp_path):
    tables = make_tables(n_accounts=6, weeks=30)
    one = read(write_run(tmp_path / "one", tables))
    shuffled = {name: frame.sample(frac=1, random_state=4) for name, frame in tables.items()}
    two = read(write_run(tmp_path / "two", shuffled))
    pd.testing.assert_frame_equal(one.units, two.units)
    pd.testing.assert_frame_equal(one.tokens, two.tokens)


def test_opted_out_accounts_are_not_in_it(tmp_path):
    run = small_run(
        tmp_path,
        {"accounts": accounts("a", "b", opted_out=[False, True]), "events": EVENTS},
    )
    assert set(read(run).units["account_id"]) == {"a"}


def test_more_units_than_can_be_held_are_thinned_evenly(tmp_path, monkeypatch):
    rows = events(
        *[(f"a{i}", f"u{i}", "signed_up", "2026-03-01 10:00") for i in range(9)],
        *[(f"a{i}", f"u{i}", "task_created", "2026-04-01 10:00") for i in range(0, 9, 3)],
    )
    names = [f"a{i}" for i in range(9)]
    run = small_run(tmp_path, {"accounts": accounts(*names), "events": rows})
    monkeypatch.setattr("helpers.patterns.journeys.MAX_UNITS", 4)
    thinned = read(run)
    assert thinned.units["account_id"].tolist() == ["a0", "a3", "a6"]
    assert thinned.units["unit"].tolist() == [1, 2, 3]
    assert thinned.judged["activated"].all()


def test_an_event_name_from_the_data_is_never_read_as_sql(tmp_path):  # F12
    hostile = "x'); DROP TABLE unit; --"
    rows = events(
        ("a", "u1", "signed_up", "2026-03-01 10:00"),
        ("a", "u1", hostile, "2026-03-01 10:01"),
        ("a", "u1", hostile, "2026-04-01 10:01"),
    )
    catalogue = pd.DataFrame({"event": [hostile], "feature": [hostile], "core": [True]})
    tables = {"accounts": accounts("a"), "events": rows, "feature_catalogue": catalogue}
    journeys = read(small_run(tmp_path, tables))
    assert paths(journeys) == {1: ["signed_up", hostile, "no_return"]}
    assert journeys.judged["activated"].tolist() == [True]
