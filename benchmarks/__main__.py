"""Speed, as ratios taken within one run: ``python -m benchmarks [stages | features | reading]``.

``stages``    seconds per stage of the whole run, and the feature table against a bare scan
``features``  the feature table against group-bys, pandas and Polars at growing numbers of events
``reading``   an export that has grown by a day, with the rows of its other files kept

Seconds depend on the machine and on what else runs on it; the ratios do not, much.
"""

import argparse
import sys
from pathlib import Path

from benchmarks.features import run_features
from benchmarks.reading import run_reading
from benchmarks.stages import run_stages_and_ratios


def main() -> None:
    """Run the benchmark asked for."""
    if sys.argv[1:2] == ["anomalies"]:
        from benchmarks import anomalies  # it needs much that the others do not

        anomalies.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["scores"]:
        from benchmarks import scores

        scores.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["segments"]:
        from benchmarks import segments

        segments.main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(
        description=__doc__,
        prog="python -m benchmarks",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "what", nargs="?", choices=["stages", "features", "reading"], default="stages"
    )
    parser.add_argument("--accounts", type=int, nargs="+", default=[600, 6_000])
    parser.add_argument("--events", type=float, nargs="+", default=[1e6, 1e7])
    parser.add_argument("--folder", type=Path, help="keep event logs here, and use them again")
    given = parser.parse_args()
    if given.what == "stages":
        run_stages_and_ratios(given.accounts)
    elif given.what == "reading":
        for size in given.events:
            run_reading(round(size))
    else:
        run_features([round(size) for size in given.events], given.folder)


if __name__ == "__main__":
    main()
