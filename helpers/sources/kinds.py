"""How a file is read, told from its name."""

from pathlib import PurePosixPath

from helpers.config.sources import FileOptions
from helpers.errors import ConfigError
from helpers.sources.plain import COMPRESSED

__all__ = ["kind_of", "kind_of_name"]

_KINDS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".duckdb": "duckdb",
    ".ddb": "duckdb",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
}
_SHEETS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers")


def kind_of(path: str, options: FileOptions, key: str) -> str:
    """Return how a file is read; ``ConfigError`` if that cannot be told from its name."""
    if options.kind is not None:
        return options.kind
    suffix = _suffix(path)
    if suffix in _SHEETS:
        raise ConfigError(
            f"{key}.files: {path}: spreadsheets are not read, because they turn ids into numbers "
            "and dates into serials. Save each sheet as CSV (UTF-8) and name that file."
        )
    if suffix not in _KINDS:
        raise ConfigError(
            f"{key}.files: {path}: cannot tell from the ending {suffix!r} how to read it. "
            f"Set {key}.kind to csv, parquet, jsonl, duckdb or sqlite."
        )
    return _KINDS[suffix]


def kind_of_name(name: str) -> str | None:
    """Return the kind that a file's ending stands for, if it stands for one."""
    return _KINDS.get(_suffix(name))


def _suffix(path: str) -> str:
    """Return the ending that tells the kind: ``.csv`` of ``events.csv.gz``."""
    name = PurePosixPath(path)
    suffix = name.suffix.lower()
    return PurePosixPath(name.stem).suffix.lower() if suffix in COMPRESSED else suffix
