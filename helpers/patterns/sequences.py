"""A set of sequences as two flat integer arrays, made from a long table of tokens.

All sequences lie one after the other in ``items``; sequence ``s`` is
``items[starts[s]:starts[s + 1]]``. A miner walks these arrays and never touches text.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["SequenceDatabase", "by_code", "encode", "fold_repeats"]

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class SequenceDatabase:
    """Sequences of tokens, coded.

    Parameters
    ----------
    items : ndarray of int64, (n_tokens,)
        Token codes of all sequences, one sequence after the other.
    starts : ndarray of int64, (n_sequences + 1,)
        Where each sequence starts in ``items``; the last entry is ``n_tokens``.
    names : tuple of str
        Token of each code, in alphabetical order.
    times : ndarray of int64, (n_tokens,), optional
        When each token happened, in whole units of the caller's choice (days, seconds); never
        falling within a sequence. Needed for limits in time only.
    """

    items: Ints
    starts: Ints
    names: tuple[str, ...]
    times: Ints | None = None

    @property
    def n_sequences(self) -> int:
        """How many sequences, empty ones included."""
        return len(self.starts) - 1

    @property
    def owners(self) -> Ints:
        """Sequence that each token belongs to."""
        return np.repeat(np.arange(self.n_sequences), np.diff(self.starts))

    @property
    def previous_equal(self) -> Ints:
        """Position of the previous equal token of the same sequence, -1 where there is none."""
        order = by_code(self.items, len(self.names))
        before, here = order[:-1], order[1:]
        owners = self.owners
        same = (self.items[before] == self.items[here]) & (owners[before] == owners[here])
        previous = np.full(len(self.items), -1, np.int64)
        previous[here[same]] = before[same]
        return previous


def by_code(codes: Ints, n_codes: int) -> Ints:
    """Positions by code, then by position; few codes are sorted digit by digit, which is fast."""
    small = codes.astype(np.uint16) if n_codes <= np.iinfo(np.uint16).max else codes
    return np.argsort(small, kind="stable")


def fold_repeats(tokens: pd.DataFrame) -> pd.DataFrame:
    """Drop each token that repeats the one before it in the same sequence.

    Parameters
    ----------
    tokens : DataFrame
        ``unit``, ``token``; all tokens of a unit together, oldest first.

    Returns
    -------
    DataFrame
        The rows that are kept, in their order.
    """
    repeats = (tokens["token"] == tokens["token"].shift()) & (
        tokens["unit"] == tokens["unit"].shift()
    )
    return tokens[~repeats.fillna(False)].reset_index(drop=True)


def encode(tokens: pd.DataFrame, units: pd.Series) -> SequenceDatabase:
    """Code a long table of tokens.

    Parameters
    ----------
    tokens : DataFrame
        ``unit``, ``token`` and, where limits in time will be asked for, ``time`` (whole
        numbers); one row a token, oldest first within its unit.
    units : Series
        Every unit in the order wanted for the sequences; one without tokens becomes an empty
        sequence. Tokens of other units are left out.

    Returns
    -------
    SequenceDatabase
        Sequence ``i`` belongs to ``units.iloc[i]``.
    """
    places = pd.Index(units).get_indexer(pd.Index(tokens["unit"]))
    known = places >= 0
    codes, names = pd.factorize(tokens.loc[known, "token"], sort=True)
    order = np.argsort(places[known], kind="stable")
    lengths = np.bincount(places[known], minlength=len(units))
    return SequenceDatabase(
        items=codes[order].astype(np.int64),
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        names=tuple(str(name) for name in names),
        times=tokens.loc[known, "time"].to_numpy(np.int64)[order] if "time" in tokens else None,
    )
