"""Rows of files that were read before: a new day costs the reading of one file, not of all.

An export that grows by a file a day is read, mapped and judged file by file, and what came out is
kept as Parquet. A later reading takes it from there if, and only if, nothing that could change it
has changed: the bytes of the file, how it is written, the query that maps it, this package's own
code, and DuckDB. Whatever depends on other files (duplicates, orphans, the as-of date) is judged
anew each time, over all rows. What is kept may be removed at any time.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import duckdb

from helpers.sources.raw import BadLine, RawFile
from helpers.sources.scan import fingerprint
from helpers.sources.session import Session, Sql, fill, literal

__all__ = ["KeptFile", "KeptRows"]

_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """The mapped rows of one file.

    Parameters
    ----------
    path : Path
        Parquet with the columns of :class:`helpers.sources.stage.Staged`; ``_pos`` is the row in
        the file.
    n_source, n_filtered : int
        Records of the file, and those of them that ``where`` leaves out.
    bad : tuple of BadLine
        Lines that are no record.
    """

    path: Path
    n_source: int
    n_filtered: int
    bad: tuple[BadLine, ...] = ()


class KeptRows:
    """A folder of kept files.

    Parameters
    ----------
    folder : Path
        Made if it is not there, for its owner only: rows are personal data.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._used: dict[str, set[str]] = {}

    def key(self, group: str, file: RawFile, written: str, *queries: str) -> str:
        """Return the name under which the rows of a file are kept.

        Parameters
        ----------
        group : str
            The source: a table and its key in the configuration.
        file : RawFile
            With its fingerprint.
        written : str
            How it is written: delimiter, encoding and the like.
        *queries : str
            Everything that maps it.
        """
        told = [_code(), duckdb.__version__, file.kind, file.sha256, written, *queries]
        place = hashlib.sha256(group.encode()).hexdigest()[:16]
        return f"{place}-{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]}"

    def find(self, key: str, *, damaged: Callable[[], None]) -> KeptFile | None:
        """Return the kept rows, or nothing: not kept, or damaged since (``damaged`` is told)."""
        facts = self.folder / f"{key}.json"
        if not facts.is_file():
            return None
        try:
            told = json.loads(facts.read_text(encoding="utf-8"))
            kept = KeptFile(
                path=self.folder / f"{key}-{told['sha256'][:16]}.parquet",
                n_source=told["n_source"],
                n_filtered=told["n_filtered"],
                bad=tuple(BadLine(**line) for line in told["bad"]),
            )
            sound = fingerprint(kept.path) == told["sha256"]
        except (OSError, ValueError, KeyError, TypeError):
            sound = False
        if not sound:
            damaged()
            return None
        self._remember(key, kept.path)
        return kept

    def keep(
        self,
        session: Session,
        key: str,
        query: Sql,
        *,
        n_source: int,
        n_filtered: int,
        bad: Sequence[BadLine],
        settle: Callable[[], None],
    ) -> KeptFile:
        """Compute the rows of a file and keep them; a reader sees them whole or not at all.

        ``settle`` raises if the file was written to since its fingerprint was taken: its rows
        would then be kept under the wrong one.
        """
        draft = self.folder / f"{key}.{session.scratch.name}.tmp"
        session.run(fill(
            "COPY (SELECT * FROM {q} ORDER BY _pos) TO {p} (FORMAT parquet, COMPRESSION snappy)",
            q=query, p=literal(str(draft)),
        ))  # fmt: skip
        settle()
        sha256 = fingerprint(draft)
        path = self.folder / f"{key}-{sha256[:16]}.parquet"
        draft.replace(path)
        told = {"sha256": sha256, "n_source": n_source, "n_filtered": n_filtered,
                "bad": [asdict(line) for line in bad]}  # fmt: skip
        draft.write_text(json.dumps(told), encoding="utf-8")
        draft.replace(self.folder / f"{key}.json")
        self._remember(key, path)
        return KeptFile(path=path, n_source=n_source, n_filtered=n_filtered, bad=tuple(bad))

    def _remember(self, key: str, path: Path) -> None:
        used = self._used.setdefault(key.partition("-")[0], set())
        used |= {f"{key}.json", path.name}

    def prune(self) -> None:
        """Remove what the sources of this reading had kept and did not use again."""
        for place, used in self._used.items():
            for path in self.folder.glob(f"{place}-*"):
                if path.name not in used and path.suffix in (".json", ".parquet"):
                    path.unlink(missing_ok=True)


@cache
def _code() -> str:
    """Return a fingerprint of the code that decides what a row becomes."""
    digest = hashlib.sha256()
    for room in ("config", "contract", "sources"):
        for path in sorted((_PACKAGE / room).glob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
