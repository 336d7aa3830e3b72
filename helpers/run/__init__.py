"""In which order do the notebooks run, what is kept after a crash, and when is a run published?"""

from helpers.run.execute import RunOptions, run_company
from helpers.run.status import list_runs
from helpers.run.validate import validate_run

__all__ = ["RunOptions", "list_runs", "run_company", "validate_run"]
