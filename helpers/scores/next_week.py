"""Which accounts will be active next week, and which will stay silent?

A week is active if anything at all happened in it. Most accounts are active nearly always, so it is
the silence that is learnt: from how steady an account has been, where it is heading, how its weeks
look, whether it reads its messages, and what accounts like it did last week.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.config import CompanyConfig
from helpers.scores.calibration import calibration_summary, calibration_table
from helpers.scores.design import signals
from helpers.scores.drivers import RAISES, contribution_table
from helpers.scores.inputs import an_input as _i
from helpers.scores.inputs import resolve
from helpers.scores.judgement import fairness_table
from helpers.scores.panel import Panel, folds
from helpers.scores.predictions import probability_interval
from helpers.scores.readings import live_rows, reading
from helpers.scores.study import Study, study_panel, team_capacity

__all__ = ["ENGAGEMENT_MODEL", "engagement_study", "judged_tables", "next_week", "weekly_panel"]

ENGAGEMENT_MODEL = "engagement model"
STEADY, PAUSE = "silent weeks of the last eight", "weeks since last use"
TARGET = "silent"
N_WEEKS = 26
"""Weeks to learn from and be judged on."""
N_SCORED = 8
"""Of these the newest are scored as on the day."""
HISTORY = 8
MIN_HISTORY = 4
MIN_PEERS = 20
REFITS = 40
COLUMNS = (
    *("account_id", "as_of", "active_probability", "probability_low", "probability_high"),
    *("active_weeks", "weeks_since_active", "reasons", "reason"),
)


INPUTS = (
    _i("weeks_since_active", "last use", "log", "last active {x:.0f} weeks ago"),
    _i("active_weeks__share", "steadiness", "none", "active in {x:.0%} of eight weeks"),
    _i("active_days__mean", "days a week", "log", "active on {x:.1f} days a week"),
    _i("active_days__last", "last week", "log", "active on {x:.0f} days last week"),
    _i("active_days__spread", "pattern of weeks", "log", "weeks differ by {x:.1f} active days"),
    _i("weekend_share_90d", "pattern of weekdays", "none", "{x:.0%} of use at weekends"),
    _i("active_days__trend", "trend", "signed", "active days {x:+.0%} against before"),
    _i("active_users__change", "colleagues", "signed", "active people {x:+.0%} against before"),
    _i("message_open__rate_90d", "messages", "none", "{x:.0%} of messages opened"),
    _i("peers_active__share", "similar accounts", "none", "{x:.0%} of similar accounts active"),
)


def engagement_study(
    activity: pd.DataFrame,
    features: pd.DataFrame,
    left: pd.DataFrame,
    *,
    config: CompanyConfig,
    n_draws: int = 500,
    seed: int = 0,
) -> Study:
    """Study silent weeks: does a model tell them better than the account's own past share?

    Parameters
    ----------
    activity : DataFrame
        ``activity_week`` of 02.
    features : DataFrame
        Of 02: plan, messages and weekends, each week by the newest snapshot before it.
    left : DataFrame
        ``account_id, churned_at`` of every account of ``activity``: none is asked about once it
        has left.
    config : CompanyConfig
        Thresholds and capacity.
    n_draws, seed : int
        Of intervals and shuffles.
    """
    panel = weekly_panel(activity, features, left)
    keys = ["account_id", "as_of"]
    own = panel.recorded.set_axis(panel.rows.index)
    baselines = {
        STEADY: panel.rows[keys].assign(value=-_column(own, "active_weeks__share")),
        PAUSE: panel.rows[keys].assign(value=_column(own, "weeks_since_active")),
    }
    known = panel.rows.loc[panel.labelled(), "as_of"]
    scored = sorted(pd.Timestamp(date) for date in known.unique())[-N_SCORED:]
    return study_panel(
        panel,
        baselines=baselines,
        leaks=pd.DataFrame(columns=["feature", "by", "auc", "n_positive"]),
        k=team_capacity(features, config),
        min_positive=config.thresholds.min_churned_accounts,
        model=ENGAGEMENT_MODEL,
        as_ofs=scored,
        n_draws=n_draws,
        seed=seed,
    )


def _column(values: pd.DataFrame, name: str) -> pd.Series:
    return values[name] if name in values else pd.Series(np.nan, index=values.index)


def weekly_panel(
    activity: pd.DataFrame, features: pd.DataFrame, left: pd.DataFrame, *, n_weeks: int = N_WEEKS
) -> Panel:
    """Return one row an account and week: what was known when it began, and whether it was silent.

    ``as_of`` is the first day of the week asked about; the newest has no outcome yet. An account
    needs four whole weeks of history.
    """
    days = {name: _wide(activity, name) for name in ("active_days", "active_users")}
    starts = [pd.Timestamp(day) for day in days["active_days"].columns]
    tables = []
    for at in range(max(len(starts) - n_weeks, MIN_HISTORY), len(starts) + 1 if starts else 0):
        cutoff = starts[at] if at < len(starts) else starts[-1] + pd.Timedelta(days=7)
        past = {name: wide.iloc[:, max(at - HISTORY, 0) : at] for name, wide in days.items()}
        rows = _week(past["active_days"], past["active_users"], days["active_days"].iloc[:, :at])
        there = _there(rows.index, left, days["active_days"].iloc[:, :at], starts[:at], cutoff)
        rows = rows[there & (rows["weeks_seen"] >= MIN_HISTORY)]
        rows["outcome"] = np.nan
        if at < len(starts):
            silent = days["active_days"].iloc[:, at] == 0
            rows["outcome"] = silent.reindex(rows.index).astype(float)
        tables.append(_with_snapshot(rows.assign(as_of=cutoff), features, cutoff))
    return _as_panel(tables)


def _wide(activity: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return accounts by weeks; NaN before an account's first whole week."""
    table = activity.pivot_table(
        index="account_id", columns="week_start", values=name, aggfunc="sum", sort=True
    )
    return table.astype("float64")


def _week(days: pd.DataFrame, users: pd.DataFrame, every: pd.DataFrame) -> pd.DataFrame:
    """Read each account's history of up to eight weeks."""
    active = days > 0
    seen = days.notna().sum(axis=1)
    recent, before = days.iloc[:, -2:].mean(axis=1), days.iloc[:, :-2].mean(axis=1)
    people, people_before = users.iloc[:, -2:].mean(axis=1), users.iloc[:, :-2].mean(axis=1)
    place = np.arange(every.shape[1], dtype=float)
    last = np.where(every.to_numpy() > 0, place, -1.0).max(axis=1, initial=-1.0)
    first = np.where(every.notna().to_numpy(), place, np.inf).min(axis=1, initial=np.inf)
    return pd.DataFrame(
        {
            "weeks_seen": seen,
            "age_days": 7.0 * (every.shape[1] - first),
            "weeks_since_active": np.where(last < 0, every.shape[1], every.shape[1] - last),
            "active_weeks__share": active.sum(axis=1) / seen.where(seen > 0),
            "active_days__mean": days.mean(axis=1),
            "active_days__last": days.iloc[:, -1],
            "active_days__spread": days.std(axis=1, ddof=0),
            "active_days__trend": recent / before.where(before > 0) - 1,
            "active_users__change": people / people_before.where(people_before > 0) - 1,
        },
        index=days.index,
    )


def _there(
    accounts: pd.Index,
    left: pd.DataFrame,
    days: pd.DataFrame,
    starts: list[pd.Timestamp],
    cutoff: pd.Timestamp,
) -> NDArray[np.bool_]:
    """Tell who had not left by then, or was active again in a week after leaving."""
    gone = left[left["churned_at"] <= cutoff].groupby("account_id")["churned_at"].max()
    when = gone.reindex(accounts).astype("datetime64[us]")
    columns = np.array(starts, dtype="datetime64[us]")[None, :]
    later = columns >= when.to_numpy("datetime64[us]")[:, None]
    back = (later & (days.to_numpy() > 0)).any(axis=1)
    return np.asarray(when.isna().to_numpy() | back, dtype=bool)


def _with_snapshot(
    rows: pd.DataFrame, features: pd.DataFrame, cutoff: pd.Timestamp
) -> pd.DataFrame:
    """Add what the newest snapshot before the week says, and what similar accounts did.

    An account that was no customer in that snapshot is left out.
    """
    dates = features.loc[features["as_of"] <= cutoff, "as_of"]
    snapshot = features[features["as_of"] == dates.max()].set_index("account_id")
    there = snapshot.reindex(rows.index)
    for name in ("weekend_share_90d", "message_open__rate_90d"):
        rows[name] = reading(there, name).to_numpy()
    active = (rows["active_days__last"] > 0).astype(float)
    plan = there["plan"].astype("object") if "plan" in there else pd.Series(None, index=rows.index)
    groups = active.groupby(plan.fillna("").to_numpy())
    enough = groups.transform("size") >= MIN_PEERS
    rows["peers_active__share"] = groups.transform("mean").where(enough, active.mean())
    there["is_live"] = there["is_live"].fillna(value=True) if "is_live" in there else True
    return rows[live_rows(there).to_numpy(bool)].reset_index(names="account_id")


def _as_panel(tables: list[pd.DataFrame]) -> Panel:
    names = [item.name for item in INPUTS]
    empty = pd.DataFrame(columns=["account_id", "as_of", "outcome", "age_days", *names])
    rows = pd.concat(tables, ignore_index=True) if tables else empty
    rows["as_of"] = rows["as_of"].astype("datetime64[us]")
    rows = rows.sort_values(["as_of", "account_id"], ignore_index=True)
    used, values = resolve(INPUTS, rows)
    x = signals(values, used, rows["as_of"])
    table = rows[["account_id", "as_of"]].assign(
        outcome=rows["outcome"].astype("float64"),
        known_on=rows["as_of"] + pd.Timedelta(days=7),
        age_days=rows["age_days"].astype("float64"),
        fold=0,
    )
    table["fold"] = folds(table, x)
    return Panel(rows=table, inputs=used, recorded=values, signals=x, target=TARGET, repeats=True)


def judged_tables(study: Study, features: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return how the model of silent weeks was judged.

    ``evaluation``, ``calibration``, ``calibration_error``, ``fairness``: groups are those of the
    newest snapshot, since a week has none of its own.
    """
    newest = features[features["as_of"] == features["as_of"].max()].drop(columns="as_of")
    groups = features.iloc[:0]
    if study.rolling is not None:
        keys = ["account_id", "as_of"]
        groups = study.rolling.rows[keys].merge(newest, on="account_id", how="left")
    return {
        "evaluation": study.evaluation.assign(outcome=TARGET),
        "calibration": calibration_table(study.rolling, study.model),
        "calibration_error": calibration_summary(study.rolling),
        "fairness": fairness_table(study.rolling, study.model, groups, k=study.k),
    }


def next_week(study: Study, *, seed: int = 0) -> pd.DataFrame:
    """Say for each live account how likely it is to be active in the week that begins.

    Returns
    -------
    DataFrame
        ``account_id, as_of, active_probability, probability_low, probability_high`` (90 %),
        ``active_weeks`` (share of the last eight), ``weeks_since_active, reasons`` (up to two
        that speak for silence), ``reason`` for a missing probability; least likely first.
    """
    panel, fitted = study.panel, study.fitted
    if not len(panel.rows):
        return pd.DataFrame(columns=list(COLUMNS))
    here = panel.at(panel.newest)
    own = panel.recorded[here].reset_index(drop=True)
    table = panel.rows.loc[here, ["account_id", "as_of"]].reset_index(drop=True)
    table = table.assign(
        active_probability=np.nan,
        probability_low=np.nan,
        probability_high=np.nan,
        active_weeks=_column(own, "active_weeks__share").round(6),
        weeks_since_active=_column(own, "weeks_since_active"),
        reasons=pd.Series([[] for _ in range(len(table))], index=table.index, dtype="object"),
        reason=study.signal.reason,
    )
    if fitted is not None:
        silent, low, high = probability_interval(fitted, panel, here, n_refits=REFITS, seed=seed)
        table["active_probability"] = np.round(1 - silent, 6)
        table["probability_low"], table["probability_high"] = 1 - high, 1 - low
        told = contribution_table(
            fitted.linear, panel.inputs, table["account_id"], own, panel.signals[here]
        )
        table["reasons"] = _reasons(told, table["account_id"])
    order = ["active_probability", "active_weeks", "account_id"]
    return table.sort_values(order, ignore_index=True)[list(COLUMNS)]


def _reasons(told: pd.DataFrame, accounts: pd.Series) -> pd.Series:
    """Return up to two drivers of silence of each account, without the note behind them."""
    raising = told[told["contribution"] > 0]
    words = raising["driver"].str.removesuffix(f" ({RAISES})")
    lists = words.groupby(raising["account_id"], sort=False).agg(lambda texts: list(texts)[:2])
    found = [lists.get(account, []) for account in accounts]
    return pd.Series(found, index=accounts.index, dtype="object")
