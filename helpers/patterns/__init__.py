"""Which actions come before success or loss, which go together, and what comes next?"""

from helpers.patterns.material import read_material
from helpers.patterns.next_steps import find_next_steps
from helpers.patterns.rhythm import find_rhythm, find_trends
from helpers.patterns.rule_search import mine_rules
from helpers.patterns.sequence_search import mine_sequences
from helpers.patterns.shifts import find_shifts
from helpers.patterns.study import study_patterns

__all__ = [
    "find_next_steps",
    "find_rhythm",
    "find_shifts",
    "find_trends",
    "mine_rules",
    "mine_sequences",
    "read_material",
    "study_patterns",
]
