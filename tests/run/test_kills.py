"""Kill -9 at random moments: the report stays whole, nothing is left running, a retry completes."""

import random
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.run.mini import Project, fingerprints, processes_of

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")
N_KILLS = 6


def value_in(report: Path) -> int:
    table = report / "tables" / "02_feature_engineering" / "features.parquet"
    return int(pd.read_parquet(table)["n"].iloc[0])


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = Project(tmp_path_factory.mktemp("kills") / "mini")
    assert made.run("-p", "n=100").returncode == 0
    return made


def test_fault_I03_killed_at_random_moments(project):
    rng = random.Random(20260701)
    seconds = _timed(project, 101)
    report, published, n_killed = project.reports / "q1", 101, 0
    for n in range(2 * N_KILLS):
        before = fingerprints(report)
        began = time.monotonic()
        process = project.start("-p", f"n={n}")
        try:
            process.communicate(timeout=rng.uniform(0.02, 1.0) * seconds)
            seconds = min(seconds, time.monotonic() - began)  # it was over before the kill
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        n_killed += process.returncode == -9

        assert processes_of(project.mark, within_s=30) == [], "something outlived the runner"
        visible = [path.name for path in project.reports.iterdir() if path.name[0] != "."]
        assert visible == ["q1"], "a half-published folder"
        if fingerprints(report) == before:
            assert value_in(report) == published
        else:  # it had just been published, whole
            assert value_in(report) == n
        published = _completed(project, n) if n % 4 == 3 else value_in(report)
        if n_killed == N_KILLS:
            break
    assert n_killed == N_KILLS, "most kills came too late to say anything"
    listed = project.call("status", "--reports", str(project.reports))
    assert listed.returncode == 0
    assert "damaged" not in listed.stdout


def _timed(project: Project, n: int) -> float:
    """Return the seconds of a whole run with its program files in memory."""
    began = time.monotonic()
    assert project.run("-p", f"n={n}").returncode == 0
    return time.monotonic() - began


def _completed(project: Project, n: int) -> int:
    """Call again: it publishes, and takes up what was finished."""
    stage = project.reports / ".staging" / "q1"
    first = stage / "state.json"
    finished = first.is_file() and "01_data_audit" in first.read_text(encoding="utf-8")
    done = project.run("-p", f"n={n}")
    assert done.returncode == 0, done.stderr
    assert value_in(project.reports / "q1") == n
    assert not stage.exists()
    published_already = "already published" in done.stderr
    assert ("01_data_audit: unchanged" in done.stderr) == finished or published_already
    return n


def test_fault_I03_what_was_finished_is_reused(project):
    stage = project.reports / ".staging" / "q1"
    process = project.start("-p", "n=77", "-p", "fault=hang")
    deadline = time.monotonic() + 120
    while not (stage / "hangs").exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.kill()
    process.communicate()
    assert processes_of(project.mark, within_s=30) == []

    done = project.run("-p", "n=77")

    assert done.returncode == 0, done.stderr
    assert "01_data_audit: unchanged since the last attempt, reused" in done.stderr
    assert value_in(project.reports / "q1") == 77
    again = project.run("-p", "n=77")
    assert "nothing has changed, already published" in again.stderr
