"""How numbers and names are put into words."""

import math

__all__ = ["metric_words", "number", "percent", "span"]


def number(value: float) -> str:
    """Write a count with thousands separators; one decimal below 10 if it has any."""
    if not math.isfinite(value):
        return "unknown"
    if abs(value) >= 10 or abs(value - round(value)) < 0.05:
        return f"{value:,.0f}"
    return f"{value:.1f}"


def percent(change: float) -> str:
    """Write a relative change with its sign; above tenfold as a multiple."""
    if change >= 9:
        return f"{change + 1:,.0f} times as many"
    return f"{100 * change:+.0f}%".replace("-", "\N{MINUS SIGN}")


_WORDS = {
    "security": "failed logins and new keys",
    "intent": "visits to pricing pages",
    "active_users": "active users",
    "core_events": "core actions",
    "off_hours": "events at night and on weekends",
}


def metric_words(name: str) -> str:
    """Name a metric for people: ``feature:boards`` is "boards"."""
    _, _, rest = name.partition(":")
    return _WORDS.get(name, (rest or name).replace("_", " "))


def span(window_days: float) -> str:
    """Say over how long a weekly rate was taken; a week itself goes without saying."""
    days = int(window_days)
    if days < 7:
        return "on one day" if days == 1 else f"in {days} days"
    return "a week" if days == 7 else f"a week over {days} days"
