"""One PostgreSQL server and one Spark cluster for all tests that need one."""

import pytest

from helpers.config.engine import EngineSettings
from helpers.engine.spark_engine import SparkEngine
from tests.engine.servers import (
    SPARK_OPTIONS,
    postgres_missing,
    postgres_server,
    spark_cluster,
    spark_missing,
)

VARIABLE = "PLAYBOOK_TEST_POSTGRES"


@pytest.fixture(scope="session")
def postgres():
    """Return settings of an engine on a server of our own."""
    if missing := postgres_missing():
        pytest.skip(missing)
    with postgres_server() as connection, pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, connection)
        yield EngineSettings(kind="postgres", connection_env=VARIABLE)


@pytest.fixture(scope="session")
def spark():
    """Return settings of an engine on a master with two workers; one application for all."""
    if missing := spark_missing():
        pytest.skip(missing)
    with spark_cluster() as master, SparkEngine(master, SPARK_OPTIONS):
        yield EngineSettings(kind="spark", master=master, options=SPARK_OPTIONS)
