"""The fast and the careful reader of text tables against a naive one, and against each other."""

import random
import string
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.config.sources import FileOptions
from helpers.sources import csv_fast
from helpers.sources.csv_fast import open_csv
from helpers.sources.csv_strict import MAX_FIELD, Grammar, read_strict
from helpers.sources.session import fill, open_session
from tests.sources import naive_csv


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("csv")
    with open_session(folder, folder) as opened:
        yield opened


def load(session, text, **options):
    """Read a text as a table; return rows, bad lines and which way was taken."""
    raw = text if isinstance(text, bytes) else text.encode()
    path = Path(tempfile.mkdtemp(dir=session.scratch)) / "file.csv"
    path.write_bytes(raw)
    file = open_csv(path, str(path), FileOptions(**options), scratch=session.scratch, key="k")
    names = list(file.columns)
    loaded = file.load(session, names)
    picked = ", ".join(f"c{n}" for n in range(len(names)))
    order = fill("SELECT * EXCLUDE (row), row FROM {r} ORDER BY row", r=loaded.relation)
    rows = session.connection.execute(
        f"SELECT row, {picked} FROM ({order}) ORDER BY row"
    ).fetchall()
    found = [(row[0], [cell or "" for cell in row[1:]]) for row in rows]
    bad = [(line.row, line.reason) for line in loaded.bad]
    assert len(found) == loaded.n_records
    return found, bad, "fast" if loaded.table else "careful"


CELLS = st.text(alphabet="ab1 \",;'é", max_size=6)
QUOTED = CELLS.map(lambda cell: '"' + cell.replace('"', '""') + '"')
LINES = st.one_of(
    st.lists(st.one_of(QUOTED, st.text("ab1é", max_size=4)), min_size=3, max_size=3).map(",".join),
    st.lists(CELLS, min_size=1, max_size=4).map(",".join),
    st.just(""),
)


@settings(max_examples=120, deadline=None)
@given(
    lines=st.lists(LINES, max_size=8), end=st.sampled_from(["\n", "\r\n", "\r"]), last=st.booleans()
)
def test_agrees_with_naive(session, lines, end, last):
    text = end.join(["x,y,z", *lines]) + (end if last else "")

    rows, bad, _ = load(session, text)

    good, naive_bad = naive_csv.read(text, 3)
    assert rows == good
    assert bad == naive_bad


@settings(max_examples=40, deadline=None)
@given(lines=st.lists(LINES, max_size=8))
def test_both_ways_give_the_same(session, lines):
    text = "\n".join(["x,y,z", *lines, ""])
    rows, bad, _ = load(session, text)
    path = session.scratch / "same.csv"
    path.write_text(text)

    careful = read_strict(
        session, path, name="same", header_line=1, n_fields=3, wanted=[0, 1, 2],
        grammar=Grammar(",", '"'), multiline=False, n_lines=text.count("\n"),
    )  # fmt: skip

    query = fill("SELECT row, c0, c1, c2 FROM {r} ORDER BY row", r=careful.relation)
    again = [(row[0], [cell or "" for cell in row[1:]]) for row in session.rows(query)]
    assert again == rows
    assert [(line.row, line.reason) for line in careful.bad] == bad


DAMAGE = {
    "quote": lambda line, at: line[:at] + '"' + line[at:],
    "delimiter": lambda line, at: line[:at] + "," + line[at:],
    "nul": lambda line, at: line[:at] + "\0" + line[at:],
    "cut": lambda line, at: line[:at],
}


@pytest.mark.parametrize("kind", sorted(DAMAGE))
def test_fault_A19_damage_to_one_line_touches_no_other(session, kind):
    rng = random.Random(19)
    lines = [
        f'A{n},"say ""{n}"", please",{n * 7}' if n % 3 else f"A{n},plain,{n}" for n in range(40)
    ]
    whole, _, way = load(session, "\n".join(["id,text,n", *lines, ""]))
    assert way == "fast"
    for _ in range(40):
        hit = rng.randrange(len(lines))
        damaged = list(lines)
        damaged[hit] = DAMAGE[kind](damaged[hit], rng.randrange(len(damaged[hit])))
        rows, bad, _ = load(session, "\n".join(["id,text,n", *damaged, ""]))
        assert [row for row in rows if row[0] != hit + 2] == [r for r in whole if r[0] != hit + 2]
        assert {number for number, _ in bad} <= {hit + 2}


def test_fault_A25_a_huge_cell_costs_its_line(session):
    huge = "x" * (MAX_FIELD + 1)
    rows, bad, way = load(session, f"a,b\n1,{huge}\n2,y\n")

    assert rows == [(3, ["2", "y"])]
    assert bad == [(2, "field_too_long")]
    assert way == "careful"


def test_fault_A25_a_line_that_never_ends_is_put_aside_whole(session, monkeypatch):
    monkeypatch.setattr("helpers.sources.csv_strict.MAX_LINE", 100)
    rows, bad, _ = load(session, "a,b\n1,x\n" + "y," * 500 + "\n\n2,z\n")

    assert rows == [(2, ["1", "x"]), (5, ["2", "z"])]
    assert bad == [(3, "line_too_long")]


def test_a_quote_that_never_closes_gives_the_lines_back(session):
    text = 'a,b\n1,"open\n2,y\n3,"two\nlines"\n4,z\n'

    rows, bad, _ = load(session, text, multiline=True)

    assert rows == [(3, ["2", "y"]), (4, ["3", "two\nlines"]), (6, ["4", "z"])]
    assert bad == [(2, "stray_quote")]


def test_another_quote_and_delimiter(session):
    rows, bad, _ = load(session, "a;b\n'x;1';y\n'it''s';\"\n", delimiter=";", quote="'")

    assert rows == [(2, ["x;1", "y"]), (3, ["it's", '"'])]
    assert bad == []


@pytest.mark.parametrize("delimiter", ["\t", "|", "§", "^", "\\", "]", "."])
def test_any_delimiter(session, delimiter):
    lines = ["a,b", '"x,""1",y', 'z,"w"', "q,r", "", "one"]
    text = "\n".join(lines).replace(",", delimiter) + "\n"

    rows, bad, _ = load(session, text, delimiter=delimiter)

    assert rows == [(2, [f'x{delimiter}"1', "y"]), (3, ["z", "w"]), (4, ["q", "r"])]
    assert bad == [(6, "too_few_fields(1<2)")]


def test_only_the_columns_asked_for_are_loaded(session):
    path = session.scratch / "narrow.csv"
    path.write_text("a,b,c\n1,2,3\n")
    file = open_csv(path, "narrow.csv", FileOptions(), scratch=session.scratch, key="k")

    loaded = file.load(session, ["c"])

    assert session.rows(fill("SELECT c0, row FROM {r}", r=loaded.relation)) == [("3", 2)]
    assert "c1" not in session.types(loaded.relation)


def test_many_lines_keep_their_numbers(session):
    lines = [f"{n},{random.Random(n).choice(string.ascii_letters)}" for n in range(2, 60_002)]
    rows, _, way = load(session, "n,x\n" + "\n".join(lines) + "\n")

    assert way == "fast"
    assert all(number == int(cells[0]) for number, cells in rows)
    assert len(rows) == 60_000


def test_the_careful_way_is_taken_when_the_counts_differ(session, monkeypatch):
    monkeypatch.setattr(csv_fast, "_blank_at_end", lambda _: 1)

    rows, _, way = load(session, "a,b\n1,2\n3,4\n")

    assert way == "careful"
    assert rows == [(2, ["1", "2"]), (3, ["3", "4"])]
