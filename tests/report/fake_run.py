"""A small run folder as a page's author would meet it: names that attack, tables that lack."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.artifacts import Run
from helpers.report import Finding

AS_OF = pd.Timestamp("2026-07-01")
BEFORE = pd.Timestamp("2026-06-01")
WORDS = ("Northwind", "Lumen", "Harbor", "Quill", "Tessera", "Aster", "Bright", "Cobalt")
KINDS = ("Logistics", "Health", "Studio", "Foods", "Labs", "Partners", "Retail", "Energy")
HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x")',
    "$x_{$",
    "<img src=x onerror=alert(2)>",
)
REASONS = (
    "logins fell by 46 % against its own 8-week baseline; two escalated tickets are open",
    "churn probability 0.41 (0.29-0.54); the champion left on 2026-06-11",
    "nobody has used boards since 2026-06-03; used weekly for a year before",
    "seats 94 % used, and 9 colleagues invited in ten days",
    "renewal in 38 days; no business review since November",
)
ACTIONS = (
    "Call the champion this week; bring the open tickets",
    "Find a new champion: write to the two most active admins",
    "Ask what replaced boards; offer the workshop",
    "Send the seat proposal with last quarter's usage",
    "Book the business review before renewal",
)
CSMS = ("Ana Ruiz", "Ben Okafor", "Chloe Martin", "Dev Patel", "Eva Lind")


def accounts(n: int = 40) -> pd.DataFrame:
    names = [f"{WORDS[i % 8]} {KINDS[(i * 3 + i // 8) % 8]}" for i in range(n)]
    names[: len(HOSTILE)] = HOSTILE
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "account_id": [f"A{i:03d}" for i in range(n)],
            "name": names,
            "csm": [CSMS[i % 5] for i in range(n)],
            "mrr": np.round(rng.lognormal(7, 0.8, n), 0),
            "opted_out": [i == 5 for i in range(n)],
        }
    )


def write(folder: Path, *, only: tuple[str, ...] = (), planted: bool = True) -> Run:
    """Write tables, findings, settings and manifest; ``only`` names the notebooks that ran."""
    run = Run(folder, folder.name, folder)
    company = {"name": "Brightdesk", "currency": "EUR"}
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "company": company,
        "analysis": {"as_of": "2026-07-01"},
        "thresholds": {"stale_after_days": 7},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    steps = {
        "01_data_audit": _audit,
        "02_feature_engineering": _features,
        "05_anomaly_review": _alerts,
        "06_churn_model": _churn,
    }
    for name, step in steps.items():
        if not only or name in only:
            step(run, accounts())
    manifest = {
        "company": "Brightdesk",
        "run_id": folder.name,
        "as_of": "2026-07-01",
        "packages": {"pandas": "3.1.1", "scikit-learn": "1.9.1"},
        "python": "3.11.7",
        "inputs": {"crm/accounts.csv": "ab12"},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    if planted:
        _planted().to_parquet(folder / "planted.parquet")
    return run


def _table(run: Run, notebook: str, table: str, frame: pd.DataFrame) -> None:
    frame.to_parquet(run.target(notebook, table), index=False)


def _audit(run: Run, known: pd.DataFrame) -> None:
    _table(run, "01_data_audit", "accounts", known)
    events = pd.DataFrame({"occurred_at": [pd.Timestamp("2026-06-30 22:10", tz="UTC")]})
    tickets = pd.DataFrame({"opened_at": [pd.Timestamp("2026-06-12 08:00", tz="UTC")]})
    _table(run, "01_data_audit", "events", events)
    _table(run, "01_data_audit", "tickets", tickets)
    counts = pd.DataFrame(
        {
            "table": ["events", "tickets"],
            "rows_in": [1_999_000, 1_000],
            "rows_kept": [1_989_000, 990],
            "rows_quarantined": [4_000, 10],
            "rows_duplicate": [6_000, 0],
        }
    )
    _table(run, "01_data_audit", "reconciliation", counts)
    Finding(
        stage="01_data_audit",
        headline="{kept:.1%} of {rows:,} rows can be used; {n_gaps} events are not tracked.",
        values={"kept": 0.995, "rows": 2_000_000, "n_gaps": 2},
        caveats=("Tickets are 19 days old: what they say of June is incomplete.",),
    ).save(run)


def _features(run: Run, known: pd.DataFrame) -> None:
    rows = [
        known[["account_id", "mrr"]].assign(as_of=date, is_live=True) for date in (BEFORE, AS_OF)
    ]
    features = pd.concat(rows, ignore_index=True)
    gone = (features["as_of"] == BEFORE) & features["account_id"].isin(["A038", "A039"])
    features.loc[gone, "is_live"] = False
    _table(run, "02_feature_engineering", "features", features)
    Finding(
        stage="02_feature_engineering",
        headline="{n} features describe {accounts:,} accounts on {dates} dates.",
        values={"n": 168, "accounts": 40, "dates": 10},
        missing=("market signals: not computed, because there is no `external_signals` table",),
    ).save(run)


def _alerts(run: Run, known: pd.DataFrame) -> None:
    alerts = pd.DataFrame(
        {
            "account_id": ["A001", "A002", "A003", "A004", "A004", "A005", "A006"],
            "direction": ["negative"] * 3 + ["positive"] * 3 + ["negative"],
            "severity": ["critical", "high", "medium", "low", "low", "high", "medium"],
        }
    )
    _table(run, "05_anomaly_review", "alerts", alerts)
    Finding(
        stage="05_anomaly_review",
        headline="{n} accounts behave unlike themselves; {incident} product incident explains "
        "{share:.0%} of the raw signals.",
        values={"n": 7, "incident": 1, "share": 0.62},
        caveats=("A drop is a reason to ask, not a diagnosis.",),
    ).save(run)


def _churn(run: Run, known: pd.DataFrame) -> None:
    high = known["account_id"].isin(["A001", "A002", "A005"])
    predictions = pd.DataFrame(
        {
            "account_id": known["account_id"],
            "as_of": AS_OF,
            "churn_band": np.where(high, "high", "low"),
        }
    )
    _table(run, "06_churn_model", "predictions", predictions)
    ranked = [0, 1, 2, 3, *range(6, 22), 5]
    actions = pd.DataFrame(
        {
            "account_id": [f"A{i:03d}" for i in ranked],
            "csm": [CSMS[i % 5] for i in ranked],
            "priority": range(1, len(ranked) + 1),
            "action": [ACTIONS[i % 5] for i in ranked],
            "reason": [REASONS[i % 5] for i in ranked],
            "expected_impact": [round(4200 / (1 + i), 0) for i in range(len(ranked))],
            "due_on": [AS_OF + pd.Timedelta(days=3 + i % 9) for i in ranked],
        }
    )
    actions.loc[actions["account_id"] == "A005", "priority"] = 0  # opted out: never shown
    _table(run, "06_churn_model", "actions", actions)
    Finding(
        stage="06_churn_model",
        headline="The {k} highest scores hold {capture:.0%} of the accounts that leave within "
        "{days} days.",
        values={"k": 25, "capture": 0.54, "days": 90},
        caveats=(
            "An association in past data: nobody has tested that calling them keeps them.",
            "The interval of the share runs from 0.43 to 0.65.",
        ),
    ).save(run)


def _planted() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "key": ["rule_lift", "journey_ratio", "plateau"],
            "what": ["ticket and bulk import, then churn: lift", "success / failure", "plateaus"],
            "planted": [3.2, 6.5, 12.0],
            "realised": [3.31, 6.4, 12.0],
            "found": [3.28, 4.1, np.nan],
            "tolerance": [0.5, 0.9, 2.0],
            "within_tolerance": [True, False, False],
        }
    )
