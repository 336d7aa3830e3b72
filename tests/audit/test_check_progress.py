"""`playbook check` says what it is at, beside its answer and never in it."""

from typer.testing import CliRunner

from helpers.cli import app
from tests.sources.made import write

COMPANY = """
version: 1
company: {name: Test, currency: EUR, time_zone: UTC}
data: .
sources:
  accounts: {files: accounts.csv}
  events: {files: events.csv}
analysis: {as_of: 2024-03-03}
"""


def test_progress_is_plain_lines_without_a_terminal(tmp_path):
    folder = write(tmp_path / "data")
    (folder / "company.yaml").write_text(COMPANY, encoding="utf-8")
    said = CliRunner().invoke(app, ["check", "--config", str(folder / "company.yaml")])
    assert said.exit_code == 0
    lines = said.stderr.splitlines()
    assert "events: reading" in lines
    assert "events: 3 rows read" in lines
    assert "events: 3 kept" in lines
    assert not any("\r" in line for line in lines)
    assert "Fit for what" in said.stdout
    assert "reading" not in said.stdout.splitlines()[0]
    assert not any(line.endswith(" rows read") for line in said.stdout.splitlines())
