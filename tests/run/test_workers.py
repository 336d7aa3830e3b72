"""A worker copied from a preloaded process does what a new process does, figures included."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jupyter_client.manager import AsyncKernelManager

from helpers.errors import MachineError, NotebookError
from helpers.run.execute import kernel_environment
from helpers.run.plan import Plan
from helpers.run.preload import MODULES
from helpers.run.schedule import Scheduler
from helpers.run.worker import work_on
from helpers.run.workers import CAN_FORK
from tests.run.test_schedule import SAY_DONE, Bench, alive

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="workers are forked on Linux only")

CELLS = (
    "import matplotlib.pyplot as plt; import numpy as np; import pandas as pd",
    "plt.figure(figsize=(2, 1)); _ = plt.plot([1, 2, 3])",
    "pd.DataFrame({'a': [1, 2]})",
    "hash('text'), np.random.default_rng(1).random(), {'x', 'y', 'z'}",
    "import sys; print('out'); print('err', file=sys.stderr)",
    "from sklearn.cluster import KMeans",
    "KMeans(2, n_init=1, random_state=0).fit(np.eye(4)).labels_",
    "import duckdb, pyarrow as pa; rows = pa.table({'x': range(200_000)})",
    "duckdb.sql('select count(*), sum(x) from rows').fetchall()",
    "rows.to_pandas().groupby(rows.to_pandas()['x'] % 3).size().tolist()",
    "import os; os.path.basename(os.getcwd())",
    "os.environ['IPYTHONDIR'].startswith(os.environ['HOME_OF'])",
    SAY_DONE,
)


class ForkBench(Bench):
    """The bench of the scheduler's tests, with workers forked from a process that is ready."""

    def run(self, finished=frozenset(), *, preload=True):
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        environment = kernel_environment(self.folder, work, self.folder / "reports")
        environment["HOME_OF"] = str(work)
        scheduler = Scheduler(work, environment, self.task, self.progress.append, preload=preload)
        if preload:
            until(lambda: scheduler._nursery.is_ready, seconds=240)
        done = []
        plan = Plan(tuple(self.steps), "config", "code")
        scheduler.run(plan, set(finished), lambda outcome: done.append(outcome.step.name))
        return done


def until(holds, seconds):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)


@pytest.fixture
def bench(tmp_path):
    return ForkBench(tmp_path)


def outputs(folder: Path, name: str) -> list:
    notebook = json.loads((folder / "out" / f"{name}.ipynb").read_text())
    return [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_forked_and_spawned_workers_give_the_same_outputs(bench):
    bench.add("a", *CELLS)
    bench.run(preload=False)
    spawned = outputs(bench.folder, "a")
    bench.run(preload=True)
    forked = outputs(bench.folder, "a")
    assert any("image/png" in out.get("data", {}) for cell in forked for out in cell)
    assert forked == spawned
    assert (bench.folder / "out" / "a.html").read_text().count("data:image/png") == 1


def test_each_notebook_has_a_process_of_its_own(bench):
    bench.add("a", "import os, pandas; pandas.marked = True; os.environ['MARK'] = 'x'", SAY_DONE)
    check = "import os, pandas; assert not hasattr(pandas, 'marked') and 'MARK' not in os.environ"
    bench.add("b", check, SAY_DONE, needs=("a",))
    assert bench.run() == ["a", "b"]


def test_two_forked_notebooks_at_a_time(bench):
    wait = (
        "import time; from pathlib import Path; Path('{}').touch()\n"
        "for _ in range(600):\n    if Path('{}').exists(): break\n    time.sleep(0.1)\n"
        "assert Path('{}').exists()"
    )
    bench.add("a", wait.format("a.here", "b.here", "b.here"), SAY_DONE)
    bench.add("b", wait.format("b.here", "a.here", "a.here"), SAY_DONE)
    assert sorted(bench.run()) == ["a", "b"]


def test_a_killed_forked_kernel_is_not_success(bench):
    bench.add("a", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", SAY_DONE)
    with pytest.raises(MachineError, match=r"a: .*kernel was killed"):
        bench.run()


def test_a_killed_forked_worker_is_not_success(bench):
    bench.add("a", "import os, signal; os.kill(os.getppid(), signal.SIGKILL)", SAY_DONE)
    with pytest.raises(MachineError, match=r"a: its process ended with code -9"):
        bench.run()


def test_a_forked_cell_that_takes_too_long(bench):
    bench.timeout_s = 2
    bench.add("a", "import time; time.sleep(60)", SAY_DONE)
    with pytest.raises(MachineError, match=r"took more than 2 s"):
        bench.run()


def test_sys_exit_in_a_forked_kernel_is_not_success(bench):
    bench.add("a", "import sys; sys.exit(0)", SAY_DONE)
    with pytest.raises((NotebookError, MachineError), match="a"):
        bench.run()


@pytest.mark.parametrize("n_dead", [1, 2])
def test_a_kernel_that_never_lived_is_started_once_more(bench, n_dead):
    started = []

    class Manager(AsyncKernelManager):
        async def _async_launch_kernel(self, kernel_cmd, **rest):
            started.append(1)
            if len(started) <= n_dead:  # as a kernel whose port was taken in the meantime
                kernel_cmd = [sys.executable, "-c", "raise SystemExit(1)"]
            await super()._async_launch_kernel(kernel_cmd, **rest)

    bench.add("a", "1 + 1", SAY_DONE)
    told = []

    work_on(bench.task(bench.steps[0]), lambda **message: told.append(message), Manager)

    if n_dead == 1:
        assert told[-1]["result"] == {"status": "ok"}
    else:
        assert told[-1]["result"]["status"] == "machine"
        assert "did not start, twice: Kernel died before" in told[-1]["result"]["message"]
    assert len(started) == 2


PARENT = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.run.test_workers import ForkBench, SAY_DONE
bench = ForkBench(Path({folder!r}))
bench.add("a", "import os; open('pid.txt', 'w').write(f'{{os.getpid()}} {{os.getppid()}}')",
          "import time; time.sleep(120)", SAY_DONE)
bench.run()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_a_runner_that_forked(bench, number):
    root = str(Path(__file__).resolve().parents[2])
    code = PARENT.format(root=root, folder=str(bench.folder))
    parent = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"PYTHONUTF8": "1"})
    note = bench.folder / "pid.txt"
    until(lambda: note.exists() and note.read_text().count(" ") == 1, seconds=300)
    kernel, worker = (int(pid) for pid in note.read_text().split())
    stat = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()
    pids = [kernel, worker, int(stat[1])]  # the last is the process that they are copies of
    parent.send_signal(number)
    parent.wait()
    until(lambda: not any(map(alive, pids)), seconds=30)


def test_the_process_to_be_copied_has_one_thread_and_all_that_rooms_import():
    code = (
        "import helpers.run.preload as preload, sys\n"
        "print(preload.n_threads(), all(name in sys.modules for name in preload.MODULES),"
        " 'matplotlib_inline.backend_inline' in sys.modules)"
    )
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    environment = os.environ | threads | {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
    told = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert told.split() == ["1", "True", "False"]
    assert len(set(MODULES)) == len(MODULES)
