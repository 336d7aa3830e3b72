"""The parameters cell of a notebook: which names it has, of which type, and what they mean.

papermill only warns about an unknown parameter, turns ``0123`` into 123 and would run a
parameter *name* that is code. So values are checked here, against the cell itself, before
anything runs, and handed over as one mapping of plain values.

References
----------
papermill 2.7, ``execute.py`` and ``translators.py``: behaviour described above, as observed.
"""

import ast
import io
import json
import math
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.config.load import near_miss
from helpers.errors import ParameterError

__all__ = [
    "Parameter",
    "Written",
    "check_values",
    "load_notebook_parameters",
    "parse_option",
    "read_parameters",
]

_SECRET_MARKS = ("token", "secret", "password", "webhook")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


@dataclass(frozen=True)
class Parameter:
    """One line of a parameters cell."""

    name: str
    default: Any
    help: str


def read_parameters(notebook: Mapping[str, Any], name: str) -> dict[str, Parameter]:
    """Read the parameters cell of a notebook.

    Parameters
    ----------
    notebook : mapping
        The notebook as nbformat or ``json.load`` gives it.
    name : str
        How to call it in an error.

    Returns
    -------
    dict of str to Parameter
        In the order of the cell.

    Raises
    ------
    ParameterError
        Unless exactly one code cell is tagged ``parameters`` and holds literal
        assignments only.
    """
    cells = [
        cell
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and "parameters" in cell.get("metadata", {}).get("tags", [])
    ]
    if len(cells) != 1:
        raise ParameterError(
            f"{name}: expected exactly one code cell tagged 'parameters', found {len(cells)}. "
            "Tag the cell in JupyterLab's property inspector (the gear at the right)."
        )
    source = cells[0]["source"]
    return _parse_cell("".join(source) if isinstance(source, list) else source, name)


def _parse_cell(source: str, name: str) -> dict[str, Parameter]:
    comments = _comments(source)
    found: dict[str, Parameter] = {}
    for statement in ast.parse(source).body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if isinstance(statement, ast.AnnAssign):
            target = statement.target
        value = getattr(statement, "value", None)
        if not isinstance(target, ast.Name) or value is None:
            raise ParameterError(
                f"{name}: line {statement.lineno} of the parameters cell is not `name = value`."
            )
        try:
            default = ast.literal_eval(value)
        except ValueError:
            raise ParameterError(
                f"{name}: parameter {target.id} is not a plain value. A value computed from "
                "another parameter would not change with it; compute it in the next cell."
            ) from None
        line = statement.end_lineno or statement.lineno
        found[target.id] = Parameter(target.id, default, comments.get(line, ""))
    return found


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }


class Written(str):
    """A value as typed on the command line: its type is decided by the parameter it is for."""


def parse_option(text: str) -> tuple[str, Written]:
    """Split ``NAME=VALUE`` of the command line.

    The value stays text until :func:`check_values` knows what the parameter is, so that
    ``account=0123`` is never turned into the number 123. Raises ``ParameterError`` if the
    name is not an identifier or looks like a secret.
    """
    name, sign, value = text.partition("=")
    if not sign or not name.isidentifier():
        raise ParameterError(f"-p {text!r}: expected NAME=VALUE with a plain name.")
    if any(mark in name.lower() for mark in _SECRET_MARKS):
        raise ParameterError(
            f"-p {name}: a secret must not be a parameter, it would be stored in the notebook. "
            "Put it into an environment variable."
        )
    return name, Written(value)


def _interpret(text: str, default: Any) -> Any:
    """Read ``text`` as a value of the type of ``default``; return it unchanged if it is none."""
    stripped = text.strip()
    if isinstance(default, bool):
        return {"true": True, "false": False}.get(stripped.lower(), text)
    if isinstance(default, int) and _INTEGER.fullmatch(stripped):
        return int(stripped)
    if isinstance(default, float) and _NUMBER.fullmatch(stripped):
        return float(stripped)
    if isinstance(default, list) and stripped[:1] == "[" and stripped[-1:] == "]":
        items = [item.strip().strip("'\"") for item in stripped[1:-1].split(",") if item.strip()]
        return [_interpret(item, default[0] if default else "") for item in items]
    return text


def check_values(
    declared: Mapping[str, Mapping[str, Parameter]], given: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Give each notebook the values meant for it, of exactly the type it declares.

    Parameters
    ----------
    declared : mapping of notebook to its parameters
        From :func:`read_parameters`.
    given : mapping of name to value
        From the configuration and the command line.

    Returns
    -------
    dict of notebook to dict of name to value
        Only names that the notebook declares.

    Raises
    ------
    ParameterError
        If no notebook declares a name, or a value has another type than its default; all
        problems in one message.
    """
    problems = []
    known = sorted({name for parameters in declared.values() for name in parameters})
    for name in given:
        if name not in known:
            hint = near_miss(name, known)
            problems.append(f"  {name}: no notebook has this parameter.{hint} Known: {known}")
    values: dict[str, dict[str, Any]] = {notebook: {} for notebook in declared}
    for notebook, parameters in declared.items():
        for name in sorted(set(given) & set(parameters)):
            try:
                values[notebook][name] = _typed(given[name], parameters[name])
            except ParameterError as error:
                problems.append(f"  {name}: {error}")
    if problems:
        raise ParameterError("parameters refused:\n" + "\n".join(dict.fromkeys(problems)))
    return values


def _typed(value: Any, parameter: Parameter) -> Any:
    default = parameter.default
    if isinstance(value, Written):
        value = str(value) if isinstance(default, str) else _interpret(value, default)
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    if isinstance(default, str) and type(value) in (int, float):
        raise ParameterError(f"expected text such as {default!r}, got the number {value!r}")
    if type(value) is not type(default):
        raise ParameterError(
            f"expected {_kind(default)} such as {default!r} ({parameter.help}), got {value!r}"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise ParameterError(f"expected a finite number, got {value!r}")
    if isinstance(value, list) and default:
        allowed = {type(item) for item in default}
        if not _all_of(value, allowed):
            raise ParameterError(f"expected a list such as {default!r}, got {value!r}")
    return value


def _all_of(items: Iterable[Any], allowed: set[type]) -> bool:
    return all(type(item) in allowed for item in items)


def _kind(value: Any) -> str:
    names = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "text",
    }
    return names.get(type(value), f"a {type(value).__name__}")


def load_notebook_parameters(path: Path) -> dict[str, Parameter]:
    """Read the parameters cell of a notebook file."""
    return read_parameters(json.loads(path.read_text(encoding="utf-8")), path.name)
