"""Made-up companies of several seeds: which planted anomalies are found, at which price."""

import subprocess
import sys
from pathlib import Path

import pandas as pd

from helpers.anomalies import Settings, analyse, build_queue, load_activity
from helpers.anomalies.measure_truth import found_by_kind
from helpers.artifacts import Run
from helpers.sources.demo import write_company

__all__ = ["planted"]

ROOT = Path(__file__).resolve().parents[1]
INCIDENT, ALL_ACCOUNTS = "systemic_incident", "*"
QUIET_DAYS = 45


def planted(
    folder: Path,
    seeds: list[int],
    *,
    per_week: int | None = None,
    settings: Settings | None = None,
) -> pd.DataFrame:
    """Print, over all seeds, recall and precision by kind and what quiet accounts cost.

    Parameters
    ----------
    folder : Path
        Holds ``data<seed>`` and ``reports/seed<seed>``, the first two notebooks run; made where
        they are not there.
    seeds : list of int
    per_week : int, optional
        Alerts a manager takes a week; the company's setting by default.
    settings : Settings, optional
        The notebook's by default.

    Returns
    -------
    DataFrame
        By kind.
    """
    kinds, prices = [], []
    for seed in seeds:
        run = ready_run(folder, seed)
        by_kind, price = one_company(run, folder / f"data{seed}", per_week, settings or Settings())
        kinds.append(by_kind)
        prices.append({"seed": seed, **price})
        print(pd.DataFrame([prices[-1]]).to_string(index=False), flush=True)
    counts = pd.concat(kinds)
    columns = ["planted", "in_budget", "found", "noticed", "alerts", "right", "real"]
    table = counts.groupby("kind")[columns].sum()
    table["lag_days"] = counts.groupby("kind")["lag_days"].median()
    table["recall_in_budget"] = table["in_budget"] / table["planted"]
    table["recall"] = table["found"] / table["planted"]
    table["precision"] = table["right"] / table["alerts"]
    table["about_something"] = table["real"] / table["alerts"]
    print(f"\nover {len(seeds)} seeds, by kind\n{table.round(2).to_string()}\n")
    print(pd.DataFrame(prices).round(2).to_string(index=False))
    return table


def ready_run(folder: Path, seed: int) -> Run:
    """Return a run of 01 and 02, of a company of that seed; made if need be."""
    data, reports = folder / f"data{seed}", folder / "reports"
    if not (data / "truth").is_dir():
        write_company(data, seed=seed)
    run = Run(ROOT, f"seed{seed}", reports / f"seed{seed}")
    if not run.has("02_feature_engineering", "features"):
        command = [sys.executable, "-m", "helpers", "run", "--config", "config/demo.yaml"]
        command += ["--data", str(data), "--reports", str(reports), "--run-id", f"seed{seed}"]
        command += ["--only", "01", "--only", "02"]
        subprocess.run(command, cwd=ROOT, check=True)
    return run


def one_company(
    run: Run, data: Path, per_week: int | None, settings: Settings
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Review one company and compare with its truth."""
    names = ("calendar", "feedback", "external_signals")
    calendar, feedback, external = (run.read_optional("01_data_audit", name) for name in names)
    analysis = analyse(load_activity(run), settings, calendar=calendar, feedback=feedback)
    room = run.config().capacity.alerts_per_csm_per_week if per_week is None else per_week
    queue = build_queue(analysis, per_week=room, calendar=calendar, external=external)
    truth = pd.read_csv(data / "truth" / "anomalies.csv", parse_dates=["starts_on", "ends_on"])
    accounts = pd.read_csv(data / "truth" / "accounts.csv").set_index("account_id")
    truth = truth[~truth["account_id"].isin(accounts.index[accounts["opted_out"]])]
    kept = queue.alerts[queue.alerts["account_id"] != ALL_ACCOUNTS]
    every = pd.concat([kept, queue.review_list], ignore_index=True)
    late = truth[(truth["phase"] == "late") & (truth["kind"] != INCIDENT)]
    by_kind = _by_kind(kept, every, late, truth, accounts)
    return by_kind, _prices(queue.alerts, every, truth, accounts)


def _by_kind(
    kept: pd.DataFrame,
    every: pd.DataFrame,
    late: pd.DataFrame,
    truth: pd.DataFrame,
    accounts: pd.DataFrame,
) -> pd.DataFrame:
    """Count what was found, in the budget and beyond, and what the alerts were about."""
    mine = late[late["origin"] == "planted"]
    found = found_by_kind(every, mine).set_index("kind")
    found["in_budget"] = found_by_kind(kept, mine).set_index("kind")["found"]
    every = every[every["kind"].isin(found.index)]  # what names an alert, not what comes with it
    alerts = every.groupby("kind").size()
    same = every.merge(late[["account_id", "kind"]].drop_duplicates(), on=["account_id", "kind"])
    odd = set(truth.loc[truth["ends_on"] >= truth["ends_on"].max() - pd.Timedelta(days=35),
                        "account_id"])  # fmt: skip
    odd |= set(accounts.index[accounts["planned_absence"]])
    about = every[every["account_id"].isin(odd)].groupby("kind").size()
    found["alerts"] = alerts.reindex(found.index).fillna(0)
    found["right"] = same.groupby("kind").size().reindex(found.index).fillna(0)
    found["real"] = about.reindex(found.index).fillna(0)
    return found.reset_index()


def _prices(
    alerts: pd.DataFrame, every: pd.DataFrame, truth: pd.DataFrame, accounts: pd.DataFrame
) -> dict[str, float]:
    """Count false alerts on quiet accounts, incidents told, and planned dips that alarm."""
    quiet = quiet_accounts(truth, accounts)
    wrong = every[every["account_id"].isin(quiet) & (every["direction"] != "expansion")]
    shown = wrong[wrong["severity"].isin(["high", "critical"])]
    years = len(quiet) * 28 / 365.25
    absent = accounts.index[accounts["planned_absence"]]
    dips = every[every["account_id"].isin(absent) & (every["direction"] == "risk")]
    loud = dips[(dips["explained_by"] == "") & dips["severity"].isin(["high", "critical"])]
    return {
        "quiet_accounts": len(quiet),
        "false_per_account_year": len(wrong) / years,
        "false_high_per_account_year": len(shown) / years,
        "incidents_planted": int(((truth["kind"] == INCIDENT) & (truth["phase"] == "late")).sum()),
        "incidents_told": int((alerts["kind"] == INCIDENT).sum()),
        "absent_accounts": len(absent),
        "absent_alarmed": int(loud["account_id"].nunique()),
        "alerts": len(alerts),
        "waiting": len(every) - int((alerts["account_id"] != ALL_ACCOUNTS).sum()),
    }


def quiet_accounts(truth: pd.DataFrame, accounts: pd.DataFrame) -> set[str]:
    """Return the settled accounts with nothing planted in the last weeks: no news is right."""
    states = [name for name in accounts if name.startswith("state_")]
    since = truth["ends_on"].max() - pd.Timedelta(days=QUIET_DAYS)
    recent = truth.loc[truth["ends_on"] >= since, "account_id"]
    quiet = accounts[states[-1]].isin(["casual", "power"]) & accounts["churned_on"].isna()
    quiet &= ~accounts["planned_absence"] & ~accounts["opted_out"]
    return set(accounts.index[quiet & ~accounts.index.isin(recent)].astype(str))
