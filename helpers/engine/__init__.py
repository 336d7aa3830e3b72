"""Where the heavy passes over events run: one definition, whichever engine computes it."""

from helpers.engine.days import EPOCH, day_number, day_to_date, local_time
from helpers.engine.engine import Engine
from helpers.engine.opening import open_engine
from helpers.engine.staging import History, stage

__all__ = [
    "EPOCH",
    "Engine",
    "History",
    "day_number",
    "day_to_date",
    "local_time",
    "open_engine",
    "stage",
]
