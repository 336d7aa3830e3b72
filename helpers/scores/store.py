"""Keep a model as text: numbers in JSON, read back only if they are the ones that were written.

A pickle runs whatever it holds when it is opened, and breaks with the next version of a library.
The model that scores is an intercept, some coefficients and their scales, so it is written as
such: a person can read it, another language can score by it, and nothing in it can run. The file's
SHA-256 stands in a table of the same run and is checked before the file is parsed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers.artifacts import Run, to_json
from helpers.errors import PlaybookError
from helpers.scores.backtest import Fitted
from helpers.scores.design import Design
from helpers.scores.logistic import Linear, Sigmoid

__all__ = ["AlteredModelError", "Stored", "forget_model", "read_model", "write_model"]

VERSION = 1
FOLDER = "models"


class AlteredModelError(PlaybookError):
    """A stored model is not the one that was written, or cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A model with what one must know to use it.

    Parameters
    ----------
    name : str
        What it is called in the evaluation.
    target : str
        The outcome it was learnt for.
    horizon_days : int
        Within which the outcome is looked for.
    learnt_on : Timestamp
        The as-of date of the run that learnt it.
    inputs : tuple of (name, transform)
        What it looks at, in order.
    fitted : Fitted
        The model and its curve.
    """

    name: str
    target: str
    horizon_days: int
    learnt_on: pd.Timestamp
    inputs: tuple[tuple[str, str], ...]
    fitted: Fitted


def write_model(run: Run, stored: Stored) -> str:
    """Write a model into the run's folder ``models/``; return the SHA-256 of the file."""
    path = _path(run.stage, stored.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = to_json(_plain(stored)).encode("utf-8")
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
    return hashlib.sha256(content).hexdigest()


def forget_model(run: Run, name: str) -> None:
    """Remove a model from the run's folder, if there is one."""
    _path(run.stage, name).unlink(missing_ok=True)


def read_model(folder: Path, name: str, *, sha256: str) -> Stored:
    """Read a model of a run's folder.

    Parameters
    ----------
    folder : Path
        Of the run.
    name : str
        Of the model.
    sha256 : str
        What the run says the file's digest is.

    Raises
    ------
    AlteredModelError
        If the file is missing, has another digest, or does not hold a model of this version.
    """
    path = _path(folder, name)
    try:
        content = path.read_bytes()
    except OSError:
        raise AlteredModelError(f"the stored {name} is not there ({path.name})") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise AlteredModelError(
            f"the stored {name} is not the file that was written (its SHA-256 differs)"
        )
    try:
        return _model(json.loads(content))
    except (ValueError, KeyError, TypeError) as error:
        raise AlteredModelError(f"the stored {name} cannot be read: {error}") from None


def _path(folder: Path, name: str) -> Path:
    return folder / FOLDER / f"{name.replace(' ', '_')}.json"


def _plain(stored: Stored) -> dict[str, Any]:
    linear, design = stored.fitted.linear, stored.fitted.linear.design
    return {
        "version": VERSION,
        "name": stored.name,
        "target": stored.target,
        "horizon_days": stored.horizon_days,
        "learnt_on": stored.learnt_on.date(),
        "inputs": [list(item) for item in stored.inputs],
        "intercept": linear.intercept,
        "coefficients": linear.coefficients.tolist(),
        "signs": linear.signs.tolist(),
        "strength": linear.strength,
        "design": {name: value.tolist() for name, value in vars(design).items()},
        "curve": {"slope": stored.fitted.sigmoid.slope, "shift": stored.fitted.sigmoid.shift},
        "base_rate": stored.fitted.base_rate,
        "n_rows": stored.fitted.n_rows,
        "n_positive": stored.fitted.n_positive,
        "first_as_of": stored.fitted.first_as_of.date(),
        "last_as_of": stored.fitted.last_as_of.date(),
    }


def _model(plain: Mapping[str, Any]) -> Stored:
    if plain["version"] != VERSION:
        raise ValueError(f"version {plain['version']!r}, expected {VERSION}")
    places, scales = ("used", "flagged"), ("medians", "centres", "spreads", "flag_centres")
    given = plain["design"]
    arrays: dict[str, Any] = {name: np.array(given[name], dtype=np.intp) for name in places}
    arrays |= {name: np.array(given[name], dtype=np.float64) for name in scales}
    design = Design(**arrays)
    coefficients = np.array(plain["coefficients"], dtype=np.float64)
    inputs = tuple((str(name), str(transform)) for name, transform in plain["inputs"])
    if len(coefficients) not in (0, len(design.source)):
        raise ValueError(f"{len(coefficients)} coefficients for {len(design.source)} columns")
    if len(design.used) and int(design.used.max()) >= len(inputs):
        raise ValueError("a coefficient without an input")
    linear = Linear(
        design=design,
        coefficients=coefficients,
        intercept=float(plain["intercept"]),
        strength=float(plain["strength"]),
        signs=np.array(plain["signs"], dtype=np.float64),
    )
    fitted = Fitted(
        linear=linear,
        sigmoid=Sigmoid(slope=float(plain["curve"]["slope"]), shift=float(plain["curve"]["shift"])),
        base_rate=float(plain["base_rate"]),
        n_rows=int(plain["n_rows"]),
        n_positive=int(plain["n_positive"]),
        first_as_of=pd.Timestamp(plain["first_as_of"]),
        last_as_of=pd.Timestamp(plain["last_as_of"]),
    )
    return Stored(
        name=str(plain["name"]),
        target=str(plain["target"]),
        horizon_days=int(plain["horizon_days"]),
        learnt_on=pd.Timestamp(plain["learnt_on"]),
        inputs=inputs,
        fitted=fitted,
    )
