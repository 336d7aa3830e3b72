import base64

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.report.clean import clean_html
from tests.report.hostile import acts, payloads, seen_text

FRAGMENTS = st.lists(
    st.sampled_from(
        [
            *payloads(),
            *("<table>", "<td class=pb-num>", "</table>", "<i style='width:4%'>", "<!--", "-->"),
            *("<", ">", '"', "'", "=", "/", "\x00", "<p ", "<![CDATA[", "&lt;", "&#x3c;script"),
        ]
    ),
    max_size=12,
).map("".join)


@pytest.mark.parametrize("payload", payloads())
def test_fault_F05_nothing_that_acts_survives(payload):
    table = f'<table class="dataframe"><tr><td>{payload}</td><td>kept</td></tr></table>'
    assert acts(clean_html(payload)) == []
    assert acts(clean_html(table)) == []


@given(FRAGMENTS)
def test_no_mixture_survives_and_cleaning_twice_changes_nothing(fragment):
    once = clean_html(fragment)

    assert acts(once) == []
    assert clean_html(once) == once


def test_fault_F05_a_pandas_table_keeps_its_structure():
    frame = pd.DataFrame({"a<b": [1]}, index=["<i>"])

    cleaned = clean_html(frame.to_html())

    assert cleaned.count("<thead>") == cleaned.count("<tbody>") == 1
    assert seen_text(cleaned) == "a<b <i> 1"
    assert 'class="dataframe"' in cleaned


def test_what_notebooks_display_keeps_its_looks():
    piece = (
        '<div class="pb"><span class="pb-chip pb-red">high</span>'
        '<span class="pb-bar"><i style="width:40%"></i></span></div>'
    )
    assert clean_html(piece) == piece


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("06_churn_model.ipynb", "06_churn_model.html"),
        ("index.html#s2", "index.html#s2"),
        ("#s1", "#s1"),
        ("https://example.org/", None),
        ("//example.org/x.html", None),
        ("../../secret.html", None),
        ("javascript:alert(1)//x.html", None),
        ("file:///etc/passwd", None),
    ],
)
def test_links_stay_in_the_run(link, kept):
    cleaned = clean_html(f'<a href="{link}">text</a>')
    assert cleaned == (f'<a href="{kept}">text</a>' if kept else "<a>text</a>")


def test_only_embedded_pictures_stay():
    picture = "data:image/png;base64," + base64.b64encode(b"x").decode()
    assert f'src="{picture}"' in clean_html(f'<img src="{picture}" alt="a">')
    assert "src" not in clean_html('<img src="https://example.org/a.png">')
    assert "src" not in clean_html('<img src="data:text/html;base64,AAAA">')


@pytest.mark.parametrize(
    "style", ["position:fixed", "width:400%", "width:50%;position:fixed", "background:url(x)"]
)
def test_no_style_can_leave_its_place(style):
    assert "style" not in clean_html(f'<i style="{style}">x</i>')
