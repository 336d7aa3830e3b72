"""What must not matter: the clock of the machine, its zone, the number of its threads."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from helpers.run.execute import kernel_environment
from helpers.segments.cluster import fit_clusters, one_thread

HELPERS = Path(__file__).resolve().parents[1] / "helpers"
NOTEBOOKS = HELPERS.parent / "notebooks"
CLOCKS = {"now", "today", "utcnow", "fromtimestamp", "localtime", "gmtime", "strftime_now"}
SQL_CLOCKS = ("current_date", "current_timestamp", "now()", "today()")
NO_RESULT = {"cli.py", "lock.py", "clock.py"}
"""Elapsed time, since when somebody holds a lock, how old a published run is that would be told:
no result depends on them."""


def clock_calls(path):
    """Calls that read the machine's clock, as `line: name`; elapsed time is no clock."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            of_time = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
            is_time = of_time and node.func.value.id == "time" and name == "time"
            if name in CLOCKS or is_time:
                found.append(f"{node.lineno}: {name}")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += [f"{node.lineno}: {c}" for c in SQL_CLOCKS if f" {c}" in node.value.lower()]
    return found


def test_fault_C20_nothing_reads_the_clock_of_the_machine():
    files = [path for path in sorted(HELPERS.rglob("*.py")) if path.name not in NO_RESULT]
    assert len(files) > 200
    found = {
        str(path.relative_to(HELPERS)): calls for path in files if (calls := clock_calls(path))
    }
    assert found == {}
    for path in NOTEBOOKS.glob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert not any(f".{name}(" in text for name in CLOCKS), path.name


def test_fault_C20_the_check_would_see_a_clock(tmp_path):
    path = tmp_path / "bad.py"
    path.write_text("import time\nx = time.time()\ny = date.today()\nq = 'SELECT current_date'\n")
    assert clock_calls(path) == ["2: time", "3: today", "4: current_date"]


@pytest.mark.parametrize("n_threads", [1, 2, 4])
def test_fault_E15_clusters_do_not_depend_on_the_threads_around(n_threads):
    rng = np.random.default_rng(5)
    scores = pd.DataFrame(rng.standard_normal((900, 5)), columns=list("abcde"))
    with one_thread():
        alone = fit_clusters(scores, 5, seed=3)
    with threadpool_limits(limits=n_threads), one_thread():
        again = fit_clusters(scores, 5, seed=3)
    pd.testing.assert_frame_equal(alone.centres, again.centres, check_exact=True)
    assert alone.inertia == again.inertia


def test_fault_E15_a_run_fixes_the_threads_of_its_kernels(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    environment = kernel_environment(tmp_path, tmp_path / "scratch", tmp_path / "reports")
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    assert [environment[name] for name in threads] == ["1", "1", "1"]
    assert environment["PYTHONHASHSEED"] == "0"
