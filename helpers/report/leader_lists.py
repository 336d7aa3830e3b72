"""Lists of accounts for the quarterly page, and the segments as a CRM takes them."""

import pandas as pd

from helpers.artifacts import Run
from helpers.report.calls import ranked_actions
from helpers.report.numbers import known_accounts, latest
from helpers.scores.drivers import RAISES

__all__ = [
    "CHURNED",
    "current_mrr",
    "expansion_list",
    "live_accounts",
    "live_base",
    "order_of",
    "paying",
    "risk_list",
    "segment_export",
]

CHURNED = "Churned"
NOTHING_DUE = "nothing due in the next weeks"
BEYOND_CAPACITY = "waits: beyond the team's capacity"
_LIST = ["account_id", "account", "csm", "segment", "mrr"]


def risk_list(run: Run, *, limit: int) -> pd.DataFrame:
    """List the accounts with the most revenue at stake, with reasons.

    Returns
    -------
    DataFrame
        ``account_id``, ``account``, ``csm``, ``segment``, ``mrr``, ``churn_probability``,
        ``health_score``, ``reasons``, ``next_action``; ordered by probability times revenue.
        Where there is no churn score, accounts of low health by revenue, with the probability
        missing; where nobody's revenue is known, the likeliest to leave first.
    """
    base = live_base(run)
    predictions = latest(run.read("06_churn_model", "predictions"))
    health = latest(run.read("06_churn_model", "health"))
    rows = base.merge(
        predictions[["account_id", "churn_probability", "churn_band", "drivers"]],
        on="account_id",
        how="left",
        validate="1:1",
    ).merge(
        health[["account_id", "health_score", "health_band"]],
        on="account_id",
        how="left",
        validate="1:1",
    )
    money = rows["mrr"].astype("float64")
    money = money.fillna(0.0) if money.notna().any() else money.fillna(1.0)
    probability = rows["churn_probability"].astype("float64")
    scored = bool(probability.notna().any())
    if scored:
        chosen = rows[rows["churn_band"].isin(["high", "medium"])]
        rank = (probability * money).reindex(chosen.index)
    else:
        chosen = rows[rows["health_band"].eq("low")]
        rank = money.reindex(chosen.index)
    chosen = chosen.assign(_rank=rank).sort_values(["_rank", "account_id"], ascending=[False, True])
    chosen = _with_action(run, chosen.head(limit))
    chosen["reasons"] = chosen["drivers"].map(_joined) if scored else "low health; no churn score"
    columns = [*_LIST, "churn_probability", "health_score", "reasons", "next_action"]
    return chosen[columns].reset_index(drop=True)


def paying(at_risk: pd.DataFrame, currency: str) -> str:
    """Say what the accounts of a list pay, as the end of a sentence; nothing where unknown."""
    money = at_risk["mrr"].astype("float64").sum(min_count=1)
    return "" if pd.isna(money) else f", paying {money:,.0f} {currency} a month"


def order_of(at_risk: pd.DataFrame) -> str:
    """Say in which order the accounts at risk are listed."""
    if at_risk["mrr"].notna().any():
        return "most money first"
    known = at_risk["churn_probability"].notna().any()
    return "likeliest to leave first" if known else "in no order: no revenue is known"


def expansion_list(run: Run, *, limit: int) -> pd.DataFrame:
    """List the accounts that speak most for growth and are not at high risk.

    Returns
    -------
    DataFrame
        ``account_id``, ``account``, ``csm``, ``segment``, ``mrr``, ``opportunity_score``,
        ``reasons``, ``next_action``; empty where 06 made no expansion table. Without churn
        scores, accounts of low health are left out instead of those at high risk.
    """
    columns = [*_LIST, "opportunity_score", "reasons", "next_action"]
    table = run.read_optional("06_churn_model", "expansion")
    if table is None:
        return pd.DataFrame(columns=columns)
    predictions = latest(run.read("06_churn_model", "predictions"))
    risky = set(predictions.loc[predictions["churn_band"].eq("high"), "account_id"])
    if predictions["churn_probability"].isna().all():
        health = latest(run.read("06_churn_model", "health"))
        risky = set(health.loc[health["health_band"].eq("low"), "account_id"])
    rows = latest(table).merge(live_base(run), on="account_id", validate="1:1")
    rows = rows[~rows["account_id"].isin(risky) & rows["opportunity_score"].notna()]
    rows = rows.sort_values(["opportunity_score", "account_id"], ascending=[False, True])
    chosen = _with_action(run, rows.head(limit))
    chosen["reasons"] = chosen["reasons"].map(_joined)
    return chosen[columns].reset_index(drop=True)


def live_accounts(run: Run) -> pd.DataFrame:
    """Return ``account``, ``mrr`` and ``churn_probability`` of live accounts."""
    predictions = latest(run.read("06_churn_model", "predictions"))
    joined = live_base(run).merge(
        predictions[["account_id", "churn_probability"]], on="account_id", how="left"
    )
    joined["churn_probability"] = joined["churn_probability"].astype("float64")
    return joined[["account", "mrr", "churn_probability"]]


def segment_export(run: Run) -> pd.DataFrame:
    """Return one row an account for a CRM: its segment, the one before, and since when.

    Returns
    -------
    DataFrame
        ``account_id``, ``as_of``, ``segment``, ``segment_prev`` (at the snapshot before),
        ``segment_changed_on`` (first snapshot of the current segment without a break),
        ``lifecycle_stage``, ``engagement_level``, ``rfm_segment``.
    """
    table = run.read("03_segmentation", "assignments").sort_values(["account_id", "as_of"])
    earlier = table.groupby("account_id")["segment"].shift()
    begins = table["segment"].ne(earlier)
    stretch = begins.groupby(table["account_id"]).cumsum()
    since = table.groupby([table["account_id"], stretch])["as_of"].transform("min")
    known = known_accounts(run)["account_id"]
    newest = latest(table.assign(segment_prev=earlier, segment_changed_on=since))
    newest = newest[newest["account_id"].isin(known)]
    columns = ["account_id", "as_of", "segment", "segment_prev", "segment_changed_on"]
    columns += ["lifecycle_stage", "engagement_level", "rfm_segment"]
    dated = newest[columns].copy()
    for name in ("as_of", "segment_changed_on"):
        dated[name] = pd.to_datetime(dated[name]).dt.strftime("%Y-%m-%d")
    return dated.reset_index(drop=True)


def live_base(run: Run) -> pd.DataFrame:
    """Return account_id, name, csm, segment and mrr of live accounts that did not opt out."""
    assigned = latest(run.read("03_segmentation", "assignments"))
    live = assigned.loc[assigned["segment"] != CHURNED, ["account_id", "segment"]]
    known = known_accounts(run)[["account_id", "name", "csm"]]
    joined = live.merge(known, on="account_id", validate="1:1")
    joined = joined.merge(current_mrr(run), on="account_id", how="left", validate="1:1")
    name = joined["name"].astype("object")
    joined["account"] = name.where(name.notna(), joined["account_id"])
    return joined


def current_mrr(run: Run) -> pd.DataFrame:
    """Return ``account_id`` and ``mrr`` at the newest as-of date."""
    features = run.read("02_feature_engineering", "features", ["account_id", "as_of", "mrr"])
    return latest(features)[["account_id", "mrr"]]


def _with_action(run: Run, rows: pd.DataFrame) -> pd.DataFrame:
    actions = ranked_actions(run)
    if actions is None or actions.empty:
        return rows.assign(next_action=NOTHING_DUE)
    first = actions.drop_duplicates("account_id").set_index("account_id")["action"]
    waiting = run.read_optional("06_churn_model", "waiting")
    ids = set() if waiting is None else set(waiting["account_id"])
    later = rows["account_id"].isin(ids).map({True: BEYOND_CAPACITY, False: NOTHING_DUE})
    return rows.assign(next_action=rows["account_id"].map(first).fillna(later))


def _joined(texts: object) -> str:
    if texts is None or isinstance(texts, float):
        return ""
    ending = f" ({RAISES})"  # on a list of risks it goes without saying
    return "; ".join(str(text).removesuffix(ending) for text in texts)  # type: ignore[attr-defined]
