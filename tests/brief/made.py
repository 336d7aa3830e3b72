"""A published-looking run of the tiny company: 01 and 02 as computed, 05 and 06 by hand."""

import json

import pandas as pd

from helpers import features
from helpers.engine import open_engine, stage
from tests.company import AS_OF, make_config, make_tables, write_run

N_ACCOUNTS = 48
STEADY, GROWING, DECLINING, LOW, OPTED_OUT = "acc-01", "acc-02", "acc-03", "acc-04", "acc-09"


def make_run(folder, *, without=(), rename=None):
    """Write the run; ``rename`` gives accounts other names."""
    tables = make_tables(n_accounts=N_ACCOUNTS, weeks=40)
    if rename:
        accounts = tables["accounts"]
        for key, name in rename.items():
            accounts.loc[accounts["account_id"] == key, "name"] = name
    run = write_run(folder, tables, without=without, config=make_config(step_days=30))
    company = run.config()
    with open_engine(run) as engine:
        history = stage(engine, company)
        dates = features.as_of_dates(
            AS_OF, n=6, step_days=30, history_starts=history.starts_on, min_history_days=30
        )
        known = {"config": company, "history": history}
        table = features.build_features(engine, dates, windows_days=[30, 60, 90], **known)
        labels = features.build_labels(engine, dates, horizon_days=90, lead_days=0, **known)
        weeks = features.weekly_activity(engine, dates[0], **known)
        measured = features.evidence.measured(engine)
    described = features.dictionary([30, 60, 90], measured=measured)
    for name, written in {
        "features": table,
        "labels": labels,
        "dictionary": described,
        "activity_week": weeks,
    }.items():
        run.write("02_feature_engineering", name, written)
    by_hand(run)
    (run.stage / "manifest.json").write_text(
        json.dumps({"as_of": "2026-07-01", "company": "Tiny & Sons"})
    )
    return run


def by_hand(run):
    """Write what 05 and 06 would hand on about the declining account."""
    write(
        run,
        "05_anomaly_review",
        "weekly_flags",
        account_id=[DECLINING],
        week_end=[AS_OF - pd.Timedelta(days=7)],
        kind=["gradual_decline"],
        direction=["risk"],
        severity=["high"],
    )
    write(
        run,
        "06_churn_model",
        "health",
        account_id=[DECLINING],
        as_of=[AS_OF],
        health_score=[31.4],
        health_band=["low"],
        coverage=[0.95],
        usage_frequency=[50.0],
        feature_adoption=[40.0],
        engagement_trend=[2.0],
        support_sentiment=[30.0],
        team_activity=[60.0],
        nps=[None],
    )
    write(
        run,
        "06_churn_model",
        "predictions",
        account_id=[DECLINING],
        as_of=[AS_OF],
        churn_probability=[0.41],
        probability_low=[0.29],
        probability_high=[0.54],
        churn_score=[77],
        churn_band=["high"],
        drivers=[["logins −46% in 30 days (raises)"]],
    )
    write(
        run,
        "06_churn_model",
        "plans",
        account_id=[DECLINING] * 3,
        step=[2, 1, 3],
        action=["Write to the sponsor", "Call the sponsor", "Show boards"],
        reason=["no contact for 60 days", "41% likely to churn", "boards unused"],
        impact_note=["no money is counted", "at stake: 41% x 120 x 12", None],
        within_days=[14, 3, 30],
        owner=["named CSM"] * 3,
        agenda=[[], [], ["boards: not used here; 14 of the 25 accounts most alike use it"]],
    )


def write(run, notebook, name, **columns):
    pd.DataFrame(columns).to_parquet(run.target(notebook, name), index=False)
