"""Sessions whose events are written down in advance, beside the ones left to chance."""

from dataclasses import dataclass

__all__ = ["Script"]


@dataclass(frozen=True)
class Script:
    """One visit of one person: its events in order; ``hour`` of the day if it matters.

    ``value`` goes with every event but set-up steps, which are numbered from ``first_step``.
    """

    person: int
    day: int
    codes: tuple[int, ...]
    first_step: int = 1
    hour: float | None = None
    value: float | None = None
    visit: bool = True
