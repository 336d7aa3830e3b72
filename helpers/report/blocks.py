"""A notebook's cells as the blocks of a page: prose, folded code, tables, figures."""

import ast
import base64
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from helpers.report.clean import clean_html
from helpers.report.text import visible

__all__ = ["Block", "markdown_html", "page_blocks", "take_title", "with_anchors"]

MAX_LINES = 400
_NOISE = re.compile(r"[\[(]?<(Axes|Figure|matplotlib|seaborn|\w+Container\b)|\[?Text\(")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_FOLDERS = re.compile(r"(?<![\w:/.<])(?:/[\w.+@-]+){2,}/|~/(?:[\w.+@-]+/)+")
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")


@dataclass(frozen=True)
class Block:
    """A piece of a page: ``kind`` is prose, code, output, figure or error; ``html`` is safe."""

    kind: str
    html: str
    n_cells: int = 1


def page_blocks(notebook: Mapping[str, Any]) -> list[Block]:
    """Turn an executed notebook into blocks; code cells without output share one fold.

    Parameters
    ----------
    notebook : mapping
        As ``json.load`` or nbformat gives it.

    Returns
    -------
    list of Block
        In the order of the page. Standard error is left out.
    """
    blocks: list[Block] = []
    folded: list[str] = []
    cells = notebook["cells"]
    for position, cell in enumerate(cells):
        source = _joined(cell["source"])
        if cell["cell_type"] != "code":
            blocks += [*_fold(folded), Block("prose", markdown_html(source))]
            folded = []
            continue
        outputs = [*_outputs(cell, _alternative(cells, position)), *_passed(cell, source)]
        if source.strip() and "injected-parameters" not in _tags(cell):
            folded.append(source)
        if outputs:
            blocks += [*_fold(folded), *outputs]
            folded = []
    return [*blocks, *_fold(folded)]


def markdown_html(source: str) -> str:
    """Render Markdown; HTML inside it is shown as the text it is, a dollar is a dollar."""
    import mistune

    render = mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])
    return clean_html(str(render(source)))


def _tags(cell: Mapping[str, Any]) -> Sequence[str]:
    """Return a cell's tags; the cell of injected values is shown as the page's parameters."""
    tags: Sequence[str] = cell.get("metadata", {}).get("tags", ())
    return tags


def take_title(blocks: Sequence[Block]) -> tuple[str, list[Block]]:
    """Cut the first heading out of the prose, since the page's head shows it; "" without one."""
    for position, block in enumerate(blocks):
        found = re.match(r"\s*<h1>(.*?)</h1>", block.html, flags=re.DOTALL)
        if block.kind == "prose" and found:
            rest = Block("prose", block.html[found.end() :])
            return _inner_text(found[1]), [*blocks[:position], rest, *blocks[position + 1 :]]
    return "", list(blocks)


def with_anchors(blocks: Sequence[Block]) -> tuple[list[tuple[str, str]], list[Block]]:
    """Give each second-level heading an anchor.

    Returns
    -------
    sections : list of (anchor, heading)
        For the page's table of contents.
    blocks : list of Block
        With the anchors.
    """
    sections: list[tuple[str, str]] = []

    def anchored(found: re.Match[str]) -> str:
        anchor = f"s{len(sections) + 1}"
        sections.append((anchor, _inner_text(found[1])))
        return f'<h2 id="{anchor}">{found[1]}</h2>'

    changed = [
        replace(block, html=re.sub(r"<h2>(.*?)</h2>", anchored, block.html, flags=re.DOTALL))
        if block.kind == "prose"
        else block
        for block in blocks
    ]
    return sections, changed


def _inner_text(fragment: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", fragment)).strip()


def _fold(sources: Sequence[str]) -> list[Block]:
    if not sources:
        return []
    code = "\n\n".join(source.strip("\n") for source in sources)
    return [Block("code", _highlighted(code), len(sources))]


def _highlighted(code: str) -> str:
    from pygments import highlight  # type: ignore[import-untyped]
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
    from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

    coloured: str = highlight(code, PythonLexer(), HtmlFormatter(nowrap=True, classprefix="hl-"))
    return coloured


def _passed(cell: Mapping[str, Any], source: str) -> Iterator[Block]:
    """Say how many checks of a cell held: one that fails stops the notebook."""
    ran = cell.get("execution_count") is not None
    if not ran or any(output["output_type"] == "error" for output in cell.get("outputs", ())):
        return
    try:
        n = sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source)))
    except SyntaxError:  # a magic of the notebook, no plain Python
        return
    if n:
        held = "1 check holds" if n == 1 else f"All {n} checks hold"
        yield Block("output", f"<p>{held} in this run; one that fails stops the notebook.</p>")


def _outputs(cell: Mapping[str, Any], alternative: str) -> Iterator[Block]:
    for output in cell.get("outputs", ()):
        kind = output["output_type"]
        if kind == "stream" and output["name"] == "stdout":
            yield from _text(_joined(output["text"]))
        elif kind == "error":
            yield _error(output)
        elif kind in ("display_data", "execute_result"):
            yield from _display(output.get("data", {}), alternative)


def _display(data: Mapping[str, Any], alternative: str) -> Iterator[Block]:
    if "text/html" in data:
        cleaned = clean_html(_joined(data["text/html"]))
        if re.sub(r"<[^>]*>", "", cleaned).strip():
            yield Block("output", cleaned)
            return
    for kind in _PICTURES:
        if kind in data:
            yield _figure(kind, _joined(data[kind]), alternative)
            return
    if "text/markdown" in data:
        yield Block("output", markdown_html(_joined(data["text/markdown"])))
    elif "text/plain" in data and not _NOISE.match(_joined(data["text/plain"])):
        yield from _text(_unquoted(_joined(data["text/plain"])))


def _unquoted(text: str) -> str:
    """Return what a text says, instead of how Python would write it."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return value if isinstance(value, str) else text


def _figure(kind: str, content: str, alternative: str) -> Block:
    if kind == "image/svg+xml":  # as a picture it can neither run nor load anything
        content = base64.b64encode(content.encode()).decode()
    packed = re.sub(r"[^A-Za-z0-9+/=]", "", content)
    alt = html.escape(visible(alternative))
    return Block("figure", f'<img alt="{alt}" src="data:{kind};base64,{packed}">')


def _text(text: str) -> Iterator[Block]:
    lines = _ANSI.sub("", text).rstrip().splitlines()
    if not lines:
        return
    kept = [visible(line) for line in lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        kept.append(f"... {len(lines) - MAX_LINES:,} more lines in the notebook")
    yield Block("output", f"<pre>{html.escape(chr(10).join(kept))}</pre>")


def _error(output: Mapping[str, Any]) -> Block:
    """Show an error without the machine's folders, which would name its user."""
    lines = _ANSI.sub("", "\n".join(output["traceback"])).splitlines()
    trace = html.escape(_FOLDERS.sub("…/", "\n".join(visible(line) for line in lines)))
    name = html.escape(visible(output["ename"]))
    message = html.escape(_FOLDERS.sub("…/", visible(output["evalue"])))
    folded = f"<details><summary>Traceback</summary><pre>{trace}</pre></details>"
    return Block("error", f"<p><b>{name}</b>: {message}</p>{folded}")


def _alternative(cells: Sequence[Mapping[str, Any]], position: int) -> str:
    """Describe the figure of a cell: the heading it stands under, the sentence after it."""
    heading = sentence = ""
    for cell in cells[:position]:
        if cell["cell_type"] == "markdown":
            found = re.findall(r"^#{1,6}\s+(.+)$", _joined(cell["source"]), flags=re.MULTILINE)
            heading = found[-1] if found else heading
    following = cells[position + 1 : position + 2]
    if following and following[0]["cell_type"] == "markdown":
        sentence = _first_sentence(_joined(following[0]["source"]))
    said = ": ".join(part for part in (_bare(heading), sentence) if part)
    return said or "Figure"


def _first_sentence(markdown: str) -> str:
    lines = [line for line in markdown.splitlines() if line.strip()]
    if not lines or lines[0].startswith(("#", "|", "```")):
        return ""
    paragraph = markdown.strip().split("\n\n")[0]
    return re.split(r"(?<=[.!?])\s", _bare(paragraph), maxsplit=1)[0][:240]


def _bare(markdown: str) -> str:
    linked = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    return " ".join(re.sub(r"[*_`>#]+", "", linked).split())


def _joined(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)
