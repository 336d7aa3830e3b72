"""What should be done next, for whom, by whom?"""

from helpers.actions.hand_over import export_actions, export_scores
from helpers.actions.next_actions import load_note, record
from helpers.actions.plan import plan_actions
from helpers.actions.plays import plays_table

__all__ = [
    "export_actions",
    "export_scores",
    "load_note",
    "plan_actions",
    "plays_table",
    "record",
]
