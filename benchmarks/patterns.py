"""Speed and honesty of the pattern searches.

``python -m benchmarks.patterns sequences``  PrefixSpan against the ``prefixspan`` package
``python -m benchmarks.patterns itemsets``   bitsets against mlxtend and efficient-apriori
``python -m benchmarks.patterns shuffles``   what is told of outcomes shuffled a hundred times?
``python -m benchmarks.patterns planted``    made-up companies of several seeds: is all of it found?
``python -m benchmarks.patterns trends``     shares of planted trends found, by noise and weeks

Times are CPU seconds of one process, one search after the other, on the same data; outputs are
compared before a ratio is printed. Packages that the project does not need are measured if they
can be imported: put them into a folder with ``uv pip install --target DIR prefixspan toolz
sortedcontainers extratools==0.8.2.1 efficient-apriori`` and name it in ``PYTHONPATH``.
"""

import argparse
import importlib
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.pattern_truth import opened, planted, run_notebooks, shuffles, trends
from helpers.patterns.itemsets import frequent_sets
from helpers.patterns.prefixspan import mine
from helpers.patterns.sequences import SequenceDatabase

N_ITEMS = 60


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what was computed, and the CPU seconds it took."""
    began = time.process_time()
    found = work()
    return found, time.process_time() - began


def optional(name: str) -> Any:
    """Import a package that is measured only where it is there."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        print(f"  {name}: not measured ({error})")
        return None


def made_sequences(n: int, seed: int = 0) -> SequenceDatabase:
    """Sequences of 15 tokens on average, out of 60, the frequent ones far more frequent."""
    rng = np.random.default_rng(seed)
    lengths = np.maximum(1, rng.poisson(15, n))
    weight = 1 / np.arange(1, N_ITEMS + 1) ** 0.6
    items = rng.choice(N_ITEMS, lengths.sum(), p=weight / weight.sum())
    starts = np.concatenate([[0], np.cumsum(lengths)])
    names = tuple(f"e{number:02d}" for number in range(N_ITEMS))
    return SequenceDatabase(items.astype(np.int64), starts.astype(np.int64), names)


def report(name: str, seconds: float, ours: float) -> None:
    ratio = f"{seconds / ours:>8.1f}x" if name != "ours" else f"{'':>9}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {name:<28}{seconds:>9.1f} s{ratio}   peak so far {peak:,.0f} MB")


def sequences(n: int, share: float, max_length: int, *, rivals: bool) -> None:
    """Mine the same sequences with every miner that is here."""
    database = made_sequences(n)
    least = int(np.ceil(share * n))
    print(f"\n{n:,} sequences, {len(database.items):,} tokens, in at least {least:,}, "
          f"up to {max_length} tokens")  # fmt: skip
    asked = {"min_support": least, "max_length": max_length, "max_patterns": 10**6}
    mine(made_sequences(50), min_support=5, max_length=2)  # what is imported late is no mining
    found, ours = timed(lambda: mine(database, **asked))
    report("ours", ours, ours)
    pairs = database.owners * N_ITEMS + database.items
    _, scan = timed(lambda: [np.bincount(pairs) for _ in range(10)])
    print(f"  {len(found.items):,} patterns; one scan that counts tokens by sequence takes "
          f"{scan / 10:.3f} s: {10 * ours / scan / max_length:,.0f} a pattern length")  # fmt: skip
    package = optional("prefixspan") if rivals else None
    if package is not None:
        pairs = zip(database.starts[:-1], database.starts[1:], strict=True)
        lists = [database.items[a:b].tolist() for a, b in pairs]
        search = package.PrefixSpan(lists)
        search.maxlen = max_length
        theirs, seconds = timed(lambda: search.frequent(least))
        counts = {tuple(f"e{t:02d}" for t in items): count for count, items in theirs}
        mine_counts = dict(zip(found.items, found.support.tolist(), strict=True))
        must_agree(counts, mine_counts)
        report("prefixspan", seconds, ours)


def must_agree(one: dict[Any, int], other: dict[Any, int]) -> None:
    if one != other:
        raise SystemExit(f"outputs differ: {len(one):,} and {len(other):,} entries")
    print(f"  equal output: {len(one):,} entries")


def itemsets(n: int, share: float) -> None:
    """Find the same itemsets with every package that is here."""
    rng = np.random.default_rng(1)
    weight = 1 / np.arange(1, 81) ** 0.8
    table = rng.random((n, 80)) < 0.35 * weight
    table[:, 1] |= table[:, 0] & (rng.random(n) < 0.5)
    table[:, 5] |= table[:, 3] & (rng.random(n) < 0.6)
    least = int(np.ceil(share * n))
    print(
        f"\n{n:,} baskets of 80 items, {table.sum(axis=1).mean():.1f} each, in at least {least:,}"
    )
    found, ours = timed(lambda: dict(frequent_sets(table, min_count=least)))
    report("ours", ours, ours)
    package = optional("mlxtend.frequent_patterns")
    if package is not None:
        frame = pd.DataFrame(table)
        limit = (least - 0.5) / n  # it rounds up
        sets, seconds = timed(lambda: package.fpgrowth(frame, min_support=limit))
        keys = [tuple(sorted(items)) for items in sets["itemsets"]]
        must_agree(dict(zip(keys, (sets["support"] * n).round().astype(int), strict=True)), found)
        report("mlxtend fpgrowth", seconds, ours)
    package = optional("efficient_apriori")
    if package is not None:
        baskets = [tuple(np.flatnonzero(row).tolist()) for row in table]
        sets, seconds = timed(
            lambda: package.itemsets_from_transactions(baskets, (least - 0.5) / n)[0]
        )
        must_agree({k: int(v) for level in sets.values() for k, v in level.items()}, found)
        report("efficient-apriori", seconds, ours)


def main() -> None:
    """Run the part asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        prog="python -m benchmarks.patterns",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("part", choices=["sequences", "itemsets", "shuffles", "planted", "trends"])
    parser.add_argument("--sizes", type=int, nargs="+", help="sequences, baskets or accounts")
    parser.add_argument("--runs", type=int, default=100, help="shuffles to make (100)")
    parser.add_argument("--published", type=Path, nargs="+", default=[], help="runs to take")
    parser.add_argument("--data", type=Path, nargs="+", default=[], help="their data folders")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    asked = parser.parse_args()
    if asked.part == "sequences":
        for n in asked.sizes or [20_000, 200_000]:
            sequences(n, 0.01, 5, rivals=n <= 20_000 or bool(asked.sizes))
    elif asked.part == "itemsets":
        for n in asked.sizes or [200_000]:
            itemsets(n, 0.01)
    elif asked.part == "trends":
        trends()
    else:
        with tempfile.TemporaryDirectory(prefix="playbook-bench-") as folder:
            _truth(asked, Path(folder), (asked.sizes or [200])[0])


def _truth(asked: argparse.Namespace, folder: Path, n_accounts: int) -> None:
    """Shuffle, or look for what was planted: in runs that are there, or in some made for it."""
    if asked.part == "shuffles":
        made = run_notebooks if not asked.published else None
        run = made(folder, n_accounts, 1, ["01", "02"]) if made else opened(asked.published[0])
        shuffles(run, asked.runs)
        return
    if len(asked.published) != len(asked.data):
        raise SystemExit("--published and --data: expected one data folder for each run.")
    pairs = zip(asked.published, asked.data, strict=True)
    ready = [(run.name, opened(run), data) for run, data in pairs]
    planted(
        ready
        or (
            (f"seed {seed}", run_notebooks(folder, n_accounts, seed, ["01", "02", "04"]),
             folder / f"data-{seed}")
            for seed in asked.seeds
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
