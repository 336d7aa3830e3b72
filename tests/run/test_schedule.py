"""A notebook counts as done only if every cell ran and its last cell said so."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from helpers.artifacts import DOING_VARIABLE
from helpers.errors import InputError, MachineError, NotebookError
from helpers.run.execute import kernel_environment
from helpers.run.plan import Plan, Step
from helpers.run.schedule import Scheduler

SAY_DONE = "from pathlib import Path; Path(sentinel).write_text('done')"


class Bench:
    """A plan of tiny notebooks and the scheduler that runs them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.steps: list[Step] = []
        self.progress: list[str] = []
        self.timeout_s = 60

    def add(self, name: str, *cells: str, needs: tuple[str, ...] = ()) -> None:
        notebook = nbformat.v4.new_notebook(
            metadata={
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
            }
        )
        parameters = nbformat.v4.new_code_cell("sentinel = ''", metadata={"tags": ["parameters"]})
        notebook.cells = [parameters, *(nbformat.v4.new_code_cell(cell) for cell in cells)]
        path = self.folder / f"{name}.ipynb"
        nbformat.write(notebook, path)
        values = {"sentinel": str(self.folder / f"{name}.done")}
        self.steps.append(Step(name, path, needs, values, len(notebook.cells), name))

    def task(self, step: Step) -> dict:
        return {
            "notebook": str(step.path),
            "output": str(self.folder / "out" / f"{step.name}.ipynb"),
            "html": str(self.folder / "out" / f"{step.name}.html"),
            "sentinel": step.values["sentinel"],
            "parameters": step.values,
            "cwd": str(self.folder),
            "timeout_s": self.timeout_s,
            "n_cells": step.n_cells,
            "page": {"company": "Acme", "as_of": "2026-07-01", "run_id": "test"},
        }

    def run(self, finished: set[str] = frozenset()) -> list[str]:
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        environment = kernel_environment(self.folder, work, self.folder / "reports")
        environment[DOING_VARIABLE] = str(work / "doing")
        scheduler = Scheduler(
            work, environment, self.task, lambda progress: self.progress.append(str(progress))
        )
        done: list[str] = []
        plan = Plan(tuple(self.steps), "config", "code")
        scheduler.run(plan, set(finished), lambda outcome: done.append(outcome.step.name))
        return done


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_notebooks_run_in_the_order_of_their_needs(bench):
    note = "open('order.txt', 'a').write('{}\\n')"
    bench.add("a", note.format("a"), SAY_DONE)
    bench.add("b", note.format("b"), SAY_DONE, needs=("a",))
    bench.add("c", note.format("c"), SAY_DONE, needs=("a", "b"))
    assert bench.run() == ["a", "b", "c"]
    assert (bench.folder / "order.txt").read_text().split() == ["a", "b", "c"]
    assert (bench.folder / "out" / "c.html").is_file()
    assert any(line.startswith("notebook 2/3 · b · cell 2/3 · ") for line in bench.progress)


def test_a_long_step_says_what_it_is_at_and_leaves_no_output(bench):
    """The clock of a long cell goes on, and its step is named until the next cell begins."""
    from_engine = """
import time
import pandas as pd
from helpers.engine.duckdb_engine import DuckDBEngine
with DuckDBEngine() as engine:
    engine.table('visit', 'SELECT 1 AS one')
time.sleep(2.5)
"""
    bench.add("a", from_engine, "time.sleep(1.2)", SAY_DONE)
    assert bench.run() == ["a"]
    told = [line.endswith(" · computing visit") for line in bench.progress]
    assert sum(told) > 1  # while the cell goes on
    assert not told[-1]
    copy = nbformat.read(bench.folder / "out" / "a.ipynb", as_version=4)
    assert "computing" not in json.dumps([cell.get("outputs") for cell in copy.cells])


def test_finished_notebooks_are_not_run_again(bench):
    bench.add("a", "raise ValueError('must not run')", SAY_DONE)
    bench.add("b", SAY_DONE, needs=("a",))
    assert bench.run(finished={"a"}) == ["b"]


def test_a_cell_that_raises_fails_the_run_and_keeps_the_traceback(bench):
    bench.add("a", "1 / 0", SAY_DONE)
    with pytest.raises(NotebookError, match=r"a failed in cell \d: ZeroDivisionError: division"):
        bench.run()
    kept = json.loads((bench.folder / "out" / "a.ipynb").read_text())
    outputs = [out for cell in kept["cells"] for out in cell.get("outputs", [])]
    assert any(out["output_type"] == "error" for out in outputs)


def test_our_own_errors_keep_their_exit_code(bench):
    bench.add("a", "from helpers.errors import InputError", "raise InputError('events: empty')")
    with pytest.raises(InputError, match="a: events: empty") as caught:
        bench.run()
    assert caught.value.exit_code == 3


def test_fault_I01_a_full_disk_in_a_cell_is_the_machines_fault(bench):
    bench.add("a", "raise OSError(28, 'No space left on device')", SAY_DONE)
    with pytest.raises(MachineError, match="No space left"):
        bench.run()


def test_fault_I05_a_killed_kernel_is_not_success(bench):
    bench.add("a", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", SAY_DONE)
    with pytest.raises(MachineError, match=r"a: .*kernel was killed"):
        bench.run()


def test_fault_I06_a_cell_that_takes_too_long(bench):
    bench.timeout_s = 2
    bench.add("a", "import time; time.sleep(60)", SAY_DONE)
    with pytest.raises(MachineError, match=r"took more than 2 s\. Raise --cell-timeout"):
        bench.run()


def test_fault_I07_sys_exit_0_is_not_success(bench):
    bench.add("a", "import sys; sys.exit(0)", SAY_DONE)
    with pytest.raises((NotebookError, MachineError), match="a"):
        bench.run()
    assert not (bench.folder / "a.done").exists()


def test_a_notebook_whose_last_cell_says_nothing_is_incomplete(bench):
    bench.add("a", "1 + 1")
    with pytest.raises(NotebookError, match="ended before its last cell"):
        bench.run()


def test_a_file_named_like_a_library_is_not_imported(bench):  # F22
    (bench.folder / "duckdb.py").write_text("raise RuntimeError('hijacked')", encoding="utf-8")
    bench.add("a", "import duckdb; assert duckdb.__version__", SAY_DONE)
    assert bench.run() == ["a"]


PARENT = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.run.test_schedule import Bench, SAY_DONE
bench = Bench(Path({folder!r}))
bench.add("a", "import os; open('pid.txt', 'w').write(f'{{os.getpid()}} {{os.getppid()}}')",
          "import time; time.sleep(120)", SAY_DONE)
bench.run()
"""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")
def test_fault_I03_nothing_outlives_a_killed_runner(bench):
    root = str(Path(__file__).resolve().parents[2])
    code = PARENT.format(root=root, folder=str(bench.folder))
    parent = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"PYTHONUTF8": "1"})
    note = bench.folder / "pid.txt"
    deadline = time.monotonic() + 60
    while not (note.exists() and note.read_text().count(" ") == 1):
        assert time.monotonic() < deadline, "the notebook did not start"
        time.sleep(0.2)
    pids = [int(pid) for pid in note.read_text().split()]
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 20
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not [pid for pid in pids if alive(pid)], "kernel or worker survived its parent"
