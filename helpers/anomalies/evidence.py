"""What the notebook shows: the headline with its numbers, and tables cut for reading."""

from typing import Any

import pandas as pd

from helpers.anomalies.alerts import Queue
from helpers.anomalies.analysis import Settings
from helpers.anomalies.signals import Activity

__all__ = [
    "caveats",
    "change_rows",
    "explained_rows",
    "facts",
    "first_with_chart",
    "headline",
    "kind_rows",
    "load_rows",
    "name_of",
    "play_rows",
    "play_steps",
    "queue_rows",
    "silent_rows",
]

COMPANY = "*"
Tables = dict[str, pd.DataFrame]


def headline(tables: Tables) -> str:
    """Return the finding's sentence, as a format string."""
    if tables["alerts"].empty and tables["scores"].empty:
        return "No account was judged; what is missing for it is said below."
    if tables["alerts"].empty:
        return "Nothing was out of the ordinary in the days under review."
    return (
        "In {review_days} days {n_accounts} of {n_live} accounts gave reason for an alert: "
        "{n_risk} of risk, {n_security} of security, {n_expansion} of growth. {n_critical} are "
        "critical, {n_new} came in the last week. Incidents of the product, told once for all "
        "accounts: {n_systemic}."
    )


def facts(tables: Tables, activity: Activity, settings: Settings) -> dict[str, float | int | str]:
    """Return the numbers of the finding."""
    alerts, load = tables["alerts"], tables["load"]
    single = alerts[alerts["account_id"] != COMPANY]
    directions = single["direction"].value_counts()
    risky = single[single["severity"].isin(["high", "critical"]) & (single["risk"] == "high")]
    live = int(activity.alive[:, -1].sum())
    week_ago = activity.as_of - pd.Timedelta(days=7)
    return {
        "review_days": settings.review_days,
        "n_new": int((single["news_on"] >= week_ago).sum()),
        "n_accounts": int(single["account_id"].nunique()),
        "n_live": live,
        "n_alerts": len(single),
        "n_risk": int(directions.get("risk", 0)),
        "n_security": int(directions.get("security", 0)),
        "n_expansion": int(directions.get("expansion", 0)),
        "n_critical": int((single["severity"] == "critical").sum()),
        "n_systemic": int((alerts["account_id"] == COMPANY).sum()),
        "n_explained": int((single["explained_by"] != "").sum()),
        "n_waiting": len(tables["review_list"]),
        "mrr_high_risk": float(risky.drop_duplicates("account_id")["mrr"].sum()),
        "most_per_csm_and_week": int(load["kept"].max()) if len(load) else 0,
        "limit_per_csm_and_week": int(load["limit"].max()) if len(load) else 0,
        "n_outage_days": int((~activity.observed).sum()),
        "n_short_baseline": int(single["short_baseline"].sum()),
    }


def caveats(tables: Tables, settings: Settings) -> tuple[str, ...]:
    """Return what a reader must know before acting."""
    told = [
        "An alert says that use changed, not why: look at the context beside it before you act.",
        "The review is as recent as the last run: it is no real-time alarm.",
        f"{settings.sensitivity:.0%} of the alerts from tests may be false; verdicts move that.",
    ]
    if len(tables["review_list"]):
        n = len(tables["review_list"])
        told.append(f"{n} alerts exceed what managers can take and wait in the review list.")
    short = int(tables["alerts"]["short_baseline"].sum())
    if short:
        told.append(f"Alerts that rest on less than 60 days of history, to trust less: {short}.")
    return tuple(told)


def queue_rows(alerts: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """Cut the alerts to what a manager reads first, with account names."""
    return pd.DataFrame(
        {
            "account": _names(alerts["account_id"], accounts),
            "severity": alerts["severity"],
            "kind": alerts["kind"].str.replace("_", " "),
            "reason": alerts["evidence"],
            "context": alerts["context"],
            "sure": alerts["confidence"],
            "mrr": alerts["mrr"],
            "csm": alerts["csm"],
            "since": alerts["detected_on"].dt.strftime("%d %b"),
        }
    )


def _names(ids: pd.Series, accounts: pd.DataFrame) -> pd.Series:
    """Name accounts for people; the id where there is no name."""
    known = accounts.set_index("account_id")["name"]
    named = ids.map(known).astype("object")
    named = named.where(named.notna(), ids.astype("object"))
    return named.mask(ids == COMPANY, "all accounts")


def name_of(alert: pd.Series, accounts: pd.DataFrame) -> str:
    """Return what people call the account of an alert."""
    return str(_names(pd.Series([alert["account_id"]]), accounts).iloc[0])


def first_with_chart(alerts: pd.DataFrame, scores: pd.DataFrame) -> pd.Series:
    """Return the highest-ranked alert of a single account that has a daily history.

    An empty alert stands in where there is none, so that the picture says so.
    """
    drawable = alerts[alerts["account_id"].isin(scores["account_id"])]
    if len(drawable):
        return drawable.iloc[0]
    blank = {"account_id": "", "kind": "no alert", "metrics": []}
    return pd.Series(blank | dict.fromkeys(("detected_on", "last_seen_on"), pd.NaT))


def change_rows(changes: pd.DataFrame, alert: pd.Series) -> pd.DataFrame:
    """Cut the watched signals to those of one account."""
    mine = changes[changes["account_id"] == alert["account_id"]]
    return mine.drop(columns=["account_id", "kind"]).reset_index(drop=True)


def explained_rows(queue: Queue, accounts: pd.DataFrame) -> pd.DataFrame:
    """List the alerts that a known factor explains, in the queue and in the review list."""
    both = pd.concat(
        [queue.alerts.assign(where="queue"), queue.review_list.assign(where="review list")],
        ignore_index=True,
    )
    mine = both[both["explained_by"] != ""].reset_index(drop=True)
    return pd.DataFrame(
        {
            "account": _names(mine["account_id"], accounts),
            "explained_by": mine["explained_by"],
            "kind": mine["kind"].str.replace("_", " "),
            "severity": mine["severity"],
            "reason": mine["evidence"],
            "listed_in": mine["where"],
        }
    )


def load_rows(load: pd.DataFrame) -> pd.DataFrame:
    """Sum up alerts per manager: the newest week, and the weeks under review."""
    if load.empty:
        return load
    newest = load[load["week_end"] == load["week_end"].max()].set_index("csm")
    groups = load.groupby("csm", sort=True)
    return pd.DataFrame(
        {
            "raised_in_all": groups["raised"].sum(),
            "kept_in_all": groups["kept"].sum(),
            "critical_in_all": groups["critical"].sum(),
            "most_kept_in_a_week": groups["kept"].max(),
            "kept_last_week": newest["kept"].reindex(groups.groups).fillna(0).astype("int64"),
            "limit_per_week": groups["limit"].max(),
        }
    ).reset_index()


def kind_rows(kinds: pd.DataFrame) -> pd.DataFrame:
    """Cut the kinds to rule, threshold, verdicts and alerts."""
    verdicts = [
        f"{right} right, {wrong} wrong, {missed} missed" if right + wrong + missed else ""
        for right, wrong, missed in zip(
            kinds["confirmed"], kinds["false_positive"], kinds["missed"], strict=True
        )
    ]
    needs = "not looked for: it needs " + kinds["needs"]
    return pd.DataFrame(
        {
            "kind": kinds["kind"].str.replace("_", " "),
            "rule": kinds["rule"].where(kinds["looked_for"], needs),
            "alerts": kinds["alerts"],
            "waiting": kinds["raised"] - kinds["alerts"],
            "verdicts_so_far": verdicts,
            "tolerated_false": kinds["max_q"],
        }
    )


def silent_rows(inactive: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """Count silent users by account and role; ids stay in the table."""
    if inactive.empty:
        return inactive.drop(columns=["user_id"], errors="ignore")
    role = inactive["role"].astype("object").fillna("role unknown")
    counts = inactive.assign(role=role).groupby(["account_id", "role"], sort=True)
    frame = counts.agg(users=("user_id", "size"), last_active_on=("last_active_on", "max"))
    frame = frame.reset_index()
    frame.insert(0, "account", _names(frame["account_id"], accounts))
    return frame.drop(columns=["account_id"]).sort_values(
        ["users", "account", "role"], ascending=[False, True, True], ignore_index=True
    )


def play_rows(plays: pd.DataFrame, alerts: pd.DataFrame) -> pd.DataFrame:
    """List the plays of the kinds in the queue with their first step and option."""
    mine = plays[plays["kind"].isin(alerts["kind"])]
    return pd.DataFrame(
        {
            "kind": mine["kind"].str.replace("_", " "),
            "play": mine["title"],
            "check_first": [steps[0] for steps in mine["investigate"]],
            "can_be_offered": [options[0] for options in mine["options"]],
        }
    )


def play_steps(plays: pd.DataFrame, alert: pd.Series) -> pd.DataFrame:
    """Lay out the whole play of one alert: why, what to check, what to offer, in order."""
    mine = plays[plays["kind"] == alert["kind"]]
    rows: list[tuple[str, str]] = []
    play: Any
    for play in mine.itertuples():
        rows += [("why it matters", play.why), ("play", play.title)]
        rows += [("check", step) for step in play.investigate]
        rows += [("offer", option) for option in play.options]
    return pd.DataFrame(rows, columns=["part", "step"])
