"""From a company's files to the clean contract tables, with every row accounted for."""

import datetime as dt
from pathlib import Path

from helpers.config import CompanyConfig
from helpers.config.places import Places
from helpers.sources.checking import check_sources
from helpers.sources.files import preflight
from helpers.sources.kept import KeptRows
from helpers.sources.publish import Reading
from helpers.sources.session import open_session
from helpers.sources.work import Progress, Work

__all__ = ["check_files", "find_as_of", "read_company"]


def check_files(
    config: CompanyConfig, data_folder: Path, *, config_path: Path | None = None
) -> dict[str, str]:
    """Check expressions, paths, files and manifests before any notebook runs.

    Parameters
    ----------
    config : CompanyConfig
        As loaded.
    data_folder : Path
        Where its relative paths start.
    config_path : Path, optional
        The file it was loaded from: errors then name the line.

    Returns
    -------
    dict of str to str
        Path below the data folder to SHA-256, of every file that will be read.

    Raises
    ------
    ConfigError
        If an expression is not allowed, or a path leaves the data folder or is no regular file.
    InputError
        Listing all missing and empty files, and every difference from a manifest.
    """
    place = Places(config_path).of if config_path is not None else None
    check_sources(config, place=place)
    return preflight(config, data_folder, place=place).fingerprints


def find_as_of(
    config: CompanyConfig, data_folder: Path, *, kept_folder: Path | None = None
) -> dt.date:
    """Return the cutoff that :func:`read_company` would use without an ``as_of``.

    Reads the events only. Raises as :func:`read_company`.
    """
    if config.analysis.as_of is not None:
        return config.analysis.as_of
    checked = check_sources(config)
    found = preflight(config, data_folder, fingerprints=False)
    with open_session(data_folder, data_folder, kept_folder=kept_folder) as session:
        return Work(session, config, found, checked, _silent, _kept_rows(kept_folder)).events_end()


def _kept_rows(folder: Path | None) -> KeptRows | None:
    return KeptRows(folder) if folder is not None else None


def _silent(text: str) -> None:
    """Tell nobody."""


def read_company(
    config: CompanyConfig,
    data_folder: Path,
    out_folder: Path,
    *,
    as_of: dt.date | None = None,
    progress: Progress | None = None,
    memory_limit: str | None = None,
    temp_folder: Path | None = None,
    threads: int | None = None,
    kept_folder: Path | None = None,
) -> Reading:
    """Read a company's files and write its clean tables.

    Parameters
    ----------
    config : CompanyConfig
        What is where.
    data_folder : Path
        Where its relative paths start; nothing outside is read.
    out_folder : Path
        Receives ``<table>.parquet``, all of them or none; a file of an earlier reading whose
        table now has no source is removed.
    as_of : date, optional
        The cutoff; by default ``analysis.as_of`` of the configuration, and without that the day
        after the last complete day of events.
    progress : callable, optional
        Told in a few words what has been done.
    memory_limit : str, optional
        For DuckDB, such as ``"4GB"``.
    temp_folder : Path, optional
        Where spilled and decompressed data go.
    threads : int, optional
        Default: one a core. Nothing depends on it.
    kept_folder : Path, optional
        Where the mapped rows of files are kept for later readings, and taken from where a file
        is the same as then; see :mod:`helpers.sources.kept`. Default: nothing is kept.

    Returns
    -------
    Reading
        Reconciliation, quarantine, issues, sources and the cutoff in force.

    Raises
    ------
    ConfigError
        Before any data are read.
    InputError
        Naming everything that is wrong with the data, over all tables where possible.
    MachineError
        If a file was written to meanwhile, or memory or disk do not suffice.
    GateError
        If a row was lost, which would be a defect of the reader.
    """
    checked = check_sources(config)
    found = preflight(config, data_folder, fingerprints=False)
    out_folder.mkdir(parents=True, exist_ok=True)
    with open_session(
        data_folder,
        out_folder,
        memory_limit=memory_limit,
        temp_folder=temp_folder,
        threads=threads,
        kept_folder=kept_folder,
    ) as session:
        kept = _kept_rows(kept_folder)
        work = Work(session, config, found, checked, progress or _silent, kept)
        return work.read(out_folder, as_of or config.analysis.as_of)
