"""Patterns of one length grow into those of the next: counts by one sparse product, then pointers.

A pattern's projected database is an array of pointers: of each sequence that contains the
pattern, the position at which its leftmost match ends. Which tokens can follow is the same for
every pattern that ends there, so it is laid out once, as a sparse table *position by token
that still comes*. The supports of all extensions of all patterns of one length are then one
product, *patterns by positions* times that table. Only for the frequent extensions are new
pointers read, from the next place of the token after each position.

References
----------
Pei et al. (2004), *IEEE TKDE* 16(10), 1424-1440: projection by pointers.
Ayres et al. (2002), *KDD*, 429-435: after the leftmost match, the order of the rest is a table.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from helpers.patterns.sequences import Ints, SequenceDatabase

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["Growth", "Level", "begins", "frequent_items", "starts_of"]

Places = NDArray[np.int32]
SLICE = 4_000_000
"""Pointers counted at a time (about 50 MB)."""


@dataclass(frozen=True)
class Level:
    """Patterns of one length, and pointers grouped by pattern.

    Parameters
    ----------
    codes : ndarray of int64, (n_patterns, length)
        Token codes.
    starts : ndarray of int64, (n_patterns + 1,)
        Where each pattern's pointers start in ``at``.
    at : ndarray of int32, (n_pointers,)
        Position of the last matched token, rising within a pattern.
    """

    codes: Ints
    starts: Ints
    at: Places

    @property
    def pattern(self) -> Ints:
        """Pattern number of each pointer."""
        return np.repeat(np.arange(len(self.codes)), np.diff(self.starts))

    def of(self, number: int) -> Places:
        """Pointers of one pattern."""
        return self.at[self.starts[number] : self.starts[number + 1]]


def frequent_items(database: SequenceDatabase, min_support: int) -> NDArray[np.bool_]:
    """Tell which tokens enough sequences contain."""
    once = database.items[database.previous_equal < 0]
    return np.bincount(once, minlength=len(database.names)) >= min_support


def _stable_order(codes: Ints, n_codes: int) -> Ints:
    """Positions by code, then by position; small codes are sorted digit by digit."""
    small = codes.astype(np.uint16) if n_codes <= np.iinfo(np.uint16).max else codes
    return np.argsort(small, kind="stable")


class Growth:
    """One search without a gap limit; tokens too rare to matter are dropped at the start."""

    def __init__(self, database: SequenceDatabase, min_support: int, *, anchored: bool) -> None:
        self.min_support = min_support
        frequent = frequent_items(database, min_support)
        kept = frequent[database.items]
        self.codes = np.flatnonzero(frequent)
        self.items = (np.cumsum(frequent) - 1)[database.items[kept]]
        self.owners = database.owners[kept].astype(np.int32)
        self.wanted = begins(database)[kept] if anchored else np.ones(len(self.items), bool)
        self.order = _stable_order(self.items, len(self.codes))
        self.bounds = np.searchsorted(self.items[self.order], np.arange(len(self.codes) + 1))
        self.begins, self.ends = _edges(self.owners)
        self._follows: csr_matrix | None = None

    def first(self) -> Level:
        """Patterns of one token: the first of each sequence that counts."""
        order = self.order[self.wanted[self.order]]
        item, owner = self.items[order], self.owners[order]
        new = np.ones(len(order), bool)
        new[1:] = (item[1:] != item[:-1]) | (owner[1:] != owner[:-1])
        support = np.bincount(item[new], minlength=len(self.codes))
        enough = support >= self.min_support
        at = order[new][enough[item[new]]].astype(np.int32)
        return Level(self.codes[enough][:, None], starts_of(support[enough]), at)

    def _extensions(self, level: Level) -> tuple[Ints, Ints, Ints]:
        """Return parent, token number and support of each frequent extension, in that order."""
        found = [np.empty((3, 0), np.int64)]
        for begin, counts in self._counted(level):
            entry = counts.tocoo()
            keep = entry.data >= self.min_support
            rows = np.array([entry.row[keep] + begin, entry.col[keep], entry.data[keep]], np.int64)
            found.append(rows[:, np.lexsort((rows[1], rows[0]))])
        parent, item, support = np.concatenate(found, axis=1)
        return parent, item, support

    def _counted(self, level: Level) -> Iterator[tuple[int, "csr_matrix"]]:
        """Yield the first pattern of a slice, and patterns by tokens: the supports."""
        from scipy.sparse import csr_matrix

        if self._follows is None:
            self._follows = self._following()
        begin = 0
        while begin < len(level.codes):
            limit = level.starts[begin] + SLICE
            end = int(np.searchsorted(level.starts, limit, side="right")) - 1
            end = max(end, begin + 1)
            here = level.at[level.starts[begin] : level.starts[end]]
            ones = np.ones(len(here), np.int32)
            pointers = (level.starts[begin : end + 1] - level.starts[begin]).astype(np.int32)
            shape = (end - begin, len(self.items))
            yield begin, csr_matrix((ones, here, pointers), shape=shape) @ self._follows
            begin = end

    def _following(self) -> "csr_matrix":
        """Positions by tokens: 1 where the token still comes in this sequence."""
        from scipy.sparse import csc_matrix

        low = np.maximum(self._previous(), self.begins)[self.order]
        many = self.order - low
        total = np.concatenate([[0], np.cumsum(many)])
        rows = np.repeat((low - total[:-1]).astype(np.int32), many)
        rows += np.arange(total[-1], dtype=np.int32)
        ones = np.ones(len(rows), np.int32)
        shape = (len(self.items), len(self.codes))
        return csc_matrix((ones, rows, total[self.bounds]), shape=shape).tocsr()

    def _previous(self) -> Ints:
        """Position of the previous equal token of the same sequence, -1 where there is none."""
        before, here = self.order[:-1], self.order[1:]
        same = (self.items[before] == self.items[here]) & (self.owners[before] == self.owners[here])
        previous = np.full(len(self.items), -1, np.int64)
        previous[here[same]] = before[same]
        return previous

    def grow(self, level: Level, *, most: int) -> Level | None:
        """Patterns one token longer; ``None`` if there are more than ``most``."""
        parent, item, support = self._extensions(level)
        if len(parent) > most:
            return None
        starts = starts_of(support)
        at = np.empty(int(starts[-1]), np.int32)
        for token in np.unique(item):
            following = self._next_place(int(token))
            for child in np.flatnonzero(item == token):
                found = following[level.of(int(parent[child]))]
                at[starts[child] : starts[child + 1]] = found[found >= 0]
        codes = np.column_stack([level.codes[parent], self.codes[item]]).astype(np.int64)
        return Level(codes, starts, at)

    def _next_place(self, token: int) -> Places:
        """Next position of a token after each position, -1 if it no longer comes."""
        places = self.order[self.bounds[token] : self.bounds[token + 1]]
        edges = np.concatenate([[0], places, [len(self.items)]])
        following = np.repeat(np.append(places, len(self.items)), np.diff(edges)).astype(np.int32)
        following[following >= self.ends] = -1
        return following

    def rows(self, level: Level) -> tuple[NDArray[np.int32], Ints]:
        """Sequence numbers of each pattern, one after the other, and how many each has."""
        return self.owners[level.at], np.diff(level.starts)


def begins(database: SequenceDatabase) -> NDArray[np.bool_]:
    """Mark the first token of each sequence."""
    first = np.zeros(len(database.items), bool)
    first[database.starts[:-1][np.diff(database.starts) > 0]] = True
    return first


def starts_of(support: Ints) -> Ints:
    """Where each of several blocks of these sizes starts, and where the last ends."""
    return np.concatenate([[0], np.cumsum(support)]).astype(np.int64)


def _edges(owners: Places) -> tuple[Ints, Ints]:
    """Where the sequence of each position begins and ends."""
    new = np.flatnonzero(np.diff(owners, prepend=-1))
    lengths = np.diff(np.append(new, len(owners)))
    return np.repeat(new, lengths), np.repeat(new + lengths, lengths)
