"""The few numbers of a run's first page, and what they were as of an earlier date.

Each number is read from the run's tables; where a table is absent the number is unknown and
says why. Accounts that opted out are left out of every one of them.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.artifacts import Run
from helpers.audit import drift

__all__ = [
    "POSITIVE",
    "Number",
    "Tile",
    "earlier_run",
    "known_accounts",
    "latest",
    "previous_folder",
    "tiles",
]

POSITIVE = ("positive", "expansion", "opportunity")
"""Directions of an alert that speak for growth; every other direction is a warning."""

MAX_UNKNOWN = 0.05
"""Share of accounts without a revenue above which an earlier sum would not be comparable."""


@dataclass(frozen=True)
class Number:
    """A number, or the reason why it is not known. ``money`` numbers are in the currency."""

    label: str
    value: float | None
    why_not: str = ""
    money: bool = False


@dataclass(frozen=True)
class Tile:
    """A number as the page shows it."""

    label: str
    value: str
    change: str
    known: bool


def known_accounts(run: Run) -> pd.DataFrame:
    """Return account_id, name, csm and mrr of the accounts that did not opt out.

    Empty if the run has no accounts table: then nobody can be named.
    """
    columns = ["account_id", "name", "csm", "mrr"]
    if not run.has("01_data_audit", "accounts"):
        return pd.DataFrame(columns=columns)
    accounts = run.read("01_data_audit", "accounts")
    if "opted_out" in accounts.columns:
        accounts = accounts[~accounts["opted_out"].fillna(value=False).astype(bool)]
    return accounts.reindex(columns=columns).reset_index(drop=True)


def latest(frame: pd.DataFrame, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
    """Return the rows of the newest ``as_of``, or of the one given."""
    dates = pd.to_datetime(frame["as_of"])
    return frame[dates == (dates.max() if as_of is None else as_of)]


def tiles(run: Run, *, before: Run | None, currency: str) -> tuple[list[Tile], str]:
    """Return the five tiles, and the date they are compared with ("" if there is none).

    Parameters
    ----------
    run : Run
        The run of the page.
    before : Run, optional
        An earlier published run; without it the snapshot before the newest one in the
        run's own features, which knows accounts and money but no alerts.
    currency : str
        For the labels of money.
    """
    now = _numbers(run, None)
    date = _date_of(before) if before is not None else None
    if before is not None and date is not None:
        then = _numbers(before, None)
    else:
        date = _snapshot_before(run)
        then = _numbers(run, date) if date is not None else []
    comparable = any(number.value is not None for number in then)
    since = f"{date:%Y-%m-%d}" if date is not None and comparable else ""
    earlier = {number.label: number for number in then}
    return [_tile(number, earlier.get(number.label), since, currency) for number in now], since


def previous_folder(folder: Path) -> Path | None:
    """Return the newest published run of the same company with an earlier as-of date."""
    own = _manifest(folder)
    reports = folder.parent.parent if folder.parent.name.startswith(".") else folder.parent
    if not own.get("as_of"):
        return None
    candidates = []
    for path in sorted(reports.glob("*/manifest.json")):
        other = _manifest(path.parent)
        same = other.get("company") == own.get("company")
        if same and str(other.get("as_of") or "9999") < str(own["as_of"]):
            candidates.append((str(other["as_of"]), path.parent.name, path.parent))
    return max(candidates)[2] if candidates else None


def earlier_run(run: Run) -> Run | None:
    """Return the published run of the same company before this one, from within a notebook."""
    found = drift.earlier_run(run, run.config())
    return None if found is None else Run(run.root, found[0].name, found[0])


def _manifest(folder: Path) -> dict[str, object]:
    try:
        found: dict[str, object] = json.loads((folder / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _date_of(run: Run) -> pd.Timestamp | None:
    as_of = _manifest(run.stage).get("as_of")
    return None if not as_of else pd.Timestamp(str(as_of))


def _snapshot_before(run: Run) -> pd.Timestamp | None:
    if not run.has("02_feature_engineering", "features"):
        return None
    dates = run.read("02_feature_engineering", "features", columns=["as_of"])["as_of"]
    known = sorted(pd.to_datetime(dates).unique())
    return pd.Timestamp(known[-2]) if len(known) > 1 else None


def _numbers(run: Run, as_of: pd.Timestamp | None) -> list[Number]:
    live = _live(run, as_of)
    count = None if live is None else float(len(live))
    no_accounts = "there is no accounts table in this run"
    return [
        Number("Accounts", count, no_accounts),
        Number("MRR", *_revenue(live, as_of), money=True),
        Number("MRR at high churn risk", *_at_risk(run, live, as_of), money=True),
        Number("Accounts to expand", *_alerts(run, as_of, positive=True)),
        Number("Warnings to review", *_alerts(run, as_of, positive=False)),
    ]


def _live(run: Run, as_of: pd.Timestamp | None) -> pd.DataFrame | None:
    """Return account_id and mrr of the live accounts; all of them where no feature says so."""
    known = known_accounts(run)
    if run.has("02_feature_engineering", "features"):
        features = run.read("02_feature_engineering", "features")
        rows = latest(features, as_of)
        if "is_live" in rows.columns:
            rows = rows[rows["is_live"].fillna(value=False).astype(bool)]
        rows = rows[rows["account_id"].isin(known["account_id"])]
        if "mrr" in rows.columns:
            return rows[["account_id", "mrr"]]
        known = known[known["account_id"].isin(rows["account_id"])]
    if as_of is not None or known.empty:
        return None
    return known[["account_id", "mrr"]]


def _revenue(live: pd.DataFrame | None, as_of: pd.Timestamp | None) -> tuple[float | None, str]:
    """Sum the revenue; an earlier sum only if nearly every account has one at that date."""
    money = pd.Series(dtype="float64") if live is None else live["mrr"].astype("float64")
    if not money.notna().any() or (as_of is not None and money.isna().mean() > MAX_UNKNOWN):
        return None, "no account has a monthly revenue"
    return float(money.sum()), ""


def _at_risk(
    run: Run, live: pd.DataFrame | None, as_of: pd.Timestamp | None
) -> tuple[float | None, str]:
    if not run.has("06_churn_model", "predictions"):
        return None, "the churn notebook was not run"
    predictions = latest(run.read("06_churn_model", "predictions"), as_of)
    bands = predictions["churn_band"].dropna().astype(str).str.lower()
    if bands.empty:
        return None, "the churn model gave no scores"
    if live is None or not live["mrr"].notna().any():
        return None, "no account has a monthly revenue"
    high = predictions.loc[bands.index[bands == "high"], "account_id"]
    return float(live.loc[live["account_id"].isin(high), "mrr"].astype("float64").sum()), ""


def _alerts(run: Run, as_of: pd.Timestamp | None, *, positive: bool) -> tuple[float | None, str]:
    if as_of is not None or not run.has("05_anomaly_review", "alerts"):
        return None, "the alerts notebook was not run"
    alerts = run.read("05_anomaly_review", "alerts")
    known = known_accounts(run)["account_id"]
    alerts = alerts[alerts["account_id"].isin(known) | alerts["account_id"].isna()]
    good = alerts["direction"].astype(str).str.lower().isin(POSITIVE)
    if positive:
        return float(alerts.loc[good, "account_id"].nunique()), ""
    return float((~good).sum()), ""


def _tile(number: Number, then: Number | None, since: str, currency: str) -> Tile:
    label = f"{number.label} ({currency})" if number.money else number.label
    if number.value is None:
        return Tile(label, "not known", f"because {number.why_not}", known=False)
    change = ""
    if since and then is not None and then.value is not None:
        difference = number.value - then.value
        share = f" ({difference / then.value:+.1%})" if then.value else ""
        change = f"{difference:+,.0f}{share}" if difference else "unchanged"
    return Tile(label, f"{number.value:,.0f}", change, known=True)
