"""The contestants of the benchmark compute the same, so that their times may be compared."""

import json

import pandas as pd
import pytest

from benchmarks import contestants, features
from benchmarks.by_pandas import SUBSET
from benchmarks.logs import open_log, write_log
from helpers.engine import open_engine, stage
from helpers.errors import ParameterError
from helpers.features import build_features
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


def test_a_part_of_the_table_is_that_part_of_the_whole(log, ours):
    part = contestants.CONTESTANTS["ours_31"](log, DATES)
    assert set(part.columns) == {"account_id", "as_of", *SUBSET}
    pd.testing.assert_frame_equal(part, ours[list(part.columns)], check_exact=True)


@pytest.mark.parametrize("name", ["no_such_feature", "mau_30d"])  # the second one is hidden
def test_a_part_is_asked_for_by_the_names_of_features(log, name):
    config = log.config()
    with open_engine(log) as engine:
        history = stage(engine, config)
        with pytest.raises(ParameterError, match=f"expected names of features, got .'{name}'"):
            build_features(engine, DATES, config=config, history=history, only=[name])


def test_a_contestant_tells_time_processor_and_memory(log, tmp_path, monkeypatch, capsys):
    dates = [f"{date:%Y-%m-%d}" for date in DATES]
    command = ["contestants", "group_bys", str(log.stage), str(tmp_path / "out.parquet"), *dates]
    monkeypatch.setattr("sys.argv", command)
    contestants.main()
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"wall", "cpu", "peak_gb"}
    assert all(value > 0 for value in told.values())
