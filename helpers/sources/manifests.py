"""Whether a delivery of several files is whole: a missing part looks like fewer customers.

Beside the files, ``_manifest.json`` lists each with its rows and SHA-256; ``_SUCCESS`` says at
least that the writer finished; ``<file>.sha256`` proves a single file.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers.errors import InputError
from helpers.sources.scan import fingerprint

__all__ = ["MANIFEST", "SUCCESS", "Group", "check_manifests"]

MANIFEST, SUCCESS = "_manifest.json", "_SUCCESS"
Group = tuple[str, bool, bool, list[tuple[str, Path]]]


def check_manifests(
    groups: Sequence[Group], fingerprints: Mapping[str, str]
) -> tuple[dict[str, int], list[str]]:
    """Compare files with what was promised beside them.

    Parameters
    ----------
    groups : sequence of (key, several, required, files)
        Configuration key, whether these are parts of one whole, whether that must be proven,
        and (name, path) pairs.
    fingerprints : mapping of str to str
        Known SHA-256 by name; computed here where one is needed and missing.

    Returns
    -------
    rows : dict of str to int
        Rows promised by a manifest, by file name; compared when the file is read.
    faults : list of str
        Every difference, ready for a message.
    """
    rows: dict[str, int] = {}
    faults: list[str] = []
    for key, several, required, files in groups:
        for folder in sorted({path.parent for _, path in files}):
            here = {path.name: (name, path) for name, path in files if path.parent == folder}
            manifest = folder / MANIFEST
            if manifest.is_file():
                promised = _entries(manifest, key)
                absent = [name for name in sorted(promised) if not (folder / name).is_file()]
                if several:
                    faults += [f"{key}: {MANIFEST} lists {n}, which is not there" for n in absent]
                faults += _compare(key, several, here, promised, fingerprints, rows)
            elif required and not (folder / SUCCESS).is_file():
                faults.append(
                    f"{key}: {len(here)} file(s), e.g. {next(iter(here.values()))[0]}, without "
                    f"{MANIFEST} or {SUCCESS} beside them: a missing part would go unseen. Have "
                    f"the export write one, or set {key}.completeness: assumed"
                )
        faults += _sidecars(key, files, fingerprints)
    return rows, list(dict.fromkeys(faults))


def _entries(manifest: Path, key: str) -> dict[str, dict[str, Any]]:
    """Return file name to what is promised of it."""
    shape = '{"files": [{"name": "part-0.parquet", "rows": 1000, "sha256": "..."}]}'
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        files = content["files"]
        if isinstance(files, dict):
            files = [{"name": name, **facts} for name, facts in files.items()]
        named = {}
        for facts in files:
            name = facts.get("name") or facts.get("path") or facts["file"]
            named[Path(name).name] = facts
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{key}: {manifest.name} is not of the form {shape}.") from None
    return named


def _compare(
    key: str,
    several: bool,
    here: Mapping[str, tuple[str, Path]],
    promised: Mapping[str, dict[str, Any]],
    fingerprints: Mapping[str, str],
    rows: dict[str, int],
) -> list[str]:
    faults = []
    for short, (name, path) in sorted(here.items()):
        facts = promised.get(short)
        if facts is None:
            if several:
                faults.append(f"{key}: {name} is there, but {MANIFEST} does not list it")
            continue
        expected = facts.get("sha256")
        if expected and (fingerprints.get(name) or fingerprint(path)) != expected:
            faults.append(f"{key}: {name} differs from its sha256 in {MANIFEST}")
        if isinstance(facts.get("rows"), int):
            rows[name] = facts["rows"]
    return faults


def _sidecars(
    key: str, files: Sequence[tuple[str, Path]], fingerprints: Mapping[str, str]
) -> list[str]:
    faults = []
    for name, path in files:
        sidecar = path.with_name(path.name + ".sha256")
        if sidecar.is_file():
            expected = sidecar.read_text(encoding="utf-8", errors="replace").split()[:1]
            if expected != [fingerprints.get(name) or fingerprint(path)]:
                faults.append(f"{key}: {name} differs from {sidecar.name} beside it")
    return faults
