"""The tone of a short English text by a small word list: offline, explainable, and limited.

A support ticket of two sentences carries little: read means over many tickets, not one score. The
list knows some 450 English words and the phrases of customers who are about to leave; other
languages score as "no opinion".
"""

import re

import pandas as pd

from helpers.features.population import Context
from helpers.features.tone_words import BAD, GOOD, LEAVING, NOT, STRONG, UNABLE, WHO_LIKES

__all__ = ["sentiment", "stage_sentiment"]

_REACH = 3
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_GOES = "wantstoleave"


def sentiment(text: str | None) -> float | None:
    """Score the tone of a text.

    Parameters
    ----------
    text : str or None
        English; other languages have none of the words.

    Returns
    -------
    float or None
        (good - bad) / (good + bad) over its words, -1 to 1; a word after "very" and the like
        counts double, as does a phrase of leaving; one within three words after a negation counts
        as its opposite. ``None`` if the text has none of the words: no opinion is not a neutral
        one.

    References
    ----------
    The scheme is that of word-list methods such as Hutto, Gilbert (2014), *VADER*, ICWSM, reduced
    to negation and emphasis; the list is our own.
    """
    if text is None:
        return None
    lowered = text.lower().replace("’", "'")
    words = _WORD.findall(LEAVING.sub(f" {_GOES} ", lowered))
    good = bad = 0
    for place, word in enumerate(words):
        earlier = words[max(place - _REACH, 0) : place]
        tone = _tone(word, earlier[-1] if earlier else "")
        if word in UNABLE and not any(
            _tone(later, word) for later in words[place + 1 : place + 1 + _REACH]
        ):
            bad += 1
        if not tone:
            continue
        weight = 2 if word == _GOES or (earlier and earlier[-1] in STRONG) else 1
        turned = sum(w in NOT for w in earlier) % 2 == 1
        if (tone > 0) != turned:
            good += weight
        else:
            bad += weight
    return (good - bad) / (good + bad) if good + bad else None


def _tone(word: str, before: str) -> int:
    """Return +1 for a good word, -1 for a bad one, 0 for any other."""
    if word in GOOD or (word == "like" and before in WHO_LIKES):
        return 1
    return -1 if word in BAD or word == _GOES else 0


def stage_sentiment(context: Context) -> None:
    """Make ``ticket_sentiment``: each different ticket text once, with its tone."""
    columns = {"text": "string", "sentiment": "float64"}
    frame = pd.DataFrame({"text": [], "sentiment": []})
    if context.has("tickets"):
        frame = context.engine.frame(
            "SELECT DISTINCT text FROM side_tickets WHERE text IS NOT NULL ORDER BY text"
        )
        frame["sentiment"] = pd.Series(
            [sentiment(text) for text in frame["text"]], index=frame.index, dtype="float64"
        )
    context.engine.insert("ticket_sentiment", frame.astype(columns))
