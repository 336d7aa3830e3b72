"""One executed notebook as one page: self-contained, offline, code folded, nothing that runs."""

import ast
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.config.parameters import read_parameters
from helpers.contract import NOTEBOOKS
from helpers.errors import NotebookError, ParameterError
from helpers.report.blocks import page_blocks, take_title, with_anchors
from helpers.report.style import TEMPLATES, css
from helpers.report.text import visible

__all__ = ["POLICY", "TITLES", "Link", "export_html", "navigation", "write_page"]

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'"
)
"""Content security policy of every page: nothing runs, nothing is loaded."""

TITLES: dict[str, tuple[str, str]] = {
    "01_data_audit": ("Data", "Can the data be trusted?"),
    "02_feature_engineering": ("Features", "What did each account do, as of each date?"),
    "03_segmentation": ("Segments", "Which kinds of customers are there?"),
    "04_sequence_association_mining": ("Patterns", "What comes before success, and before loss?"),
    "05_anomaly_review": ("Alerts", "Whose behaviour has changed?"),
    "06_churn_model": ("Churn", "Who may leave, and whom to call first?"),
    "07_segment_report": ("Report", "What should a leader know this quarter?"),
    "08_impact": ("Impact", "Did what the team did keep customers?"),
    "09_growth_and_engagement": ("Growth", "Who is ready for more, and who will be active?"),
}
"""Short title and question of each notebook."""

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_HIDDEN_PARAMETERS = ("root", "run_id")


@dataclass(frozen=True)
class Link:
    """One entry of the navigation."""

    href: str
    label: str
    current: bool


def export_html(
    notebook_path: Path,
    out_path: Path,
    *,
    company: str,
    as_of: str | None,
    run_id: str,
    title: str | None = None,
    subtitle: str = "",
    pages: Sequence[str] | None = None,
    failed: bool = False,
) -> Path:
    """Write the page of an executed notebook.

    Parameters
    ----------
    notebook_path : Path
        The executed notebook.
    out_path : Path
        The page; its folder holds ``index.html`` and the other pages.
    company, run_id : str
        Shown under the title.
    as_of : str or None
        Shown under the title; ``settings.json`` beside the page wins, since the data audit
        decides it where the configuration does not.
    title : str, optional
        Default: the notebook's own first heading.
    subtitle : str
        A line under the title.
    pages : sequence of str, optional
        Notebooks in the navigation; default all.
    failed : bool
        Allow a notebook that stopped; its page says so and shows the traceback.

    Raises
    ------
    NotebookError
        If the notebook holds an error and ``failed`` is not set.
    """
    notebook = json.loads(Path(notebook_path).read_text(encoding="utf-8"))
    blocks = page_blocks(notebook)
    if any(block.kind == "error" for block in blocks) and not failed:
        raise NotebookError(
            f"{Path(notebook_path).name} stopped with an error: expected a notebook that ran to "
            "its end. Mend it, or write its page with failed=True."
        )
    own_title, blocks = take_title(blocks)
    stem = Path(out_path).stem
    page = {
        "title": title or own_title or stem,
        "subtitle": subtitle,
        "company": company,
        "run_id": run_id,
        "as_of": _as_of(Path(out_path).parent, as_of),
        "links": navigation(pages, current=stem),
        "parameters": _parameters(notebook),
        "failed": failed,
    }
    sections, blocks = with_anchors(blocks)
    return write_page(
        Path(out_path), _render(notebook, page | {"sections": sections, "blocks": blocks})
    )


def navigation(pages: Sequence[str] | None, *, current: str) -> list[Link]:
    """Return the links of the navigation: overview, accounts, then the notebooks, all relative.

    The accounts have a page where the notebook that ranks them has one.

    Raises
    ------
    ParameterError
        If a name could lead out of the folder.
    """
    names = list(NOTEBOOKS if pages is None else pages)
    wrong = [name for name in names if not _NAME.fullmatch(name)]
    if wrong:
        raise ParameterError(f"pages: expected names such as '06_churn_model', got {wrong}.")
    labels = {name: TITLES.get(name, (name.replace("_", " "), ""))[0] for name in names}
    ranked = "06_churn_model" in names
    return [
        Link("index.html", "Overview", current == "index"),
        *([Link("accounts.html", "Accounts", current == "accounts")] if ranked else []),
        *(Link(f"{name}.html", label, name == current) for name, label in labels.items()),
    ]


def write_page(path: Path, text: str) -> Path:
    """Write a page whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return path


def _render(notebook: Mapping[str, Any], page: Mapping[str, Any]) -> str:
    """Fill the notebook template by nbconvert, every value escaped unless a block says safe."""
    import nbformat
    from nbconvert.exporters.templateexporter import TemplateExporter

    class _Exporter(TemplateExporter):
        file_extension = ".html"
        template_extension = ".html.j2"
        output_mimetype = "text/html"

    exporter: Any = _Exporter(  # type: ignore[no-untyped-call]
        extra_template_basedirs=[str(TEMPLATES)], template_name="playbook"
    )
    exporter.environment.autoescape = True
    node = nbformat.from_dict(notebook)  # type: ignore[no-untyped-call]
    resources = {"page": dict(page), "policy": POLICY, "css": css("pieces.css") + css("page.css")}
    text, _ = exporter.from_notebook_node(node, resources=resources)
    return str(text)


def _as_of(folder: Path, given: str | None) -> str:
    try:
        settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
        decided = settings["analysis"]["as_of"]
    except (OSError, ValueError, KeyError, TypeError):
        decided = None
    return str(decided or given or "")


def _parameters(notebook: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return name, value in force and meaning of each parameter; none without such a cell."""
    try:
        declared = read_parameters(notebook, "notebook")
    except ParameterError:
        return []
    given: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if "injected-parameters" in cell.get("metadata", {}).get("tags", ()):
            given |= _assigned("".join(cell["source"]))
    return [
        (name, _shown(given.get(name, parameter.default)), parameter.help)
        for name, parameter in declared.items()
        if name not in _HIDDEN_PARAMETERS
    ]


def _assigned(source: str) -> dict[str, Any]:
    values = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values[node.targets[0].id] = ast.literal_eval(node.value)
    return values


def _shown(value: Any) -> str:
    """Write a value; a machine's folder is cut to its last part."""
    text = visible(value)
    if isinstance(value, str) and re.match(r"/|~|[A-Za-z]:\\", value):
        return "…/" + re.split(r"[/\\]", text.rstrip("/\\"))[-1]
    return "–" if value is None else text
