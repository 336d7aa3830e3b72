"""The agenda of a business review with an account that is ready for more.

What is on it was found in 04: advanced features that alike accounts use and this one does not.
Both shares are said, that of the alike and that of all, for a feature everybody uses is no news.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

__all__ = ["REVIEWS", "agenda_texts", "plain_feature", "with_agenda"]

REVIEWS = ("expansion_ready", "propose_plan")
"""Plays that are a business review about more."""
NOT_MARKED = (
    "the catalogue marks no feature as advanced: these are features that fewer than half of all "
    "accounts use"
)
NOTHING_LEFT = (
    "no advanced feature to show: the account uses each one that alike accounts use more than "
    "others do"
)
NOT_KNOWN = "which advanced features alike accounts use is not known"


def with_agenda(candidates: pd.DataFrame, advanced: pd.DataFrame | None) -> pd.DataFrame:
    """Add ``agenda``, a list of texts, to business reviews; it is empty for every other play.

    Parameters
    ----------
    candidates : DataFrame
        With ``account_id`` and ``play``.
    advanced : DataFrame or None
        ``advanced_features`` of 04.
    """
    known = advanced is not None and len(advanced) > 0
    texts = agenda_texts(advanced)
    otherwise = [NOTHING_LEFT if known else NOT_KNOWN]
    agendas = [
        texts.get(str(account), otherwise) if play in REVIEWS else []
        for account, play in zip(candidates["account_id"], candidates["play"], strict=True)
    ]
    return candidates.assign(agenda=pd.Series(agendas, index=candidates.index, dtype="object"))


def agenda_texts(advanced: pd.DataFrame | None) -> dict[str, list[str]]:
    """Return account to the items of its agenda, what most alike accounts use first."""
    found: dict[str, list[str]] = {}
    if advanced is None or advanced.empty:
        return found
    for row in advanced.sort_values(["account_id", "place"]).to_dict("records"):
        found.setdefault(str(row["account_id"]), []).append(_item(row))
    if not advanced["marked"].astype(bool).any():
        found = {account: [*items, NOT_MARKED] for account, items in found.items()}
    return found


def plain_feature(name: object) -> str:
    """Return the name of a feature as a reader writes it."""
    return str(name).replace("_", " ")


def _item(row: Mapping[Any, Any]) -> str:
    days = int(row["own_days"])
    tried = "not used here" if days == 0 else f"tried on {days} day{'s' * (days > 1)} in a quarter"
    return (
        f"{plain_feature(row['feature'])}: {tried}; {int(row['n_using'])} of the "
        f"{int(row['n_alike'])} accounts most alike use it ({row['share']:.0%}), of all "
        f"{row['base_rate']:.0%}"
    )
