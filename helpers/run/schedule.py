"""Run the steps of a plan in worker processes: in order of need, two at a time, with progress."""

import queue
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.artifacts import DOING_VARIABLE
from helpers.errors import MachineError, NotebookError, PlaybookError, exit_code_of
from helpers.run.plan import Plan, Step
from helpers.run.workers import Nursery, Worker

__all__ = ["Outcome", "Progress", "Scheduler"]

GRACE_S = 8.0
TICK_S = 0.5


@dataclass(frozen=True)
class Progress:
    """How far a run is; what the terminal line shows."""

    notebook: int
    n_notebooks: int
    name: str
    cell: int
    n_cells: int
    seconds: float
    doing: str = ""

    def __str__(self) -> str:
        clock = f"{int(self.seconds) // 60:02d}:{int(self.seconds) % 60:02d}"
        return (
            f"notebook {self.notebook}/{self.n_notebooks} · {self.name} · "
            f"cell {self.cell}/{self.n_cells} · {clock}{f' · {self.doing}' if self.doing else ''}"
        )


@dataclass
class Outcome:
    """What one worker reported."""

    step: Step
    result: dict[str, Any]
    seconds: float


@dataclass
class Scheduler:
    """Executes steps in processes that were started ahead of time.

    Parameters
    ----------
    work : Path
        Folder for logs and scratch files of the workers.
    environment : mapping
        Environment of the workers and of their kernels.
    task_of : callable
        Gives the worker's task for a step.
    on_progress : callable
        Receives a :class:`Progress` at each cell.
    n_workers : int
        Notebooks at a time.
    preload : bool
        Fork workers from a process that has imported everything, where the system can.
    """

    work: Path
    environment: Mapping[str, str]
    task_of: Callable[[Step], dict[str, Any]]
    on_progress: Callable[[Progress], None]
    n_workers: int = 2
    preload: bool = False
    _messages: "queue.Queue[tuple[Worker, dict[str, Any] | None]]" = field(
        default_factory=queue.Queue
    )
    _spare: list[Worker] = field(default_factory=list)
    _running: list[Worker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._nursery = Nursery(self.environment, self.work, preload=self.preload)

    def run(
        self, plan: Plan, finished: set[str], on_done: Callable[[Outcome], None]
    ) -> list[Outcome]:
        """Run every step that is not in ``finished``; stop all at the first failure.

        Raises
        ------
        NotebookError
            A cell raised, or the notebook ended early.
        MachineError
            A kernel died, a cell took too long, memory or disk ran out.
        PlaybookError
            What a notebook raised of our own errors, with its own exit code.
        """
        began = time.monotonic()
        todo = [step for step in plan.steps if step.name not in finished]
        done = set(finished)
        outcomes: list[Outcome] = []
        try:
            while todo or self._running:
                self._start_ready(todo, done)
                self._keep_spare(len(todo))
                worker, message = self._next_message()
                if worker is None:
                    for running in self._running[:1]:  # a long cell: its clock goes on
                        self.on_progress(self._progress(running, plan, done, began))
                    continue
                if message is not None and "cell" in message:
                    worker.cell = int(message["cell"])
                    self._forget_doing()
                    self.on_progress(self._progress(worker, plan, done, began))
                elif message is not None and "result" in message:
                    worker.result = message["result"]
                elif message is None and worker in self._running:
                    outcome = self._collect(worker)
                    _raise_if_bad(outcome, worker.log)
                    done.add(outcome.step.name)
                    outcomes.append(outcome)
                    on_done(outcome)
        finally:
            self._end_all()
        return outcomes

    def _start_ready(self, todo: list[Step], done: set[str]) -> None:
        for step in list(todo):
            if len(self._running) >= self.n_workers:
                return
            if set(step.needs) <= done:
                todo.remove(step)
                worker = self._spare.pop() if self._spare else self._start()
                worker.step, worker.started = step, time.monotonic()
                self._running.append(worker)
                worker.send(self.task_of(step))

    def _keep_spare(self, n_todo: int) -> None:
        """Have one worker import things ahead of time, unless a process to copy does that."""
        if n_todo and not self._spare and not self.preload:
            self._spare.append(self._start())

    def _start(self) -> Worker:
        worker = self._nursery.start()
        worker.listener = threading.Thread(target=self._listen, args=(worker,), daemon=True)
        worker.listener.start()
        return worker

    def _listen(self, worker: Worker) -> None:
        for message in worker.messages():
            self._messages.put((worker, message))
        self._messages.put((worker, None))

    def _next_message(self) -> tuple[Worker | None, dict[str, Any] | None]:
        try:
            worker, message = self._messages.get(timeout=TICK_S)
        except queue.Empty:
            return None, None
        if message is None and worker in self._spare:
            self._spare.remove(worker)
            raise MachineError(f"a worker process died at its start:\n{_tail(worker.log)}")
        return worker, message

    def _progress(self, worker: Worker, plan: Plan, done: set[str], began: float) -> Progress:
        assert worker.step is not None
        names = [step.name for step in plan.steps]
        number = min(len(done) + 1 + self._running.index(worker), len(names))
        seconds = time.monotonic() - began
        step, doing = worker.step, self._doing()
        return Progress(number, len(names), step.name, worker.cell, step.n_cells, seconds, doing)

    def _doing(self) -> str:
        """Return what a kernel says its long step is at."""
        told = self.environment.get(DOING_VARIABLE)
        try:
            return Path(told).read_text(encoding="utf-8")[:60] if told else ""
        except OSError:
            return ""

    def _forget_doing(self) -> None:
        told = self.environment.get(DOING_VARIABLE)
        if told:
            Path(told).unlink(missing_ok=True)

    def _collect(self, worker: Worker) -> Outcome:
        self._running.remove(worker)
        worker.close()
        assert worker.step is not None
        code = worker.code
        result = worker.result or {
            "status": "dead" if code is not None and code < 0 else "crashed",
            "message": f"its process ended with code {code}",
        }
        return Outcome(worker.step, result, time.monotonic() - worker.started)

    def _end_all(self) -> None:
        """End every process; a worker ends its kernel when its own input closes."""
        workers = [*self._running, *self._spare]
        for worker in workers:
            worker.signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_S
        for worker in workers:
            if not worker.wait(max(0.1, deadline - time.monotonic())):
                worker.signal(signal.SIGKILL)
                worker.wait(GRACE_S)
            worker.close()
            worker.listener.join(GRACE_S)
        self._running.clear()
        self._spare.clear()


_ADVICE = {
    "timeout": "Raise --cell-timeout, or give the notebook less data.",
    "dead": "The kernel was killed, most often for want of memory.",
    "machine": "Nothing was published; mend it and call again, finished notebooks are reused.",
}


def _raise_if_bad(outcome: Outcome, log: Path) -> None:
    result, name = outcome.result, outcome.step.name
    status, message = result["status"], result.get("message", "")
    if status == "ok":
        return
    if status == "crashed":
        raise NotebookError(f"{name}: {message}:\n{_tail(log, n_lines=30)}")
    if status in _ADVICE:
        advice = _ADVICE[status]
        raise MachineError(f"{name}: {message}. {advice}\n{_tail(log)}".rstrip())
    if status == "incomplete":
        raise NotebookError(f"{name} ended before its last cell: {message}.")
    code = exit_code_of(result["error"], message)
    if code is None:
        raise NotebookError(f"{name} failed in cell {result['cell']}: {result['error']}: {message}")
    known = {cls.exit_code: cls for cls in _direct_children()}
    raise known.get(code, PlaybookError)(f"{name}: {message or result['error']}")


def _direct_children() -> list[type[PlaybookError]]:
    return list(PlaybookError.__subclasses__())


def _tail(log: Path, n_lines: int = 3) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-n_lines:])
