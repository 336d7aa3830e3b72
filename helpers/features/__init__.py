"""What did each account do up to a date, and what became of it afterwards?"""

from helpers.features import evidence, plots
from helpers.features.build import build_features
from helpers.features.correlated import drop_correlated
from helpers.features.cutoffs import as_of_dates
from helpers.features.labels import build_labels
from helpers.features.registry import dictionary
from helpers.features.weekly import weekly_activity

__all__ = [
    "as_of_dates",
    "build_features",
    "build_labels",
    "dictionary",
    "drop_correlated",
    "evidence",
    "plots",
    "weekly_activity",
]
