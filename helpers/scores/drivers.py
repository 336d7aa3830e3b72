"""Why an account has its score: what it has more or less of than the average account, in words.

A contribution is a coefficient times the distance from the average account, so all of them add
up to the account's log-odds. Inputs of one theme are told as one line, by the member that
contributes most. It says what moves the *score*; it does not say what makes customers leave.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.scores.inputs import Input
from helpers.scores.logistic import Linear

__all__ = ["LOWERS", "RAISES", "contribution_table", "driver_lists", "model_table"]

N_DRIVERS = 3
SMALLEST = 0.05
"""Log-odds; a smaller contribution changes the odds by less than 5 % and is not told."""
RAISES, LOWERS = "raises", "lowers"
"""What the driver does to the score, written behind it in brackets."""


def contribution_table(
    model: Linear,
    inputs: tuple[Input, ...],
    accounts: pd.Series,
    values: pd.DataFrame,
    given: NDArray[np.float64],
    *,
    slope: float = 1.0,
) -> pd.DataFrame:
    """Return what each theme contributes to each account's score.

    Parameters
    ----------
    model : Linear
        The model that scores now.
    inputs : tuple of Input
        In the order of the columns of ``given``.
    accounts : Series, (n_accounts,)
        Their ids.
    values : DataFrame, (n_accounts, n_inputs)
        As recorded, for the words.
    given : ndarray, (n_accounts, n_inputs)
        Transformed, for the model.
    slope : float
        Of the curve that turns log-odds into probabilities: contributions are on its scale.

    Returns
    -------
    DataFrame
        ``account_id, theme, contribution`` (log-odds, + is towards churn), ``feature`` and
        ``value`` of the member that contributes most, ``driver`` in words; largest first within
        an account.
    """
    added = slope * model.contributions(given)
    names = [item.name for item in inputs]
    themes = list(dict.fromkeys(item.theme for item in inputs))
    rows = []
    for theme in themes:
        members = [position for position, item in enumerate(inputs) if item.theme == theme]
        total = added[:, members].sum(axis=1)
        agreeing = added[:, members] * np.where(total >= 0, 1.0, -1.0)[:, None]
        chosen = np.array(members)[agreeing.argmax(axis=1)]
        for row in np.flatnonzero(np.abs(total) >= SMALLEST):
            item = inputs[chosen[row]]
            value = float(values[item.name].iloc[row])
            word = RAISES if total[row] > 0 else LOWERS
            rows.append(
                (
                    accounts.iloc[row],
                    theme,
                    round(float(total[row]), 6),
                    names[chosen[row]],
                    value,
                    f"{item.words(value)} ({word})",
                )
            )
    columns = ["account_id", "theme", "contribution", "feature", "value", "driver"]
    table = pd.DataFrame(rows, columns=columns)
    table["size"] = table["contribution"].abs()
    table = table.sort_values(
        ["account_id", "size", "theme"], ascending=[True, False, True], ignore_index=True
    )
    return table.drop(columns="size")


def driver_lists(contributions: pd.DataFrame, accounts: pd.Series) -> pd.Series:
    """Return the three largest drivers of each account as a list of texts, in order of size.

    An account that is average in everything has an empty list.
    """
    top = contributions.groupby("account_id", sort=False).head(N_DRIVERS)
    told = top.groupby("account_id", sort=False)["driver"].agg(list)
    lists = [told.get(account, []) for account in accounts]
    return pd.Series(lists, index=accounts.index, dtype="object", name="drivers")


def model_table(model: Linear | None, inputs: tuple[Input, ...]) -> pd.DataFrame:
    """Return the model in the open: one row a column that it adds up; none without a model.

    Returns
    -------
    DataFrame
        ``feature, theme, transform, role`` (value or missing), ``coefficient`` (log-odds per
        spread; + is towards churn), ``odds_ratio``, ``centre, spread`` (transformed scale);
        the strongest first.
    """
    columns = ["feature", "theme", "transform", "role", "coefficient", "odds_ratio"]
    columns += ["centre", "spread"]
    if model is None:
        return pd.DataFrame(columns=columns)
    design = model.design
    n_used = len(design.used)
    rows = []
    for column, position in enumerate(design.source):
        item, flag = inputs[position], column >= n_used
        weight = float(model.coefficients[column]) if len(model.coefficients) else 0.0
        rows.append(
            {
                "feature": item.name,
                "theme": item.theme,
                "transform": item.transform,
                "role": "missing" if flag else "value",
                "coefficient": round(weight, 6),
                "odds_ratio": round(float(np.exp(weight)), 6),
                "centre": float(design.flag_centres[column - n_used])
                if flag
                else float(design.centres[column]),
                "spread": 1.0 if flag else float(design.spreads[column]),
            }
        )
    table = pd.DataFrame(rows, columns=columns)
    table[["centre", "spread"]] = table[["centre", "spread"]].round(6)
    order = table["coefficient"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)
