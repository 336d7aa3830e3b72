"""What must not be in a notebook is refused before anything runs."""

import json
from pathlib import Path

import nbformat
import pytest

from helpers.contract import NOTEBOOKS
from helpers.errors import ParameterError
from helpers.run.plan import make_plan
from tests.company import make_config

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = 'root = ".."  # project root\nrun_id = "demo"  # folder under reports'


def plan_of(folder, *cells, tags=()):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(text) for text in (PARAMETERS, *cells)]
    notebook.cells[0].metadata["tags"] = ["parameters"]
    notebook.cells[-1].metadata["tags"] = [*notebook.cells[-1].metadata.get("tags", []), *tags]
    (folder / "01_data_audit.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    return make_plan(
        folder, make_config(), run_id="q1", config_name="c.yaml", given={}, only=["01"]
    )


@pytest.mark.parametrize(
    "cell",
    [
        "try:\n    f()\nexcept:\n    pass",
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept BaseException as error:\n    print(error)",
        "try:\n    f()\nexcept (ValueError, Exception):\n    pass",
        "import builtins\ntry:\n    f()\nexcept builtins.Exception:\n    pass",
        "try:\n    f()\nexcept* Exception:\n    pass",
        "import contextlib\nwith contextlib.suppress(Exception):\n    f()",
        "from contextlib import suppress\nwith suppress(ValueError, BaseException):\n    f()",
    ],
)
def test_fault_I08_a_cell_that_swallows_every_error_is_refused(tmp_path, cell):
    with pytest.raises(ParameterError, match=r"01_data_audit: cell 3 catches every exception"):
        plan_of(tmp_path, "x = 1", cell)


@pytest.mark.parametrize("tag", ["raises-exception"])
def test_fault_I08_a_cell_that_is_expected_to_fail_is_refused(tmp_path, tag):
    with pytest.raises(ParameterError, match=r"01_data_audit: cell 2 is tagged raises-exception"):
        plan_of(tmp_path, "1 / 0", tags=[tag])


def test_fault_I08_an_error_that_is_named_or_raised_again_may_be_caught(tmp_path):
    named = "try:\n    f()\nexcept ValueError:\n    pass"
    again = "try:\n    f()\nexcept Exception as error:\n    raise RuntimeError from error"
    assert [step.name for step in plan_of(tmp_path, named, again).steps] == ["01_data_audit"]


def test_fault_I08_no_notebook_of_ours_swallows_errors():
    plan = make_plan(ROOT / "notebooks", make_config(), run_id="q1", config_name="c.yaml", given={})
    assert [step.name for step in plan.steps] == list(NOTEBOOKS)
    assert all(json.loads(step.path.read_text("utf-8"))["cells"] for step in plan.steps)
