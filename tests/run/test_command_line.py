"""What a user of the command line meets when something is wrong: one exit code, plain words."""

import json
import shutil
import signal
import time

import pytest

from tests.run.mini import Project, fingerprints, processes_of
from tests.sources.made import EVENTS


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project in a folder with a blank in its name, with one report published."""
    made = Project(tmp_path_factory.mktemp("mini") / "my project")
    done = made.run()
    assert done.returncode == 0, done.stderr
    assert (made.reports / "q1" / "index.html").is_file()
    return made


@pytest.fixture
def untouched(project):
    """The published report must be the same, byte for byte, after the test."""
    before = fingerprints(project.reports / "q1")
    yield
    assert before
    assert fingerprints(project.reports / "q1") == before
    published = [p.name for p in project.reports.iterdir() if not p.name.startswith(".")]
    assert published == ["q1"], "something else was published"
    assert processes_of(project.mark) == []


def says(done, code, *words):
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--run-id", "../x"], "run id '../x': expected letters"),
        (["--run-id", ""], "run id '': expected letters"),
        (["--run-id", "x" * 200], "at most 64"),
        (["--run-id", "-rf"], "run id '-rf'"),
        (["--only", "99"], "--only 99: no such notebook"),
        (["-p", "n=two"], "n: expected a whole number"),
        (["-p", "N=2"], "N: no notebook has this parameter. Did you mean 'n'?"),
        (["-p", "import os=2"], "expected NAME=VALUE"),
        (["--as-of", "yesterday"], "expected a date such as"),
        (["--config", "."], "cannot read configuration"),
        (["--config", "none.yaml"], "configuration not found: none.yaml"),
    ],
)
def test_exit_2_comes_before_any_data_is_read(project, untouched, arguments, words):
    events = project.folder / "data" / "events.csv"
    events.rename(events.with_suffix(".away"))  # reading would say that it is missing
    try:
        says(project.run(*arguments), 2, words)
    finally:
        events.with_suffix(".away").rename(events)


def test_exit_2_names_the_line_of_the_configuration(project, untouched):
    text = project.config.read_text(encoding="utf-8").replace("as_of:", "as_off:")
    (project.folder / "typo.yaml").write_text(text, encoding="utf-8")
    done = project.run("--config", "typo.yaml")
    says(done, 2, "line 7: unknown key analysis.as_off. Did you mean 'as_of'?")


def test_exit_3_names_the_file_the_line_and_the_remedy(project, untouched):
    events = project.folder / "data" / "events.csv"
    events.write_bytes(EVENTS.replace("export", "caf\udce9").encode("utf-8", "surrogateescape"))
    try:
        says(project.run(), 3, "events.csv: line 4: byte 0xe9", "Declare sources.events.encoding")
    finally:
        events.write_text(EVENTS, encoding="utf-8")


def test_exit_4_says_why_the_gate_refused(project, untouched):
    done = project.run("-p", "fault=gate")
    says(done, 4, "02_feature_engineering/features: 2 accounts twice at one as-of date")


@pytest.mark.parametrize(("fault", "words"), [("disk", "No space left"), ("memory", "MemoryError")])
def test_exit_5_is_the_machine(project, untouched, fault, words):
    says(project.run("-p", f"fault={fault}"), 5, "02_feature_engineering", words)


def test_exit_5_where_reports_cannot_be_written(project, untouched):
    done = project.run("--reports", str(project.config), "--run-id", "q2")
    says(done, 5, "cannot write to", "Choose another folder with --reports")


def test_exit_1_is_a_notebook_that_failed(project, untouched):
    done = project.run("-p", "fault=raise")
    says(done, 1, "02_feature_engineering failed in cell", "KeyError", "Nothing was published")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_fault_I04_a_signal_ends_everything(project, untouched, number):
    hangs = project.reports / ".staging" / "q1" / "hangs"
    hangs.unlink(missing_ok=True)
    process = project.start("-p", "fault=hang")
    deadline = time.monotonic() + 120
    while not hangs.exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.1)
    second = project.run()
    assert second.returncode == 5
    assert f"another run of 'q1' is under way (process {process.pid}" in second.stderr
    process.send_signal(number)
    _, errors = process.communicate(timeout=15)
    assert process.returncode == 5, errors
    assert f"interrupted by signal {number.name}" in errors
    assert "Traceback" not in errors


def test_validation_misses_no_copy(project, untouched):
    run = project.folder / "elsewhere" / "q1"
    run.parent.mkdir(exist_ok=True)
    shutil.copytree(project.reports / "q1", run)
    (run / "notebooks" / "02_feature_engineering.ipynb").unlink()
    data = str(project.folder / "data")
    done = project.call("validate", str(run), "--root", str(project.folder), "--data", data)
    says(done, 1, "02_feature_engineering.ipynb: in manifest.json, but not there")
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    (run / "manifest.json").write_text(json.dumps(manifest)[:100], encoding="utf-8")
    done = project.call("validate", str(run), "--root", str(project.folder), "--data", data)
    says(done, 1, "manifest.json is damaged")
