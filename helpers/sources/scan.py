"""One pass over a file's bytes, before any parser sees them.

The pass takes the fingerprint, counts the physical lines on its own, and notices what parsers
mend in silence: NUL bytes, bytes that are not UTF-8, UTF-16, mixed line ends. Compressed files
and other encodings are written out as plain UTF-8 on the way, so that the parser and the count
see the same bytes.
"""

import codecs
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.errors import ConfigError, InputError
from helpers.sources.plain import CHUNK_BYTES, COMPRESSED, plain_bytes

__all__ = ["Scan", "check_encoding", "fingerprint", "scan_text"]

_UTF16_NUL_SHARE = 0.25
_BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What the byte pass saw of one text file.

    Parameters
    ----------
    plain : Path
        The file itself, or its plain UTF-8 copy in the scratch folder.
    sha256 : str
        Of the file as delivered.
    n_bytes : int
        Size as delivered.
    n_lines : int
        Physical lines, however they end; a last line without an end counts.
    newline : str
        ``lf``, ``crlf``, ``cr``, ``mixed`` or ``none``.
    bom : bool
        Whether a byte order mark stood in front.
    n_nul : int
        NUL bytes.
    bad_line, bad_byte : int, optional
        Physical line and value of the first byte that is not UTF-8.
    n_quotes : int
        Quote characters.
    n_delimiters : int
        Delimiters, wherever they stand.
    ends_with_newline : bool
        False where the last line may have been cut off.
    """

    plain: Path
    sha256: str
    n_bytes: int
    n_lines: int
    newline: str
    bom: bool
    n_nul: int
    n_quotes: int
    bad_line: int | None
    bad_byte: int | None
    n_delimiters: int
    ends_with_newline: bool


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def scan_text(
    path: Path, *, name: str, scratch: Path, encoding: str, delimiter: str, quote: str, key: str
) -> Scan:
    """Read a text file once, byte by byte in effect.

    Parameters
    ----------
    path : Path
        A regular file; ``.gz``, ``.bz2``, ``.xz`` and ``.zst`` are decompressed.
    name : str
        How to call it in an error: its path below the data folder.
    scratch : Path
        Where a plain copy is written if one is needed.
    encoding : str
        Declared encoding; a byte order mark wins over the default ``utf-8``.
    delimiter, quote : str
        To count how often each occurs.
    key : str
        Configuration key of the source, for errors.

    Returns
    -------
    Scan
        Facts about the file; nothing is judged here except what makes it unreadable.

    Raises
    ------
    InputError
        If the file is empty, damaged, a compression bomb, or looks like UTF-16.
    """
    n_bytes = path.stat().st_size
    if n_bytes == 0:
        raise InputError(f"{name}: file is empty (0 bytes). Export it again, or remove {key}.")
    digest = hashlib.sha256()
    chunks = plain_bytes(path, digest.update, name)
    head = next(chunks, b"")
    actual, bom_bytes = _encoding_of(head, encoding, name, key)
    counter = _Counter(delimiter, quote)
    needs_copy = path.suffix.lower() in COMPRESSED or actual != "utf-8"
    plain = scratch / f"{_short_name(name, actual)}.txt" if needs_copy else path
    with plain.open("wb") if needs_copy else io.BytesIO() as copy:
        for chunk in _as_utf8(_chain(head[bom_bytes:], chunks), actual, name, key):
            counter.see(chunk)
            if needs_copy:
                copy.write(chunk)
    counter.finish()
    if counter.n_bytes and counter.n_nul / counter.n_bytes >= _UTF16_NUL_SHARE:
        raise _looks_like_utf16(name, key)
    return Scan(
        plain=plain,
        sha256=digest.hexdigest(),
        n_bytes=n_bytes,
        n_lines=counter.n_lines,
        newline=counter.newline,
        bom=bom_bytes > 0,
        n_nul=counter.n_nul,
        n_quotes=counter.n_quotes,
        bad_line=counter.bad_line,
        bad_byte=counter.bad_byte,
        n_delimiters=counter.n_delimiters,
        ends_with_newline=counter.last in b"\r\n",
    )


def _short_name(name: str, encoding: str) -> str:
    """Return a short file name that no two paths share, nor two readings of one."""
    return hashlib.sha256(f"{name}\0{encoding}".encode()).hexdigest()[:24]


def _looks_like_utf16(name: str, key: str) -> InputError:
    return InputError(
        f"{name}: looks like UTF-16 without a byte order mark. Save it as UTF-8, or declare "
        f"{key}.encoding: utf-16-le (or utf-16-be)."
    )


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _encoding_of(head: bytes, declared: str, name: str, key: str) -> tuple[str, int]:
    """Return the encoding in force and the length of the byte order mark."""
    for mark, found in _BOMS.items():
        if head.startswith(mark):
            return found, len(mark)
    encoding = codecs.lookup(declared).name
    if encoding == "utf-8":
        sample = head[:4096]
        if len(sample) >= 4 and sample.count(0) / len(sample) >= _UTF16_NUL_SHARE:
            raise _looks_like_utf16(name, key)
    return encoding, 0


def _as_utf8(chunks: Iterator[bytes], encoding: str, name: str, key: str) -> Iterator[bytes]:
    if encoding == "utf-8":
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode("utf-8")
        yield decoder.decode(b"", final=True).encode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}: byte 0x{error.object[error.start]:02x} is not valid {encoding}. "
            f"Correct {key}.encoding or save the file as UTF-8."
        ) from None


class _Counter:
    """Counts lines, NUL bytes and bad bytes over chunks of a UTF-8 text."""

    def __init__(self, delimiter: str, quote: str) -> None:
        self.n_bytes = self.n_nul = self.n_quotes = self.n_delimiters = 0
        self.bad_line: int | None = None
        self.bad_byte: int | None = None
        self.last = b""
        self._lf = self._cr = self._crlf = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._mark, self._quote = delimiter.encode("utf-8"), quote.encode("utf-8")
        self._tail = b""

    def see(self, chunk: bytes) -> None:
        if not chunk:
            return
        if self.bad_line is None:
            self._validate(chunk)
        self.n_bytes += len(chunk)
        self.n_nul += chunk.count(0)
        self.n_quotes += chunk.count(self._quote)
        self._lf += chunk.count(b"\n")
        self._cr += chunk.count(b"\r")
        self._crlf += chunk.count(b"\r\n") + (self.last == b"\r" and chunk[:1] == b"\n")
        joined = self._tail + chunk
        self.n_delimiters += joined.count(self._mark)
        self._tail = joined[len(joined) - len(self._mark) + 1 :]
        self.last = chunk[-1:]

    def _validate(self, chunk: bytes) -> None:
        pending = self._decoder.getstate()[0]
        try:
            self._decoder.decode(chunk)
        except UnicodeDecodeError as error:
            whole = pending + chunk
            before = whole[: error.start]
            self.bad_line = self.n_lines_before(before[len(pending) :]) + 1
            self.bad_byte = whole[error.start]

    def n_lines_before(self, part: bytes) -> int:
        """Line ends seen so far plus those in ``part``; CRLF is one."""
        split = self.last == b"\r" and part[:1] == b"\n"
        ends = part.count(b"\n") + part.count(b"\r") - part.count(b"\r\n") - split
        return self._lf + self._cr - self._crlf + ends

    def finish(self) -> None:
        if self.bad_line is None and self._decoder.getstate()[0]:
            self.bad_line, self.bad_byte = self.n_lines, self._decoder.getstate()[0][0]

    @property
    def n_lines(self) -> int:
        ends = self._lf + self._cr - self._crlf
        return ends + (self.n_bytes > 0 and self.last not in (b"\n", b"\r"))

    @property
    def newline(self) -> str:
        lone_lf, lone_cr = self._lf - self._crlf, self._cr - self._crlf
        kinds = [("lf", lone_lf), ("cr", lone_cr), ("crlf", self._crlf)]
        used = [name for name, count in kinds if count]
        return "none" if not used else used[0] if len(used) == 1 else "mixed"


def check_encoding(encoding: str, key: str) -> None:
    """Raise ``ConfigError`` if Python does not know the encoding."""
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise ConfigError(
            f"{key}.encoding: {encoding!r} is not an encoding such as utf-8, cp1252 or utf-16-le."
        ) from None
