"""DuckDB, PostgreSQL and Spark give the same tables, to 1e-9 relative and missing values included.

The servers are real: a PostgreSQL server of this test's own, a Spark master with two workers.
"""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from helpers.engine import Engine
from helpers.engine.opening import open_remote
from tests.company import AS_OF, make_config
from tests.engine.same import answers, assert_same, awkward_tables, on, run_of
from tests.features.other_future import other_future

DATES = [AS_OF - pd.Timedelta(days=days) for days in (0, 47, 130)]
WEEKS = 24


@pytest.fixture(scope="module", params=["postgres", "spark"])
def settings(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def by_duckdb(tmp_path_factory):
    folder = tmp_path_factory.mktemp("duckdb")
    return answers(run_of(folder, awkward_tables(WEEKS), make_config()), DATES)


@pytest.fixture(scope="module")
def by_engine(settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp(settings.kind)
    return answers(run_of(folder, awkward_tables(WEEKS), on(make_config(), settings)), DATES)


def test_an_engine_gives_the_tables_of_duckdb(by_engine, by_duckdb):
    assert_same(by_engine, by_duckdb)
    values = by_duckdb["features"].drop(columns=["account_id", "as_of"])
    assert values.notna().any().mean() > 0.9, "most features have a value somewhere"
    assert values.isna().any().mean() > 0.3, "many features have a missing value somewhere"


def test_fault_E11_nothing_after_the_cutoff_changes_a_feature(settings, by_engine, tmp_path):
    tables = other_future(awkward_tables(WEEKS), DATES[1], 7, "replace")
    run = run_of(tmp_path, tables, on(make_config(), settings))
    found = answers(run, DATES[1:], features_only=True)["features"]
    expected = by_engine["features"]
    past = expected[expected["as_of"] < DATES[0]].reset_index(drop=True)
    assert len(found) > 5
    assert_frame_equal(found, past, check_exact=True)


def test_an_engine_keeps_and_forgets_tables_by_name(settings, tmp_path):
    frame = pd.DataFrame({"x": [3, 1, 2], "text": ["", 'a "b",\n;', None]}).convert_dtypes()
    frame.to_parquet(tmp_path / "it's one.parquet")
    with open_remote(settings) as engine:
        assert isinstance(engine, Engine)
        engine.view("numbers", tmp_path / "it's one.parquet")
        engine.table("doubled", "SELECT 2 * x AS x, text FROM numbers")
        engine.table("doubled", "SELECT 2 * x AS x, text FROM doubled")
        engine.insert("more", frame)
        found = engine.frame("SELECT d.x, m.text FROM doubled d JOIN more m ON 4 * m.x = d.x "
                             "ORDER BY d.x")  # fmt: skip
        assert found["x"].tolist() == [4, 8, 12]
        assert found["text"].tolist()[:1] + found["text"].tolist()[2:] == ['a "b",\n;', ""]
        assert found["text"].isna().tolist() == [False, True, False]
        assert engine.value("SELECT SUM(x) FROM doubled") == 24
        assert engine.value("SELECT x FROM doubled WHERE x > 99") is None
        assert len(engine.frame("SELECT x FROM doubled WHERE x > 99")) == 0
        engine.write("SELECT x FROM doubled ORDER BY x", tmp_path / "out.parquet")
        assert engine.names == ["numbers", "doubled", "more"]
        engine.drop("doubled")
        assert not engine.has("doubled")
    assert pd.read_parquet(tmp_path / "out.parquet")["x"].tolist() == [4, 8, 12]


def test_an_engine_takes_the_words_of_the_house(settings):
    moments = pd.to_datetime(["1969-12-31 23:59:59.999999", "2026-07-01 12:00:00.000001"])
    frame = pd.DataFrame({"at": moments.tz_localize("UTC"), "plain": moments}).astype(
        {"at": "datetime64[us, UTC]", "plain": "datetime64[us]"}
    )
    with open_remote(settings) as engine:
        engine.insert("moments", frame)
        found = engine.frame(
            "SELECT EPOCH_US(at) AS us, EPOCH_US((plain)) AS plain_us, "
            "CAST(FLOOR(CAST(EPOCH_US(at) AS DOUBLE) / 86400000000) AS INTEGER) AS day, "
            "CAST(NULL AS VARCHAR) AS nothing, CAST(2 AS DOUBLE) / 4 AS half "
            "FROM moments ORDER BY us"
        )
    assert found["us"].tolist() == [-1, 1_782_907_200_000_001]
    assert found["plain_us"].tolist() == found["us"].tolist()
    assert found["day"].tolist() == [-1, 20_635]
    assert found["nothing"].isna().all()
    assert found["half"].tolist() == [0.5, 0.5]


def test_halves_round_up_and_missing_values_come_last(settings):
    frame = pd.DataFrame({"x": [0.5, 1.5, 2.5, np.nan], "n": [1, 2, 3, 4]})
    with open_remote(settings) as engine:
        engine.insert("halves", frame)
        found = engine.frame("SELECT CAST(FLOOR(x + 0.5) AS BIGINT) AS r, n FROM halves "
                             "ORDER BY x DESC NULLS LAST")  # fmt: skip
        middle = engine.value("SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x) FROM halves")
    assert found["r"].tolist()[:3] == [3, 2, 1]
    assert found["n"].tolist() == [3, 2, 1, 4]
    assert middle == 1.5


def test_both_workers_take_part(spark):
    from pyspark import SparkContext

    tracker = SparkContext.getOrCreate()._jsc.sc().statusTracker()
    assert len(tracker.getExecutorInfos()) == 3, "the driver and two executors"
