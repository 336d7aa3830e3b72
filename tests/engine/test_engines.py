"""DuckDB, PostgreSQL and Spark give the same tables, to 1e-9 relative and missing values included.

The servers are real: a PostgreSQL server of this test's own, a Spark master with two workers.
"""

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from helpers.config.engine import EngineSettings
from helpers.engine.spark_engine import SparkEngine
from tests.company import AS_OF, make_config
from tests.engine.same import answers, assert_same, awkward_tables, on, run_of
from tests.engine.servers import (
    SPARK_OPTIONS,
    postgres_missing,
    postgres_server,
    spark_cluster,
    spark_missing,
)
from tests.features.other_future import other_future

pytestmark = [
    pytest.mark.xdist_group("servers"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]
MISSING = {"postgres": postgres_missing, "spark": spark_missing}
VARIABLE = "PLAYBOOK_TEST_POSTGRES"
DATES = [AS_OF - pd.Timedelta(days=days) for days in (0, 47, 130)]
WEEKS = 24


@pytest.fixture(scope="module", params=["postgres", "spark"])
def settings(request):
    missing = MISSING[request.param]()
    if missing:
        pytest.skip(missing)
    if request.param == "postgres":
        with postgres_server() as connection, pytest.MonkeyPatch.context() as patch:
            patch.setenv(VARIABLE, connection)
            yield EngineSettings(kind="postgres", connection_env=VARIABLE)
        return
    with spark_cluster() as master, SparkEngine(master, SPARK_OPTIONS):  # one application for all
        yield EngineSettings(kind="spark", master=master, options=SPARK_OPTIONS)


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
