"""A wide table of one row an account becomes measures, by configuration alone."""

import duckdb
import pytest

from helpers.config import load_config
from helpers.errors import ConfigError, InputError
from helpers.sources import check_files
from tests.snapshots.frames import EXAMPLES, account_list, customer_data, write
from tests.sources.made import config, out_of, read, reasons
from tests.sources.made import write as write_files

WIDE = "id,users,rate,tickets,nps\nA1,10,85,2,9\nA2,4,12.5,n/a,\n"
MEASURES = {
    "files": "wide.csv",
    "columns": {"account_id": "id", "measured_on": {"constant": "2024-03-01"}},
    "unpivot": {
        "active_users__n_30d": "users",
        "adoption__share_90d": {"from": "rate", "number": {"divide_by": 100}},
        "tickets__n_90d": {"sql": "CAST(tickets AS DOUBLE) * 3"},
        "nps_last": "nps",
    },
}


def rows_of(folder, table="measures"):
    sql = f"SELECT account_id, measure, value FROM '{out_of(folder)}/{table}.parquet' ORDER BY ALL"
    return duckdb.sql(sql).fetchall()


def test_each_named_column_becomes_a_row_and_an_empty_cell_none(tmp_path):
    # D-17
    folder = write_files(tmp_path / "data", wide_csv=WIDE)
    found = read(folder, config(measures=MEASURES, max_quarantine_share={"measures": 0.2}))
    assert rows_of(folder) == [
        ("A1", "active_users__n_30d", 10.0),
        ("A1", "adoption__share_90d", 0.85),
        ("A1", "nps_last", 9.0),
        ("A1", "tickets__n_90d", 6.0),
        ("A2", "active_users__n_30d", 4.0),
        ("A2", "adoption__share_90d", 0.125),
    ]
    counts = found.reconciliation.set_index("table").loc["measures"]
    assert counts["rows_filtered"] == 1  # the empty answer
    assert reasons(found, "measures") == {
        "cast_failed": 1
    }  # "n/a" is written: a bad cell, not an empty one
    assert counts["rows_in"] == counts["rows_kept"] + 1


def test_a_declared_mark_of_absence_is_an_empty_cell(tmp_path):
    folder = write_files(tmp_path / "data", wide_csv=WIDE)
    found = read(folder, config(measures=MEASURES | {"nulls": ["n/a"]}))
    assert reasons(found, "measures") == {}
    assert found.reconciliation.set_index("table")["rows_filtered"]["measures"] == 2


def test_a_column_that_is_not_there_is_named_where_the_configuration_has_it(tmp_path):
    folder = write_files(tmp_path / "data", wide_csv=WIDE)
    unpivot = {"active_users__n_30d": "user"}
    with pytest.raises(InputError, match=r"sources\.measures\.unpivot\.active_users__n_30d: column "
                       r"'user' is not in wide\.csv\. Did you mean 'users'\?"):  # fmt: skip
        read(folder, config(measures=MEASURES | {"unpivot": unpivot}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  tickets: {files: t.csv, unpivot: {a: b}}\n",
         "sources.tickets.unpivot: only for usage_levels, measures, surveys"),
        ("  measures: {files: m.csv, unpivot: {a: b}, columns: {value: c}}\n",
         "sources.measures.columns.value: unpivot fills it"),
        ("  measures: {files: m.csv, unpivot: {a: b}, group_by: [c]}\n", "give one of the two"),
        ("  measures: {files: m.csv, unpivot: {a: ''}}\n", "the column's name is empty"),
        ("roles: {login: [x]}\n", "roles.login: rests on events"),
        ("analysis: {churn_after_silent_days: 90}\n", "churn_after_silent_days: rests on events"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_its_words(tmp_path, text, words):
    path = tmp_path / "mine.yaml"
    lines = ["version: 1", "company: {name: Test, currency: EUR}", "sources:"]
    lines += ["  accounts: {files: a.csv}"]
    measures = "" if text.startswith("  measures") else "  measures: {files: m.csv}\n"
    path.write_text("\n".join(lines) + "\n" + measures + text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert words in str(caught.value)


def test_without_events_and_measures_there_is_nothing_to_look_at(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("version: 1\ncompany: {name: T, currency: EUR}\n"
                    "sources:\n  accounts: {files: a.csv}\n")  # fmt: skip
    with pytest.raises(ConfigError, match="accounts, and events or measures"):
        load_config(path)


def test_measures_in_place_of_events_must_be_there(tmp_path):
    folder = write_files(tmp_path / "data")
    company = config(measures=MEASURES)
    alone = company.model_copy(
        update={"sources": {n: s for n, s in company.sources.items() if n != "events"}}
    )
    with pytest.raises(InputError, match=r"sources\.measures\.files: file not found: wide\.csv"):
        read(folder, alone)
    assert read(folder, company).sources.set_index("table")["state"]["measures"] == "absent"


@pytest.mark.parametrize(
    ("name", "frame", "file", "n"),
    [
        ("customer_data", customer_data, "customer_data.csv", 500),
        ("account_list", account_list, "accounts.csv", 120),
    ],
)
def test_both_example_frames_load_from_their_configuration(tmp_path, name, frame, file, n):
    # D-17
    path = EXAMPLES / f"{name}.yaml"
    folder = write(frame(), tmp_path / "data" / file)
    company = load_config(path)
    check_files(company, folder, config_path=path)
    found = read(folder, company, as_of=None)
    rows = found.reconciliation.set_index("table")
    assert rows["rows_kept"]["accounts"] == n
    assert (rows["rows_in"] == rows["rows_kept"]).all()
    assert str(found.as_of) == "2026-07-01"
    told = {measure for _, measure, _ in rows_of(folder)}
    assert told == set(company.sources["measures"][0].unpivot)
