"""A run's folder: where notebooks read each other's tables and write their own.

A published run (``reports/<run_id>/``) is never written to. The runner gives its kernels a
staging folder; a notebook opened by hand writes to ``reports/.scratch/<run_id>/`` and reads
from there first, then from the published run. So an analyst can change a parameter, run the
notebook and the ones after it, and the published report stays as it was.
"""

import contextlib
import datetime as dt
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.config import CompanyConfig, data_folder, load_config
from helpers.contract import OUTPUTS, check_output
from helpers.errors import MissingTableError

__all__ = ["Run", "open_company", "open_run", "tell", "to_json"]

STAGE_VARIABLE = "PLAYBOOK_STAGE"
"""Environment variable: the folder a kernel of the runner writes to."""
BASE_VARIABLE = "PLAYBOOK_BASE"
"""Environment variable: a published run to read from, used when a run is validated."""
CONFIG_VARIABLE = "PLAYBOOK_CONFIG"
"""Environment variable: the configuration in force, as JSON."""
DATA_VARIABLE = "PLAYBOOK_DATA"
"""Environment variable: the data folder."""
ROOT_VARIABLE = "PLAYBOOK_ROOT"
"""Environment variable: the project root; wins over a notebook's ``root`` parameter."""
DOING_VARIABLE = "PLAYBOOK_DOING"
"""Environment variable: a file in which a kernel says what a long step is at."""
KEPT = ".rows"
"""Folder beside the runs, see :mod:`helpers.sources.kept`."""
VERDICTS = ".judged"
"""Folder beside the runs, see :mod:`helpers.anomalies.memory`."""


@dataclass(frozen=True)
class Run:
    """One run: where its notebooks write, and where they look for tables.

    Parameters
    ----------
    root : Path
        Project root: the folder with ``config/``, ``notebooks/`` and ``reports/``.
    run_id : str
        Name of the run.
    stage : Path
        Folder to write to.
    bases : tuple of Path
        Folders to read from when ``stage`` lacks a table, in this order.
    """

    root: Path
    run_id: str
    stage: Path
    bases: tuple[Path, ...] = ()

    def write(self, notebook: str, table: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Write one table of a notebook, whole or not at all; return the frame.

        Raises
        ------
        ContractError
            If a column that the contract promises is missing.
        """
        check_output(notebook, table, frame)
        path = self.target(notebook, table)
        temporary = path.with_suffix(".tmp")
        frame.to_parquet(
            temporary,
            index=False,
            coerce_timestamps="us",
            compression="zstd",
            schema=_schema(frame),
        )
        temporary.replace(path)
        return frame

    @property
    def kept_rows(self) -> Path | None:
        """Where rows of files read before are kept: beside the runs, or nowhere elsewhere."""
        return self._beside(KEPT)

    @property
    def kept_verdicts(self) -> Path | None:
        """Where verdicts on days judged before are kept: beside the runs, or nowhere elsewhere."""
        return self._beside(VERDICTS)

    def _beside(self, name: str) -> Path | None:
        home = self.stage.parent
        return home.parent / name if home.name in (".staging", ".scratch") else None

    def target(self, notebook: str, table: str) -> Path:
        """Return the path to write a table to; its folder exists."""
        path = self.stage / "tables" / notebook / f"{table}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def path(self, notebook: str, table: str) -> Path:
        """Return the file of a table that has been written.

        Raises
        ------
        MissingTableError
            If no folder has it; says which notebook to run.
        """
        for folder in (self.stage, *self.bases):
            path = folder / "tables" / notebook / f"{table}.parquet"
            if path.is_file():
                return path
        raise MissingTableError(
            f"table {table!r} of {notebook} is not there for run {self.run_id!r}. "
            f"Run notebooks/{notebook}.ipynb first, or `make report` for all of them."
        )

    def has(self, notebook: str, table: str) -> bool:
        """Tell whether a table has been written."""
        folders = (self.stage, *self.bases)
        return any((f / "tables" / notebook / f"{table}.parquet").is_file() for f in folders)

    def read(self, notebook: str, table: str, columns: list[str] | None = None) -> pd.DataFrame:
        """Read one table of a notebook.

        Raises
        ------
        MissingTableError
            If it has not been written; says which notebook to run.
        """
        return pd.read_parquet(self.path(notebook, table), columns=columns)

    def read_optional(self, notebook: str, table: str) -> pd.DataFrame | None:
        """Read a table, or return ``None`` where its source was absent.

        Raises
        ------
        MissingTableError
            If the notebook itself has not run.
        """
        if self.has(notebook, table):
            return self.read(notebook, table)
        for required in OUTPUTS.get(notebook, {}):
            self.path(notebook, required)
        return None

    def save_finding(self, notebook: str, finding: Mapping[str, Any]) -> Path:
        """Write a notebook's finding as JSON."""
        return self._write_json(Path("findings") / f"{notebook}.json", finding)

    def finding(self, notebook: str) -> dict[str, Any]:
        """Read a notebook's finding; raise ``MissingTableError`` if it has none yet."""
        for folder in (self.stage, *self.bases):
            path = folder / "findings" / f"{notebook}.json"
            if path.is_file():
                loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
                return loaded
        raise MissingTableError(
            f"{notebook} has no finding in run {self.run_id!r}: run notebooks/{notebook}.ipynb."
        )

    def save_config(self, config: CompanyConfig) -> None:
        """Keep the configuration in force, so that later notebooks need no path to it."""
        self._write_json(Path("settings.json"), config.model_dump(mode="json", by_alias=True))

    def config(self) -> CompanyConfig:
        """Return the configuration that the data audit of this run used, ``as_of`` filled in.

        Raises
        ------
        MissingTableError
            If the data audit has not run.
        """
        for folder in (self.stage, *self.bases):
            path = folder / "settings.json"
            if path.is_file():
                return CompanyConfig.model_validate(json.loads(path.read_text(encoding="utf-8")))
        raise MissingTableError(
            f"run {self.run_id!r} has no data audit yet: run notebooks/01_data_audit.ipynb first."
        )

    def export(self, name: str) -> Path:
        """Return the path of a file under ``exports/``; its folder exists."""
        path = self.stage / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def done(self, notebook: str) -> str:
        """Mark a notebook as finished: the last cell of each notebook calls this.

        The runner takes a notebook for complete only if this file is there, since an
        exit code of 0 does not prove that the last cell ran.

        Raises
        ------
        MissingTableError
            If a table that the contract promises has not been written.
        """
        for table in OUTPUTS[notebook]:
            if not (self.stage / "tables" / notebook / f"{table}.parquet").is_file():
                raise MissingTableError(f"{notebook} ends without writing its table {table!r}.")
        self._write_json(Path("done") / f"{notebook}.json", {"notebook": notebook})
        return f"{notebook} is complete: {len(OUTPUTS[notebook])} tables handed on."

    def _write_json(self, relative: Path, content: Mapping[str, Any]) -> Path:
        path = self.stage / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp")
        temporary.write_text(to_json(content), encoding="utf-8")
        temporary.replace(path)
        return path


def _schema(frame: pd.DataFrame) -> Any:
    """Return the schema to write, or None to let pandas choose.

    A column of lists is a list of texts even if all its lists are empty: otherwise its type
    would change with the data.
    """
    import pyarrow as pa

    if not any(frame[name].dtype == object for name in frame.columns):
        return None
    schema = pa.Schema.from_pandas(frame, preserve_index=False)
    for position, field in enumerate(schema):
        if pa.types.is_list(field.type) and pa.types.is_null(field.type.value_type):
            schema = schema.set(position, field.with_type(pa.list_(pa.string())))
    return schema


def open_run(root: str | Path, run_id: str) -> Run:
    """Open a run from a notebook, wherever it is executed.

    Parameters
    ----------
    root : str or Path
        The notebook's ``root`` parameter.
    run_id : str
        The notebook's ``run_id`` parameter.

    Returns
    -------
    Run
        Writing to the runner's staging folder if there is one, else to the scratch folder.
    """
    project = Path(os.environ.get(ROOT_VARIABLE, root)).resolve()
    stage = os.environ.get(STAGE_VARIABLE)
    base = os.environ.get(BASE_VARIABLE)
    if stage:
        return Run(project, run_id, Path(stage), (Path(base),) if base else ())
    scratch = project / "reports" / ".scratch" / run_id
    return Run(project, run_id, scratch, (project / "reports" / run_id,))


def open_company(
    run: Run, config: str, data: str = "", as_of: str = ""
) -> tuple[CompanyConfig, Path]:
    """Return the configuration and the data folder that the data audit is to read.

    Parameters
    ----------
    run : Run
        Its root is where ``config`` starts.
    config, data, as_of : str
        The notebook's parameters: a YAML file, the data folder (empty: as the configuration
        says), the cutoff (empty: as the configuration or the data say). The runner's own
        choice, where there is one, wins.

    Raises
    ------
    ConfigError
        If the configuration is missing or wrong.
    """
    settings, folder = os.environ.get(CONFIG_VARIABLE), os.environ.get(DATA_VARIABLE)
    if settings:
        text = Path(settings).read_text(encoding="utf-8")
        loaded = CompanyConfig.model_validate(json.loads(text))
        return loaded, Path(folder or data).resolve()
    path = run.root / config
    loaded = load_config(path)
    if as_of:
        loaded = loaded.with_as_of(dt.date.fromisoformat(as_of))
    return loaded, data_folder(path, loaded, run.root / data if data else None)


def tell(text: str) -> None:
    """Say what a long step is at, to the runner if there is one; never in a notebook's output."""
    told = os.environ.get(DOING_VARIABLE)
    if told:
        with contextlib.suppress(OSError):  # nobody's result depends on it
            Path(told).write_text(text, encoding="utf-8")


def to_json(content: Any) -> str:
    """Write JSON with sorted keys and no NaN; dates become ISO text, missing becomes null."""
    return json.dumps(_plain(content), indent=2, sort_keys=True, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, pd.Timestamp | dt.datetime | dt.date):
        return None if value is pd.NaT else value.isoformat()
    if hasattr(value, "item") and not isinstance(value, str):
        return _plain(value.item())
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
