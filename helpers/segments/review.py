"""The sheet with which people judge the segments, and segments that are treated alike."""

from dataclasses import astuple

import pandas as pd

from helpers.segments.playbooks import playbook_of
from helpers.segments.segmentation import Segmentation

__all__ = ["QUESTIONS", "merge_candidates", "review_sheet"]

QUESTIONS = (
    ("intuitive", "Does the name fit the accounts you know?"),
    ("articulated", "Can you say in one sentence what these accounts do otherwise?"),
    ("distinct", "Would you treat them otherwise than the other segments?"),
)
"""Key and wording; each is answered yes or no, with a name and a date."""
UNSTABLE = 0.6


def merge_candidates(personas: pd.DataFrame) -> pd.DataFrame:
    """List pairs of segments that get the same playbook: one segment would do.

    Parameters
    ----------
    personas : DataFrame
        From :func:`helpers.segments.personas.describe_segments`; reads ``segment``.

    Returns
    -------
    DataFrame
        ``first``, ``second``, ``objective``, ``reason``; empty if all are treated differently.
    """
    names = personas["segment"].tolist()
    rows = [
        (
            first,
            second,
            playbook_of(first).objective,
            "same playbook: merge them, or say what is done differently",
        )
        for number, first in enumerate(names)
        for second in names[number + 1 :]
        if astuple(playbook_of(first)) == astuple(playbook_of(second))
    ]
    return pd.DataFrame(rows, columns=["first", "second", "objective", "reason"])


def review_sheet(
    personas: pd.DataFrame, segmentation: Segmentation, feedback: pd.DataFrame | None
) -> pd.DataFrame:
    """Return the questions of the business review with what is measured and what people said.

    Parameters
    ----------
    personas : DataFrame
        From :func:`helpers.segments.personas.describe_segments`.
    segmentation : Segmentation
        Gives how well each segment comes back when accounts are resampled.
    feedback : DataFrame, optional
        Clean ``feedback`` table: a row whose ``item`` is ``segment:<name>:<question>`` (question:
        ``intuitive``, ``articulated``, ``distinct``) answers it by its ``verdict``
        (``confirmed`` or ``false_positive``); ``account_id`` may be any account of the segment
        and ``note`` says who judged.

    Returns
    -------
    DataFrame, (3 x n_segments, 7)
        ``segment``, ``question``, ``wording``, ``measured``: what the data say to it,
        ``answer`` (``yes``, ``no`` or ``open``), ``reviewed_by``, ``reviewed_on``.
    """
    alike = merge_candidates(personas)
    stable = segmentation.naming.set_index("segment").get("jaccard", pd.Series(dtype=float))
    answers = _answers(feedback)
    rows = []
    for persona in personas.itertuples():
        for key, wording in QUESTIONS:
            told = _measured(key, persona, alike, stable)
            answer = answers.get((str(persona.segment).lower(), key), ("open", "", ""))
            rows.append((persona.segment, key, wording, told, *answer))
    columns = ["segment", "question", "wording", "measured", "answer", "reviewed_by", "reviewed_on"]
    return pd.DataFrame(rows, columns=columns)


def _measured(key: str, persona: object, alike: pd.DataFrame, stable: pd.Series) -> str:
    segment = str(getattr(persona, "segment"))  # noqa: B009 - a row of itertuples
    if key == "intuitive":
        overlap = stable.get(segment, float("nan"))
        if overlap != overlap:
            return "set apart by a written rule"
        word = "comes back" if overlap >= UNSTABLE else "does not surely come back"
        return f"{word} when accounts are resampled (Jaccard {overlap:.2f})"
    if key == "articulated":
        traits = list(getattr(persona, "traits"))  # noqa: B009
        return "; ".join(traits[:2]) or "nothing in which it surely differs"
    mine = alike[(alike["first"] == segment) | (alike["second"] == segment)]
    if mine.empty:
        return "has a playbook of its own"
    first = mine.iloc[0]
    other = first["second"] if first["first"] == segment else first["first"]
    return f"same playbook as {other}: consider merging"


def _answers(feedback: pd.DataFrame | None) -> dict[tuple[str, str], tuple[str, str, str]]:
    """Newest answer to each question of each segment."""
    if feedback is None or feedback.empty:
        return {}
    words = {"confirmed": "yes", "false_positive": "no"}
    found = {}
    known = feedback.sort_values("as_of", kind="stable")
    notes = known["note"].astype("object").fillna("").astype(str)
    days = pd.to_datetime(known["as_of"]).dt.strftime("%Y-%m-%d")
    for item, verdict, note, day in zip(known["item"], known["verdict"], notes, days, strict=True):
        parts = [part.strip().lower() for part in str(item).split(":")]
        if len(parts) == 3 and parts[0] == "segment" and str(verdict) in words:
            found[(parts[1], parts[2])] = (words[str(verdict)], note, day)
    return found
