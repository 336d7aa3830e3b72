"""Scores of made-up companies beside the truth: the hazard, the causes, how early, how honest."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.pattern_truth import run_notebooks
from benchmarks.tone_gain import auc_by_date, tone_gain
from helpers.artifacts import Run
from helpers.scores import churn_study, health_scores, measure_lead_time, predict
from helpers.scores.calibration import calibration_summary
from helpers.scores.evaluate import Judged, draw_accounts
from helpers.scores.study import Study
from helpers.stats import bootstrap

__all__ = ["Company", "companies", "score_truth"]

ROOT = Path(__file__).resolve().parents[1]
EFFECT = 0.6
"""The rescue multiplies the hazard of the made-up company by this."""
CAUSES = {
    "decline": ("trend of use", "trend of logins", "trend of adoption", "logins", "team activity"),
    "ticket_and_bulk_import": ("ticket beside bulk import",),
    "champion_left": ("champion", "key people", "people removed"),
    "escalated_open": ("escalations", "support ratings", "tickets", "tone of tickets"),
    "detractor": ("NPS",),
    "narrow": ("breadth of use", "trend of adoption"),
    "overdue": ("payment",),
}
"""Planted cause to the themes that name it, or what it shows in."""


@dataclass(frozen=True)
class Company:
    """One made-up company: its seed, its run, the truth, and what today's code says of it."""

    seed: int
    run: Run
    truth: Path
    study: Study
    health: pd.DataFrame
    predictions: pd.DataFrame
    contributions: pd.DataFrame


def companies(folder: Path, seeds: list[int], n_accounts: int, n_draws: int) -> list[Company]:
    """Return the companies; one that is not in the folder is made, and its notebooks are run.

    The folder holds ``data<seed>`` and ``reports/seed<seed>``. Scores are computed anew from the
    tables of 02, so that a change of the model needs no new run.
    """
    found = []
    for seed in seeds:
        data, published = folder / f"data{seed}", folder / "reports" / f"seed{seed}"
        if not (published / "manifest.json").is_file():
            made = run_notebooks(folder, n_accounts, seed, ["05", "08"])
            data, published = folder / f"data-{seed}", made.stage
        found.append(_scored(seed, Run(ROOT, published.name, published), data / "truth", n_draws))
    return found


def _scored(seed: int, run: Run, truth: Path, n_draws: int) -> Company:
    names = ("features", "labels", "dictionary")
    features, labels, dictionary = (run.read("02_feature_engineering", n) for n in names)
    health = health_scores(features)
    study = churn_study(
        features, labels, dictionary, health,
        run.read_optional("02_feature_engineering", "tickets_beside_use"),
        config=run.config(), challenger=False, n_draws=n_draws, seed=seed,
    )  # fmt: skip
    predictions, contributions = predict(study, n_refits=2, seed=seed)
    return Company(seed, run, truth, study, health, predictions, contributions)


def score_truth(folder: Path, seeds: list[int], n_accounts: int, n_draws: int) -> None:
    """Print everything that is measured against the truth, seed by seed and over all."""
    held = companies(folder, seeds, n_accounts, n_draws)
    print("AUC for churn within the horizon, accounts and dates scored as on the day")
    gaps = np.array([_beside_oracle(company, n_draws) for company in held])
    print(f"  mean gap to the oracle over {len(gaps)} companies: {np.nanmean(gaps):+.3f}"
          + (f", standard error {np.nanstd(gaps, ddof=1) / np.sqrt(len(gaps)):.3f}"
             if len(gaps) > 1 else ""))  # fmt: skip
    print("\ncalibration error: mean |said - observed| over 8 groups of equal size, by rows")
    for company in held:
        _calibration(company, n_draws)
    print("\nplanted causes: of live accounts that have the cause on the newest date, and a score "
          "above 30,\nhow many have it among their three drivers (raising); of those without it, "
          "how many")  # fmt: skip
    _causes(held)
    print("\ntone of tickets: AUC and log loss of the churn model with it, and without")
    for company in held:
        tone_gain(company.seed, company.run)
    print("\nlead time: weeks before the departure, at equal volume")
    _lead_time([company for company in held if _has_flags(company)], n_draws)
    print(f"\nthe at-risk rescue multiplies the hazard by {EFFECT} (08, by comparison)")
    for company in held:
        _effects(company)


def _has_flags(company: Company) -> bool:
    return company.run.has("05_anomaly_review", "weekly_flags")


def scored(company: Company) -> pd.DataFrame:
    """Return what each account was given at each earlier date, what followed, and its hazard."""
    tested = company.study.tested
    if tested is None:
        return pd.DataFrame()
    rows = tested.rows[tested.rows["probability"].notna() & tested.rows["outcome"].notna()]
    known = rows.rename(columns={"outcome": "churned", "probability": "churn_probability"})
    known = _typed(known[["account_id", "as_of", "churned", "churn_probability"]])
    weeks = pd.read_parquet(company.truth / "weeks.parquet")
    weeks["week_from"] = pd.to_datetime(weeks["week_from"]).astype("datetime64[us]")
    weeks["account_id"] = weeks["account_id"].astype(str)
    rows = pd.merge_asof(
        known.sort_values("as_of", kind="stable"),
        weeks.sort_values("week_from", kind="stable")[["account_id", "week_from", "hazard"]],
        left_on="as_of",
        right_on="week_from",
        by="account_id",
    )
    health = _typed(company.health[["account_id", "as_of", "health_score"]])
    rows = rows.merge(health, on=["account_id", "as_of"], how="left")
    return rows.dropna(subset=["hazard"]).sort_values(["as_of", "account_id"], ignore_index=True)


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(
        account_id=table["account_id"].astype(str), as_of=table["as_of"].astype("datetime64[us]")
    )


def _beside_oracle(company: Company, n_draws: int) -> float:
    rows = scored(company)
    if rows.empty:
        print(f"  seed {company.seed}: no scores were given")
        return float("nan")
    drawn = draw_accounts(rows["account_id"], n_draws=n_draws, seed=company.seed)
    weights = np.vstack([np.ones((1, len(rows))), drawn])
    health = -rows["health_score"].fillna(rows["health_score"].median()).to_numpy(float)
    ours, oracle, by_health = (
        auc_by_date(rows, values, weights)
        for values in (
            rows["churn_probability"].to_numpy(float),
            rows["hazard"].to_numpy(float),
            health,
        )
    )
    gap = ours - oracle
    low, high = np.nanquantile(gap[1:], [0.025, 0.975])
    order = rows[["churn_probability", "hazard"]].corr(method="spearman").iloc[0, 1]
    print(f"  seed {company.seed}: model {ours[0]:.3f}, oracle {oracle[0]:.3f}, "
          f"gap {gap[0]:+.3f} ({low:+.3f} to {high:+.3f}), health {by_health[0]:.3f}; "
          f"rank correlation with the hazard {order:.2f}; "
          f"{int(rows['churned'].sum())} of {len(rows)} rows churned")  # fmt: skip
    return float(gap[0])


def _calibration(company: Company, n_draws: int) -> None:
    rows = scored(company)
    if rows.empty:
        return
    judged = Judged(
        rows=rows[["account_id", "as_of"]].assign(outcome=rows["churned"].astype(float)),
        scores={},
        probabilities={"churn model": rows["churn_probability"].to_numpy(float)},
        split="rolling",
    )
    found = calibration_summary(judged, n_draws=n_draws, seed=company.seed).iloc[0]
    print(
        f"  seed {company.seed}: {found['error']:.3f} ({found['low']:.3f} to {found['high']:.3f}), "
        f"by chance {found['by_chance']:.3f} on average, up to {found['by_chance_high']:.3f}; "
        f"said {found['predicted']:.3f}, observed {found['observed']:.3f}"
    )


def _active(company: Company) -> pd.DataFrame:
    """Return which planted cause each account has on the newest date."""
    features = company.run.read("02_feature_engineering", "features")
    now = features[features["as_of"] == features["as_of"].max()].set_index("account_id")
    fresh = now["nps_age_days"].le(182)
    table = pd.DataFrame(
        {
            "decline": now["events__share_of_peak"].le(np.exp(-0.5)),
            "ticket_and_bulk_import": now["tickets__n_90d"].gt(0) & now["uploads__n_30d"].gt(0),
            "champion_left": now["champion_left_90d"].gt(0),
            "escalated_open": now["tickets_escalated_open__n"].gt(0),
            "detractor": now["nps_last"].le(6) & fresh,
            "narrow": now["features_used__n_30d"].le(4),
            "overdue": now["overdue__n"].gt(0),
        }
    )
    return table.fillna(value=False).astype(bool)


def _causes(held: list[Company]) -> None:
    named = {cause: [0, 0, 0, 0] for cause in CAUSES}
    any_named = any_cause = 0
    for company in held:
        at_risk = company.predictions.loc[company.predictions["churn_score"] > 30, "account_id"]
        told = company.contributions
        told = told[told["account_id"].isin(at_risk)]
        top = told.groupby("account_id", sort=False).head(3)
        raising = top[top["contribution"] > 0]
        active = _active(company).reindex(at_risk.to_numpy())
        found = pd.Series(False, index=active.index)
        for cause, themes in CAUSES.items():
            those = set(raising.loc[raising["theme"].isin(themes), "account_id"])
            hit = active.index.isin(list(those))
            has = active[cause].to_numpy(bool)
            found |= has & hit
            counts = (has & hit).sum(), has.sum(), (~has & hit).sum(), (~has).sum()
            named[cause] = [a + int(b) for a, b in zip(named[cause], counts, strict=True)]
        any_named, any_cause = (
            any_named + int(found.sum()),
            any_cause + int(active.any(axis=1).sum()),
        )
    print(f"  any of its causes named in {any_named} of {any_cause} accounts that have one")
    for cause, (hits, n, wrong, others) in named.items():
        print(f"  {cause:<15} named {hits} of {n} ({hits / max(n, 1):.0%}); without it "
              f"{wrong} of {others} ({wrong / max(others, 1):.0%})")  # fmt: skip


def _lead_time(held: list[Company], n_draws: int) -> None:
    tables = []
    for company in held:
        labels = company.run.read("02_feature_engineering", "labels")
        left = measure_lead_time(
            company.study,
            company.health,
            company.run.read("05_anomaly_review", "weekly_flags"),
            company.run.read("01_data_audit", "outcomes"),
            labels,
            time_zone=company.run.config().company.time_zone,
            n_draws=2,
        ).departures
        tables.append(left.assign(account_id=f"{company.seed}/" + left["account_id"].astype(str)))
        _told(f"seed {company.seed}", tables[-1], n_draws)
    if tables:
        _told("all", pd.concat(tables, ignore_index=True), n_draws)


def _told(name: str, left: pd.DataFrame, n_draws: int) -> None:
    groups = left["account_id"].to_numpy()
    parts = []
    for method in ("model", "anomaly", "health"):
        weeks = left[f"weeks_{method}"].to_numpy(float)
        parts.append(f"{method} {np.isfinite(weeks).mean():.0%}, median "
                     f"{np.nanmedian(weeks):.1f}")  # fmt: skip
    gain = (left["weeks_model"].fillna(0) - left["weeks_health"].fillna(0)).to_numpy(float)
    low, high = bootstrap(lambda at: float(gain[at].mean()), groups, n_draws=n_draws)
    mine, theirs = (left[f"weeks_{m}"].to_numpy(float) for m in ("model", "health"))
    gap = np.nanmedian(mine) - np.nanmedian(theirs)
    bottom, top = bootstrap(
        lambda at: float(np.nanmedian(mine[at]) - np.nanmedian(theirs[at])), groups, n_draws=n_draws
    )
    print(f"  {name}: {len(left)} left; named " + "; ".join(parts)
          + f"; mean gain over all {gain.mean():+.2f} ({low:+.2f} to {high:+.2f}); "
          f"difference of medians {gap:+.1f} ({bottom:+.1f} to {top:+.1f})")  # fmt: skip


def _effects(company: Company) -> None:
    if not company.run.has("08_impact", "effects"):
        return
    effects = company.run.read("08_impact", "effects")
    mine = effects[effects["play"] == "at_risk_rescue"]
    parts = [
        f"{row.comparison} {row.rate_ratio:.2f} ({row.low:.2f} to {row.high:.2f})"
        + ("" if row.low <= EFFECT <= row.high else " NOT COVERED")
        for row in mine.itertuples()
    ]
    print(f"  seed {company.seed}: " + "; ".join(parts))
