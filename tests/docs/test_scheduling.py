"""The scheduling examples name commands, options and parameters that exist."""

import ast
import re
from pathlib import Path

import pytest
import typer.main
import yaml

from helpers.cli import app
from helpers.config.parameters import load_notebook_parameters

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "scheduling"


def options_of(command: str) -> set[str]:
    found = typer.main.get_command(app).commands[command]
    return {option for parameter in found.params for option in parameter.opts}


def commands_in(text: str) -> list[list[str]]:
    found = re.findall(r"playbook ((?:run|validate|demo|check|status|init)\b[^\n`#]*)", text)
    return [re.sub(r"\\%|\$\{[^}]*\}|\$\([^)]*\)|[{}\"]", "X", line).split() for line in found]


@pytest.mark.parametrize("name", ["README.md", "crontab", "github-actions.yml", "airflow_dag.py"])
def test_commands_and_options_exist(name):
    text = (DOCS / name).read_text(encoding="utf-8").replace('"\n            f"', "")
    commands = commands_in(text)
    assert commands
    for command, *words in commands:
        asked = {word for word in words if word.startswith("-") and word != "-"}
        assert asked <= options_of(command), f"{name}: {command} {asked - options_of(command)}"


def test_crontab_lines_have_five_fields_and_escaped_percent_signs():
    lines = [
        line
        for line in (DOCS / "crontab").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#") and not re.match(r"[A-Z]+=", line)
    ]
    assert len(lines) == 2
    for line in lines:
        fields = line.split(maxsplit=5)
        assert all(re.fullmatch(r"[\d*,/-]+", field) for field in fields[:5])
        assert not re.search(r"(?<!\\)%", fields[5]), "cron reads a bare % as a line end"


def test_workflow_is_yaml_and_passes_inputs_as_variables():
    text = (DOCS / "github-actions.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    steps = workflow["jobs"]["report"]["steps"]
    assert workflow["permissions"] == {"contents": "read"}
    assert next(step["run"] for step in steps if "run" in step) == "make env"
    assert not any("${{" in step.get("run", "") for step in steps)


def test_dag_gives_the_operator_what_papermill_and_the_notebook_know():
    tree = ast.parse((DOCS / "airflow_dag.py").read_text(encoding="utf-8"))
    calls = {
        node.func.id: {word.arg: word.value for word in node.keywords}
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    operator = calls["PapermillOperator"]
    assert set(operator) == {"task_id", "input_nb", "output_nb", "parameters", "kernel_name"}
    given = {key.value for key in operator["parameters"].keys}
    declared = load_notebook_parameters(ROOT / "notebooks" / "05_anomaly_review.ipynb")
    assert given <= set(declared)
