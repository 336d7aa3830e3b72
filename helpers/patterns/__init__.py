"""Which actions come before success or loss, and which go together?"""

from helpers.patterns import plots
from helpers.patterns.comparison import compare_journeys
from helpers.patterns.material import read_material
from helpers.patterns.rhythm import find_rhythm, find_trends
from helpers.patterns.rule_search import mine_rules
from helpers.patterns.sequence_search import mine_sequences
from helpers.patterns.shifts import find_shifts

__all__ = [
    "compare_journeys",
    "find_rhythm",
    "find_shifts",
    "find_trends",
    "mine_rules",
    "mine_sequences",
    "plots",
    "read_material",
]
