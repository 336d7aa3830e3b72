import csv
import datetime as dt
import io
import os
import unicodedata
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import pyarrow.csv as pa_csv
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.actions.exports import TRIGGERS, escape_cell, unescape_cell, write_csv
from helpers.errors import ContractError, ParameterError

ANY = st.text(st.characters(exclude_categories=[]))
STARTS = st.sampled_from(["", *TRIGGERS, "'", "''", " ", "  =", "\u00a0", '"', ",", "\ufeff", "é"])
TEXT = st.builds(str.__add__, STARTS, st.text(max_size=12))
once = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def plain(text):
    """What a human export keeps of a text: control characters are blanks."""
    return "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text)


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("start", [*TRIGGERS, "'"])
def test_fault_F01_every_trigger_gets_an_apostrophe_and_loses_it_again(start):
    assert escape_cell(f"{start}1+1") == f"'{start}1+1"
    assert unescape_cell(f"'{start}1+1") == f"{start}1+1"


@pytest.mark.parametrize("text", ["", "Acme", "O'Neill", "a=b", "1-2", "é", "日本"])
def test_other_texts_stay(text):
    assert escape_cell(text) == text
    assert unescape_cell(text) == text


def test_blanks_before_a_formula_do_not_hide_it():
    assert escape_cell("  =1+1") == "'  =1+1"
    assert escape_cell("\u00a0\u200b@sum") == "'\u00a0\u200b@sum"


@given(ANY | TEXT)
def test_fault_F01_unescaping_gives_every_text_back(text):
    escaped = escape_cell(text)

    assert unescape_cell(escaped) == text
    assert not escaped.lstrip(" ").startswith(TRIGGERS)


@given(ANY | TEXT)
def test_fault_J16_escaping_twice_is_undone_by_unescaping_twice(text):
    assert unescape_cell(unescape_cell(escape_cell(escape_cell(text)))) == text


def test_a_human_export_by_hand(tmp_path):
    frame = pd.DataFrame(
        {
            "name": ["=1+1", 'say "hi", you', None, ""],
            "mrr": [-5.5, 1200.0, np.nan, 0.1],
            "n": pd.array([-3, None, 7, 8], "Int64"),
            "won": [True, False, None, True],
            "due_on": pd.to_datetime(["2026-07-01", None, "2026-07-02", "2026-07-03"]),
            "tags": [["a", "=b"], ["=x"], [], None],
        }
    )

    written = write_csv(frame, tmp_path / "a.csv")

    assert (tmp_path / "a.csv").read_bytes().decode("utf-8") == (
        '\ufeff"name","mrr","n","won","due_on","tags"\r\n'
        '"\'=1+1",-5.5,-3,true,2026-07-01,"a; =b"\r\n'
        '"say ""hi"", you",1200,,false,,"\'=x"\r\n'
        ',,7,,2026-07-02,""\r\n'
        '"",0.1,8,true,2026-07-03,\r\n'
    )
    assert written.n_rows == 4
    assert written.rejected.empty


@once
@given(st.lists(TEXT, min_size=1, max_size=6))
def test_fault_F01_F03_a_human_export_reads_back_everywhere(tmp_path, texts):
    frame = pd.DataFrame({"n": range(len(texts)), "name": pd.Series(texts, dtype=object)})
    path = tmp_path / "a.csv"
    write_csv(frame, path)
    expected = [plain(text) for text in texts]

    by_csv = [row[1] for row in read(path)[1:]]
    by_pandas = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    by_arrow = pa_csv.read_csv(
        path, convert_options=pa_csv.ConvertOptions(column_types={"name": "string"})
    )
    by_duckdb = duckdb.sql(
        f"SELECT name FROM read_csv('{path}', header = true, delim = ',', quote = '\"',"
        " escape = '\"', all_varchar = true, null_padding = false, nullstr = 'no such text')"
        " ORDER BY CAST(n AS INTEGER)"
    ).fetchall()

    assert not any(cell.startswith(TRIGGERS) for cell in by_csv)
    for found in (
        by_csv,
        by_pandas["name"].tolist(),
        by_arrow["name"].to_pylist(),
        [row[0] for row in by_duckdb],
    ):
        assert [unescape_cell(cell or "") for cell in found] == expected


@once
@given(st.lists(st.text(max_size=12), min_size=1, max_size=6))
def test_fault_F03_a_machine_export_is_exact(tmp_path, texts):
    texts = [text.replace("\x00", "") for text in texts]
    frame = pd.DataFrame({"n": range(len(texts)), "name": pd.Series(texts, dtype=object)})
    path = tmp_path / "a.csv"

    write_csv(frame, path, profile="machine", allow=["name"])

    assert [row[1] for row in read(path)[1:]] == texts
    by_pandas = pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator=None)
    if not any("\r" in text for text in texts):  # pandas reads a bare CR as a line end
        assert by_pandas["name"].tolist() == texts
    by_arrow = pa_csv.read_csv(
        path,
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types={"name": "string"}, strings_can_be_null=False
        ),
    )
    assert by_arrow["name"].to_pylist() == texts


def test_fault_F03_pandas_itself_gains_a_row_from_a_bare_cr():
    frame = pd.DataFrame({"name": ["a\rb"], "n": [1]})
    own = frame.to_csv(index=False, lineterminator="\n")
    assert len(pd.read_csv(io.StringIO(own, newline=""))) == 2


def test_fault_F03_a_bare_cr_stays_in_its_row(tmp_path):
    frame = pd.DataFrame({"name": ["a\rb\x85c\u2028d\x00"], "n": [1]})
    write_csv(frame, tmp_path / "a.csv")
    assert read(tmp_path / "a.csv") == [["name", "n"], ["a b c d ", "1"]]


def test_fault_F01_a_machine_export_refuses_formulas(tmp_path):
    frame = pd.DataFrame({"name": ["Acme", "=cmd|x", "+49 30"], "phone": ["+49 30", "-", "@x"]})

    with pytest.raises(ContractError) as caught:
        write_csv(frame, tmp_path / "a.csv", profile="machine", allow=["phone"])

    assert str(caught.value).startswith("the export a.csv breaks 1 rules of its contract:")
    assert "name: no text that a spreadsheet could run" in str(caught.value)
    assert "2 rows are not, e.g. '=cmd|x'" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_fault_F01_or_leaves_their_rows_out_and_hands_them_back(tmp_path):
    frame = pd.DataFrame({"name": ["Acme", "=cmd|x", "O'Neill"], "mrr": [-1.0, 2.0, 3.0]})

    written = write_csv(frame, tmp_path / "a.csv", profile="machine", reject="leave out")

    assert (tmp_path / "a.csv").read_bytes() == b"name,mrr\r\nAcme,-1\r\nO'Neill,3\r\n"
    assert written.n_rows == 2
    assert written.rejected.to_dict("records") == [{"name": "=cmd|x", "mrr": 2.0}]


def test_a_heading_from_the_data_is_guarded_too(tmp_path):
    frame = pd.DataFrame({"=cmd": [1]})
    write_csv(frame, tmp_path / "a.csv")
    assert read(tmp_path / "a.csv")[0] == ["'=cmd"]
    with pytest.raises(ParameterError, match=r"headings \['=cmd'\] begin like a formula"):
        write_csv(frame, tmp_path / "b.csv", profile="machine")


def test_what_utf8_cannot_hold(tmp_path):
    frame = pd.DataFrame({"name": pd.Series(["a\ud800"], dtype=object)})
    write_csv(frame, tmp_path / "a.csv")
    assert read(tmp_path / "a.csv")[1] == ["a?"]
    with pytest.raises(ContractError, match="UTF-8 cannot hold"):
        write_csv(frame, tmp_path / "a.csv", profile="machine", allow=["name"])


@pytest.mark.parametrize("profile", ["human", "machine"])
def test_an_infinite_number_is_refused(tmp_path, profile):
    with pytest.raises(ContractError, match="ratio: finite numbers; 1 rows are not"):
        write_csv(pd.DataFrame({"ratio": [np.inf, 1.0]}), tmp_path / "a.csv", profile=profile)


def test_times_are_utc_and_numbers_keep_every_digit(tmp_path):
    frame = pd.DataFrame(
        {
            "at": [pd.Timestamp("2026-07-01 02:30:15", tz="Europe/Berlin")],
            "naive_at": [pd.Timestamp("2026-07-01 02:30:15")],
            "day": [dt.date(2026, 7, 1)],
            "x": [0.1 + 0.2],
            "big": [1e300],
            "cents": [Decimal("-10.50")],
        }
    )
    write_csv(frame, tmp_path / "a.csv", profile="machine")
    assert read(tmp_path / "a.csv")[1] == [
        *("2026-07-01T00:30:15Z", "2026-07-01T02:30:15", "2026-07-01"),
        *("0.30000000000000004", "1e+300", "-10.50"),
    ]


def test_a_lonely_missing_value_is_still_a_row(tmp_path):
    write_csv(pd.DataFrame({"name": ["a", None, "b"]}), tmp_path / "a.csv", profile="machine")
    assert len(pd.read_csv(tmp_path / "a.csv")) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"profile": "excel"}, "profile: expected 'human' or 'machine', got 'excel'"),
        ({"reject": "drop"}, "reject: expected"),
        ({"allow": ["nam"]}, "allow names the column 'nam'.*Did you mean 'name'"),
    ],
)
def test_a_wrong_option_is_an_error_in_words(tmp_path, options, message):
    with pytest.raises(ParameterError, match=message):
        write_csv(pd.DataFrame({"name": ["a"]}), tmp_path / "a.csv", **options)


def test_the_old_file_stays_when_the_disk_is_full(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    write_csv(pd.DataFrame({"n": [1]}), path)
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_csv(pd.DataFrame({"n": [2]}), path)

    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["a.csv"]


def test_the_same_table_gives_the_same_bytes(tmp_path):
    frame = pd.DataFrame({"tags": [frozenset("zyx")], "n": [1]})
    first = write_csv(frame, tmp_path / "a.csv")
    second = write_csv(frame.copy(), tmp_path / "b.csv")
    assert first.sha256 == second.sha256
    assert '"x; y; z",1' in (tmp_path / "a.csv").read_text(encoding="utf-8-sig")


def test_fault_F11_a_planted_link_is_replaced_and_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "a.csv").symlink_to(victim)

    write_csv(pd.DataFrame({"n": [1]}), tmp_path / "a.csv")

    assert victim.read_text() == "precious"
    assert not (tmp_path / "a.csv").is_symlink()
