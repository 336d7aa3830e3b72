"""PrefixSpan on flat integer arrays: every ordered pattern that enough sequences contain.

A pattern is contained in a sequence if its tokens occur there in this order, other tokens
between them allowed (up to ``max_gap`` of them if that is given). Patterns grow one token at
a time. A pattern's projected database is an array of pointers, each the position right
after which the pattern has been matched, so nothing is copied. Without a gap limit the
leftmost match is enough; with one all matches are kept, since a later match may reach
further. All patterns of one length grow together, in slices of bounded size.

References
----------
Pei et al. (2004), *IEEE TKDE* 16(10), 1424-1440: PrefixSpan, projection by pointers.
Antunes, Oliveira (2003), *MLDM*, LNCS 2734, 239-251: why gap limits need all matches.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from helpers.errors import ParameterError
from helpers.patterns.sequences import Ints, SequenceDatabase

__all__ = ["Patterns", "TooManyPatternsError", "mine", "mine_bounded"]

SLICE = 4_000_000
"""Candidate extensions held in memory at a time (about 100 MB)."""


class TooManyPatternsError(ParameterError):
    """More patterns than anybody will read: the support asked for is too low."""


@dataclass(frozen=True)
class Patterns:
    """Mined patterns and the sequences that contain each of them.

    Parameters
    ----------
    items : list of tuple of str
        The patterns, by length, then alphabetically.
    support : ndarray of int64, (n_patterns,)
        Number of sequences that contain the pattern.
    rows : ndarray of int64, (sum of support,)
        Sequence numbers, pattern after pattern, rising within each.
    n_sequences : int
        Sequences searched.
    min_support : int
        The threshold in force, in sequences.
    """

    items: list[tuple[str, ...]]
    support: Ints
    rows: Ints
    n_sequences: int
    min_support: int

    @property
    def row_starts(self) -> Ints:
        """Where each pattern's sequence numbers start in ``rows``."""
        return np.concatenate([[0], np.cumsum(self.support)]).astype(np.int64)

    def rows_of(self, index: int) -> Ints:
        """Sequence numbers of one pattern."""
        starts = self.row_starts
        return self.rows[starts[index] : starts[index + 1]]


@dataclass(frozen=True)
class _Level:
    """Patterns of one length: their codes, and pointers grouped by pattern."""

    codes: Ints  # (n_patterns, length)
    pattern: Ints  # (n_pointers,) rising
    at: Ints  # (n_pointers,) position of the last matched token, rising within a pattern


def mine(
    database: SequenceDatabase,
    *,
    min_support: int,
    max_length: int,
    anchored: bool = False,
    max_gap: int | None = None,
    max_patterns: int = 100_000,
) -> Patterns:
    """Find every pattern that at least ``min_support`` sequences contain.

    Parameters
    ----------
    database : SequenceDatabase
        What to search.
    min_support : int
        Sequences that must contain a pattern, >= 1.
    max_length : int
        Tokens of the longest pattern, >= 1.
    anchored : bool
        Patterns must begin with the first token of the sequence.
    max_gap : int, optional
        Other tokens allowed between two neighbours of a pattern; 0 means adjacent.
    max_patterns : int
        Stop with an error when there are more.

    Returns
    -------
    Patterns
        Equal for any order of the sequences, up to their numbering.

    Raises
    ------
    ParameterError
        If a limit is out of range.
    TooManyPatternsError
        If more than ``max_patterns`` patterns have this support.
    """
    if min_support < 1 or max_length < 1 or (max_gap is not None and max_gap < 0):
        raise ParameterError(
            "mine: expected min_support >= 1, max_length >= 1 and max_gap >= 0, got "
            f"{min_support}, {max_length} and {max_gap}."
        )
    search = _Search(database, min_support, max_gap)
    level, found, n_found = search.first(anchored=anchored), [], 0
    while len(level.codes):
        found.append(level)
        n_found += len(level.codes)
        if n_found > max_patterns:
            raise TooManyPatternsError(
                f"more than {max_patterns:,} patterns occur in at least {min_support:,} of "
                f"{database.n_sequences:,} sequences: raise min_support or lower max_length."
            )
        if level.codes.shape[1] == max_length:
            break
        level = search.extend(level)
    return search.collect(found)


def mine_bounded(
    database: SequenceDatabase, *, min_support: int, max_patterns: int = 20_000, **options: object
) -> Patterns:
    """Mine with the lowest support, ``min_support`` or above, that gives few enough patterns.

    Options are those of :func:`mine`. Each try asks for half as much support again; the
    threshold that was used is in the result, so a report can name it.
    """
    while True:
        try:
            return mine(database, min_support=min_support, max_patterns=max_patterns, **options)  # type: ignore[arg-type]
        except TooManyPatternsError:
            min_support = max(min_support + 1, min_support * 3 // 2)


class _Search:
    """The arrays of one search; tokens too rare to matter are not looked at again."""

    def __init__(self, database: SequenceDatabase, min_support: int, max_gap: int | None) -> None:
        self.database, self.min_support, self.max_gap = database, min_support, max_gap
        self.items, self.owners = database.items, database.owners
        self.ends = database.starts[1:][self.owners]
        self.previous = database.previous_equal
        firsts = self.previous < 0
        n_items = len(database.names)
        self.frequent = np.bincount(self.items[firsts], minlength=n_items) >= min_support
        self.n_items = max(n_items, 1)

    def first(self, *, anchored: bool) -> _Level:
        """Patterns of one token."""
        begins = np.zeros(len(self.items), bool)
        starts = self.database.starts
        begins[starts[:-1][np.diff(starts) > 0]] = True
        wanted = begins if anchored else np.ones(len(self.items), bool)
        if self.max_gap is None:
            wanted &= self.previous < 0
        at = np.flatnonzero(wanted & self.frequent[self.items])
        return self._level(np.empty((1, 0), np.int64), self.items[at], at)

    def extend(self, level: _Level) -> _Level:
        """Patterns one token longer."""
        grown = [
            self._level(level.codes, level.pattern[source] * self.n_items + self.items[at], at)
            for source, at in self._slices(level)
        ]
        if not grown:
            width = level.codes.shape[1] + 1
            return _Level(np.empty((0, width), np.int64), level.at[:0], level.at[:0])
        shift = np.cumsum([0, *(len(part.codes) for part in grown)])
        return _Level(
            np.concatenate([part.codes for part in grown]),
            np.concatenate([part.pattern + more for part, more in zip(grown, shift, strict=False)]),
            np.concatenate([part.at for part in grown]),
        )

    def _slices(self, level: _Level) -> Iterator[tuple[Ints, Ints]]:
        """Yield candidate extensions (pointer, new position), whole patterns at a time."""
        reach = self.ends[level.at]
        if self.max_gap is not None:
            reach = np.minimum(reach, level.at + 2 + self.max_gap)
        lengths = reach - level.at - 1
        total = np.concatenate([[0], np.cumsum(lengths)])
        bounds = np.searchsorted(level.pattern, np.arange(len(level.codes) + 1))
        begin = 0
        while begin < len(level.codes):
            limit = total[bounds[begin]] + SLICE
            end = int(np.searchsorted(total[bounds], limit, side="right")) - 1
            end = max(end, begin + 1)
            pointers = np.arange(bounds[begin], bounds[end])
            source = np.repeat(pointers, lengths[pointers])
            offset = np.arange(len(source)) - (total[source] - total[bounds[begin]])
            yield self._useful(level, source, level.at[source] + 1 + offset)
            begin = end

    def _useful(self, level: _Level, source: Ints, at: Ints) -> tuple[Ints, Ints]:
        keep = self.frequent[self.items[at]]
        if self.max_gap is None:  # only the first occurrence after the pointer
            keep &= self.previous[at] <= level.at[source]
        return source[keep], at[keep]

    def _level(self, parents: Ints, key: Ints, at: Ints) -> _Level:
        """Group candidates by key = parent * n_items + item; keep the frequent groups."""
        order = np.lexsort((at, key))
        key, at = key[order], at[order]
        if self.max_gap is not None and len(key):
            fresh = np.concatenate([[True], (key[1:] != key[:-1]) | (at[1:] != at[:-1])])
            key, at = key[fresh], at[fresh]
        groups, inverse = np.unique(key, return_inverse=True)
        support = np.bincount(inverse[self._new_owner(inverse, at)], minlength=len(groups))
        kept = support >= self.min_support
        number = np.cumsum(kept) - 1
        pointers = kept[inverse]
        parent, item = np.divmod(groups[kept], self.n_items)
        codes = np.column_stack([parents[parent], item]).astype(np.int64)
        return _Level(codes, number[inverse][pointers], at[pointers])

    def _new_owner(self, group: Ints, at: Ints) -> np.ndarray:
        """Tell which pointers are the first of their sequence within their group."""
        owner = self.owners[at]
        new = np.ones(len(at), bool)
        new[1:] = (group[1:] != group[:-1]) | (owner[1:] != owner[:-1])
        return new

    def collect(self, found: list[_Level]) -> Patterns:
        """Put all levels into one result."""
        names = self.database.names
        items = [tuple(names[c] for c in codes) for level in found for codes in level.codes]
        rows, support = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for level in found:
            new = self._new_owner(level.pattern, level.at)
            rows.append(self.owners[level.at][new])
            support.append(np.bincount(level.pattern[new], minlength=len(level.codes)))
        return Patterns(
            items=items,
            support=np.concatenate(support).astype(np.int64),
            rows=np.concatenate(rows),
            n_sequences=self.database.n_sequences,
            min_support=self.min_support,
        )
