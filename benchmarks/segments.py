"""Segments: planted kinds and movers found, no structure seen where there is none, and scale.

``python -m benchmarks segments [planted | null | scale ...] [--folder DIR]``
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.pattern_truth import run_notebooks
from helpers.artifacts import Run
from helpers.segments import segment_accounts
from helpers.segments.agreement import adjusted_rand
from helpers.segments.migration import earlier_date
from helpers.segments.segmentation import CHURNED
from helpers.segments.selection import Rule

ROOT = Path(__file__).resolve().parents[1]
NAMES = {"new": "New Users", "casual": "Casual Users", "power": "Power Users",
         "at_risk": "At Risk"}  # fmt: skip
SHARES = {"New Users": 0.20, "Casual Users": 0.45, "Power Users": 0.15, "At Risk": 0.20}
SETTLED_WEEKS = 4
PARTS = ("planted", "null", "scale")
N_COLUMNS = 40
FULL_SILHOUETTE = 10_000
"""Accounts beyond which plain scikit-learn's silhouette is not run: it grows with the square."""


def main(given: list[str]) -> None:
    """Read the command line and run what it asks for."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks segments")
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument("--folder", type=Path, help="keep companies here, and use them again")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--sizes", type=float, nargs="+", default=[1e4, 1e5, 1e6])
    asked = parser.parse_args(given)
    if set(asked.parts) - set(PARTS):
        parser.error(f"expected parts of {', '.join(PARTS)}, got {' '.join(asked.parts)}")
    run_segments(asked.parts, asked.folder, asked.seeds, [round(size) for size in asked.sizes])


def run_segments(parts: list[str], folder: Path | None, seeds: list[int], sizes: list[int]) -> None:
    """Run the parts asked for; companies of the folder are used again."""
    with tempfile.TemporaryDirectory() as scratch:
        home = folder or Path(scratch)
        for part in parts:
            if part == "planted":
                planted(home, seeds)
            elif part == "null":
                null(home, seeds[0])
            else:
                scale(home, seeds[0], sizes)


def company(folder: Path, seed: int) -> tuple[Run, Path]:
    """Return the run and the truth of a made-up company, made if they are not there."""
    made, truth = folder / f"reports-{seed}" / "made", folder / f"data-{seed}" / "truth"
    if (made / "tables" / "02_feature_engineering" / "features.parquet").is_file():
        return Run(ROOT, "made", made), truth
    return run_notebooks(folder, 600, seed, ["01", "02"]), truth


def tables(folder: Path, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features and dictionary of a made-up company."""
    run, _ = company(folder, seed)
    notebook = "02_feature_engineering"
    return run.read(notebook, "features"), run.read(notebook, "dictionary")


def planted(folder: Path, seeds: list[int]) -> None:
    """Hold segments and moves against what was planted in companies of several seeds."""
    print("planted kinds, movers over a quarter (P precision, R recall; * without accounts whose")
    print(f"planted state is younger than {SETTLED_WEEKS} weeks at either date)")
    print(f"{'seed':>5}{'ARI':>8}{'ARI*':>8}{'shares off':>12}{'P':>7}{'R':>7}{'P*':>7}{'R*':>7}"
          f"{'moved':>8}")  # fmt: skip
    rows = []
    for seed in seeds:
        features, dictionary = tables(folder, seed)
        _, truth = company(folder, seed)
        weeks = pd.read_parquet(truth / "weeks.parquet").sort_values("week_from")
        rows.append(_held_against_truth(features, dictionary, weeks, truth))
        print(f"{seed:>5}" + "".join(_cell(value) for value in rows[-1].values()), flush=True)
    means = pd.DataFrame(rows).mean()
    print(f"{'mean':>5}" + "".join(_cell(value) for value in means))


def _cell(value: float) -> str:
    return f"{value:>8.3f}"


def _held_against_truth(
    features: pd.DataFrame, dictionary: pd.DataFrame, weeks: pd.DataFrame, truth: Path
) -> dict[str, float]:
    found = segment_accounts(features, dictionary, seed=20260701)
    table, now = found.assignments, found.as_of
    before = earlier_date(table["as_of"], now)
    if before is None:
        raise SystemExit("the run has one date only: movers need an earlier one")
    then, today = (_at(table, weeks, date) for date in (before, now))
    live = today[today["segment"] != CHURNED]
    settled = live[live["weeks"] >= SETTLED_WEEKS]
    facts = json.loads((truth / "planted.json").read_text(encoding="utf-8"))
    realised = {row["key"]: row["realised"] for row in facts}
    shares = live["segment"].value_counts(normalize=True)
    off = max(
        abs(shares.get(name, 0.0) - realised[f"G-11.share_{kind}"]) for kind, name in NAMES.items()
    )
    both = then.join(today, lsuffix="_then", rsuffix="_now", how="inner")
    both = both[(both["segment_then"] != CHURNED) & (both["segment_now"] != CHURNED)]
    both = both.dropna(subset=["kind_then", "kind_now"])
    old = both[(both["weeks_then"] >= SETTLED_WEEKS) & (both["weeks_now"] >= SETTLED_WEEKS)]
    precision, recall = _movers(both)
    precision_old, recall_old = _movers(old)
    return {
        "ari": adjusted_rand(live["kind"], live["segment"]),
        "ari_settled": adjusted_rand(settled["kind"], settled["segment"]),
        "shares_off": off,
        "precision": precision,
        "recall": recall,
        "precision_settled": precision_old,
        "recall_settled": recall_old,
        "base_rate": float((both["kind_then"] != both["kind_now"]).mean()),
    }


def _at(table: pd.DataFrame, weeks: pd.DataFrame, date: pd.Timestamp) -> pd.DataFrame:
    """Segment, planted kind and weeks in it of each account at a date."""
    segments = table[table["as_of"] == date].set_index("account_id")["segment"]
    past = weeks[pd.to_datetime(weeks["week_from"]) < date]
    states = past.groupby("account_id")["state"]
    kinds = states.last().map(NAMES)
    run = states.apply(lambda s: int((s.to_numpy()[::-1] != s.to_numpy()[-1]).argmax() or len(s)))
    return pd.DataFrame(
        {"segment": segments, "kind": kinds.reindex(segments.index),
         "weeks": run.reindex(segments.index).fillna(0)}
    )  # fmt: skip


def _movers(both: pd.DataFrame) -> tuple[float, float]:
    """Precision and recall of "is in another segment than a quarter ago"."""
    moved = both["kind_then"] != both["kind_now"]
    called = both["segment_then"] != both["segment_now"]
    hit = float((moved & called).sum())
    return hit / max(int(called.sum()), 1), hit / max(int(moved.sum()), 1)


def null(folder: Path, seed: int, runs: int = 20) -> None:
    """Count how often structure is seen in data without any (5 resamples a number, not 20)."""
    rule = Rule(n_draws=5, n_gap=1)
    features, dictionary = tables(folder, seed)
    newest = features[features["as_of"] == features["as_of"].max()]
    live = newest[newest["is_live"].fillna(True).astype(bool)].reset_index(drop=True)
    makers = {"shuffled columns": shuffled_columns, "independent columns": independent_columns}
    for name, make in makers.items():
        none = 0
        for number in range(runs):
            rng = np.random.default_rng([seed, number])
            found = segment_accounts(make(live, rng), dictionary, seed=number, rule=rule)
            none += found.reason.startswith("no structure found")
            print(f"\r  {name}: no structure found in {none} of {number + 1}", end="", flush=True)
        print()


def shuffled_columns(live: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Deal out every feature anew: its own distribution stays, what goes together does not."""
    kept = ("account_id", "as_of", "is_live")
    dealt = {
        name: live[name] if name in kept else live[name].iloc[rng.permutation(len(live))].to_numpy()
        for name in live.columns
    }
    return pd.DataFrame(dealt)


def independent_columns(live: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw every number from a normal distribution of its own."""
    drawn = live.copy()
    for name in live.columns:
        if name not in ("account_id", "as_of", "age_days") and live[name].dtype.kind == "f":
            drawn[name] = np.abs(rng.normal(10, 2, len(live)))
    return drawn


def scale(folder: Path, seed: int, sizes: list[int]) -> None:
    """Time and peak memory of growing tables, each in a process of its own."""
    run, _ = company(folder, seed)
    print(f"{'accounts':>10}{'what':>44}{'CPU s':>9}{'peak GB':>9}")
    for size in sizes:
        for what in ("table", "ours", "kmeans", "kmeans+silhouette"):
            if what == "kmeans+silhouette" and size > FULL_SILHOUETTE:
                square = (size / FULL_SILHOUETTE) ** 2
                print(f"{size:>10,}{'full silhouette: not run':>44}   about {square:,.0f} times "
                      f"that of {FULL_SILHOUETTE:,}")  # fmt: skip
                continue
            command = [sys.executable, "-m", "benchmarks.segments", str(run.stage), str(size), what]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(done.stderr)
            print(f"{size:>10,}" + done.stdout.rstrip("\n"), flush=True)


def large_table(stage: Path, n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw accounts of the made-up company again and again, each number varied by a tenth."""
    run = Run(ROOT, "made", stage)
    features = run.read("02_feature_engineering", "features")
    dictionary = run.read("02_feature_engineering", "dictionary")
    live = features[(features["as_of"] == features["as_of"].max()) & features["is_live"]]
    used = segment_accounts(live, dictionary, seed=0, k_min=4, k_max=4).ingredients["feature"]
    wanted = [name for name in dict.fromkeys([*used, "age_days", "stickiness_30d"])
              if name in live.columns]  # fmt: skip
    others = live.select_dtypes("number").columns.difference(wanted)
    columns = [*wanted, *others[: N_COLUMNS - len(wanted)]]
    rng = np.random.default_rng(n)
    drawn = rng.integers(0, len(live), n)
    data = {
        name: live[name].to_numpy(float)[drawn] * rng.normal(1.0, 0.1, n).clip(0.5)
        for name in columns
    }
    table = pd.DataFrame(data)
    table["is_live"], table["as_of"] = True, live["as_of"].iloc[0]
    table["account_id"] = np.char.add("a", np.arange(n).astype(str))
    return table, dictionary


def one(stage: Path, n: int, what: str) -> None:
    """Do one thing at one size and print its cost; called in a process of its own."""
    warnings.simplefilter("ignore")
    table, dictionary = large_table(stage, n)
    start = time.process_time()
    told = f"a table of {N_COLUMNS} features alone"
    if what == "ours":
        found = segment_accounts(table, dictionary, seed=1)
        told = f"segments, k 4 to 8, all checks ({len(found.naming)} found)"
    elif what.startswith("kmeans"):
        told = _plain(table, "silhouette" in what)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{told:>44}{seconds:>9.1f}{peak:>9.2f}")


def _plain(table: pd.DataFrame, silhouettes: bool) -> str:
    """Scaled columns, k-means with ten starts for k from 4 to 8, and the full silhouette."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score
    from sklearn.preprocessing import StandardScaler

    numbers = table.select_dtypes("float").fillna(0.0).to_numpy()
    scaled = StandardScaler().fit_transform(numbers)
    for k in range(4, 9):
        labels = KMeans(k, n_init=10, random_state=0).fit_predict(scaled)
        if silhouettes:
            silhouette_score(scaled, labels)
    return "plain k-means, k 4 to 8" + (" + full silhouette" if silhouettes else "")


if __name__ == "__main__":
    one(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
