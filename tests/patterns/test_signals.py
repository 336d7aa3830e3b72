import pandas as pd
import pytest

from helpers.patterns.reading import open_patterns, read_activity, read_lives
from helpers.patterns.signals import SIGNALS, read_signals, restates_outcome
from tests.patterns.small import accounts, at, events, small_run

BASE = events(("a", "u1", "login", "2026-01-01 10:00"))


def signals_of(folder, rows=BASE, names=("a",), **tables):
    run = small_run(folder, {"accounts": accounts(*names), "events": rows, **tables})
    with open_patterns(run) as staged:
        found = read_signals(staged)
    return [(r.account_id, f"{r.day:%m-%d}", r.signal) for r in found.itertuples()]


def test_tickets_count_when_opened_and_when_escalated(tmp_path):
    tickets = pd.DataFrame(
        {
            "ticket_id": ["t1", "t2"],
            "account_id": ["a", "a"],
            "opened_at": [at("2026-02-01 23:30"), at("2026-02-03 08:00")],
            "escalated": [False, True],
        }
    )
    assert signals_of(tmp_path, tickets=tickets) == [
        ("a", "02-01", "ticket_opened"),
        ("a", "02-03", "ticket_escalated"),
        ("a", "02-03", "ticket_opened"),
    ]


def test_a_payment_is_late_when_its_grace_is_over_not_when_it_is_paid(tmp_path):
    invoices = pd.DataFrame(
        {
            "invoice_id": ["i1", "i2", "i3"],
            "account_id": "a",
            "issued_on": pd.to_datetime("2026-02-01"),
            "due_on": pd.to_datetime(["2026-02-10", "2026-02-10", "2026-02-11"]),
            "paid_on": pd.to_datetime(["2026-02-17", "2026-03-30", None]),
            "amount": 1.0,
        }
    )
    # i1 came on the last day of grace, i2 weeks later, i3 never
    assert signals_of(tmp_path, invoices=invoices) == [
        ("a", "02-17", "payment_late"),
        ("a", "02-18", "payment_late"),
    ]


def test_people_who_leave_are_told_apart(tmp_path):
    users = pd.DataFrame(
        {
            "user_id": ["u1", "u2", "u3", "u4"],
            "account_id": "a",
            "is_champion": [True, False, False, None],
            "is_admin": [True, True, False, None],
            "created_at": at("2026-01-01 09:00"),
            "deactivated_at": [at(f"2026-02-0{d} 09:00") for d in (1, 2, 3)] + [pd.NaT],
        }
    )
    assert signals_of(tmp_path, users=users) == [
        ("a", "02-01", "champion_left"),
        ("a", "02-02", "admin_left"),
        ("a", "02-03", "user_removed"),
    ]


def test_only_clear_answers_are_signals(tmp_path):
    surveys = pd.DataFrame(
        {
            "account_id": "a",
            "answered_at": [at(f"2026-02-0{d} 09:00") for d in (1, 2, 3, 4)],
            "kind": ["nps", "nps", "nps", "csat"],
            "score": [6.0, 7.0, 9.0, 1.0],
        }
    )
    assert signals_of(tmp_path, surveys=surveys) == [
        ("a", "02-01", "nps_detractor"),
        ("a", "02-03", "nps_promoter"),
    ]


def test_outcomes_looked_for_are_no_signals(tmp_path):
    outcomes = pd.DataFrame(
        {
            "account_id": "a",
            "outcome": ["churned", "upgraded", "downgraded", "renewed"],
            "occurred_at": [at(f"2026-02-0{d} 09:00") for d in (1, 2, 3, 4)],
        }
    )
    assert signals_of(tmp_path, outcomes=outcomes) == [
        ("a", "02-03", "plan_downgraded"),
        ("a", "02-04", "plan_renewed"),
    ]


def test_an_error_burst_is_large_and_unusual(tmp_path):
    def errors(day, n):
        return [("a", "u1", "error_shown", f"2026-{day} 10:{m:02d}") for m in range(n)]

    rows = events(
        ("a", "u1", "login", "2026-01-01 10:00"),
        *errors("02-01", 4),  # too few
        *errors("02-10", 5),  # 5 of 9 in 28 days: far above the daily mean
        *[row for d in range(1, 29) for row in errors(f"03-{d:02d}", 6)],  # soon the usual
    )
    found = [day for _, day, signal in signals_of(tmp_path, rows) if signal == "error_burst"]
    assert found[:2] == ["02-10", "03-01"]
    assert "03-20" not in found


def test_first_use_and_abandonment_of_a_feature(tmp_path):
    weekly = [
        ("a", "u1", "report_built", f"2026-{d} 10:00")
        for d in ("02-02", "02-09", "02-16", "02-23", "03-02")
    ]
    once = [("a", "u1", "automation_run", "2026-02-02 11:00")]
    rows = events(("a", "u1", "task_created", "2026-01-01 10:00"), *weekly, *once)
    assert signals_of(tmp_path, rows) == [
        ("a", "02-02", "first_use_of_automations"),
        ("a", "02-02", "first_use_of_reports"),
        # used in each of four weeks, then not for 28 days: known on the 29th
        ("a", "03-31", "stopped_using_reports"),
    ]


def test_an_abandonment_is_not_known_before_four_weeks_are_over(tmp_path):
    rows = events(
        ("a", "u1", "login", "2026-01-01 10:00"),
        *[
            ("a", "u1", "report_built", f"2026-{d} 10:00")
            for d in ("05-12", "05-19", "05-26", "06-02")
        ],
    )
    run = small_run(tmp_path, {"accounts": accounts("a"), "events": rows}, as_of="2026-07-01")
    for as_of, expected in (("2026-07-01", 0), ("2026-07-02", 1)):
        tables = {"accounts": accounts("a"), "events": rows}
        run = small_run(tmp_path / as_of, tables, as_of=as_of)
        with open_patterns(run) as staged:
            found = read_signals(staged)["signal"].str.startswith("stopped").sum()
        assert found == expected


def test_nothing_from_the_cutoff_on_or_before_the_sign_up_is_a_signal(tmp_path):
    tickets = pd.DataFrame(
        {
            "ticket_id": ["early", "last", "late"],
            "account_id": "a",
            "opened_at": [at("2025-09-30 10:00"), at("2026-06-30 23:59"), at("2026-07-01 00:00")],
        }
    )
    assert signals_of(tmp_path, tickets=tickets) == [("a", "06-30", "ticket_opened")]


def test_absent_tables_give_no_signals_and_no_error(tmp_path):
    assert signals_of(tmp_path) == []
    assert {"tickets", "users", "invoices"} < set(SIGNALS)


@pytest.mark.parametrize(
    ("signal", "outcome", "silence", "restates"),
    [
        ("plan_downgraded", "churned", False, False),
        ("subscription_cancelled", "churned", False, True),
        ("stopped_using_tasks", "churned", False, False),
        ("stopped_using_tasks", "churned", True, True),
        ("stopped_using_tasks", "upgraded", True, False),
        ("plan_upgraded", "upgraded", False, True),
    ],
)
def test_what_restates_an_outcome_is_refused(signal, outcome, silence, restates):
    found = restates_outcome(pd.Series([signal]), outcome, silence=silence)
    assert found.tolist() == [restates]


def test_lives_end_with_the_last_churn_unless_something_came_after_it(tmp_path):
    outcomes = pd.DataFrame(
        {
            "account_id": ["a", "b", "b", "c"],
            "outcome": ["churned", "churned", "renewed", "churned"],
            "occurred_at": [
                at("2026-03-01 10:00"),
                at("2026-03-01 10:00"),
                at("2026-04-01 10:00"),
                at("2026-07-01 10:00"),  # not known at the cutoff
            ],
        }
    )
    tables = {"accounts": accounts("a", "b", "c"), "events": BASE, "outcomes": outcomes}
    with open_patterns(small_run(tmp_path, tables)) as staged:
        lives = read_lives(staged)
    assert lives["first_on"].tolist() == [pd.Timestamp("2025-10-02")] * 3
    assert lives["last_on"].isna().tolist() == [False, True, True]
    assert lives["last_on"].iloc[0] == pd.Timestamp("2026-03-01")


def test_activity_counts_events_per_day(tmp_path):
    rows = events(
        ("a", "u1", "login", "2026-01-01 10:00"),
        ("a", "u2", "login", "2026-01-01 11:00"),
        ("a", "u2", "login", "2026-01-01 23:59"),
        ("a", None, "login", "2026-01-02 00:00"),
    )
    tables = {"accounts": accounts("a"), "events": rows}
    with open_patterns(small_run(tmp_path, tables)) as staged:
        activity = read_activity(staged)
    assert activity["n_events"].tolist() == [3, 1]
