"""Where do health, churn model, money and manager tell different stories of an account?

Two views that agree add little to each other. Where they part, one of them is wrong, and somebody
who knows the account can say which: those accounts come first, by what they pay.
"""

import numpy as np
import pandas as pd

from helpers.scores.calibration import clustered_share
from helpers.scores.predictions import score_history
from helpers.scores.readings import reading
from helpers.scores.scale import HEALTH_LOW, LOW_ENDS
from helpers.scores.study import Study

__all__ = ["VIEWS", "disagreement_table", "past_disagreement"]

VIEWS = ("health", "churn", "money", "manager")
WORRIED, CALM = "worried", "calm"
MANAGER_LASTS_DAYS = 90
_VERDICTS = {"confirmed": WORRIED, "missed": WORRIED, "false_positive": CALM}
_ABOUT_RISK = ("score:churn", "segment:at_risk", "alert:")
PAST_COLUMNS = ("health", "churn", "n", "n_churned", "share", "low", "high")


def disagreement_table(
    predictions: pd.DataFrame,
    health: pd.DataFrame,
    features: pd.DataFrame,
    feedback: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return the accounts of the newest date of which one view is worried and another calm.

    Parameters
    ----------
    predictions : DataFrame
        From :func:`helpers.scores.predict`; worried above the usual risk (a score above 30).
    health : DataFrame
        From :func:`helpers.scores.health_scores`; worried below 40.
    features : DataFrame
        Of 02. Money is worried where an invoice is overdue or seats were given back within 90
        days, calm where bills are paid and seats kept, and silent where neither is recorded.
    feedback : DataFrame or None
        Of 01: the manager's newest verdict on a risk within 90 days; a confirmed or missed risk is
        worried, a false alarm calm.

    Returns
    -------
    DataFrame
        ``account_id, as_of``, one column a view (``worried``, ``calm``, or missing where it has
        none), ``n_worried, n_calm, mrr, reading`` in words; most views apart first, then revenue.
    """
    newest = predictions["as_of"].max()
    rows = predictions[["account_id", "as_of", "churn_score"]].merge(
        health.loc[health["as_of"] == newest, ["account_id", "health_score"]],
        on="account_id",
        how="left",
    )
    now = features[features["as_of"] == newest].set_index("account_id")
    there = now.reindex(rows["account_id"].to_numpy())
    rows["health"] = _view(rows["health_score"] < HEALTH_LOW, rows["health_score"].notna())
    rows["churn"] = _view(rows["churn_score"] > LOW_ENDS, rows["churn_score"].notna())
    rows["money"] = _money(there).to_numpy()
    managers = _managers(feedback, newest)
    told = [managers.get(str(account)) for account in rows["account_id"]]
    rows["manager"] = pd.Series(told, index=rows.index, dtype="object")
    rows["mrr"] = reading(there, "mrr").to_numpy()
    views = rows[list(VIEWS)]
    rows["n_worried"], rows["n_calm"] = (views == WORRIED).sum(axis=1), (views == CALM).sum(axis=1)
    rows = rows[(rows["n_worried"] > 0) & (rows["n_calm"] > 0)].copy()
    rows["reading"] = [_in_words(row) for row in rows[list(VIEWS)].itertuples(index=False)]
    rows["apart"] = np.minimum(rows["n_worried"], rows["n_calm"])
    rows = rows.sort_values(
        ["apart", "mrr", "account_id"], ascending=[False, False, True], ignore_index=True
    )
    columns = ["account_id", "as_of", *VIEWS, "n_worried", "n_calm", "mrr", "reading"]
    return rows[columns].astype(dict.fromkeys(VIEWS, "object"))


def _view(worried: pd.Series, known: pd.Series) -> pd.Series:
    told = worried.fillna(value=False).astype(bool).map({True: WORRIED, False: CALM})
    return told.astype("object").where(known.to_numpy(bool), None)


def _money(now: pd.DataFrame) -> pd.Series:
    overdue, seats = reading(now, "overdue__n"), reading(now, "seats__change_90d")
    known = overdue.notna() | seats.notna()
    return _view((overdue > 0) | (seats < 0), known)


def _managers(feedback: pd.DataFrame | None, newest: pd.Timestamp) -> dict[str, str]:
    """Return what the manager last said of a risk of each account, if that is recent."""
    if feedback is None or feedback.empty:
        return {}
    recent = feedback["as_of"] >= newest - pd.Timedelta(days=MANAGER_LASTS_DAYS)
    risk = feedback["item"].astype(str).str.startswith(_ABOUT_RISK)
    told = feedback[recent & (feedback["as_of"] < newest) & risk]
    told = told[told["verdict"].isin(_VERDICTS)].sort_values(["as_of", "item"], kind="stable")
    last = told.drop_duplicates("account_id", keep="last").set_index("account_id")["verdict"]
    return {str(account): _VERDICTS[str(verdict)] for account, verdict in last.items()}


def _in_words(row: tuple[object, ...]) -> str:
    named = dict(zip(VIEWS, row, strict=True))
    sides = {
        side: [name for name, view in named.items() if view == side] for side in (WORRIED, CALM)
    }
    return "; ".join(f"{side}: {', '.join(names)}" for side, names in sides.items() if names)


def past_disagreement(study: Study, health: pd.DataFrame) -> pd.DataFrame:
    """Return how often accounts left after health and churn model had agreed, or parted.

    Returns
    -------
    DataFrame
        ``health, churn`` (worried or calm, as on the day), ``n`` (accounts and dates),
        ``n_churned, share, low, high`` (95 %; see
        :func:`helpers.scores.calibration.clustered_share`). Empty without signal.
    """
    history = score_history(study)
    if history.empty:
        return pd.DataFrame(columns=list(PAST_COLUMNS))
    known = history[history["churned"].notna()]
    keys = ["account_id", "as_of"]
    rows = known.merge(health[[*keys, "health_score"]], on=keys, how="left")
    rows = rows[rows["health_score"].notna()]
    rows = rows.assign(
        health=_view(rows["health_score"] < HEALTH_LOW, rows["health_score"].notna()),
        churn=_view(rows["churn_score"] > LOW_ENDS, rows["churn_score"].notna()),
        churned=rows["churned"].astype(int),
    )
    table = rows.groupby(["health", "churn"], as_index=False).agg(
        n=("churned", "size"), n_churned=("churned", "sum")
    )
    table["share"] = (table["n_churned"] / table["n"]).round(6)
    sides = zip(table["health"], table["churn"], strict=True)
    groups = [rows[(rows["health"] == a) & (rows["churn"] == b)] for a, b in sides]
    bounds = [
        clustered_share(mine["churned"].to_numpy(float), mine["account_id"].to_numpy(object))
        for mine in groups
    ]
    table["low"], table["high"] = np.round(np.array(bounds).reshape(-1, 2).T, 6)
    order = ["health", "churn"]
    return table.sort_values(order, ascending=False, ignore_index=True)[list(PAST_COLUMNS)]
