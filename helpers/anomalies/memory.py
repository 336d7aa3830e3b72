"""What was judged, kept for the next run: it then judges the new days and no old one again.

What is kept counts only if nothing that it rests on has changed: the settings, the calendar, this
room's code, and every number of every day that was judged (a hash of all of them is compared). A
late row, an account that asked to be left out or a new calendar entry makes the run judge
everything anew. The result is the same with and without.
"""

import contextlib
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.fingerprint import fingerprint
from helpers.anomalies.judge import Judged, Lengths
from helpers.anomalies.reference import Reference
from helpers.anomalies.scene import Carried
from helpers.anomalies.signals import Activity

__all__ = ["Memory", "Remembered"]

MOST_KEPT = 8
"""Ways of judging that are remembered at once; the one that was used longest ago goes first."""

Hidden = Mapping[str, NDArray[np.bool_]]


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """What an earlier run found.

    Parameters
    ----------
    judged : Judged
    days : DataFrame
        The company as a whole, day by day.
    hidden : mapping of name to list of int
        Positions of the days on which incidents were hidden.
    """

    judged: Judged
    days: pd.DataFrame
    hidden: Mapping[str, list[int]]

    def agrees(self, hidden: Hidden) -> bool:
        """Tell whether today's view of incidents is the same for the days judged then."""
        return self.hidden == _positions(hidden, self.judged.n_days)


class Memory:
    """A file for one company and one way of judging.

    Parameters
    ----------
    folder : Path
        Made if it is not there; read by nobody else, since it names accounts.
    activity : Activity
    lengths : Lengths
    calendar : DataFrame or None
    """

    def __init__(
        self, folder: Path, activity: Activity, lengths: Lengths, calendar: pd.DataFrame | None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        told = [
            _code(),
            asdict(lengths),
            [] if calendar is None else calendar.astype("string").fillna("").to_numpy().tolist(),
            [asdict(signal) for signal in activity.catalogue],
            [activity.signals.names, activity.roles, activity.limit_shares],
            [activity.core_features, activity.premium_features, str(activity.days[:1])],
            [bool(activity.accounts["cohort"].any())],
        ]
        key = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
        self.path = folder / f"{key[:32]}.zip"
        self.activity = activity

    def recall(self) -> Remembered | None:
        """Return what is kept; nothing if there is none, it is damaged or out of date."""
        wrong = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)
        with contextlib.suppress(*wrong), zipfile.ZipFile(self.path) as kept:
            facts = json.loads(kept.read("facts.json"))
            n_days = int(facts["n_days"])
            if n_days > len(self.activity.days):
                return None
            if facts["fingerprint"] != fingerprint(self.activity, n_days):
                return None
            judged = Judged(
                flags=self._placed(_frame(kept, "flags")),
                risk=self._placed(_frame(kept, "risk")),
                looked_for=tuple(facts["looked_for"]),
                typical=facts["typical"],
                carried=_carried(kept),
                n_days=n_days,
            )
            return Remembered(judged=judged, days=_frame(kept, "days"), hidden=facts["hidden"])
        return None

    def keep(self, judged: Judged, days: pd.DataFrame, hidden: Hidden) -> None:
        """Write what was judged; a reader sees all of it or what was there before."""
        facts = {
            "n_days": judged.n_days,
            "fingerprint": fingerprint(self.activity, judged.n_days),
            "looked_for": judged.looked_for,
            "typical": judged.typical,
            "hidden": _positions(hidden, judged.n_days),
        }
        draft = self.path.with_suffix(f".{os.getpid()}.tmp")
        tables = {"flags": self._named(judged.flags), "risk": self._named(judged.risk)}
        try:
            with zipfile.ZipFile(draft, "w") as kept:
                kept.writestr("facts.json", json.dumps(facts))
                for name, frame in (tables | {"days": days}).items():
                    kept.writestr(f"{name}.parquet", frame.to_parquet(index=False))
                kept.writestr("carried.npz", _arrays(judged.carried))
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):  # another run may clear up at the same time
            files = self.path.parent.glob("*.zip")
            newest = sorted(files, key=lambda file: file.stat().st_mtime_ns)
            for old in newest[:-MOST_KEPT]:
                old.unlink(missing_ok=True)

    def _named(self, rows: pd.DataFrame) -> pd.DataFrame:
        ids = self.activity.accounts["account_id"].to_numpy()
        return rows.assign(account=ids[rows["account"].to_numpy(np.intp)])

    def _placed(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Turn ids into positions; an account that is gone makes the whole out of date."""
        at = pd.Index(self.activity.accounts["account_id"]).get_indexer(pd.Index(rows["account"]))
        if (at < 0).any():
            raise KeyError("an account that was judged is no longer there")
        placed = rows.assign(account=at)
        if "backing" in placed:
            placed["backing"] = pd.Series(
                [list(names) for names in placed["backing"]], index=placed.index, dtype=object
            )
        return placed


def _positions(hidden: Hidden, n_days: int) -> dict[str, list[int]]:
    days = {name: np.flatnonzero(mask[:n_days]).tolist() for name, mask in hidden.items()}
    return {name: at for name, at in sorted(days.items()) if at}


def _frame(kept: zipfile.ZipFile, name: str) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(kept.read(f"{name}.parquet")))


def _arrays(carried: Carried) -> bytes:
    """Write plain arrays, no Python objects."""
    reference = carried.reference
    parts: dict[str, Any] = {f"age:{name}": told for name, told in carried.ages.items()}
    for name in ("sizes", "rows"):
        weeks = getattr(reference, name)
        parts |= {f"{name}:{number:04d}": week for number, week in enumerate(weeks)}
    parts |= {"fitted_sizes": reference.fitted_sizes, "fitted_rows": reference.fitted_rows}
    out = io.BytesIO()
    np.savez(out, **parts)
    return out.getvalue()


def _carried(kept: zipfile.ZipFile) -> Carried:
    with np.load(io.BytesIO(kept.read("carried.npz")), allow_pickle=False) as parts:
        arrays = {name: parts[name] for name in parts.files}

    def under(prefix: str) -> dict[str, NDArray[Any]]:
        return {
            n.removeprefix(prefix): a for n, a in sorted(arrays.items()) if n.startswith(prefix)
        }

    reference = Reference(
        sizes=list(under("sizes:").values()),
        rows=list(under("rows:").values()),
        fitted_sizes=arrays["fitted_sizes"],
        fitted_rows=arrays["fitted_rows"],
    )
    return replace(Carried(), ages=under("age:"), reference=reference)


@cache
def _code() -> list[str]:
    """Return fingerprints of what decides a verdict: the code, ours and that of libraries."""
    import scipy
    import sklearn

    digest = hashlib.sha256()
    room = Path(__file__).parent
    for path in sorted([*room.rglob("*.py"), *(room.parent / "stats").rglob("*.py")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return [digest.hexdigest(), np.__version__, scipy.__version__, sklearn.__version__]
