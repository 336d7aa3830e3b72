"""The made-up company through the reader: every planted fault is found, and nothing else."""

import json
from pathlib import Path

import duckdb
import pytest

from helpers.config import load_config
from helpers.sources import find_as_of, read_company
from helpers.sources.demo import write_company
from helpers.sources.judge import RESPELLED
from tests.sources.made import counts, reasons

CONFIG = Path(__file__).resolve().parents[2] / "config" / "demo.yaml"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "data"
    write_company(folder, accounts=60, months=7)
    out = tmp_path_factory.mktemp("clean")
    dirt = json.loads((folder / "truth" / "dirt.json").read_text())
    return folder, out, read_company(load_config(CONFIG), folder, out), dirt


def test_planted_dirt_is_found_row_by_row(demo):
    # D-12
    _, _, reading, dirt = demo

    assert reasons(reading) == {
        "conflicting_key": dirt["conflicting_events"],
        "future": dirt["events_after_the_end"],
        "missing account_id": dirt["events_without_account"],
        "orphan": dirt["orphan_events"],
    }
    assert counts(reading)["rows_duplicate"] == dirt["duplicate_events"]
    assert counts(reading, "tickets")["rows_quarantined"] == dirt["unreadable_ticket_times"]
    rest = reading.reconciliation.set_index("table").drop(index=["events", "tickets"])
    assert (rest["rows_kept"] == rest["rows_in"]).all()


def test_decorated_ids_find_their_account(demo):
    # D-03
    _, out, reading, dirt = demo
    assert dirt["decorated_ids_invoices"] > 0
    for table in ("invoices", "tickets"):
        strangers = duckdb.sql(
            f"SELECT count(*) FROM '{out}/{table}.parquet' WHERE account_id NOT IN "
            f"(SELECT account_id FROM '{out}/accounts.parquet')"
        ).fetchall()[0][0]
        assert strangers == 0
        noted = reading.issues[reading.issues["table"] == table].set_index("rule")
        assert noted["n_rows"].get(RESPELLED, 0) == dirt.get(f"decorated_ids_{table}", 0)
    assert reading.issues[reading.issues["severity"] != "note"].empty


def test_all_tables_are_there_but_what_stands_in_for_events(demo):
    # D-01
    _, out, reading, _ = demo

    present = reading.sources[reading.sources["state"] == "present"]
    assert present["table"].nunique() == 16
    assert reading.sources.loc[reading.sources["state"] == "absent", "table"].tolist() == [
        "measures"
    ]
    assert sorted(path.stem for path in out.iterdir()) == sorted(reading.reconciliation["table"])


def test_outcomes_are_labels_with_dates(demo):
    # D-16
    _, out, _, _ = demo
    found = duckdb.sql(
        f"SELECT outcome, count(*), count(occurred_at) FROM '{out}/outcomes.parquet' "
        "GROUP BY 1 ORDER BY 1"
    ).fetchall()

    assert {row[0] for row in found} >= {"churned", "upgraded"}
    assert all(n == dated for _, n, dated in found)


def test_the_end_is_the_planted_one(demo):
    folder, _, reading, _ = demo

    assert str(reading.as_of) == "2026-07-01"
    assert find_as_of(load_config(CONFIG), folder) == reading.as_of


def test_hostile_names_are_only_text(demo):
    _, out, _, _ = demo
    names = {row[0] for row in duckdb.sql(f"SELECT name FROM '{out}/accounts.parquet'").fetchall()}

    assert {"<script>alert(1)</script>", '=HYPERLINK("http://x")', "$x_{$"} <= names


def test_people_stay_beneath_their_accounts_with_their_roles(demo):
    # D-02
    _, out, _, _ = demo
    found = duckdb.sql(
        f"SELECT count(*), count(u.role), count(a.account_id), count(DISTINCT u.account_id) "
        f"FROM '{out}/users.parquet' u LEFT JOIN '{out}/accounts.parquet' a USING (account_id)"
    ).fetchall()[0]
    n_users, n_roles, n_known, n_accounts = found
    assert n_users == n_known > n_accounts
    assert n_roles > 0.9 * n_users
