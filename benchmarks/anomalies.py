"""The anomaly review, held against what is known: ``python -m benchmarks anomalies planted``."""

import argparse
import tempfile
from pathlib import Path

from benchmarks.anomaly_planted import planted
from benchmarks.anomaly_speed import speed
from benchmarks.anomaly_steady import steady
from helpers.anomalies import Settings

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    """Run the benchmark asked for."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks anomalies")
    parser.add_argument("what", choices=["planted", "steady", "speed"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--folder", type=Path, help="companies and runs are kept here")
    parser.add_argument("--per-week", type=int, help="alerts a manager takes a week")
    parser.add_argument("--autoencoder", action="store_true", help="let one vote, for `planted`")
    parser.add_argument(
        "--sizes", nargs="+", default=["10000x365", "10000x730", "100000x365"],
        help="accounts x days, for `speed`",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    if given.what == "speed":
        sizes = [tuple(map(int, size.split("x"))) for size in given.sizes]
        speed([(accounts, days) for accounts, days in sizes])
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        if given.what == "steady":
            steady(folder, given.seeds)
        else:
            settings = Settings(autoencoder=given.autoencoder)
            planted(folder, given.seeds, per_week=given.per_week, settings=settings)
