"""Executed copies that compare equal when nothing changed: no addresses, random ids or clocks.

Every rule is applied to the published copy and, through :func:`sanitize_rules`, by nbval to
both sides of its comparison. A rule is as narrow as its cause: a rule for all numbers or all
dates would hide real differences.
"""

import json
import re
from pathlib import Path
from typing import Any

__all__ = ["clean_notebook_outputs", "sanitize_rules", "stable_text"]

RULES: tuple[tuple[str, str], ...] = (
    # an object's address in memory
    (r"\bat 0x[0-9a-f]{6,16}\b", "at ADDRESS"),
    # ids that pandas' Styler draws anew each time
    (r"\bT_[0-9a-f]{5}\b(?!_)", "T_STYLER"),
    (r"\bT_[0-9a-f]{5}_", "T_STYLER_"),
    # random identifiers of widgets and of HTML elements
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b", "UUID"),
    # date and time of a statsmodels summary, as text and as HTML
    (r"\bDate:( {2,})\w{3}, \d{2} \w{3} \d{4}", r"Date:\1DATE"),
    (r"\bTime:( {2,})\d{2}:\d{2}:\d{2}", r"Time:\1TIME"),
    (r"<th>Date:</th>( *)<td>\w{3}, \d{2} \w{3} \d{4}</td>", r"<th>Date:</th>\1<td>DATE</td>"),
    (r"<th>Time:</th>( *)<td>\d{2}:\d{2}:\d{2}</td>", r"<th>Time:</th>\1<td>TIME</td>"),
    # the file that a kernel compiles a cell to
    (r"[^\s\"'(]*/ipykernel_\d+/\d+\.py", "CELL"),
    # a machine's folders, in warnings and tracebacks; the file's name is kept
    (r"(?<![\w:/.<])(?:/[\w.+@-]+){2,}/(?=[\w.+-]+\.py\b)", "…/"),
)
"""Pattern and replacement; applying a rule twice changes nothing."""

_RULES = tuple((re.compile(pattern), replacement) for pattern, replacement in RULES)
_PICTURES = ("image/png", "image/jpeg", "image/gif")
_NEVER_COMPARED = ("application/vnd.jupyter.widget-view+json",)
_CLOCKS = ("papermill", "execution", "widgets", "signature")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def stable_text(text: str) -> str:
    """Return a text without what differs between two runs of the same code."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def sanitize_rules() -> str:
    """Return the rules in the format of nbval's ``--nbval-sanitize-with=FILE``."""
    return "\n\n".join(
        f"[rule{number}]\nregex: {pattern}\nreplace: {replacement}"
        for number, (pattern, replacement) in enumerate(RULES, start=1)
    )


def clean_notebook_outputs(notebook: Path | dict[str, Any]) -> dict[str, Any]:
    """Remove from an executed notebook what differs between two equal runs.

    Parameters
    ----------
    notebook : Path or dict
        A notebook file, which is rewritten whole or not at all, or a notebook as
        ``json.load`` or nbformat gives it, which is changed in place.

    Returns
    -------
    dict
        The notebook. Pictures and every text stay; times of execution, widget states and
        addresses go; cells are numbered as their ids.
    """
    if isinstance(notebook, Path):
        content: dict[str, Any] = json.loads(notebook.read_text(encoding="utf-8"))
        clean_notebook_outputs(content)
        temporary = notebook.with_suffix(".tmp")
        text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(notebook)
        return content
    _without(notebook["metadata"], _CLOCKS)
    for number, cell in enumerate(notebook["cells"]):
        _without(cell["metadata"], _CLOCKS)
        if "id" in cell:
            cell["id"] = f"cell-{number}"
        for output in cell.get("outputs", ()):
            _clean_output(output)
    return notebook


def _without(metadata: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in keys:
        metadata.pop(key, None)


def _clean_output(output: dict[str, Any]) -> None:
    if "text" in output:
        output["text"] = _stable(output["text"])
    if output.get("output_type") == "error":
        output["evalue"] = _stable(output["evalue"])
        output["traceback"] = [stable_text(_ANSI.sub("", line)) for line in output["traceback"]]
    for kind in _NEVER_COMPARED:
        output.get("data", {}).pop(kind, None)
    for kind, value in output.get("data", {}).items():
        if kind not in _PICTURES:
            output["data"][kind] = _stable(value)


def _stable(value: Any) -> Any:
    """Clean a text as notebooks hold it: one string, or a list of lines."""
    if isinstance(value, str):
        return stable_text(value)
    if isinstance(value, list):
        joined = stable_text("".join(map(str, value)))
        return joined.splitlines(keepends=True)
    return value
