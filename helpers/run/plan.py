"""What is to be run: notebooks, their parameters, and a digest of all that a result depends on."""

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from helpers.config import CompanyConfig
from helpers.config.parameters import Parameter, check_values, read_parameters
from helpers.contract import NOTEBOOKS
from helpers.errors import ParameterError

__all__ = ["Plan", "Step", "make_plan", "select"]

_BROAD = ("Exception", "BaseException")
_RESERVED = {"as_of", "config", "data", "root", "run_id"}

PACKAGES = (
    "duckdb",
    "matplotlib",
    "mlxtend",
    "nbconvert",
    "numpy",
    "pandas",
    "papermill",
    "pyarrow",
    "pydantic",
    "scikit-learn",
    "scipy",
    "seaborn",
    "statsmodels",
)


@dataclass(frozen=True)
class Step:
    """One notebook of a run."""

    name: str
    path: Path
    needs: tuple[str, ...]
    values: dict[str, Any]
    n_cells: int
    source_digest: str


@dataclass(frozen=True)
class Plan:
    """The notebooks of a run in order, and what their results depend on."""

    steps: tuple[Step, ...]
    config_digest: str
    code_digest: str
    inputs: dict[str, str] = field(default_factory=dict)

    @cached_property
    def digests(self) -> dict[str, str]:
        """Per notebook: changes when anything that its result depends on changes."""
        digests: dict[str, str] = {}
        for step in self.steps:
            upstream = [digests[name] for name in step.needs]
            own = [step.source_digest, self.config_digest, self.code_digest, step.values]
            first = [] if step.needs else [self.inputs]
            text = json.dumps([own, upstream, first], sort_keys=True, default=str)
            digests[step.name] = hashlib.sha256(text.encode()).hexdigest()
        return digests


def make_plan(
    notebooks: Path,
    config: CompanyConfig,
    *,
    run_id: str,
    config_name: str,
    given: Mapping[str, Any],
    only: Iterable[str] = (),
    inputs: Mapping[str, str] | None = None,
) -> Plan:
    """Check the notebooks and the parameters, and lay out the run.

    Parameters
    ----------
    notebooks : Path
        Folder of the notebooks.
    config : CompanyConfig
        Its ``analysis`` and ``parameters`` fill the notebook parameters of the same name.
    run_id : str
        Passed to every notebook.
    config_name : str
        Name of the configuration file, for the notebook that shows it.
    given : mapping
        From the command line; wins over the configuration.
    only : iterable of str
        Numbers ("03") or names; what they read is included. Empty: all.
    inputs : mapping of file to fingerprint, optional
        Of the company's data.

    Raises
    ------
    ParameterError
        Before anything runs: an unknown name, a wrong type, a notebook without a proper
        parameters cell, a forbidden tag or a bare ``except``.
    """
    names = select(only)
    loaded = {name: _load(notebooks / f"{name}.ipynb") for name in names}
    declared = {name: read_parameters(nb, f"{name}.ipynb") for name, nb in loaded.items()}
    for name, notebook in loaded.items():
        _lint(notebook, name)
    values = check_values(declared, _given(config, declared, given))
    steps = tuple(
        Step(
            name=name,
            path=notebooks / f"{name}.ipynb",
            needs=NOTEBOOKS[name],
            values=values[name] | _fixed(declared[name], run_id, config_name),
            n_cells=sum(cell["cell_type"] == "code" for cell in loaded[name]["cells"]),
            source_digest=_source_digest(loaded[name]),
        )
        for name in names
    )
    dumped = config.model_dump_json(by_alias=True)
    return Plan(
        steps=steps,
        config_digest=hashlib.sha256(dumped.encode()).hexdigest(),
        code_digest=_code_digest(),
        inputs=dict(sorted((inputs or {}).items())),
    )


def select(only: Iterable[str]) -> list[str]:
    """Return the notebooks to run, in order, with all that they read.

    Raises
    ------
    ParameterError
        If a number or name matches no notebook.
    """
    wanted: set[str] = set()
    for text in only:
        matches = [name for name in NOTEBOOKS if name == text or name.startswith(f"{text}_")]
        if not matches:
            raise ParameterError(f"--only {text}: no such notebook; there are {list(NOTEBOOKS)}.")
        wanted |= {*matches, *NOTEBOOKS[matches[0]]}
    return [name for name in NOTEBOOKS if not wanted or name in wanted]


def _given(
    config: CompanyConfig,
    declared: Mapping[str, Mapping[str, Parameter]],
    given: Mapping[str, Any],
) -> dict[str, Any]:
    """Merge, weakest first: the analysis section where a notebook asks for it, parameters, -p."""
    asked = {name for parameters in declared.values() for name in parameters}
    reserved = sorted(_RESERVED & (set(given) | set(config.parameters)))
    if reserved:
        raise ParameterError(
            f"{', '.join(reserved)}: set by the runner; use --run-id, --config, --data or --as-of."
        )
    dumped = config.analysis.model_dump(mode="json")
    analysis = {k: v for k, v in dumped.items() if k in asked and v is not None}
    return {**analysis, **config.parameters, **given}


def _fixed(parameters: Mapping[str, Parameter], run_id: str, config_name: str) -> dict[str, Any]:
    for name in ("root", "run_id"):
        if name not in parameters:
            raise ParameterError(f"the parameters cell lacks {name!r}, which every notebook has.")
    return {"run_id": run_id} | ({"config": config_name} if "config" in parameters else {})


def _load(path: Path) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParameterError(f"notebook not found: notebooks/{path.name}.") from None
    except ValueError as error:
        raise ParameterError(f"notebooks/{path.name} is not a notebook: {error}.") from None
    return loaded


def _lint(notebook: Mapping[str, Any], name: str) -> None:
    """Refuse what would let a broken notebook pass for a good one."""
    for number, cell in enumerate(notebook["cells"], start=1):
        if "raises-exception" in cell.get("metadata", {}).get("tags", []):
            raise ParameterError(f"{name}: cell {number} is tagged raises-exception; remove it.")
        if cell["cell_type"] != "code":
            continue
        source = "\n".join(
            "" if line.lstrip().startswith(("%", "!")) else line
            for line in "".join(cell["source"]).splitlines()
        )
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            raise ParameterError(f"{name}: cell {number} is not Python: {error.msg}.") from None
        for node in ast.walk(tree):
            if _swallows(node):
                raise ParameterError(
                    f"{name}: cell {number} catches every exception; name the one expected."
                )


def _swallows(node: ast.AST) -> bool:
    """Tell whether a handler, or ``suppress(...)``, lets any exception vanish."""
    if isinstance(node, ast.Call) and _name(node.func) == "suppress":
        return any(_name(argument) in _BROAD for argument in node.args)
    if not isinstance(node, ast.ExceptHandler):
        return False
    if node.type is None:
        return True
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    raised = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    return not raised and any(_name(each) in _BROAD for each in caught)


def _name(node: ast.expr) -> str:
    """Return ``suppress`` of ``suppress`` and of ``contextlib.suppress``."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _source_digest(notebook: Mapping[str, Any]) -> str:
    cells = [
        [cell["cell_type"], "".join(cell["source"]), cell.get("metadata", {}).get("tags", [])]
        for cell in notebook["cells"]
    ]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _code_digest() -> str:
    from importlib.metadata import version

    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.suffix in (".py", ".j2", ".css", ".html", ".json", ".csv") and path.is_file():
            digest.update(path.relative_to(package).as_posix().encode())
            digest.update(path.read_bytes())
    for name in PACKAGES:
        digest.update(f"{name}=={version(name)}".encode())
    return digest.hexdigest()
