"""Which actions come before success or loss, and which go together?"""

from helpers.patterns.divergence import best_and_worst, divergence, journey_ratio
from helpers.patterns.material import read_material
from helpers.patterns.rhythm import find_rhythm, find_trends
from helpers.patterns.rule_search import mine_rules
from helpers.patterns.sequence_search import mine_sequences

__all__ = [
    "best_and_worst",
    "divergence",
    "find_rhythm",
    "find_trends",
    "journey_ratio",
    "mine_rules",
    "mine_sequences",
    "read_material",
]
