"""A number that was altered in an executed copy is found, wherever it stands."""

import json
import os

import nbformat
import pytest

from helpers.report import clean_notebook_outputs
from helpers.run.execute import kernel_environment
from helpers.run.validate import _compare

CELLS = {
    "text": "print('accounts:', 4711)",
    "table": "import pandas as pd\npd.DataFrame({'mrr': [4711.25, 2.0], 'name': ['a', 'b']})",
    "shown": (
        "import pandas as pd\nfrom helpers.report import show\n"
        "show(pd.DataFrame({'mrr': [4711.25, 2.0]}), caption='Revenue')"
    ),
    "finding": (
        "from helpers.report import Finding\n"
        "Finding(stage='06_churn_model', headline='{n} accounts pay.', values={'n': 4711})"
    ),
}


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A copy as the runner publishes it, one cell a kind of output."""
    import nbclient

    folder = tmp_path_factory.mktemp("validate")
    notebook = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        }
    )
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    path = folder / "06_churn_model.ipynb"
    nbformat.write(notebook, path)
    clean_notebook_outputs(path)
    return path


def compared(path, folder):
    (folder / "reports").mkdir(parents=True)
    return _compare(path, folder, kernel_environment(folder, folder, folder / "reports"))


def test_an_unaltered_copy_is_equal(executed, tmp_path):
    assert compared(executed, tmp_path / "same") == ("06_churn_model", len(CELLS), "")


@pytest.mark.parametrize("kind", list(CELLS))
def test_one_altered_number_is_a_difference(executed, tmp_path, kind):
    content = json.loads(executed.read_text(encoding="utf-8"))
    number = list(CELLS).index(kind)
    outputs = json.dumps(content["cells"][number]["outputs"])
    assert "4711" in outputs or "4,711" in outputs, outputs
    altered = outputs.replace("4711", "4712").replace("4,711", "4,712")
    content["cells"][number]["outputs"] = json.loads(altered)
    path = tmp_path / executed.name
    path.write_text(json.dumps(content), encoding="utf-8")

    _, _, difference = compared(path, tmp_path / "work")

    assert "4712" in difference or "4,712" in difference
    assert os.fspath(tmp_path) not in difference


def test_a_number_altered_in_the_table_alone_is_a_difference(executed, tmp_path):
    content = json.loads(executed.read_text(encoding="utf-8"))
    data = content["cells"][1]["outputs"][0]["data"]
    html = "".join(data["text/html"])
    assert html.count("4711.25") == 1
    data["text/html"] = html.replace("4711.25", "4711.26")
    path = tmp_path / executed.name
    path.write_text(json.dumps(content), encoding="utf-8")

    assert "4711.26" in compared(path, tmp_path / "work")[2]
