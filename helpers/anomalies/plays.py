"""What to do about each kind of anomaly: steps to find out why, options, and a first message.

Messages are drafts for a person to send: friendly, without alarm, and without telling the
customer that they are being measured. ``{account}``, ``{csm}`` and ``{what}`` are filled in.
"""

from dataclasses import dataclass

import pandas as pd

from helpers.anomalies.play_texts import RISK_PLAYS
from helpers.anomalies.play_texts_growth import GROWTH_PLAYS

__all__ = ["PLAYS", "Play", "play_of", "plays_table"]

PLAYS = {**RISK_PLAYS, **GROWTH_PLAYS}
"""Every kind has one: an alert without a play would leave its reader alone."""


@dataclass(frozen=True, kw_only=True)
class Play:
    """One play.

    Parameters
    ----------
    kind : str
    title : str
        What the alert's ``play`` column shows.
    why : str
        Why it matters.
    investigate, options : tuple of str
        Steps to find the cause, in order; what can be offered then.
    message : str
        A first message to the customer.
    """

    kind: str
    title: str
    why: str
    investigate: tuple[str, ...]
    options: tuple[str, ...]
    message: str


def play_of(kind: str) -> Play:
    """Return the play of a kind.

    Raises
    ------
    KeyError
        If the kind has none.
    """
    written = PLAYS[kind]
    return Play(
        kind=kind,
        title=str(written["title"]),
        why=str(written["why"]),
        investigate=tuple(written["investigate"]),
        options=tuple(written["options"]),
        message=str(written["message"]),
    )


def plays_table(kinds: list[str] | None = None) -> pd.DataFrame:
    """List plays, by kind: all of them, or those of the kinds given.

    Returns
    -------
    DataFrame
        ``kind``, ``title``, ``why``, ``investigate`` (list), ``options`` (list), ``message``.
    """
    chosen = sorted(PLAYS if kinds is None else set(kinds))
    rows = [play_of(kind) for kind in chosen]
    return pd.DataFrame(
        {
            "kind": [play.kind for play in rows],
            "title": [play.title for play in rows],
            "why": [play.why for play in rows],
            "investigate": [list(play.investigate) for play in rows],
            "options": [list(play.options) for play in rows],
            "message": [play.message for play in rows],
        }
    )
