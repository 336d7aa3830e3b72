"""The errors a user can cause or meet, each with the exit code of the command line.

A message says what was expected, what arrived and what to do. Anything that is not
a :class:`PlaybookError` is a bug of ours and keeps its traceback.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ConfigError",
    "ContractError",
    "DeliveryError",
    "GateError",
    "InputError",
    "MachineError",
    "MissingTableError",
    "NotebookError",
    "ParameterError",
    "PlaybookError",
    "exit_code_of",
]


class PlaybookError(Exception):
    """Base of every error that is reported without a traceback."""

    exit_code = 1


class NotebookError(PlaybookError):
    """A notebook stopped before its last cell, or a check in it failed."""

    exit_code = 1


class ConfigError(PlaybookError):
    """The configuration is wrong; found before any data is read."""

    exit_code = 2


class ParameterError(ConfigError):
    """A parameter is unknown, of the wrong type or out of range."""


class MissingTableError(ConfigError):
    """A notebook asks for a table that an earlier notebook has not written yet."""


class InputError(PlaybookError):
    """An input file or table breaks its contract."""

    exit_code = 3


class ContractError(InputError):
    """A table breaks its contract; ``failures`` has one row per broken rule.

    Parameters
    ----------
    table : str
        Name of the table.
    failures : DataFrame
        Columns ``column``, ``expected``, ``n_rows``, ``example``.
    """

    def __init__(self, table: str, failures: "pd.DataFrame") -> None:
        self.table, self.failures = table, failures
        rules = "\n".join(
            f"  {row.column}: {row.expected}; {row.n_rows:,} rows are not, e.g. {row.example!r}"
            for row in failures.itertuples()
        )
        super().__init__(
            f"{table} breaks {len(failures)} rules of its contract:\n{rules}\n"
            "Fix the extract, or open notebooks/01_data_audit.ipynb to see the rows."
        )


class GateError(PlaybookError):
    """Everything was computed, but the audit gate refuses to publish it."""

    exit_code = 4


class MachineError(PlaybookError):
    """Disk, permission, lock, memory or time: the environment, not the data."""

    exit_code = 5


class DeliveryError(PlaybookError):
    """Published, but some delivery is pending."""

    exit_code = 6


_FOREIGN_CODES = {"MemoryError": 5, "OutOfMemoryException": 5, "OutOfMemoryError": 5}


def exit_code_of(error_name: str, message: str = "") -> int | None:
    """Return the exit code that belongs to an error raised in another process.

    Parameters
    ----------
    error_name : str
        Class name as the notebook kernel reports it (``ename``).
    message : str
        Its text; tells a full disk from other operating-system errors.

    Returns
    -------
    int or None
        ``None`` if the error is not one of ours: a failed notebook.
    """
    known = {cls.__name__: cls.exit_code for cls in _all_errors(PlaybookError)}
    if error_name in known:
        return known[error_name]
    full_or_forbidden = (
        "[Errno 28]",
        "[Errno 122]",
        "[Errno 30]",
        "No space left on device",
    )
    if any(mark in message for mark in full_or_forbidden):
        return MachineError.exit_code
    return _FOREIGN_CODES.get(error_name)


def _all_errors(root: type[PlaybookError]) -> list[type[PlaybookError]]:
    return [
        root,
        *(found for child in root.__subclasses__() for found in _all_errors(child)),
    ]
