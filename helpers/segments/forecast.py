"""Where is an account likely to be in a quarter? Shares of earlier moves, shrunk, and tested.

The chance of a move is the share of accounts in the same position that made it in earlier
quarters. A position is a segment, with how near its border the account stands and which segment
lies beyond it. Few accounts have stood in a position, so its shares are drawn towards those of
the segment, and these towards those of the company. What this is worth is measured on the newest
quarter, which it has not seen, against the forecast that everybody stays as often as usual.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.segments.migration import QUARTER_DAYS
from helpers.segments.segmentation import CHURNED, Segmentation
from helpers.segments.vocabulary import family_of
from helpers.stats import bootstrap

__all__ = ["Forecast", "forecast_moves"]

PRIOR_ACCOUNTS = 10.0
"""Shares of a position count as if so many further accounts had moved as their segment did."""
BORDER = 0.35
"""Certainty below which an account stands near the border of its segment."""
TOLERANCE_DAYS = 25
MIN_STARTS = 20
BACK_TEST = ("forecast", "n_accounts", "log_loss", "gain", "low", "high")


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What earlier moves say of the coming quarter.

    Parameters
    ----------
    transitions : DataFrame
        ``segment_from``, ``segment_to``, ``n_seen`` (account-quarters), ``share`` after
        shrinkage: the rows of a segment add up to 1.
    accounts : DataFrame
        One row a live account of the newest date: ``account_id``, ``segment``, ``likeliest``
        other segment, ``p_stays``, ``p_moves`` there, ``p_risk``: of being at risk or churned
        in a quarter, where it is not at risk already.
    back_test : DataFrame
        ``forecast``, ``n_accounts``, ``log_loss``, ``gain`` over "stays as often as usual" with
        its 95 % interval ``low`` to ``high`` (accounts resampled).
    note : str
        Why there is no forecast; empty if there is one.
    """

    transitions: pd.DataFrame
    accounts: pd.DataFrame
    back_test: pd.DataFrame
    note: str

    @property
    def helps(self) -> bool:
        """Whether it surely beats "stays as often as usual" on the quarter it has not seen."""
        row = self.back_test[self.back_test["forecast"] == "position"]
        return bool((row["low"] > 0).any()) if "low" in row else False

    @property
    def verdict(self) -> str:
        """One sentence on what the forecast is worth."""
        if self.note:
            return f"No forecast of moves: {self.note}."
        if self.helps:
            return "On the newest quarter the forecast beats 'stays as often as usual'."
        return (
            "On the newest quarter the forecast is not surely better than 'stays as often as "
            "usual': read it as a count of what happened before."
        )


def forecast_moves(segmentation: Segmentation, *, seed: int) -> Forecast:
    """Forecast the segment of each live account a quarter after the newest date.

    Parameters
    ----------
    segmentation : Segmentation
        With dates enough for a quarter to train on and a later one to be judged on.
    seed : int
        Of the resampled interval.

    References
    ----------
    Anderson, Goodman (1957), *Ann. Math. Stat.* 28, 89-110 (transition counts of a Markov
    chain); shares shrunk with a Dirichlet prior in two steps, segment and company.
    """
    table = _positions(segmentation)
    pairs = _quarters(table)
    names = segmentation.order(table["segment"].unique())
    if len(pairs) < MIN_STARTS:
        return _nothing(f"fewer than {MIN_STARTS} account-quarters have been seen")
    newest = table[(table["as_of"] == segmentation.as_of) & (table["segment"] != CHURNED)]
    return Forecast(
        transitions=_transitions(pairs, names),
        accounts=_accounts(newest.reset_index(drop=True), pairs, names),
        back_test=_back_test(pairs, names, seed),
        note="" if len(_judged(pairs)[0]) else "no earlier quarter to learn from",
    )


def _nothing(note: str) -> Forecast:
    return Forecast(
        transitions=pd.DataFrame(columns=["segment_from", "segment_to", "n_seen", "share"]),
        accounts=pd.DataFrame(
            columns=["account_id", "segment", "likeliest", "p_stays", "p_moves", "p_risk"]
        ),
        back_test=pd.DataFrame(columns=list(BACK_TEST)),
        note=note,
    )


def _positions(segmentation: Segmentation) -> pd.DataFrame:
    """Segment and position of each account and date."""
    table = segmentation.assignments[
        ["account_id", "as_of", "segment", "certainty", "neighbour"]
    ].copy()
    near = (table["certainty"] < BORDER) & (table["neighbour"] != table["segment"])
    beside = table["segment"] + " / " + table["neighbour"].astype(str)
    table["position"] = beside.where(near, table["segment"])
    return table


def _quarters(table: pd.DataFrame) -> pd.DataFrame:
    """Pair each live account and date with its segment about a quarter later."""
    dates = np.sort(table["as_of"].unique())
    parts = []
    for date in dates:
        gaps = np.abs((dates - date) / np.timedelta64(1, "D") - QUARTER_DAYS)
        if gaps.min() > TOLERANCE_DAYS:
            continue
        later = dates[int(gaps.argmin())]
        then = table[(table["as_of"] == date) & (table["segment"] != CHURNED)]
        now = table[table["as_of"] == later].set_index("account_id")["segment"]
        part = then.assign(segment_to=then["account_id"].map(now), ends=later)
        parts.append(part.dropna(subset="segment_to"))
    columns = [*table.columns, "segment_to", "ends"]
    joined = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return joined.rename(columns={"segment": "segment_from"})


def _judged(pairs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Quarters that had ended when the newest one began, and the newest one."""
    if pairs.empty:
        return pairs, pairs
    last = pairs["as_of"].max()
    return pairs[pairs["ends"] <= last], pairs[pairs["as_of"] == last]


def _company(pairs: pd.DataFrame, starts: pd.Series, names: list[str]) -> pd.DataFrame:
    """Everybody stays as often as usual; who moves goes where movers go."""
    moved = pairs[pairs["segment_to"] != pairs["segment_from"]]
    stays = 1 - (len(moved) + 1) / (len(pairs) + 2)
    going = moved["segment_to"].value_counts().reindex(names).fillna(0) + 1
    goes = pd.DataFrame([going.to_numpy(float)] * len(starts), starts.index, names)
    for name in names:
        goes.loc[starts == name, name] = 0.0
    table = goes.div(goes.sum(axis=1), axis=0).fillna(0.0) * (1 - stays)
    for name in names:
        table.loc[starts == name, name] = stays
    return table


def _shrunk(
    pairs: pd.DataFrame, rows: pd.DataFrame, key: str, names: list[str], prior: pd.DataFrame
) -> pd.DataFrame:
    """Shares of the earlier moves from the same ``key``, drawn towards the prior of each row."""
    seen = pd.crosstab(pairs[key], pairs["segment_to"]).reindex(columns=names).fillna(0)
    counts = seen.reindex(rows[key]).fillna(0).set_axis(rows.index)
    total = counts.sum(axis=1) + PRIOR_ACCOUNTS
    return (counts + PRIOR_ACCOUNTS * prior).div(total, axis=0)


def _chances(pairs: pd.DataFrame, rows: pd.DataFrame, names: list[str]) -> dict[str, pd.DataFrame]:
    """Chance of each segment for each row, by the company, the segment and the position."""
    company = _company(pairs, rows["segment_from"], names)
    segment = _shrunk(pairs, rows, "segment_from", names, company)
    return {
        "stays as often as usual": company,
        "segment": segment,
        "position": _shrunk(pairs, rows, "position", names, segment),
    }


def _transitions(pairs: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    starts = [name for name in names if name in set(pairs["segment_from"])]
    rows = pd.DataFrame({"segment_from": starts, "position": starts})
    shares = _chances(pairs, rows, names)["segment"].set_axis(starts)
    long = shares.rename_axis("segment_from").melt(
        ignore_index=False, var_name="segment_to", value_name="share"
    )
    seen = pairs.groupby(["segment_from", "segment_to"]).size().rename("n_seen")
    table = long.reset_index().merge(
        seen.reset_index(), on=["segment_from", "segment_to"], how="left"
    )
    table["n_seen"] = table["n_seen"].fillna(0).astype(int)
    table = table.sort_values(
        ["segment_from", "segment_to"], key=lambda column: column.map(names.index)
    )
    columns = ["segment_from", "segment_to", "n_seen", "share"]
    return table[columns].round({"share": 6}).reset_index(drop=True)


def _accounts(newest: pd.DataFrame, pairs: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    rows = newest.rename(columns={"segment": "segment_from"})
    chances = _chances(pairs, rows, names)["position"]
    values = chances.to_numpy(float, copy=True)
    own = np.array([names.index(name) for name in rows["segment_from"]], dtype=int)
    place = np.arange(len(rows))
    stays = values[place, own]
    values[place, own] = -1.0
    likeliest = values.argmax(axis=1)
    bad = [name for name in names if name == CHURNED or family_of(name) == "at risk"]
    risky = rows["segment_from"].isin(bad)
    return pd.DataFrame(
        {
            "account_id": rows["account_id"],
            "segment": rows["segment_from"],
            "likeliest": np.array(names, dtype=object)[likeliest],
            "p_stays": stays.round(4),
            "p_moves": values[place, likeliest].round(4),
            "p_risk": chances[bad].sum(axis=1).where(~risky).round(4),
        }
    )


def _back_test(pairs: pd.DataFrame, names: list[str], seed: int) -> pd.DataFrame:
    train, test = _judged(pairs)
    columns = list(BACK_TEST)
    if train.empty or test.empty:
        return pd.DataFrame(columns=columns)
    test = test.reset_index(drop=True)
    place = [names.index(name) for name in test["segment_to"]]
    losses = {
        name: -np.log(table.to_numpy(float)[np.arange(len(test)), place].clip(1e-6))
        for name, table in _chances(train, test, names).items()
    }
    base, rows = losses["stays as often as usual"], []
    for name, loss in losses.items():
        gain = base - loss
        low, high = bootstrap(partial(_mean_of, gain), test["account_id"], seed=seed)
        rows.append((name, len(test), float(loss.mean()), float(gain.mean()), low, high))
    return pd.DataFrame(rows, columns=columns).round(6)


def _mean_of(values: NDArray[np.float64], drawn: NDArray[np.intp]) -> float:
    return float(values[drawn].mean())
