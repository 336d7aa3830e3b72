"""Did what the team did keep customers, and do the alerts earn the time they take?"""

from helpers.impact import plots, response, telling
from helpers.impact.effects import measure_effects
from helpers.impact.looks import look
from helpers.impact.verdicts import verdicts

__all__ = ["look", "measure_effects", "plots", "response", "telling", "verdicts"]
