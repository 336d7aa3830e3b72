"""Which values are drawn as coloured chips, and in which colour."""

from collections.abc import Collection, Mapping, Sequence

from helpers.config import near_miss
from helpers.errors import ParameterError
from helpers.report.text import escape

__all__ = ["SCALES", "TONES", "Bands", "chip", "scales_for"]

SCALES: dict[str, dict[str, str]] = {
    "severity": {
        "critical": "red",
        "high": "orange",
        "medium": "gold",
        "low": "grey",
    },
    "risk": {"critical": "red", "high": "red", "medium": "gold", "low": "green"},
    "health": {
        "low": "red",
        "poor": "red",
        "at risk": "red",
        "red": "red",
        "medium": "gold",
        "fair": "gold",
        "yellow": "gold",
        "neutral": "gold",
        "high": "green",
        "good": "green",
        "healthy": "green",
        "green": "green",
    },
}
"""Colour of each value of a scale. Health runs the other way than risk: high is good."""
TONES = ("red", "orange", "gold", "green", "blue", "grey")

Bands = Mapping[str, str | Mapping[str, str]] | Collection[str]


def scales_for(columns: Sequence[str], bands: Bands | None) -> dict[str, Mapping[str, str]]:
    """Return the colour of each value for the columns that are drawn as chips.

    Without ``bands``: ``severity`` and every ``*_band``. The scale of a column that is only
    named follows from its name; health runs the other way than risk.

    Raises
    ------
    ParameterError
        If a scale or a colour is unknown.
    """
    if bands is None:
        names: Collection[str] = [
            name for name in columns if name == "severity" or name.endswith("_band")
        ]
        return {name: SCALES[_scale_of(name)] for name in names}
    if not isinstance(bands, Mapping):
        return {name: SCALES[_scale_of(name)] for name in bands}
    return {name: _scale(name, given) for name, given in bands.items()}


def _scale_of(column: str) -> str:
    if "health" in column:
        return "health"
    return "severity" if "severity" in column else "risk"


def _scale(column: str, given: str | Mapping[str, str]) -> Mapping[str, str]:
    if isinstance(given, str):
        if given not in SCALES:
            raise ParameterError(
                f"bands[{column!r}]: {given!r} is not a scale.{near_miss(given, list(SCALES))} "
                f"It is one of {list(SCALES)}, or a mapping of value to colour."
            )
        return SCALES[given]
    wrong = sorted(set(given.values()) - set(TONES))
    if wrong:
        raise ParameterError(
            f"bands[{column!r}]: expected colours out of {list(TONES)}, got {wrong}."
        )
    return {str(value).lower(): tone for value, tone in given.items()}


def chip(text: str, scale: Mapping[str, str]) -> str:
    """Return a value as a coloured chip; a value that the scale does not know is grey."""
    tone = scale.get(text.strip().lower(), "grey")
    return f'<span class="pb-chip pb-{tone}">{escape(text)}</span>'
