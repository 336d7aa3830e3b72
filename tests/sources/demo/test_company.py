import gzip
import hashlib
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from helpers.errors import ConfigError
from helpers.sources.demo import company, write_company
from helpers.sources.demo.company import MARKER
from tests.sources.demo.conftest import SMALL, Written

FILES = [
    "billing/invoices.csv",
    "billing/subscriptions.csv",
    "crm/accounts.csv",
    "cs/calendar.csv",
    "cs/feedback.csv",
    "cs/interventions.csv",
    "cs/outcomes.csv",
    "cs/touchpoints.csv",
    "market/external_signals.csv",
    "marketing/messages.parquet",
    "product/events/_manifest.json",
    "product/events/part-00000.parquet",
    "product/feature_catalogue.csv",
    "product/usage_levels.parquet",
    "product/users.csv.gz",
    "support/tickets.jsonl",
    "survey/surveys.csv",
]


def prints(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_all_sources_are_written(small: Written) -> None:
    # D-01
    assert set(FILES) <= set(prints(small.folder))
    assert all((small.folder / name).stat().st_size > 60 for name in FILES)


def test_the_same_arguments_give_the_same_bytes_whatever_the_threads(
    small: Written, tmp_path: Path
) -> None:
    script = (
        "import sys, pathlib; from helpers.sources.demo import write_company; "
        f"write_company(pathlib.Path(sys.argv[1]), **{SMALL})"
    )
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    environment = {**os.environ, **threads, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "again")], check=True, env=environment
    )
    assert prints(tmp_path / "again") == prints(small.folder)


def test_another_seed_is_another_company(small: Written, tmp_path: Path) -> None:
    write_company(tmp_path / "other", **{**SMALL, "accounts": 50, "seed": 1})
    write_company(tmp_path / "more", **{**SMALL, "accounts": 50, "seed": 2})
    one, two = prints(tmp_path / "other"), prints(tmp_path / "more")
    assert one.keys() == two.keys()
    same = [name for name in one if one[name] == two[name]]
    assert same == ["product/feature_catalogue.csv", "truth/churn_drivers.json"]


def test_manifest_lists_every_part_as_it_is(small: Written) -> None:
    # fault A32: a part that is missing or half delivered must be noticed
    folder = small.folder / "product/events"
    entries = json.loads((folder / "_manifest.json").read_text())["files"]
    assert [e["name"] for e in entries] == sorted(p.name for p in folder.glob("part-*.parquet"))
    for entry in entries:
        path = folder / entry["name"]
        assert entry["rows"] == pq.read_metadata(path).num_rows
        assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_summary_and_progress(tmp_path: Path) -> None:
    seen: list[str] = []
    summary = write_company(tmp_path / "demo", accounts=210, months=6, progress=seen.append)
    assert seen == [
        "portion 1/3 · 100 of 210 accounts",
        "portion 2/3 · 200 of 210 accounts",
        "portion 3/3 · 210 of 210 accounts",
    ]
    assert "210 accounts" in str(summary)
    assert (summary.accounts, summary.first_day, summary.as_of) == (210, "2026-01-01", "2026-07-01")
    rows = sum(
        pq.read_metadata(p).num_rows for p in (tmp_path / "demo").glob("product/events/*.pa*")
    )
    assert summary.events == rows > 10_000
    assert summary.folder == tmp_path / "demo"
    users = gzip.decompress((tmp_path / "demo/product/users.csv.gz").read_bytes())
    assert users.count(b"\n") == summary.users + 1


@pytest.mark.parametrize(
    ("given", "words"),
    [({"accounts": 10}, "accounts between 50"), ({"months": 3}, "months between 6")],
)
def test_silly_values_are_refused_before_anything_is_written(
    tmp_path: Path, given: dict[str, int], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        write_company(tmp_path / "demo", **given)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("keep")
    with pytest.raises(ConfigError, match=f"no {MARKER}: it is not an earlier demo"):
        write_company(tmp_path / "mine", accounts=50, months=6)
    assert (tmp_path / "mine/notes.txt").read_text() == "keep"
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="is a file"):
        write_company(tmp_path / "file", accounts=50, months=6)


def test_an_earlier_demo_is_replaced_as_a_whole(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    out.mkdir()
    write_company(out, accounts=50, months=6)
    (out / "crm/left_over.csv").write_text("old")
    first = prints(out)
    write_company(out, accounts=60, months=6)
    assert "crm/left_over.csv" not in prints(out)
    assert prints(out)["crm/accounts.csv"] != first["crm/accounts.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_a_failure_half_way_leaves_the_earlier_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "demo"
    write_company(out, accounts=120, months=6)
    before = prints(out)

    def stop(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_company(out, accounts=150, months=6, progress=stop)
    assert prints(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(company, "write_json", full)
    with pytest.raises(OSError, match="No space"):
        write_company(out, accounts=150, months=6)
    assert prints(out) == before


def test_memory_does_not_grow_with_the_number_of_accounts(tmp_path: Path) -> None:
    """Events of one portion are held, not of all: three portions more, little memory more."""
    peaks, events = [], []
    for accounts in (250, 600):
        tracemalloc.start()
        summary = write_company(tmp_path / f"d{accounts}", accounts=accounts, months=6)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        events.append(summary.events)
    assert events[1] > 2.2 * events[0]
    assert peaks[1] < 1.5 * peaks[0]


def test_parquet_holds_no_time_of_writing(small: Written) -> None:
    for path in sorted(small.folder.rglob("*.parquet")):
        assert pq.read_metadata(path).metadata in (None, {})
    assert np.frombuffer((small.folder / "product/users.csv.gz").read_bytes()[4:8], "<u4")[0] == 0
