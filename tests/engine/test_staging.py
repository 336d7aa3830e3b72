"""The small tables that everything is derived from, counted by hand."""

import pandas as pd
import pytest

from helpers.engine import open_engine, stage
from helpers.errors import ParameterError
from tests.company import clean, make_config, write_run
from tests.features.by_hand import at, events_on, with_config

TEN_MINUTES = pd.Timedelta(minutes=10)
ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["a", "b", "gone"],
        "signed_up_at": [at(300)] * 3,
        "opted_out": [False, None, True],
    }
)


def staged(tmp_path, events, *, config=None, **tables):
    config = make_config() if config is None else config
    tables = {"accounts": ACCOUNTS, "events": events, **tables}
    run = write_run(tmp_path, tables, config=config)
    engine = open_engine(run)
    try:
        return engine, stage(engine, config)
    except ParameterError:
        engine.close()
        raise


def test_days_hold_what_happened_on_them(tmp_path):
    events = pd.concat(
        [
            events_on("a", [3, 3, 2], user_id="u1", duration_s=60.0),
            events_on("a", [3], event="login", user_id="u2", duration_s=None),
            events_on("b", [1], event="error_shown", user_id=None),
            events_on("gone", [1], user_id="u9"),
        ]
    )
    engine, history = staged(tmp_path, events)
    with engine:
        days = engine.frame(
            "SELECT account_id, day, n_events, n_login, n_error, millis FROM account_day d "
            "JOIN account a ON a.account_no = d.account_no ORDER BY account_id, day"
        )
        people = engine.frame(
            "SELECT user_id, day, n_events FROM account_user_day d "
            "JOIN account_user u ON u.user_no = d.user_no ORDER BY user_id, day"
        )
    newest = history.last_day
    assert days["account_id"].tolist() == ["a", "a", "b"]  # E-02: `gone` opted out
    assert (newest - days["day"]).tolist() == [2, 1, 0]
    assert days["n_events"].tolist() == [3, 1, 1]
    assert days["n_login"].tolist() == [1, 0, 0]
    assert days["n_error"].tolist() == [0, 0, 1]
    assert days["millis"].tolist()[:2] == [120_000, 60_000]
    assert pd.isna(days["millis"].iloc[2])
    assert people["user_id"].tolist() == ["u1", "u1", "u2"]
    assert people["n_events"].tolist() == [2, 1, 1]
    assert (history.last_day - history.first_day, history.n_events) == (2, 5)


def test_a_visit_ends_at_midnight_at_the_latest(tmp_path):
    late = at(5, 23.5)
    rows = [("s1", late), ("s1", late + TEN_MINUTES), ("s1", at(4, 0.5)), ("s2", at(4, 5.0))]
    rows.append((None, at(2)))
    events = pd.DataFrame(rows, columns=["session_id", "occurred_at"])
    engine, history = staged(tmp_path, events.assign(account_id="a", event="task_created"))
    with engine:
        visits = engine.frame("SELECT * FROM account_session ORDER BY session_id, day")
        nights = engine.value("SELECT SUM(n_night) FROM account_day")
    assert visits["session_id"].tolist() == ["s1", "s1", "s2"]
    assert (history.last_day - visits["day"]).tolist() == [3, 2, 2]
    assert visits["span_us"].tolist() == [600_000_000, 0, 0]
    assert nights == 4  # 23:30, 23:40, 00:30 and 05:00 in Berlin


def test_a_visit_of_two_people_is_one_visit(tmp_path):
    rows = [
        ("u1", "s1", at(4, 9.0), 60.0),
        ("u2", "s1", at(4, 9.5), None),
        ("u2", "s2", at(4, 10.0), None),
        (None, "s1", at(4, 10.0), 30.0),
        ("u2", None, at(4, 11.0), 15.0),
    ]
    events = pd.DataFrame(rows, columns=["user_id", "session_id", "occurred_at", "duration_s"])
    engine, _ = staged(tmp_path, events.assign(account_id="a", event="task_created"))
    with engine:
        visits = engine.frame("SELECT * FROM account_session ORDER BY session_id")
        day = engine.frame("SELECT * FROM account_day").iloc[0]
        people = engine.frame("SELECT n_events FROM account_user_day ORDER BY user_no")
    assert visits["n_events"].tolist() == [3, 1]
    assert visits["span_us"].tolist() == [3_600_000_000, 0]
    assert visits["millis"].iloc[0] == 90_000
    assert (day["n_visits"], day["n_clocked"], day["visit_ms"]) == (2, 1, 90_000)
    assert (day["millis"], day["span_ms"], day["n_timed"]) == (105_000, 3_600_000, 5)
    assert people["n_events"].tolist() == [1, 3]


def test_a_feature_comes_from_the_row_or_else_from_the_catalogue(tmp_path):
    events = pd.concat(
        [
            events_on("a", [3], event="task_created", feature=None),
            events_on("a", [3], event="task_created", feature="boards"),
            events_on("a", [3], event="login", feature=None),
            events_on("a", [3], event="unlisted", feature=None),
        ]
    )
    catalogue = pd.DataFrame({"event": ["task_created"], "feature": ["tasks"], "core": [True]})
    engine, _ = staged(tmp_path, events, feature_catalogue=catalogue)
    with engine:
        used = engine.frame("SELECT feature, n_events FROM account_feature_day ORDER BY feature")
        core = engine.value("SELECT SUM(n_core) FROM account_day")
    assert used["feature"].tolist() == ["boards", "tasks"]
    assert used["n_events"].tolist() == [1, 1]
    assert core == 2


def test_without_a_catalogue_every_event_but_the_technical_ones_is_a_feature(tmp_path):
    names = ["task_created", "unlisted", "login", "error_shown", "login_failed", "signed_up"]
    events = pd.concat([events_on("a", [3], event=name) for name in names])
    engine, _ = staged(tmp_path, events)
    with engine:
        used = engine.frame("SELECT feature FROM account_feature_day ORDER BY feature")
    assert used["feature"].tolist() == ["task_created", "unlisted"]


def test_steps_of_the_setup_are_events_or_values_of_the_only_one(tmp_path):
    single = with_config(roles={"setup": ["setup_step"]})
    events = pd.concat(
        [
            events_on("a", [9], event="setup_step", value=1.0),
            events_on("a", [8, 7], event="setup_step", value=2.0),
        ]
    )
    engine, history = staged(tmp_path, events, config=single)
    with engine:
        steps = engine.frame("SELECT * FROM account_setup_step ORDER BY step")
    assert (history.last_day - steps["first_day"]).tolist() == [2, 1]
    several = with_config(roles={"setup": ["setup_step", "email_verified"]})
    engine, _ = staged(tmp_path / "other", events, config=several)
    with engine:
        assert engine.frame("SELECT step FROM account_setup_step")["step"].tolist() == [
            "setup_step"
        ]


def test_no_events_at_all_is_an_error_that_says_where_to_look(tmp_path):
    events = clean("events", events_on("gone", [3]))
    with pytest.raises(ParameterError, match=r"found none.*01_data_audit"):
        staged(tmp_path, events)
