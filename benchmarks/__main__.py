"""Speed, as ratios taken within one run: ``python -m benchmarks [stages | features]``.

``stages``    seconds per stage of the whole run, and the feature table against a bare scan
``features``  the feature table against group-bys, pandas and Polars at growing numbers of events

Seconds depend on the machine and on what else runs on it; the ratios do not, much.
"""

import argparse
from pathlib import Path

from benchmarks.features import run_features
from benchmarks.stages import run_stages_and_ratios


def main() -> None:
    """Run the benchmark asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        prog="python -m benchmarks",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="?", choices=["stages", "features"], default="stages")
    parser.add_argument("--accounts", type=int, nargs="+", default=[600, 6_000])
    parser.add_argument("--events", type=float, nargs="+", default=[1e6, 1e7])
    parser.add_argument("--folder", type=Path, help="keep event logs here, and use them again")
    given = parser.parse_args()
    if given.what == "stages":
        run_stages_and_ratios(given.accounts)
    else:
        run_features([round(size) for size in given.events], given.folder)


if __name__ == "__main__":
    main()
