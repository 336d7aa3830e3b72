"""How sure are we: intervals, tests over many tries, and measures that resist odd values."""

from helpers.stats.intervals import bootstrap, wilson
from helpers.stats.robust import mad_scale, safe_ratio
from helpers.stats.testing import (
    benjamini_hochberg,
    cauchy_combination,
    fisher_exact_greater,
    shuffled,
)

__all__ = [
    "benjamini_hochberg",
    "bootstrap",
    "cauchy_combination",
    "fisher_exact_greater",
    "mad_scale",
    "safe_ratio",
    "shuffled",
    "wilson",
]
