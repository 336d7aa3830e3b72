"""`engine:` of a configuration: strict like the rest of it, and no place for secrets."""

import pytest

from helpers.config import load_config
from helpers.errors import ConfigError

BASE = """\
version: 1
company: {name: Muster, currency: EUR}
sources:
  accounts: {files: a.csv}
  events: {files: e.csv}
"""


def loaded(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(BASE + text, encoding="utf-8")
    return load_config(path).engine


def test_duckdb_is_the_default(tmp_path):
    assert loaded(tmp_path, "").kind == "duckdb"
    assert loaded(tmp_path, "engine: duckdb\n") == loaded(tmp_path, "")
    limits = loaded(tmp_path, "engine: {memory_limit: 2GB, threads: 2}\n")
    assert (limits.kind, limits.memory_limit, limits.threads) == ("duckdb", "2GB", 2)


def test_postgres_and_spark_are_told_where(tmp_path):
    found = loaded(tmp_path, "engine: {kind: postgres, connection_env: WAREHOUSE}\n")
    assert (found.kind, found.connection_env) == ("postgres", "WAREHOUSE")
    text = "engine:\n  kind: spark\n  master: spark://host:7077\n"
    text += "  options: {spark.executor.memory: 4g}\n"
    found = loaded(tmp_path, text)
    assert (found.master, found.options) == ("spark://host:7077", {"spark.executor.memory": "4g"})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("engine: postgres", "kind: postgres needs connection_env, the environment variable"),
        ("engine: {kind: spark}", "kind: spark needs master"),
        ("engine: {kind: sparc}", "engine.kind: expected 'duckdb', 'postgres' or 'spark'"),
        ("engine: oracle", "expected one of duckdb, postgres, spark"),
        ("engine: {memory_limit: plenty}", "engine.memory_limit: expected text of the form"),
        ("engine: {threads: 0}", "engine.threads: expected"),
        ("engine: {memery_limit: 2GB}", "unknown key engine.memery_limit. Did you mean"),
        ("engine: {master: 'spark://h:1'}", "master belongs to kind: spark, this is kind: duckdb"),
        (
            "engine: {kind: spark, master: 'spark://h:1', threads: 2}",
            "threads belongs to kind: duckdb",
        ),
    ],
)
def test_what_does_not_fit_is_explained(tmp_path, text, told):
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, f"{text}\n")
    assert told in str(caught.value)
    assert "line 6" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "engine: postgresql://me:hush-hush@db/x",
        "engine: {kind: postgres, connection_env: 'postgresql://me:hush-hush@db/x'}",
        "engine: {kind: postgres, connection: 'postgresql://me:hush-hush@db/x'}",
        "engine: {kind: spark, master: m, options: {spark.hadoop.fs.s3a.secret.key: hush-hush}}",
    ],
)
def test_fault_G08_a_secret_is_refused_and_not_repeated(tmp_path, text):
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, f"{text}\n")
    assert "engine" in str(caught.value)
    assert "hush" not in str(caught.value)
