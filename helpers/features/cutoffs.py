"""Which dates a run looks back from."""

import pandas as pd

from helpers.errors import ParameterError

__all__ = ["as_of_dates"]


def as_of_dates(
    as_of: pd.Timestamp,
    *,
    n: int,
    step_days: int,
    history_starts: pd.Timestamp,
    min_history_days: int,
) -> list[pd.Timestamp]:
    """Return the dated snapshots of a run, newest first.

    Parameters
    ----------
    as_of : Timestamp
        The run's own cutoff, midnight without zone; always the first.
    n : int
        How many at most.
    step_days : int
        Days between two of them.
    history_starts : Timestamp
        First day with events.
    min_history_days : int
        An earlier date with fewer days of history before it is left out; usually the shortest
        window. ``as_of`` itself needs one day: what is too short for a window is empty there.

    Returns
    -------
    list of Timestamp
        ``as_of``, ``as_of - step``, ...; at least one.

    Raises
    ------
    ParameterError
        If ``n`` or ``step_days`` is not positive, or nothing happened before ``as_of``.
    """
    if n < 1 or step_days < 1:
        raise ParameterError(
            f"expected n_as_of and step_days of at least 1, got {n} and {step_days}."
        )
    newest = as_of.normalize()
    wanted = [newest - pd.Timedelta(days=step_days * index) for index in range(n)]
    earliest = history_starts.normalize() + pd.Timedelta(days=min_history_days)
    if newest <= history_starts.normalize():
        raise ParameterError(
            f"as_of {newest:%Y-%m-%d} is not after the first day of the history, "
            f"{history_starts:%Y-%m-%d}: there is nothing to look back on. Choose a later as_of."
        )
    return [newest, *(date for date in wanted[1:] if date >= earliest)]
