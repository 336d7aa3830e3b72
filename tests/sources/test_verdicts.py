"""The verdict on every row against a naive reader, for any mix of good and bad rows."""

import csv
import datetime as dt
import io
import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources import naive_reader
from tests.sources.made import LENIENT, clean, config, counts, read, reasons, write

AS_OF = dt.date(2024, 3, 10)
EARLY = ("A1", "first", "2024-02-01", "")  # an event before the as-of date
ACCOUNTS = ["A1", "b2", "C-3"]
TIMES = ["2024-03-01", "2024-03-01T10:00:00", "2024-03-09T23:59:59", "2024-03-10", "2024-03-11",
         "2024-03-10T23:59:59", "2025-01-01", "1970-01-01", "", "soon", "2024-02-30"]  # fmt: skip
ROWS = st.tuples(
    st.sampled_from(["A1", "a1", " A1", "B2", "b2", "C-3", "ZZ", ""]),
    st.sampled_from(["login", "export", " login", ""]),
    st.sampled_from(TIMES),
    st.sampled_from(["", "E1", "e1", "E2", " E2 "]),
)


def as_csv(rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["account_id", "event", "occurred_at", "event_id"])
    writer.writerows(rows)
    return text.getvalue()


def read_rows(rows, accounts=ACCOUNTS):
    folder = Path(tempfile.mkdtemp()) / "data"
    listed = "account_id,signed_up_at\n" + "".join(f"{name},2024-01-01\n" for name in accounts)
    write(folder, accounts_csv=listed, events_csv=as_csv(rows))
    reading = read(folder, config(thresholds=LENIENT), as_of=AS_OF)
    frame = clean(folder).fillna({"event_id": ""})
    times = [moment.to_pydatetime() for moment in frame["occurred_at"]]
    kept = sorted(zip(frame["account_id"], frame["event"], times, frame["event_id"], strict=True))
    return kept, reasons(reading), counts(reading)["rows_duplicate"]


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=12))
def test_agrees_with_naive(rows):
    rows = [EARLY, *rows]

    assert read_rows(rows) == naive_reader.judge(ACCOUNTS, rows, AS_OF)


@settings(max_examples=12, deadline=None)
@given(rows=st.lists(ROWS, min_size=2, max_size=10), seed=st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(rows, seed):
    rows = [EARLY, *rows]
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)

    assert read_rows(shuffled) == read_rows(rows)


@settings(max_examples=12, deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=8), later=st.integers(1, 4))
def test_rows_of_the_future_change_only_their_own_count(rows, later):
    rows = [EARLY, *rows]
    more = [*rows, *[("A1", "login", "2024-05-01", "E1")] * later]

    kept, why, same = read_rows(rows)

    why = dict(sorted({**why, "future": why.get("future", 0) + later}.items()))
    assert read_rows(more) == (kept, why, same)


@settings(max_examples=12, deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=8))
def test_renaming_accounts_renames_and_nothing_else(rows):
    # FAULTS B01: a zero in front of every id
    rows = [EARLY, *rows]
    named = [("0" + row[0].strip() if row[0].strip() else "", *row[1:]) for row in rows]

    kept, why, same = read_rows(rows)

    expected = sorted(("0" + row[0], *row[1:]) for row in kept)
    renamed = read_rows(named, ["0" + name for name in ACCOUNTS])
    assert renamed == (expected, why, same)
