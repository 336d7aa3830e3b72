"""Which actions come before success or loss, and which go together?"""

from helpers.patterns import plots
from helpers.patterns.divergence import compare_journeys
from helpers.patterns.material import read_material
from helpers.patterns.rhythm import find_rhythm, find_trends
from helpers.patterns.rule_search import mine_rules
from helpers.patterns.sequence_search import mine_sequences

__all__ = [
    "compare_journeys",
    "find_rhythm",
    "find_trends",
    "mine_rules",
    "mine_sequences",
    "plots",
    "read_material",
]
