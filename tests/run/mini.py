"""A project of two short notebooks around a real company on disk, for the command line itself.

The runner, the reader, the gate and the publication are the real ones; only the notebooks are
short, so that a run takes seconds. The second one has a parameter that makes it go wrong.
"""

import hashlib
import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from tests.sources.made import ACCOUNTS, EVENTS, write

__all__ = ["Project", "fingerprints", "processes_of"]

CONFIG = """\
version: 1
company: {name: Mini, currency: EUR, time_zone: UTC}
data: data
sources:
  accounts: {files: accounts.csv}
  events: {files: events.csv}
analysis: {as_of: 2024-03-03}
"""

AUDIT = (
    """\
root = ".."  # project root
run_id = "demo"  # folder under reports
config = "config.yaml"  # of the company""",
    """\
import pandas as pd

from helpers import sources
from helpers.artifacts import open_company, open_run
from helpers.contract import OUTPUTS
from helpers.report import Finding

run = open_run(root, run_id)
company, folder = open_company(run, config)
clean = run.target("01_data_audit", "events").parent
reading = sources.read_company(company, folder, clean, as_of=company.analysis.as_of)
run.save_config(company.with_as_of(reading.as_of))""",
    """\
run.write("01_data_audit", "reconciliation", reading.reconciliation)
issues = pd.DataFrame(columns=OUTPUTS["01_data_audit"]["issues"])
_ = run.write("01_data_audit", "issues", issues)""",
    """\
rows = reading.reconciliation["rows_in"].sum()
Finding(stage="01_data_audit", headline="{n} rows", values={"n": int(rows)}).save(run)""",
    'run.done("01_data_audit")',
)

FEATURES = (
    """\
root = ".."  # project root
run_id = "demo"  # folder under reports
fault = ""  # what is to go wrong
n = 1  # any number: another one makes the result another""",
    """\
import time
from pathlib import Path

import pandas as pd

from helpers.artifacts import open_run
from helpers.contract import OUTPUTS
from helpers.report import Finding

run = open_run(root, run_id)
accounts = run.read("01_data_audit", "accounts", ["account_id"])
as_of = pd.Timestamp(run.config().as_of)""",
    """\
if fault == "raise":
    raise KeyError("a column that is not there")
if fault == "disk":
    raise OSError(28, "No space left on device")
if fault == "memory":
    raise MemoryError
if fault == "hang":
    Path(run.stage, "hangs").touch()
    time.sleep(600)""",
    """\
features = accounts.assign(as_of=as_of, n=n)
if fault == "gate":
    features = pd.concat([features, features])
run.write("02_feature_engineering", "features", features)
for table in ("labels", "dictionary"):
    columns = OUTPUTS["02_feature_engineering"][table]
    run.write("02_feature_engineering", table, pd.DataFrame(columns=columns))""",
    """\
stage = "02_feature_engineering"
Finding(stage=stage, headline="{n} features", values={"n": n}).save(run)
print("features:", n)""",
    "time.sleep(0.5)",
    'run.done("02_feature_engineering")',
)


@dataclass
class Project:
    """The folder, and the command line started in it."""

    folder: Path
    mark: str = field(default_factory=lambda: f"mini-{uuid.uuid4()}")

    def __post_init__(self) -> None:
        write(self.folder / "data", accounts_csv=ACCOUNTS, events_csv=EVENTS)
        self.config.write_text(CONFIG, encoding="utf-8")
        (self.folder / "notebooks").mkdir()
        self.notebook("01_data_audit", AUDIT)
        self.notebook("02_feature_engineering", FEATURES)

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    def notebook(self, name: str, cells: tuple[str, ...]) -> None:
        """Write a notebook whose first cell holds the parameters."""
        made = nbformat.v4.new_notebook(
            metadata={
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
            }
        )
        made.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
        made.cells[0].metadata["tags"] = ["parameters"]
        nbformat.write(made, self.folder / "notebooks" / f"{name}.ipynb")

    def environment(self, **more: str) -> dict[str, str]:
        return {**os.environ, "PLAYBOOK_TEST_MARK": self.mark, **more}

    def start(self, *arguments: str, **more: str) -> "subprocess.Popen[str]":
        """Start `playbook run` with these further arguments."""
        return subprocess.Popen(
            [sys.executable, "-m", "helpers", *self.run_arguments(*arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd=self.folder,
            env=self.environment(**more),
        )

    def run_arguments(self, *arguments: str) -> list[str]:
        given = [] if "--config" in arguments else ["--config", str(self.config)]
        given += [] if "--run-id" in arguments else ["--run-id", "q1"]
        return ["run", "--root", str(self.folder), "--only", "02", *given, *arguments]

    def run(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run it to its end."""
        with self.start(*arguments, **more) as process:
            out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def call(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run another command of the playbook to its end."""
        return subprocess.run(
            [sys.executable, "-m", "helpers", *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=self.folder,
            env=self.environment(**more),
            timeout=300,
            check=False,
        )


def fingerprints(folder: Path) -> dict[str, str]:
    """Every file below a folder with its digest."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def processes_of(mark: str, within_s: float = 10.0) -> list[int]:
    """Processes that carry the mark in their environment and are still there after a while."""
    deadline = time.monotonic() + within_s
    while (left := _marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


def _marked(mark: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            state = (path / "stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z" and mark.encode() in (path / "environ").read_bytes():
                found.append(int(path.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]
