"""Expressions of a configuration: what passes, what does not, and what becomes of names."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import ConfigError, InputError
from helpers.sources import check_files
from helpers.sources.expressions import parse_expression
from helpers.sources.session import Sql, ident
from tests.sources.made import LENIENT, clean, config, counts, read, write


def parse(text, *, grouped=False):
    return parse_expression(text, "sources.x.where", lookups=["terms"], grouped=grouped)


def named(qualifier, name):
    return ident(f"{qualifier}|{name}")


@pytest.mark.parametrize(
    "text",
    [
        "CASE WHEN CAST(n AS INTEGER) > 0 THEN 'error' ELSE feature END",
        "account_id || '-' || user_id",
        "terms.account_id",
        "\"Customer ID\" IS NOT NULL AND a NOT IN ('x', 'y') AND b NOT LIKE 'C%'",
        "coalesce(nullif(trim(lower(a)), ''), b)",
        "regexp_replace(a, '[.]0$', '')",
        "strptime(a, '%d/%m/%Y') + INTERVAL 3 DAY",
        "date_trunc('month', CAST(a AS DATE))",
        "round(abs(x - y) / 100, 2) BETWEEN 0 AND 1",
        "'getenv(''HOME'')'",
    ],
)
def test_ordinary_expressions_pass(text):
    assert parse(text).sql(named)


@pytest.mark.parametrize(
    "text",
    [
        "(SELECT 1)",
        "a IN (SELECT account_id FROM read_csv('/etc/passwd'))",
        "EXISTS (SELECT 1)",
        "read_csv('/etc/passwd')",
        "read_text('/etc/passwd')",
        "getenv('HOME')",
        "current_setting('temp_directory')",
        "now()",
        "CURRENT_DATE",
        "today()",
        "random()",
        "row_number() OVER ()",
        "lag(a) OVER (ORDER BY b)",
        "nextval('s')",
        "error('x')",
        "COLUMNS('x')",
        "*",
        "$1",
        "?",
        "a[1]",
        "{'a': b}",
        "list_transform([1], x -> x)",
        "a COLLATE nocase",
        "repeat('x', 1000000000)",
        "unnest([1, 2])",
        "duckdb_settings()",
        "query('x')",
        "a.b.c",
    ],
)
def test_whatever_is_not_on_the_list_is_refused_before_any_data_are_read(text):
    with pytest.raises(ConfigError, match=r"sources\.x\.where"):
        parse(text)


@pytest.mark.parametrize("text", ["a; DROP TABLE x", "", "-- a", "a b c", "1 +", "((("])
def test_a_text_that_is_no_single_expression_is_refused(text):
    with pytest.raises(ConfigError, match="SQL expression"):
        parse(text)


@pytest.mark.parametrize(
    "text", ["sum(a)", "count(*)", "min(a) FILTER (WHERE b = 'x')", "first(a)"]
)
def test_folding_needs_group_by(text):
    with pytest.raises(ConfigError, match="needs a group_by"):
        parse(text)
    assert parse(text, grouped=True).aggregates


def test_first_means_first_in_the_file_and_any_value_the_smallest():
    sql = parse("first(a) || any_value(b)", grouped=True).sql(named, position=Sql("pos"))

    assert sql == '(ARG_MIN("|a", pos) || MIN("|b"))'


def test_an_unknown_lookup_is_named():
    with pytest.raises(ConfigError, match=r"'other' in 'other.x' is not a lookup of this source"):
        parse("other.x")


def test_the_key_of_the_configuration_is_named_before_files_are_looked_at(tmp_path):
    bad = {"files": "nowhere.csv", "columns": {"event": {"sql": "getenv('HOME')"}}}

    with pytest.raises(ConfigError, match=r"sources.events.columns.event.sql: the function getenv"):
        check_files(config(events=bad), tmp_path)


def test_an_unknown_column_is_an_input_error_with_the_nearest(tmp_path):
    folder = write(tmp_path / "data")
    bad = {"files": "events.csv", "columns": {"feature": {"sql": "upper(evnt)"}}}

    with pytest.raises(
        InputError, match=r"column 'evnt' is not in events.csv. Did you mean 'event'"
    ):
        read(folder, config(events=bad))


def test_a_text_compared_with_a_number_is_explained(tmp_path):
    folder = write(tmp_path / "data")

    with pytest.raises(InputError) as error:
        read(folder, config(events={"files": "events.csv", "where": "event > 0"}))
    assert "sources.events.where: an expression does not fit the data" in str(error.value)
    assert "write TRY_CAST(column AS DOUBLE)" in str(error.value)

    with pytest.raises(InputError, match=r"sources.events.where: .*Could not convert"):
        read(folder, config(events={"files": "events.csv", "where": "CAST(event AS INTEGER) > 0"}))


HOSTILE = ['x" OR 1=1 --', "a'; DROP TABLE t; --", 'quote""d', "c0", "pos", "_reason", "sel ect",
           "{0}", "%s", "ünï", "account_id)"]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_fault_F12_a_column_name_is_never_sql(tmp_path, name):
    quoted = name.replace('"', '""')
    text = f'account_id,event,"{quoted}"\nA1,login,2024-03-01\nA2,login,2024-03-02\n'
    folder = write(tmp_path / "data", events_csv=text)
    mapped = {"files": "events.csv", "columns": {"occurred_at": name, "feature": {
        "sql": f'upper("{quoted}")'}}}  # fmt: skip

    read(folder, config(events=mapped))

    assert clean(folder)["feature"].tolist() == ["2024-03-01", "2024-03-02"]


@pytest.mark.parametrize("value", ["'; DROP TABLE t; --", "a''b", "\\'", "{x}", "%"])
def test_fault_F12_a_value_of_the_configuration_is_never_sql(tmp_path, value):
    text = f'account_id,event,occurred_at\nA1,"{value}",2024-03-01\nA1,x,2024-03-01\n'
    folder = write(tmp_path / "data", events_csv=text)
    mapped = {"files": "events.csv", "columns": {
        "event": {"from": "event", "values": {value: "mapped", "x": "y"}},
        "feature": {"constant": value},
    }}  # fmt: skip

    read(folder, config(events=mapped))

    assert clean(folder)["event"].tolist() == ["mapped", "y"]
    assert set(clean(folder)["feature"]) == {value.strip()}


@settings(max_examples=100, deadline=None)
@given(name=st.text(min_size=1, max_size=12))
def test_fault_F12_any_identifier_is_quoted(name):
    sql = ident(name)

    assert sql[0] == sql[-1] == '"'
    assert '"' not in sql[1:-1].replace('""', "")


def test_rows_may_be_left_out_by_a_condition_and_are_counted(tmp_path):
    folder = write(tmp_path / "data")

    reading = read(folder, config(events={"files": "events.csv", "where": "event <> 'export'"}))

    found = counts(reading)
    assert (found["rows_source"], found["rows_filtered"], found["rows_in"]) == (3, 1, 2)


LINES = (
    "customer,invoice,at,amount\n"
    "C1,I1,2024-03-01,10\nC1,I1,2024-03-01,5\nC1,I2,2024-03-02,-3\n"
    ",I3,2024-03-02,1\nC2,I4,2024-03-01,2\n C2 ,I4,2024-03-01,4\n"
)


def test_rows_are_folded_by_group(tmp_path):
    folder = write(tmp_path / "data", lines_csv=LINES)
    accounts = {
        "files": "lines.csv",
        "where": "customer IS NOT NULL",
        "group_by": ["customer"],
        "columns": {"account_id": "customer", "signed_up_at": {"sql": "MIN(at)"}},
    }
    invoices = {"files": "lines.csv", "group_by": ["invoice", "customer"], "columns": {
        "invoice_id": "invoice", "account_id": "customer", "issued_on": {"sql": "MIN(at)"},
        "amount": {"sql": "SUM(CAST(amount AS DOUBLE))", "minimum": -100},
    }}  # fmt: skip
    events = {
        "files": "lines.csv",
        "columns": {
            "account_id": "customer",
            "occurred_at": "at",
            "event": {"constant": "bought"},
            "event_id": {"sql": "invoice || at || amount"},
        },
    }

    reading = read(folder, config(accounts=accounts, events=events, invoices=invoices,
                                  thresholds=LENIENT))  # fmt: skip

    assert counts(reading, "accounts") == {
        "rows_source": 6, "rows_merged": 3, "rows_filtered": 1, "rows_in": 2, "rows_kept": 2,
        "rows_quarantined": 0, "rows_duplicate": 0,
    }  # fmt: skip
    assert counts(reading, "invoices") == {
        "rows_source": 6, "rows_merged": 2, "rows_filtered": 0, "rows_in": 4, "rows_kept": 3,
        "rows_quarantined": 1, "rows_duplicate": 0,
    }  # fmt: skip
    frame = clean(folder, "invoices").set_index("invoice_id")["amount"].to_dict()
    assert frame == {"I1": 15.0, "I2": -3.0, "I4": 6.0}
    quarantined = reading.quarantine[reading.quarantine["table"] == "invoices"].iloc[0]
    assert (quarantined["reason"], quarantined["row"]) == ("missing account_id", 5)


def test_a_fold_says_how(tmp_path):
    bad = {"files": "x.csv", "group_by": ["a"], "columns": {"account_id": "a", "name": "b"}}

    with pytest.raises(ConfigError, match=r"columns.name: 'b' is not in group_by.*MIN\(\"b\"\)"):
        check_files(config(accounts=bad), tmp_path)


def test_rows_may_be_written_in_the_configuration(tmp_path):
    folder = write(tmp_path / "data")
    rows = [
        {"starts_on": "2024-12-24", "ends_on": "2025-01-01", "reason": "year-end"},
        {"starts_on": "2024-03-01", "ends_on": "2024-03-01", "reason": None},
    ]

    reading = read(folder, config(calendar={"rows": rows}, thresholds=LENIENT))

    assert clean(folder, "calendar")["reason"].tolist() == ["year-end"]
    row = reading.quarantine.iloc[0]
    assert (row["source_file"], row["row"], row["reason"]) == (
        "(configuration)",
        2,
        "missing reason",
    )
