"""Which files a configuration means, and whether they may and can be read: before any is.

Only regular files below the data folder are touched, after links are resolved: no URL, no
device, no pipe. All missing files are named at once.
"""

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from helpers.config import CompanyConfig, Source
from helpers.config.sources import FileOptions
from helpers.contract import required_tables
from helpers.errors import ConfigError, InputError, MachineError
from helpers.sources.kinds import kind_of
from helpers.sources.manifests import Group, check_manifests
from helpers.sources.scan import check_encoding, fingerprint

__all__ = ["FoundFile", "Preflight", "SourceFiles", "key_of", "preflight"]


@dataclass(frozen=True)
class FoundFile:
    """A file that exists: its path below the data folder, its place, how it is written."""

    name: str
    path: Path
    kind: str


@dataclass(frozen=True, kw_only=True)
class SourceFiles:
    """The files of one source or lookup; ``key`` is where the configuration names them."""

    table: str
    key: str
    source: Source
    lookup: str | None
    options: FileOptions
    files: tuple[FoundFile, ...]


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """What :func:`preflight` found.

    Parameters
    ----------
    sources : tuple of SourceFiles
        Every source and lookup whose files are there, in the order of the configuration.
    absent : dict of str to str
        Optional tables none of whose files are there, and the names that were expected.
    fingerprints : dict of str to str
        Path below the data folder to SHA-256.
    declared_rows : dict of str to int
        Rows a manifest promises, by path below the data folder.
    """

    sources: tuple[SourceFiles, ...]
    absent: dict[str, str] = field(default_factory=dict)
    fingerprints: dict[str, str] = field(default_factory=dict)
    declared_rows: dict[str, int] = field(default_factory=dict)


def key_of(config: CompanyConfig, table: str, index: int) -> str:
    """Return how the configuration file addresses a source: ``sources.events`` or with a number."""
    single = len(config.sources[table]) == 1
    return f"sources.{table}" if single else f"sources.{table}.{index}"


def preflight(
    config: CompanyConfig,
    data_folder: Path,
    *,
    fingerprints: bool = True,
    place: Callable[[str], str] | None = None,
) -> Preflight:
    """Find every file of a configuration, before any notebook runs.

    Parameters
    ----------
    config : CompanyConfig
        As loaded.
    data_folder : Path
        Where its relative paths start.
    fingerprints : bool
        Whether to hash the files; a second pass over their bytes.
    place : callable, optional
        Names the line of a key of the configuration, for errors.

    Returns
    -------
    Preflight
        The files, the optional tables without any, and the fingerprints.

    Raises
    ------
    ConfigError
        If a path leaves the data folder, is no regular file, or cannot be told apart by kind.
    InputError
        Listing all missing and empty files, and every difference from a manifest.
    """
    root = _root(data_folder)
    found: list[SourceFiles] = []
    missing: dict[str, list[str]] = {}
    for table, key, source, lookup, options in _every(config):
        files, absent = _resolve(root, options, key)
        asked = f"; expected by {place(f'{key}.files')}" if place else ""
        missing.setdefault(table, []).extend(
            f"{key}.files: file not found: {name}{asked}" for name in absent
        )
        found.append(SourceFiles(table=table, key=key, source=source, lookup=lookup,
                                 options=options, files=files))  # fmt: skip
    absent_tables = _absent(config, found, missing)
    problems = [text for table in missing if table not in absent_tables for text in missing[table]]
    kept = tuple(entry for entry in found if entry.table not in absent_tables)
    problems += _unreadable(kept)
    if problems:
        advice = "Put the files there, correct the paths, or say with --data where they start."
        raise InputError(_list("data files", problems, f"(looked below {root.name}/) {advice}"))
    prints = _fingerprints(kept) if fingerprints else {}
    rows, faults = check_manifests(_groups(kept), prints)
    if faults:
        raise InputError(_list("incomplete data", faults, "Copy the folder again, whole."))
    return Preflight(sources=kept, absent=absent_tables, fingerprints=prints, declared_rows=rows)


def _root(data_folder: Path) -> Path:
    root = Path(data_folder).resolve()
    if not root.is_dir():
        raise InputError(
            f"data folder not found: {data_folder}. Create it, or say with --data where it is."
        )
    return root


def _every(
    config: CompanyConfig,
) -> Iterator[tuple[str, str, Source, str | None, FileOptions]]:
    for table, sources in config.sources.items():
        for index, source in enumerate(sources):
            key = key_of(config, table, index)
            yield table, key, source, None, source
            for name, lookup in source.lookups.items():
                yield table, f"{key}.lookups.{name}", source, name, lookup


def _resolve(root: Path, options: FileOptions, key: str) -> tuple[tuple[FoundFile, ...], list[str]]:
    check_encoding(options.encoding, key)
    found: dict[str, FoundFile] = {}
    absent = []
    for pattern in options.files:
        paths = _matches(root, pattern, key)
        if not paths:
            absent.append(pattern)
        for path in paths:
            _check_place(root, path, pattern, key)
            name = path.relative_to(root).as_posix()
            found.setdefault(name, FoundFile(name, path.resolve(), kind_of(name, options, key)))
    return tuple(found[name] for name in found), absent


def _is_pattern(text: str) -> bool:
    return any(mark in text for mark in "*?[")


def _matches(root: Path, pattern: str, key: str) -> list[Path]:
    outside = f"{key}.files: {pattern!r}"
    if "://" in pattern or pattern.lower().startswith("file:"):
        raise ConfigError(f"{outside} is a URL; only files below the data folder are read.")
    if "\0" in pattern or not pattern.strip():
        raise ConfigError(f"{outside} is not a path.")
    if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
        raise ConfigError(
            f"{outside} leaves the data folder. Give a path below it, and say with --data "
            "or `data:` where it starts."
        )
    if not _is_pattern(pattern):
        path = root / pattern
        return [path] if path.exists() or path.is_symlink() else []
    matches = [
        path
        for path in root.glob(pattern)
        if not any(part[0] in "._" for part in path.relative_to(root).parts)
        and path.suffix != ".sha256"
        and not path.is_dir()
    ]
    return sorted(matches, key=lambda path: path.relative_to(root).as_posix())


def _check_place(root: Path, path: Path, pattern: str, key: str) -> None:
    """Refuse whatever is not a regular file below the data folder, links resolved."""
    real = path.resolve()
    if not real.is_relative_to(root):
        raise ConfigError(
            f"{key}.files: {pattern!r} leads out of the data folder by a link. Copy the file "
            "into the data folder."
        )
    try:
        mode = real.stat().st_mode
    except FileNotFoundError:
        raise ConfigError(f"{key}.files: {pattern!r} is a link to nothing.") from None
    except OSError as error:
        raise MachineError(f"{key}.files: {pattern!r}: {error.strerror}.") from None
    if stat.S_ISDIR(mode):
        raise ConfigError(
            f"{key}.files: {pattern!r} is a folder. Name its files, e.g. "
            f"'{pattern.rstrip('/')}/*.parquet'."
        )
    if not stat.S_ISREG(mode):
        raise ConfigError(f"{key}.files: {pattern!r} is not a regular file (a device or a pipe).")


def _absent(
    config: CompanyConfig, found: list[SourceFiles], missing: dict[str, list[str]]
) -> dict[str, str]:
    """Return the optional tables whose files are all missing: left out, and said so."""
    absent = {}
    for table in config.sources:
        own = [entry for entry in found if entry.table == table and entry.lookup is None]
        nothing = missing.get(table) and not any(
            entry.files or entry.source.rows is not None for entry in own
        )
        if nothing and table not in required_tables(config.sources):
            absent[table] = ", ".join(name for entry in own for name in entry.options.files)
    return absent


def _unreadable(entries: tuple[SourceFiles, ...]) -> list[str]:
    problems = []
    for entry in entries:
        problems += [
            f"{entry.key}.files: {file.name}: file is empty (0 bytes)"
            for file in entry.files
            if file.path.stat().st_size == 0
        ]
        if any(file.kind in ("duckdb", "sqlite") for file in entry.files):
            if entry.options.table is None:
                raise ConfigError(
                    f"{entry.key}.table: missing; name the table to read from "
                    f"{entry.files[0].name}."
                )
        elif entry.options.table is not None:
            raise ConfigError(f"{entry.key}.table: only for DuckDB and SQLite files.")
    return list(dict.fromkeys(problems))


def _fingerprints(entries: tuple[SourceFiles, ...]) -> dict[str, str]:
    paths = {file.name: file.path for entry in entries for file in entry.files}
    return {name: fingerprint(paths[name]) for name in sorted(paths)}


def _groups(entries: tuple[SourceFiles, ...]) -> list[Group]:
    """Return the files of each source, and whether they must be proven complete."""
    groups: list[Group] = []
    for entry in entries:
        several = len(entry.options.files) > 1 or any(map(_is_pattern, entry.options.files))
        pairs = [(file.name, file.path) for file in entry.files]
        required = several and entry.options.completeness == "required"
        groups.append((entry.key, several, required, pairs))
    return groups


def _list(title: str, problems: list[str], advice: str) -> str:
    noun = "problem" if len(problems) == 1 else "problems"
    lines = "\n".join(f"  {text}" for text in problems)
    return f"{title}: {len(problems)} {noun}:\n{lines}\n{advice}"
