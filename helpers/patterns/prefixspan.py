"""PrefixSpan on flat integer arrays: every ordered pattern that enough sequences contain.

A pattern is contained in a sequence if its tokens occur there in this order, other tokens
between them allowed (up to ``max_gap`` of them, ``max_gap_time`` and ``window`` of time, if
those are given). Patterns grow one token at a time. A pattern's projected database is an array
of pointers, each the position right after which the pattern has been matched, so nothing is
copied. All patterns of one length grow together: without such limits in
:mod:`helpers.patterns.growth`, with them in :mod:`helpers.patterns.gapped`. Repeats are folded
before (:func:`helpers.patterns.sequences.fold_repeats`); what is closed, maximal or among the
most frequent is chosen afterwards (:mod:`helpers.patterns.condensed`).

References
----------
Pei et al. (2004), *IEEE TKDE* 16(10), 1424-1440: PrefixSpan, projection by pointers.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from helpers.errors import ParameterError
from helpers.patterns.gapped import Bounds, GappedGrowth
from helpers.patterns.growth import Growth, starts_of
from helpers.patterns.sequences import Ints, SequenceDatabase

__all__ = ["Patterns", "TooManyPatternsError", "mine", "mine_bounded"]

Collected = tuple[Ints, NDArray[np.int32], Ints]
"""Token codes of the patterns of one length, their sequences, and how many each has."""


class Search(Protocol):
    """Patterns of one length after the other; what a level is made of is the search's affair."""

    def first(self) -> Any:
        """Patterns of one token."""

    def grow(self, level: Any, *, most: int) -> Any:
        """Patterns one token longer; ``None`` if there are more than ``most``."""

    def collect(self, level: Any) -> Collected:
        """Return what is known of the patterns of a level, in alphabetical order."""


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
    rows : ndarray of int32, (sum of support,)
        Sequence numbers, pattern after pattern, rising within each.
    n_sequences : int
        Sequences searched.
    min_support : int
        The threshold in force, in sequences.
    """

    items: list[tuple[str, ...]]
    support: Ints
    rows: NDArray[np.int32]
    n_sequences: int
    min_support: int

    @cached_property
    def row_starts(self) -> Ints:
        """Where each pattern's sequence numbers start in ``rows``."""
        return starts_of(self.support)

    def rows_of(self, index: int) -> NDArray[np.int32]:
        """Sequence numbers of one pattern."""
        starts = self.row_starts
        return self.rows[starts[index] : starts[index + 1]]


def mine(
    database: SequenceDatabase,
    *,
    min_support: int,
    max_length: int,
    anchored: bool = False,
    max_gap: int | None = None,
    max_gap_time: int | None = None,
    window: int | None = None,
    spark: Any = None,
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
    max_gap_time : int, optional
        Time allowed between two neighbours, in the units of ``database.times``; 0 means at once.
    window : int, optional
        Time allowed from the first to the last token of a pattern.
    spark : SparkSession, optional
        Search there (:mod:`helpers.patterns.on_spark`) and not in this process; equal results.
    max_patterns : int
        Stop with an error when there are more.

    Returns
    -------
    Patterns
        Equal for any order of the sequences, up to their numbering.

    Raises
    ------
    ParameterError
        If a limit is out of range, or is one of time and the database has no times.
    TooManyPatternsError
        If more than ``max_patterns`` patterns have this support.
    """
    bounds = Bounds(max_gap, max_gap_time, window)
    if min_support < 1 or max_length < 1 or min(bounds.given, default=0) < 0:
        raise ParameterError(
            "mine: expected min_support >= 1, max_length >= 1 and limits >= 0, got "
            f"{min_support}, {max_length} and {max_gap}, {max_gap_time}, {window}."
        )
    if spark is not None:
        return _on_spark(
            database,
            spark,
            bounds,
            min_support=min_support,
            max_length=max_length,
            anchored=anchored,
            max_patterns=max_patterns,
        )
    search: Search = (
        GappedGrowth(database, min_support, anchored=anchored, bounds=bounds)
        if bounds.given
        else Growth(database, min_support, anchored=anchored)
    )
    level, found, left = search.first(), [], max_patterns
    while level is not None and len(level.codes) <= left:
        left -= len(level.codes)
        found.append(search.collect(level))
        if level.codes.shape[1] == max_length or not len(level.codes):
            return _joined(found, database, min_support)
        level = search.grow(level, most=left)
    raise TooManyPatternsError(
        f"more than {max_patterns:,} patterns occur in at least {min_support:,} of "
        f"{database.n_sequences:,} sequences: raise min_support or lower max_length."
    )


def _on_spark(database: SequenceDatabase, spark: Any, bounds: Bounds, **options: Any) -> Patterns:
    from helpers.patterns.on_spark import SparkSearch

    if bounds.given:
        raise ParameterError(
            "mine: Spark's PrefixSpan knows no limits on gaps and time; search without `spark`."
        )
    return SparkSearch(spark).mine(database, **options)


def _joined(found: list[Collected], database: SequenceDatabase, min_support: int) -> Patterns:
    """Put the levels into one result."""
    names = database.names
    return Patterns(
        items=[
            tuple(names[code] for code in row) for codes, _, _ in found for row in codes.tolist()
        ],
        support=np.concatenate([support for _, _, support in found]).astype(np.int64),
        rows=np.concatenate([rows for _, rows, _ in found]),
        n_sequences=database.n_sequences,
        min_support=min_support,
    )


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
