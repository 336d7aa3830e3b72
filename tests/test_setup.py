"""The set-up says one thing in all its places."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {"python-duckdb": "duckdb", "matplotlib-base": "matplotlib"}
PRESCRIBED = {
    "jupyterlab",
    "papermill",
    "pandas",
    "scikit-learn",
    "mlxtend",
    "statsmodels",
    "seaborn",
    "nbval",
    "pytest",
}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def bounds(requirement: str) -> tuple[str, str]:
    parsed = Requirement(requirement)
    return CONDA_NAMES.get(parsed.name, parsed.name), str(parsed.specifier)


def locked() -> dict[str, list[str]]:
    """Name to the versions that the lock file pins (more than one where python differs)."""
    pins: dict[str, list[str]] = {}
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", line):
            pins.setdefault(match[1].lower(), []).append(match[2])
    return pins


def test_environment_yml_asks_for_the_same_packages_as_pyproject():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    asked = [entry for entry in conda["dependencies"] if isinstance(entry, str)]
    theirs = dict(bounds(entry) for entry in asked if entry not in ("pip",))
    python = theirs.pop("python")
    assert python == str(Requirement(f"python{project()['requires-python']}").specifier)
    assert theirs == dict(bounds(entry) for entry in project()["dependencies"])


def test_prescribed_packages_are_there():  # M-06
    assert {Requirement(entry).name for entry in project()["dependencies"]} >= PRESCRIBED


def test_the_lock_file_satisfies_pyproject():  # K06
    pins = locked()
    for entry in [*project()["dependencies"], *project()["optional-dependencies"]["dev"]]:
        wanted = Requirement(entry)
        versions = pins[wanted.name.lower()]
        assert all(wanted.specifier.contains(Version(v)) for v in versions), entry


def test_every_pin_has_a_hash_and_known_bad_versions_are_out():  # K05, K09
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text)
    assert all("--hash=sha256:" in block for block in blocks if block.strip())
    assert "://" not in text
    assert all(Version(v) >= Version("7.17.1") for v in locked()["nbconvert"])


def test_committed_notebooks_hold_no_outputs():  # K11
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                assert cell["outputs"] == []
                assert cell["execution_count"] is None
        assert set(notebook["metadata"]) <= {"kernelspec", "language_info"}


def test_nothing_generated_is_tracked():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    tracked = listed.stdout.split("\n")
    generated = ("data/", "reports/", ".venv/")
    kept = {"data/README.md", "reports/README.md"}
    assert not [name for name in tracked if name.startswith(generated) and name not in kept]


def test_make_knows_the_targets_that_the_readme_names():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    wanted = {"env", "report", "test", "notebooks", "validate", "bench", "lint", "clean"}
    assert wanted <= targets
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z]+)\b", readme, flags=re.MULTILINE))
    assert {"report", "test", "notebooks"} <= named
    assert named <= targets


FORBIDDEN = re.compile(r"\bTODO\b|\bFIXME\b|NotImplementedError|(?<![\w.])/(?:work|root)/\w+")


def test_the_project_speaks_of_itself_alone():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in (".py", ".md", ".yml", ".yaml", ".ipynb", ".toml", ".j2", ".sh") and (
            path != Path(__file__) and path.is_file()
        ):
            found = FORBIDDEN.search(path.read_text(encoding="utf-8"))
            assert not found, f"{name} says {found.group()!r}"


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_notebooks_are_thin_and_can_be_compared(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    assert 20 <= len(notebook["cells"]) <= 36
    assert sum(source.count("\n") + 1 for source in code) <= 125
    assert not any(re.search(r"^\s*(def|class|import pdb)\b", s, re.MULTILINE) for s in code)
    # nbval runs cells without history, where IPython does not see a `;` that hides a value
    assert not any(source.rstrip().endswith(";") for source in code)
    assert code[-1].startswith(f'run.done("{path.stem}")') or "run.done(" in code[-1]
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
