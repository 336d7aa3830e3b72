"""Which kinds of accounts are there, and who moved?"""

from helpers.segments import plots
from helpers.segments.maps import account_map
from helpers.segments.migration import composition, follow_segments
from helpers.segments.model import segment_accounts
from helpers.segments.personas import describe_segments
from helpers.segments.prediction import compare_groupings
from helpers.segments.rfm import rfm_cells

__all__ = [
    "account_map",
    "compare_groupings",
    "composition",
    "describe_segments",
    "follow_segments",
    "plots",
    "rfm_cells",
    "segment_accounts",
]
