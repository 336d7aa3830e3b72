"""The contestants of the benchmark compute the same, so that their times may be compared."""

import json

import pandas as pd
import pytest

from benchmarks import contestants, features
from benchmarks.by_pandas import SUBSET
from benchmarks.logs import open_log, write_log
from helpers.sources.demo.settings import END

DATES = [pd.Timestamp(END), pd.Timestamp(END) - pd.Timedelta(days=60)]


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    folder = tmp_path_factory.mktemp("log")
    assert write_log(folder, 1) > 50_000  # fifty accounts, the fewest there may be
    return open_log(folder)


@pytest.fixture(scope="module")
def ours(log):
    return contestants.CONTESTANTS["ours"](log, DATES)


@pytest.mark.parametrize("name", ["pandas", "polars"])
def test_what_others_compute_is_what_we_compute(log, ours, name):
    pytest.importorskip(name)
    other = contestants.CONTESTANTS[name](log, DATES)
    assert len(SUBSET) == 31
    assert features.compare(ours, other) == []
    wrong = other.assign(hours__sum_60d=other["hours__sum_60d"] + 1)
    assert "hours__sum_60d" in features.compare(ours, wrong)[0]


def test_a_contestant_tells_time_processor_and_memory(log, tmp_path, monkeypatch, capsys):
    dates = [f"{date:%Y-%m-%d}" for date in DATES]
    command = ["contestants", "group_bys", str(log.stage), str(tmp_path / "out.parquet"), *dates]
    monkeypatch.setattr("sys.argv", command)
    contestants.main()
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"wall", "cpu", "peak_gb"}
    assert all(value > 0 for value in told.values())
