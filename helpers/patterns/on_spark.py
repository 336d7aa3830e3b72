"""The same searches on Spark, for what fits no single machine: equal results on equal limits.

Spark's own PrefixSpan and FP-growth find the patterns and count them. Which sequences hold each
pattern, which its algorithm does not say, is asked of Spark in a second pass over the sequences,
matching each from left to right. Only SQL and arrow tables are sent: the workers need no Python.

References
----------
Pei et al. (2001), *ICDE*, 215-224: PrefixSpan. Li et al. (2008), *RecSys*, 107-114: parallel
FP-growth. Both as implemented in Apache Spark, ``pyspark.ml.fpm``.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.config.engine import EngineSettings
from helpers.engine.opening import open_remote
from helpers.engine.spark_engine import SparkEngine
from helpers.errors import ParameterError
from helpers.patterns.itemsets import Found
from helpers.patterns.prefixspan import Patterns, TooManyPatternsError
from helpers.patterns.sequences import SequenceDatabase

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["SparkSearch", "searching"]

Codes = tuple[int, ...]
BATCH = 500
"""Patterns whose sequences are looked for in one pass."""


class SparkSearch:
    """Sequences and itemsets on a Spark session.

    Parameters
    ----------
    session : SparkSession
        Of :class:`helpers.engine.spark_engine.SparkEngine`, or any other.
    """

    def __init__(self, session: "SparkSession") -> None:
        self._spark = session

    def mine(
        self,
        database: SequenceDatabase,
        *,
        min_support: int,
        max_length: int,
        anchored: bool = False,
        max_patterns: int = 100_000,
    ) -> Patterns:
        """Find what :func:`helpers.patterns.prefixspan.mine` finds without limits on gaps.

        Parameters
        ----------
        database : SequenceDatabase
            What to search; sent to the cluster as one row a sequence.
        min_support, max_length, anchored, max_patterns
            As in :func:`helpers.patterns.prefixspan.mine`.

        Raises
        ------
        ParameterError
            If a limit is out of range.
        TooManyPatternsError
            If more than ``max_patterns`` patterns have this support.
        """
        if min_support < 1 or max_length < 1:
            raise ParameterError(
                "SparkSearch.mine: expected min_support >= 1 and max_length >= 1, got "
                f"{min_support} and {max_length}."
            )
        mark = len(database.names) if anchored else 0
        sequences = self._sequences(database, mark)
        try:
            counts = self._prefixspan(sequences, database, min_support, max_length)
            if anchored:  # the first token has a code of its own, and only patterns with it count
                counts = {codes: n for codes, n in counts.items() if codes[0] >= mark}
            if len(counts) > max_patterns:
                raise TooManyPatternsError(
                    f"more than {max_patterns:,} patterns occur in at least {min_support:,} of "
                    f"{database.n_sequences:,} sequences: raise min_support or lower max_length."
                )
            ordered = sorted(counts, key=lambda codes: (len(codes), _plain(codes, mark)))
            rows = self._rows(sequences, ordered)
        finally:
            sequences.unpersist()
        names = database.names
        return Patterns(
            items=[tuple(names[code] for code in _plain(codes, mark)) for codes in ordered],
            support=np.array([counts[codes] for codes in ordered], np.int64),
            rows=rows,
            n_sequences=database.n_sequences,
            min_support=min_support,
        )

    def frequent_sets(
        self, table: NDArray[np.bool_], *, min_count: int, max_length: int | None = None
    ) -> Iterator[Found]:
        """Yield what :func:`helpers.patterns.itemsets.frequent_sets` yields, by columns.

        Parameters
        ----------
        table : ndarray of bool, (n_baskets, n_items)
            Which basket holds which item.
        min_count : int
            Baskets that must hold the set, >= 1.
        max_length : int, optional
            Items of the largest set. Spark's algorithm knows no such limit and finds longer ones
            too; they are dropped before they leave the cluster.

        Raises
        ------
        ParameterError
            If a limit is out of range.
        """
        from pyspark.ml.fpm import FPGrowth

        if min_count < 1 or (max_length is not None and max_length < 1):
            raise ParameterError(
                "SparkSearch.frequent_sets: expected min_count >= 1 and max_length >= 1, got "
                f"{min_count} and {max_length}."
            )
        rows, columns = np.nonzero(table)
        lists = np.split(columns, np.cumsum(np.bincount(rows, minlength=len(table)))[:-1])
        held = [part.tolist() for part in lists if len(part)]
        if len(held) < min_count:
            return
        baskets = self._frame({"items": held})
        # a share of exactly min_count baskets may round up to one more; empty ones do not count
        share = (min_count - 0.5) / len(held)
        model = FPGrowth(itemsCol="items", minSupport=share).fit(baskets)
        found = model.freqItemsets
        if max_length is not None:
            found = found.where(f"size(items) <= {int(max_length)}")
        yield from sorted((tuple(sorted(r["items"])), int(r["freq"])) for r in found.collect())

    def _frame(self, columns: Mapping[str, Sequence[Any]]) -> "DataFrame":
        import pyarrow as pa

        return self._spark.createDataFrame(pa.table(columns))

    def _sequences(self, database: SequenceDatabase, mark: int) -> "DataFrame":
        """One row a sequence that has tokens: its number, and its codes."""
        items = database.items.copy()
        starts = database.starts
        full = np.flatnonzero(np.diff(starts) > 0)
        if mark:
            items[starts[full]] += mark
        lists = np.split(items, starts[1:-1]) if database.n_sequences else []
        columns = {"unit": full.tolist(), "items": [lists[n].tolist() for n in full]}
        if not len(full):
            columns = {"unit": [0], "items": [[-1]]}  # a frame without rows has no types
        return self._frame(columns).persist()

    def _prefixspan(
        self, sequences: "DataFrame", database: SequenceDatabase, min_support: int, max_length: int
    ) -> dict[Codes, int]:
        from pyspark.ml.fpm import PrefixSpan

        n = int((np.diff(database.starts) > 0).sum())
        if n < min_support:
            return {}
        wrapped = sequences.selectExpr("transform(items, x -> array(x)) AS sequence")
        search = PrefixSpan(
            minSupport=(min_support - 0.5) / n,
            maxPatternLength=max_length,
            maxLocalProjDBSize=32_000_000,
        )
        found = search.findFrequentSequentialPatterns(wrapped)
        flat = found.selectExpr("flatten(sequence) AS codes", "freq")
        return {tuple(int(c) for c in row["codes"]): int(row["freq"]) for row in flat.collect()}

    def _rows(self, sequences: "DataFrame", ordered: list[Codes]) -> NDArray[np.int32]:
        """Sequence numbers of each pattern, rising: matched from left to right."""
        parts = [np.empty(0, np.int32)]
        for begin in range(0, len(ordered), BATCH):
            batch = ordered[begin : begin + BATCH]
            codes = [list(c) for c in batch]
            patterns = self._frame({"number": range(len(batch)), "codes": codes})
            held = patterns.crossJoin(sequences).where(_HOLDS).select("number", "unit")
            found: pd.DataFrame = held.toArrow().to_pandas().sort_values(["number", "unit"])
            parts.append(found["unit"].to_numpy(np.int32))
        return np.concatenate(parts)


_HOLDS = "aggregate(items, 0, (done, x) -> IF(x = get(codes, done), done + 1, done)) = size(codes)"
"""The next token of the pattern is taken wherever it comes first; beyond its end there is none."""


@contextmanager
def searching(settings: EngineSettings) -> Iterator["SparkSession | None"]:
    """Open a Spark session where the configuration's engine is Spark; else ``None``.

    Raises
    ------
    ConfigError, MachineError
        As of :func:`helpers.engine.opening.open_remote`.
    """
    if settings.kind != "spark":
        yield None
        return
    with open_remote(settings) as engine:
        if not isinstance(engine, SparkEngine):
            raise ParameterError(f"expected a Spark engine, got {type(engine).__name__}.")
        yield engine.session


def _plain(codes: Codes, mark: int) -> Codes:
    return tuple(code - mark if mark and code >= mark else code for code in codes)
