"""The careful way through a text table: line by line, so that one bad line costs one line.

A field is plain text without quotes, or quoted text in which a quote is doubled; blanks may
stand around the quotes. A line that is neither is put aside with its number and the reading goes
on with the next physical line: no parser library re-synchronises there.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from helpers.errors import GateError
from helpers.sources.raw import BadLine, Loaded
from helpers.sources.session import Session, fill, literal

__all__ = ["Grammar", "read_strict"]

BATCH_ROWS = 50_000
MAX_LINE = 8_000_000
MAX_FIELD = 1_000_000
MAX_RECORD_LINES = 1_000
_UNDECODABLE = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Grammar:
    """How fields and quotes are written in one file."""

    delimiter: str
    quote: str

    @property
    def _parts(self) -> tuple[str, str]:
        return re.escape(self.delimiter), re.escape(self.quote)

    @property
    def quoted(self) -> str:
        """Regular expression of one quoted text."""
        q = self._parts[1]
        return f"{q}(?:[^{q}]|{q}{q})*{q}"

    @property
    def line(self) -> str:
        """Regular expression of a whole, well-formed line; RE2 and Python agree on it."""
        d, q = self._parts
        one = f"(?:[^{q}{d}]*| *{self.quoted} *)"
        return f"{one}(?:{d}{one})*"

    @property
    def opened(self) -> str:
        """Regular expression of a line whose last field is quoted and not closed."""
        d, q = self._parts
        one = f"(?:[^{q}{d}]*| *{self.quoted} *)"
        return f"(?:{one}{d})* *{q}(?:[^{q}]|{q}{q})*"

    def compiled(self) -> "_Compiled":
        """Return the patterns ready for use."""
        d, q = self._parts
        one = f" *{q}((?:[^{q}]|{q}{q})*){q} *(?={d}|\\Z)|([^{d}]*)"
        return _Compiled(
            self,
            re.compile(self.line, re.DOTALL),
            re.compile(self.opened, re.DOTALL),
            re.compile(f"(?:{one})(?:{d}|\\Z)", re.DOTALL),
        )


@dataclass(frozen=True)
class _Compiled:
    grammar: Grammar
    line: re.Pattern[str]
    opened: re.Pattern[str]
    one: re.Pattern[str]

    def split(self, record: str) -> list[str]:
        """Split a well-formed record into its fields."""
        quote, fields, at = self.grammar.quote, [], 0
        while True:
            match = self.one.match(record, at)
            if match is None:  # cannot happen to a record that `line` accepts
                raise GateError(f"a record of {len(record)} characters cannot be split")
            quoted = match.group(1)
            fields.append(match.group(2) if quoted is None else quoted.replace(quote * 2, quote))
            if match.end() == len(record) and not match.group(0).endswith(self.grammar.delimiter):
                return fields
            if match.end() == len(record):
                return [*fields, ""]
            at = match.end()


@dataclass
class _Progress:
    """Counts of one strict reading; together they account for every physical line."""

    n_blank: int = 0
    n_lines: int = 0
    bad: list[BadLine] = field(default_factory=list)


def read_strict(
    session: Session,
    path: Path,
    *,
    name: str,
    header_line: int,
    n_fields: int,
    wanted: Sequence[int],
    grammar: Grammar,
    multiline: bool,
    n_lines: int,
) -> Loaded:
    """Read a UTF-8 text table line by line.

    Parameters
    ----------
    session : Session
        Gives the scratch folder and reads the result back.
    path : Path
        Plain UTF-8 file; undecodable bytes make their line bad.
    name : str
        For errors.
    header_line : int
        Physical line of the header; records start below it.
    n_fields : int
        Fields of the header.
    wanted : sequence of int
        Positions of the columns to keep, in this order.
    grammar : Grammar
        Delimiter and quote.
    multiline : bool
        Whether a quoted cell may hold line ends.
    n_lines : int
        Physical lines as counted by the byte pass.

    Returns
    -------
    Loaded
        Good records with their physical line, and the bad lines with a reason.

    Raises
    ------
    GateError
        If header, blank lines, records and bad lines do not add up to ``n_lines``.
    """
    state = _Progress()
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline=None) as stream:
        lines = _lines(stream)
        for _ in range(header_line):
            next(lines, None)
        records = _records(lines, state, grammar.compiled(), n_fields, multiline, header_line)
        # Never named after the file: others may be called the same, or be loaded twice.
        target = session.scratch_file("strict", ".parquet")
        n_records = _write(target, records, wanted)
    accounted = min(header_line, n_lines) + state.n_lines
    if accounted != n_lines:
        raise GateError(
            f"{name}: {n_lines:,} physical lines, but {accounted:,} are accounted for. "
            "This is a defect of the reader; please report the file's shape."
        )
    relation = fill("read_parquet({p})", p=literal(str(target)))
    return Loaded(relation=relation, n_records=n_records, bad=state.bad)


def _lines(stream: TextIO) -> Iterator[str | None]:
    """Yield lines without their end; ``None`` for one that is longer than anyone means."""
    while line := stream.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith("\n"):
            while (rest := stream.readline(MAX_LINE)) and not rest.endswith("\n"):
                pass
            yield None
        else:
            yield line[:-1] if line.endswith("\n") else line


def _records(
    lines: Iterator[str | None],
    state: _Progress,
    patterns: _Compiled,
    n_fields: int,
    multiline: bool,
    header_line: int,
) -> Iterator[tuple[int, list[str]]]:
    ahead: deque[str | None] = deque()
    number = header_line
    while True:
        line = ahead.popleft() if ahead else next(lines, _END)
        if line is _END:
            return
        number += 1
        state.n_lines += 1
        if line == "":
            state.n_blank += 1
            continue
        fields, reason, extra = _parse(line, lines, ahead, patterns, multiline)
        reason = reason or _fault(fields, n_fields)
        if reason:
            state.bad.append(BadLine(number, reason))
        else:
            yield number, fields
        number += extra
        state.n_lines += extra


_END: str = "\udfff end"


def _parse(
    line: str | None,
    lines: Iterator[str | None],
    ahead: deque[str | None],
    patterns: _Compiled,
    multiline: bool,
) -> tuple[list[str], str, int]:
    """Return fields, a reason why there are none, and how many further lines were taken."""
    if line is None:
        return [], "line_too_long", 0
    if "\0" in line:
        return [], "nul_byte", 0
    if not line.isascii() and _UNDECODABLE.search(line):
        return [], "bad_byte", 0
    if patterns.grammar.quote not in line:
        return line.split(patterns.grammar.delimiter), "", 0
    if patterns.line.fullmatch(line):
        return patterns.split(line), "", 0
    if multiline and patterns.opened.fullmatch(line):
        return _join(line, lines, ahead, patterns)
    return [], "stray_quote", 0


def _join(
    line: str, lines: Iterator[str | None], ahead: deque[str | None], patterns: _Compiled
) -> tuple[list[str], str, int]:
    """Add lines until the quote closes; give them back if it never does."""
    taken: list[str | None] = []
    record = line
    while len(taken) < MAX_RECORD_LINES:
        following = ahead.popleft() if ahead else next(lines, _END)
        if following is _END:
            break
        taken.append(following)
        if following is None or "\0" in following or _UNDECODABLE.search(following):
            break
        record = f"{record}\n{following}"
        if patterns.grammar.quote in following:
            if patterns.line.fullmatch(record):
                return patterns.split(record), "", len(taken)
            if not patterns.opened.fullmatch(record):
                break
    ahead.extendleft(reversed(taken))
    return [], "stray_quote", 0


def _fault(fields: list[str], n_fields: int) -> str:
    if len(fields) > n_fields:
        return f"too_many_fields({len(fields)}>{n_fields})"
    if len(fields) < n_fields:
        return f"too_few_fields({len(fields)}<{n_fields})"
    return "field_too_long" if any(len(cell) > MAX_FIELD for cell in fields) else ""


def _write(target: Path, records: Iterator[tuple[int, list[str]]], wanted: Sequence[int]) -> int:
    """Write records in batches; return how many there were."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [(f"c{index}", pa.string()) for index in range(len(wanted))] + [("row", pa.int64())]
    )
    total = 0
    with pq.ParquetWriter(target, schema) as writer:
        while batch := [item for _, item in zip(range(BATCH_ROWS), records, strict=False)]:
            columns = [[fields[at] or None for _, fields in batch] for at in wanted]
            numbers = [number for number, _ in batch]
            writer.write_table(pa.table([*columns, numbers], schema=schema))
            total += len(batch)
    return total
