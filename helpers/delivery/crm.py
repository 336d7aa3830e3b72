"""One row an account for the CRM, under its own field names, checked before it leaves.

References
----------
Salesforce, *Data Loader Guide*, "Insert, Update, or Delete Data": UTF-8, comma-separated, dates as
YYYY-MM-DD; an upsert needs an external id that matches one record only.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from helpers.actions.exports import write_csv
from helpers.artifacts import Run
from helpers.config.delivery import Crm
from helpers.errors import GateError
from helpers.report.calls import ranked_actions
from helpers.report.leader_lists import NOTHING_DUE, segment_export
from helpers.report.numbers import latest

__all__ = ["COLUMNS", "crm_table", "export_crm"]

COLUMNS = (
    "account_id",
    "as_of",
    "segment",
    "segment_prev",
    "segment_changed_on",
    "lifecycle_stage",
    "health_score",
    "health_band",
    "churn_score",
    "churn_band",
    "top_reasons",
    "next_action",
    "next_action_due",
)
"""What a CRM record can hold of an account. ``churn_score``: higher = more risk;
``health_score``: higher = healthier."""
WATCHED = ("segment", "churn_band")
MIN_COMPARED = 20
SALESFORCE_ID = r"[A-Za-z0-9]{18}"
FILE, REJECTED = "crm_accounts.csv", "crm_rejected.csv"


def crm_table(run: Run) -> pd.DataFrame:
    """Return one row a live account that did not opt out; no column that is empty throughout.

    An empty column would wipe the CRM's field when nothing is known in this run.
    """
    if not run.has("03_segmentation", "assignments"):
        return pd.DataFrame(columns=["account_id"])
    table = segment_export(run)
    table = table[table["segment"] != "Churned"]
    for name, columns in (
        ("health", ["health_score", "health_band"]),
        ("predictions", ["churn_score", "churn_band", "drivers"]),
    ):
        if run.has("06_churn_model", name):
            newest = latest(run.read("06_churn_model", name)).reindex(
                columns=["account_id", *columns]
            )
            table = table.merge(newest, on="account_id", how="left", validate="1:1")
    actions = ranked_actions(run)
    if actions is not None:
        first = actions.drop_duplicates("account_id").set_index("account_id")
        done = table["account_id"].map(first["action"])
        table["next_action"] = done.where(done.notna(), NOTHING_DUE)  # else an old one would stay
        due = pd.to_datetime(first["due_on"]).dt.strftime("%Y-%m-%d")
        table["next_action_due"] = table["account_id"].map(due)
    if "drivers" in table:
        table["top_reasons"] = [_joined(texts) for texts in table["drivers"]]
    table = table.reindex(columns=[name for name in COLUMNS if name in table])
    empty = [name for name in table if table[name].isna().all() and name != "account_id"]
    return table.drop(columns=empty).reset_index(drop=True)


def export_crm(run: Run, settings: Crm, *, before: Run | None = None) -> Path | None:
    """Check and write the table for the CRM; with it a mark that tells an importer it is whole.

    Parameters
    ----------
    run : Run
        Staged.
    settings : Crm
        Names of the fields.
    before : Run, optional
        The published run before: too many changes against it are refused.

    Returns
    -------
    Path or None
        ``exports/crm_accounts.csv``; beside it ``crm_accounts.csv.done`` with its rows and
        fingerprint, and ``crm_rejected.csv`` with the accounts whose texts could run as a
        formula. None if the run has no segments.

    Raises
    ------
    GateError
        If an id is empty or not unique for the CRM, or more accounts changed their segment or
        churn band than ``max_changed_share``.
    """
    path, rejected, mark = (run.export(n) for n in (FILE, REJECTED, f"{FILE}.done"))
    for old in (path, rejected, mark):
        old.unlink(missing_ok=True)
    table = crm_table(run)
    if table.empty:
        return None
    _check_ids(table["account_id"], settings)
    if before is not None:
        _check_changes(table, crm_table(before), settings)
    named = table.rename(columns=_fields(settings))
    written = write_csv(named, path, profile="machine", reject="leave out")
    if len(written.rejected):
        write_csv(written.rejected, rejected, profile="human")
    facts = {"rows": written.n_rows, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    mark.write_text(json.dumps(facts) + "\n", encoding="utf-8")
    return path


def _fields(settings: Crm) -> Mapping[str, str]:
    unknown = sorted(set(settings.fields) - set(COLUMNS[1:]))
    if unknown:
        raise GateError(
            f"delivery.crm.fields names {unknown}, which the table does not have. It has "
            f"{list(COLUMNS[1:])}."
        )
    return {"account_id": settings.key, **settings.fields}


def _check_ids(ids: pd.Series, settings: Crm) -> None:
    texts = ids.astype("string")
    blank = texts.isna() | (texts.str.strip() == "")
    if blank.any():
        raise GateError(
            f"crm export: {int(blank.sum())} accounts have no id; nothing is published."
        )
    if settings.system == "salesforce" and settings.key == "Id":
        short = texts[~texts.str.fullmatch(SALESFORCE_ID)]
        if len(short):
            raise GateError(
                f"crm export: {len(short):,} ids are not Salesforce's 18 characters, e.g. "
                f"{short.iloc[0]!r}. Set delivery.crm.key to an external id field instead of Id."
            )
        return
    twice = texts[texts.str.casefold().duplicated(keep=False)]
    if len(twice):
        raise GateError(
            f"crm export: {len(twice):,} ids differ in capitals only, e.g. {twice.iloc[0]!r}: an "
            "upsert on an external id would match several records. Nothing is published."
        )


def _check_changes(now: pd.DataFrame, then: pd.DataFrame, settings: Crm) -> None:
    joined = now.merge(then, on="account_id", suffixes=("", "_then"))
    for name in WATCHED:
        if name not in now or name not in then:
            continue
        known = joined[joined[name].notna() & joined[f"{name}_then"].notna()]
        changed = int((known[name] != known[f"{name}_then"]).sum())
        if len(known) >= MIN_COMPARED and changed / len(known) > settings.max_changed_share:
            raise GateError(
                f"crm export: {changed:,} of {len(known):,} accounts have another {name} than in "
                f"the run before ({changed / len(known):.0%}, limit "
                f"{settings.max_changed_share:.0%}). Nothing is published: look at the segments "
                "first, then raise delivery.crm.max_changed_share if the change is real."
            )


def _joined(texts: object) -> str | None:
    if texts is None or isinstance(texts, float):
        return None
    return "; ".join(map(str, texts)) or None  # type: ignore[call-overload]
