"""What a column and a table of the contract are."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Column", "Table", "account_column", "c", "user_column"]

Kind = Literal["id", "text", "timestamp", "date", "number", "integer", "boolean"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a contract table.

    Parameters
    ----------
    name : str
        Contract name. ``_at`` ends a timestamp (UTC), ``_on`` a date.
    kind : str
        ``id`` (text, trimmed), ``text``, ``timestamp``, ``date``, ``number``,
        ``integer`` or ``boolean``.
    meaning : str
        One line for the reader of the audit.
    required : bool
        A row without it goes to quarantine; a source without it is an error.
    minimum, maximum : float, optional
        Rows outside go to quarantine.
    values : tuple of str
        The only values allowed (compared in lower case); empty means any.
    personal : bool
        Identifies a person: never printed in a report or export that does not need it.
    known_on : str, optional
        The column whose time says since when this value has been known. A run "as of"
        an earlier date must not see it (e.g. a ticket's ``csat`` before ``closed_at``).
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    personal: bool = False
    known_on: str | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of the contract.

    Parameters
    ----------
    name : str
        Contract name.
    meaning : str
        One line for the reader of the audit.
    columns : tuple of Column
        In the order in which they are written.
    key : tuple of str
        Columns that identify a row; a second row with the same key and the same content is a
        duplicate, with other content a conflict. Empty: only identical rows are duplicates.
    required : bool
        A run without this table is an error.
    instead : str, optional
        The table that does where a required one has no source.
    long : (str, str), optional
        The columns that hold the name and the value of what a row tells: a wide source can be
        mapped to them by ``unpivot``.
    when : str, optional
        The column that dates a row; rows dated after the as-of date are held back.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    required: bool = False
    instead: str | None = None
    long: tuple[str, str] | None = None
    when: str | None = None

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]

    @property
    def required_names(self) -> list[str]:
        """Names of the columns that no row may lack."""
        return [column.name for column in self.columns if column.required]

    def column(self, name: str) -> Column:
        """Return the column of that name; ``KeyError`` if the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def account_column(*, required: bool = True) -> Column:
    """Return the column that names the customer account."""
    return Column(name="account_id", kind="id", meaning="the customer account", required=required)


def user_column(meaning: str = "the person, if known") -> Column:
    """Return the column that names a person; personal."""
    return Column(name="user_id", kind="id", meaning=meaning, personal=True)


def c(name: str, kind: Kind, meaning: str, **rest: object) -> Column:
    """Return a column; ``rest`` as in :class:`Column`."""
    return Column(name=name, kind=kind, meaning=meaning, **rest)  # type: ignore[arg-type]
