"""The session is closed to everything but its folders, and runs nothing but checked SQL."""

import subprocess
import sys

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.sources.session import Sql, fill, ident, literal, open_session


@pytest.fixture
def session(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "other.csv").write_text("a\n1\n")
    with open_session(tmp_path / "data", tmp_path / "out") as opened:
        yield opened


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('{outside}/other.csv')",
        "SELECT * FROM read_csv('{outside}/data/../other.csv')",
        "SELECT * FROM read_csv('https://example.org/x.csv')",
        "COPY (SELECT 1) TO '{outside}/out.csv'",
        "ATTACH '{outside}/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = TRUE",
        "SET threads = 1",
    ],
)
def test_fault_F13_the_session_reaches_its_folders_only(session, tmp_path, statement):
    with pytest.raises(duckdb.Error):
        session.run(Sql(statement.replace("{outside}", str(tmp_path))))


def test_fault_F13_plain_text_is_not_executed(session):
    with pytest.raises(TypeError, match="only Sql pieces"):
        session.run("SELECT 1")
    with pytest.raises(TypeError, match="name is plain text"):
        fill("SELECT {name}", name="x")


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_literal_is_the_text_it_was(text):
    assert duckdb.execute(f"SELECT {literal(text)}").fetchall() == [(text,)]


def test_literals_keep_their_type(session):
    values = [None, True, False, 3, -2, 0.1, 1e300]

    for value in values:
        assert session.value(fill("SELECT {v}", v=literal(value))) == value


def test_the_scratch_folder_disappears(tmp_path):
    with open_session(tmp_path, tmp_path, temp_folder=tmp_path) as session:
        scratch = session.scratch
        assert scratch.is_dir()
    assert not scratch.exists()


def test_types_and_names(session):
    session.run(Sql('CREATE TABLE t ("a b" INTEGER, c VARCHAR)'))

    assert session.types(ident("t")) == {"a b": "INTEGER", "c": "VARCHAR"}
    assert session.name("x") != session.name("x")


KERNEL = """
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(kernel_name="python3")
reply = client.execute_interactive(
    "from pathlib import Path;"
    "from helpers.sources.session import open_session;"
    "open_session(Path('.'), Path('.')).__enter__()",
    timeout=60,
    output_hook=print,
)
client.stop_channels()
manager.shutdown_kernel(now=True)
print("status:", reply["content"]["status"])
"""


def test_a_kernel_without_widgets_can_read_too(tmp_path):
    # DuckDB refuses every setting of the progress bar in Jupyter without ipywidgets.
    done = subprocess.run(
        [sys.executable, "-c", KERNEL], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert "status: ok" in done.stdout
