import json

import mistune
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.artifacts import Run
from helpers.errors import ParameterError
from helpers.report import Finding
from tests.report.hostile import acts, payloads, seen_text, watch


def finding(headline="{n:,} accounts", values=None, **rest):
    values = {"n": 1234} if values is None else values
    return Finding(stage="06_churn_model", headline=headline, values=values, **rest)


def test_headline_is_filled_from_values():
    made = finding("{n:,} of {who} pay {mrr:.1f}", {"n": 1234, "who": "Acme", "mrr": 9.96})

    assert made.text == "1,234 of Acme pay 10.0"
    assert repr(made) == made.text


def test_a_typed_number_is_refused():
    with pytest.raises(ParameterError, match=r"types a number: 'over 60 % of '"):
        finding("over 60 % of {n}")
    with pytest.raises(ParameterError, match="types a number"):
        finding("٣ accounts")  # a digit of another script is one too


def test_digits_inside_braces_are_formats():
    assert finding("{share_90d:.2%}", {"share_90d": 0.5}).text == "50.00%"


@pytest.mark.parametrize(
    ("headline", "message"),
    [
        ("{m}", r"asks for 'm', which values does not hold.*It has \['n'\]"),
        ("{n.__class__}", "not the plain name of a value"),
        ("{n!r}", "not the plain name"),
        ("{n:{n}}", "not the plain name"),
        ("{}", "not the plain name"),
        ("{n", "not a format string"),
        ("{n:%%}", "does not fit the format"),
    ],
)
def test_a_headline_that_cannot_be_filled_is_an_error_in_words(headline, message):
    with pytest.raises(ParameterError, match=message):
        finding(headline)


def test_a_near_miss_is_named():
    with pytest.raises(ParameterError, match="Did you mean 'n_flagged'"):
        finding("{n_flaged}", {"n_flagged": 3})


@pytest.mark.parametrize("nothing", [None, float("nan"), np.nan, pd.NA, pd.NaT, float("inf")])
def test_a_missing_value_reads_as_not_available(nothing):
    assert finding("lift {lift:.2f}", {"lift": nothing}).text == "lift n/a"


def test_numpy_values_become_plain_and_other_types_are_refused(tmp_path):
    made = finding("{n:d} {x:.1f}", {"n": np.int64(3), "x": np.float64(0.5)})
    assert json.dumps(made.values) == '{"n": 3, "x": 0.5}'
    with pytest.raises(ParameterError, match="expected a number or a text, got list"):
        finding("{n}", {"n": [1]})


def test_one_text_in_place_of_a_tuple_is_refused():
    with pytest.raises(ParameterError, match="caveats: expected a tuple of texts"):
        finding(caveats="only one")


def test_a_stage_names_a_file_and_nothing_else():
    with pytest.raises(ParameterError, match="expected a notebook's name"):
        Finding(stage="../x", headline="none")


def test_save_writes_what_a_test_can_read(tmp_path):
    run = Run(tmp_path, "r", tmp_path / "r")
    finding(caveats=("a note",), missing=("NPS: not computed",)).save(run)

    assert run.finding("06_churn_model") == {
        "stage": "06_churn_model",
        "headline": "1,234 accounts",
        "template": "{n:,} accounts",
        "values": {"n": 1234},
        "caveats": ["a note"],
        "missing": ["NPS: not computed"],
    }


@pytest.mark.parametrize("name", payloads())
def test_fault_F04_a_name_in_a_headline_is_never_markup(name):
    made = finding("{who} leads", {"who": name}, caveats=(name,), missing=(name,))

    page = made._repr_html_()

    assert acts(page) == []
    shown = " ".join(name.replace("\u202e", " ").split())
    assert seen_text(page).count(shown) == 3


@pytest.mark.parametrize("name", payloads())
def test_fault_F04_a_name_is_no_markdown_either(name):
    page = mistune.create_markdown(escape=False, plugins=["table", "url", "strikethrough"])(
        finding("{who}", {"who": name})._repr_markdown_()
    )

    assert set(watch(page).order) <= {"blockquote", "p", "strong"}
    assert seen_text(page) == " ".join(name.replace("\u202e", " ").split())


@given(st.text())
def test_any_text_stays_text(name):
    page = finding("{who}", {"who": name})._repr_html_()

    assert set(watch(page).order) == {"style", "div", "p", "b"}
    assert "\n" not in finding("{who}", {"who": name}).text
