"""Patterns of one length grow into those of the next: counts by one product, then pointers.

A pattern's projected database is an array of pointers: of each sequence that contains the
pattern, the position at which its leftmost match ends. Which tokens can still follow is the same
for every pattern that ends there, so it is laid out once, as a table *position by token that
still comes*. The supports of all extensions of all patterns of one length are then one product,
*patterns by positions* times that table. Only for the frequent extensions are new pointers read,
from the next place of the token after each position.

Sequences are worked on in blocks, so that the table of a block stays small; only supports are
added up over the blocks.

References
----------
Pei et al. (2004), *IEEE TKDE* 16(10), 1424-1440: projection by pointers.
Ayres et al. (2002), *KDD*, 429-435: after the leftmost match, the order of the rest is a table.
"""

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Union

import numpy as np
from numpy.typing import NDArray

from helpers.patterns.sequences import Ints, SequenceDatabase, by_code

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["Growth", "begins", "frequent_items", "starts_of"]

Places = NDArray[np.int32]
Table = Union[NDArray[np.int16], "csr_matrix"]
BLOCK_SEQUENCES, BLOCK_TOKENS = 25_000, 400_000
"""Sequences and tokens of a block; a support within a block must fit into 16 bits."""
DENSE_TOKENS = 30
"""A table is kept dense up to so many columns for each token that still comes on average."""
DENSE_CELLS = 100_000_000


@dataclass(frozen=True)
class _Level:
    """Patterns of one length; for each block where a pattern's pointers start, and they."""

    codes: Ints  # (n_patterns, length), numbers of frequent tokens
    starts: list[Ints]  # each (n_patterns + 1,)
    at: list[Places]  # position of the last matched token, rising within a pattern


def frequent_items(database: SequenceDatabase, min_support: int) -> NDArray[np.bool_]:
    """Tell which tokens enough sequences contain."""
    once = database.items[database.previous_equal < 0]
    return np.bincount(once, minlength=len(database.names)) >= min_support


def begins(database: SequenceDatabase) -> NDArray[np.bool_]:
    """Mark the first token of each sequence."""
    first = np.zeros(len(database.items), bool)
    first[database.starts[:-1][np.diff(database.starts) > 0]] = True
    return first


def starts_of(sizes: Ints) -> Ints:
    """Where each of several runs of these lengths starts, and where the last ends."""
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


class Growth:
    """One search without a gap limit; tokens too rare to matter are dropped at the start."""

    def __init__(self, database: SequenceDatabase, min_support: int, *, anchored: bool) -> None:
        self.min_support = min_support
        frequent = frequent_items(database, min_support)
        kept = frequent[database.items]
        self.codes = np.flatnonzero(frequent)
        items = (np.cumsum(frequent) - 1)[database.items[kept]]
        owners = database.owners[kept]
        wanted = begins(database)[kept] if anchored else np.ones(len(items), bool)
        self.blocks = [
            _Block(items[part], owners[part], wanted[part], len(self.codes))
            for part in _parts(owners)
        ]

    def first(self) -> _Level:
        """Patterns of one token: the first of each sequence that counts."""
        found = [block.first() for block in self.blocks]
        support = sum((counts for counts, _ in found), np.zeros(len(self.codes), np.int64))
        enough = support >= self.min_support
        starts, at = [], []
        for counts, pointers in found:
            starts.append(starts_of(counts[enough]))
            at.append(pointers[np.repeat(enough, counts)])
        return _Level(np.flatnonzero(enough)[:, None], starts, at)

    def grow(self, level: _Level, *, most: int) -> _Level | None:
        """Patterns one token longer; ``None`` if there are more than ``most``."""
        parent, item = self._extensions(level)
        if len(parent) > most:
            return None
        grown = [
            block.extend(starts, at, parent, item)
            for block, starts, at in zip(self.blocks, level.starts, level.at, strict=True)
        ]
        codes = np.column_stack([level.codes[parent], item])
        return _Level(codes, [starts for starts, _ in grown], [at for _, at in grown])

    def _extensions(self, level: _Level) -> tuple[Ints, Ints]:
        """Return parent and token of each frequent extension, by token."""
        parts = zip(self.blocks, level.starts, level.at, strict=True)
        counts = [block.count(starts, at) for block, starts, at in parts]
        if not counts or not len(level.codes):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        support = reduce(lambda one, other: one + other, counts)
        if isinstance(support, np.ndarray):
            frequent = support >= self.min_support
            item, parent = np.nonzero(frequent.T)
            return parent, item
        entry = support.tocoo()
        kept = entry.data >= self.min_support
        parent, item = entry.row[kept].astype(np.int64), entry.col[kept].astype(np.int64)
        order = np.lexsort((parent, item))
        return parent[order], item[order]

    def collect(self, level: _Level) -> tuple[Ints, NDArray[np.int32], Ints]:
        """Return codes in alphabetical order, the sequences of each pattern, and how many."""
        order = np.lexsort(level.codes.T[::-1])
        sizes = np.array([np.diff(starts) for starts in level.starts], np.int64)
        sizes = sizes.reshape(len(self.blocks), len(level.codes))
        support = sizes.sum(axis=0)
        begin = np.empty(len(order), np.int64)
        begin[order] = starts_of(support[order])[:-1]
        rows = np.empty(int(support.sum()), np.int32)
        for number, (block, at) in enumerate(zip(self.blocks, level.at, strict=True)):
            rows[_runs(begin, sizes[number])] = block.owners[at]
            begin = begin + sizes[number]
        return self.codes[level.codes[order]], rows, support[order]


class _Block:
    """Some of the sequences: their frequent tokens, and which of them still come."""

    def __init__(self, items: Ints, owners: Ints, wanted: NDArray[np.bool_], n_items: int) -> None:
        self.items, self.owners = items, owners.astype(np.int32)
        self.wanted, self.n_items = wanted, n_items
        self.order = by_code(items, n_items)
        self.bounds = np.searchsorted(items[self.order], np.arange(n_items + 1))
        new = np.flatnonzero(np.diff(owners, prepend=-1))
        lengths = np.diff(np.append(new, len(owners)))
        self.begins, self.ends = np.repeat(new, lengths), np.repeat(new + lengths, lengths)
        self.ends = self.ends.astype(np.int32)
        self.table: Table | None = None

    def first(self) -> tuple[Ints, Places]:
        """Sequences of each token, and where it first stands in them, token after token."""
        order = self.order[self.wanted[self.order]]
        item, owner = self.items[order], self.owners[order]
        new = np.ones(len(order), bool)
        new[1:] = (item[1:] != item[:-1]) | (owner[1:] != owner[:-1])
        counts = np.bincount(item[new], minlength=self.n_items)
        return counts, order[new].astype(np.int32)

    def count(self, starts: Ints, at: Places) -> Table:
        """Patterns by tokens: how many sequences hold the pattern and then the token."""
        from scipy.sparse import csr_matrix

        if self.table is None:
            self.table = self._following()
        kind = np.int16 if isinstance(self.table, np.ndarray) else np.int32
        ones, shape = np.ones(len(at), kind), (len(starts) - 1, len(self.items))
        found = csr_matrix((ones, at, starts.astype(np.int32)), shape=shape) @ self.table
        return found.astype(np.int32)

    def _following(self) -> Table:
        """Positions by tokens: 1 where the token still comes in this sequence."""
        from scipy.sparse import csc_matrix

        low = np.maximum(self._previous(), self.begins)[self.order]
        many = self.order - low
        total = starts_of(many)
        rows = _runs(low, many)
        n, columns = len(self.items), total[self.bounds]
        shape = (n, self.n_items)
        if n * self.n_items <= min(DENSE_CELLS, DENSE_TOKENS * len(rows)):
            table = np.zeros(shape, np.int16)
            table[rows, np.repeat(np.arange(self.n_items), np.diff(columns))] = 1
            return table
        ones = np.ones(len(rows), np.int32)
        return csc_matrix((ones, rows.astype(np.int32), columns), shape=shape).tocsr()

    def _previous(self) -> Ints:
        """Position of the previous equal token of the same sequence, -1 where there is none."""
        before, here = self.order[:-1], self.order[1:]
        same = (self.items[before] == self.items[here]) & (self.owners[before] == self.owners[here])
        previous = np.full(len(self.items), -1, np.int64)
        previous[here[same]] = before[same]
        return previous

    def extend(self, starts: Ints, at: Places, parent: Ints, item: Ints) -> tuple[Ints, Places]:
        """Read the pointers of extensions that come sorted by token."""
        ends, sizes = self.ends[at], np.diff(starts)
        found, kept = [np.empty(0, np.int32)], [np.zeros(0, np.int64)]
        edges = np.searchsorted(item, np.arange(self.n_items + 1))
        for token in np.unique(item).tolist():
            mine = parent[edges[token] : edges[token + 1]]
            source = _runs(starts[mine], sizes[mine])
            place = self._next_place(token).take(at.take(source))
            comes = np.flatnonzero(place < ends.take(source))
            found.append(place.take(comes))
            kept.append(np.diff(np.searchsorted(comes, starts_of(sizes[mine]))))
        return starts_of(np.concatenate(kept)), np.concatenate(found)

    def _next_place(self, token: int) -> Places:
        """Next position of a token after each position, in whatever sequence that is."""
        n = len(self.items)
        places = self.order[self.bounds[token] : self.bounds[token + 1]]
        edges = np.concatenate([[0], places, [n]])
        return np.repeat(np.append(places, n).astype(np.int32), np.diff(edges))


def _parts(owners: Ints) -> list[slice]:
    """Cut the tokens where sequences end, into blocks of bounded size."""
    parts, begin = [], 0
    while begin < len(owners):
        limit = owners[min(begin + BLOCK_TOKENS, len(owners) - 1)]
        last = min(owners[begin] + BLOCK_SEQUENCES, max(limit, owners[begin] + 1))
        whole = begin + BLOCK_TOKENS >= len(owners) and owners[-1] < owners[begin] + BLOCK_SEQUENCES
        end = len(owners) if whole else int(np.searchsorted(owners, last))
        parts.append(slice(begin, end))
        begin = end
    return parts


def _runs(begin: Ints, lengths: Ints) -> NDArray[np.integer]:
    """Concatenate the ranges that start at ``begin`` and have these lengths."""
    total = starts_of(lengths)
    reach = max(int(total[-1]), int((begin + lengths).max(initial=0)))
    kind = np.int32 if reach < np.iinfo(np.int32).max else np.int64  # half the bytes to move
    runs = np.arange(total[-1], dtype=kind)
    runs += np.repeat((begin - total[:-1]).astype(kind), lengths)
    return runs
