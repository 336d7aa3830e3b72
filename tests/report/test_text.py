import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.report.text import escape, escape_markdown, humanise, visible


@pytest.mark.parametrize(
    ("column", "heading"),
    [
        ("outcome_rate", "outcome rate"),
        ("logins__n_30d", "logins, 30 days"),
        ("invoice_amount__sum_365d", "invoice amount, sum 365 days"),
        ("due_on", "due"),
        ("churned_at", "churned"),
        ("n_accounts", "accounts"),
        ("n", "n"),
        ("mrr", "MRR"),
        ("csm", "CSM"),
        ("q_value", "q-value"),
        ("account_id", "account"),
        ("as_of", "as of"),
        ("", ""),
    ],
)
def test_a_column_name_becomes_a_heading(column, heading):
    assert humanise(column) == heading


def test_what_hides_or_reorders_becomes_a_blank():
    assert visible("a\nb\x00c\u202ed\u2066e\ud800") == "a b c d e\ufffd"
    assert visible("नमस्\u200dते 🤝🏽") == "नमस्\u200dते 🤝🏽"


@given(st.text())
def test_a_visible_text_is_one_line_that_a_file_can_hold(text):
    shown = visible(text)

    assert len(shown.splitlines()) <= 1
    assert len(shown) == len(text)
    shown.encode("utf-8")


@given(st.text())
def test_escaping_loses_nothing(text):
    assert html.unescape(escape(text)) == html.unescape(html.escape(visible(text)))
    assert not set("<>\"'") & set(escape(text))
    assert not set("<>\"'[]()*_`|$") & set(escape_markdown(text))


def test_fault_D12_names_are_shown_without_what_reorders_or_hides_them():
    family = "👨\u200d👩\u200d👧"  # joined by zero-width joiners
    heart = "❤\ufe0f"  # a heart and its variation selector
    assert visible(f"{family} {heart}") == f"{family} {heart}"
    assert visible("Acme\u202egnp.exe") == "Acme gnp.exe"  # no override survives
    assert visible("pay\u200bpal\ufeff") == "pay pal "  # nothing is hidden in a name
    assert visible("a\tb\x1b[31mc") == "a b [31mc"
    for mark in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f":
        assert mark not in visible(f"x{mark}y")
