"""The path of each unit: every step once, where it first occurs."""

from collections.abc import Iterable

from helpers.patterns.journeys import Journeys
from helpers.patterns.mining import common_path

__all__ = ["first_steps", "holds", "path_of", "steps_reached"]


def first_steps(journeys: Journeys) -> list[list[str]]:
    """Return the path of each judged unit: every token once, where it first occurs."""
    units = journeys.judged["unit"]
    firsts = journeys.tokens.drop_duplicates(["unit", "token"])
    grouped = firsts.groupby("unit", sort=False)["token"].agg(list)
    return [list(path) for path in grouped.reindex(units).map(_as_list)]


def _as_list(path: object) -> list[str]:
    return path if isinstance(path, list) else []


def path_of(pattern: list[str], paths: list[list[str]]) -> list[str]:
    """Return everything that all paths holding a pattern have in common, in order."""
    return common_path([path for path in paths if holds(path, pattern)], keep=pattern)


def holds(path: list[str], pattern: Iterable[str]) -> bool:
    """Tell whether the tokens of a pattern occur in a path, in this order."""
    steps = iter(path)
    return all(token in steps for token in pattern)


def steps_reached(path: list[str], wanted: list[str]) -> int:
    """Count the leading tokens of ``wanted`` that occur in ``path`` in this order."""
    steps = iter(path)
    for number, token in enumerate(wanted):
        if token not in steps:
            return number
    return len(wanted)
