"""Columns whose cells are tuples or lists, which a frame would otherwise spread out."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["cells"]


def cells(values: Iterable[Any], index: "pd.Index[Any] | None" = None) -> "pd.Series[Any]":
    """Return a column that holds each value as one cell, whatever it is."""
    listed = list(values)
    column = np.empty(len(listed), object)
    for place, value in enumerate(listed):
        column[place] = value
    return pd.Series(column, index=index, dtype="object")
