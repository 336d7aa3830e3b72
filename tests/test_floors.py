"""Imports only go down: docs/architecture.md, read from the imports themselves."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HELPERS = ROOT / "helpers"
FLOORS = {
    "errors": 0,
    "contract": 1,
    "stats": 1,
    "config": 2,
    "plotting": 2,
    "artifacts": 3,
    "sources": 4,
    "engine": 4,
    "audit": 5,
    "features": 6,
    "segments": 7,
    "patterns": 7,
    "anomalies": 7,
    "scores": 7,
    "impact": 7,
    "actions": 8,
    "report": 9,
    "delivery": 10,
    "run": 11,
    "brief": 11,
    "cli_alerts": 12,
    "cli": 13,
    "__main__": 14,
}
FILES = sorted(
    path for path in HELPERS.rglob("*.py") if path.parent != HELPERS or path.stem in FLOORS
)


def room_of(path: Path) -> str:
    return path.relative_to(HELPERS).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers."):
            rooms.add(node.module.split(".")[1])
        if isinstance(node, ast.ImportFrom) and node.module == "helpers":
            rooms |= {alias.name for alias in node.names}
        if isinstance(node, ast.Import):
            rooms |= {a.name.split(".")[1] for a in node.names if a.name.startswith("helpers.")}
    return rooms - {"__version__"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HELPERS)))
def test_imports_only_go_down(path):
    room = room_of(path)
    upward = [
        other for other in sorted(imported_rooms(path) - {room}) if FLOORS[other] >= FLOORS[room]
    ]
    assert not upward, f"{room} stands on floor {FLOORS[room]} and imports {upward}"


@pytest.mark.parametrize("init", sorted(HELPERS.glob("*/__init__.py")), ids=lambda p: p.parent.name)
def test_a_room_says_its_question_and_has_a_small_door(init):
    tree = ast.parse(init.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the room's question is missing"
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            assert len(ast.literal_eval(node.value)) <= 8


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HELPERS)))
def test_no_file_or_function_grows_without_end(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 320, "a noun inside wants its own file"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            docstring = ast.get_docstring(node, clean=False) or ""
            lines = node.end_lineno - node.body[0].lineno - docstring.count("\n")
            assert lines <= 45, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HELPERS)))
def test_public_names_are_documented(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module says what it is for"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"


CLOCK = re.compile(r"\b(now|today|utcnow|time\.time)\(\)|date\.today")


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if room_of(path) not in ("run", "cli")],
    ids=lambda path: str(path.relative_to(HELPERS)),
)
def test_nothing_asks_the_clock(path):  # C20
    assert not CLOCK.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HELPERS)))
def test_no_dangerous_call(path):  # F14, F18, K13
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            assert name not in ("read_pickle", "eval", "exec", "query"), f"{name} in {path.name}"
