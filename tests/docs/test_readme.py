"""Every command, link and configuration in the documentation exists."""

import ast
import importlib
import importlib.util
import re
from pathlib import Path

import pytest
import typer.main
import yaml

from helpers.cli import app
from helpers.config import load_config
from helpers.config.parameters import load_notebook_parameters

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md"),
                ROOT / "data" / "README.md", ROOT / "reports" / "README.md"])  # fmt: skip
COMMANDS = typer.main.get_command(app).commands
CALL = re.compile(r"(?:^|`|/bin/)playbook ([a-z]+)([^\n`#]*)", re.MULTILINE)


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_commands_options_and_targets_exist(path):
    text = path.read_text(encoding="utf-8")
    for command, rest in CALL.findall(text):
        assert command in COMMANDS, f"playbook {command}"
        called, words = COMMANDS[command], rest.split()
        inner = getattr(called, "commands", None)
        if inner is not None:  # a command of commands, such as alerts
            assert words, f"playbook {command} what?"
            assert words[0] in inner, f"playbook {command} {words[0]}"
            called = inner[words[0]]
        known = {option for parameter in called.params for option in parameter.opts}
        asked = {word for word in rest.split() if word.startswith("-")}
        assert asked <= known | {"-h"}, f"playbook {command}: {asked - known}"
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)\b", text, re.MULTILINE)) <= targets


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_somewhere(path):
    links = re.findall(r"\]\(([^)#\s]+)\)", path.read_text(encoding="utf-8"))
    missing = [x for x in links if "://" not in x and not (path.parent / x).exists()]
    assert not missing


def test_the_readme_names_every_command_exit_code_and_notebook():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {command for command, _ in CALL.findall(text)} == set(COMMANDS)
    codes = app.info.epilog.removeprefix("Exit codes: ").rstrip(".")
    assert codes in " ".join(text.split())
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"(notebooks/{notebook.name})" in text


def test_parameters_in_the_readme_are_those_of_a_notebook():
    named = re.findall(r"-p (\w+)=", (ROOT / "README.md").read_text(encoding="utf-8"))
    known = set()
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        known |= set(load_notebook_parameters(notebook))
    assert named
    assert set(named) <= known


def test_configurations_in_the_readme_load(tmp_path):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert blocks
    for block in blocks:
        path = tmp_path / "mine.yaml"
        path.write_text(block, encoding="utf-8")
        config = load_config(path)
        assert config.company.name == yaml.safe_load(block)["company"]["name"]


def test_the_page_of_the_contract_is_up_to_date():
    script = ROOT / "docs" / "make_contract.py"
    spec = importlib.util.spec_from_file_location("make_contract", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "contract.md").read_text(encoding="utf-8") == module.page()


def public_names():
    for path in sorted((ROOT / "helpers").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = getattr(node, "targets", [])
            if any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets):
                parts = path.relative_to(ROOT).with_suffix("").parts
                yield ".".join(p for p in parts if p != "__init__")


@pytest.mark.parametrize("name", sorted(public_names()))
def test_every_public_function_and_class_has_a_docstring(name):
    module = importlib.import_module(name)
    assert module.__doc__
    for public in module.__all__:
        found = getattr(module, public)
        if callable(found) and getattr(found, "__module__", "").startswith("helpers"):
            assert (found.__doc__ or "").strip(), f"{name}.{public}"
