"""JSON lines, Parquet, DuckDB, SQLite: the same rows whichever way they come."""

import json
import sqlite3

import duckdb
import pandas as pd
import pytest

from helpers.errors import ConfigError, InputError, MachineError
from helpers.sources import check_files, csv_fast
from helpers.sources.session import Session
from tests.sources.made import EVENTS, LENIENT, clean, config, counts, read, reasons, write

ANY = {"thresholds": LENIENT}


def rows():
    head, *lines = EVENTS.splitlines()
    return [dict(zip(head.split(","), line.split(","), strict=True)) for line in lines]


def as_jsonl(folder):
    (folder / "events.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()))
    return {"files": "events.jsonl"}


def as_parquet(folder):
    pd.DataFrame(rows()).to_parquet(folder / "events.parquet")
    return {"files": "events.parquet"}


def as_duckdb(folder):
    with duckdb.connect(str(folder / "app.duckdb")) as base:
        base.execute(f"CREATE TABLE log AS FROM read_csv('{folder / 'events.csv'}')")
    return {"files": "app.duckdb", "table": "log"}


def as_sqlite(folder):
    with sqlite3.connect(folder / "app.db") as base:
        pd.DataFrame(rows()).to_sql("log", base, index=False)
    base.close()
    return {"files": "app.db", "kind": "sqlite", "table": "log"}


def as_tsv(folder):
    (folder / "events.tsv").write_text(EVENTS.replace(",", "\t"))
    return {"files": "events.tsv", "delimiter": "\t"}


@pytest.mark.parametrize("make", [as_jsonl, as_parquet, as_duckdb, as_sqlite, as_tsv])
def test_every_format_gives_the_same_table(tmp_path, make):
    # D-01
    folder = write(tmp_path / "data")
    read(folder)
    expected = clean(folder)

    read(folder, config(events=make(folder)))

    assert clean(folder).equals(expected)


def test_bad_json_lines_are_put_aside_with_their_number(tmp_path):
    lines = [
        '{"account_id": "A1", "event": "login", "occurred_at": "2024-03-01"}',
        "",
        "{broken",
        "[1, 2]",
        '"text"',
        '{"account_id": "A1", "event": "x"}',
        '{"account_id": 12345678901234567890, "event": true, "occurred_at": "2024-03-01"}',
    ]
    folder = write(tmp_path / "data", events_jsonl="\n".join(lines))

    reading = read(folder, config(events={"files": "events.jsonl"}, **ANY))

    assert reasons(reading) == {"bad_json": 1, "missing occurred_at": 1, "not_an_object": 2,
                                "orphan": 1}  # fmt: skip
    assert reading.quarantine["row"].tolist() == [3, 4, 5, 6, 7]
    assert reading.quarantine["value_excerpt"].iloc[-1] == "12345678901234567890"
    assert counts(reading)["rows_source"] == 6


@pytest.mark.parametrize("damage", ["\0", "\udcff"])
def test_json_lines_with_bad_bytes_cost_their_line(tmp_path, damage):
    good = '{"account_id": "A1", "event": "é", "occurred_at": "2024-03-01"}'
    raw = f"{good}\n{good.replace('é', damage)}\r\n{good.replace('é', 'x')}\n"
    folder = write(tmp_path / "data", events_jsonl=raw.encode("utf-8", "surrogateescape"))
    source = {"files": "events.jsonl", "on_bad_bytes": "quarantine"}

    reading = read(folder, config(events=source, **ANY))

    assert clean(folder)["event"].tolist() == ["x", "é"]
    assert reading.quarantine[["row", "reason"]].to_numpy().tolist() == [
        [2, "nul_byte" if damage == "\0" else "bad_byte"]
    ]


def test_nested_json_is_reached_by_a_dotted_name(tmp_path):
    line = {"account_id": "A1", "event": "x", "occurred_at": "2024-03-01",
            "properties": {"area": "boards", "a.b": 3, "list": [1, 2]}}  # fmt: skip
    folder = write(tmp_path / "data", events_jsonl=json.dumps(line) + "\n")
    mapped = {"feature": "properties.area", "value": "properties.a.b",
              "session_id": {"sql": '"properties.list"'}}  # fmt: skip

    read(folder, config(events={"files": "events.jsonl", "columns": mapped}))

    row = clean(folder).iloc[0]
    assert (row["feature"], row["value"], row["session_id"]) == ("boards", 3.0, "[1,2]")


def test_a_json_list_is_refused_with_advice(tmp_path):
    folder = write(tmp_path / "data", events_json=json.dumps(rows(), indent=1))

    with pytest.raises(InputError, match=r"a JSON list, not JSON lines. Write one object a line"):
        read(folder, config(events={"files": "events.json"}))


def test_parts_of_other_types_meet_as_text(tmp_path):
    folder = write(
        tmp_path / "data", accounts_csv="account_id,signed_up_at\n1,2024-01-01\n2,2024-01-01\n"
    )
    frame = pd.DataFrame(
        {"account_id": [1], "event": "x", "occurred_at": pd.Timestamp("2024-03-01")}
    )
    frame.to_parquet(folder / "part-0.parquet")
    frame.assign(account_id="2", area="b").to_parquet(folder / "part-1.parquet")
    source = {"files": "part-*.parquet", "completeness": "assumed", "columns": {"feature": "area"}}

    with pytest.raises(InputError, match=r"column 'area' is missing in \['part-0.parquet'\]"):
        read(folder, config(events=source))
    read(folder, config(events={**source, "columns": {}}))

    assert clean(folder)["account_id"].tolist() == ["1", "2"]


def test_database_files_need_a_table_that_exists(tmp_path):
    folder = write(tmp_path / "data")
    as_duckdb(folder)
    as_sqlite(folder)

    with pytest.raises(ConfigError, match=r"sources.events.table: missing; name the table"):
        check_files(config(events={"files": "app.duckdb"}), folder)
    with pytest.raises(InputError, match=r"app.duckdb: no table main.nope; it has \['main.log'\]"):
        read(folder, config(events={"files": "app.duckdb", "table": "nope"}))
    with pytest.raises(InputError, match=r"app.db: no table 'nope'; it has \['log'\]"):
        read(folder, config(events={"files": "app.db", "kind": "sqlite", "table": "nope"}))
    (folder / "fake.sqlite").write_text("no database at all, only text that is long enough")
    with pytest.raises(InputError, match=r"fake.sqlite: cannot be read as SQLite"):
        read(folder, config(events={"files": "fake.sqlite", "table": "x"}))


def test_fault_F15_a_misspelt_column_of_an_sqlite_table_is_no_text(tmp_path):
    folder = write(tmp_path / "data")
    source = {**as_sqlite(folder), "columns": {"event": "evnt"}}

    with pytest.raises(
        InputError, match=r"column 'evnt' is not in app.db:log. Did you mean 'event'"
    ):
        read(folder, config(events=source))


@pytest.mark.parametrize(
    "name", ["events[1].csv", "events?.csv", "odd 'name' \"x\".csv", "ünï.csv"]
)
def test_a_file_name_is_no_pattern(tmp_path, name):
    folder = write(
        tmp_path / "da[t]a", events1_csv="account_id,event,occurred_at\nA1,no,2024-03-01\n"
    )
    (folder / name).write_text(EVENTS)
    pattern = name.replace("[", "[[]").replace("?", "[?]")

    reading = read(folder, config(events={"files": pattern, "completeness": "assumed"}))

    assert counts(reading)["rows_kept"] == 3
    assert name in reading.sources["file"].tolist()


def test_a_folder_named_like_a_partition_adds_no_column(tmp_path):
    folder = write(tmp_path / "region=EU")
    pd.DataFrame(rows()).to_parquet(folder / "events.parquet")
    frame = pd.DataFrame({"account_id": ["A1", "A2"], "signed_up_at": pd.Timestamp("2024-01-01")})
    frame.to_parquet(folder / "accounts.parquet")

    read(folder, config(accounts={"files": "accounts.parquet"}, events={"files": "events.parquet"}))

    assert clean(folder, "accounts")["region"].isna().all()


@pytest.mark.parametrize("banner", ["Report\n", "Report\n\n", "\n\n", '"Re,port"\nof usage\n\n'])
def test_lines_above_the_header_are_skipped_as_lines(tmp_path, banner):
    folder = write(tmp_path / "data", events_csv=banner + EVENTS + "A7,x,2024-03-01\n")
    source = {"files": "events.csv", "skip_lines": banner.count("\n")}

    reading = read(folder, config(events=source, **ANY))

    assert counts(reading)["rows_kept"] == 3
    assert reading.quarantine["row"].tolist() == [banner.count("\n") + 5]


def test_all_tables_are_written_or_none(tmp_path, monkeypatch):
    folder = write(tmp_path / "data")
    original = Session.run

    def failing(self, sql):
        if "events.tmp" in sql:
            raise MachineError("the disk is full")
        original(self, sql)

    monkeypatch.setattr(Session, "run", failing)
    with pytest.raises(MachineError, match=r"the disk is full"):
        read(folder)

    assert list((tmp_path / "data-out").iterdir()) == []


def test_a_file_of_unknown_kind_needs_a_declaration(tmp_path):
    folder = write(tmp_path / "data", events_dat=EVENTS)

    with pytest.raises(ConfigError, match=r"cannot tell from the ending '.dat' how to read it"):
        check_files(config(events={"files": "events.dat"}), folder)
    read(folder, config(events={"files": "events.dat", "kind": "csv"}))
    assert len(clean(folder)) == 3


def test_clean_tables_have_every_contract_column_and_its_type(tmp_path):
    folder = write(tmp_path / "data", users_csv="user_id,account_id,is_admin\nU1,A1,yes\n")

    read(folder, config(users={"files": "users.csv"}))

    types = {name: str(kind) for name, kind in clean(folder, "accounts").dtypes.items()}
    assert types == {
        "account_id": "str", "signed_up_at": "datetime64[us, UTC]", "name": "str",
        "industry": "str", "region": "str", "employees": "float64", "plan": "str", "csm": "str",
        "mrr": "float64", "renewal_on": "datetime64[us]", "seats": "float64",
        "storage_gb_limit": "float64", "api_calls_limit": "float64", "opted_out": "object",
        "claimed_churned": "object",
    }  # fmt: skip
    described = duckdb.sql(
        f"DESCRIBE FROM read_parquet('{tmp_path}/data-out/users.parquet')"
    ).fetchall()
    assert [row[:2] for row in described] == [
        ("user_id", "VARCHAR"), ("account_id", "VARCHAR"), ("role", "VARCHAR"),
        ("department", "VARCHAR"), ("created_at", "TIMESTAMP WITH TIME ZONE"),
        ("deactivated_at", "TIMESTAMP WITH TIME ZONE"), ("is_admin", "BOOLEAN"),
        ("is_champion", "BOOLEAN"),
    ]  # fmt: skip


def test_the_number_of_threads_changes_nothing(tmp_path):
    lines = [f"A{n % 3 + 1},e{n % 9},2024-03-01T{n % 24:02}:00:{n % 60:02}Z" for n in range(40_000)]
    folder = write(
        tmp_path / "data", events_csv="account_id,event,occurred_at\n" + "\n".join(lines)
    )
    seen = []
    for threads in (1, 2):
        reading = read(folder, config(**ANY), threads=threads)
        raw = (tmp_path / "data-out" / "events.parquet").read_bytes()
        seen.append((raw, reading.reconciliation.to_csv(), reading.quarantine.to_csv()))

    assert seen[0] == seen[1]


def test_fault_A31_a_parquet_file_damaged_in_the_middle_is_named(tmp_path):
    folder = write(tmp_path / "data")
    frame = pd.DataFrame({"account_id": "A1", "event": [f"e{n}" for n in range(20_000)],
                          "occurred_at": pd.Timestamp("2024-03-01")})  # fmt: skip
    frame.to_parquet(folder / "events.parquet")
    raw = bytearray((folder / "events.parquet").read_bytes())
    for at in range(5_000, 5_200):
        raw[at] ^= 0xFF
    (folder / "events.parquet").write_bytes(raw)

    with pytest.raises(InputError, match=r"sources.events: events.parquet is damaged: ") as error:
        read(folder, config(events={"files": "events.parquet"}))
    assert str(tmp_path) not in str(error.value)


def test_fault_A28_an_input_that_changes_while_it_is_read_is_noticed(tmp_path, monkeypatch):
    folder = write(tmp_path / "data")
    original = csv_fast._FastReader.load

    def appending(self, session, names):
        with (folder / "events.csv").open("a") as stream:
            stream.write("A1,late,2024-03-01\n")
        return original(self, session, names)

    monkeypatch.setattr(csv_fast._FastReader, "load", appending)

    with pytest.raises(MachineError, match=r"events.csv changed while it was read"):
        read(folder)
