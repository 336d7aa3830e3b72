import json
import os
import re
import subprocess
import sys

import nbformat
import pandas as pd
import pytest

from helpers.report import clean_notebook_outputs, sanitize_rules
from helpers.report.stable import RULES, stable_text

# What TOOLING found to differ between two runs of the same code, each as two runs print it.
DIFFERS = {
    "address": ("<object object at 0x7f3a5c0b1e50>", "<object object at 0x7f11aa0b2f60>"),
    "styler": ('<td id="T_3fa1b_row0_col1" >1</td>', '<td id="T_99c0d_row0_col1" >1</td>'),
    "styler css": ("#T_3fa1b th {color: red}", "#T_99c0d th {color: red}"),
    "uuid": (
        '<div id="0b5ad1a2-6d5f-4a4e-9c58-6f7a3ec0bb8e">',
        '<div id="5fd3aa88-9d8e-4c5e-8a7e-0f0e4c2d6b11">',
    ),
    "statsmodels text": (
        "Date:                Wed, 01 Jul 2026   Prob\nTime:                        12:00:01   Log",
        "Date:                Thu, 02 Jul 2026   Prob\nTime:                        09:31:44   Log",
    ),
    "statsmodels html": (
        "<th>Date:</th>             <td>Wed, 01 Jul 2026</td><th>Time:</th> <td>12:00:01</td>",
        "<th>Date:</th>             <td>Fri, 03 Jul 2026</td><th>Time:</th> <td>12:44:01</td>",
    ),
    "cell file": (
        "/tmp/ipykernel_4242/1234567.py:3: UserWarning: x",
        "/tmp/ipykernel_17/889.py:3: UserWarning: x",
    ),
    "folder": (
        "/home/ana/play/helpers/x.py:7: UserWarning",
        "/srv/ci/build/helpers/x.py:7: UserWarning",
    ),
}
STAYS = (
    "2026-07-01 12:00:01",
    "Date: Wed, 01 Jul 2026",
    "lead time: 0x12",
    "T_score 0.5",
    "share 0.1234567",
    "https://docs.example.org/a/b/c.html",
    "a/b/c.py and 1/2/3",
)


@pytest.mark.parametrize("kind", DIFFERS)
def test_what_differs_between_runs_becomes_equal(kind):
    first, second = DIFFERS[kind]
    assert first != second
    assert stable_text(first) == stable_text(second)


@pytest.mark.parametrize("text", STAYS)
def test_what_is_a_result_stays(text):
    assert stable_text(text) == text


def test_a_rule_applied_twice_changes_nothing():
    for pair in DIFFERS.values():
        assert stable_text(stable_text(pair[0])) == stable_text(pair[0])


def test_nbval_reads_the_rules():
    from nbval.plugin import get_sanitize_patterns

    assert get_sanitize_patterns(sanitize_rules()) == list(RULES)
    for pattern, _ in RULES:
        re.compile(pattern)


def executed(cells):
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["papermill"] = {"start_time": "now", "parameters": {"root": "/home/ana"}}
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    for number, (source, outputs) in enumerate(cells, start=1):
        cell = nbformat.v4.new_code_cell(source, outputs=outputs, execution_count=number)
        cell.metadata["execution"] = {"iopub.status.busy": "2026-07-01T12:00:00"}
        notebook.cells.append(cell)
    return notebook


def test_clocks_and_widgets_go_and_results_stay():
    data = {
        "text/plain": "<object at 0x7f3a5c0b1e50>",
        "image/png": "iVBOR",
        "application/vnd.jupyter.widget-view+json": {"model_id": "a"},
        "text/html": ["<b>\n", "T_3fa1b_row0"],
    }
    output = nbformat.v4.new_output("display_data", data=data)
    stream = nbformat.v4.new_output("stream", name="stdout", text="n = 3 at 0x7f3a5c0b1e50\n")
    error = nbformat.v4.new_output(
        "error", ename="E", evalue="at 0x7f3a5c0b1e50", traceback=["\x1b[31mred\x1b[0m"]
    )

    cleaned = clean_notebook_outputs(executed([("f()", [output, stream, error])]))

    cell = cleaned["cells"][0]
    assert cell["metadata"] == {}
    assert "papermill" not in cleaned["metadata"]
    assert cleaned["metadata"]["kernelspec"]["name"] == "python3"
    assert cell["id"] == "cell-0"
    assert cell["outputs"][0]["data"] == {
        "text/plain": "<object at ADDRESS>",
        "image/png": "iVBOR",
        "text/html": ["<b>\n", "T_STYLER_row0"],
    }
    assert cell["outputs"][1]["text"] == "n = 3 at ADDRESS\n"
    assert cell["outputs"][2]["traceback"] == ["red"]
    assert cell["execution_count"] == 1


def test_a_file_is_rewritten_in_place_and_stays_a_notebook(tmp_path):
    path = tmp_path / "a.ipynb"
    nbformat.write(executed([("1", [])]), path)

    clean_notebook_outputs(path)
    first = path.read_bytes()
    clean_notebook_outputs(path)

    assert path.read_bytes() == first
    nbformat.validate(nbformat.read(path, as_version=4))
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.ipynb"]


CELLS = (
    "import pandas as pd, warnings\nframe = pd.DataFrame({'n': [1, 2]})",
    "object()",
    "frame.style",
    "frame",
    "print('mean', frame.n.mean())",
    "import sys; sys.stderr.write(f'{__import__(\"tempfile\").gettempdir()}/a/x.py:3: late')",
)


def test_nbval_finds_no_difference_in_a_cleaned_copy_and_finds_a_changed_number(tmp_path):
    from nbclient import NotebookClient

    pytest.importorskip("jinja2")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    NotebookClient(notebook, timeout=120).execute()
    path = tmp_path / "copy.ipynb"
    nbformat.write(notebook, path)
    assert "0x" in path.read_text()
    clean_notebook_outputs(path)
    assert "0x" not in path.read_text()
    (tmp_path / "rules.cfg").write_text(sanitize_rules())

    tampered = json.loads(path.read_text())
    output = tampered["cells"][4]["outputs"][0]
    assert "".join(output["text"]) == "mean 1.5\n"
    output["text"] = ["mean 1.6\n"]
    (tmp_path / "tampered.ipynb").write_text(json.dumps(tampered))

    done = _nbval(tmp_path)

    assert "copy.ipynb" not in done.split("short test summary")[-1], done
    assert "tampered.ipynb::Cell 4" in done
    assert "1 failed, 11 passed" in done


def _nbval(folder):
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-rf"]
    command += [
        "-p",
        "no:cacheprovider",
        "-W",
        "ignore",
        "-c",
        os.devnull,
        "--rootdir",
        str(folder),
    ]
    command += ["--nbval-sanitize-with=rules.cfg", "copy.ipynb", "tampered.ipynb"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", check=False, timeout=180
    )
    return done.stdout


def test_pandas_styler_still_draws_its_ids_as_the_rule_expects():
    html = pd.DataFrame({"n": [1]}).style.to_html()
    assert "T_STYLER" in stable_text(html)
    assert not re.search(r"T_[0-9a-f]{5}", stable_text(html))
