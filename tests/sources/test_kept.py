"""Rows kept of files that were read before change the work, never the result."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from helpers.errors import MachineError
from helpers.sources import by_file, csv_fast, kept
from helpers.sources.by_file import DAMAGED
from tests.sources.made import config, out_of, read, reasons, write

DAYS = {"files": "events-*.csv", "completeness": "assumed", "where": "event <> 'ping'"}
LENIENT = {"thresholds": {"max_orphan_share": 0.5}, "max_quarantine_share": {"events": 0.9}}
COMPANY = config(events=DAYS, **LENIENT)


def day(number: int, *more: str) -> str:
    """A day's file: two events, one repeated in the next file, one of nobody, one left out."""
    at = f"2024-03-0{number}T"
    rows = [
        f"A1,login,{at}08:00:00Z,u1,{number}",
        f"a2 ,export,{at}09:00:00+01:00,u2,2.5",
        f"A1,login,2024-03-0{number + 1}T08:00:00Z,u1,{number + 1}",
        f"Z9,login,{at}10:00:00Z,u9,",
        f"A1,ping,{at}10:00:00Z,u1,",
        f"A1,export,yesterday,u1,{number}",
        *more,
    ]
    return "\n".join(["account_id,event,occurred_at,user_id,value", *rows]) + "\n"


def export(folder: Path, days: int) -> Path:
    files = {f"events-{n}_csv": day(n) for n in range(1, days + 1)}
    return write(folder, **{**files, "events-1_csv": day(1, 'A1,"ex,port",2024-03-01,u1,1,2,3')})


def outcome(folder: Path, **given: Any) -> tuple[dict[str, bytes], list[pd.DataFrame]]:
    """Everything a reading says and writes."""
    reading = read(folder, COMPANY, **given)
    written = {path.name: path.read_bytes() for path in sorted(out_of(folder).glob("*.parquet"))}
    told = [reading.reconciliation, reading.quarantine, reading.issues, reading.sources]
    return written, told


def same(one: tuple[Any, Any], other: tuple[Any, Any]) -> None:
    assert one[0] == other[0]
    for left, right in zip(one[1], other[1], strict=True):
        assert_frame_equal(left, right)


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose rows are parsed, in order; those opened for a look at their header too."""
    seen: list[str] = []
    real = csv_fast._FastReader.load

    def load(self: Any, session: Any, names: Any) -> Any:
        seen.append(self.name)
        return real(self, session, names)

    monkeypatch.setattr(csv_fast._FastReader, "load", load)
    return seen


def kept_in(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def test_with_and_without_kept_rows_every_byte_is_the_same(tmp_path):
    folder = export(tmp_path / "in", 3)
    plain = outcome(folder)
    first = outcome(folder, kept_folder=kept_in(tmp_path))
    again = outcome(folder, kept_folder=kept_in(tmp_path))
    same(plain, first)
    same(plain, again)
    reading = read(folder, COMPANY)
    assert reasons(reading)["bad_timestamp"] == 3  # the company is as awkward as it looks
    assert {"orphan", "future", "too_many_fields(7>5)"} <= set(reasons(reading))
    counts = reading.reconciliation.set_index("table").loc["events"]
    assert (counts["rows_filtered"], counts["rows_duplicate"]) == (3, 2)


def test_one_more_day_costs_the_reading_of_its_file_only(tmp_path, loads):
    quiet = config(events=DAYS)
    rows = "account_id,event,occurred_at\nA1,login,2024-03-0{n}T08:00:00Z\n"
    days = {f"events-{n}_csv": rows.format(n=n) for n in (1, 2)}
    folder = write(tmp_path / "in", **days)
    read(folder, quiet, kept_folder=kept_in(tmp_path))
    assert [name for name in loads if name.startswith("events-")] == [
        "events-1.csv",
        "events-2.csv",
    ]
    loads.clear()
    write(folder, **days, **{"events-3_csv": rows.format(n=3)})
    reading = read(folder, quiet, kept_folder=kept_in(tmp_path))
    assert [name for name in loads if name.startswith("events-")] == ["events-3.csv"]
    assert reading.reconciliation.set_index("table").loc["events", "rows_in"] == 3


def test_a_file_that_changes_or_goes_is_noticed(tmp_path):
    folder = export(tmp_path / "in", 3)
    outcome(folder, kept_folder=kept_in(tmp_path))
    second, third = folder / "events-2.csv", folder / "events-3.csv"
    text = second.read_text().replace("2.5", "3.5")
    second.write_text(third.read_text())  # two contents change places, one altered by a digit
    third.write_text(text)
    same(outcome(folder), outcome(folder, kept_folder=kept_in(tmp_path)))
    third.rename(folder / "events-0.csv")
    second.unlink()
    same(outcome(folder), outcome(folder, kept_folder=kept_in(tmp_path)))


@pytest.mark.parametrize(
    "settings",
    [
        {"where": "event <> 'export'"},
        {"nulls": ["2.5"], "columns": {"value": {"from": "value", "number": {"divide_by": 10.0}}}},
    ],
)
def test_another_mapping_takes_nothing_from_before(tmp_path, settings):
    folder = export(tmp_path / "in", 2)
    outcome(folder, kept_folder=kept_in(tmp_path))
    changed = config(events={**DAYS, **settings}, **LENIENT)
    plain = read(folder, changed)
    expected = (out_of(folder) / "events.parquet").read_bytes()
    stored = read(folder, changed, kept_folder=kept_in(tmp_path))
    assert (out_of(folder) / "events.parquet").read_bytes() == expected
    assert_frame_equal(plain.quarantine, stored.quarantine)


def test_damaged_rows_are_ignored_and_said_to_be(tmp_path):
    folder = export(tmp_path / "in", 3)
    plain = outcome(folder, kept_folder=kept_in(tmp_path))
    rows = sorted(kept_in(tmp_path).glob("*.parquet"))
    assert len(rows) == 3
    content = bytearray(rows[0].read_bytes())
    content[len(content) // 2] ^= 1
    rows[0].write_bytes(bytes(content))
    rows[1].unlink()
    facts = next(p for p in kept_in(tmp_path).glob("*.json") if rows[2].name.startswith(p.stem))
    facts.write_text('{"sha256": 3')
    reading = read(folder, COMPANY, kept_folder=kept_in(tmp_path))
    mine = reading.issues[reading.issues["rule"] == DAMAGED]
    assert sorted(mine["example"]) == ["events-1.csv", "events-2.csv", "events-3.csv"]
    assert (out_of(folder) / "events.parquet").read_bytes() == plain[0]["events.parquet"]
    same(plain, outcome(folder, kept_folder=kept_in(tmp_path)))  # mended, and not said again


def test_rows_kept_by_other_code_or_another_duckdb_are_not_used(tmp_path, loads, monkeypatch):
    folder = export(tmp_path / "in", 2)
    outcome(folder, kept_folder=kept_in(tmp_path))
    for where, name, value in ((kept, "_code", lambda: "x"), (kept.duckdb, "__version__", "0")):
        loads.clear()
        monkeypatch.setattr(where, name, value)
        outcome(folder, kept_folder=kept_in(tmp_path))
        assert {"events-1.csv", "events-2.csv"} <= set(loads)


def test_fault_A28_a_file_that_changes_while_it_is_read_is_not_kept(tmp_path, monkeypatch):
    folder = export(tmp_path / "in", 2)
    real = csv_fast._FastReader.load

    def load(self: Any, session: Any, names: Any) -> Any:
        loaded = real(self, session, names)
        if self.name == "events-2.csv":
            with (folder / self.name).open("a") as file:
                file.write("A1,login,2024-03-02T11:00:00Z,u1,1\n")
        return loaded

    monkeypatch.setattr(csv_fast._FastReader, "load", load)
    with pytest.raises(MachineError, match=r"events-2\.csv changed while it was read"):
        read(folder, COMPANY, kept_folder=kept_in(tmp_path))
    assert len(list(kept_in(tmp_path).glob("*.json"))) == 1  # of the first file


def test_nothing_is_kept_that_the_newest_reading_does_not_use(tmp_path):
    folder = export(tmp_path / "in", 3)
    outcome(folder, kept_folder=kept_in(tmp_path))
    before = {path.name for path in kept_in(tmp_path).iterdir()}
    (folder / "events-3.csv").unlink()
    outcome(folder, kept_folder=kept_in(tmp_path))
    after = {path.name for path in kept_in(tmp_path).iterdir()}
    assert after < before
    assert len(after) == 4  # two files: rows and facts


def test_sources_whose_rows_need_other_files_are_read_whole(tmp_path):
    folder = export(tmp_path / "in", 2)
    folded = {**DAYS, "group_by": ["account_id", "user_id"]}
    users = config(events=DAYS, users=folded, **LENIENT | {"max_quarantine_share": {
        "events": 0.9, "users": 0.9}})  # fmt: skip
    read(folder, users, kept_folder=kept_in(tmp_path))
    assert len(list(kept_in(tmp_path).glob("*.json"))) == 2  # the events of each file
    shutil.rmtree(kept_in(tmp_path))
    write(folder, **{"events-3_csv": day(3).replace("value", "amount")})
    outcome(folder, kept_folder=kept_in(tmp_path))
    assert not list(kept_in(tmp_path).iterdir())  # a column is missing in one file


def test_parquet_files_are_kept_too(tmp_path):
    folder = export(tmp_path / "in", 2)
    parts = config(events={"files": "part-*.parquet", "completeness": "assumed"})
    for number in (1, 2):
        at = pd.to_datetime([f"2024-03-0{number}T08:00:00.123456Z"] * 2)
        frame = pd.DataFrame({"account_id": ["A1", "A2"], "event": "login", "occurred_at": at,
                              "value": [0.1 + 0.2, None]})  # fmt: skip
        frame.to_parquet(folder / f"part-{number}.parquet")
    read(folder, parts)
    expected = (out_of(folder) / "events.parquet").read_bytes()
    for _ in range(2):
        read(folder, parts, kept_folder=kept_in(tmp_path))
        assert (out_of(folder) / "events.parquet").read_bytes() == expected
    assert len(list(kept_in(tmp_path).glob("*.parquet"))) == 2


def test_a_type_that_is_not_plain_never_reaches_sql():
    plain = by_file._PLAIN_TYPE.fullmatch
    assert all(map(plain, ("DECIMAL(18,3)", "TIMESTAMP WITH TIME ZONE", "VARCHAR")))
    assert not any(map(plain, ('STRUCT("a; DROP" INTEGER)', "ENUM('x')", "VARCHAR; DROP")))
