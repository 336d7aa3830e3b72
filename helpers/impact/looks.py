"""How each table of the impact notebook is shown: formats and headings, away from the story."""

from typing import Any

__all__ = ["look"]

_BOUNDS = {"low": "at least", "high": "at most"}
_LOOKS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "effects": (
        {"risk_with": "percent", "risk_without": "percent", "rate_ratio": "number2"},
        {
            "risk_with": "leave within the follow-up, with it",
            "risk_without": "without it",
            "rate_ratio": "ratio of rates",
        },
    ),
    "placebo": (
        {"median": "number2", "low": "number2", "high": "number2", "share_as_far": "percent0"},
        {
            "low": "2.5% of draws below",
            "high": "97.5% below",
            "share_as_far": "draws as far below as the play",
        },
    ),
    "returns": (
        dict.fromkeys(["revenue_year", "revenue_low", "revenue_high", "cost"], "money")
        | dict.fromkeys(["kept", "kept_low", "kept_high", "hours"], "number1")
        | dict.fromkeys(["roi", "roi_low", "roi_high"], "number1"),
        {
            "n_with": "given",
            "kept_low": "kept, at least",
            "kept_high": "kept, at most",
            "revenue_year": "revenue a year",
            "revenue_low": "revenue, at least",
            "revenue_high": "revenue, at most",
            "roi": "return on cost",
            "roi_low": "return, at least",
            "roi_high": "return, at most",
        },
    ),
    "verdicts": (
        dict.fromkeys(["precision", "low", "high", "recall"], "percent0")
        | {"minutes": "integer", "hours": "number1"},
        _BOUNDS | {"family": "shown as", "minutes": "minutes each", "hours": "hours in all"},
    ),
    "retention": (
        dict.fromkeys(["share_of_all", "low", "high"], "percent0")
        | dict.fromkeys(["risk", "risk_low", "risk_high"], "percent")
        | {"median_days": "number1"},
        {
            "contacted": "answered",
            "n_warnings": "warnings",
            "low": "share, at least",
            "high": "share, at most",
            "median_days": "days to the contact (median)",
            "n_left": "accounts that left",
            "risk": "left in the follow-up",
            "risk_low": "left, at least",
            "risk_high": "left, at most",
        },
    ),
    "churn_by_quarter": (
        dict.fromkeys(["churn_rate", "low", "high"], "percent")
        | {"change": "points", "quarter_ends": "date"},
        _BOUNDS
        | {"n_start": "customers at the start", "n_left": "left", "change": "change, in points"},
    ),
    "power": (
        dict.fromkeys(["rate_ratio", "smallest_ratio"], "number2")
        | dict.fromkeys(
            ["events_to_show", "n_with", "n_without", "left_with", "left_without"], "integer"
        ),
        {
            "n_with": "with",
            "n_without": "without",
            "left_with": "left with",
            "left_without": "left without",
            "events_to_show": "departures needed for this ratio",
            "smallest_ratio": "nearest to 1 that so many show",
        },
    ),
}


def look(name: str) -> dict[str, Any]:
    """Return ``formats`` and ``headings`` of a table, to hand to ``show``."""
    formats, headings = _LOOKS[name]
    return {"formats": dict(formats), "headings": dict(headings)}
