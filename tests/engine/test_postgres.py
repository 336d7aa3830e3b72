"""What a user's own PostgreSQL server is asked for, and what it never sees."""

import os
import socket
import time

import pandas as pd
import pytest

from helpers.engine.opening import open_remote
from helpers.engine.postgres_engine import PostgresEngine
from helpers.errors import ConfigError, InputError, MachineError, exit_code_of


@pytest.fixture
def connection(postgres):
    return os.environ[postgres.connection_env]


def tables_of(connection, schema_like="pg_temp%"):
    import psycopg

    with psycopg.connect(connection.replace("user=reader password=hush-hush", "user=owner")) as own:
        return own.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n "
            "ON n.oid = c.relnamespace WHERE n.nspname LIKE %s AND c.relkind IN ('r', 'v')",
            [schema_like],
        ).fetchall()


def left_behind(connection):
    """What is there once the server has had time to end a session that was closed."""
    until = time.monotonic() + 20
    while tables_of(connection) and time.monotonic() < until:
        time.sleep(0.05)
    return tables_of(connection)


def test_two_runs_at_once_do_not_meet_and_leave_nothing(postgres, connection):
    with open_remote(postgres) as one, open_remote(postgres) as other:
        one.insert("accounts", pd.DataFrame({"x": [1]}))
        other.insert("accounts", pd.DataFrame({"x": [2, 3]}))
        one.table("account", "SELECT x FROM accounts")
        assert one.value("SELECT COUNT(*) FROM account") == 1
        assert other.value("SELECT SUM(x) FROM accounts") == 5
        assert len(tables_of(connection)) == 3
    assert left_behind(connection) == []
    assert tables_of(connection, "public") == []


def test_a_session_that_is_cut_off_leaves_nothing(postgres, connection):
    engine = open_remote(postgres)
    engine.insert("accounts", pd.DataFrame({"x": [1]}))
    with socket.socket(fileno=os.dup(engine._connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)  # as if this process had been killed
    assert left_behind(connection) == []
    engine.close()


def test_tables_of_the_user_are_neither_read_nor_changed(postgres, connection):
    import psycopg

    owner = connection.replace("user=reader password=hush-hush", "user=owner")
    with psycopg.connect(owner, autocommit=True) as own:
        own.execute("CREATE TABLE public.events AS SELECT 'theirs' AS whose")
        own.execute("GRANT ALL ON public.events TO reader")
        try:
            with open_remote(postgres) as engine:
                with pytest.raises(psycopg.errors.UndefinedTable):
                    engine.frame("SELECT whose FROM events")
                engine.drop("events")
                engine.insert("events", pd.DataFrame({"whose": ["ours"]}))
                engine.table("events", "SELECT whose FROM events")
                assert engine.value("SELECT whose FROM events") == "ours"
                engine.drop("events")
            assert own.execute("SELECT whose FROM public.events").fetchall() == [("theirs",)]
        finally:
            own.execute("DROP TABLE public.events")


def test_texts_sort_byte_by_byte_whatever_the_server_prefers(postgres):
    with open_remote(postgres) as engine:
        engine.insert("names", pd.DataFrame({"name": ["b", "a b", "Z", "ä", "a-b", "ab"]}))
        assert engine.value("SELECT datlocprovider FROM pg_database LIMIT 1") == "i"
        found = engine.frame("SELECT name FROM names ORDER BY name")["name"].tolist()
        engine.table("longer", "SELECT CONCAT('x ', name) AS name FROM names")
        derived = engine.frame("SELECT name FROM longer ORDER BY name")["name"].tolist()
    assert found == sorted(found, key=str.encode) == ["Z", "a b", "a-b", "ab", "b", "ä"]
    assert derived == [f"x {name}" for name in found]


def test_a_text_that_it_cannot_hold_is_explained(postgres):
    with (
        open_remote(postgres) as engine,
        pytest.raises(InputError, match=r"cannot hold a value of notes.*Mend it at its source"),
    ):
        engine.insert("notes", pd.DataFrame({"text": ["a\x00b"]}))


@pytest.mark.parametrize(
    "text", ["hush-hush", "postgresql://me:hush-hush@[db", "host=db password='hush-hush"]
)
def test_fault_H02_a_wrong_connection_string_is_never_shown(text):
    pytest.importorskip("psycopg")
    with pytest.raises(ConfigError, match=r"holds no connection string \(not shown") as caught:
        PostgresEngine(text)
    assert "hush" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_server_that_is_not_there_is_a_matter_of_the_machine(tmp_path):
    pytest.importorskip("psycopg")
    with pytest.raises(MachineError, match="PostgreSQL cannot be reached") as caught:
        PostgresEngine(f"host={tmp_path} user=me password=hush-hush dbname=x connect_timeout=2")
    assert "hush" not in str(caught.value)
    assert exit_code_of("MachineError") == 5
