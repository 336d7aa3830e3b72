"""What of the quarterly page may leave the team, and what stays."""

import numpy as np
import pandas as pd

from helpers.artifacts import Run
from helpers.report.leader_lists import live_base
from helpers.report.suppress import hidden_groups, hide

__all__ = ["sharable"]


def sharable(
    composition: pd.DataFrame, cards: pd.DataFrame, run: Run, *, k: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hide small segments, and those of which one account has nearly all the money.

    Parameters
    ----------
    composition, cards : DataFrame
        Of :func:`helpers.report.leader.composition` and :func:`helpers.report.leader.cards`.
    run : Run
        Says what the largest account of each segment pays.
    k : int
        The smallest group that may be shown; with 0 both are returned as they are.

    Returns
    -------
    DataFrame, DataFrame
        Composition and cards: hidden numbers are missing, money is rounded to two digits.
    """
    if not k:
        return composition, cards
    base = live_base(run)
    money = base.assign(mrr=base["mrr"].astype("float64")).groupby("segment")["mrr"]
    top = (money.max() / money.sum()).reindex(composition["segment"])
    hidden = hidden_groups(composition[["n_accounts", "n_before"]], k=k, top_share=top)
    columns = ["n_accounts", "share", "mrr", "n_before", "share_before", "change"]
    shown = hide(composition, hidden, columns)
    names = set(composition.loc[hidden, "segment"])
    small = cards["segment"].isin(names).to_numpy(bool)
    kept = hide(cards, small, ["n_accounts", "mrr", "typical"])
    for table in (shown, kept):
        table["mrr"] = [_two_digits(value) for value in table["mrr"]]
    return shown, kept


def _two_digits(value: object) -> float:
    number = float("nan") if pd.isna(value) else float(str(value))  # type: ignore[call-overload]
    if not np.isfinite(number) or number == 0:
        return number
    digits = 1 - int(np.floor(np.log10(abs(number))))
    return round(number, digits)
