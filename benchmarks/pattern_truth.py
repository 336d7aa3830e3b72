"""What the pattern searches tell where there is nothing, and miss where something was planted."""

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.artifacts import Run
from helpers.patterns import find_shifts, mine_rules, mine_sequences, read_material
from helpers.patterns.baskets import OUTCOME_ITEMS, Baskets
from helpers.patterns.material import Material
from helpers.patterns.trends import trend_kinds
from helpers.patterns.visits import GROUPS, Visits
from helpers.patterns.weekly import WeeklyGrid
from helpers.run.found_patterns import in_patterns
from helpers.sources.demo import write_company
from helpers.stats import shuffled

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = "04_sequence_association_mining"
SEQUENCES = ("Q-02.success_rate", "Q-03.failure_rate", "Q-04.ratio", "Q-05.step")
RULES = {
    "A-02": (("uses automations",), "uses workload"),
    "A-03": (("ticket opened", "uses bulk_import"), "churned next"),
    "A-04": (("invites > 5",), "upgraded to annual plan next"),
}


def run_notebooks(folder: Path, n_accounts: int, seed: int, only: list[str]) -> Run:
    """Write a company and run some notebooks on it."""
    data, reports = folder / f"data-{seed}", folder / f"reports-{seed}"
    write_company(data, accounts=n_accounts, seed=seed)
    command = [sys.executable, "-m", "helpers", "run", "--config", "config/demo.yaml"]
    command += ["--data", str(data), "--reports", str(reports), "--run-id", "made"]
    for number in only:
        command += ["--only", number]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"exit code {done.returncode}\n{done.stdout}{done.stderr}".strip())
    return Run(ROOT, "made", reports / "made")


def opened(folder: Path) -> Run:
    """Open a published run that is there already."""
    if not (folder / "tables").is_dir():
        raise SystemExit(f"{folder} is no published run: it has no folder 'tables'.")
    return Run(ROOT, folder.name, folder)


def shuffles(run: Run, runs: int) -> None:
    """Shuffle every outcome again and again; count the runs that report anything about them."""
    material = read_material(run, journey_days=7, activation_days=[28, 56], basket_days=30)
    told = {"sequences": 0, "rules": 0, "shifts": 0, "sequences or rules": 0, "anything": 0}
    for seed in range(runs):
        counts = told_by_chance(shuffled_outcomes(material, seed=seed))
        told["sequences or rules"] += any((counts["sequences"], counts["rules"]))
        told["anything"] += any(counts.values())
        for name, n in counts.items():
            told[name] += n > 0
        print(f"\r  {seed + 1} of {runs} shuffles: {told}", end="", flush=True)
    units = len(material.journeys.judged)
    print(f"\n{len(material.lives):,} accounts, {units:,} journeys, "
          f"{len(material.before_outcomes.baskets):,} account-periods, "
          f"{len(material.visits.sessions):,} sessions")  # fmt: skip
    for name, n in told.items():
        print(f"  {name}: told at q < 0.05 in {n} of {runs} shuffles")


def told_by_chance(material: Material) -> dict[str, int]:
    """Count what the notebook would report about outcomes, places and times."""
    sequences = mine_sequences(material, min_support=0.05, max_length=7)
    rules = mine_rules(material, min_support=0.005).rules
    shifts = find_shifts(material.visits, as_of=material.as_of)
    return {
        "sequences": int(sequences["reported"].sum()),
        "rules": sum(after[0] in OUTCOME_ITEMS for after in rules["consequents"]),
        "shifts": int(shifts.table["reported"].sum()),
    }


def shuffled_outcomes(material: Material, *, seed: int) -> Material:
    """Deal out every outcome anew: to journeys, to account-periods; days and groups to sessions."""
    units = material.journeys.units.copy()
    complete = (units["follow_up"] == "complete").to_numpy(bool)
    dealt = shuffled(units.loc[complete, "activated"].to_numpy(bool), seed=seed)
    units.loc[complete, "activated"] = dealt
    return replace(
        material,
        journeys=replace(material.journeys, units=units),
        before_outcomes=shuffled_baskets(material.before_outcomes, seed=seed),
        visits=shuffled_visits(material.visits, seed=seed),
    )


def shuffled_baskets(held: Baskets, *, seed: int) -> Baskets:
    """Give each basket the outcomes of another one."""
    outcome = held.items["item"].isin(OUTCOME_ITEMS)
    numbers = held.baskets["basket"].to_numpy()
    other = dict(zip(numbers, shuffled(numbers, seed=seed), strict=True))
    dealt = held.items[outcome].assign(basket=held.items.loc[outcome, "basket"].map(other))
    items = pd.concat([held.items[~outcome], dealt]).sort_values(["basket", "item"])
    return Baskets(held.baskets, items.reset_index(drop=True), held.basket_days)


def shuffled_visits(visits: Visits, *, seed: int) -> Visits:
    """Give each account the days and groups of another one: what is done depends on neither."""
    rng = np.random.default_rng(seed)
    sessions = visits.sessions
    account = np.unique(sessions["account_id"].to_numpy(), return_inverse=True)[1]
    rows = np.split(np.argsort(account, kind="stable"), np.cumsum(np.bincount(account))[:-1])
    taken = np.empty(len(sessions), np.int64)
    for mine, other in zip(rows, rng.permutation(len(rows)), strict=True):
        taken[mine] = rng.choice(rows[other], len(mine))
    dealt = sessions[["day", *GROUPS]].iloc[taken].set_index(sessions.index)
    return Visits(sessions.assign(**dict(dealt.items())), visits.tokens)


def planted(companies: Iterable[tuple[str, Run, Path]]) -> None:
    """Say for several companies (name, run, data) which planted sequences and rules were found."""
    missed, looked_for = 0, 0
    for name, run, data in companies:
        said = [*_rules_found(run), *_sequences_found(run, data / "truth")]
        told = int(run.read(NOTEBOOK, "sequences")["reported"].sum())
        print(f"\n{name}: {told} sequences, {len(run.read(NOTEBOOK, 'rules'))} rules told")
        for found, text in said:
            print(f"  {text}; {'found' if found else 'MISSED'}")
        looked_for, missed = looked_for + len(said), missed + sum(not found for found, _ in said)
    print(f"\n{looked_for - missed} of {looked_for} planted facts found, {missed} missed")


def _rules_found(run: Run) -> list[tuple[bool, str]]:
    """Whether each planted rule is told, with its q-value."""
    rules, searched = run.read(NOTEBOOK, "rules"), run.read(NOTEBOOK, "rules_searched")
    reported = {
        (tuple(sorted(a)), c[0])
        for a, c in zip(rules["antecedents"], rules["consequents"], strict=True)
    }
    said = []
    for key, (left, right) in RULES.items():
        mine = [
            tuple(sorted(a)) == left and c[0] == right
            for a, c in zip(searched["antecedents"], searched["consequents"], strict=True)
        ]
        q = searched.loc[mine, "q_value"]
        value = "not searched" if q.empty else f"q = {q.iloc[0]:.2g}"
        said.append(((left, right) in reported, f"{key} {' + '.join(left)} → {right}: {value}"))
    return said


def _sequences_found(run: Run, truth: Path) -> list[tuple[bool, str]]:
    """Whether the rates of the planted journeys are within their tolerance."""
    facts = {row["key"]: row for row in json.loads((truth / "planted.json").read_text())}
    found, said = in_patterns(run, truth), []
    for key in SEQUENCES:
        real, tolerance = facts[key]["realised"], facts[key]["tolerance"]
        near = abs(found[key] - real) <= tolerance + 1e-9
        said.append((near, f"{key}: {found[key]:.3f}, realised {real:.3f} +- {tolerance:.3f}"))
    return said


def trends() -> None:
    """Print which share of planted trends is found, by weekly noise and weeks since they began."""
    print("share of 1,000 accounts named rightly; weekly noise, then weeks since the trend began")
    print(f"{'noise':>6}" + "".join(f"{'decline ' + str(w):>12}" for w in (8, 10, 12, 16))
          + "".join(f"{'growth ' + str(w):>12}" for w in (8, 10, 12, 16))
          + f"{'plateau 12':>12}{'false':>8}")  # fmt: skip
    for noise in (0.06, 0.08, 0.10, 0.12, 0.16, 0.25):
        row = [share(-0.05, w, noise, "gradual_decline") for w in (8, 10, 12, 16)]
        row += [share(0.04, w, noise, "steady_growth") for w in (8, 10, 12, 16)]
        row.append(share(0.0, 12, noise, "plateau"))
        wrong = sum(share(0.0, 12, noise, kind) for kind in ("gradual_decline", "steady_growth"))
        print(f"{noise:>6.0%}" + "".join(f"{value:>12.3f}" for value in row) + f"{wrong:>8.3f}")


def share(slope: float, since: int, noise: float, kind: str, n: int = 1_000) -> float:
    """Share of accounts named so, of those whose use changed by a slope since so many weeks."""
    rng = np.random.default_rng(0)
    time = np.maximum(np.arange(20) - 19.0, -since)
    own = np.sqrt(noise**2 - 1 / 400)
    mean = 400 * (1 + slope) ** time * np.exp(rng.normal(0, own, (n, 20)))
    counts = rng.poisson(mean).astype(float)
    as_of = pd.Timestamp("2026-07-01")
    grid = WeeklyGrid(
        pd.Index([f"a{number}" for number in range(n)]),
        pd.date_range(end=as_of, periods=20, freq="7D"),
        counts,
        np.ones_like(counts),
    )
    return float((trend_kinds(grid, as_of=as_of)["kind"] == kind).mean())
