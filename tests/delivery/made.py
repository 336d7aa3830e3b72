"""A published run with alerts, movers and actions, and a configuration that wants them sent."""

import datetime as dt

import pandas as pd

from tests.company import make_config
from tests.report import fake_run

TODAY = dt.date(2026, 7, 2)


def config(hook=None, *, kind="slack", **delivery):
    """Return a configuration; with a hook, one channel "team" that leads to it."""
    if hook is not None:
        delivery = {
            "send": True,
            "channels": {"team": {"kind": kind, "url": "env:TEAM_HOOK", "hosts": [hook.host]}},
            **delivery,
        }
    base = make_config().model_dump(mode="json", by_alias=True)
    return type(make_config()).model_validate({**base, "delivery": delivery})


def published(folder, *, n_alerts=2, movers=True):
    """Write a run with ``n_alerts`` urgent alerts, one move into risk and one into readiness."""
    run = fake_run.write(folder)
    ids = [f"A{i:03d}" for i in range(10, 10 + n_alerts)]
    alerts = pd.DataFrame(
        {
            "account_id": [*ids, "A030", "A031", "A005"],
            "kind": ["user_attrition"] * n_alerts + ["usage_drop", "usage_spike", "usage_drop"],
            "direction": ["risk"] * n_alerts + ["risk", "expansion", "risk"],
            "detected_on": pd.Timestamp("2026-06-23"),
            "route": ["at once"] * n_alerts + ["weekly review", "at once", "at once"],
            "severity": "critical",
            "evidence": "regular users active 28 → 14 in 14 days, −50%",
            "context": "renewal in 37 days",
            "explained_by": "",
        }
    )
    alerts.to_parquet(run.target("05_anomaly_review", "alerts"), index=False)
    if movers:
        moved = pd.DataFrame(
            {
                "account_id": ["A020", "A021", "A022"],
                "segment_from": ["Casual Users", "Casual Users", "Power Users"],
                "segment_to": ["At Risk", "Expansion Ready", "Casual Users"],
                "kind": ["into risk", "better", "sideways"],
            }
        )
        moved.to_parquet(run.target("03_segmentation", "movers"), index=False)
    return run
