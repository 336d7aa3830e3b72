"""Publication: whole or not at all, at every moment a process can die."""

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from helpers.errors import MachineError, ParameterError
from helpers.run import publish as publishing
from helpers.run.layout import Layout, find_root, remove_tree
from helpers.run.lock import hold_lock
from helpers.run.publish import publish, recover


def make_folder(folder: Path, version: int) -> None:
    (folder / "tables").mkdir(parents=True)
    for name in ("index.html", "manifest.json", "tables/a.parquet"):
        (folder / name).write_text(f"version {version}", encoding="utf-8")


def version_of(folder: Path) -> set[str]:
    return {path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def layout(tmp_path):
    layout = Layout(tmp_path / "reports", "q2")
    layout.prepare()
    make_folder(layout.staging, 2)
    return layout


def test_first_publication_moves_the_folder(layout):
    publish(layout)
    assert version_of(layout.published) == {"version 2"}
    assert not layout.staging.exists()


def test_publication_replaces_the_previous_report_and_drops_scratch(layout):
    make_folder(layout.published, 1)
    make_folder(layout.scratch, 0)
    publish(layout)
    assert version_of(layout.published) == {"version 2"}
    assert not layout.staging.exists()
    assert not layout.scratch.exists()


def test_without_exchange_the_old_folder_is_set_aside_first(layout, monkeypatch):
    monkeypatch.setattr(publishing, "_exchange", lambda *_: False)
    make_folder(layout.published, 1)
    publish(layout)
    assert version_of(layout.published) == {"version 2"}
    assert [path.name for path in (layout.reports / ".staging").iterdir()] == []


def die_at(layout: Layout, k: int) -> None:
    """Publish in this process, and be killed at the k-th rename."""
    calls = 0
    real = os.rename

    def rename(*paths):
        nonlocal calls
        calls += 1
        if calls == k:
            os.kill(os.getpid(), signal.SIGKILL)
        real(*paths)

    publishing._exchange = lambda *_: False
    os.rename = rename
    publish(layout)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_fault_I03_killed_between_renames_the_report_comes_back(layout, k):
    make_folder(layout.published, 1)
    child = multiprocessing.get_context("fork").Process(target=die_at, args=(layout, k))
    child.start()
    child.join(30)
    recover(layout)
    assert version_of(layout.published) in ({"version 1"}, {"version 2"})
    assert (child.exitcode == -signal.SIGKILL) == (k < 3)  # there are two renames
    recover(layout)  # a second recovery changes nothing
    assert version_of(layout.published) in ({"version 1"}, {"version 2"})


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="exchange is Linux's renameat2")
def test_a_reader_never_sees_a_mixture(tmp_path):  # I11
    layout = Layout(tmp_path / "reports", "q2")
    make_folder(layout.published, 0)
    seen: list[set[str]] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            descriptor = os.open(layout.published, os.O_RDONLY)  # resolve the folder once
            try:
                texts = set()
                for name in ("index.html", "tables/a.parquet"):
                    with os.fdopen(os.open(name, os.O_RDONLY, dir_fd=descriptor)) as file:
                        texts.add(file.read())
                seen.append(texts)
            except FileNotFoundError:
                pass  # the old folder, being deleted after the swap
            finally:
                os.close(descriptor)

    reader = threading.Thread(target=read)
    reader.start()
    for version in range(1, 30):
        layout.prepare()
        make_folder(layout.staging, version)
        publish(layout)
        assert layout.published.is_dir()
    stop.set()
    reader.join()
    assert seen
    assert all(len(texts) == 1 for texts in seen)


def test_fault_I01_a_refused_rename_leaves_the_report(layout, monkeypatch):
    make_folder(layout.published, 1)

    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(publishing, "_exchange", refuse)
    with pytest.raises(OSError, match="No space left"):
        publish(layout)
    assert version_of(layout.published) == {"version 1"}


def test_fault_I02_reports_is_a_file(tmp_path):
    (tmp_path / "reports").write_text("not a folder", encoding="utf-8")
    with pytest.raises(MachineError, match="cannot write to"):
        Layout(tmp_path / "reports", "q2").prepare()


def test_a_link_in_the_place_of_a_report_is_refused(tmp_path):  # F11
    victim = tmp_path / "victim"
    victim.mkdir()
    layout = Layout(tmp_path / "reports", "q2")
    layout.reports.mkdir()
    layout.published.symlink_to(victim)
    with pytest.raises(MachineError, match="symbolic link"):
        layout.prepare()


@pytest.mark.parametrize("run_id", ["", "..", ".hidden", "a/b", "-rf", "a b", "x" * 65, "q2\n"])
def test_a_run_id_is_a_plain_name(run_id, tmp_path):  # F10
    with pytest.raises(ParameterError, match="run id"):
        Layout(tmp_path, run_id)


def test_remove_tree_does_not_follow_links(tmp_path):
    make_folder(tmp_path / "kept", 1)
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    remove_tree(tmp_path / "link")
    assert version_of(tmp_path / "kept") == {"version 1"}
    assert not (tmp_path / "link").exists()


HOLDER = """
import sys, time
from pathlib import Path
from helpers.run.lock import hold_lock
with hold_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_fault_I09_a_second_run_is_told_who_holds_the_lock(tmp_path):
    path = tmp_path / "locks" / "q2.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        since = json.loads(path.read_text())["since"]
        message = rf"another run of 'q2' is under way \(process {holder.pid}, since {since}\)"
        with pytest.raises(MachineError, match=message), hold_lock(path):
            pass
        holder.kill()
    with hold_lock(path):  # I10: a killed holder leaves no stale lock
        assert json.loads(path.read_text())["pid"] == os.getpid()


def test_find_root_looks_upwards_and_beside_the_package(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01_data_audit.ipynb").write_text("{}", encoding="utf-8")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    assert find_root(tmp_path / "deep" / "er") == tmp_path
