"""Numbers rounded before they are handed on: their last bits depend on the machine."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["significant"]


def significant(values: ArrayLike, digits: int = 6) -> NDArray[np.float64]:
    """Round to so many significant digits; NaN and 0 stay as they are."""
    numbers = np.asarray(values, float)
    size = np.abs(numbers)
    usable = np.isfinite(numbers) & (size > 0)
    power = np.floor(np.log10(np.where(usable, size, 1.0)))
    unit = 10.0 ** (digits - 1 - power)
    return np.where(usable, np.round(numbers * unit) / unit, numbers)
