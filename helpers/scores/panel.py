"""The rows that models learn from and are judged on: one an account and date.

What is known when decides everything: a row's outcome may be used from ``as_of + horizon`` on, not
a day earlier. Accounts are dealt into folds that hold for all their dates, so that a model can
always be asked about an account it has never seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import ParameterError
from helpers.scores.design import signals
from helpers.scores.directions import directions_of
from helpers.scores.inputs import Input, resolve
from helpers.scores.readings import live_rows, reading

__all__ = ["N_FOLDS", "Panel", "build_panel", "folds"]

N_FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Live accounts at every date, with inputs and outcomes.

    Parameters
    ----------
    rows : DataFrame, (n_rows, ...)
        ``account_id, as_of, outcome`` (1.0, 0.0, or NaN while it is not known), ``known_on`` (the
        date from which the outcome may be used), ``age_days`` (since sign-up), ``fold``; sorted by
        date and account.
    inputs : tuple of Input
        What the models may look at.
    recorded : DataFrame, (n_rows, n_inputs)
        The inputs as they are in the feature table.
    signals : ndarray, (n_rows, n_inputs)
        Transformed; see :func:`helpers.scores.design.signals`.
    target : str
        Column of the labels that ``outcome`` is.
    repeats : bool
        The outcome comes and goes, as a silent week does; an account that leaves has left.
    """

    rows: pd.DataFrame
    inputs: tuple[Input, ...]
    recorded: pd.DataFrame
    signals: NDArray[np.float64]
    target: str
    repeats: bool = False

    @property
    def horizon_days(self) -> int:
        """Days after a date in which the outcome is looked for; 0 without rows."""
        days = (self.rows["known_on"] - self.rows["as_of"]).dt.days
        return int(days.max()) if len(days) else 0

    @property
    def as_ofs(self) -> list[pd.Timestamp]:
        """The dates, oldest first."""
        return sorted(pd.Timestamp(date) for date in self.rows["as_of"].unique())

    @property
    def newest(self) -> pd.Timestamp:
        """The newest date."""
        return self.as_ofs[-1]

    @property
    def outcome(self) -> NDArray[np.float64]:
        """The outcome of each row: 1, 0 or NaN."""
        return self.rows["outcome"].to_numpy(float)

    @property
    def directions(self) -> NDArray[np.float64]:
        """Which way each input may move the score: +1, -1, or 0 for either."""
        return directions_of(self.target, [item.name for item in self.inputs])

    def at(self, as_of: pd.Timestamp) -> NDArray[np.bool_]:
        """Rows of one date."""
        return (self.rows["as_of"] == as_of).to_numpy()

    def known_at(self, as_of: pd.Timestamp) -> NDArray[np.bool_]:
        """Rows whose outcome was known at a date: their windows had ended before it began."""
        known = (self.rows["known_on"] <= as_of) & self.rows["outcome"].notna()
        return known.to_numpy()

    def labelled(self) -> NDArray[np.bool_]:
        """Rows whose outcome is known by now."""
        return self.rows["outcome"].notna().to_numpy()


def build_panel(
    features: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    inputs: Iterable[Input],
    target: str = "churned",
    allowed: Iterable[str] | None = None,
) -> Panel:
    """Join features and labels of live accounts and deal the accounts into folds.

    Parameters
    ----------
    features, labels : DataFrame
        Tables of 02.
    inputs : iterable of Input
        What the models may look at.
    target : str
        Column of ``labels`` to predict, ``churned`` or ``upgraded``.
    allowed : iterable of str, optional
        Feature columns that may be used; default: all.

    Raises
    ------
    ParameterError
        If the labels have no such column, or two rows for one account and date.
    """
    if target not in labels.columns:
        raise ParameterError(f"labels have no column {target!r}; they have {list(labels.columns)}.")
    if labels.duplicated(["account_id", "as_of"]).any():
        raise ParameterError("labels: expected one row an account and as_of, found several.")
    live = features[live_rows(features)]
    wanted = labels[["account_id", "as_of", "horizon_days", target]]
    rows = live.merge(wanted, on=["account_id", "as_of"], how="left", validate="one_to_one")
    rows = rows.sort_values(["as_of", "account_id"], ignore_index=True)
    used, values = resolve(inputs, rows, allowed=allowed)
    x = signals(values, used, rows["as_of"])
    outcome = pd.to_numeric(rows[target].astype("Float64"), errors="coerce").to_numpy(
        dtype="float64", na_value=np.nan
    )
    horizon = pd.to_timedelta(rows["horizon_days"].astype("float64").fillna(0), unit="D")
    table = rows[["account_id", "as_of"]].assign(
        outcome=outcome,
        known_on=rows["as_of"] + horizon,
        age_days=reading(rows, "age_days"),
        fold=0,
    )
    table["fold"] = folds(table, x)
    return Panel(rows=table, inputs=used, recorded=values, signals=x, target=target)


def folds(rows: pd.DataFrame, x: NDArray[np.float64]) -> NDArray[np.int64]:
    """Deal accounts into folds in the order of their first date, then of their values then.

    Neither names nor the order of rows matter, and no later date changes an account's fold.
    ``rows`` are sorted by date.
    """
    table = pd.DataFrame(
        {
            "account_id": rows["account_id"].astype(str).to_numpy(),
            "since": rows["as_of"].to_numpy(),
            "mark": np.round(np.nan_to_num(x) @ _marks(x.shape[1]), 6),
        }
    )
    first = table.drop_duplicates("account_id")
    order = first.sort_values(["since", "mark"], kind="stable")["account_id"]
    fold = pd.Series(np.arange(len(order)) % N_FOLDS, index=order.to_numpy())
    return fold.loc[table["account_id"]].to_numpy(dtype=np.int64)


def _marks(n: int) -> NDArray[np.float64]:
    return np.sqrt(2.0 + np.arange(n)) % 1.0
