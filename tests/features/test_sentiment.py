"""The tone of a ticket by a small word list."""

import pytest

from helpers.features.sentiment import sentiment
from helpers.features.tone_words import BAD, GOOD, STRONG
from tests.features.labelled_texts import TEXTS


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Thanks, this works great!", 1.0),
        ("The export is broken again.", -1.0),
        ("This is not good.", -1.0),
        ("It isn't bad at all.", 1.0),
        ("It isn’t bad at all.", 1.0),
        ("It is never not helpful.", 1.0),  # turned twice
        ("Great product, but the export is broken.", 0.0),
        ("A very slow page, otherwise good.", -1 / 3),  # emphasis counts double
        ("Where do I change the owner?", None),
        ("Das ist kaputt.", None),
        ("", None),
        (None, None),
    ],
)
def test_tone(text, score):
    assert sentiment(text) == (None if score is None else pytest.approx(score))


def test_negation_reaches_three_words_and_no_further():
    assert sentiment("not a very good idea") == -1.0
    assert sentiment("not what we wanted to see, good luck") == 1.0


def test_the_score_stays_between_minus_one_and_one():
    assert sentiment("very bad " * 50) == -1.0
    assert sentiment("so good " * 50) == 1.0


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("We will cancel our subscription.", -1.0),
        ("We will not cancel our subscription.", 1.0),
        ("We won't be renewing.", -1.0),
        ("Great tool, but we are switching to Planhive.", -1 / 3),  # leaving counts double
        ("We cannot open the board.", -1.0),  # a complaint without a word of opinion
        ("I cannot complain.", 1.0),
        ("Something like this.", None),
        ("We like this.", 1.0),
    ],
)
def test_negation_and_the_language_of_leaving(text, score):
    assert sentiment(text) == (None if score is None else pytest.approx(score))


def sign(value):
    return 0 if value is None else (value > 0) - (value < 0)


def test_labelled_texts_are_read_as_a_person_reads_them():
    told = [(sign(sentiment(text)), label) for text, label in TEXTS]
    right = sum(mine == label for mine, label in told)
    opposite = sum(mine * label < 0 for mine, label in told)

    assert right / len(TEXTS) >= 0.9
    assert opposite / len(TEXTS) <= 0.05


def test_negation_and_leaving_are_worth_their_lines(monkeypatch):
    import re

    from helpers.features import sentiment as module

    def right():
        return sum(sign(module.sentiment(text)) == label for text, label in TEXTS)

    whole = right()
    monkeypatch.setattr(module, "NOT", frozenset())
    without_negation = right()
    monkeypatch.undo()
    monkeypatch.setattr(module, "LEAVING", re.compile(r"(?!)"))
    assert whole - without_negation >= 10
    assert whole - right() >= 8


def test_lists_do_not_contradict_themselves():
    assert not GOOD & BAD
    assert not (GOOD | BAD) & STRONG
