"""The plain bytes of a file, decompressed in passing, with a watch on what comes out."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from helpers.errors import InputError, MachineError

__all__ = ["CHUNK_BYTES", "COMPRESSED", "plain_bytes"]

CHUNK_BYTES = 1 << 22
BOMB_BYTES, BOMB_RATIO = 1 << 28, 200


class _Watched(io.RawIOBase):
    """A raw file that shows every byte it hands out."""

    def __init__(self, stream: IO[bytes], show: Callable[[bytes], None]) -> None:
        self.stream, self.show = stream, show

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        data = self.stream.read(len(buffer))
        self.show(data)
        buffer[: len(data)] = data
        return len(data)


def _zstd(stream: IO[bytes]) -> IO[bytes]:
    import pyarrow as pa

    opened: IO[bytes] = pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd")
    return opened


def _gzip(stream: IO[bytes]) -> gzip.GzipFile:
    return gzip.GzipFile(fileobj=stream)


_OPENERS: dict[str, Callable[[IO[bytes]], Any]] = {
    ".gz": _gzip,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": _zstd,
}
COMPRESSED = tuple(_OPENERS)
"""Endings of files that are decompressed on the way."""


def plain_bytes(path: Path, show: Callable[[bytes], None], name: str) -> Iterator[bytes]:
    """Yield the plain content of a file in large pieces.

    Parameters
    ----------
    path : Path
        ``.gz``, ``.bz2``, ``.xz`` and ``.zst`` are decompressed; the ending decides.
    show : callable
        Receives every byte as delivered, to the last one: for a digest.
    name : str
        For errors.

    Raises
    ------
    InputError
        If the archive is damaged, cut off, or grows out of all proportion.
    MachineError
        If the file cannot be read.
    """
    size, seen = path.stat().st_size, 0
    try:
        with path.open("rb") as file:
            raw = io.BufferedReader(_Watched(file, show), CHUNK_BYTES)
            opener = _OPENERS.get(path.suffix.lower())
            stream = opener(raw) if opener else raw
            while chunk := stream.read(CHUNK_BYTES):
                seen += len(chunk)
                if opener and seen > BOMB_BYTES and seen > BOMB_RATIO * size:
                    raise InputError(
                        f"{name}: {size:,} bytes grow to more than {seen:,}; that looks like a "
                        "damaged or hostile archive. Decompress it yourself and look at it."
                    )
                yield chunk
            while raw.read(CHUNK_BYTES):
                pass
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise InputError(f"{name}: damaged or cut-off archive: {error}. Copy it again.") from None
    except OSError as error:
        if error.errno is None:
            raise InputError(f"{name}: damaged archive: {error}. Copy it again.") from None
        raise MachineError(f"{name}: cannot be read: {error.strerror}.") from None
