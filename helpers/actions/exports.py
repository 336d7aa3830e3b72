"""Tables that leave as CSV: safe to open in a spreadsheet, or exact for a machine.

A text cell that begins with ``=`` runs as a formula when a person opens the file. So there
are two profiles. *human* marks such cells with an apostrophe, which :func:`unescape_cell`
takes off again. *machine* changes nothing, and refuses such cells instead.

References
----------
OWASP, *CSV Injection*. RFC 4180, *Common Format and MIME Type for CSV Files*.
"""

import datetime as dt
import hashlib
import math
import os
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from helpers.config import near_miss
from helpers.errors import ContractError, ParameterError

__all__ = ["TRIGGERS", "Written", "escape_cell", "unescape_cell", "write_csv"]

TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First characters that a spreadsheet may take for the start of a formula."""
_MARK = "'"
_INVISIBLE = {"Cc", "Zl", "Zp"}
_EXACT_WHOLE = 1e15


@dataclass(frozen=True)
class Written:
    """What was written: the file, its rows and fingerprint, and the rows left out."""

    path: Path
    n_rows: int
    sha256: str
    rejected: pd.DataFrame


def escape_cell(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet could run, or that has one already.

    Blanks before the first character do not count: some programs cut them off.
    ``unescape_cell(escape_cell(text)) == text`` for every text.
    """
    return _MARK + text if _is_marked(text) else text


def unescape_cell(text: str) -> str:
    """Take off the apostrophe that :func:`escape_cell` put on."""
    return text[1:] if text.startswith(_MARK) and _is_marked(text[1:]) else text


def write_csv(
    frame: pd.DataFrame,
    path: Path,
    *,
    profile: Literal["human", "machine"] = "human",
    allow: Collection[str] = (),
    reject: Literal["raise", "leave out"] = "raise",
) -> Written:
    """Write a table as CSV, whole or not at all.

    Parameters
    ----------
    frame : DataFrame
        Without its index. Missing is an empty cell, empty text is ``""``; dates are ISO 8601,
        times UTC, truth values ``true`` and ``false``, lists joined by "; ".
    path : Path
        The file; its folder must exist.
    profile : str
        ``human``: UTF-8 with mark (spreadsheets need it), every text quoted, formulas
        disarmed, control characters replaced by blanks. ``machine``: UTF-8, RFC 4180, texts
        exactly as they are.
    allow : collection of str
        For ``machine``: columns whose texts may begin like a formula, e.g. phone numbers.
    reject : str
        For ``machine``, what becomes of other rows with such a text: ``raise`` an error,
        or ``leave out`` the row and return it in ``rejected``.

    Returns
    -------
    Written

    Raises
    ------
    ContractError
        If a machine export has a text that could run as a formula, or a text that UTF-8
        cannot hold; if a number is infinite.
    ParameterError
        If an option is unknown or names a column that the frame lacks.
    """
    _check_options(frame, profile, allow, reject)
    human = profile == "human"
    names = [str(name) for name in frame.columns]
    columns = [frame.iloc[:, position] for position in range(len(names))]
    texts = [_cells(values) for values in columns]
    _refuse_infinite(path, names, columns)
    bad = pd.Series(data=False, index=range(len(frame)))
    if not human:
        bad = _refused(path, names, texts, allow, raising=reject == "raise")
    encode = _human if human else _exact
    lines = [",".join(encode(name) for name in names)]
    kept = [position for position in range(len(frame)) if not bad.iloc[position]]
    lines += [",".join(encode(column[row]) for column in texts) for row in kept]
    lines = [line or '""' for line in lines]  # a bare blank line would be no row at all
    content = "".join(f"{line}\r\n" for line in lines).encode("utf-8-sig" if human else "utf-8")
    _replace(Path(path), content)
    rejected = frame[bad.to_numpy()].reset_index(drop=True)
    return Written(Path(path), len(kept), hashlib.sha256(content).hexdigest(), rejected)


def _is_marked(text: str) -> bool:
    bare = text.lstrip(" \u00a0\u2007\u202f\u3000\u200b\ufeff")
    return bare.startswith((*TRIGGERS, _MARK))


def _check_options(frame: pd.DataFrame, profile: str, allow: Collection[str], reject: str) -> None:
    if profile not in ("human", "machine"):
        raise ParameterError(f"profile: expected 'human' or 'machine', got {profile!r}.")
    if reject not in ("raise", "leave out"):
        raise ParameterError(f"reject: expected 'raise' or 'leave out', got {reject!r}.")
    known = [str(name) for name in frame.columns]
    for name in allow:
        if name not in known:
            raise ParameterError(
                f"allow names the column {name!r}, which the export does not have."
                f"{near_miss(name, known)} It has {known}."
            )


class _Bare(str):
    """The text of a number, date or truth value: never quoted, never marked."""

    __slots__ = ()


def _cells(values: pd.Series) -> list[str | None]:
    return [_cell(value) for value in values.astype(object)]


def _cell(value: Any) -> str | None:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return "; ".join("" if cell is None else cell for cell in map(_cell, value))
    if isinstance(value, set | frozenset):
        return _cell(sorted(value))
    if value is None or pd.isna(value):
        return None
    if isinstance(value, bool | np.bool_):
        return _Bare("true" if value else "false")
    if isinstance(value, int | np.integer):
        return _Bare(int(value))
    if isinstance(value, float | np.floating):
        whole = float(value).is_integer() and abs(float(value)) < _EXACT_WHOLE
        return _Bare(int(value) if whole else repr(float(value)))
    if isinstance(value, Decimal):
        return _Bare(value)
    if isinstance(value, dt.datetime):
        return _Bare(_moment(pd.Timestamp(value)))
    if isinstance(value, dt.date):
        return _Bare(value.isoformat())
    return str(value)


def _moment(moment: pd.Timestamp) -> str:
    if moment.tz is None:
        midnight = moment == moment.normalize()
        return moment.date().isoformat() if midnight else moment.isoformat()
    return moment.tz_convert("UTC").tz_localize(None).isoformat() + "Z"


def _human(cell: str | None) -> str:
    if cell is None or isinstance(cell, _Bare):
        return cell or ""
    plain = "".join(" " if unicodedata.category(c) in _INVISIBLE else c for c in cell)
    plain = plain.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate becomes "?"
    return _quoted(escape_cell(plain))


def _exact(cell: str | None) -> str:
    if cell is None or isinstance(cell, _Bare):
        return cell or ""
    return _quoted(cell) if not cell or any(c in cell for c in ',"\r\n') else cell


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _refuse_infinite(path: Path, names: list[str], columns: list[pd.Series]) -> None:
    def infinite(value: Any) -> bool:
        return isinstance(value, float | np.floating) and math.isinf(value)

    _report(path, names, [[v for v in column if infinite(v)] for column in columns], "finite")


def _refused(
    path: Path,
    names: list[str],
    texts: list[list[str | None]],
    allow: Collection[str],
    *,
    raising: bool,
) -> pd.Series:
    """Tell which rows a machine must not get; raise at once for a heading."""
    risky = [name for name in names if _is_marked(name) and name not in allow]
    if risky:
        raise ParameterError(f"headings {risky} begin like a formula; rename the columns.")
    tests: list[Callable[[str | None], bool]] = [
        _unfit if name in allow else lambda cell: _unfit(cell) or _runs(cell) for name in names
    ]
    hits = [[test(cell) for cell in column] for test, column in zip(tests, texts, strict=True)]
    if raising:
        found = [
            [cell for cell, hit in zip(column, flags, strict=True) if hit]
            for column, flags in zip(texts, hits, strict=True)
        ]
        _report(path, names, found, "text")
    n_rows = len(texts[0]) if texts else 0
    return pd.Series([any(flags[row] for flags in hits) for row in range(n_rows)], dtype=bool)


def _runs(cell: str | None) -> bool:
    """Tell whether a text could run; an apostrophe alone is harmless to a machine."""
    if cell is None or isinstance(cell, _Bare):
        return False
    return _is_marked(cell) and not cell.lstrip().startswith(_MARK)


def _unfit(cell: str | None) -> bool:
    return cell is not None and ("\x00" in cell or any("\ud800" <= c <= "\udfff" for c in cell))


_EXPECTED = {
    "finite": "finite numbers",
    "text": "no text that a spreadsheet could run (or that UTF-8 cannot hold), or allow=",
}


def _report(path: Path, names: list[str], found: list[list[Any]], what: str) -> None:
    rows = [
        {
            "column": name,
            "expected": _EXPECTED[what],
            "n_rows": len(hits),
            "example": str(hits[0]).encode("utf-8", "backslashreplace").decode(),
        }
        for name, hits in zip(names, found, strict=True)
        if hits
    ]
    if rows:
        raise ContractError(f"the export {Path(path).name}", pd.DataFrame(rows))


def _replace(path: Path, content: bytes) -> None:
    """Write beside the target into a new file, then rename: no reader sees a part of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
