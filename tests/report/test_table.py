import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.pandas import column, data_frames, range_indexes

from helpers.errors import ParameterError
from helpers.report import show
from helpers.report.cells import formatter, guess_format
from tests.report.hostile import acts, payloads, seen_text, watch


def cells(view):
    """The table as text: one list a row, as drawn."""
    lines = repr(view).splitlines()[1:]
    return [[part.strip() for part in line.split("  ") if part.strip()] for line in lines]


def test_numbers_dates_and_lists_read_as_people_write_them():
    frame = pd.DataFrame(
        {
            "name": ["Acme", None],
            "n_users": [1200, 3],
            "mrr": [1234.5, 99.0],
            "churn_rate": [0.256, 0.1],
            "q_value": [0.0004, 0.032],
            "pattern": [["login", "invite"], []],
            "tags": [{"b", "a"}, ["x"]],
            "due_on": pd.to_datetime(["2026-07-01", None]),
            "seen_at": pd.to_datetime(["2026-07-01 10:30", "2026-07-02 00:00"], utc=True),
            "active": [True, False],
        }
    )

    head, first, second = cells(show(frame, caption="Accounts", currency="EUR"))

    assert head == [
        *("name", "users", "MRR (EUR)", "churn rate", "q-value", "pattern", "tags", "due"),
        *("seen", "active"),
    ]
    assert first == [
        *("Acme", "1,200", "1,234", "25.6%", "< 0.001", "login → invite", "a, b", "2026-07-01"),
        *("2026-07-01 10:30 UTC", "yes"),
    ]
    assert second == [
        *("–", "3", "99", "10.0%", "0.032", "–", "x", "–"),
        *("2026-07-02 00:00 UTC", "no"),
    ]


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([1.0, 25.0], ["1", "25"]),
        ([0.5, 25.0], ["0.50", "25.00"]),
        ([0.5, 250.0], ["0.5", "250.0"]),
        ([0.5, 2500.0], ["0", "2,500"]),
        ([0.1234, 0.5], ["0.123", "0.500"]),
        ([-0.00001, 0.5], ["0.000", "0.500"]),
        ([np.nan, 0.5], ["–", "0.500"]),
    ],
)
def test_a_column_has_one_number_of_decimals(values, written):
    column = pd.Series(values)
    assert [formatter("number", column)(value) for value in column] == written


def test_items_that_hold_commas_are_told_apart_and_one_long_column_has_room():
    frame = pd.DataFrame({"name": ["a"], "traits": [["use, per person: 2", "x" * 60]]})
    view = show(frame, caption="Traits")
    assert "use, per person: 2; xxx" in view.text
    assert 'class="pb-table pb-roomy"' in view.html
    both = show(frame.assign(more="y" * 70), caption="Traits")
    assert "pb-roomy" not in both.html


def test_a_rate_above_one_is_no_percentage():
    assert guess_format("events_rate", pd.Series([0.5, 3.2])) == "number"
    assert guess_format("churn_rate", pd.Series([0.5, 1.0])) == "percent"
    assert guess_format("share", pd.Series([1, 0])) == "number"  # counts


@pytest.mark.parametrize(
    ("chosen", "value", "written"),
    [
        ("percent0", 0.256, "26%"),
        ("points", 0.05, "+5.0%"),
        ("signed", -1.0, "-1.00"),
        (",.2f", 1234.5, "1,234.50"),
        ("{:.0%} of all", 0.5, "50% of all"),
        ("money", 12.5, "12.50"),
        ("date", pd.Timestamp("2026-07-01 10:00"), "2026-07-01"),
        ("date", dt.date(2026, 7, 1), "2026-07-01"),
        ("integer", None, "–"),
        ("number2", "n/a", "n/a"),
        ("percent", True, "yes"),
    ],
)
def test_formats(chosen, value, written):
    column = pd.Series([value])
    assert formatter(chosen, column)(value) == written


def test_nullable_columns_are_numbers_too():
    frame = pd.DataFrame({"n": pd.array([3, None], "Int64"), "share": pd.array([0.5, None])})

    assert cells(show(frame, caption="c", bars=["n", "share"]))[1:] == [["3", "50.0%"], ["–", "–"]]


def test_what_was_cut_off_is_said():
    frame = pd.DataFrame({"n": range(240)})

    assert repr(show(frame, caption="c")).endswith("first 15 of 240 rows")
    assert "first 15 of 240 rows" in show(frame, caption="c").html
    assert "rows" not in repr(show(frame, caption="c", limit=None))
    assert len(cells(show(frame, caption="c", limit=240))) == 241


@pytest.mark.parametrize("frame", [None, pd.DataFrame(), pd.DataFrame({"n": []})])
def test_fault_E22_an_empty_table_says_why(frame):
    view = show(frame, caption="Tickets", because="there is no `tickets` table.")

    assert repr(view) == "Tickets: nothing to show because there is no `tickets` table."
    assert seen_text(view.html) == (
        "Tickets : nothing to show because there is no `tickets` table."
    )


def test_bars_are_relative_to_the_whole_column():
    frame = pd.DataFrame({"n": [5.0, -10.0, np.nan, np.inf, 20.0]})

    html = show(frame, caption="c", bars=["n"], limit=4).html

    assert [part.split("%")[0] for part in html.split("width:")[1:]] == ["25", "50", "100"]
    assert html.count("pb-minus") == 1


def test_health_runs_the_other_way_than_risk():
    frame = pd.DataFrame(
        {"churn_band": ["High"], "health_band": ["high"], "severity": ["high"], "x_band": ["?"]}
    )

    html = show(frame, caption="c").html

    chips = [part.split('"')[0] for part in html.split("pb-chip ")[1:]]
    assert chips == ["pb-red", "pb-green", "pb-orange", "pb-grey"]
    assert "pb-chip" not in show(frame, caption="c", bands=()).html


def test_own_colours():
    frame = pd.DataFrame({"state": ["Saved", "Lost"]})
    html = show(frame, caption="c", bands={"state": {"saved": "green", "lost": "red"}}).html
    assert '<span class="pb-chip pb-green">Saved</span>' in html


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 0}, "limit must be at least 1"),
        ({"bars": ["mr"]}, "bars names the column 'mr'.*Did you mean 'mrr'"),
        ({"bars": "mrr"}, "bars: expected a list of columns"),
        ({"bars": ["name"]}, "'name' holds no numbers"),
        ({"formats": {"arr": "money"}}, "formats names the column 'arr'"),
        ({"formats": {"mrr": "precent"}}, "'precent' is not a format. Did you mean 'percent'"),
        ({"formats": {"mrr": "{} {}"}}, "is not a format"),
        ({"bands": {"name": "risky"}}, "'risky' is not a scale"),
        ({"bands": {"name": {"a": "mauve"}}}, r"expected colours out of .*got \['mauve'\]"),
    ],
)
def test_a_wrong_option_is_an_error_in_words(options, message):
    frame = pd.DataFrame({"name": ["a"], "mrr": [1.0]})
    with pytest.raises(ParameterError, match=message):
        show(frame, caption="c", **options)


def test_personal_columns_need_a_word():  # E-01
    frame = pd.DataFrame({"user_id": ["u1"], "comment": ["call me"], "n": [1]})

    with pytest.raises(ParameterError, match=r"\['user_id', 'comment'\] identify a person"):
        show(frame, caption="c")
    assert "u1" in show(frame, caption="c", personal=True).html


def test_an_index_with_meaning_is_shown_and_a_row_number_is_not():
    frame = pd.DataFrame({"n": [1, 2]}, index=pd.Index(["a", "b"], name="segment"))

    assert cells(show(frame, caption="c")) == [["segment", "n"], ["a", "1"], ["b", "2"]]
    assert cells(show(frame.reset_index(drop=True)[1:], caption="c")) == [["n"], ["2"]]
    pivot = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    assert cells(show(pivot, caption="c"))[0] == ["a · x", "a · y"]


def test_two_columns_of_one_name_are_both_shown():
    frame = pd.DataFrame([[1, "x"]], columns=["a", "a"])
    assert cells(show(frame, caption="c"))[1] == ["1", "x"]


def test_the_same_table_gives_the_same_html():
    frame = pd.DataFrame({"tags": [frozenset("zyx")], "mrr": [3.0]})
    assert show(frame, caption="c").html == show(frame.copy(), caption="c").html
    assert "x, y, z" in show(frame, caption="c").html


@pytest.mark.parametrize("name", payloads())
def test_fault_F04_nothing_in_a_table_is_markup(name):
    frame = pd.DataFrame({name: [name], "state_band": [name], "n": [1]}, index=[name])

    view = show(
        frame, caption=name, tooltips={name: name}, headings={"n": name}, currency=name, bars=["n"]
    )

    assert acts(view._repr_html_()) == []
    assert seen_text(view.html).count(" ".join(name.replace("\u202e", " ").split())) >= 4
    assert acts(show(None, caption=name, because=name).html) == []


@settings(max_examples=40)
@given(
    data_frames(
        [
            column("a", elements=st.text(max_size=12), dtype=object),
            column("b", elements=st.floats()),
            column("c", elements=st.integers(-(2**53), 2**53), dtype="int64"),
        ],
        index=range_indexes(min_size=1, max_size=6),
    )
)
def test_any_table_can_be_drawn(frame):
    view = show(frame, caption="c", bars=["b", "c"])

    assert acts(view.html) == []
    assert watch(view.html).order.count("tr") == len(frame) + 1
    assert len(repr(view).splitlines()) == len(frame) + 2
