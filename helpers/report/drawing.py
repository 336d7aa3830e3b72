"""A prepared table drawn twice: as HTML for people, as text for terminals and comparisons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.report.text import escape, visible

__all__ = ["Drawn", "bar_lines", "draw_empty", "draw_html", "draw_text"]


LONG = 60
"""Characters from which a text needs a wide column."""

_LONG_CLASS = ' class="pb-long"'


@dataclass(frozen=True)
class Drawn:
    """One column, ready: ``texts`` as they read, ``cells`` the same as safe HTML."""

    name: str
    heading: str
    tooltip: str
    numeric: bool
    whole: bool  # a cell is never broken over lines
    texts: tuple[str, ...]
    cells: tuple[str, ...]  # HTML


def bar_lines(values: pd.Series, limit: int | None) -> list[str]:
    """Return a small bar for each of the first values, relative to the largest of all."""
    numbers = values.astype("float64")
    finite = numbers[numbers.abs() < float("inf")]
    largest = float(finite.abs().max()) if len(finite) else 0.0
    lines = []
    for number in numbers.iloc[:limit]:
        if not largest or pd.isna(number):
            lines.append('<span class="pb-bar"></span>')
            continue
        width = round(100 * min(abs(number) / largest, 1.0))
        side = ' class="pb-minus"' if number < 0 else ""
        lines.append(f'<span class="pb-bar"><i{side} style="width:{width}%"></i></span>')
    return lines


def draw_empty(caption: str, because: str) -> tuple[str, str]:
    """Return the HTML and the text of a table without rows: its caption and the reason."""
    why = visible(because).strip().rstrip(".")
    sentence = f"nothing to show because {why}."
    html = f'<div class="pb"><p class="pb-empty"><b>{escape(caption)}</b>: {escape(sentence)}</p>'
    return f"{html}</div>", f"{visible(caption)}: {sentence}"


def draw_html(columns: Sequence[Drawn], caption: str, note: str) -> str:
    """Return the table as HTML; wide ones scroll inside their own box."""
    heads = "".join(
        f'<th scope="col" title="{escape(c.tooltip)}"{_class(c)}>{escape(c.heading)}</th>'
        for c in columns
    )
    rows = zip(*(c.cells for c in columns), strict=True)
    body = "\n".join(
        "<tr>"
        + "".join(f"<td{_class(c)}>{cell}</td>" for c, cell in zip(columns, row, strict=True))
        + "</tr>"
        for row in rows
    )
    alone = [_class(c) for c in columns].count(_LONG_CLASS) == 1
    below = f'<p class="pb-note">{note}</p>' if note else ""
    return (
        f'<div class="pb"><div class="pb-scroll"><table class="pb-table{" pb-roomy" * alone}">'
        f"<caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>\n{body}\n</tbody></table></div>{below}</div>"
    )


def _class(column: Drawn) -> str:
    if column.numeric:
        return ' class="pb-num"'
    if column.whole:
        return ' class="pb-nowrap"'
    return _LONG_CLASS if max(map(len, column.texts), default=0) > LONG else ""


def draw_text(columns: Sequence[Drawn], caption: str, note: str) -> str:
    """Return the table as text in aligned columns."""
    pad: list[Callable[[str, int], str]] = [
        str.rjust if column.numeric else str.ljust for column in columns
    ]
    widths = [max(len(text) for text in (c.heading, *c.texts)) for c in columns]
    lines = [[c.heading for c in columns]]
    lines += [list(row) for row in zip(*(c.texts for c in columns), strict=True)]
    drawn = [
        "  ".join(f(text, w) for f, text, w in zip(pad, line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join([visible(caption), *drawn, *([note] if note else [])])
