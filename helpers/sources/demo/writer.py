"""Files that grow portion by portion, with the same bytes for the same rows."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["CsvFile", "JsonLines", "ParquetFile", "manifest_entry", "write_json"]

_PARQUET = {"compression": "zstd", "version": "2.6", "store_schema": False}


class _Text:
    """A text file, gzipped if its name says so (with no time inside)."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._raw = path.open("wb")
        self._zip = gzip.GzipFile("", "wb", 6, self._raw, 0) if path.suffix == ".gz" else None
        self.text = io.TextIOWrapper(self._zip or self._raw, "utf-8", newline="")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.text.close()
        self._raw.close()


class CsvFile(_Text):
    """CSV with a header; cells are quoted where they must be."""

    def __init__(self, path: Path, *, delimiter: str = ",") -> None:
        super().__init__(path)
        self._writer = csv.writer(self.text, delimiter=delimiter, lineterminator="\n")
        self._header: list[str] | None = None

    def add(self, table: Mapping[str, Sequence[Any]]) -> None:
        """Append the rows of a table given as columns."""
        if self._header is None:
            self._header = list(table)
            self._writer.writerow(self._header)
        self._writer.writerows(zip(*table.values(), strict=True))


class JsonLines(_Text):
    """One JSON object a line."""

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append objects."""
        for row in rows:
            self.text.write(json.dumps(row, ensure_ascii=False) + "\n")


class ParquetFile:
    """Parquet, one row group a portion."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.rows = 0
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, table: pa.Table) -> None:
        """Append rows."""
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, table.schema, **_PARQUET)
        self._writer.write_table(table, row_group_size=1 << 20)
        self.rows += len(table)


def manifest_entry(path: Path, rows: int) -> dict[str, Any]:
    """Return name, rows and SHA-256 of a written file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return {"name": path.name, "rows": rows, "sha256": digest.hexdigest()}


def write_json(path: Path, content: Any) -> None:
    """Write JSON with sorted keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(content, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
