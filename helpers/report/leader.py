"""The quarterly page: how the customer base changed, who is at risk, who can grow.

Every function reads tables that the other notebooks handed on and returns one small table for a
reader who decides. Nothing is estimated here; what is missing is said to be missing.
"""

import pandas as pd

from helpers.artifacts import Run
from helpers.config import CompanyConfig
from helpers.contract import NOTEBOOKS
from helpers.report.calls import ranked_actions
from helpers.report.leader_lists import (
    CHURNED,
    current_mrr,
    expansion_list,
    live_accounts,
    live_base,
    order_of,
    paying,
    risk_list,
    segment_export,
)
from helpers.report.leader_moves import (
    cards,
    findings,
    flows,
    health_and_warnings,
    segment_tasks,
)
from helpers.report.leader_shared import sharable
from helpers.report.numbers import earlier_run, latest, tiles
from helpers.report.page import TITLES

__all__ = [
    "cards",
    "caveats",
    "composition",
    "decisions",
    "expansion_list",
    "findings",
    "five_numbers",
    "flows",
    "headlines",
    "health_and_warnings",
    "largest",
    "listed_for",
    "live_accounts",
    "moves",
    "order_of",
    "page_lists",
    "paying",
    "risk_list",
    "segment_export",
    "segment_tasks",
    "sharable",
    "workload",
]

NOBODY = "nobody yet"


def five_numbers(run: Run, config: CompanyConfig) -> pd.DataFrame:
    """Return the numbers of the first page with their change since the run or snapshot before.

    Returns
    -------
    DataFrame
        ``number``, ``now``, ``change`` (text), ``compared_with`` (date, or "nothing earlier").
    """
    found, since = tiles(run, before=earlier_run(run), currency=config.company.currency)
    return pd.DataFrame(
        {
            "number": [tile.label for tile in found],
            "now": [tile.value for tile in found],
            "change": [tile.change or "not known for that date" for tile in found],
            "compared_with": since or "nothing earlier",
        }
    )


def composition(run: Run, *, days_back: int) -> pd.DataFrame:
    """Say how many accounts and how much revenue each segment has, now and before.

    Parameters
    ----------
    run : Run
        With the tables of 02 and 03.
    days_back : int
        Compare with the newest snapshot at least this many days earlier, where there is one.

    Returns
    -------
    DataFrame
        ``segment``, ``n_accounts``, ``share`` of live accounts, ``mrr``, ``n_before``,
        ``share_before``, ``change`` (points of share), largest first.
    """
    assignments = run.read("03_segmentation", "assignments")
    live = assignments[assignments["segment"] != CHURNED]
    now = latest(live).merge(current_mrr(run), on="account_id", how="left", validate="1:1")
    counts = now.groupby("segment", sort=True).agg(
        n_accounts=("account_id", "size"), mrr=("mrr", lambda money: money.sum(min_count=1))
    )
    counts["share"] = counts["n_accounts"] / max(len(now), 1)
    earlier = _snapshot(live, days_back)
    then = live[live["as_of"] == earlier] if earlier is not None else live.iloc[:0]
    before = then["segment"].value_counts()
    every = counts.reindex(sorted({*counts.index, *before.index}))
    every["n_accounts"] = every["n_accounts"].fillna(0).astype("int64")
    every["share"] = every["share"].fillna(0.0)
    every["n_before"] = before.reindex(every.index).fillna(0).astype("int64")
    every["share_before"] = every["n_before"] / len(then) if len(then) else float("nan")
    every["change"] = every["share"] - every["share_before"]
    columns = ["segment", "n_accounts", "share", "mrr", "n_before", "share_before", "change"]
    ordered = every.rename_axis("segment").reset_index()[columns]
    return ordered.sort_values(
        ["n_accounts", "segment"], ascending=[False, True], ignore_index=True
    )


def largest(composition: pd.DataFrame) -> dict[str, str | float]:
    """Return ``segment`` and ``share`` of the largest segment; "none" and 0 without any."""
    if composition.empty:
        return {"segment": "none", "share": 0.0}
    row = composition.nlargest(1, "n_accounts").iloc[0]
    return {"segment": str(row["segment"]), "share": float(row["share"])}


def moves(run: Run, *, k: int = 0) -> pd.DataFrame:
    """List the moves between segments, the largest first.

    Returns
    -------
    DataFrame
        ``segment_from``, ``segment_to``, ``n_accounts``, ``mrr``, ``expected``, ``noise_floor``
        and ``reading``: "more than noise", "within noise" or "not measured"; stays left out, and
        flows of fewer than ``k`` accounts, with others, hidden.
    """
    table = run.read("03_segmentation", "migration")
    told = flows(run, k=k)
    moved = table.assign(**{name: told[name] for name in ("n_accounts", "mrr", "hidden")})
    floor = table["noise_floor"].astype("float64")
    total = table.groupby("segment_from")["n_accounts"].transform("sum")
    share = table["n_accounts"] / total.where(total > 0)
    reading = pd.Series("within noise", index=table.index).mask(share > floor, "more than noise")
    moved["reading"] = reading.mask(floor.isna(), "not measured")
    there = (table["n_accounts"] > 0) & ~told["hidden"].to_numpy(bool)
    moved = moved[there & (table["segment_from"] != table["segment_to"])]
    ordered = moved.sort_values(
        ["n_accounts", "segment_from", "segment_to"], ascending=[False, True, True]
    )
    columns = ["segment_from", "segment_to", "n_accounts", "mrr", "expected", "noise_floor"]
    return ordered[[*columns, "reading"]].reset_index(drop=True)


def page_lists(
    run: Run,
    at_risk: pd.DataFrame,
    growing: pd.DataFrame,
    load: pd.DataFrame,
    tasks: pd.DataFrame,
    currency: str,
    *,
    shared: bool,
) -> dict[str, pd.DataFrame | None]:
    """Return what the page says of single accounts and people; nothing, where it is shared.

    Parameters
    ----------
    run : Run
        For the headlines of the other notebooks, which may count a handful of accounts.
    at_risk, growing, load, tasks : DataFrame
        Of this module.
    currency : str
        For the decisions.
    shared : bool
        True: the page leaves the team.
    """
    lists: dict[str, pd.DataFrame | None] = {
        "at_risk": at_risk.drop(columns="account_id"),
        "growing": growing.drop(columns="account_id"),
        "load": load.rename(columns={"n_urgent": "urgent", "capacity": "a week, at most"}),
        "tasks": tasks.drop(columns=["account_id", "note"]),
        "decisions": decisions(at_risk, growing, load, currency).rename(
            columns={"rests_on": "because"}
        ),
        "headlines": headlines(run),
    }
    return dict.fromkeys(lists) if shared else lists


def workload(run: Run, config: CompanyConfig) -> pd.DataFrame:
    """Say for each customer-success manager how much there is to do, against the capacity.

    Returns
    -------
    DataFrame
        ``csm``, ``n_accounts`` (live), ``n_actions``, ``n_urgent`` (due within 7 days),
        ``capacity`` (accounts a week).
    """
    base = live_base(run)
    actions = ranked_actions(run)
    actions = pd.DataFrame(columns=["csm", "due_on"]) if actions is None else actions
    soon = pd.Timestamp(config.as_of) + pd.Timedelta(days=7)
    urgent = actions[pd.to_datetime(actions["due_on"]) <= soon]
    owners = base["csm"].fillna(NOBODY).value_counts()
    frame = pd.DataFrame({"n_accounts": owners}).rename_axis("csm")
    named = {"n_actions": actions, "n_urgent": urgent}
    for name, rows in named.items():
        counted = rows["csm"].astype("object").fillna(NOBODY).value_counts()
        frame[name] = counted.reindex(frame.index).fillna(0).astype("int64")
    frame["capacity"] = config.capacity.accounts_per_csm_per_week
    return frame.reset_index().sort_values(
        ["n_urgent", "csm"], ascending=[False, True], ignore_index=True
    )


def decisions(
    at_risk: pd.DataFrame, growing: pd.DataFrame, load: pd.DataFrame, currency: str
) -> pd.DataFrame:
    """State the three decisions that the page asks for, each with what it rests on.

    Returns
    -------
    DataFrame
        ``decision``, ``rests_on``; three rows.
    """
    money = at_risk["mrr"].astype("float64").sum(min_count=1)
    pay = "pay an unknown sum" if pd.isna(money) else f"pay {money:,.0f} {currency} a month"
    rows: list[dict[str, str]] = [
        {
            "decision": "Who takes the calls that exceed one person's week?",
            "rests_on": _urgent(load),
        },
        {
            "decision": "Do we offer the accounts at risk something beyond a call?",
            "rests_on": f"the {len(at_risk)} accounts listed {listed_for(at_risk)} {pay}",
        },
        {
            "decision": "Which of the growing accounts get an offer this quarter?",
            "rests_on": f"{len(growing)} accounts are listed for growth and not for risk",
        },
    ]
    return pd.DataFrame(rows)


def _urgent(load: pd.DataFrame) -> str:
    capacity = int(load["capacity"].max()) if len(load) else 0
    if set(load["csm"]) <= {NOBODY}:
        return (
            f"no account names its manager; {int(load['n_urgent'].sum())} accounts are urgent, "
            f"one person's capacity is {capacity} a week"
        )
    over = load[load["n_urgent"] > load["capacity"]]
    return (
        f"{len(over)} of {len(load)} managers have more urgent accounts than their capacity of "
        f"{capacity} a week"
    )


def listed_for(at_risk: pd.DataFrame) -> str:
    """Say why accounts stand on the list at risk: for their churn score, or without one."""
    if at_risk.empty or at_risk["churn_probability"].notna().any():
        return "at risk"
    return "for low health (there is no churn score)"


def headlines(run: Run) -> pd.DataFrame:
    """Return the headline of each notebook: ``notebook`` (its short title), ``finding``."""
    names = NOTEBOOKS["07_segment_report"]
    return pd.DataFrame(
        {
            "notebook": [TITLES[name][0] for name in names],
            "finding": [run.finding(name)["headline"] for name in names],
        }
    )


def caveats(run: Run, *, limit: int = 3) -> tuple[str, ...]:
    """Say what the page cannot know, then the first caveat of each notebook, ``limit`` of them."""
    names = [name for name in NOTEBOOKS["07_segment_report"] if name != "01_data_audit"]
    found = [run.finding(name)["caveats"][:1] for name in reversed(names)]
    usual = [note for notes in found for note in notes][:limit]
    return (*_no_scores(run), *_data_errors(run), *usual)


def _no_scores(run: Run) -> list[str]:
    """Say that nobody is known to be likely to leave, where the churn model gave no score."""
    predictions = latest(run.read("06_churn_model", "predictions"))
    if predictions.empty or predictions["churn_probability"].notna().any():
        return []
    why = predictions["reason"].dropna().astype(str)
    because = f" ({why.iloc[0]})" if len(why) else ""
    told = (
        f"No churn score is given{because}: the list at risk goes by health, and nothing on this "
        "page says who will leave or why."
    )
    return [told]


def _data_errors(run: Run) -> list[str]:
    """Repeat the errors that the audit found: every number below rests on these data."""
    issues = run.read("01_data_audit", "issues")
    errors = issues[issues["severity"].eq("error")].sort_values("share", ascending=False)
    if errors.empty:
        return []
    told = [
        f"{table}: {rule} ({share + 1e-12:.1%})"
        for table, rule, share in errors[["table", "rule", "share"]].head(3).to_numpy().tolist()
    ]
    return [f"The data contradict themselves, see the audit: {'; '.join(told)}."]


def _snapshot(live: pd.DataFrame, days_back: int) -> pd.Timestamp | None:
    dates = pd.Series(pd.to_datetime(live["as_of"]).unique())
    if dates.empty:
        return None
    old = dates[dates <= dates.max() - pd.Timedelta(days=days_back)]
    return None if old.empty else pd.Timestamp(old.max())
