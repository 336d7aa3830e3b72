"""Ids, texts, numbers and truth values of a source to the contract's types, as SQL."""

from helpers.config import ColumnSource
from helpers.config.sources import NumberFormat
from helpers.sources.session import Sql, commas, fill, literal

__all__ = ["as_text", "boolean", "clean_id", "clean_text", "folded", "mapped", "number"]

_BLANKS = " \t\r\n\x0b\x0c"
_WIDE_BLANKS = (
    _BLANKS + "\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u202f\u205f\u3000"
)
_INVISIBLE = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_PLAIN_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_NOT_FINITE = ("nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity")


def as_text(value: Sql, kind: str) -> Sql:
    """Return a column of any DuckDB type as text; a whole float loses its ``.0``."""
    if kind == "VARCHAR":
        return value
    if kind in ("DOUBLE", "FLOAT"):
        return fill(
            "CASE WHEN {v} = trunc({v}) AND abs({v}) < 9007199254740992 "
            "THEN CAST(CAST({v} AS BIGINT) AS VARCHAR) ELSE CAST({v} AS VARCHAR) END", v=value,
        )  # fmt: skip
    return fill("CAST({v} AS VARCHAR)", v=value)


def clean_text(value: Sql, nulls: list[str]) -> Sql:
    """Trim; empty text and the declared null markers become null."""
    trimmed = fill(
        "CASE WHEN {plain} THEN {v} ELSE nullif(trim({v}, {w}), '') END",
        plain=_plain_ends(value),
        v=value,
        w=literal(_WIDE_BLANKS),
    )
    if not nulls:
        return trimmed
    marks = commas(literal(mark.strip()) for mark in nulls)
    return fill("CASE WHEN {t} NOT IN ({m}) THEN {t} END", t=trimmed, m=marks)


def _plain_ends(value: Sql) -> Sql:
    """ASCII throughout and no blank at either end: nearly every value, and cheap to see."""
    return fill(
        "(strlen({v}) = length({v}) AND {v} > '!' AND right({v}, 1) > ' ')",
        v=value,
    )


def clean_id(text: Sql) -> Sql:
    """Normalise trimmed text further: NFC, without invisible characters."""
    return fill(
        "CASE WHEN strlen({t}) = length({t}) THEN {t} ELSE nullif(trim("
        "regexp_replace(nfc_normalize({t}), {i}, '', 'g'), {w}), '') END",
        t=text,
        i=literal(_INVISIBLE),
        w=literal(_WIDE_BLANKS),
    )


def folded(value: Sql, *, case_sensitive: bool) -> Sql:
    """Return what ids are compared by."""
    return value if case_sensitive else fill("lower({v})", v=value)


def mapped(text: Sql, values: dict[str, str | int | float | bool | None]) -> Sql:
    """Replace source values by contract values, as text."""
    arms = [
        fill("WHEN {k} THEN {v}", k=literal(key.strip()), v=literal(_plain(value)))
        for key, value in values.items()
    ]
    return fill("CASE {t} {arms} END", t=text, arms=commas(arms, " "))


def _plain(value: str | float | bool | None) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def number(value: Sql, kind: str, entry: ColumnSource) -> tuple[Sql, Sql]:
    """Return a float and the reason why there is none, over a column or trimmed text."""
    style = entry.number or NumberFormat()
    if kind != "VARCHAR":
        plain = fill("TRY_CAST({v} AS DOUBLE)", v=value)
        looks = Sql("TRUE")
    else:
        bare = value
        for mark in style.strip:
            bare = fill("replace({b}, {m}, '')", b=bare, m=literal(mark))
        bare = fill("trim({b}, {w})", b=bare, w=literal(_WIDE_BLANKS)) if style.strip else bare
        looks, plain = _written(bare, style)
    scaled = plain if style.divide_by == 1.0 else fill(
        "({p} / {d})", p=plain, d=literal(float(style.divide_by))
    )  # fmt: skip
    good = fill("CASE WHEN {l} AND isfinite({s}) THEN {s} END", l=looks, s=scaled)
    marks = commas(literal(mark) for mark in _NOT_FINITE)
    endless = fill("(lower(CAST({v} AS VARCHAR)) IN ({m}) OR ({l} AND NOT isfinite({p})))",
                   v=value, m=marks, l=looks, p=plain)  # fmt: skip
    why = fill("CASE WHEN {e} THEN 'not_finite' ELSE 'not_a_number' END", e=endless)
    return good, why


def _written(text: Sql, style: NumberFormat) -> tuple[Sql, Sql]:
    if style.decimal == "." and style.thousands is None:
        looks = fill("regexp_full_match({t}, {r})", t=text, r=literal(_PLAIN_NUMBER))
        return looks, fill("TRY_CAST({t} AS DOUBLE)", t=text)
    point = rf"\{style.decimal}"
    whole = r"\d+"
    bare = text
    if style.thousands is not None:
        mark = rf"\{style.thousands}" if style.thousands in ".'" else style.thousands
        whole = rf"(?:\d+|\d{{1,3}}(?:{mark}\d{{3}})+)"
        bare = fill("replace({t}, {m}, '')", t=text, m=literal(style.thousands))
        if style.thousands == " ":  # exports use no-break spaces as well
            whole = r"(?:\d+|\d{1,3}(?:[ \x{00a0}\x{202f}]\d{3})+)"
            bare = fill("translate({t}, {m}, '')", t=text, m=literal(" \u00a0\u202f"))
    pattern = rf"[+-]?(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"
    if style.decimal != ".":
        bare = fill("replace({t}, {m}, '.')", t=bare, m=literal(style.decimal))
    looks = fill("regexp_full_match({t}, {r})", t=text, r=literal(pattern))
    return looks, fill("TRY_CAST({b} AS DOUBLE)", b=bare)


def boolean(value: Sql, kind: str) -> Sql:
    """Return a truth value; null where the text is none of true, yes, y, t, 1 and opposites."""
    if kind == "BOOLEAN":
        return value
    text = fill("lower({t})", t=as_text(value, kind))
    return fill(
        "CASE WHEN {t} IN ({yes}) THEN TRUE WHEN {t} IN ({no}) THEN FALSE END",
        t=text,
        yes=commas(map(literal, _TRUE)),
        no=commas(map(literal, _FALSE)),
    )
