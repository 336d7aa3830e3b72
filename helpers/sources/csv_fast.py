"""The usual way through a text table: DuckDB, under conditions that make its answer checkable.

DuckDB reads every column as text, by the names of this very file's header, with the configured
delimiter and quote. Its row count must equal the lines that the byte pass counted, and every
line with a quote must be well-formed. Where anything differs, the file is read again by
:mod:`helpers.sources.csv_strict`, which puts exactly the offending lines aside.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from helpers.config.sources import FileOptions
from helpers.errors import InputError
from helpers.sources.csv_strict import MAX_FIELD, Grammar, read_strict
from helpers.sources.raw import Loaded, RawFile, column
from helpers.sources.scan import Scan, scan_text
from helpers.sources.session import Session, Sql, commas, fill, ident, literal

__all__ = ["open_csv"]

MAX_COLUMNS = 5_000
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def open_csv(path: Path, name: str, options: FileOptions, *, scratch: Path, key: str) -> RawFile:
    """Scan a text table and read its header.

    Parameters
    ----------
    path : Path
        A regular file.
    name : str
        Its path below the data folder.
    options : FileOptions
        Delimiter, quote, encoding and the like.
    scratch : Path
        For a plain copy of a compressed or re-encoded file.
    key : str
        Configuration key of the source, for errors.

    Returns
    -------
    RawFile
        With the header's names; rows are read by its ``load``.

    Raises
    ------
    InputError
        Empty file, bad bytes, wrong delimiter, duplicated names.
    """
    scan = scan_text(
        path,
        name=name,
        scratch=scratch,
        encoding=options.encoding,
        delimiter=options.delimiter,
        quote=options.quote,
        key=key,
    )
    _refuse_bad_bytes(scan, options, name, key)
    lines = _first_lines(scan.plain, options.skip_lines + 1)
    if len(lines) <= options.skip_lines or not lines[-1].strip():
        raise InputError(
            f"{name}: no header in line {options.skip_lines + 1}; the file has {scan.n_lines:,} "
            f"lines. Correct {key}.skip_lines or export the file again."
        )
    header = _header(lines[-1], name, options, key)
    fast = _FastReader(name, options, scan, lines, header)
    return RawFile(
        name=name,
        kind="csv",
        columns=dict.fromkeys(header, "VARCHAR"),
        load=fast.load,
        sha256=scan.sha256,
        n_bytes=scan.n_bytes,
        notes=_notes(scan),
    )


def _refuse_bad_bytes(scan: Scan, options: FileOptions, name: str, key: str) -> None:
    if scan.bad_line is not None and options.on_bad_bytes == "fail":
        raise InputError(
            f"{name}: line {scan.bad_line}: byte 0x{scan.bad_byte:02x} is not valid utf-8. "
            f"Declare {key}.encoding (cp1252 is usual for exports from Windows), save the file "
            f"as UTF-8, or set {key}.on_bad_bytes: quarantine to put such lines aside."
        )


def _first_lines(path: Path, n: int) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline=None) as stream:
        lines = [stream.readline(1_000_000) for _ in range(n)]
    return [line.rstrip("\n") for line in lines if line]


def _header(line: str, name: str, options: FileOptions, key: str) -> list[str]:
    patterns = Grammar(options.delimiter, options.quote).compiled()
    if not patterns.line.fullmatch(line):
        raise InputError(
            f"{name}: line {options.skip_lines + 1}: the header has a stray {options.quote}; "
            f"expected names separated by {options.delimiter!r}. Correct the header."
        )
    header = patterns.split(line)
    if len(header) == 1:
        counts = {mark: line.count(mark) for mark in _DELIMITERS if mark != options.delimiter}
        best = max(counts, key=lambda mark: counts[mark])
        if counts[best]:
            raise InputError(
                f"{name}: header seems to use {best!r}, configured {options.delimiter!r}. "
                f'Set {key}.delimiter: "{best if best != chr(9) else chr(92) + "t"}".'
            )
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise InputError(
            f"{name}: duplicated column(s) {repeated} in the header; which one is meant cannot be "
            "known. Rename or remove one in the export."
        )
    if len(header) > MAX_COLUMNS:
        raise InputError(f"{name}: {len(header):,} columns; expected at most {MAX_COLUMNS:,}.")
    return header


def _notes(scan: Scan) -> list[tuple[str, str]]:
    notes = []
    if scan.bom:
        notes.append(("byte order mark before the header", "read as if it were not there"))
    if scan.newline == "mixed":
        notes.append(("mixed line ends", "LF, CR and CRLF in one file"))
    if not scan.ends_with_newline:
        notes.append(("last line has no line end", "complete, or cut off in the middle"))
    return notes


class _FastReader:
    """Reads the rows of one scanned text table."""

    def __init__(
        self, name: str, options: FileOptions, scan: Scan, lines: list[str], header: list[str]
    ) -> None:
        self.name, self.options, self.scan = name, options, scan
        self.lines, self.header = lines, header
        self.grammar = Grammar(options.delimiter, options.quote)
        self.header_line = options.skip_lines + 1

    def load(self, session: Session, names: Sequence[str]) -> Loaded:
        wanted = [self.header.index(name) for name in names]
        loaded = self._fast(session, wanted) if self._may_be_fast() else None
        if loaded is not None:
            return loaded
        return read_strict(
            session,
            self.scan.plain,
            name=self.name,
            header_line=self.header_line,
            n_fields=len(self.header),
            wanted=wanted,
            grammar=self.grammar,
            multiline=self.options.multiline,
            n_lines=self.scan.n_lines,
        )

    def _may_be_fast(self) -> bool:
        simple = self.scan.n_nul == 0 and self.scan.bad_line is None
        return simple and self.scan.newline != "mixed" and len(self.header) > 1

    def _fast(self, session: Session, wanted: list[int]) -> Loaded | None:
        """Return the rows, or ``None`` if DuckDB's answer cannot be trusted."""
        table = session.name("raw")
        picked = [fill("f{i} AS {c}", i=literal(at), c=column(n)) for n, at in enumerate(wanted)]
        picked.append(fill("row_number() OVER () + {h} AS row", h=literal(self.header_line)))
        names = [f"f{index}" for index in range(len(self.header))]
        create = fill(
            "CREATE TEMP TABLE {t} AS SELECT {p} FROM {csv}",
            t=table,
            p=commas(picked),
            csv=self._csv(names, self.header_line),
        )
        try:
            session.run(create)
        except duckdb.InvalidInputException:
            return None
        n_rows = int(session.value(fill("SELECT count(*) FROM {t}", t=table)))
        expected = self.scan.n_lines - self.header_line - _blank_at_end(self.scan.plain)
        if n_rows != expected or not self._lines_are_sound(session, n_rows):
            session.drop(table)
            return None
        return Loaded(relation=table, n_records=n_rows, table=True)

    def _lines_are_sound(self, session: Session, n_rows: int) -> bool:
        """Look at the lines themselves where DuckDB is lenient.

        It takes a quote inside a plain field for a letter, and drops empty fields at the end of
        a line. Without quotes the number of delimiters settles it; with quotes each line with
        one is matched against the grammar and each line's delimiters outside quotes are counted.
        """
        per_line = len(self.header) - 1
        if not self.scan.n_quotes:
            head = sum(line.count(self.options.delimiter) for line in self.lines)
            return self.scan.n_delimiters - head == per_line * n_rows
        quote, delimiter = literal(self.options.quote), literal(self.options.delimiter)
        quoted = fill("contains(f0, {q})", q=quote)
        bare = fill(
            "CASE WHEN {q} THEN regexp_replace(f0, {cell}, '', 'g') ELSE f0 END",
            q=quoted,
            cell=literal(self.grammar.quoted),
        )
        odd = fill(
            "SELECT count(*) FROM {csv} WHERE f0 <> '' AND "
            "(({q} AND NOT regexp_full_match(f0, {g})) "
            "OR length({b}) - length(replace({b}, {d}, '')) <> {n})",
            csv=self._csv(["f0"], self.header_line, lines=True),
            q=quoted,
            g=literal(self.grammar.line),
            b=bare,
            d=delimiter,
            n=literal(per_line),
        )
        try:
            return int(session.value(odd)) == 0
        except duckdb.InvalidInputException:
            return False

    def _csv(self, names: list[str], skip: int, *, lines: bool = False) -> Sql:
        columns = commas(fill("{n}: 'VARCHAR'", n=ident(name)) for name in names)
        quote = "" if lines else self.options.quote
        return fill(
            "read_csv({path}, auto_detect = FALSE, header = FALSE, strict_mode = TRUE, "
            "null_padding = FALSE, ignore_errors = FALSE, compression = 'none', "
            "max_line_size = {size}, skip = {skip}, delim = {delim}, quote = {quote}, "
            "escape = {quote}, columns = {columns})",
            path=literal(str(self.scan.plain)),
            size=literal(MAX_FIELD),
            skip=literal(skip),
            delim=literal("\x01" if lines else self.options.delimiter),
            quote=literal(quote),
            columns=Sql("{" + columns + "}"),
        )


def _blank_at_end(path: Path) -> int:
    """Count the empty lines at the end of a file."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 65_536))
        tail = stream.read().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return max(0, len(tail) - len(tail.rstrip(b"\n")) - 1)
