"""The engine reads what it was given, keeps what it computed, and nothing else."""

import duckdb
import pandas as pd
import pytest

from helpers.engine import open_engine
from helpers.engine.duckdb_engine import DuckDBEngine
from helpers.errors import MissingTableError, ParameterError
from tests.company import write_run


def test_a_parquet_file_becomes_a_view_and_a_query_a_file(tmp_path):
    frame = pd.DataFrame({"x": [3, 1, 2]})
    frame.to_parquet(tmp_path / "it's.parquet")
    with DuckDBEngine([tmp_path]) as engine:
        engine.view("numbers", tmp_path / "it's.parquet")
        engine.table("doubled", "SELECT 2 * x AS x FROM numbers")
        assert engine.value("SELECT SUM(x) FROM doubled") == 12
        assert engine.frame("SELECT x FROM doubled ORDER BY x")["x"].tolist() == [2, 4, 6]
        engine.write("SELECT x FROM doubled ORDER BY x", tmp_path / "out.parquet")
        assert engine.names == ["numbers", "doubled"]
        engine.drop("doubled")
        assert not engine.has("doubled")
    assert pd.read_parquet(tmp_path / "out.parquet")["x"].tolist() == [2, 4, 6]
    assert not (tmp_path / "out.tmp").exists()


def test_a_value_of_no_row_is_none():
    with DuckDBEngine() as engine:
        assert engine.value("SELECT 1 WHERE FALSE") is None


def test_work_goes_on_after_a_value_was_read():
    # DuckDB 2 refuses further work on a connection with an unfinished result
    with DuckDBEngine() as engine:
        engine.table("many", "SELECT UNNEST(RANGE(100000)) AS x")
        assert engine.value("SELECT x FROM many ORDER BY x DESC") == 99_999
        engine.insert("more", pd.DataFrame({"x": [1]}))
        assert engine.value("SELECT COUNT(*) FROM more") == 1


def test_other_folders_are_out_of_reach(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    pd.DataFrame({"x": [1]}).to_parquet(outside / "secret.parquet")
    with DuckDBEngine([inside]) as engine:
        with pytest.raises(duckdb.PermissionException):
            engine.view("secret", outside / "secret.parquet")
        with pytest.raises(duckdb.InvalidInputException, match="locked"):
            engine._connection.execute("SET enable_external_access = true")


def test_what_does_not_fit_into_memory_is_spilled(tmp_path):
    with DuckDBEngine([tmp_path], memory_limit="100MB", threads=1) as engine:
        engine.table("big", "SELECT x, x % 1000003 AS y FROM (SELECT UNNEST(RANGE(4000000)) AS x)")
        sql = "SELECT COUNT(*) FROM (SELECT y, ROW_NUMBER() OVER (ORDER BY y, x) AS n FROM big)"
        assert engine.value(sql) == 4_000_000


def test_a_wrong_memory_limit_is_explained():
    with pytest.raises(ParameterError, match=r"memory_limit='plenty'.*expected e.g. '2GB'"):
        DuckDBEngine(memory_limit="plenty")


def test_a_run_opens_with_the_tables_it_has(tmp_path):
    run = write_run(tmp_path, without=("tickets", "surveys"))
    with open_engine(run) as engine:
        assert engine.has("events")
        assert engine.has("users")
        assert not engine.has("tickets")
        assert engine.value("SELECT COUNT(*) FROM accounts") == 12


def test_a_run_without_events_names_the_notebook_to_run(tmp_path):
    run = write_run(tmp_path, without=("events",))
    with pytest.raises(MissingTableError, match=r"'events' of 01_data_audit.*Run notebooks/01"):
        open_engine(run)
