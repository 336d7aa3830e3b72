"""The tone of a short English text by a small word list: offline, explainable, and limited.

A support ticket of two sentences carries little: read means over many tickets, not one score. The
list knows about 150 words of software support; other languages score as "no opinion".
"""

import re

import pandas as pd

from helpers.features.population import Context

__all__ = ["sentiment", "stage_sentiment"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GOOD = _words(
    "amazing appreciate appreciated awesome best brilliant clear comfortable convenient delighted "
    "easier easy effective efficient enjoy enjoyed enjoying excellent excited exciting fantastic "
    "fast faster fixed friendly glad good grateful great happy helped helpful helps impressed "
    "impressive improved improvement incredible intuitive kind like liked love loved loves nice "
    "perfect perfectly pleased pleasant powerful quick quickly recommend reliable resolved "
    "satisfied simple smooth smoothly solid solved stable super superb thank thanks thrilled "
    "useful valuable well wonderful works worked"
)
_BAD = _words(
    "abandon angry annoyed annoying awful bad blocked blocker blocks broke broken bug bugs buggy "
    "cancel cancelling cancelled cannot complain complaint complicated confused confusing crash "
    "crashed crashes crashing critical cumbersome delay delayed delays difficult disappointed "
    "disappointing disaster down error errors expensive fail failed failing fails failure "
    "frustrated frustrating frustration hard hate horrible impossible inaccurate incorrect issue "
    "issues lacking lag laggy leave leaving lose losing lost mess missing mistake nightmare "
    "overpriced pain painful poor poorly problem problems refund regret ridiculous slow slower "
    "stuck stupid terrible timeout timeouts tired unable unacceptable unclear unhappy unreliable "
    "unstable unusable upset urgent useless waiting warning waste worse worst wrong"
)
_NOT = _words(
    "not no never without hardly isn't wasn't aren't weren't don't doesn't didn't won't can't "
    "couldn't wouldn't shouldn't haven't hasn't"
)
_STRONG = _words("very really extremely totally completely absolutely so too still")
_REACH = 3
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


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
        counts double, one within three words after a negation counts as its opposite. ``None``
        if the text has none of the words: no opinion is not a neutral one.

    References
    ----------
    The scheme is that of word-list methods such as Hutto, Gilbert (2014), *VADER*, ICWSM, reduced
    to negation and emphasis; the list is our own.
    """
    if text is None:
        return None
    words = _WORD.findall(text.lower().replace("’", "'"))
    good = bad = 0
    for place, word in enumerate(words):
        if word not in _GOOD and word not in _BAD:
            continue
        earlier = words[max(place - _REACH, 0) : place]
        weight = 2 if earlier and earlier[-1] in _STRONG else 1
        turned = sum(w in _NOT for w in earlier) % 2 == 1
        if (word in _GOOD) != turned:
            good += weight
        else:
            bad += weight
    return (good - bad) / (good + bad) if good + bad else None


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
