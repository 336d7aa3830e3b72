"""What moved, for a reader who decides: findings, cards, tasks and what may be shared."""

import numpy as np
import pandas as pd

from helpers.actions.agenda import agenda_texts
from helpers.artifacts import Run
from helpers.report.leader_lists import CHURNED, current_mrr, live_base
from helpers.report.numbers import POSITIVE, latest
from helpers.report.suppress import hidden_cells, hidden_groups, hide

__all__ = [
    "cards",
    "findings",
    "flows",
    "health_and_warnings",
    "segment_tasks",
]

AT_RISK_TASK = (
    "high",
    "Call within three days: the account has moved into a segment at risk",
    "hold back every offer until the risk is settled",
)
EXPANSION_TASK = (
    "normal",
    "Hold a business review with the account team, and send case studies: ready for more",
    "",
)
DUE_DAYS = {"high": 3, "normal": 14}
READY = ("Expansion Ready",)
N_TRAITS = 5


def findings(composition: pd.DataFrame, run: Run, currency: str, *, k: int = 0) -> pd.DataFrame:
    """State three findings of the quarter, each with a number, what follows and how sure.

    Parameters
    ----------
    composition : DataFrame
        From :func:`helpers.report.leader.composition`.
    run : Run
        With the tables of 03.
    currency : str
        For money.
    k : int
        Fewer accounts than that are not counted out: "fewer than 10".

    Returns
    -------
    DataFrame
        ``finding``, ``so_what``, ``how_sure``; three rows: what changed most, what the moves
        into risk amount to, what the coming quarter is likely to bring.
    """
    rows = [_largest_change(composition), _into_risk(run, currency, k), _coming(run, currency)]
    return pd.DataFrame(rows, columns=["finding", "so_what", "how_sure"])


def _largest_change(composition: pd.DataFrame) -> tuple[str, str, str]:
    known = composition.dropna(subset="change")
    if known.empty:
        return ("No earlier snapshot to compare with", "compare next quarter", "not measured")
    row = known.iloc[int(known["change"].abs().to_numpy(float).argmax())]
    n = int(composition["n_accounts"].sum())
    half = 1.96 * float(np.sqrt(row["share"] * (1 - row["share"]) / max(n, 1)))
    sure = "more than chance" if abs(row["change"]) > half * np.sqrt(2) else "within chance"
    word = "grew" if row["change"] > 0 else "shrank"
    return (
        f"{row['segment']} {word} most: {row['share_before']:.0%} → {row['share']:.0%} of accounts",
        "its playbook is where work grows" if row["change"] > 0 else "its playbook needs less time",
        f"{sure}: a share of {n} accounts is sure to {half:.1%} only",
    )


def _into_risk(run: Run, currency: str, k: int) -> tuple[str, str, str]:
    movers = run.read_optional("03_segmentation", "movers")
    if movers is None or movers.empty:
        return ("Nobody is known to have moved into a segment at risk", "", "not measured")
    movers = movers[movers["account_id"].isin(live_base(run)["account_id"])]
    risk = movers[movers["kind"].isin(["into risk", "fails to start"])]
    back = movers["kind"].eq("recovers").sum()
    money = risk["mrr"].astype("float64").sum(min_count=1)
    pay = "" if pd.isna(money) or len(risk) < k else f", paying {money:,.0f} {currency} a month"
    clear = risk["certainty"].astype("float64").ge(0.2).mean()
    moved = f"{_counted(len(risk), k)} accounts moved into a segment at risk{pay}"
    return (
        f"{moved}; {_counted(int(back), k)} came back",
        "each is a task of high priority; offers to them are held back",
        "" if pd.isna(clear) else f"{clear:.0%} of them lie clearly inside the segment",
    )


def _counted(n: int, k: int) -> str:
    return f"fewer than {k}" if 0 < n < k else f"{n}"


def _coming(run: Run, currency: str) -> tuple[str, str, str]:
    table = run.read_optional("03_segmentation", "move_forecast")
    tested = run.read_optional("03_segmentation", "forecast_test")
    if table is None or table.empty:
        return ("What the coming quarter brings cannot be said yet", "", "needs a longer history")
    rows = table.merge(live_base(run)[["account_id", "mrr"]], on="account_id")
    expected = rows["p_risk"].sum()
    money = (rows["p_risk"] * rows["mrr"].astype("float64")).sum(min_count=1)
    pay = "" if pd.isna(money) else f" ({money:,.0f} {currency} a month)"
    sure = "not tested: the history is too short"
    if tested is not None and len(tested):
        low = float(tested.set_index("forecast")["low"].get("position", np.nan))
        sure = "tested on the newest quarter: " + (
            "better than 'all stay'" if low > 0 else "no better than 'all stay'"
        )
    return (
        f"About {expected:.0f} accounts{pay} now well are likely to be at risk in a quarter",
        "the likeliest ones are worth a look before they slip",
        sure,
    )


def health_and_warnings(run: Run, *, k: int = 0) -> pd.DataFrame:
    """Count live accounts by health band and by churn band, and open warnings by severity.

    Bands of fewer than ``k`` accounts are hidden, and others of the same measure with them.

    Returns
    -------
    DataFrame
        ``measure``, ``band``, ``n_accounts``, ``mrr``; in the order in which bands get worse.
    """
    base = live_base(run)[["account_id", "mrr"]]
    health = latest(run.read("06_churn_model", "health"))[["account_id", "health_band"]]
    churn = latest(run.read("06_churn_model", "predictions"))[["account_id", "churn_band"]]
    alerts = run.read("05_anomaly_review", "alerts")
    bad = alerts[~alerts["direction"].astype(str).str.lower().isin(POSITIVE)]
    worst = bad.assign(rank=bad["severity"].map(_SEVERITY)).sort_values("rank")
    warned = worst.drop_duplicates("account_id")[["account_id", "severity"]]
    rows = []
    for measure, table, column, order in (
        ("health", health, "health_band", ("high", "medium", "low")),
        ("churn score", churn, "churn_band", ("low", "medium", "high")),
        ("worst open warning", warned, "severity", tuple(_SEVERITY)[::-1]),
    ):
        known = base.merge(table, on="account_id").dropna(subset=column)
        grouped = known.assign(mrr=known["mrr"].astype("float64")).groupby(column)
        counts, money = grouped.size(), grouped["mrr"].sum(min_count=1)
        rows += [
            (measure, band, int(counts[band]), float(money[band]))
            for band in order
            if band in counts.index
        ]
    table = pd.DataFrame(rows, columns=["measure", "band", "n_accounts", "mrr"])
    small = [
        hidden_groups(part[["n_accounts"]], k=k) for _, part in table.groupby("measure", sort=False)
    ]
    return hide(table, np.concatenate(small), ["n_accounts", "mrr"]) if small and k else table


_SEVERITY = {"critical": 0, "high": 1, "medium": 2, "low": 3}


def cards(run: Run) -> pd.DataFrame:
    """Return one card a segment: size, money, what is typical, how stable, what it gets.

    Returns
    -------
    DataFrame
        ``segment``, ``n_accounts``, ``mrr``, ``stability`` (Jaccard), ``typical``: five metrics
        against the others, ``rule``, ``objective``, ``touch``, ``owner``, ``success_metric``.
    """
    people = run.read("03_segmentation", "personas")
    naming = run.read_optional("03_segmentation", "naming")
    comes_back = pd.Series(dtype="float64")
    if naming is not None and "jaccard" in naming:
        comes_back = naming.set_index("segment")["jaccard"]
    table = people[["segment", "n_accounts", "mrr"]].copy()
    table["stability"] = table["segment"].map(comes_back).astype("float64")
    table["typical"] = [list(traits)[:N_TRAITS] for traits in people["traits"]]
    for name in ("rule", "objective", "touch", "owner", "success_metric"):
        table[name] = people[name]
    return table


def segment_tasks(run: Run) -> pd.DataFrame:
    """Return a task for each move into a segment at risk and into readiness to expand.

    Returns
    -------
    DataFrame
        ``account_id``, ``account``, ``csm``, ``priority``, ``task``, ``suppress_upsell``,
        ``note`` (what to hold back, or the agenda), ``segment_from``, ``segment_to``, ``mrr``,
        ``due_on``; high priority first, then the largest revenue. Accounts that opted out, or are
        no longer live, get none.
    """
    movers = run.read_optional("03_segmentation", "movers")
    columns = ["account_id", "account", "csm", "priority", "task", "suppress_upsell", "note",
               "segment_from", "segment_to", "mrr", "due_on"]  # fmt: skip
    if movers is None or movers.empty:
        return pd.DataFrame(columns=columns)
    base = live_base(run)[["account_id", "account"]]
    rows = movers.merge(base, on="account_id", validate="1:1")
    risky = rows["kind"].isin(["into risk", "fails to start"])
    ready = rows["segment_to"].str.split(" (", regex=False).str[0].isin(READY) & ~risky
    rows = rows.assign(_risk=risky)[risky | ready]
    told = [AT_RISK_TASK if risk else EXPANSION_TASK for risk in rows["_risk"]]
    for position, name in enumerate(("priority", "task", "note")):
        rows[name] = [task[position] for task in told]
    agenda = rows["account_id"].map(_agendas(run)).astype("object").fillna("")
    rows["note"] = rows["note"].where(rows["_risk"], agenda)
    rows["suppress_upsell"] = rows["_risk"]
    as_of = pd.Timestamp(run.config().as_of)
    rows["due_on"] = [
        f"{as_of + pd.Timedelta(days=DUE_DAYS[name]):%Y-%m-%d}" for name in rows["priority"]
    ]
    ranked = rows.sort_values(
        ["suppress_upsell", "mrr", "certainty", "account_id"],
        ascending=[False, False, False, True],
    )
    return ranked[columns].reset_index(drop=True)


def _agendas(run: Run) -> dict[str, str]:
    """Return account to the features on the agenda of its business review, where 04 found any."""
    place = ("04_sequence_association_mining", "advanced_features")
    texts = agenda_texts(run.read(*place) if run.has(*place) else None)
    return {account: "agenda: " + "; ".join(items) for account, items in texts.items()}


def flows(run: Run, *, k: int = 0) -> pd.DataFrame:
    """Return the accounts that flow from each segment to each, and what they pay.

    Parameters
    ----------
    run : Run
        With the tables of 03.
    k : int
        Flows of fewer accounts are hidden, and others so that these cannot be worked out; 0
        shows all.

    Returns
    -------
    DataFrame
        ``segment_from``, ``segment_to``, ``n_accounts``, ``mrr``, ``expected``, ``hidden``.
    """
    table = run.read("03_segmentation", "migration")
    columns = ["segment_from", "segment_to", "n_accounts", "expected"]
    rows = table[columns].assign(mrr=_money_of(run, table), hidden=False)
    if k and len(rows):
        wide = rows.pivot_table(index="segment_from", columns="segment_to", values="n_accounts")
        place = (
            wide.index.get_indexer(pd.Index(rows["segment_from"])),
            wide.columns.get_indexer(pd.Index(rows["segment_to"])),
        )
        rows["hidden"] = hidden_cells(wide, k=k)[place]
        rows = hide(rows, rows["hidden"].to_numpy(bool), ["n_accounts", "mrr"])
    return rows.reset_index(drop=True)


def _money_of(run: Run, table: pd.DataFrame) -> list[float]:
    """Revenue now of the accounts of each flow; of churned ones nothing is paid any more."""
    assigned = run.read("03_segmentation", "assignments", ["account_id", "as_of", "segment"])
    if table.empty:
        return []
    then = assigned[assigned["as_of"] == table["as_of_from"].iloc[0]]
    now = latest(assigned)[["account_id", "segment"]]
    both = then[["account_id", "segment"]].merge(now, on="account_id", suffixes=("_from", "_to"))
    both = both[both["segment_from"] != CHURNED].merge(current_mrr(run), on="account_id")
    sums = both.groupby(["segment_from", "segment_to"])["mrr"].sum(min_count=1)
    keys = pd.MultiIndex.from_frame(table[["segment_from", "segment_to"]])
    return sums.reindex(keys).astype("float64").tolist()
