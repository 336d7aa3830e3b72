"""The sheet that managers fill in and send back: was it right, what was done, what came of it?

It comes back as the ``feedback`` table: the columns of the contract keep their names, those beside
them help to recognise the row. Rows without a verdict are left out by the source's ``where``.
"""

from pathlib import Path

import pandas as pd

from helpers.actions.exports import write_csv
from helpers.artifacts import Run
from helpers.report.calls import ranked_actions
from helpers.report.numbers import known_accounts

__all__ = ["FILE", "export_feedback_sheet"]

FILE = "feedback.csv"
TO_FILL = ("verdict", "action", "outcome", "minutes", "note")
COLUMNS = ("csm", "account", "told", "account_id", "as_of", "item", *TO_FILL)


def export_feedback_sheet(run: Run, *, as_of: str) -> Path | None:
    """Write ``exports/feedback.csv``: one row an alert or call, by manager, verdicts empty (K-01).

    ``verdict`` is filled with confirmed, false_positive or missed; a manager adds rows for what
    was missed. None, and no file, where the run raised nothing.
    """
    path = run.export(FILE)
    known = known_accounts(run)
    rows = pd.concat([_alerts(run), _calls(run)], ignore_index=True)
    rows = rows.merge(known, on="account_id", how="inner")
    if rows.empty:
        path.unlink(missing_ok=True)
        return None
    name = rows["name"].astype(object)
    sheet = rows.assign(account=name.where(name.notna(), rows["account_id"]), as_of=as_of)
    sheet = sheet.reindex(columns=list(COLUMNS)).sort_values(
        ["csm", "account_id", "item"], na_position="last", ignore_index=True
    )
    return write_csv(sheet, path, profile="human").path


def _alerts(run: Run) -> pd.DataFrame:
    empty = pd.DataFrame(columns=["account_id", "item", "told"])
    if not run.has("05_anomaly_review", "alerts"):
        return empty
    alerts = run.read("05_anomaly_review", "alerts")
    told = alerts.get("evidence", "")
    return pd.DataFrame(
        {
            "account_id": alerts["account_id"].astype(object),
            "item": "alert:" + alerts["kind"].astype(str),
            "told": told,
        }
    ).drop_duplicates(["account_id", "item"])


def _calls(run: Run) -> pd.DataFrame:
    actions = ranked_actions(run)
    if actions is None or actions.empty:
        return pd.DataFrame(columns=["account_id", "item", "told"])
    first = actions.drop_duplicates("account_id")
    return pd.DataFrame(
        {
            "account_id": first["account_id"].astype(object),
            "item": "score:churn",
            "told": first["reason"],
        }
    )
