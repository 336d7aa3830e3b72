"""Scores and effects against a truth, a baseline or a published method.

``demo``        made-up companies: the hazard as oracle, calibration, causes, lead time, the rescue
``effects``     ten companies of known effect: intervals of the weighed and the naive ratio
``fightchurn``  account-months against the author's own drivers; needs ``reports/fight``
``retail``      inactivity against recency and frequency and BG/NBD; needs ``reports/retail``
``tone``        the tone of texts against the ratings of readers; ``--texts`` says where they lie
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.score_data import fightchurn, online_retail
from benchmarks.score_truth import ROOT, score_truth
from benchmarks.tone import measure_tone
from helpers.artifacts import Run

__all__ = ["PARTS", "main", "run_scores"]

PARTS = ("demo", "effects", "fightchurn", "retail", "tone")
SHARED = ROOT.parent / "shared" / "data"


def main(arguments: list[str]) -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        prog="python -m benchmarks scores",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--folder", type=Path, required=True, help="holds reports/, or will")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--accounts", type=int, default=600)
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument("--texts", type=Path, help="folder of rated texts")
    given = parser.parse_args(arguments)
    run_scores(
        given.part, given.folder, given.seeds,
        texts=given.texts, n_accounts=given.accounts, n_draws=given.draws,
    )  # fmt: skip


def run_scores(
    parts: list[str],
    folder: Path,
    seeds: list[int],
    *,
    texts: Path | None = None,
    n_accounts: int = 600,
    n_draws: int = 300,
) -> None:
    """Print what was asked for, part by part.

    ``folder`` holds published runs: ``reports/seed<N>`` with ``data<N>`` beside it for companies,
    ``reports/fight`` and ``reports/retail`` for the two data sets.
    """
    if "demo" in parts:
        score_truth(folder, seeds, n_accounts, n_draws)
    if "effects" in parts:
        effects(n_draws)
    for part, name in (("fightchurn", "fight"), ("retail", "retail")):
        published = folder / "reports" / name
        if part in parts and not (published / "manifest.json").is_file():
            print(f"{part}: skipped, there is no run {published.name} in the folder")
        elif part in parts:
            run = Run(ROOT, name, published)
            if part == "retail":
                online_retail(run, n_draws)
            else:
                fightchurn(run, SHARED / "fightchurn_crm5" / "ground_truth.json", n_draws)
    if "tone" in parts:
        measure_tone(texts)


def effects(n_draws: int, n_companies: int = 10) -> None:
    """Weigh ten made-up companies in which managers call the sickest and a call halves the hazard.

    The truth is what a coin says in large companies of the same kind.
    """
    from helpers.impact import measure_effects
    from tests.impact.made import AS_OF, FOLLOW_DAYS, make_company

    def measured(company, **options) -> pd.DataFrame:
        found = measure_effects(
            company.interventions, company.left, company.accounts, company.features,
            company.activity, None, as_of=AS_OF, time_zone="UTC", follow_days=FOLLOW_DAYS,
            **options,
        )  # fmt: skip
        return found.table.set_index("comparison")

    for ratio, words in ((0.5, "a call halves the hazard"), (1.0, "a call does nothing")):
        truth, low, high = _by_coin(ratio)
        truth = truth if ratio != 1 else 1.0  # what does nothing needs no coin
        print(f"{words}: by lot {truth:.3f} ({low:.3f} to {high:.3f}) in large companies")
        covered = {"weighed": 0, "naive": 0}
        ratios: dict[str, list[float]] = {"weighed": [], "naive": []}
        for seed in range(n_companies):
            table = measured(
                make_company(1_200, seed=seed, ratio=ratio), n_draws=n_draws, seed=seed
            )
            for how in table.index.intersection(list(covered)):
                row = table.loc[how]
                covered[how] += bool(row["low"] <= truth <= row["high"])
                ratios[how].append(float(row["rate_ratio"]))
        for how, n in covered.items():
            middle = np.exp(np.mean(np.log(ratios[how])))
            print(
                f"  {how:<8} {middle:.2f} on average ({min(ratios[how]):.2f} to "
                f"{max(ratios[how]):.2f}); {n} of {len(ratios[how])} intervals hold the truth"
            )


def _by_coin(ratio: float, n_companies: int = 6, n_accounts: int = 20_000) -> tuple[float, ...]:
    """Return the ratio of rates by lot over large companies, with its 95 % interval.

    One company of 8,000 tells it to a quarter only, which is no truth to hold an estimate against.
    """
    from helpers.impact.follow_up import follow_ups
    from tests.impact.made import AS_OF, FOLLOW_DAYS, make_company

    sums = np.zeros((2, 2))
    for seed in range(100, 100 + n_companies):
        company = make_company(n_accounts, seed=seed, by_lot=1.0, ratio=ratio)
        rows = follow_ups(
            company.interventions, company.left, company.accounts,
            as_of=AS_OF, follow_days=FOLLOW_DAYS, time_zone="UTC",
        )  # fmt: skip
        for at, arm in enumerate(("treated", "control")):
            mine = rows[rows["arm"] == arm]
            sums[at] += mine["left"].sum(), mine["days"].sum()
    found = sums[0, 0] / sums[0, 1] / (sums[1, 0] / sums[1, 1])
    spread = 1.96 * np.sqrt((1 / sums[:, 0]).sum())
    return found, found * np.exp(-spread), found * np.exp(spread)
