"""Findings of the reading itself: what was noticed and mended, ignored or left as it is."""

from collections.abc import Sequence

import pandas as pd

__all__ = ["COLUMNS", "Issues"]

COLUMNS = ["table", "column", "rule", "n_rows", "share", "example", "severity", "remedy"]
_REMEDIES = (
    ("byte order mark", "Nothing to do."),
    ("mixed line ends", "Nothing to do, unless rows were glued together from several systems."),
    (
        "last line has no line end",
        "Compare the last row with the source; if cut off, export again.",
    ),
    ("file delivered twice", "Remove one of the two files."),
    ("file not found", "Put the file there, or take the source out of the configuration."),
    ("header only", "Check the export; an empty table means none, not unknown."),
    ("column missing in some files", "Check whether the other files should have it."),
    ("column(s) in the file not used", "Nothing to do, unless one of them should be mapped."),
    ("lines of the lookup", "Mend these lines, or the rows that need them stay unmatched."),
    ("hour that the change of clocks", "Have the source write times with their offset, or in UTC."),
    ("dated ", "Check which of the two dates the source system really means."),
    ("ambiguous_key", "Merge the accounts in the CRM, or set ids.case_sensitive: true."),
    ("ids that differ only in case", "Nothing to do: they are read as the same account."),
    ("user not listed", "Export the users again; their events count, their role is unknown."),
)
"""What to do about a rule, by the words it begins with."""
_ORDER = {"error": 0, "warning": 1, "note": 2}


class Issues:
    """Collects issues in any order; the frame has one order."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, str, int, float, str, str, str]] = []

    def add(
        self,
        table: str,
        column: str,
        rule: str,
        n_rows: int,
        of_rows: int,
        example: object = "",
        severity: str = "warning",
    ) -> None:
        """Note one issue.

        Parameters
        ----------
        table, column : str
            Where; ``column`` may be empty.
        rule : str
            What was noticed, in words.
        n_rows, of_rows : int
            How many rows of how many; the share is 0 where ``of_rows`` is 0, i.e.
            where the issue is about a file or a column.
        example : object
            One value, line or name.
        severity : str
            ``error``, ``warning`` or ``note``.
        """
        share = n_rows / of_rows if of_rows else 0.0
        remedy = next((text for words, text in _REMEDIES if rule.startswith(words)), "")
        row = (table, column, rule, int(n_rows), share, str(example), severity, remedy)
        self._rows.append(row)

    def frame(self) -> pd.DataFrame:
        """Return all issues, the most severe first."""
        rows = sorted(set(self._rows), key=_rank)
        types = {"n_rows": "int64", "share": "float64"}
        frame = pd.DataFrame(rows, columns=COLUMNS)
        return frame.astype(types | {name: "str" for name in COLUMNS if name not in types})


def _rank(row: Sequence[object]) -> tuple[object, ...]:
    return (_ORDER[str(row[6])], *(str(part) for part in row))
