"""Worker processes: started as a new interpreter, or forked from one that has imported everything.

Importing pandas, scikit-learn, papermill and the rest costs more than the work of most notebooks.
On Linux one process imports them once, while the first notebook runs on another core, and every
later worker and its kernel are copies of it: as separate from each other as new processes are,
but ready at once.
"""

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from helpers.run.plan import Step

__all__ = ["CAN_FORK", "Nursery", "Worker"]

CAN_FORK = sys.platform == "linux"
_FOR_THE_WHOLE_LIFE = ("JE_ARROW_MALLOC_CONF", "MPLBACKEND")


@dataclass(kw_only=True, eq=False)
class Worker(ABC):
    """A process that executes one notebook, however it was started."""

    log: Path
    step: Step | None = None
    started: float = 0.0
    cell: int = 0
    result: dict[str, Any] | None = None
    listener: threading.Thread = field(default_factory=threading.Thread)

    @property
    @abstractmethod
    def pid(self) -> int:
        """Of the process, which leads a process group of its own."""

    @property
    @abstractmethod
    def code(self) -> int | None:
        """Exit code; negative for the signal that ended it, None while it runs."""

    @abstractmethod
    def send(self, task: Mapping[str, Any]) -> None:
        """Say what to do. A worker that has died meanwhile reports itself."""

    @abstractmethod
    def messages(self) -> Iterator[dict[str, Any]]:
        """Yield what the worker tells, until its process has ended."""

    @abstractmethod
    def wait(self, timeout: float) -> bool:
        """Wait so many seconds for the end; return whether it came."""

    @abstractmethod
    def close(self) -> None:
        """Close the line to the worker, which ends it."""

    def signal(self, number: int) -> None:
        """Send a signal to the worker and all that it started in its process group."""
        with contextlib.suppress(OSError):
            os.killpg(self.pid, number)


class _SpawnedWorker(Worker):
    """A new interpreter."""

    def __init__(self, log: Path, environment: Mapping[str, str], cwd: Path) -> None:
        """Start it; it imports what every notebook needs while it waits for a task."""
        super().__init__(log=log)
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "helpers.run.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=dict(environment),
                cwd=cwd,
                encoding="utf-8",
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        return self._process.returncode

    def send(self, task: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(task) + "\n")
            self._process.stdin.flush()

    def messages(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with contextlib.suppress(ValueError):  # a library that prints is not a message
                    yield json.loads(line)
        self._process.wait()

    def wait(self, timeout: float) -> bool:
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()


class _ForkedWorker(Worker):
    """A copy of the process that has imported everything."""

    def __init__(self, log: Path, environment: Mapping[str, str], cwd: Path) -> None:
        """Fork it; only a :class:`Nursery` that is ready should."""
        super().__init__(log=log)
        forking = multiprocessing.get_context("forkserver")
        self._line, far_end = forking.Pipe()
        self._process = forking.Process(
            target=_be_worker, args=(far_end, str(log), dict(environment), str(cwd)), daemon=True
        )
        self._process.start()
        far_end.close()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def code(self) -> int | None:
        return self._process.exitcode

    def send(self, task: Mapping[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._line.send(dict(task))

    def messages(self) -> Iterator[dict[str, Any]]:
        with contextlib.suppress(EOFError, OSError):
            while True:
                yield self._line.recv()
        self._process.join()

    def wait(self, timeout: float) -> bool:
        self._process.join(timeout)
        return self._process.exitcode is not None

    def close(self) -> None:
        self._line.close()


class Nursery:
    """Starts workers; forks them as soon as the process to be copied is ready.

    Parameters
    ----------
    environment : mapping
        Of the workers and their kernels.
    work : Path
        Where workers start and log.
    preload : bool
        Whether to have a process that imports everything and is then copied.
    """

    def __init__(self, environment: Mapping[str, str], work: Path, *, preload: bool) -> None:
        self._environment, self._work = environment, work
        self._ready = threading.Event()
        self._n_started = 0
        if preload and CAN_FORK:
            from multiprocessing import forkserver

            forkserver.set_forkserver_preload(["helpers.run.preload"])
            with _environment(environment):
                forkserver.ensure_running()
            threading.Thread(target=self._announce, daemon=True).start()

    def _announce(self) -> None:
        """Note when the imports are done: only then does the first copy come to life."""
        forking = multiprocessing.get_context("forkserver")
        answer, far_end = forking.Pipe(duplex=False)
        with contextlib.suppress(OSError, EOFError):
            probe = forking.Process(target=_answer, args=(far_end,), daemon=True)
            probe.start()
            far_end.close()
            if answer.recv() == 1:
                self._ready.set()
            probe.join()

    @property
    def is_ready(self) -> bool:
        """Whether workers are forked from now on."""
        return self._ready.is_set()

    def start(self) -> Worker:
        """Start a worker."""
        self._n_started += 1
        log = self._work / f"worker{self._n_started}.log"
        kind = _ForkedWorker if self.is_ready else _SpawnedWorker
        return kind(log, self._environment, self._work)


@contextlib.contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Have the fork server start in the environment of the workers.

    Two more lines: Arrow's allocator must not start a thread, which a copy would lack; and plots
    are drawn for the notebook, as a kernel would say before its own first import.
    """
    before = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update(wanted)
        os.environ.update(
            zip(
                _FOR_THE_WHOLE_LIFE,
                ("background_thread:false", "module://matplotlib_inline.backend_inline"),
                strict=True,
            )
        )
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _answer(line: Connection) -> None:
    """Tell how many threads a copy would leave behind."""
    from helpers.run.preload import n_threads

    with contextlib.suppress(OSError):  # the run has ended meanwhile; nobody wants to know
        line.send(n_threads())


def _be_worker(line: Connection, log: str, environment: dict[str, str], cwd: str) -> None:
    """Execute one notebook: what a forked worker does."""
    from helpers.run.forked_kernel import ForkedKernel, manager_of
    from helpers.run.worker import work_on

    os.setsid()
    os.chdir(cwd)
    keep = {name: os.environ[name] for name in _FOR_THE_WHOLE_LIFE}
    os.environ.clear()
    os.environ.update(environment | keep)
    with Path(log).open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    kernel = ForkedKernel(line.fileno())
    try:
        task = line.recv()
    except EOFError:
        kernel.kill()
        return
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()
    work_on(task, lambda **message: line.send(message), manager_of(kernel))
    kernel.kill()
    kernel.wait()


def _end_with(line: Connection) -> None:
    """End this process, and with it its kernel, when the other end of the line closes."""
    with contextlib.suppress(EOFError, OSError):
        line.recv()
    os.kill(os.getpid(), signal.SIGKILL)
