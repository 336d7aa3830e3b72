"""Accounts by the name that people use, where a table holds their id."""

import pandas as pd

from helpers.artifacts import Run
from helpers.report.numbers import known_accounts

__all__ = ["account_names", "named"]


def named(run: Run, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose ``account_id`` holds names instead of ids, for people to read.

    Parameters
    ----------
    run : Run
        Its accounts table gives the names.
    table : DataFrame
        With ``account_id``.

    Returns
    -------
    DataFrame
        An account without a name keeps its id; of accounts that share a name each shows its id
        behind it. Ids that the accounts table does not have stay as they are.
    """
    labels = account_names(run).to_dict()
    keys = table["account_id"].astype("object")
    return table.assign(account_id=[labels.get(str(key), key) for key in keys])


def account_names(run: Run) -> pd.Series:
    """Return what each account that has a name is called: id to name, with its id if shared."""
    known = known_accounts(run).dropna(subset=["name"])
    ids, names = known["account_id"].astype(str), known["name"].astype(str)
    shared = names.duplicated(keep=False)
    shown = names.where(~shared, names + " (" + ids + ")")
    return pd.Series(shown.to_numpy(object), index=ids.to_numpy(object))
