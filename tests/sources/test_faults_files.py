"""Files that are missing, empty, broken or written in another way: one test a fault."""

import datetime as dt
import gzip
import hashlib
import json
import os
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.config import load_config
from helpers.errors import ConfigError, InputError
from helpers.sources import check_files, plain
from tests.sources.made import (
    ACCOUNTS,
    EVENTS,
    LENIENT,
    clean,
    config,
    counts,
    out_of,
    read,
    reasons,
    rules,
    write,
)


def test_fault_A01_all_missing_files_are_named_at_once(tmp_path):
    (tmp_path / "data").mkdir()

    with pytest.raises(InputError) as error:
        check_files(config(tickets={"files": "support/*.csv"}), tmp_path / "data")

    assert str(error.value).splitlines()[:3] == [
        "data files: 2 problems:",
        "  sources.accounts.files: file not found: accounts.csv",
        "  sources.events.files: file not found: events.csv",
    ]
    assert "say with --data where they start" in str(error.value)


def test_fault_A01_the_line_of_the_configuration_is_named(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "version: 1\ncompany: {name: Test, currency: EUR}\nsources:\n"
        "  accounts:\n    files: crm.csv\n"
        "  events:\n    - files: one.csv\n    - files: [two.csv]\n"
    )
    (tmp_path / "data").mkdir()

    with pytest.raises(InputError) as error:
        check_files(load_config(path), tmp_path / "data", config_path=path)

    assert str(error.value).splitlines()[1:4] == [
        "  sources.accounts.files: file not found: crm.csv; expected by line 5 of mine.yaml",
        "  sources.events.0.files: file not found: one.csv; expected by line 7 of mine.yaml",
        "  sources.events.1.files: file not found: two.csv; expected by line 8 of mine.yaml",
    ]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("read_csv('/etc/passwd')", "is not allowed"),
        ("CASE WHEN a = 1 THEN", "not an SQL expression"),
        ("a +", "not an SQL expression"),
    ],
)
def test_an_expression_is_refused_with_its_line_before_any_file_is_looked_for(tmp_path, sql, words):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "version: 1\ncompany: {name: Test, currency: EUR}\nsources:\n"
        "  accounts: {files: crm.csv}\n  events:\n    files: one.csv\n    columns:\n"
        f'      event: {{sql: "{sql}"}}\n'
    )

    with pytest.raises(ConfigError) as error:
        check_files(load_config(path), tmp_path, config_path=path)

    assert str(error.value).startswith("line 8 of mine.yaml: sources.events.columns.event.sql: ")
    assert words in str(error.value)


def test_fault_A02_an_optional_file_that_is_missing_leaves_the_table_absent(tmp_path):
    folder = write(tmp_path / "data")
    stale = out_of(folder) / "tickets.parquet"
    stale.parent.mkdir()
    stale.write_bytes(b"of an earlier reading")

    reading = read(folder, config(tickets={"files": "tickets.csv"}))

    state = reading.sources.set_index("table")["state"]
    assert state["tickets"] == "absent"
    assert state["events"] == "present"
    assert not stale.exists()
    assert rules(reading, "tickets") == {"file not found: table left out": 0}
    assert "tickets" not in reading.reconciliation["table"].tolist()


def test_fault_A02_a_part_of_an_optional_table_that_is_missing_is_an_error(tmp_path):
    folder = write(tmp_path / "data", tickets_csv="ticket_id,account_id,opened_at\n")
    both = [{"files": "tickets.csv"}, {"files": "older.csv"}]

    with pytest.raises(InputError, match=r"sources.tickets.1.files: file not found: older.csv"):
        check_files(config(tickets=both), folder)


def test_fault_A03_an_empty_file_is_an_error(tmp_path):
    folder = write(tmp_path / "data", events_csv="")

    with pytest.raises(InputError, match=r"events.csv: file is empty \(0 bytes\)"):
        read(folder)


def test_fault_A04_a_required_table_without_rows_is_an_error(tmp_path):
    folder = write(tmp_path / "data", events_csv="account_id,event,occurred_at\n")

    with pytest.raises(InputError, match=r"events: 0 data rows in events.csv; expected at least"):
        read(folder)


def test_fault_A04_an_optional_table_without_rows_is_empty_not_absent(tmp_path):
    folder = write(tmp_path / "data", tickets_csv="ticket_id,account_id,opened_at\n")

    reading = read(folder, config(tickets={"files": "tickets.csv"}))

    assert reading.sources.set_index("table").loc["tickets", "state"] == "empty"
    assert rules(reading, "tickets") == {"header only: 0 data rows": 0}
    assert len(clean(folder, "tickets")) == 0
    assert list(clean(folder, "tickets").columns)[:2] == ["ticket_id", "account_id"]


@pytest.mark.parametrize(
    "text",
    [
        "account_id;signed_up_at\nA1;2024-01-01\n",
        # a decimal comma: split at commas, every row has two fields, and one of them is "5;pro"
        "account_id;signed_up_at;mrr;plan\nA1;2024-01-01;50,5;pro\nA2;2024-01-02;70,5;pro\n",
    ],
)
def test_fault_A05_another_delimiter_is_named_not_guessed(tmp_path, text):
    folder = write(tmp_path / "data", accounts_csv=text)

    with pytest.raises(InputError) as error:
        read(folder)

    assert "accounts.csv: header seems to use ';', configured ','" in str(error.value)
    assert 'Set sources.accounts.delimiter: ";"' in str(error.value)


def test_fault_A06_a_byte_order_mark_changes_nothing_but_is_noted(tmp_path):
    plain = write(tmp_path / "plain", accounts_csv=ACCOUNTS.replace("account_id", '"account_id"'))
    marked = write(
        tmp_path / "marked",
        accounts_csv=b"\xef\xbb\xbf" + ACCOUNTS.replace("account_id", '"account_id"').encode(),
    )

    assert "byte order mark before the header" not in rules(read(plain), "accounts")
    assert "byte order mark before the header" in rules(read(marked), "accounts")
    assert clean(plain, "accounts").equals(clean(marked, "accounts"))


@pytest.mark.parametrize("order", ["le", "be"])
def test_fault_A07_utf16_with_a_mark_is_read(tmp_path, order):
    mark = {"le": b"\xff\xfe", "be": b"\xfe\xff"}[order]
    text = ACCOUNTS.replace("Acme", "Äcme")
    folder = write(tmp_path / "data", accounts_csv=mark + text.encode(f"utf-16-{order}"))

    read(folder)

    assert clean(folder, "accounts")["name"].tolist() == ["Äcme", "Bolt"]


@pytest.mark.parametrize("order", ["le", "be"])
def test_fault_A07_utf16_without_a_mark_is_an_error_until_declared(tmp_path, order):
    folder = write(tmp_path / "data", accounts_csv=ACCOUNTS.encode(f"utf-16-{order}"))

    with pytest.raises(InputError, match=r"accounts.csv: looks like UTF-16 without"):
        read(folder)

    declared = config(accounts={"files": "accounts.csv", "encoding": f"utf-16-{order}"})
    assert counts(read(folder, declared), "accounts")["rows_kept"] == 2


@pytest.mark.parametrize("line", [1, 2, 3, 200_000])
def test_fault_A08_a_byte_that_is_not_utf8_is_named_with_its_line(tmp_path, line):
    lines = ["account_id,signed_up_at,name", *(f"A{n},2024-01-01,x" for n in range(2, 200_001))]
    raw = [text.encode() for text in lines]
    raw[line - 1] += b"\xe9"
    folder = write(tmp_path / "data", accounts_csv=b"\n".join(raw))

    with pytest.raises(InputError) as error:
        read(folder)

    assert f"accounts.csv: line {line}: byte 0xe9 is not valid utf-8" in str(error.value)
    assert "Declare sources.accounts.encoding (cp1252" in str(error.value)


def test_fault_A08_the_declared_encoding_is_used(tmp_path):
    folder = write(
        tmp_path / "data", accounts_csv=ACCOUNTS.replace("Bolt", "Bölt").encode("cp1252")
    )

    read(folder, config(accounts={"files": "accounts.csv", "encoding": "cp1252"}))

    assert clean(folder, "accounts")["name"].tolist() == ["Acme", "Bölt"]


def test_fault_A08_an_unknown_encoding_is_a_configuration_error(tmp_path):
    folder = write(tmp_path / "data")

    with pytest.raises(ConfigError, match=r"sources.accounts.encoding: 'klingon' is not an"):
        read(folder, config(accounts={"files": "accounts.csv", "encoding": "klingon"}))


def test_fault_A09_a_bad_byte_costs_one_line_where_that_is_declared(tmp_path):
    folder = write(tmp_path / "data", events_csv=EVENTS.replace("export", "exp\udcffrt").encode(
        "utf-8", "surrogateescape"))  # fmt: skip
    lenient = config(
        events={"files": "events.csv", "on_bad_bytes": "quarantine"},
        max_quarantine_share={"events": 0.5},
    )

    reading = read(folder, lenient)

    assert reasons(reading) == {"bad_byte": 1}
    assert reading.quarantine["row"].tolist() == [4]
    assert len(clean(folder)) == 2


def test_fault_A10_a_nul_byte_costs_one_line(tmp_path):
    folder = write(tmp_path / "data", events_csv=EVENTS.replace("A2,login", "A2,lo\0gin"))

    reading = read(folder, config(max_quarantine_share={"events": 0.5}))

    assert reasons(reading) == {"nul_byte": 1}
    assert reading.quarantine["row"].tolist() == [3]
    assert clean(folder)["event"].tolist() == ["login", "export"]


def test_fault_A11_duplicated_columns_are_an_error(tmp_path):
    folder = write(
        tmp_path / "data", accounts_csv="account_id,signed_up_at,mrr,mrr\nA1,2024-01-01,1,2\n"
    )

    with pytest.raises(InputError, match=r"accounts.csv: duplicated column\(s\) \['mrr'\]"):
        read(folder)


def test_fault_A12_a_header_that_differs_in_case_or_blanks_is_never_matched_in_silence(tmp_path):
    folder = write(tmp_path / "data", accounts_csv=ACCOUNTS.replace("account_id", "Account_ID "))

    with pytest.raises(InputError) as error:
        read(folder)

    assert "sources.accounts.columns.account_id: required" in str(error.value)
    assert "Did you mean 'Account_ID '?" in str(error.value)

    mapped = {"files": "accounts.csv", "columns": {"account_id": "Account_ID "}}
    assert counts(read(folder, config(accounts=mapped)), "accounts")["rows_kept"] == 2


def test_fault_A13_all_missing_columns_of_all_tables_are_listed(tmp_path):
    folder = write(
        tmp_path / "data",
        accounts_csv="acount_id,name\nA1,x\n",
        events_csv="account_id,action,occurred_at\nA1,login,2024-03-01\n",
    )

    with pytest.raises(InputError) as error:
        read(folder)

    text = str(error.value)
    assert "accounts.csv has no such column. Did you mean 'acount_id'?" in text
    assert "Found: ['acount_id', 'name']" in text
    assert "sources.accounts.columns.signed_up_at: required" in text
    assert "sources.events.columns.event: required" in text


def test_fault_A13_a_mapped_column_that_is_not_there_is_an_error_too(tmp_path):
    folder = write(tmp_path / "data")
    mapped = {"files": "accounts.csv", "columns": {"plan": "nmae"}}

    with pytest.raises(
        InputError, match=r"columns.plan: column 'nmae' is not in accounts.csv. Did"
    ):
        read(folder, config(accounts=mapped))


def test_fault_A14_extra_columns_are_noted_and_reach_no_artefact(tmp_path):
    canary = "4111-1111-1111-1111"
    rows = EVENTS.splitlines()
    text = "\n".join([rows[0] + ",card", *(f"{row},{canary}" for row in rows[1:]), "A1,x"]) + "\n"
    text += f"ZZ,login,2024-03-01,{canary}\n,login,2024-03-01,{canary}\n"
    folder = write(tmp_path / "data", events_csv=text)

    reading = read(folder, config(thresholds=LENIENT))

    assert reasons(reading) == {"missing account_id": 1, "orphan": 1, "too_few_fields(2<4)": 1}
    issue = reading.issues.set_index("rule").loc["column(s) in the file not used and not loaded"]
    assert issue["example"] == "events.csv: card"
    for frame in (reading.quarantine, reading.issues, reading.sources, clean(folder)):
        assert canary not in frame.to_csv()


def test_fault_A15_columns_map_by_name_in_every_file(tmp_path):
    head, *rows = EVENTS.splitlines()
    swapped = [",".join(reversed(line.split(","))) for line in (head, rows[2])]
    folder = write(tmp_path / "data", events_csv=EVENTS, first_csv="\n".join([head, *rows[:2]]),
                   second_csv="\n".join(swapped))  # fmt: skip
    read(folder)
    together = clean(folder)

    split = {"files": ["first.csv", "second.csv"], "completeness": "assumed"}
    read(folder, config(events=split))

    assert clean(folder).equals(together)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("A1,login,2024-03-01,extra", "too_many_fields(4>3)"),  # A16
        ("A1,login,2024-03-01,", "too_many_fields(4>3)"),  # A17 on one line
        ("A1,login", "too_few_fields(2<3)"),  # A18
        ('A1,"login,2024-03-01', "stray_quote"),  # A19
        ('A1,lo"gin,2024-03-01', "stray_quote"),  # A19
        ('A1,"lo"gin,2024-03-01', "stray_quote"),  # A19
        (",,", "missing account_id"),  # A23
    ],
)
def test_fault_A16_A19_one_bad_line_costs_one_line(tmp_path, line, reason):
    head, *rows = EVENTS.splitlines()
    folder = write(tmp_path / "data", events_csv="\n".join([head, rows[0], line, *rows[1:], ""]))

    reading = read(folder, config(thresholds=LENIENT))

    assert reasons(reading) == {reason: 1}
    assert reading.quarantine["row"].tolist() == [3]
    assert counts(reading)["rows_kept"] == 3


def test_fault_A19_damaged_files_of_one_name_do_not_stand_in_for_each_other(tmp_path):
    head, *rows = EVENTS.splitlines()
    folder = write(tmp_path / "data")
    for place, row in (("may", rows[0]), ("june", rows[1].replace("login", "export"))):
        (folder / place).mkdir()
        (folder / place / "log.csv").write_text(f'{head}\n{row}\nA1,"oh,2024\n', encoding="utf-8")
    both = {"files": ["may/log.csv", "june/log.csv"], "completeness": "assumed"}
    users = {"files": "may/log.csv", "columns": {"user_id": "event"}}  # the same file, two columns

    company = config(events=both, users=users, max_quarantine_share={"events": 0.5, "users": 0.5})
    reading = read(folder, company)

    assert reasons(reading) == {"stray_quote": 2}
    assert clean(folder)["event"].tolist() == ["login", "export"]
    assert clean(folder, "users")["user_id"].tolist() == ["login"]


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_fault_A18_short_rows_cost_themselves_and_nobody_else(n_fields):
    fields = ["A1", "login", "2024-03-01T08:00:00Z", "u1"]
    lines = [",".join(fields[: n + 1]) for n in n_fields]
    head = "account_id,event,occurred_at,user_id"
    with tempfile.TemporaryDirectory() as name:
        text = "\n".join([head, *lines, ""])
        folder = write(Path(name) / "data", events_csv=text)
        short = [n for n in n_fields if n < 3]
        if len(short) == len(n_fields):
            return
        reading = read(folder, config(thresholds=LENIENT))
        found = reading.quarantine.sort_values("row")
        expected = [(i + 2, f"too_few_fields({n + 1}<4)") for i, n in enumerate(n_fields) if n < 3]
        assert list(zip(found["row"], found["reason"], strict=True)) == expected
        kept = counts(reading)["rows_kept"] + counts(reading)["rows_duplicate"]
        assert kept == len(n_fields) - len(short)


def test_fault_A17_a_delimiter_at_the_end_of_every_row_is_an_error(tmp_path):
    head, *rows = EVENTS.splitlines()
    folder = write(tmp_path / "data", events_csv="\n".join([head, *(row + "," for row in rows)]))

    with pytest.raises(
        InputError, match=r"too_many_fields\(4>3\): 3 row\(s\), e.g. events.csv line 2"
    ):
        read(folder)


def test_fault_A20_quoted_line_ends_are_read_where_declared(tmp_path):
    text = (
        'ticket_id,account_id,opened_at,text\nT1,A1,2024-03-01,"a\nb\n""c"""\nT2,A2,2024-03-01,d\n'
    )
    folder = write(tmp_path / "data", tickets_csv=text)
    strict = config(tickets={"files": "tickets.csv"}, max_quarantine_share={"tickets": 0.9})

    assert reasons(read(folder, strict), "tickets") == {"stray_quote": 2, "too_few_fields(1<4)": 1}

    read(folder, config(tickets={"files": "tickets.csv", "multiline": True}))
    assert clean(folder, "tickets")["text"].tolist() == ['a\nb\n"c"', "d"]


def test_fault_A21_a_last_line_without_end_is_noted_and_a_sidecar_proves_it(tmp_path):
    folder = write(tmp_path / "data", events_csv=EVENTS.rstrip("\n"))

    assert "last line has no line end" in rules(read(folder))

    (folder / "events.csv.sha256").write_text(hashlib.sha256(EVENTS.encode()).hexdigest())
    with pytest.raises(InputError, match=r"events.csv differs from events.csv.sha256"):
        read(folder)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_fault_A22_line_ends_make_no_difference(tmp_path, end):
    folder = write(tmp_path / "data", events_csv=EVENTS.replace("\n", end))

    reading = read(folder)

    assert clean(folder)["event"].tolist() == ["login", "export", "login"]
    assert reasons(reading) == {}


def test_fault_A23_blank_lines_are_no_rows(tmp_path):
    head, *rows = EVENTS.splitlines()
    text = "\n".join([head, "", rows[0], "", "A9", *rows[1:], "", "", ""])
    folder = write(tmp_path / "data", events_csv=text)

    reading = read(folder, config(thresholds=LENIENT))

    assert counts(reading)["rows_source"] == 4
    assert reading.quarantine["row"].tolist() == [5]


def test_fault_A24_a_banner_above_the_header_is_pointed_out(tmp_path):
    folder = write(tmp_path / "data", events_csv="Usage report\n" + EVENTS)

    with pytest.raises(InputError, match=r"set sources.events.skip_lines"):
        read(folder)

    reading = read(folder, config(events={"files": "events.csv", "skip_lines": 1}))
    assert counts(reading)["rows_kept"] == 3


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", "zst"])
def test_compressed_files_are_read_and_hashed_as_delivered(tmp_path, ending):
    import bz2
    import lzma

    import pyarrow as pa

    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress,
            "zst": lambda raw: pa.compress(raw, "zstd", asbytes=True)}[ending]  # fmt: skip
    folder = write(tmp_path / "data")
    name = f"events.csv.{ending}"
    (folder / name).write_bytes(pack(EVENTS.encode()))

    reading = read(folder, config(events={"files": name}))

    row = reading.sources.set_index("file").loc[name]
    assert row["sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert counts(reading)["rows_kept"] == 3


def test_fault_A26_a_compression_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(plain, "BOMB_BYTES", 1 << 22)
    folder = write(tmp_path / "data")
    packed = gzip.compress(EVENTS.encode() + b"A1,login,2024-03-01\n" * 500_000)
    (folder / "bomb.csv.gz").write_bytes(packed)

    with pytest.raises(
        InputError, match=r"bomb.csv.gz: .* looks like a damaged or hostile archive"
    ):
        read(folder, config(events={"files": "bomb.csv.gz"}))


def test_fault_A26_a_cut_off_archive_is_an_error(tmp_path):
    folder = write(tmp_path / "data")
    packed = gzip.compress((EVENTS * 100).encode())
    (folder / "events.csv.gz").write_bytes(packed[: len(packed) // 2])

    with pytest.raises(InputError, match=r"events.csv.gz: damaged or cut-off archive"):
        read(folder, config(events={"files": "events.csv.gz"}))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("https://example.org/events.csv", "is a URL"),
        ("file:///etc/passwd", "is a URL"),
        ("/etc/passwd", "leaves the data folder"),
        ("../secret.csv", "leaves the data folder"),
        ("link.csv", "leads out of the data folder by a link"),
        ("pipe.csv", "is not a regular file"),
        ("sub", "is a folder"),
    ],
)
def test_fault_A27_only_regular_files_below_the_data_folder_are_read(tmp_path, path, words):
    folder = write(tmp_path / "data")
    (tmp_path / "secret.csv").write_text(EVENTS)
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "sub").mkdir()
    os.mkfifo(folder / "pipe.csv")

    with pytest.raises(ConfigError, match=words):
        check_files(config(events={"files": path}), folder)


def test_fault_A27_a_device_is_refused(tmp_path):
    folder = write(tmp_path / "data")
    (folder / "null.csv").symlink_to("/dev/null")

    with pytest.raises(ConfigError, match=r"leads out of the data folder"):
        check_files(config(events={"files": "null.csv"}), folder)


def test_fault_A29_spreadsheets_are_refused_with_advice(tmp_path):
    folder = write(tmp_path / "data")
    (folder / "events.xlsx").write_bytes(b"PK")

    with pytest.raises(ConfigError, match=r"spreadsheets are not read.*Save each sheet as CSV"):
        check_files(config(events={"files": "events.xlsx"}), folder)


def test_fault_A30_a_file_delivered_twice_counts_once(tmp_path):
    folder = write(tmp_path / "data", again_csv=EVENTS)
    twice = {"files": ["events.csv", "again.csv"], "completeness": "assumed"}

    reading = read(folder, config(events=twice))

    assert counts(reading)["rows_source"] == 3
    issue = reading.issues.set_index("rule").loc["file delivered twice, second one skipped"]
    assert issue["example"] == "again.csv equals events.csv"


def test_fault_A30_the_same_file_under_two_mappings_is_no_repetition(tmp_path):
    folder = write(tmp_path / "data")
    errors = {"files": "events.csv", "columns": {"event": {"constant": "error"}}}

    reading = read(folder, config(events=[{"files": "events.csv"}, errors]))

    assert counts(reading)["rows_kept"] == 6


def test_fault_A31_a_parquet_file_without_its_end_is_an_error(tmp_path):
    folder = write(tmp_path / "data")
    pd.DataFrame({"account_id": ["A1"]}).to_parquet(folder / "events.parquet")
    raw = (folder / "events.parquet").read_bytes()
    (folder / "events.parquet").write_bytes(raw[:-20])

    with pytest.raises(InputError, match=r"events.parquet: not a complete Parquet file \(\d"):
        read(folder, config(events={"files": "events.parquet"}))


def parts(folder, *, manifest=True):
    folder = write(folder)
    rows = [line.split(",") for line in EVENTS.splitlines()]
    listed = []
    for index, row in enumerate(rows[1:]):
        path = folder / f"part-{index}.parquet"
        pd.DataFrame([row], columns=rows[0]).to_parquet(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        listed.append({"name": path.name, "rows": 1, "sha256": digest})
    if manifest:
        (folder / "_manifest.json").write_text(json.dumps({"files": listed}))
    return folder


PARTS = config(events={"files": "part-*.parquet"})


def test_fault_A32_several_files_need_proof_that_they_are_all(tmp_path):
    folder = parts(tmp_path / "data", manifest=False)

    with pytest.raises(
        InputError, match=r"3 file\(s\), e.g. part-0.parquet, without _manifest.json"
    ):
        check_files(PARTS, folder)

    (folder / "_SUCCESS").touch()
    assert sorted(check_files(PARTS, folder)) == [
        "accounts.csv", "part-0.parquet", "part-1.parquet", "part-2.parquet",
    ]  # fmt: skip


def test_fault_A32_a_manifest_that_agrees_lets_the_parts_in(tmp_path):
    folder = parts(tmp_path / "data")

    assert counts(read(folder, PARTS))["rows_kept"] == 3


def test_fault_A32_a_missing_part_is_an_error(tmp_path):
    folder = parts(tmp_path / "data")
    (folder / "part-1.parquet").unlink()

    with pytest.raises(InputError, match=r"lists part-1.parquet, which is not there"):
        check_files(PARTS, folder)


def test_fault_A32_an_unlisted_or_altered_part_is_an_error(tmp_path):
    folder = parts(tmp_path / "data")
    frame = pd.read_parquet(folder / "part-1.parquet")
    frame.to_parquet(folder / "part-9.parquet")
    pd.concat([frame, frame]).to_parquet(folder / "part-1.parquet")

    with pytest.raises(InputError) as error:
        check_files(PARTS, folder)

    assert "part-1.parquet differs from its sha256" in str(error.value)
    assert "part-9.parquet is there, but _manifest.json does not list it" in str(error.value)


def test_fault_A32_rows_are_compared_with_the_manifest(tmp_path):
    folder = parts(tmp_path / "data")
    content = json.loads((folder / "_manifest.json").read_text())
    content["files"][1]["rows"] = 7
    (folder / "_manifest.json").write_text(json.dumps(content))

    with pytest.raises(InputError, match=r"part-1.parquet: 1 rows, but its manifest promises 7"):
        read(folder, PARTS)


def test_fault_A33_a_column_that_appears_later_is_kept_and_noted(tmp_path):
    folder = write(
        tmp_path / "data",
        old_csv="account_id,event,occurred_at\nA1,login,2024-03-01\n",
        new_csv="account_id,event,occurred_at,feature\nA2,login,2024-03-02,boards\n",
    )
    both = {"files": ["old.csv", "new.csv"], "completeness": "assumed"}

    reading = read(folder, config(events=both), as_of=dt.date(2024, 3, 3))

    assert clean(folder)["feature"].isna().tolist() == [True, False]
    assert "column missing in some files of the source" in rules(reading)


def test_fault_A33_a_mapped_column_must_be_in_every_file(tmp_path):
    folder = write(
        tmp_path / "data",
        old_csv="account_id,event,occurred_at\nA1,login,2024-03-01\n",
        new_csv="account_id,event,occurred_at,area\nA2,login,2024-03-02,boards\n",
    )
    both = {"files": ["old.csv", "new.csv"], "completeness": "assumed",
            "columns": {"feature": "area"}}  # fmt: skip

    with pytest.raises(InputError, match=r"column 'area' is missing in \['old.csv'\]"):
        read(folder, config(events=both))
