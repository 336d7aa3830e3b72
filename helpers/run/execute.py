"""From a configuration to a published report: the order of things, and what a failure does."""

import datetime as dt
import json
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.artifacts import (
    BASE_VARIABLE,
    CONFIG_VARIABLE,
    DATA_VARIABLE,
    DOING_VARIABLE,
    KEPT,
    ROOT_VARIABLE,
    STAGE_VARIABLE,
    Run,
    to_json,
)
from helpers.config import CompanyConfig, data_folder, load_config
from helpers.delivery import check_channels, deliver
from helpers.engine.opening import check_engine
from helpers.errors import MachineError, ParameterError, PlaybookError
from helpers.run.finish import finish
from helpers.run.layout import Layout, remove_tree
from helpers.run.lock import hold_lock, hold_outbox
from helpers.run.plan import Plan, Step, make_plan
from helpers.run.publish import publish, recover
from helpers.run.schedule import Outcome, Progress, Scheduler
from helpers.run.staging import finished_steps, forget_step, mark_finished, recorded_durations
from helpers.run.workers import CAN_FORK
from helpers.sources import check_files, find_as_of

__all__ = ["RunOptions", "kernel_environment", "run_company"]

WORTH_PRELOADING = 3
"""Notebooks from which importing everything once costs less than importing it for each."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What the command line asks for."""

    root: Path
    config: Path
    data: Path | None = None
    as_of: str | None = None
    run_id: str | None = None
    only: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reports: Path | None = None
    fresh: bool = False
    cell_timeout_s: int = 1800
    n_workers: int = 2
    preload: bool = CAN_FORK
    say: Callable[[str], None] = print
    on_progress: Callable[[Progress], None] | None = None


def run_company(options: RunOptions) -> Path:
    """Execute the notebooks and publish the report.

    Parameters
    ----------
    options : RunOptions
        See the command line's help.

    Returns
    -------
    Path
        The published ``index.html``.

    Raises
    ------
    PlaybookError
        With the exit code of the command line; the previous report is then untouched.
    """
    config = _with_as_of(load_config(options.config), options.as_of)
    _check_measures(config, options.parameters)
    data = data_folder(options.config, config, options.data)
    make_plan(
        options.root / "notebooks",
        config,
        run_id="check",
        config_name=options.config.name,
        given=options.parameters,
        only=options.only,
    )
    try:
        with _signals_become_errors():
            return _run(options, config, data)
    except OSError as error:
        where = _relative(error, options.root)
        raise MachineError(f"{error.strerror or error}: {where}".rstrip(": ")) from error


def _run(options: RunOptions, config: CompanyConfig, data: Path) -> Path:
    check_engine(config.engine)
    check_channels(config.delivery)
    inputs = check_files(config, data, config_path=options.config)
    reports = (options.reports or options.root / "reports").resolve()
    if config.analysis.as_of is None:
        config = config.with_as_of(find_as_of(config, data, kept_folder=reports / KEPT))
    run_id = options.run_id or str(config.as_of)
    layout = Layout(reports, run_id)
    layout.prepare()
    with hold_lock(layout.lock):
        recover(layout)
        plan = make_plan(
            options.root / "notebooks",
            config,
            run_id=run_id,
            config_name=options.config.name,
            given=options.parameters,
            only=options.only,
            inputs=inputs,
        )
        if not options.fresh and _is_published(layout, plan):
            remove_tree(layout.staging)
            options.say(f"{run_id}: nothing has changed, already published")
        else:
            _stage_and_publish(options, config, data, layout, plan)
    _deliver(options, config, layout)
    return layout.published / "index.html"


def _deliver(options: RunOptions, config: CompanyConfig, layout: Layout) -> None:
    """Send what the published run has to tell; one process at a time for all runs."""
    if not config.delivery.send:
        return
    with hold_outbox(layout.reports):
        deliver(layout.published, config, say=options.say)


def _stage_and_publish(
    options: RunOptions, config: CompanyConfig, data: Path, layout: Layout, plan: Plan
) -> None:
    stage = layout.staging
    if options.fresh:
        remove_tree(stage)
    _write_state(layout, options.config, data)
    finished = finished_steps(stage, plan)
    for name in finished:
        options.say(f"{name}: unchanged since the last attempt, reused")
    for step in plan.steps:
        if step.name not in finished:
            forget_step(stage, step.name)
    durations = recorded_durations(stage)
    with tempfile.TemporaryDirectory(prefix="playbook-") as scratch:
        settings = Path(scratch, "config.json")
        settings.write_text(to_json(config.model_dump(mode="json", by_alias=True)), "utf-8")
        environment = kernel_environment(options.root, Path(scratch), layout.reports)
        environment |= {STAGE_VARIABLE: str(stage), DATA_VARIABLE: str(data)}
        environment |= {CONFIG_VARIABLE: str(settings), DOING_VARIABLE: str(Path(scratch, "doing"))}
        scheduler = Scheduler(
            work=Path(scratch),
            environment=environment,
            task_of=lambda step: _task(step, plan, stage, Path(scratch), config, options),
            on_progress=options.on_progress or (lambda _: None),
            n_workers=options.n_workers,
            preload=options.preload and len(plan.steps) - len(finished) >= WORTH_PRELOADING,
        )

        def on_done(outcome: Outcome) -> None:
            durations[outcome.step.name] = round(outcome.seconds, 1)
            mark_finished(stage, outcome.step.name, plan.digests[outcome.step.name], durations)
            options.say(f"{outcome.step.name}: done in {outcome.seconds:.0f} s")

        try:
            scheduler.run(plan, finished, on_done)
        except PlaybookError as error:
            raise _keep_failed(error, layout, plan) from None
    began = time.monotonic()
    finish(Run(options.root, layout.run_id, stage), config, plan, data, durations)
    publish(layout)
    options.say(f"published in {time.monotonic() - began:.0f} s")


def _with_as_of(config: CompanyConfig, as_of: str | None) -> CompanyConfig:
    if not as_of:
        return config
    try:
        return config.with_as_of(dt.date.fromisoformat(as_of))
    except ValueError:
        raise ParameterError(f"--as-of {as_of!r}: expected a date such as 2026-07-01.") from None


def _check_measures(config: CompanyConfig, given: Mapping[str, Any]) -> None:
    """Refuse a measure that no feature is named like; other windows have other names."""
    names = [name for source in config.sources.get("measures", []) for name in source.unpivot]
    if names and "windows_days" not in {*given, *config.parameters}:
        from helpers.features.measures import check_names
        from helpers.features.registry import all_features

        check_names(names, all_features(config.analysis.windows_days))


def _task(
    step: Step,
    plan: Plan,
    stage: Path,
    scratch: Path,
    config: CompanyConfig,
    options: RunOptions,
) -> dict[str, Any]:
    work = scratch / step.name
    work.mkdir(exist_ok=True)
    return {
        "notebook": str(step.path),
        "output": str(stage / "notebooks" / f"{step.name}.ipynb"),
        "html": str(stage / f"{step.name}.html"),
        "sentinel": str(stage / "done" / f"{step.name}.json"),
        "parameters": step.values,
        "cwd": str(work),
        "timeout_s": options.cell_timeout_s,
        "n_cells": step.n_cells,
        "page": {
            "company": config.company.name,
            "as_of": str(config.as_of),
            "run_id": step.values["run_id"],
            "pages": [other.name for other in plan.steps],
        },
    }


def kernel_environment(root: Path, scratch: Path, reports: Path) -> dict[str, str]:
    """Return the environment of a kernel: UTF-8, one thread in BLAS, no start-up files of others.

    ``PYTHONSAFEPATH`` keeps a file named like a library from being imported in its place.
    """
    cache = reports / ".state" / "matplotlib"
    cache.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ)
    for name in (STAGE_VARIABLE, BASE_VARIABLE, "PYTHONSTARTUP", "PYTHONPATH"):
        environment.pop(name, None)
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return environment | {
        ROOT_VARIABLE: str(root),
        "PYTHONSAFEPATH": "1",
        "PYTHONUTF8": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONIOENCODING": "utf-8",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_CONFIG_DIR": str(scratch / "jupyter-config"),
        "JUPYTER_DATA_DIR": str(scratch / "jupyter-data"),
        "JUPYTER_RUNTIME_DIR": str(scratch / "jupyter-runtime"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "MPLCONFIGDIR": str(cache),
        **dict.fromkeys(threads, "1"),
    }


def _is_published(layout: Layout, plan: Plan) -> bool:
    manifest = layout.published / "manifest.json"
    if not manifest.is_file():
        return False
    try:
        recorded = json.loads(manifest.read_text(encoding="utf-8"))["digests"]
    except (ValueError, KeyError):
        return False
    return recorded == plan.digests


def _keep_failed(error: PlaybookError, layout: Layout, plan: Plan) -> PlaybookError:
    """Set the executed copy with its traceback aside and say where it is."""
    name = next((step.name for step in plan.steps if str(error).startswith(step.name)), None)
    copy = layout.staging / "notebooks" / f"{name}.ipynb"
    if name is None or not copy.is_file():
        return error
    layout.failed.mkdir(parents=True, exist_ok=True)
    kept = layout.failed / copy.name
    copy.replace(kept)
    shown = os.path.relpath(kept, layout.reports.parent)
    return type(error)(
        f"{error}\nNothing was published. The executed copy with its traceback is {shown}"
    )


def _write_state(layout: Layout, config: Path, data: Path) -> None:
    facts = {"config": str(config.resolve()), "data": str(data)}
    layout.state.write_text(to_json(facts), encoding="utf-8")


def _relative(error: OSError, root: Path) -> str:
    name = error.filename
    return os.path.relpath(name, root) if isinstance(name, str | os.PathLike) else ""


@contextmanager
def _signals_become_errors() -> Iterator[None]:
    """Let Ctrl-C and a scheduler's SIGTERM end the workers and release the lock."""

    def interrupt(number: int, _frame: object) -> None:
        raise MachineError(
            f"interrupted by signal {signal.Signals(number).name}; the previous report is "
            "untouched, and the next call takes up what was finished."
        )

    handled = (signal.SIGINT, signal.SIGTERM)
    try:
        before = {number: signal.signal(number, interrupt) for number in handled}
    except ValueError:  # not in the main thread: the caller decides about signals
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
