"""The anomaly review, held against what is known: ``python -m benchmarks anomalies planted``."""

import argparse
import tempfile
from pathlib import Path

from benchmarks.anomaly_planted import planted

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    """Run the benchmark asked for."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks anomalies")
    parser.add_argument("what", choices=["planted"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--folder", type=Path, help="companies and runs are kept here")
    parser.add_argument("--per-week", type=int, help="alerts a manager takes a week")
    given = parser.parse_args(arguments)
    if given.folder is not None:
        planted(given.folder, given.seeds, per_week=given.per_week)
        return
    with tempfile.TemporaryDirectory() as folder:
        planted(Path(folder), given.seeds, per_week=given.per_week)
