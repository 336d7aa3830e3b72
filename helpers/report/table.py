"""A table for people: escaped, aligned, with bars and chips where they help to compare."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from helpers.config import near_miss
from helpers.contract import TABLES
from helpers.errors import ParameterError
from helpers.report.cells import EMPTY, formatter, guess_format, is_numeric
from helpers.report.chips import Bands, chip, scales_for
from helpers.report.drawing import Drawn, bar_lines, draw_empty, draw_html, draw_text
from helpers.report.style import style_element
from helpers.report.text import escape, humanise, visible

__all__ = ["TableView", "show"]

_PERSONAL = sorted({c.name for table in TABLES.values() for c in table.columns if c.personal})


@dataclass(frozen=True, repr=False)
class TableView:
    """A table ready to be displayed: as HTML, and as text where there is none."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return style_element() + self.html

    def __repr__(self) -> str:
        return self.text


def show(
    frame: pd.DataFrame | None,
    *,
    caption: str,
    limit: int | None = 15,
    formats: Mapping[str, str] | None = None,
    bars: Collection[str] = (),
    bands: Bands | None = None,
    headings: Mapping[str, str] | None = None,
    tooltips: Mapping[str, str] | None = None,
    currency: str | None = None,
    because: str = "the table has no rows",
    personal: bool = False,
) -> TableView:
    """Show the first rows of a table to people.

    Parameters
    ----------
    frame : DataFrame or None
        Rows in the order to show; ``None`` counts as empty. An index with a name or with
        texts is shown as the first columns.
    caption : str
        What the table shows, above it.
    limit : int or None
        Rows shown at most; the note says "first 15 of 240 rows". ``None``: all.
    formats : mapping of column to format, optional
        A name of :data:`helpers.report.cells.FORMATS` ("percent", "money", "number2",
        "path", ...) or a Python format (``",.2f"``). Others are guessed: ``*_rate`` in
        [-1, 1] is a percentage, ``mrr`` money, ``q_value`` a probability.
    bars : collection of str
        Numeric columns with a small bar, its length a share of the column's largest value.
    bands : mapping or collection of str, optional
        Columns as coloured chips; to a scale ("severity", "risk", "health") or to a mapping
        of value to colour. By default ``severity`` and every ``*_band``.
    headings : mapping of column to str, optional
        Instead of the humanised column name.
    tooltips : mapping of column to str, optional
        What appears over a heading; by default the column's name.
    currency : str, optional
        Named in the headings of money columns.
    because : str
        The reason given when there is nothing to show.
    personal : bool
        Allow columns that identify a person (``user_id``, what customers wrote).

    Raises
    ------
    ParameterError
        If an option names a column that the frame lacks, a format or scale is unknown,
        or a personal column is not allowed.
    """
    if limit is not None and limit < 1:
        raise ParameterError(f"limit must be at least 1 or None, got {limit}.")
    table = _with_index(frame if frame is not None else pd.DataFrame())
    if table.empty:
        return TableView(*draw_empty(caption, because))
    options = {"formats": formats, "bars": bars, "headings": headings, "tooltips": tooltips}
    scales = scales_for(list(table.columns), bands)
    _check(table, options | {"bands": scales}, personal)
    chosen = dict(formats or {})
    columns = [
        _column(
            name,
            table.iloc[:, position],
            limit=limit,
            chosen=chosen.get(name),
            heading=(headings or {}).get(name),
            tooltip=(tooltips or {}).get(name, name),
            currency=currency,
            bar=name in bars,
            scale=scales.get(name),
        )
        for position, name in enumerate(table.columns)
    ]
    shown = len(table) if limit is None else min(limit, len(table))
    note = "" if shown == len(table) else f"first {shown:,} of {len(table):,} rows"
    return TableView(draw_html(columns, caption, note), draw_text(columns, caption, note))


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    table = frame.copy(deep=False)
    if isinstance(table.columns, pd.MultiIndex):
        table.columns = pd.Index([" · ".join(map(str, name)) for name in table.columns])
    table.columns = pd.Index([str(name) for name in table.columns], dtype=object)
    names = [name for name in table.index.names if name is not None]
    unnamed_numbers = not names and pd.api.types.is_integer_dtype(table.index)
    if table.index.nlevels == 1 and unnamed_numbers:
        return table.reset_index(drop=True)
    labels = [str(name) if name is not None else "" for name in table.index.names]
    levels = [table.index.get_level_values(level) for level in range(table.index.nlevels)]
    table = table.reset_index(drop=True)
    for position, (label, level) in enumerate(zip(labels, levels, strict=True)):
        table.insert(position, label, pd.Series(level), allow_duplicates=True)
    return table


def _check(
    table: pd.DataFrame, options: Mapping[str, Collection[str] | None], personal: bool
) -> None:
    known = list(table.columns)
    for option, names in options.items():
        if isinstance(names, str):
            raise ParameterError(f"{option}: expected a list of columns, got {names!r}.")
        for name in names or ():
            if name not in known:
                raise ParameterError(
                    f"{option} names the column {name!r}, which the table does not have."
                    f"{near_miss(name, known)} It has {known}."
                )
    private = [name for name in known if name in _PERSONAL]
    if private and not personal:
        raise ParameterError(
            f"The columns {private} identify a person or hold what a person wrote. Drop them, "
            "or pass personal=True where a reader needs them."
        )


def _column(
    name: str,
    values: pd.Series,
    *,
    limit: int | None,
    chosen: str | None,
    heading: str | None,
    tooltip: str,
    currency: str | None,
    bar: bool,
    scale: Mapping[str, str] | None,
) -> Drawn:
    numeric = is_numeric(values)
    form = chosen or guess_format(name, values)
    write = formatter(form, values)
    shown = values.iloc[:limit]
    texts = tuple(visible(write(value)) for value in shown)
    title = humanise(name) if heading is None else visible(heading)
    if form == "money" and currency and currency not in title:
        title = f"{title} ({visible(currency)})"
    cells = [_cell(text, scale) for text in texts]
    if bar:
        if not numeric:
            raise ParameterError(f"bars: the column {name!r} holds no numbers.")
        lines = bar_lines(values, limit)
        cells = [f"{cell}{line}" for cell, line in zip(cells, lines, strict=True)]
    dated = pd.api.types.is_datetime64_any_dtype(values)
    return Drawn(name, title, tooltip, numeric, dated, texts, tuple(cells))


def _cell(text: str, scale: Mapping[str, str] | None) -> str:
    if text == EMPTY:
        return f'<span class="pb-none">{EMPTY}</span>'
    return escape(text) if scale is None else chip(text, scale)
