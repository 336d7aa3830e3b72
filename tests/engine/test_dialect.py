"""The few words that engines spell differently."""

import pytest

from helpers.engine.dialect import DUCKDB, POSTGRES, SPARK, speak

HOUSE = "SELECT CAST(EPOCH_US(t.at) AS DOUBLE) / 2, CAST(NULL AS VARCHAR) AS x FROM t"


def test_duckdb_is_told_the_house_sql_itself():
    assert speak(DUCKDB, HOUSE) == HOUSE


def test_postgres_and_spark_get_their_own_words():
    assert speak(POSTGRES, HOUSE) == (
        "SELECT CAST(CAST(EXTRACT(EPOCH FROM t.at) * 1000000 AS BIGINT) AS DOUBLE PRECISION) / 2, "
        "CAST(NULL AS TEXT) AS x FROM t"
    )
    assert speak(SPARK, HOUSE) == (
        "SELECT CAST(UNIX_MICROS(CAST(t.at AS TIMESTAMP)) AS DOUBLE) / 2, "
        "CAST(NULL AS STRING) AS x FROM t"
    )


def test_an_argument_ends_at_its_own_parenthesis():
    told = speak(SPARK, "MIN(EPOCH_US(COALESCE(a, MAX(b)))) + EPOCH_US(c)")
    assert told == (
        "MIN(UNIX_MICROS(CAST(COALESCE(a, MAX(b)) AS TIMESTAMP))) + "
        "UNIX_MICROS(CAST(c AS TIMESTAMP))"
    )
    with pytest.raises(ValueError, match=r"not closed: EPOCH_US\(a"):
        speak(SPARK, "EPOCH_US(a")
