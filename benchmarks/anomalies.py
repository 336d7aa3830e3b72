"""The anomaly review, held against what is known.

``planted``   made-up companies, against what was planted there
``injected``  FightChurn and Online Retail II with faults put in, against other methods
``steady``    what should change nothing
``speed``     CPU seconds and memory of large companies
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.anomaly_injected import injected
from benchmarks.anomaly_planted import planted
from benchmarks.anomaly_speed import speed
from benchmarks.anomaly_steady import steady
from helpers.anomalies import Settings

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    """Run the benchmark asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        prog="python -m benchmarks anomalies",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=["planted", "injected", "steady", "speed"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--folder", type=Path, help="companies and runs are kept here")
    parser.add_argument("--per-week", type=int, help="alerts a manager takes a week")
    parser.add_argument("--autoencoder", action="store_true", help="let one vote, for `planted`")
    parser.add_argument(
        "--sizes", nargs="+", default=["10000x365", "10000x730", "100000x365"],
        help="accounts x days, for `speed`",
    )  # fmt: skip
    parser.add_argument("--data", type=Path, help="holds the known series, for `injected`")
    parser.add_argument("--draws", type=int, help="of faults at each date, for `injected`")
    given = parser.parse_args(arguments)
    if given.what == "injected" and given.data is None:
        parser.error("injected needs --data, the folder of fightchurn_crm5 and online_retail_ii")
    if given.what == "speed":
        sizes = [tuple(map(int, size.split("x"))) for size in given.sizes]
        speed([(accounts, days) for accounts, days in sizes])
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        if given.what == "steady":
            steady(folder, given.seeds)
        elif given.what == "injected":
            injected(folder, given.data, draws=given.draws)
        else:
            settings = Settings(autoencoder=given.autoencoder)
            planted(folder, given.seeds, per_week=given.per_week, settings=settings)
