"""The configuration chooses the engine; what it lacks is said before any data are read."""

import importlib.util
from pathlib import Path

import pytest

from helpers.config.engine import EngineSettings
from helpers.engine.duckdb_engine import DuckDBEngine
from helpers.engine.opening import check_engine, open_duckdb, open_engine
from helpers.errors import ConfigError, exit_code_of
from helpers.run.execute import RunOptions, run_company
from tests.company import make_config, write_run
from tests.engine.same import on

ROOT = Path(__file__).parents[2]
VARIABLE = "PLAYBOOK_TEST_NOWHERE"


def test_duckdb_is_opened_with_the_configured_limits(tmp_path):
    settings = EngineSettings(memory_limit="300MB", threads=1)
    run = write_run(tmp_path, config=on(make_config(), settings))
    with open_engine(run) as engine:
        assert isinstance(engine, DuckDBEngine)
        assert engine.value("SELECT CURRENT_SETTING('threads')") == 1
        assert engine.value("SELECT CURRENT_SETTING('memory_limit')").startswith("286")  # MiB
        assert engine.value("SELECT COUNT(*) FROM accounts") == 12


def test_a_pass_that_only_duckdb_runs_gets_it_whatever_is_configured(tmp_path):
    settings = EngineSettings(kind="postgres", connection_env=VARIABLE)
    run = write_run(tmp_path, config=on(make_config(), settings))
    with open_duckdb(run) as engine:
        assert engine.value("SELECT COUNT(*) FROM accounts") == 12


@pytest.mark.parametrize(("kind", "library"), [("postgres", "psycopg"), ("spark", "pyspark")])
def test_a_library_that_is_not_installed_is_named(kind, library, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == library else find(name)
    )
    settings = EngineSettings(
        kind=kind,
        connection_env=VARIABLE if kind == "postgres" else None,
        master="spark://host:7077" if kind == "spark" else None,
    )
    with pytest.raises(ConfigError, match=rf"{library} is not installed.*playbook\[{kind}\]'"):
        check_engine(settings)


def test_a_run_stops_before_any_data_are_read(tmp_path, monkeypatch):
    pytest.importorskip("psycopg")
    monkeypatch.delenv(VARIABLE, raising=False)
    path = tmp_path / "mine.yaml"
    path.write_text(
        "version: 1\ncompany: {name: Muster, currency: EUR}\n"
        "sources: {accounts: {files: not_there.csv}, events: {files: not_there.csv}}\n"
        f"engine: {{kind: postgres, connection_env: {VARIABLE}}}\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match=f"variable {VARIABLE}, which is not set"):
        run_company(RunOptions(root=ROOT, config=path, reports=tmp_path / "reports"))
    assert not (tmp_path / "reports").exists()


def test_a_variable_that_is_not_set_is_named(tmp_path, monkeypatch):
    pytest.importorskip("psycopg")
    settings = EngineSettings(kind="postgres", connection_env=VARIABLE)
    run = write_run(tmp_path, config=on(make_config(), settings))
    monkeypatch.delenv(VARIABLE, raising=False)
    for ask in (lambda: check_engine(settings), lambda: open_engine(run)):
        with pytest.raises(ConfigError, match=f"variable {VARIABLE}, which is not set"):
            ask()
    assert exit_code_of("ConfigError") == 2
