"""What the values of a column look like: dates and in which order, numbers, truth values, ids."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from helpers.sources.dates import ISO_NAIVE, ISO_OFFSET, SLASHED

__all__ = ["Profile", "profile"]

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_COMMA_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+")
_POINT_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_ISO = re.compile(f"(?:{ISO_NAIVE}|{ISO_OFFSET})")
_AWARE = re.compile(ISO_OFFSET)
_SLASHED = re.compile(SLASHED)
_COMPACT = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_BOOLEANS = {"true", "false", "t", "f", "yes", "no", "y", "n", "1", "0"}
_NULL_WORDS = {"none", "null", "n/a", "na", "nan", "-", "nil", "#n/a", "nat"}
_EPOCHS = (("epoch_s", 1), ("epoch_ms", 1_000), ("epoch_us", 1_000_000))
_EPOCH_FROM, _EPOCH_TO = 631_152_000, 4_102_444_800  # 1990 to 2100
_MOSTLY = 0.98


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One column of a sample.

    Parameters
    ----------
    name : str
        As written in the source.
    kind : str
        ``date``, ``number``, ``boolean``, ``text`` or ``empty``.
    style : str
        For dates: ``iso``, ``dmy``, ``mdy``, ``unclear``, ``%Y%m%d`` or an epoch unit; for
        numbers ``plain``, ``comma`` (decimal comma) or ``thousands``.
    n_rows, n_filled, n_distinct : int
        In the sample; null words count as not filled where the rest has a type.
    null_words : tuple of str
        Words that stand for "missing" in a typed column.
    values : frozenset of str
        Distinct values.
    first : str
        First value, for a comment.
    whole : bool
        Numbers without a fraction.
    native : bool
        Typed in the file itself.
    local_clock : bool
        Times of day without an offset.
    """

    name: str
    kind: str
    style: str = ""
    n_rows: int = 0
    n_filled: int = 0
    n_distinct: int = 0
    null_words: tuple[str, ...] = ()
    values: frozenset[str] = field(default_factory=frozenset)
    first: str = ""
    whole: bool = False
    native: bool = False
    local_clock: bool = False

    @property
    def is_key(self) -> bool:
        """Whether no value repeats."""
        return self.n_filled > 0 and self.n_distinct == self.n_filled


def profile(name: str, cells: Sequence[str | None], native: str = "VARCHAR") -> Profile:
    """Describe a column.

    Parameters
    ----------
    name : str
        As written in the source.
    cells : sequence of str or None
        Sampled values as text.
    native : str
        DuckDB type in the file, where it has one.
    """
    texts = [cell.strip() for cell in cells if cell is not None and cell.strip()]
    words = sorted({text for text in texts if text.lower() in _NULL_WORDS})
    filled = [text for text in texts if text not in words] if words else texts
    kind, style = _kind(filled, native)
    if kind == "text" and words:
        filled, words = texts, []
    return Profile(
        name=name,
        kind=kind,
        style=style,
        n_rows=len(cells),
        n_filled=len(filled),
        n_distinct=len(set(filled)),
        null_words=tuple(words),
        values=frozenset(filled),
        first=filled[0] if filled else "",
        whole=kind == "number" and all(re.fullmatch(r"[+-]?\d+", text) for text in filled),
        native=native != "VARCHAR",
        local_clock=kind == "date" and _is_local(filled, style, native),
    )


def _kind(filled: list[str], native: str) -> tuple[str, str]:
    if native.startswith(("TIMESTAMP", "DATE")):
        return "date", "iso"
    if native == "BOOLEAN":
        return "boolean", ""
    if not filled:
        return "empty", ""
    words = {text.lower() for text in filled}
    if words <= _BOOLEANS and len(words) <= 2:
        return "boolean", ""
    date = _date_style(filled)
    if date:
        return "date", date
    number = _number_style(filled)
    return ("number", number) if number else ("text", "")


def _is_local(filled: list[str], style: str, native: str) -> bool:
    """Tell whether times of day carry no offset, so that a zone must be declared."""
    if native.startswith("TIMESTAMP"):
        return "TIME ZONE" not in native
    if style.startswith(("epoch", "%")):
        return False
    return any(":" in text and not _AWARE.fullmatch(text) for text in filled)


def _share(filled: list[str], pattern: re.Pattern[str]) -> float:
    return sum(pattern.fullmatch(text) is not None for text in filled) / len(filled)


def _date_style(filled: list[str]) -> str:
    if _share(filled, _ISO) >= _MOSTLY:
        return "iso"
    if _share(filled, _SLASHED) >= _MOSTLY:
        pairs = [re.split(r"[./-]", text)[:2] for text in filled if _SLASHED.fullmatch(text)]
        day_first = any(int(first) > 12 for first, _ in pairs)
        month_first = any(int(second) > 12 for _, second in pairs)
        if day_first == month_first:
            return "unclear"
        return "dmy" if day_first else "mdy"
    if _share(filled, _COMPACT) >= _MOSTLY and len(set(filled)) > 1:
        return "%Y%m%d"
    if all(re.fullmatch(r"\d{10,16}(\.\d+)?", text) for text in filled):
        for unit, scale in _EPOCHS:
            if all(_EPOCH_FROM * scale <= float(text) < _EPOCH_TO * scale for text in filled):
                return unit
    return ""


def _number_style(filled: list[str]) -> str:
    if _share(filled, _NUMBER) >= _MOSTLY:
        return "plain"
    comma = sum(_COMMA_NUMBER.fullmatch(text) is not None for text in filled)
    point = sum(_POINT_THOUSANDS.fullmatch(text) is not None for text in filled)
    plain = sum(_NUMBER.fullmatch(text) is not None for text in filled)
    if comma and (comma + plain) / len(filled) >= _MOSTLY:
        return "comma"
    if point and (point + plain) / len(filled) >= _MOSTLY:
        return "thousands"
    return ""
