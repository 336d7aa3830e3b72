"""Fewer patterns that say as much: closed ones, maximal ones, the most frequent ones.

Of thousands of frequent patterns most are parts of longer ones. A *closed* pattern is part of
no longer one that the very same sequences contain; a *maximal* one is part of no longer frequent
one at all. Both look at the patterns that were mined: one as long as ``max_length`` is closed and
maximal because longer ones were not looked for.

References
----------
Yan, Han, Afshar (2003), *SDM*, 166-177: closed sequential patterns. Tzvetkov, Yan, Han (2003),
*ICDM*, 347-354: the k most frequent ones, without a support to guess.
"""

from collections import defaultdict
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from helpers.errors import ParameterError
from helpers.patterns.prefixspan import Patterns, TooManyPatternsError, mine
from helpers.patterns.sequences import SequenceDatabase

__all__ = ["chosen", "closed", "maximal", "mine_top"]

Items = tuple[str, ...]


def closed(patterns: Patterns) -> Patterns:
    """Keep the patterns that are part of no longer one with exactly the same sequences."""
    same: dict[bytes, list[int]] = defaultdict(list)
    for number in range(len(patterns.items)):
        same[patterns.rows_of(number).tobytes()].append(number)
    keep = np.ones(len(patterns.items), bool)
    for group in same.values():
        for number in group:
            items = patterns.items[number]
            keep[number] = not any(_inside(items, patterns.items[other]) for other in group)
    return chosen(patterns, keep)


def maximal(patterns: Patterns) -> Patterns:
    """Keep the patterns that are part of no longer one."""
    parts: set[Items] = set()
    left = list(patterns.items)
    while left:  # under limits on gaps a part of a frequent pattern need not be frequent itself
        items = left.pop()
        for at in range(len(items) if len(items) > 1 else 0):
            shorter = items[:at] + items[at + 1 :]
            if shorter not in parts:
                parts.add(shorter)
                left.append(shorter)
    return chosen(patterns, np.array([items not in parts for items in patterns.items], bool))


def mine_top(
    database: SequenceDatabase, *, k: int, min_length: int = 1, **options: object
) -> Patterns:
    """Find the ``k`` most frequent patterns, without a support to guess.

    Parameters
    ----------
    database : SequenceDatabase
        What to search.
    k : int
        How many; those as frequent as the last one are kept too, so that no order decides.
    min_length : int
        Tokens of the shortest pattern that counts.
    **options
        Those of :func:`helpers.patterns.prefixspan.mine`; ``max_length`` is needed.

    Returns
    -------
    Patterns
        At least ``k``, or all that occur; ``min_support`` is that of the last one.

    Raises
    ------
    ParameterError
        If ``k`` or ``min_length`` is below 1.
    TooManyPatternsError
        If ``k`` of them cannot be had without more than ``max_patterns`` in memory.
    """
    if k < 1 or min_length < 1:
        raise ParameterError(
            f"mine_top: expected k >= 1 and min_length >= 1, got {k}, {min_length}."
        )
    few, many = database.n_sequences + 1, 0  # supports known to give too few, and too many
    while few - many > 1:
        support = (few + many) // 2
        try:
            found = mine(database, min_support=support, **options)  # type: ignore[arg-type]
        except TooManyPatternsError:
            many = support
            continue
        long = np.array([len(items) >= min_length for items in found.items], bool)
        if long.sum() >= k or support == 1:
            return _most_frequent(found, long, k)
        few = support
    if many == 0:
        return mine(database, min_support=1, **options)  # type: ignore[arg-type]
    raise TooManyPatternsError(
        f"mine_top: {k:,} patterns of {min_length} tokens or more cannot be had without holding "
        f"too many: fewer occur in at least {few:,} sequences, too many in {many:,}."
    )


def _most_frequent(found: Patterns, long: NDArray[np.bool_], k: int) -> Patterns:
    support = np.sort(found.support[long])[::-1]
    least = int(support[min(k, len(support)) - 1]) if len(support) else found.min_support
    return replace(chosen(found, long & (found.support >= least)), min_support=least)


def chosen(patterns: Patterns, keep: NDArray[np.bool_]) -> Patterns:
    """Keep the patterns marked, in their order."""
    support = patterns.support[keep]
    owner = np.repeat(np.arange(len(patterns.items)), patterns.support)
    return replace(
        patterns,
        items=[items for items, kept in zip(patterns.items, keep, strict=True) if kept],
        support=support,
        rows=patterns.rows[keep[owner]],
    )


def _inside(short: Items, long: Items) -> bool:
    steps = iter(long)
    return len(short) < len(long) and all(token in steps for token in short)
