"""The tone of a ticket by a small word list."""

import pytest

from helpers.features.sentiment import sentiment


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
