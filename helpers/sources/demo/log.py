"""A record of dated happenings: appended week by week, then sorted and cut by account."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Log"]


@dataclass
class Log:
    """Rows of (account, day, further columns); all columns are numbers."""

    names: tuple[str, ...]
    parts: list[dict[str, NDArray[np.int64]]] = field(default_factory=list)

    @property
    def n_rows(self) -> int:
        """Rows so far."""
        return sum(len(part["account"]) for part in self.parts)

    def add(self, account: NDArray[np.int64], **columns: ArrayLike) -> None:
        """Append one row an account; a single value is repeated."""
        if len(account):
            rows = {name: np.broadcast_to(columns[name], len(account)) for name in self.names}
            self.parts.append({"account": account, **rows})

    def sorted(self) -> "Rows":
        """Return all rows ordered by account, then by the columns in order."""
        columns = ("account", *self.names)
        joined = {
            name: np.concatenate([part[name] for part in self.parts]).astype(np.int64)
            if self.parts
            else np.empty(0, np.int64)
            for name in columns
        }
        order = np.lexsort([joined[name] for name in reversed(columns)])
        return Rows({name: values[order] for name, values in joined.items()})


@dataclass(frozen=True)
class Rows:
    """Sorted rows of a log; ``rows["day"]`` is a column."""

    columns: Mapping[str, NDArray[np.int64]]

    def __getitem__(self, name: str) -> NDArray[np.int64]:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.columns["account"])

    def between(self, first: int, last: int) -> "Rows":
        """Return the rows of accounts ``first <= account < last``, counted from ``first``."""
        low, high = np.searchsorted(self.columns["account"], [first, last])
        cut = {name: values[low:high] for name, values in self.columns.items()}
        return Rows({**cut, "account": cut["account"] - first})

    def of(self, account: int) -> "Rows":
        """Return the rows of one account."""
        low, high = np.searchsorted(self.columns["account"], [account, account + 1])
        return Rows({name: values[low:high] for name, values in self.columns.items()})

    def where(self, keep: NDArray[np.bool_]) -> "Rows":
        """Return the rows for which ``keep`` is true."""
        return Rows({name: values[keep] for name, values in self.columns.items()})
